"""Plans, receipts and findings for a terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, get_args

from msgspec import Struct

from pleoctl.model.kinds import ACCOUNT, KINDS
from pleoctl.report.alike import apart
from pleoctl.report.review import ACTIONS, by_code, counted, dimensions, left_alone, risks, risky_first
from pleoctl.run.receipt import PROBLEMS, Status
from pleoctl.text import Shown, quoted
from pleoctl.words import many, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.errors import Finding
    from pleoctl.model.addresses import Address
    from pleoctl.model.changes import Change
    from pleoctl.plan.artifact import Plan
    from pleoctl.plan.document import Head, Summary, Verdict, Warned
    from pleoctl.run.receipt import Receipt, Result

HEADS: Final = {
    action: Shown("  ", Shown.styled(f"{sign} {action:<9}", colour=colour), " ")
    for action, sign, colour in (
        ("create", "+", "green"),
        ("update", "~", "yellow"),
        ("unarchive", "^", "cyan"),
        ("confirm", "✓", "cyan"),
        ("archive", "-", "red"),
    )
}
SHOWN: Final = 50
WARNED: Final = 10
"""Warnings of one kind that are shown one by one; all of them stand in the plan."""
FEWEST: Final = 5
LINES: Final = 500
SECONDS_PER_WRITE: Final = 0.15
"""What one write to Pleo takes, one after the other."""
LEVELS: Final = {"error": ("error", "red"), "warning": ("warning", "yellow"), "info": ("note", "blue")}


def finding_text(finding: Finding) -> Shown:
    """``level: file:line:col: message (hint)``; codes that documents go by stand behind the level."""
    word, colour = LEVELS[finding.level]
    word = f"{word} {finding.code}" if finding.code.isupper() else word
    return Shown.styled(f"{word}:", colour=colour, bold=True) + f" {finding}"


def plan_text(
    plan: Plan, *, brief: bool = False, per_minute: int | None = None, width: int | None = None, drift: bool = False
) -> Shown:
    """A plan as people read it: archives first, each kind on its own, totals, requests, warnings, guard.

    As ``drift`` it says what has moved, and no guard has a word.
    """
    return Shown.lines(_plan_lines(plan, brief=brief, per_minute=per_minute, width=width, drift=drift))


def _plan_lines(
    plan: Plan, *, brief: bool, per_minute: int | None, width: int | None, drift: bool
) -> Iterator[Shown | str]:
    head = plan.head
    what = "Drift of" if drift else "Plan for"
    yield Shown.styled(f"{what} company {head.company} at {head.url}", bold=True)
    yield from (f"  {line}" for line in _scope_lines(plan))
    if not plan.changes:
        why = " Nothing is left to take back." if head.source else " Pleo is in line with the desired state."
        yield from ("", Shown.styled("No changes.", colour="green", bold=True) + why)
    else:
        if brief:
            yield ""
        yield from _change_lines(plan.changes, brief=brief, width=width)
    yield from ("", Shown().hanging(total_line(head.summary), 2, width))
    yield Shown().hanging(_request_line(head, per_minute), 2, width)
    yield from warning_lines(head.warnings, brief=brief, width=width)
    if not drift:
        yield from guard_lines(head.guard, width)


def _scope_lines(plan: Plan) -> Iterator[str]:
    head = plan.head
    if head.scope.get(ACCOUNT.section) is False:
        yield f"{ACCOUNT.plural} are not in scope"
    groups = head.context.tag_groups if head.context else "all"
    if groups == "none":
        yield "tag groups and tags are not in scope"
    else:
        only = "; other tag groups are not in scope" if groups == "some" else ""
        yield f"dimensions: {', '.join(dimensions(plan)) or 'none'}{only}"
    if left := left_alone(plan):
        yield f"left as they are: {', '.join(left)}"
    if head.source:
        yield f"takes back the run {head.source.receipt}"


class _Bucket(Struct, frozen=True):
    """Changes that stand below one title, by what they do."""

    title: str
    members: dict[str, list[Change]]

    @property
    def counts(self) -> Counter[str]:
        return Counter({action: len(changes) for action, changes in self.members.items()})


def _change_lines(changes: list[Change], *, brief: bool, width: int | None) -> Iterator[Shown | str]:
    buckets = _buckets(changes)
    most = max(FEWEST, min(SHOWN, LINES // max(1, sum(len(bucket.members) for bucket in buckets))))
    shown = buckets[:SHOWN] if brief else buckets
    for bucket in shown:
        if not brief:
            yield ""
        yield Shown.styled(bucket.title, bold=True) + f": {_counted(bucket.counts)}"
        if not brief:
            for action in ACTIONS:
                yield from _some(bucket.members.get(action, []), most, width)
    if len(shown) < len(buckets):
        left = buckets[len(shown) :]
        yield f"… and {len(left)} more: {_counted(sum((bucket.counts for bucket in left), Counter()))}"


def _buckets(changes: list[Change]) -> list[_Bucket]:
    """Accounts, tag groups, and the tags of each group; the groups that lose tags come first."""
    found: dict[tuple[str, Address | None], dict[str, list[Change]]] = defaultdict(lambda: defaultdict(list))
    for change in changes:
        parent = None if change.parent is None else change.parent.address
        found[change.kind, parent][change.action].append(change)
    order = list(KINDS)
    buckets = [(order.index(kind), _Bucket(_title(kind, parent), found[kind, parent])) for kind, parent in found]
    buckets.sort(key=lambda one: (one[0], "archive" not in one[1].members, one[1].title))
    return [bucket for _, bucket in buckets]


def _title(kind: str, parent: Address | None) -> str:
    return KINDS[kind].heading if parent is None else f"Tags of {parent.path}"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[a]} to {a}" for a in ACTIONS if counts[a])


def _some(changes: list[Change], most: int, width: int | None) -> Iterator[Shown | str]:
    shown = changes if len(changes) <= most or changes[0].action == "archive" else risky_first(changes)[: most - 1]
    addresses = [Shown(change.address) for change in shown]
    widest = min(max((address.cells for address in addresses), default=0), (width or 100) // 3)
    for change, address in zip(shown, addresses, strict=True):
        yield _line(change, address, widest, width)
    if len(shown) < len(changes):
        left = len(changes) - len(shown)
        yield f"  … and {left} more to {changes[0].action} (all of them: --format json or html)"


def change_line(change: Change, address_width: int = 0) -> Shown:
    """One change with its fields and where it comes from, in one line."""
    return _line(change, Shown(change.address), address_width, None)


def _line(change: Change, address: Shown, address_width: int, width: int | None) -> Shown:
    free = max(address_width - address.cells, 0)
    indent = 16 + address.cells + free
    before, behind = _details(change), "" if change.origin is None else str(change.origin)
    if reasons := risks(change):
        marked = Shown.styled(f"[{', '.join(reasons)}]", colour="yellow")
        words: Shown | str = Shown.joined([part for part in (before, marked, behind) if part], "  ")
    else:
        words = f"{before}  {behind}" if before and behind else before or behind
    return Shown(HEADS[change.action], address, " " * (free + 2)).hanging(words, indent, width)


def _details(change: Change) -> str:
    after = change.after
    named = " ".join([quoted(value) for name in ("code", "name") if (value := after.get(name)) is not None])
    if change.action == "create":
        telling = (one for one in KINDS[change.kind].fields if one.telling and after.get(one.name))
        return " ".join([named, *(f"{one.title} {quoted(after[one.name])}".lstrip() for one in telling)])
    before = change.before or {}
    moved = [_moved(field, before.get(field), after.get(field)) for field in change.fields if field != "archived"]
    told = ", ".join(moved) if moved else named
    return told if change.action == "update" else f"{told} ({change.reason})"


def _moved(field: str, before: object, after: object) -> str:
    was, becomes = map(quoted, apart(before, after))
    return f"{field}: {was} → {becomes}"


def total_line(summary: Summary) -> Shown:
    """The totals of a plan."""
    always = ("create", "update", "unarchive", "archive")
    todo = ", ".join(f"{counted(summary, a)} to {a}" for a in ([*always, "confirm"] if summary.confirm else always))
    rest = ", ".join(f"{counted(summary, w)} {w}" for w in ("unchanged", "ignored", "held"))
    return Shown.styled("Plan:", bold=True) + f" {todo}; {rest}."


def _request_line(head: Head, per_minute: int | None) -> str:
    """The plan's requests, and how long those take that write; no guess where the server is this machine."""
    from pleoctl.hosts import Endpoint
    from pleoctl.workspace.settings import DEFAULT_REQUESTS  # where a plan is shown without its workspace

    writes = head.requests.write
    told = f"Requests: {head.requests.read} read" + (f", {writes} to write" if writes else "")
    server = Endpoint.parse(head.url)
    here = server is not None and server.loopback
    if not writes or (here and per_minute is None):
        return f"{told}."
    rate = DEFAULT_REQUESTS if per_minute is None else per_minute
    sent, held_back = 0.0 if here else writes * SECONDS_PER_WRITE, (writes / rate - 1) * 60
    why = f"{rate} requests a minute" if held_back > sent else f"{SECONDS_PER_WRITE} s a write"
    seconds = max(sent, held_back)
    return f"{told}; applying takes about {duration(max(1.0, seconds))} ({why})." if seconds > 0 else f"{told}."


def duration(seconds: float) -> str:
    """Seconds or minutes in words."""
    if seconds < 90:  # people count to ninety
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def warning_lines(warnings: list[Warned], *, brief: bool = False, width: int | None = None) -> Iterator[Shown | str]:
    """Warnings grouped by code, the first ones of each in full."""
    if warnings:
        yield ""
    for code, members in by_code(warnings):
        shown = members[: 3 if brief else WARNED]
        for warning in shown:
            address = f"{warning.address}: " if warning.address else ""
            line = Shown.styled(f"warning {code}:", colour="yellow") + f" {address}{warning.message}"
            yield Shown().hanging(line, 2, width)
        if len(shown) < len(members):
            yield f"  … and {len(members) - len(shown)} more {code}"


def guard_lines(guard: Verdict, width: int | None = None) -> Iterator[Shown | str]:
    """What the guard refuses, or the number it was told."""
    if guard.findings:
        yield ""
        yield Shown.styled("The guard refuses this plan:", colour="red", bold=True)
        for finding in (told.finding for told in guard.findings):
            told = f" {finding}" if finding.address else f": {finding}"
            yield Shown("  ").hanging(Shown.styled(finding.code, colour="red") + told, 4, width)
    elif guard.acknowledged is not None:
        were = "archive was" if guard.acknowledged == 1 else "archives were"
        yield f"Guard: {guard.acknowledged} {were} approved."


def receipt_text(receipt: Receipt) -> Shown:
    """A receipt as people read it: what went wrong first, then the counts."""
    lines = [line for status in PROBLEMS for line in _ended(receipt.results, status)]
    used = receipt.requests
    told = f"{used['read']} read, {used['write']} written, {used['retries']} repeated"
    return Shown.lines([*lines, _outcome(receipt), f"Requests: {told}. Run {receipt.run_id}."])


def _outcome(receipt: Receipt) -> Shown:
    counts = receipt.counts()
    colour = "green" if receipt.outcome == "done" else "red"
    if not receipt.results:
        return Shown.styled("Nothing to apply.", colour=colour, bold=True)
    if set(counts) == {"alreadyDone"}:
        told = f"{many(len(receipt.results), 'change', 'stands', 'stand')} in Pleo."
        return Shown.styled("Already applied: ", colour=colour, bold=True) + told
    ended = ", ".join(f"{counts[status]} {spoken(status)}" for status in get_args(Status) if counts[status])
    return Shown.styled(f"Apply {receipt.outcome}: ", colour=colour, bold=True) + f"{ended}."


def _ended(results: Iterable[Result], status: str) -> Iterator[Shown]:
    for result in results:
        if result.status == status:
            told = f" {result.change.action} {result.change.address}: {(result.error or {}).get('message', '')}"
            yield Shown("  ", Shown.styled(f"{status:<10}", colour="red"), told)
