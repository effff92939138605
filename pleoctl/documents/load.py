"""Load a YAML or JSON file as data that knows where each value stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pleoctl.documents.files import decode, read_bytes
from pleoctl.documents.nodes import Node, compose, to_data
from pleoctl.errors import Finding, InvalidFile, Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Steps = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
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

    def finding(
        self,
        path: Sequence[str | int],
        code: str,
        message: str,
        *,
        hint: str | None = None,
        level: Level = "error",
        key: bool = False,
        rule: str | None = None,
    ) -> Finding:
        """A finding that points at a value of this document."""
        line, column = self.locate(path, key=key)
        return Finding(code, message, level, self.shown, line, column, hint=hint, rule=rule)

    def node(self, path: Sequence[str | int]) -> Node | None:
        """The node at a path, None where there is none."""
        node = self.root
        for step in path:
            found = node.child(step)
            if found is None:
                return None
            node = found[1]
        return node


def parse(text: str, shown: str, schema: str | None = None) -> Document:
    """Parse YAML text; with ``schema`` (a name in schemas/) all violations are raised at once.

    Raises `InvalidFile`.
    """
    root = compose(text, shown)
    document = Document(shown, to_data(root), root, text)
    if schema is not None:
        from pleoctl.documents.schemas import violations  # noqa: PLC0415 - jsonschema takes 80 ms to import

        findings = violations(document, schema)
        if findings:
            raise InvalidFile.of(findings)
    return document


def load(path: Path, schema: str | None = None, shown: str | None = None) -> Document:
    """Read and `parse` a file. Raises `InvalidFile`."""
    name = shown or str(path)
    return parse(decode(read_bytes(path, name), name), name, schema)


def load_json(path: Path, shown: str | None = None) -> Any:
    """Read a JSON file that a machine wrote. Raises `InvalidFile` with line and column."""
    name = shown or str(path)
    return json_data(read_bytes(path, name), name)


def json_data(content: bytes, name: str) -> Any:
    """The data of JSON text, every key once. Raises `InvalidFile` with line and column."""
    text = decode(content, name)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise InvalidFile(
            f"is not valid JSON: {error.msg}", file=name, line=error.lineno, column=error.colno
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidFile(f"is not valid JSON: {error}", file=name) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
