"""Records that sleep: drafts, and archived vendors whose state a PUT does not change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.apply.steps import Activate, Update
from pleoctl.desired.read import checked
from pleoctl.model.addresses import Address
from pleoctl.model.changes import Change
from pleoctl.model.kinds import VENDOR
from pleoctl.model.records import DesiredState, Live, Row
from pleoctl.run.settle import Done, Failed, Next
from pleoctl.sandbox import Edit, Fault, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pleoctl.apply.steps import StepContext
    from pleoctl.model.changes import Action
    from pleoctl.run.settle import Step
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value

FIELDS = {"code": None, "name": "V", "defaultCurrency": "EUR"}


def engine_of(pleo: Sandbox, root: Path, *vendors: Json, **reading: Value) -> Engine:
    """An engine that wants the vendor v as `FIELDS` say, with code C."""
    pleo.reset(Seed(vendors=list(vendors)), Settings(seed_ids=1, **reading))
    state = DesiredState(files=["d"])
    state.flat["vendor"] = [Row("v", {**FIELDS, "code": "C"}, file="d", line=1)]
    return Engine(pleo, root, checked(state), limits=mixed.FREE)


def sent(pleo: Sandbox) -> dict[str, int]:
    """How often a vendor was activated and written."""
    counts = pleo.stats()["byOperation"]
    kinds = {"activate": ":activate", "put": "PUT "}
    return {name: sum(n for one, n in counts.items() if part in one) for name, part in kinds.items()}


ARCHIVED: Json = {"externalId": "v", "code": "C", "name": "Old", "defaultCurrency": "EUR", "archived": True}
DRAFT: Json = {"code": "C", "name": "V", "defaultCurrency": "EUR", "draft": True}


@pytest.mark.parametrize("record", [ARCHIVED, DRAFT], ids=["archived", "draft"])
@pytest.mark.parametrize("fault", ["droppedBefore", "lostAnswer"])
def test_an_activation_without_an_answer_goes_again_only_where_it_must(
    pleo: Sandbox, tmp_path: Path, record: Json, fault: Value
) -> None:
    """What still sleeps is activated again, what woke is not, and what is as planned is not written."""
    engine = engine_of(pleo, tmp_path, record, vendor_put_state="ignore")
    plan = engine.plan()
    pleo.add_fault(Fault(kind=fault, method="POST", path=":activate$", nth=1))
    assert ends(engine.apply(plan)) == {"vendor:v": "done"}
    tried = 2 if fault == "droppedBefore" else 1
    assert sent(pleo) == {"activate": tried, "put": int(record is ARCHIVED)}
    assert engine.plan().changes == []


def test_a_write_without_an_answer_that_did_not_wake_is_followed_by_an_activation(
    pleo: Sandbox, tmp_path: Path
) -> None:
    """At once: nothing else is left to be written."""
    engine = engine_of(pleo, tmp_path, ARCHIVED, vendor_put_state="ignore")
    plan = engine.plan()
    pleo.add_fault(Fault(kind="lostAnswer", method="PUT", nth=1))
    assert ends(engine.apply(plan)) == {"vendor:v": "done"}
    assert sent(pleo) == {"activate": 1, "put": 1}


def test_a_vendor_that_vanishes_under_its_activation_is_failed(
    pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost, and gone when it was looked for: somebody else was here."""
    engine = engine_of(pleo, tmp_path, ARCHIVED, vendor_put_state="ignore")
    plan = engine.plan()
    pleo.add_fault(Fault(kind="droppedBefore", method="POST", path=":activate$", nth=1))
    look = Activate.look

    def looking(self: Activate, ids: Value) -> object:
        pleo.edit(Edit(op="delete", kind="vendor", key="v"))
        return look(self, ids)

    monkeypatch.setattr(Activate, "look", looking)
    (result,) = engine.apply(plan).results
    assert (result.status, "another client changed it" in str(result.error)) == ("failed", True)


@pytest.mark.parametrize("record", [ARCHIVED, DRAFT], ids=["archived", "draft"])
@pytest.mark.parametrize(("status", "others", "named"), [(409, "stuvw", True), (409, "", False), (400, "s", False)])
def test_a_refused_activation_names_what_stands_in_the_way(
    pleo: Sandbox, tmp_path: Path, record: Json, status: int, others: str, named: bool
) -> None:
    """Three others with the code at most; nobody where nobody has it, or where that is not why it was refused."""
    vendors = [{**ARCHIVED, "externalId": f"{key}-past", "name": key} for key in others]
    engine = engine_of(pleo, tmp_path, record, *vendors, vendor_put_state="ignore", vendor_unique=())
    plan = engine.plan()
    pleo.add_fault(Fault(kind="status", status=status, method="POST", path=":activate$"))
    (result,) = engine.apply(plan).results
    assert (result.status, (result.error or {})["httpStatus"]) == ("failed", status)
    message = (result.error or {})["message"]
    assert (message.count("-past"), "stands in the way of vendor:v" in message) == (min(3 * named, 3), named)


def test_an_archive_that_is_refused_names_nobody(pleo: Sandbox, tmp_path: Path) -> None:
    """What goes away takes no value from anybody."""
    engine = engine_of(
        pleo,
        tmp_path,
        *({**ARCHIVED, "archived": False, "externalId": key, "name": "V"} for key in "vx"),
        vendor_unique=(),
    )
    plan = engine.approved()
    pleo.add_fault(Fault(kind="status", status=409, method="POST", path=":archive$"))
    (result,) = engine.apply(plan).results
    assert (str(result.change.address), result.status) == ("vendor:x", "failed")
    assert "stands in the way" not in (result.error or {})["message"]


class Answers:
    """Operations of vendors whose writes are answered with a record that sleeps, or has another name."""

    kind = VENDOR

    def __init__(self, *, archived: bool, name: str) -> None:
        self._archived, self._name = archived, name

    def put(self, record: Live, after: Json) -> Live:
        """What Pleo says that it stored."""
        return replace(record, archived=self._archived, fields={**FIELDS, **after, "name": self._name})

    def by_id(self, _ids: Sequence[str]) -> list[Live]:
        """What a search lags behind with."""
        return []

    def activate(self, record: Live, _change: Change) -> Live:
        """Awake, all else as it was."""
        return replace(record, archived=False)


def context_of(api: Answers) -> StepContext:
    """As much of a context as a step asks for."""

    class Apis:
        def __getitem__(self, _kind: str) -> Answers:
            return api

        drafts = __getitem__

    return cast("StepContext", SimpleNamespace(apis=Apis()))


def change_of(action: Action) -> Change:
    """A change of the vendor v to `FIELDS`."""
    after = {"archived": False, **FIELDS}
    return Change(
        action=action,
        address=Address("vendor", "v"),
        after=after,
        before=None,
        fields=[],
        kind="vendor",
        origin=None,
        parent=None,
        id="1",
        reason="",
        warnings=[],
    )


def end_of(step: Step[Address]) -> object:
    """What sending came to."""
    ids: Sequence[Address] = step.ids
    (end,) = step.send(ids).values()
    return end


LIVE = Live("1", "v", archived=True, fields={**FIELDS, "name": "Old"})


@pytest.mark.parametrize(
    ("action", "archived", "name", "wanted"),
    [
        ("unarchive", True, "V", Next),
        ("unarchive", False, "V", Done),
        ("unarchive", True, "Other", Failed),
        ("unarchive", False, "Other", Failed),
        ("update", True, "V", Failed),
    ],
)
def test_a_write_is_followed_by_an_activation_only_where_that_is_all_that_is_left(
    action: Action, archived: bool, name: str, wanted: type
) -> None:
    """What Pleo archived under an update, or stored otherwise, is no success and nothing to wake."""
    step = Update(context_of(Answers(archived=archived, name=name)), change_of(action), LIVE)
    assert isinstance(end_of(step), wanted)


def test_what_sleeps_after_its_activation_is_not_activated_for_ever() -> None:
    """The write that follows it ends as what Pleo stored."""
    woken = end_of(Activate(context_of(Answers(archived=True, name="V")), change_of("unarchive"), LIVE))
    assert isinstance(woken, Next)
    end = end_of(woken.step)
    assert isinstance(end, Failed)
    assert end.code == "not-stored"
