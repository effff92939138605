"""What documents that machines keep are made of."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from pleoctl.errors import Finding, Level
from pleoctl.model.addresses import Address
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a document that a machine keeps: its annotations are its shape, what they do not name is an error."""


class Told(Struct):
    """A finding as documents keep it: its place spelt out."""

    code: str
    message: str
    level: Level = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    address: str | None = None
    rule: str | None = None
    hint: str | None = None

    @classmethod
    def each(cls, findings: Iterable[Finding]) -> list[Told]:
        """The findings as they are kept."""
        return [cls(**finding.as_json()) for finding in findings]

    @property
    def finding(self) -> Finding:
        """What was kept."""
        place = None if self.file is None else Place(self.file, self.line, self.column)
        return Finding(self.code, self.message, self.level, place, self.address, self.rule, self.hint)


def value_of(kind: type, text: Any) -> Address | Place:
    """A value that documents keep as a text, decoded as msgspec asks for it. Raises `ValueError`."""
    if not isinstance(text, str):
        raise ValueError("a text is due")  # noqa: TRY004 - what msgspec places in the document
    return Place.parse(text) if kind is Place else _address(text)


# Most addresses of a document are those of the few groups that tags stand below.
_address: Final = lru_cache(maxsize=1024)(Address.parse)
