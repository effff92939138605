"""What a source gave, in a few lines: enough to see at a glance whether a section says what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.changes import ACTIONS
from pleoctl.model.kinds import flat_kinds
from pleoctl.report.text import change_line
from pleoctl.text import Shown, cell_len, terminal
from pleoctl.words import many

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from pleoctl.model.records import DesiredState, Row
    from pleoctl.plan.preview import Preview, Shared


def source_lines(state: DesiredState) -> Iterator[str]:
    """A line per kind and per dimension: how many rows are active, inactive, held, and without which field."""
    for kind in flat_kinds():
        if kind.name in state.flat:
            yield f"{kind.section}: {_summary(state.flat[kind.name])}"
    for dimension in state.dimensions or ():
        name = dimension.row.key or "without a code"
        words = "inactive" if not dimension.row.active else "held" if dimension.row.hold is not None else None
        values = "values not read" if dimension.values is None else f"values {_summary(dimension.values)}"
        yield f"dimension {name} ({dimension.row.fields.get('name')}): {words or values}"


def _summary(rows: Iterable[Row]) -> str:
    listed = list(rows)
    sound = [row for row in listed if row.hold is None]
    parts = [
        f"{sum(row.active for row in sound)} active",
        f"{sum(not row.active for row in sound)} inactive",
        f"{len(listed) - len(sound)} held",
    ]
    names = dict.fromkeys(name for row in sound for name in row.fields)
    empty = {name: sum(row.fields.get(name) is None for row in sound) for name in names}
    parts += [f"{number} without {name}" for name, number in empty.items() if number]
    parts += [f"first {sound[0].key!r} {sound[0].fields.get('name')!r}"] if sound else []
    return ", ".join(parts)


def hint_lines(counted: Counter[str]) -> Iterator[str]:
    """How many findings there are of each code; they are told in full beside the report."""
    if counted:
        yield "hints: " + ", ".join(f"{number} {code}" for code, number in counted.most_common())


def preview_lines(found: Preview) -> Iterator[Shown | str]:
    """What a plan would do: per kind the shared keys, the changes, some of them, and what the guard would say."""
    yield ""
    yield f"Compared with Pleo at {found.url} (read only, {many(found.requests, 'request')}):"
    for one in found.shared:
        yield from _shared_lines(one)
    for refusal in found.refused:
        yield Shown("  the guard would refuse: ", str(refusal))


def _shared_lines(one: Shared) -> Iterator[Shown | str]:
    share = f" ({one.matched / one.rows:.0%})" if one.rows else ""
    todo = ", ".join(f"{one.counts[action]} to {action}" for action in ACTIONS if one.counts[action])
    live = many(one.live, "active one")
    have = "has a record" if one.matched == 1 else "have a record"
    known = f"{one.matched} of {many(one.rows, 'active row')}{share} {have} in Pleo, which has {live}"
    held = f", {one.counts['held']} held" * bool(one.counts["held"])
    yield f"  {one.kind.plural}: {known}; {todo or 'nothing to do'}{held}"
    width = max((cell_len(terminal(change.address)) for change in one.examples), default=0)
    yield from (Shown("  ", change_line(change, width)) for change in one.examples)
    left = sum(one.counts[action] for action in ACTIONS) - len(one.examples)
    if left:
        yield f"    … and {left} more: `pleoctl export`, then `pleoctl plan`"


def preview_hints(found: Preview) -> Iterator[tuple[str, str]]:
    """Signs that the identity was chosen otherwise before, each with what to do about it."""
    for one in found.shared:
        key = one.kind.key
        if one.better is not None:
            name, number = one.better
            have, matches = many(number, one.kind.title, "has", "have"), "matches" if one.matched == 1 else "match"
            yield (
                f"{have} as {name} what Pleo has as {key}, and {one.matched} {matches} by {key}",
                f"read {key} from what gives {name}; as it is, each is created anew and its like archived",
            )
        elif one.same_code:
            yield (
                f"{many(one.same_code, one.kind.title, 'has', 'have')} the code of a record in Pleo with another {key}",
                f"look at how that {key} was made: a plan creates them anew and archives the others",
            )
