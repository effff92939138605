"""Plan and drift for one company: what the commands do, without a word of a terminal.

They stand apart from `pleoctl.fleet.company` because they write nothing: a small plan takes less time than loading what
applies it.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from pleoctl.errors import PleoctlError
from pleoctl.plan.build import build_plan
from pleoctl.plan.prepare import Choices, prepare
from pleoctl.pleo.connecting import connected
from pleoctl.pleo.reader import PleoReader
from pleoctl.run.doubts import wait_out
from pleoctl.run.shared import RECENT, Runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.fleet.caller import Caller
    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.artifact import Plan
    from pleoctl.plan.document import Warned
    from pleoctl.workspace import Workspace

LOG: Final = logging.getLogger(__name__)


def planned(workspace: Workspace, choices: Choices, caller: Caller) -> Plan:
    """What would change in live Pleo, with its guard and warnings."""
    return planned_from(workspace, choices, caller, Runs.of(workspace))


def drifted(workspace: Workspace, choices: Choices, caller: Caller) -> Plan:
    """The same comparison, of which nobody asks warnings."""
    inputs = prepare(workspace, choices, advise=False)
    wait_out(Runs.of(workspace).exchange(RECENT), caller.stop)
    with connected(workspace, PleoReader, caller.stop) as reader:
        return build_plan(inputs, reader)


def planned_from(workspace: Workspace, choices: Choices, caller: Caller, runs: Runs) -> Plan:
    """`planned` beside known runs."""
    inputs = prepare(workspace, choices, further=_mapping_warnings(workspace))
    wait_out(runs.exchange(RECENT), caller.stop)
    with connected(workspace, PleoReader, caller.stop) as reader:
        return build_plan(inputs, reader)


def _mapping_warnings(workspace: Workspace) -> Callable[[DesiredState], Callable[[list[Change]], list[Warned]]] | None:
    """Warn where a plan archives an account, a tax code or a vendor that the mapping names.

    Rules that cannot be read stop no plan; `validate` and `mapping check` tell what is wrong with them.
    """
    if workspace.mapping is None:
        return None
    from pleoctl.mapping.rules.build import load_rules
    from pleoctl.mapping.rules.uses import archived_uses

    try:
        rules = load_rules(workspace.mapping, workspace.root)
    except PleoctlError as error:
        LOG.warning("warning: the mapping is not looked at: %s", error)
        return None
    return partial(archived_uses, rules)
