"""Load, merge and write desired-state files."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pleoctl.desired.entries import NotSimple
from pleoctl.desired.listed import UNKNOWN
from pleoctl.desired.quick import QuickReader
from pleoctl.desired.rows import fields_of, local_of
from pleoctl.documents.files import decode, read_bytes
from pleoctl.documents.load import parse
from pleoctl.errors import Finding, InvalidFile
from pleoctl.model.days import is_day
from pleoctl.model.kinds import KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.place import Place
from pleoctl.text import is_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pleoctl.desired.comments import Comments
    from pleoctl.desired.listed import Known
    from pleoctl.documents.document import Document
    from pleoctl.documents.nodes import Node
    from pleoctl.model.kind import Kind

SCHEMA = "desired-state"
T = TypeVar("T")


def read_state(text: str, shown: str, known: Known = UNKNOWN) -> tuple[DesiredState, Comments]:
    """The rows and comments of one file, whatever its line ends. Raises `InvalidFile` with every violation at once.

    Lines of ``known`` rows say just what these do.
    """
    state, comments = _read(text, shown, known)
    return state, comments()


def _read(
    text: str, shown: str, known: Known = UNKNOWN, *, noting: bool = True
) -> tuple[DesiredState, Callable[[], Comments]]:
    """The rows of one file, and what finds its comments, for which few who read it ask: only while ``noting``."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # each is one line break of YAML
    with suppress(NotSimple):
        return _read_quickly(text, shown, known, noting=noting)
    # By now nothing of the quick reader is kept, which has split the whole text.
    document = parse(text, shown, SCHEMA)
    if findings := list(_halves(document)):
        raise InvalidFile.of(findings)
    root = document.root  # the data need not stay for the comments

    def comments() -> Comments:
        from pleoctl.desired.comments import from_nodes

        return from_nodes(root, text)

    return state_of(document), comments


def _read_quickly(text: str, shown: str, known: Known, *, noting: bool) -> tuple[DesiredState, Callable[[], Comments]]:
    reader = QuickReader(text, shown, known, noting=noting)
    return reader.read(), reader.comments


def _halves(document: Document) -> Iterator[Finding]:
    """Texts that name no record, since neither Pleo nor the books can keep them."""
    if document.text.isascii() and "\\" not in document.text:
        return
    nodes = [document.root]
    for node in nodes:
        nodes += node.items
        if not is_whole(node.text):
            place, words = (
                Place(document.shown, node.line, node.column),
                f"{node.text[:60]!r} holds half of a character",
            )
            yield Finding("invalid-file", words, place=place, hint="write the whole character")


def load_state(path: Path, shown: str, known: Known = UNKNOWN) -> tuple[DesiredState, Comments]:
    """`read_state` of a file on disk."""
    return read_state(_text(path, shown), shown, known)


def _load(path: Path, shown: str) -> DesiredState:
    return _read(_text(path, shown), shown, noting=False)[0]


def _text(path: Path, shown: str) -> str:
    if not path.exists():
        hint = "`pleoctl export` writes it from the accounting system, `pleoctl import` from Pleo"
        raise InvalidFile("file does not exist", place=Place(shown), hint=hint)
    return decode(read_bytes(path, shown), shown)


def holds(path: Path, shown: str, content: bytes) -> bool:
    """Whether a file says ``content``: line ends that a checkout has turned into CRLF are no change."""
    if not path.exists():
        return False
    found = read_bytes(path, shown)
    return (found.replace(b"\r\n", b"\n") if b"\r" in found else found) == content


def load_each(files: Iterable[tuple[Path, str]]) -> list[tuple[DesiredState, Comments]]:
    """`load_state` of every file, each checked on its own. Raises `InvalidFile` with the findings of all files."""
    return _each(files, _load_checked)


def _load_checked(path: Path, shown: str) -> tuple[DesiredState, Comments]:
    state, comments = load_state(path, shown)
    return checked(state), comments


def load_desired(files: Iterable[tuple[Path, str]]) -> DesiredState:
    """Merge one or more files into one checked state. Raises `InvalidFile`."""
    return checked(merged(_each(files, _load)))


def _each(files: Iterable[tuple[Path, str]], read: Callable[[Path, str], T]) -> list[T]:
    found = []
    findings: list[Finding] = []
    for path, shown in files:
        try:
            found.append(read(path, shown))
        except InvalidFile as error:
            findings += error.findings
    if findings:
        raise InvalidFile.of(findings)
    return found


def merged(states: list[DesiredState]) -> DesiredState:
    """The rows of all files together."""
    whole = DesiredState(files=[f for s in states for f in s.files])
    for state in states:
        for kind, rows in state.flat.items():
            whole.flat[kind] = [*whole.flat.get(kind, ()), *rows]
        if state.dimensions is not None:
            whole.dimensions = [*(whole.dimensions or []), *state.dimensions]
    return whole


def checked(state: DesiredState) -> DesiredState:
    """The state, after the checks that no schema can say. Raises `InvalidFile`."""
    findings = [finding for kind, rows in state.flat.items() for finding in _twice(rows, KINDS[kind])]
    dimensions = state.dimensions or []
    findings += _twice([d.row for d in dimensions], TAG_GROUP)
    for dimension in dimensions:
        findings += _twice(dimension.values or [], TAG)
        findings += _bad_dates(dimension.values or [])
    if findings:
        order = {name: number for number, name in enumerate(state.files)}
        raise InvalidFile.of(sorted(findings, key=lambda f: (order.get(f.file or "", 0), f.sort_key)))
    return state


def _twice(rows: list[Row], kind: Kind) -> list[Finding]:
    keys = kind.normalised([row.key for row in rows if row.key is not None])
    if len(set(keys)) == len(keys):
        return []
    seen: dict[str, Row] = {}
    findings = []
    for row in rows:
        if row.key is None:
            continue
        first = seen.setdefault(kind.normalise(row.key), row)
        if first is not row:
            alike = "" if first.key == row.key else f" (as {first.key!r}; case makes no difference)"
            findings.append(
                Finding(
                    "duplicate-key",
                    f"{kind.key} {row.key!r} stands twice, first in {first.place}{alike}",
                    place=row.place,
                    hint="keep one row",
                )
            )
    return findings


def _bad_dates(rows: list[Row]) -> list[Finding]:
    hint = 'write "YYYY-MM-DD", the last valid day'
    return [
        Finding("invalid-date", f"expires {r.expires!r} is no day of the calendar", place=r.place, hint=hint)
        for r in rows
        if r.expires is not None and not is_day(r.expires)
    ]


def state_of(document: Document) -> DesiredState:
    """The state that a parsed file holds, whoever wrote it: the careful way, which knows each place."""
    data, shown = document.data, document.shown
    state = DesiredState(files=[shown])
    for kind in flat_kinds():
        if kind.section in data:
            state.flat[kind.name] = list(_rows(document.root, data, kind, shown))
    if TAG_GROUP.section in data:
        listed = _items(document.root, data, TAG_GROUP.section)
        state.dimensions = [_dimension(node, item, shown) for node, item in listed]
    return state


def _items(holder: Node, data: dict[str, Any], section: str) -> Iterator[tuple[Node, dict[str, Any]]]:
    """The items of a list with their nodes."""
    found = holder.child(section)
    return zip(found[1].items if found else (), data[section], strict=True)


def _rows(holder: Node, data: dict[str, Any], kind: Kind, shown: str) -> Iterator[Row]:
    return (_row(node, item, kind, shown) for node, item in _items(holder, data, kind.section))


def _dimension(node: Node, item: dict[str, Any], shown: str) -> Dimension:
    values = list(_rows(node, item, TAG, shown)) if TAG.section in item else None
    return Dimension(_row(node, item, TAG_GROUP, shown), values)


def _row(node: Node, item: dict[str, Any], kind: Kind, shown: str) -> Row:
    # A key that is blank identifies nothing; only held rows may carry one.
    name = item.get(kind.key)
    return Row(
        name if name and name.strip() else None,
        fields_of(kind, item),
        item.get("active", True),
        item.get("hold"),
        local_of(kind, item),
        shown,
        node.line,
        node.column,
    )
