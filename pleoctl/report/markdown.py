"""A plan as GitHub-flavoured markdown for a pull request, within a size that a comment can hold.

From the top: totals, the guard's refusal, every archive, risky updates; then the rest, collapsed and cut where the
budget ends. An archive is never cut away: archives get terser instead, and the text says so when even that is too long.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.report.archives import archive_block, archive_chunks
from pleoctl.report.review import COUNTED, KIND_TITLES, differences, left_alone, risk
from pleoctl.text import markdown, quoted, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.errors import Finding

MAX_BYTES: Final = 60_000
SHOWN_FINDINGS: Final = 20
CLIPPED: Final = 120
PARTS: Final = 9999
PART: Final = "{marker}\n## Pleo plan, part {part} of {parts}: archives\n\n"
TITLES: Final = {"update": "Updates", "unarchive": "Unarchives", "create": "Creates"}


def marker(plan: dict[str, Any], place: str = ".", *more: str) -> str:
    """The hidden first line by which a comment is found again: company, place of the workspace, scope, part."""
    words = (plan["company"], place, _scope(plan), *more)
    return f"<!-- pleoctl-plan {' '.join(quote(word, safe='/,:+') for word in words)} -->"


def _scope(plan: dict[str, Any]) -> str:
    """``accounts+dimensions``; the dimensions by name only where a plan was asked for some of them."""
    groups = plan.get("context", {}).get("tagGroups", "all" if plan["scope"]["dimensions"] else "none")
    some = ":" + ",".join(plan["scope"]["dimensions"]) if groups == "some" else ""
    parts = [*(["accounts"] if plan["scope"]["accounts"] else []), *([f"dimensions{some}"] if groups != "none" else [])]
    return "+".join(parts) or "nothing"


def plan_markdown(
    plan: dict[str, Any], *, max_bytes: int = MAX_BYTES, file: str = "plan.json", commit: str | None = None,
    archives: str | None = None, place: str = ".",
) -> str:  # fmt: skip
    """The plan in at most ``max_bytes`` UTF-8 bytes; ``file`` and ``commit`` go into the instructions.

    More than ``max_bytes`` only if the tersest list of archives does not fit, which is then said. ``archives`` stands
    in place of that list.
    """
    head = "\n".join([*_head(plan, place), *_guard(plan["guard"])])
    tail = "\n".join(_tail(plan, file, commit))
    sections = list(_sections(plan))
    frames = sum(size(_frame(title, opened, [], 0)) + size(more(len(lines))) for title, opened, lines in sections)
    budget = max_bytes - size(head) - size(tail) - frames
    fits = True
    if archives is None:
        archives, fits = archive_block([c for c in plan["changes"] if c["action"] == "archive"], budget)
    budget -= size(archives) if archives else 0
    parts = [head, "" if fits else _too_long(max_bytes), archives]
    for title, opened, lines in sections:
        shown = fitting(lines, budget)
        budget -= sum(map(size, shown))
        parts.append(_frame(title, opened, shown, len(lines) - len(shown)))
    return "\n".join(part for part in (*parts, tail) if part) + "\n"


def plan_comments(plan: dict[str, Any], *, max_bytes: int = MAX_BYTES, place: str = ".", **given: Any) -> list[str]:
    """The plan as one comment; where the archives do not fit into it, as that and as many more as they need."""
    whole = plan_markdown(plan, max_bytes=max_bytes, place=place, **given)
    if size(whole) <= max_bytes + 1:
        return [whole]
    room = max_bytes - len(PART.format(marker=part_marker(plan, place, PARTS), part=PARTS, parts=PARTS)) - 100
    chunks = list(archive_chunks([c for c in plan["changes"] if c["action"] == "archive"], max(1, room)))
    number, parts = plan["summary"]["archive"], len(chunks) + 1
    told = f"\n### ⛔ Archives ({number})\n\nAll of them stand in the following {len(chunks)} comments."
    first = plan_markdown(plan, max_bytes=max_bytes, archives=told, place=place, **given)
    more_parts = [
        PART.format(marker=part_marker(plan, place, part), part=part, parts=parts) + chunk
        for part, chunk in enumerate(chunks, 2)
    ]
    return [first, *more_parts]


def part_marker(plan: dict[str, Any], place: str, part: int) -> str:
    """The hidden first line of a further comment."""
    return marker(plan, place, "part", str(part))


def findings_markdown(title: str, findings: list[Finding], *, max_bytes: int = MAX_BYTES) -> str:
    """Findings as a list, errors first, as many as fit."""
    order = ("error", "warning", "info")
    listed = sorted(findings, key=lambda f: order.index(f.level))
    lines = [f"- **{f.level}** `{f.code}` {markdown(str(f))}" for f in listed]
    head = f"## {title}\n"
    shown = fitting(lines, max_bytes - size(head) - size(more(len(lines), "report")))
    rest = [more(len(lines) - len(shown), "report")] if len(shown) < len(lines) else []
    return "\n".join([head, *(shown or ([] if rest else ["Nothing to report."])), *rest]) + "\n"


def size(text: str) -> int:
    """Bytes of a part with the newline that follows it."""
    return len(text.encode("utf-8", "surrogatepass")) + 1


def totals(summary: dict[str, Any]) -> str:
    """``3 to archive, 1 to update``; the worst first."""
    return ", ".join(f"{summary[a]} to {a}" for a in ("archive", "unarchive", "update", "create") if summary[a])


def _head(plan: dict[str, Any], place: str) -> Iterator[str]:
    summary = plan["summary"]
    yield marker(plan, place)
    yield f"<!-- pleoctl-plan-id {plan['id']} -->"
    if not plan["changes"]:
        yield "## Pleo plan: no changes"
        yield ""
        yield f"{summary['unchanged']} unchanged, {summary['ignored']} ignored, {summary['held']} held."
        yield from _left(plan)
        return
    yield f"## Pleo plan: {totals(summary)}"
    yield ""
    yield f"Company {markdown(plan['company'])} at {markdown(plan['url'])}"
    yield ""
    yield "| | " + " | ".join(COUNTED) + " |"
    yield "|---|" + "---:|" * len(COUNTED)
    kinds = [(title, summary["byKind"][kind]) for kind, title in KIND_TITLES.items() if kind in summary["byKind"]]
    for title, counts in [*kinds, *([("**All**", summary)] if len(kinds) != 1 else [])]:
        cells = (f"**{counts[n]}**" if n == "archive" and counts[n] else str(counts[n]) for n in COUNTED)
        yield f"| {title} | " + " | ".join(cells) + " |"
    yield from _left(plan)


def _left(plan: dict[str, Any]) -> Iterator[str]:
    left = left_alone(plan)
    if left:
        yield ""
        yield f"Left as they are: {', '.join(map(_clipped, left))}"


def _guard(guard: dict[str, Any]) -> Iterator[str]:
    if guard["findings"]:
        yield ""
        yield "> [!CAUTION]"
        yield "> **The guard refuses this plan**; it cannot be applied."
        for finding in guard["findings"][:SHOWN_FINDINGS]:
            hint = f" ({markdown(finding['hint'])})" if finding.get("hint") else ""
            yield f"> - {_clipped(finding.get('address') or '')} {_clipped(finding['message'])}{hint}"
        if len(guard["findings"]) > SHOWN_FINDINGS:
            yield f"> - … and {len(guard['findings']) - SHOWN_FINDINGS} more"
    elif guard["acknowledged"] is not None:
        yield ""
        yield "> [!IMPORTANT]"
        yield f"> {guard['acknowledged']} archives were approved with `--allow-archive {guard['acknowledged']}`."


def _too_long(max_bytes: int) -> str:
    return f"\n> [!WARNING]\n> Longer than the {max_bytes} bytes asked for: no archive is ever left out."


def _sections(plan: dict[str, Any]) -> Iterator[tuple[str, bool, list[str]]]:
    """``(title, opened, lines)`` in order of importance."""
    rest = [c for c in plan["changes"] if c["action"] != "archive"]
    risky = [c for c in rest if risk(c)]
    if risky:
        yield f"⚠️ Risky updates ({len(risky)})", True, [f"{_line(c)}: {risk(c)}{_origin(c)}" for c in risky]
    for action, title in TITLES.items():
        lines = [_line(c) for c in rest if c["action"] == action and not risk(c)]
        if lines:
            yield f"{title} ({len(lines)})", False, lines
    warnings: dict[str, list[str]] = defaultdict(list)
    for w in plan["warnings"]:
        warnings[w["code"]].append(" ".join(["-", *(_clipped(t) for t in (w["address"], w["message"]) if t)]))
    for code, lines in sorted(warnings.items()):
        yield f"Warnings: {code} ({len(lines)})", False, lines


def _frame(title: str, opened: bool, lines: list[str], left: int) -> str:
    listed = "\n".join([*lines, *([more(left)] if left else [])])
    if opened:
        return f"\n### {title}\n\n{listed}"
    return f"\n<details><summary>{title}</summary>\n\n{listed}\n\n</details>"


def more(left: int, file: str = "plan") -> str:
    """The line that stands for so many lines left out."""
    return f"- … and {left} more; the {file} file has them all"


def fitting(lines: list[str], budget: int) -> list[str]:
    """The first lines that fit so many bytes."""
    shown = []
    for line in lines:
        budget -= size(line)
        if budget < 0:
            break
        shown.append(line)
    return shown


def _line(change: dict[str, Any]) -> str:
    moved = differences(change)
    if change["action"] == "create":
        words = " ".join(_clipped(quoted(after)) for _, _, after, _ in moved if after is not None)
    else:
        words = ", ".join(
            f"{field} {_clipped(quoted(before))} → {_clipped(quoted(after))}"
            for field, before, after, differs in moved
            if differs
        ) or _clipped(quoted(change["after"].get("name")))
    return f"- {markdown(change['address'])} {words}"


def _origin(change: dict[str, Any]) -> str:
    return f" ({markdown(change['origin'])})" if change["origin"] else ""


def _clipped(text: str) -> str:
    return markdown(text if len(text) <= CLIPPED else f"{text[:CLIPPED]}…")


def _tail(plan: dict[str, Any], file: str, commit: str | None) -> Iterator[str]:
    yield ""
    if plan["changes"] and plan["guard"]["passed"]:
        yield "Apply exactly this plan:"
        yield ""
        yield "```sh"
        yield f"pleoctl apply {shlex.quote(terminal(file))} --expect-id {plan['id']}"
        yield "```"
        yield ""
    yield f"Plan `{plan['id']}`" + (f", commit `{commit}`" if commit and commit.isalnum() else "")
