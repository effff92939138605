"""A plan as GitHub-flavoured markdown for a pull request, within a size that a comment can hold.

Totals and archives come first and are never cut away; the rest is collapsed, and cut where the budget ends.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from pleoctl.report.escape import markdown, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 60_000
TAIL_BYTES: Final = 1_500
MARKER: Final = "<!-- pleoctl-plan {company} -->"
RISKY: Final = {"in-use-category", "in-use-contra", "mapping-target-archived"}
SECTIONS: Final = (("update", "Updates"), ("unarchive", "Unarchives"), ("create", "Creates"))
BRIEF_ROWS: Final = 200


def plan_markdown(
    plan: dict[str, Any], *, max_bytes: int = MAX_BYTES, file: str = "plan.json", commit: str | None = None
) -> str:
    """The plan as markdown of at most ``max_bytes`` UTF-8 bytes; ``file`` and ``commit`` go into the instructions."""
    head = "\n".join([*_head(plan), *_guard(plan["guard"])])
    tail = "\n".join(_tail(plan, file, commit))
    budget = max_bytes - _size(head) - _size(tail) - TAIL_BYTES
    archives = _archives(plan["changes"], budget)
    budget -= _size(archives)
    parts = [head, archives]
    for title, lines in _sections(plan):
        part, budget = _section(title, lines, budget)
        parts.append(part)
    return "\n".join(part for part in (*parts, tail) if part) + "\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) + 1


def _head(plan: dict[str, Any]) -> Iterator[str]:
    summary = plan["summary"]
    yield MARKER.format(company="".join(c for c in plan["company"] if c.isalnum() or c == "-"))
    yield "## Plan for Pleo"
    yield ""
    if not plan["changes"]:
        yield f"**No changes.** {summary['unchanged']} unchanged, {summary['held']} held."
        return
    yield "| archive | unarchive | update | create | unchanged | ignored | held |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    names = ("archive", "unarchive", "update", "create", "unchanged", "ignored", "held")
    yield "| " + " | ".join(f"**{summary[n]}**" if n == "archive" else str(summary[n]) for n in names) + " |"


def _guard(guard: dict[str, Any]) -> Iterator[str]:
    if guard["findings"]:
        yield ""
        yield "> [!CAUTION]"
        yield "> The guard refuses this plan:"
        for finding in guard["findings"][:20]:
            hint = f" ({markdown(finding['hint'])})" if finding.get("hint") else ""
            yield f"> - {markdown(finding.get('address') or '')}: {markdown(finding['message'])}{hint}"
    elif guard["acknowledged"] is not None:
        yield ""
        yield f"> [!NOTE]\n> {guard['acknowledged']} archives were approved."


def _archives(changes: list[dict[str, Any]], budget: int) -> str:
    """Every archive: as a table row while there is room, as a bare address else, and never left out."""
    archives = sorted((c for c in changes if c["action"] == "archive"), key=lambda c: not RISKY & set(c["warnings"]))
    if not archives:
        return ""
    full = [
        "",
        f"### {len(archives)} to archive",
        "",
        "| | address | code | name | why |",
        "|---|---|---|---|---|",
    ]
    full += [_archive_row(change) for change in archives]
    text = "\n".join(full)
    if _size(text) <= budget:
        return text
    short = ["", f"### {len(archives)} to archive", "", "Addresses only, because there are so many:", ""]
    text = "\n".join(short) + "\n" + " · ".join(markdown(c["address"]) for c in archives)
    if _size(text) <= budget:
        return text
    return "\n".join(short) + "\n" + _plain_addresses(archives)


def _plain_addresses(archives: list[dict[str, Any]]) -> str:
    """The tersest form: a code block needs no entities, so each address costs its own length."""
    lines = [c["address"] for c in archives]
    longest = max((len(run) for line in lines for run in _runs(line)), default=0)
    fence = "`" * max(3, longest + 1)
    from pleoctl.report.escape import terminal  # noqa: PLC0415 - only for plans that archive thousands

    return "\n".join([fence + "text", *map(terminal, lines), fence])


def _runs(text: str) -> list[str]:
    return [run for run in "".join(c if c == "`" else " " for c in text).split() if run]


def _archive_row(change: dict[str, Any]) -> str:
    before = change["before"] or {}
    risk = "⚠️ in use" if RISKY & set(change["warnings"]) else ""
    cells = (change["address"], before.get("code"), before.get("name"), change["reason"])
    return f"| {risk} | " + " | ".join(markdown("" if c is None else c) for c in cells) + " |"


def _sections(plan: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    changes = plan["changes"]
    risky = [
        c
        for c in changes
        if c["action"] != "archive" and (RISKY & set(c["warnings"]) or ("code" in c["fields"] and c["before"]))
    ]
    if risky:
        yield f"{len(risky)} risky updates: the account number changes", [_line(c) for c in risky]
    known = {id(c) for c in risky}
    for action, title in SECTIONS:
        rest = [c for c in changes if c["action"] == action and id(c) not in known]
        if rest:
            yield f"{title} ({len(rest)})", [_line(c) for c in rest]
    warnings: dict[str, list[str]] = defaultdict(list)
    for w in plan["warnings"]:
        warnings[w["code"]].append(f"- `{w['code']}` {markdown(w['address'] or '')} {markdown(w['message'])}")
    for code, lines in sorted(warnings.items()):
        yield f"Warnings: {code} ({len(lines)})", lines


def _line(change: dict[str, Any]) -> str:
    before, after = change["before"] or {}, change["after"]
    if change["action"] == "create":
        words = " ".join(markdown(quoted(after[n])) for n in ("code", "name") if after.get(n) is not None)
    else:
        moved = [f"{f}: {markdown(quoted(before.get(f)))} → {markdown(quoted(after.get(f)))}"
                 for f in change["fields"] if f != "archived"]  # fmt: skip
        words = ", ".join(moved) or markdown(after.get("name") or "")
    return f"- {markdown(change['address'])} {words}"


def _section(title: str, lines: list[str], budget: int) -> tuple[str, int]:
    """A collapsed section with as many lines as the budget allows; the count in its title is always whole."""
    frame = f"\n<details><summary>{title}</summary>\n\n\n\n</details>"
    left = budget - _size(frame)
    shown: list[str] = []
    for line in lines:
        left -= _size(line)
        if left < 0:
            break
        shown.append(line)
    if len(shown) < len(lines):
        shown.append(f"- … and {len(lines) - len(shown)} more; the plan file has them all")
    part = f"\n<details><summary>{title}</summary>\n\n" + "\n".join(shown) + "\n\n</details>"
    return part, max(0, left)


def _tail(plan: dict[str, Any], file: str, commit: str | None) -> Iterator[str]:
    yield ""
    at = f" · commit `{commit}`" if commit and commit.isalnum() else ""
    yield f"Plan `{plan['id']}`{at}"
    if plan["changes"] and plan["guard"]["passed"]:
        yield ""
        yield "```sh"
        yield f"pleoctl apply {file} --expect-id {plan['id']}"
        yield "```"
