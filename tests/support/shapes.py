"""What tests hand about, by name: JSON, and what fixtures make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
"""A JSON object, or a part of a document that is one."""

Value = Any
"""Any value of JSON or YAML, right or wrong: what a body, a field or a setting is tried with."""


class MakeBooks(Protocol):
    """Makes a workspace of books with these sections in its `pleoctl.yaml`."""

    def __call__(self, **sections: Value) -> Path:
        """The folder."""
        ...


class MakeFiles(Protocol):
    """Writes the files of books (rows of accounts, dimensions and values), and a workspace that reads them."""

    def __call__(
        self,
        accounts: list[str] | None,
        dimensions: list[str] | None = None,
        values: list[str] | None = None,
        **sections: Value,
    ) -> Path:
        """The folder."""
        ...


class ReadAccounts(Protocol):
    """Reads accounts from CSV text (or bytes) as the source's section says."""

    def __call__(self, content: str | bytes, **config: Value) -> tuple[list[str], list[str]]:
        """The lines of the desired state, and the findings."""
        ...
