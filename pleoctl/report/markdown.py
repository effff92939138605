"""A plan as GitHub-flavoured markdown for a pull request, within a size that a comment can hold.

From the top: totals, the guard's refusal, every archive, risky updates; then the rest, collapsed and cut where the
budget ends. An archive is never cut away: archives get terser instead, and the text says so when even that is too long.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from pleoctl.markup import Markdown
from pleoctl.model.kinds import KINDS, flat_kinds
from pleoctl.report.archives import archive_block, archive_chunks
from pleoctl.report.review import (
    ACTIONS,
    TITLES,
    by_code,
    by_kind,
    columns,
    counted,
    differences,
    dimensions,
    left_alone,
    risk,
)
from pleoctl.text import COMMENT_BYTES, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pleoctl.errors import Finding
    from pleoctl.model.changes import Change
    from pleoctl.plan.artifact import Plan
    from pleoctl.plan.document import Summary, Verdict, Warned

T = TypeVar("T")
SHOWN_FINDINGS: Final = 20
CLIPPED: Final = 120
PARTS: Final = 9999
_LATER: Final = ("update", "unarchive", "confirm", "create")
"""What has a section of its own behind the archives, in this order."""


def marker(plan: Plan, place: str = ".", *more: str) -> Markdown:
    """The hidden first line by which a comment is found again: company, place of the workspace, scope, part."""
    return Markdown.hidden(*_known_by(plan, place), *more)


def comments_begin(plan: Plan, place: str) -> str:
    """What the comments about that plan and about its earlier versions begin with, and no others."""
    return Markdown.begun(*_known_by(plan, place))


def _known_by(plan: Plan, place: str) -> tuple[str, ...]:
    return "pleoctl-plan", plan.head.company, place, _scope(plan)


def part_marker(plan: Plan, place: str, part: int) -> Markdown:
    """The hidden first line of a further comment."""
    return marker(plan, place, "part", str(part))


def _scope(plan: Plan) -> str:
    """``accounts+dimensions``; the dimensions by name only where a plan was asked for some of them."""
    selected = dimensions(plan)
    groups = plan.head.context.tag_groups if plan.head.context else "all" if selected else "none"
    some = ":" + ",".join(selected) if groups == "some" else ""
    flat = [kind.section for kind in flat_kinds() if plan.head.scope.get(kind.section)]
    parts = [*flat, *([f"dimensions{some}"] if groups != "none" else [])]
    return "+".join(parts) or "nothing"


class Names(Struct, frozen=True):
    """What instructions name: the plan's file and commit, and where the workspace lies in its repository."""

    file: str = "plan.json"
    commit: str | None = None
    place: str = "."


NAMES: Final = Names()


def plan_markdown(
    plan: Plan, names: Names = NAMES, *, max_bytes: int = COMMENT_BYTES, archives: Markdown | None = None
) -> Markdown:
    """The plan in at most ``max_bytes`` UTF-8 bytes.

    More than ``max_bytes`` only if the tersest list of archives does not fit, which is then said. ``archives`` stands
    in place of that list.
    """
    head = Markdown.lines([*_head(plan, names.place), *_guard(plan.head.guard), *_approval(plan)])
    tail = Markdown.lines(_tail(plan, names.file, names.commit))
    sections = list(_sections(plan))
    frames = sum(_frame(one, [], 0).size + _more(one.number).size for one in sections)
    budget = max_bytes - head.size - tail.size - frames
    fits = True
    if archives is None:
        archives, fits = archive_block([c for c in plan.changes if c.action == "archive"], budget)
    budget -= archives.size if archives else 0
    parts = [head, Markdown() if fits else _too_long(max_bytes), archives]
    for section in sections:
        shown = _fitting(section.lines, budget)
        budget -= sum(line.size for line in shown)
        parts.append(_frame(section, shown, section.number - len(shown)))
    return Markdown.lines([*(part for part in (*parts, tail) if part), Markdown()])


def plan_comments(plan: Plan, names: Names = NAMES, *, max_bytes: int = COMMENT_BYTES) -> list[Markdown]:
    """The plan as one comment; where the archives do not fit into it, as that and as many more as they need."""
    whole = plan_markdown(plan, names, max_bytes=max_bytes)
    if whole.size <= max_bytes + 1:
        return [whole]
    room = max_bytes - _part_head(plan, names.place, PARTS, PARTS).size - 99
    chunks = list(archive_chunks([c for c in plan.changes if c.action == "archive"], max(1, room)))
    told = Markdown(
        "\n### ⛔ Archives ({})\n\nAll of them stand in the following {} comments.",
        plan.head.summary.archive,
        len(chunks),
    )
    first = plan_markdown(plan, names, max_bytes=max_bytes, archives=told)
    parts = len(chunks) + 1
    return [first, *(_part_head(plan, names.place, part, parts) + chunk for part, chunk in enumerate(chunks, 2))]


def _part_head(plan: Plan, place: str, part: int, parts: int) -> Markdown:
    first = part_marker(plan, place, part)
    return Markdown("{}\n## Pleo plan, part {} of {}: archives\n\n", first, part, parts)


def findings_markdown(title: str, findings: list[Finding], *, max_bytes: int = COMMENT_BYTES) -> Markdown:
    """Findings as a list, errors first, as many as fit."""
    order = ("error", "warning", "info")
    listed = sorted(findings, key=lambda f: order.index(f.level))
    lines = [Markdown("- **{}** {} {}", f.level, Markdown.code(f.code), f) for f in listed]
    return cut(Markdown("## {}\n", title), lines or [Markdown("Nothing to report.")], max_bytes, "report")


def cut(head: Markdown, lines: Sequence[Markdown], max_bytes: int, file: str = "plan") -> Markdown:
    """A head and as many lines as fit; the file has them all."""
    shown = _fitting(lines, max_bytes - head.size - _more(len(lines), file).size)
    rest = [_more(len(lines) - len(shown), file)] if len(shown) < len(lines) else []
    return Markdown.lines([head, *shown, *rest, Markdown()])


def totals(summary: Summary) -> str:
    """``3 to archive, 1 to update``; the worst first."""
    return ", ".join(f"{counted(summary, a)} to {a}" for a in ACTIONS if counted(summary, a))


def _head(plan: Plan, place: str) -> Iterator[Markdown]:
    summary = plan.head.summary
    yield marker(plan, place)
    yield Markdown.hidden("pleoctl-plan-id", plan.id)
    yield Markdown.hidden("pleoctl-plan-changes", str(len(plan.changes)))
    if not plan.changes:
        yield Markdown("## Pleo plan: no changes\n")
        rest = summary.unchanged, summary.ignored, summary.held
        yield Markdown("{} unchanged, {} ignored, {} held.", *rest)
        yield from _left(plan)
        return
    yield Markdown("## Pleo plan: {}\n", totals(summary))
    yield Markdown("Company {} at {}\n", plan.head.company, plan.head.url)
    listed = columns(summary)
    yield Markdown("| ") + Markdown.row(listed)
    yield Markdown.joined([Markdown("|---|"), *([Markdown("---:|")] * len(listed))], "")
    kinds = [(Markdown("{}", title), counts) for title, counts in by_kind(summary)]
    for title, counts in [*kinds, *([(Markdown("**All**"), summary)] if len(kinds) != 1 else [])]:
        yield Markdown.row([title, *(_count(name, counted(counts, name)) for name in listed)])
    yield from _left(plan)


def _left(plan: Plan) -> Iterator[Markdown]:
    left = left_alone(plan)
    if left:
        yield Markdown("\nLeft as they are: {}", Markdown.joined(map(_clipped, left)))


def _count(name: str, number: int) -> Markdown:
    return Markdown("**{}**" if name == "archive" and number else "{}", number)


def _guard(guard: Verdict) -> Iterator[Markdown]:
    if guard.findings:
        yield Markdown("\n> [!CAUTION]\n> **The guard refuses this plan**; it cannot be applied.")
        for finding in guard.findings[:SHOWN_FINDINGS]:
            hint = Markdown(" ({})", finding.hint) if finding.hint else Markdown()
            address = Markdown("{} ", _clipped(finding.address)) if finding.address else Markdown()
            yield Markdown("> - {}{}{}", address, _clipped(finding.message), hint)
        if len(guard.findings) > SHOWN_FINDINGS:
            yield Markdown("> - … and {} more", len(guard.findings) - SHOWN_FINDINGS)
    elif guard.acknowledged is not None:
        number, were = guard.acknowledged, "archive was" if guard.acknowledged == 1 else "archives were"
        yield Markdown("\n> [!IMPORTANT]\n> {} {} approved with `--allow-archive {}`.", number, were, number)


def _approval(plan: Plan) -> Iterator[Markdown]:
    """What a pipeline asks of whoever approves: the number, and the refused plan, so that it is good for no other."""
    guard = plan.head.guard
    if not guard.passed and all(finding.code != "protected" for finding in guard.findings):
        said = Markdown.code(f"{plan.head.summary.archive}-{plan.id.removeprefix('sha256:')[:12]}")
        yield Markdown(">\n> Approval of its archives, where a pipeline asks for one: {}", said)


def _too_long(max_bytes: int) -> Markdown:
    return Markdown(
        "\n> [!WARNING]\n> Longer than the {} bytes asked for: no archive is ever left out.",
        max_bytes,
    )


class _Section(Struct, frozen=True):
    """Lines under a title, none of them made before it is asked for: a comment holds few of many."""

    title: Markdown
    number: int
    lines: Iterable[Markdown]
    opened: bool = False

    @classmethod
    def of(cls, title: Markdown, what: Sequence[T], line: Callable[[T], Markdown], *, opened: bool = False) -> _Section:
        return cls(Markdown("{} ({})", title, len(what)), len(what), map(line, what), opened)


def _sections(plan: Plan) -> Iterator[_Section]:
    """In order of importance."""
    rest: dict[str, list[Change]] = defaultdict(list)
    risky: list[Change] = []
    for change in plan.changes:
        if change.action != "archive":
            (risky if risk(change) else rest[change.action]).append(change)
    if risky:
        yield _Section.of(Markdown("⚠️ Risky updates"), risky, _risky_line, opened=True)
    for action in _LATER:
        if rest[action]:
            yield _Section.of(Markdown("{}", TITLES[action]), rest[action], _line)
    for code, members in by_code(plan.head.warnings):
        yield _Section.of(Markdown("Warnings: {}", Markdown.in_html(code)), members, _warning_line)


def _frame(section: _Section, shown: list[Markdown], left: int) -> Markdown:
    listed = Markdown.lines([*shown, *([_more(left)] if left else [])])
    if section.opened:
        return Markdown("\n### {}\n\n{}", section.title, listed)
    return Markdown("\n<details><summary>{}</summary>\n\n{}\n\n</details>", section.title, listed)


def _more(left: int, file: str = "plan") -> Markdown:
    """The line that stands for so many lines left out."""
    return Markdown("- … and {} more; the {} file has them all", left, file)


def _fitting(lines: Iterable[Markdown], budget: int) -> list[Markdown]:
    """The first lines that fit so many bytes."""
    shown = []
    for line in lines:
        budget -= line.size
        if budget < 0:
            break
        shown.append(line)
    return shown


def _risky_line(change: Change) -> Markdown:
    return Markdown("{}: {}{}", _line(change), risk(change), _origin(change))


def _warning_line(warned: Warned) -> Markdown:
    told = [_clipped(text) for text in (warned.address, warned.message) if text]
    return Markdown.joined([Markdown("-"), *told], " ")


def _line(change: Change) -> Markdown:
    moved = differences(change)
    if change.action == "create":
        titles = {one.name: one.title for one in KINDS[change.kind].fields}
        said = [(titles.get(field, ""), after) for field, _, after, _ in moved if after is not None]
        words = Markdown.joined([_titled(title, after) for title, after in said], " ")
    else:
        words = Markdown.joined([_moved(field, before, after) for field, before, after, differs in moved if differs])
    return Markdown("- {} {}", change.address, words or _clipped(quoted(change.after.get("name"))))


def _titled(title: str, value: Any) -> Markdown:
    """A value behind what people call its field; codes and names, rates and types say themselves what they are."""
    shown = _clipped(quoted(value))
    return Markdown("{} {}", title, shown) if title else Markdown("{}", shown)


def _moved(field: str, before: Any, after: Any) -> Markdown:
    return Markdown("{} {} → {}", field, _clipped(quoted(before)), _clipped(quoted(after)))


def _origin(change: Change) -> Markdown:
    return Markdown(" ({})", change.origin) if change.origin else Markdown()


def _clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]}…"


def _tail(plan: Plan, file: str, commit: str | None) -> Iterator[Markdown]:
    yield Markdown()
    if plan.changes and plan.guard_passed:
        yield Markdown("Apply exactly this plan:\n")
        command = f"pleoctl apply {shlex.quote(file)} --expect-id {plan.id}"
        yield Markdown.fence("sh", [command])
        yield Markdown()
    known = Markdown(", commit {}", commit) if commit and commit.isalnum() else Markdown()
    yield Markdown("Plan {}{}", plan.id, known)
