"""The files of a rule set: read, spelled right, checked against the schema, with their includes.

Paths in rule files are relative to the workspace and stay inside it. A file's own rows come before those of its
includes, and its own settings win over theirs.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.documents.files import decode, read_bytes
from pleoctl.documents.gate import keeps
from pleoctl.documents.load import parse
from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.spelling import SCHEMA, Spelling
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.documents.document import Document, Steps
    from pleoctl.errors import Finding

STANDARD: Final = "standard"
STANDARD_FILE: Final = "standard.yaml"
MAX_FILES: Final = 100


class Source(msgspec.Struct, eq=False):
    """One rule file: its document, put right, and what its spelling lost."""

    document: Document
    spelling: Spelling
    standard: bool = False
    within: frozenset[str] = frozenset()

    @property
    def data(self) -> dict[str, Any]:
        """The file's data."""
        data: dict[str, Any] = self.document.data
        return data

    def place(self, *path: str | int) -> Place:
        """Where a value stands."""
        return self.document.place(path)

    def finding(self, path: Steps, message: str, hint: str | None = None, code: str = "invalid-file") -> Finding:
        """A finding that points at a value."""
        return self.document.finding(path, code, message, hint=hint)


def named(header: list[str], cells: list[str]) -> list[str]:
    """The cells of a row whose header ends with as many delimiters that name nothing."""
    spare = next((at for at, name in enumerate(reversed(header)) if name.strip()), 0)
    width = len(header) - spare
    return cells[:width] if len(cells) == len(header) and not any(cell.strip() for cell in cells[width:]) else cells


def delimiter_of(text: str) -> str:
    """What separates the cells of a table: a semicolon or a comma, whichever its first line has more of."""
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def relative(path: Path, root: Path) -> str:
    """A path as rules name it: relative to the workspace folder."""
    return Path(os.path.relpath(path, root)).as_posix()


def folder_reader(root: Path, given: Path | None = None) -> Callable[[str], bytes]:
    """Reads files below a folder, also through links only below it.

    One that somebody has ``given`` to this run may be a pipe: it is read here, once.
    """
    known = {} if given is None else {relative(given, root): read_bytes(given, relative(given, root), given=True)}

    def read(name: str) -> bytes:
        if name in known:
            return known[name]
        path = root / name
        if not path.resolve().is_relative_to(root.resolve()):
            raise InvalidFile("leads outside the workspace", place=Place(name), hint="move the file into the workspace")
        return read_bytes(path, name)

    return read


class Sources(msgspec.Struct, eq=False):
    """Loads a rule file and its includes; ``problems`` are findings that make the rules unusable."""

    read: Callable[[str], bytes]
    listed: list[Source] = msgspec.field(default_factory=list)
    names: list[Finding] = msgspec.field(default_factory=list)
    problems: list[Finding] = msgspec.field(default_factory=list)
    _seen: set[str] = msgspec.field(default_factory=set)

    def load(self, name: str, within: frozenset[str] = frozenset()) -> None:
        """Load a file and, after it, its includes; each file once. ``within`` are the files that include it."""
        name = PurePosixPath(name).as_posix()
        if name in self._seen:
            return
        self._seen.add(name)
        if len(self._seen) > MAX_FILES:
            raise InvalidFile(f"includes more than {MAX_FILES} files", place=Place(name))
        source = self._source(parse(decode(self.read(name), name), name), within)
        self.listed.append(source)
        for index, included in enumerate(source.data.get("include", [])):
            self._include(source, index, included)

    def _source(self, document: Document, within: frozenset[str]) -> Source:
        spelling = Spelling(document)
        # What keeps to the schema has no name that the schema does not know.
        if not keeps(document.data, SCHEMA):
            self._correct(document, spelling)
        return Source(document, spelling, within=within)

    def _correct(self, document: Document, spelling: Spelling) -> None:
        from pleoctl.documents.schemas import violations  # only where there are any

        spelling.correct()
        self.names += spelling.findings
        found = violations(document, SCHEMA)
        self.problems += found
        if found:
            # Nothing can be said about a file of another shape; its own findings are the report.
            document.data = {}

    def _include(self, source: Source, index: int, name: str) -> None:
        if name == STANDARD:
            if STANDARD not in self._seen:
                self._seen.add(STANDARD)
                self.listed.append(standard_source())
            return
        try:
            self.load(name, source.within | {source.document.shown})
        except InvalidFile as error:
            missing = error.findings[0].place == Place(name)
            hint = f"`include` takes {STANDARD!r} or paths relative to the workspace"
            self.problems += (
                [source.finding(("include", index), f"{name}: {error.message}", hint)] if missing else error.findings
            )


@cache
def standard_source() -> Source:
    """The table that ships with pleoctl; that it fits the schema is a test's business."""
    path = Path(__file__).parent.with_name(STANDARD_FILE)
    document = parse(decode(read_bytes(path, STANDARD_FILE), STANDARD_FILE), STANDARD_FILE)
    return Source(document, Spelling(document), standard=True)
