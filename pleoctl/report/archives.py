"""The archives of a plan in markdown: in full while there is room, terser where there is not, never fewer."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from pleoctl.markup import Markdown
from pleoctl.model.kinds import KINDS
from pleoctl.report.review import ranked, risk
from pleoctl.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.model.changes import Change

CLIPPED: Final = 30


def archive_block(archives: list[Change], budget: int) -> tuple[Markdown, bool]:
    """The most telling form that fits ``budget`` bytes, else the tersest; and whether it fits."""
    if not archives:
        return Markdown(), True
    listed = ranked(archives)
    head = Markdown("\n### ⛔ Archives ({})\n", len(listed))
    for form in (_full, _short):
        lines = _within(budget, chain([head], form(listed)))
        if lines is not None:
            return Markdown.lines(lines), True
    text = Markdown.lines([head, *_terse(listed)])
    return text, text.size <= budget


def _within(budget: int, lines: Iterable[Markdown]) -> list[Markdown] | None:
    """All lines; None, and the rest never made, where they need more bytes."""
    fitting = []
    for line in lines:
        budget -= line.size
        if budget < 0:
            return None
        fitting.append(line)
    return fitting


def archive_chunks(archives: list[Change], budget: int) -> Iterator[Markdown]:
    """All archives in their tersest form, in pieces of at most ``budget`` bytes (one archive at least)."""
    piece: list[Change] = []
    used = 0
    for change in ranked(archives):
        cost = _title(_bucket(change)).size + _block([change]).size
        if piece and used + cost > budget:
            yield Markdown.lines(_terse(piece))
            piece, used = [], 0
        piece.append(change)
        used += cost
    if piece:
        yield Markdown.lines(_terse(piece))


def _full(archives: list[Change]) -> Iterator[Markdown]:
    yield Markdown("| | record | code | name | why |")
    yield Markdown("|---|---|---|---|---|")
    for change in archives:
        before = change.before or {}
        code, name = ("" if before.get(field) is None else before[field] for field in ("code", "name"))
        why = Markdown("{}; {}" if risk(change) else "{}", change.reason, risk(change))
        # Always code, so that names look alike whichever characters they have.
        yield Markdown.row([_sign(change), change.address, Markdown.code(code), Markdown.code(name), why])


def _short(archives: list[Change]) -> Iterator[Markdown]:
    yield Markdown("| | record | name |")
    yield Markdown("|---|---|---|")
    for change in archives:
        name = quoted((change.before or {}).get("name"))
        clipped = name if len(name) <= CLIPPED else f"{name[:CLIPPED]}…"
        yield Markdown.row([_sign(change), change.address, clipped])


def _terse(archives: list[Change]) -> Iterator[Markdown]:
    """Keys alone, in code blocks, where no character costs more than itself."""
    buckets: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in archives:
        buckets[_bucket(change)].append(change)
    if any(risk(change) for change in archives):
        yield Markdown("Lines that start with `!` are still in use.\n")
    for bucket, members in buckets.items():
        yield Markdown("{} ({}):\n", _title(bucket), len(members))
        yield _block(members)


def _block(members: list[Change]) -> Markdown:
    return Markdown.fence("diff", map(_terse_line, members)) + Markdown("\n")


def _terse_line(change: Change) -> str:
    return ("! " if risk(change) else "- ") + change.address.last


def _bucket(change: Change) -> tuple[str, str]:
    """A kind, and of tags the code of their group."""
    return change.kind, change.parent.address.path if change.parent is not None else ""


def _title(bucket: tuple[str, str]) -> Markdown:
    kind, group = bucket
    return Markdown("Tags of {}", group) if kind == "tag" else Markdown("{}", KINDS[kind].heading)


def _sign(change: Change) -> Markdown:
    return Markdown("⚠️" if risk(change) else "")
