"""Load a YAML or JSON file."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pleoctl.documents.document import Document
from pleoctl.documents.files import decode, read_bytes
from pleoctl.documents.gate import keeps
from pleoctl.documents.nodes import compose, to_data
from pleoctl.documents.strict import located, strict
from pleoctl.errors import InvalidFile
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.errors import Finding

Schema = dict[str, Any]


def parse(text: str, shown: str, schema: str | Schema | None = None) -> Document:
    """Parse YAML text; with ``schema`` (a name in schemas/, or a schema itself) all violations are raised at once.

    Raises `InvalidFile`.
    """
    root = compose(text, shown)
    document = Document(shown, to_data(root), root, text)
    if schema is not None and not (isinstance(schema, str) and keeps(document.data, schema)):
        from pleoctl.documents.schemas import violations  # jsonschema takes 80 ms to import

        findings = violations(document, schema)
        if findings:
            raise InvalidFile.of(findings)
    return document


def load(path: Path, schema: str | Schema | None = None, shown: str | None = None) -> Document:
    """Read and `parse` a file that was given to this run, and may be a pipe. Raises `InvalidFile`."""
    name = shown or str(path)
    return parse(decode(read_bytes(path, name, given=True), name), name, schema)


def load_json(path: Path, shown: str | None = None) -> Any:
    """Read a JSON file that a machine wrote. Raises `InvalidFile` with line and column."""
    name = shown or str(path)
    return json_data(read_bytes(path, name), name)


@contextmanager
def placed(content: bytes, name: str) -> Iterator[None]:
    """What the block finds wrong with a value of that JSON text is told with line and column."""
    try:
        yield
    except InvalidFile as error:
        if any(one.setting for one in error.findings):
            text = decode(content, name)
            error.findings = [_with_place(one, text) for one in error.findings]
        raise


def _with_place(finding: Finding, text: str) -> Finding:
    if finding.setting is None or finding.place is None or finding.place.line is not None:
        return finding
    return replace(finding, place=Place(finding.place.file, *located(text, finding.setting)))


def json_data(content: bytes, name: str) -> Any:
    """The data of JSON text, every key once. Raises `InvalidFile` with line and column."""
    text = decode(content, name)
    try:
        return strict(text)
    except json.JSONDecodeError as error:
        raise InvalidFile(f"is not valid JSON: {error.msg}", place=Place(name, error.lineno, error.colno)) from error
    except (ValueError, RecursionError) as error:
        raise InvalidFile(f"is not valid JSON: {error}", place=Place(name)) from error
