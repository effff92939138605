"""From a workspace and a command's options to the inputs of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pleoctl.desired.read import load_desired
from pleoctl.errors import InvalidFile, UsageError
from pleoctl.machine import this_machine
from pleoctl.model.days import is_day
from pleoctl.model.kinds import TAG_GROUP, flat_kinds
from pleoctl.plan.build import Inputs
from pleoctl.reconcile.changes import Scope
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.document import Warned
    from pleoctl.workspace import Workspace


class Choices(Struct, frozen=True):
    """What a person may choose of a plan: sections, dimensions, its day, how many archives are meant."""

    only: Sequence[str] = ()
    dimensions: Sequence[str] = ()
    today: str | None = None
    acknowledged: int | None = None

    def __post_init__(self) -> None:
        """Raise `UsageError` for a day that is none."""
        if self.today is not None and not is_day(self.today):
            raise UsageError(f"--today {self.today!r} is not a date", hint="write YYYY-MM-DD")


def prepare(
    workspace: Workspace,
    choices: Choices,
    *,
    advise: bool = True,
    further: Callable[[DesiredState], Callable[[list[Change]], list[Warned]]] | None = None,
    desired: DesiredState | None = None,
) -> Inputs:
    """Load what a plan needs and settle its scope; ``further`` makes the warnings of another room.

    ``desired`` stands for what the desired-state files say. Raises `InvalidFile`, `Refused` and `UsageError`.
    """
    problems = [f for f in workspace.findings() if f.code == "invalid-dimensions"]
    if problems:
        raise InvalidFile.of(problems)
    url = workspace.url
    state = load_desired(workspace.desired_files) if desired is None else desired
    for kind in flat_kinds():
        if kind.section in choices.only and kind.name not in state.flat:
            hint = f"list them under {kind.section} in the desired state, `[]` for none"
            raise UsageError(f"{kind.plural} are not managed: the desired state has none", hint=hint)
    scope = _scope(workspace, choices.only, choices.dimensions, _today(choices.today))
    inputs = Inputs(state, scope, workspace.guard, workspace.company, url, choices.acknowledged, advise)
    return inputs if further is None else replace(inputs, further=further(state))


def _today(given: str | None) -> str:
    return this_machine().now().astimezone().date().isoformat() if given is None else given


def _scope(workspace: Workspace, only: Sequence[str], dimensions: Sequence[str], today: str) -> Scope:
    """``only`` are sections; those of flat kinds and ``dimensions`` exclude each other."""
    selected, flat = workspace.selected, {kind.section: kind.name for kind in flat_kinds()}
    if dimensions and set(only) - {TAG_GROUP.section}:
        raise UsageError(f"--only {only[0]} and --dimension exclude each other")
    asked = set(only) | ({TAG_GROUP.section} if dimensions else set())
    if TAG_GROUP.section in asked and selected is None:
        raise UsageError(
            "tags are not managed: dimensions.selected is not set", hint="`pleoctl dimensions select CODE`"
        )
    managed = None if (asked and TAG_GROUP.section not in asked) or selected is None else tuple(selected)
    if dimensions:
        managed = tuple(_known(code, selected or []) for code in dimensions)
    return Scope(
        without=frozenset(name for section, name in flat.items() if asked and section not in asked),
        dimensions=managed,
        partial=bool(dimensions),
        leave=workspace.guard.leave,
        rename_groups=workspace.settings.dimensions.rename_groups,
        today=today,
    )


def _known(code: str, selected: list[str]) -> str:
    for known in selected:
        if known.casefold() == code.casefold():
            return known
    raise UsageError(f"dimension {code!r} is not selected", hint=did_you_mean(code, selected, "known dimensions"))
