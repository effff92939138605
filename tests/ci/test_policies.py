"""The example policies, carried out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rego
from plans import change, make_plan

if TYPE_CHECKING:
    from pleoctl.plan.artifact import Plan

if find_spec("regopy") is None:
    pytest.skip("no interpreter of Rego for this platform", allow_module_level=True)

FOLDER = Path(__file__).parents[2] / "examples/policy"


def _denied(plan: Plan, **settings: str) -> list[str]:
    modules = {}
    for path in sorted(FOLDER.glob("*.rego")):
        text = path.read_text(encoding="utf-8")
        for name, value in settings.items():
            text = re.sub(rf"(?m)^{name} := .*$", f"{name} := {value}", text)
        modules[path.stem] = text
    given = json.dumps({"modules": modules, "input": plan.document})
    done = subprocess.run([sys.executable, rego.__file__], input=given, capture_output=True, text=True, check=True)
    denied: list[str] = json.loads(done.stdout)
    return denied


def _creates(*codes: str | None) -> Plan:
    return make_plan(*(change("create", f"k{i}", code=code) for i, code in enumerate(codes)))


def test_an_ordinary_plan_passes() -> None:
    """Creates inside the ranges, a new name, an archive of what nobody uses."""
    plan = make_plan(change("create", "a", code="1000"), change("update", "b"), change("archive", "c"))
    assert _denied(plan) == []


@pytest.mark.parametrize("code", ["in-use-category", "in-use-contra", "mapping-target-archived"])
def test_an_archive_in_use_is_refused(code: str) -> None:
    """Each of the three uses stands in the way, unless the address is allowed."""
    plan = make_plan(change("archive", "ext-5000", warnings=[code, "never-in-source"]))
    assert [m.split(",")[0] for m in _denied(plan)] == ["account:ext-5000 would be archived"]
    assert _denied(plan, allowed='{"account:ext-5000"}') == []


def test_more_than_two_new_numbers_are_refused() -> None:
    """Two numbers may change, three may not; the limit is a setting; a new name is no new number."""
    changes = [change("update", f"k{i}", code=f"100{i}", after={"code": f"110{i}"}) for i in range(3)]
    assert _denied(make_plan(*changes[:2], change("update", "n"))) == []
    assert _denied(make_plan(*changes)) == [
        "3 account numbers would change, more than 2: account:k0, account:k1, account:k2"
    ]
    assert _denied(make_plan(*changes), most_number_changes="3") == []


def test_an_account_never_moves_to_another_class() -> None:
    """A first digit that changes is refused on its own; a number that is given or taken away has no class to leave."""
    assert _denied(make_plan(change("update", "k", code="4000", after={"code": "5000"}))) == [
        "account:k would move from number 4000 to 5000, which is another class"
    ]
    assert _denied(make_plan(change("update", "k", code=None, after={"code": "5000"}))) == []


def test_many_creates_outside_the_ranges_are_refused() -> None:
    """Ten odd numbers may be created, eleven may not; numbers inside the ranges do not count."""
    inside = [str(n) for n in range(1000, 1020)]
    assert _denied(_creates(*inside, *(f"9{n:03}" for n in range(9)), "A1")) == []
    told = _denied(_creates(*inside, *(f"9{n:03}" for n in range(10)), "A1"))
    assert told == ["11 new accounts have numbers outside the chart's ranges, more than 10"]


def test_a_create_without_a_number_is_refused() -> None:
    """An account that no report can place is not made."""
    assert _denied(_creates(None)) == ["account:k0 would be created without a number"]


def test_tags_are_nobodys_business() -> None:
    """The policies are about accounts: tags may come and have any code."""
    tags = [change("create", f"t{i}", parent="DEPT", code=f"x{i}") for i in range(30)]
    assert _denied(make_plan(*tags)) == []
