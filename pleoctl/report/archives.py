"""The archives of a plan in markdown: in full while there is room, terser where there is not, never fewer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from pleoctl.model.addresses import Address
from pleoctl.report.review import KIND_TITLES, ranked, risk
from pleoctl.text import markdown, quoted, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

CLIPPED: Final = 30


def archive_block(archives: list[Json], budget: int) -> tuple[str, bool]:
    """The most telling form that fits ``budget`` bytes, else the tersest; and whether it fits."""
    if not archives:
        return "", True
    text, listed = "", ranked(archives)
    for form in (_full, _short, _terse):
        text = "\n".join([f"\n### ⛔ Archives ({len(listed)})\n", *form(listed)])
        if len(text.encode("utf-8", "surrogatepass")) < budget:
            return text, True
    return text, False


def archive_chunks(archives: list[Json], budget: int) -> Iterator[str]:
    """All archives in their tersest form, in pieces of at most ``budget`` bytes (one archive at least)."""
    piece: list[Json] = []
    used = 0
    for change in ranked(archives):
        cost = len(_terse_line(change).encode()) + len(_bucket(change).encode()) + len("\n\n```diff\n\n```\n")
        if piece and used + cost > budget:
            yield "\n".join(_terse(piece))
            piece, used = [], 0
        piece.append(change)
        used += cost
    if piece:
        yield "\n".join(_terse(piece))


def _full(archives: list[Json]) -> Iterator[str]:
    yield "| | record | code | name | why |"
    yield "|---|---|---|---|---|"
    for change in archives:
        before = change["before"] or {}
        known = ("" if before.get(n) is None else markdown(before[n]) for n in ("code", "name"))
        why = markdown(change["reason"]) + (f"; {risk(change)}" if risk(change) else "")
        yield f"| {_sign(change)} | {markdown(change['address'])} | " + " | ".join(known) + f" | {why} |"


def _short(archives: list[Json]) -> Iterator[str]:
    yield "| | record | name |"
    yield "|---|---|---|"
    for change in archives:
        name = quoted((change["before"] or {}).get("name"))
        clipped = name if len(name) <= CLIPPED else f"{name[:CLIPPED]}…"
        yield f"| {_sign(change)} | {markdown(change['address'])} | {markdown(clipped)} |"


def _terse(archives: list[Json]) -> Iterator[str]:
    """Keys alone, in code blocks, where no character costs more than itself."""
    buckets: dict[str, list[Json]] = defaultdict(list)
    for change in archives:
        buckets[_bucket(change)].append(change)
    if any(risk(change) for change in archives):
        yield "Lines that start with `!` are still in use.\n"
    for title, members in buckets.items():
        yield f"{title} ({len(members)}):\n"
        yield "```diff"
        yield from map(_terse_line, members)
        yield "```\n"


def _terse_line(change: Json) -> str:
    # The sign keeps a key from closing the block.
    return ("! " if risk(change) else "- ") + terminal(Address.parse(change["address"]).last)


def _bucket(change: Json) -> str:
    if change["kind"] == "tag":
        return f"Tags of {markdown(Address.parse(change['parent']['address']).path)}"
    return KIND_TITLES[change["kind"]]


def _sign(change: Json) -> str:
    return "⚠️" if risk(change) else ""
