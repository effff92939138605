"""Documents that pleoctl wrote, read back: held to their types, and to their own digest where they have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pleoctl.documents.canonical import digest
from pleoctl.documents.misfit import fitted
from pleoctl.documents.versions import made_by, shape_findings
from pleoctl.errors import Finding, InvalidFile
from pleoctl.place import Place, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def kept(
    data: Any,
    shape: type[T],
    name: str,
    *,
    schema: str | None = None,
    dec_hook: Callable[[type, Any], Any] | None = None,
) -> T:
    """The document that data holds. Raises `InvalidFile`.

    It tells each place that leaves ``schema``; what only the types say stands in their own words.
    """
    try:
        return fitted(data, shape, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        hint = made_by(data)
        findings = shape_findings(data, schema, name, hint) if schema else []
        alone = Finding("invalid-file", str(error), place=Place(name), hint=hint)
        raise InvalidFile.of(findings or [alone]) from error


def identity(data: dict[str, Any]) -> str:
    """The digest of everything but the id."""
    return digest({key: value for key, value in data.items() if key != "id"})


def check_identity(data: dict[str, Any], name: str, again: str) -> None:
    """Raise `InvalidFile` unless the data's id is their digest; ``again`` is the command that makes a new document."""
    if identity(data) != data["id"]:
        hint = made_by(data) or f"make a new plan: `{again}`"
        words = "was changed after it was made: its digest is wrong"
        raise InvalidFile(words, place=Place(name), setting=Setting("id"), hint=hint)
