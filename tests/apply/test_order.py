"""What is written before what, where Pleo would refuse or lose something otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import mixed
from ends_of import ends
from engine import Engine
from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.run.receipt import Receipt
    from pleoctl.sandbox import Sandbox


def confirmed(engine: Engine, applied: Receipt) -> list[str]:
    """The addresses in the order in which Pleo confirmed them."""
    text = (engine.root / ".pleoctl/runs" / applied.run_id / "journal.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    return [address for line in lines if line["event"] == "confirmed" for address in line["addresses"]]


def test_a_tax_code_goes_after_the_accounts_that_used_it(pleo: Sandbox, tmp_path: Path) -> None:
    """The new one comes before them."""
    codes = [{"code": "old", "name": "Old", "rate": 0.25, "type": "inclusive"}]
    pleo.reset(
        Seed(tax_codes=codes, accounts=[{"externalId": "a", "name": "A", "taxCodeExternalId": "old"}]), Settings()
    )
    state = DesiredState([Row("a", {"code": None, "name": "A", "taxCodeExternalId": "new"})], None, ["d"])
    state.flat["taxCode"] = [Row("new", {"code": "new", "name": "New", "rate": "0.25", "type": "inclusive"})]
    engine = Engine(pleo, tmp_path, checked(state), limits=mixed.FREE)
    assert confirmed(engine, engine.apply(engine.approved())) == ["taxCode:new", "account:a", "taxCode:old"]


def test_what_waits_for_two_is_waited_for(pleo: Sandbox, tmp_path: Path) -> None:
    """A vendor takes the code of one and the name of another; a third takes the code that it gives up."""
    live = [("a", "1", "A"), ("b", "2", "B"), ("v", "3", "V"), ("w", "4", "W")]
    wanted = [("a", "9", "A"), ("b", "2", "B2"), ("v", "1", "B"), ("w", "3", "W")]
    seed = Seed(vendors=[{"externalId": key, "code": code, "name": name} for key, code, name in live])
    pleo.reset(seed, Settings(vendor_unique=("externalId", "code", "name")))
    state = DesiredState(files=["d"])
    state.flat["vendor"] = [Row(k, {"code": c, "name": n, "defaultCurrency": "EUR"}) for k, c, n in wanted]
    engine = Engine(pleo, tmp_path, checked(state), limits=mixed.FREE)
    applied = engine.apply(engine.plan())
    assert set(ends(applied).values()) == {"done"}
    assert confirmed(engine, applied)[2:] == ["vendor:v", "vendor:w"]


def test_a_tag_waits_for_no_namesake_in_another_group(pleo: Sandbox, tmp_path: Path) -> None:
    """Its archive is written although the other group's tag of that code is refused."""
    tags = {"G": [], "H": [{"code": "T", "name": "T"}]}
    groups = [{"code": code, "name": code, "tags": listed} for code, listed in tags.items()]
    pleo.reset(Seed(tag_groups=groups), Settings())
    rows = {"G": [Row("T", {"code": "T", "name": "T"})], "H": []}
    dimensions = [Dimension(Row(code, {"code": code, "name": code}), values) for code, values in rows.items()]
    state = checked(DesiredState(None, dimensions, ["d"]))
    engine = Engine(pleo, tmp_path, state, Scope(dimensions=("G", "H")), mixed.FREE)
    plan = engine.approved()
    pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/tags$"))
    assert ends(engine.apply(plan)) == {"tag:G/T": "failed", "tag:H/T": "done"}
