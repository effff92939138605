"""A file as data that knows where each value stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pleoctl.errors import Finding, InvalidFile
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.documents.nodes import Node
    from pleoctl.errors import PleoctlError

Steps = tuple[str | int, ...]


class Document(Struct, eq=False):
    """A parsed file: ``data`` is plain, ``shown`` is the name that findings carry."""

    shown: str
    data: Any
    root: Node
    text: str

    def locate(self, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of a value, or of its key; of the nearest parent where it is absent."""
        node, keynode = self.root, self.root
        for step in path:
            found = node.child(step)
            if found is None:
                break
            keynode, node = found
        chosen = keynode if key else node
        return chosen.line, chosen.column

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Where a value stands, as `locate` says it."""
        return Place(self.shown, *self.locate(path, key=key))

    def finding(
        self,
        path: Sequence[str | int],
        code: str,
        message: str,
        *,
        hint: str | None = None,
        key: bool = False,
    ) -> Finding:
        """A finding that points at a value of this document."""
        return Finding(code, message, "error", self.place(path, key=key), hint=hint)

    def placed(self, finding: Finding, section: str) -> Finding:
        """A finding about a setting of this document with its place: the setting's, or the nearest that is written.

        What names no setting is about the ``section``.
        """
        if finding.place is not None:
            return finding
        return replace(finding, place=self.place(finding.setting or (section,)))

    def invalid(self, error: PleoctlError, section: str) -> list[Finding]:
        """What an error says is wrong with a ``section``, as findings about this file, each with its place."""
        return [self.placed(replace(finding, code=InvalidFile.code), section) for finding in error.findings]

    def node(self, path: Sequence[str | int]) -> Node | None:
        """The node at a path, None where there is none."""
        node = self.root
        for step in path:
            found = node.child(step)
            if found is None:
                return None
            node = found[1]
        return node
