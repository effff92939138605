"""What outside testers broke once, seen from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.sandbox import Fault, Seed

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox

RULES = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fallback}
include: [standard]
"""


def rows(count: int) -> list[dict[str, Any]]:
    """So many accounts: e0, e1 and so on."""
    return [{"externalId": f"e{n}", "code": str(n), "name": f"Name {n}"} for n in range(count)]


def signed(path: Path, edit: Any) -> None:
    """Edit a plan and give it the id that fits."""
    plan = json.loads(path.read_text())
    edit(plan)
    del plan["id"]
    path.write_bytes(canonical_bytes({**plan, "id": digest(plan)}))


def test_an_address_that_is_not_the_records_is_refused(pleo: Sandbox, workspace: Any, desired: Any, cli: Any) -> None:
    """A plan that names one account and holds another's id gets round no protection: exit 3, nothing written."""
    pleo.reset(Seed(accounts=rows(9)))
    folder = workspace(pleo, guard={"protect": ["account:e8"]})
    desired(folder, accounts=rows(9)[:7])
    cli("plan", "-o", "plan.json", "--allow-archive", "2")

    def disguise(plan: dict[str, Any]) -> None:
        plan["guard"].update(passed=True, findings=[])
        plan["changes"] = [c for c in plan["changes"] if c["address"] == "account:e8"]
        plan["changes"][0]["address"] = "account:e7"
        plan["guard"]["acknowledged"] = 1

    signed(folder / "plan.json", disguise)
    said = cli("apply", "plan.json", "--receipt", "receipt.json")
    assert said.code == 3
    assert json.loads((folder / "receipt.json").read_text())["outcome"] == "refused"
    assert pleo.stats()["writes"] == 0


def test_a_lost_bulk_call_is_sent_again_as_one(pleo: Sandbox, workspace: Any, desired: Any, cli: Any) -> None:
    """A dropped archive of 250 tags costs one look and one call more, not 100 single ones."""
    tags = [{"code": f"t{n}", "name": f"Tag {n}"} for n in range(600)]
    pleo.reset(Seed(tag_groups=[{"code": "D", "name": "D", "tags": tags}]))
    folder = workspace(pleo, dimensions={"selected": ["D"]})
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": tags[:350]}])
    assert cli("plan", "-o", "plan.json", "--allow-archive", "250").code == 0
    pleo.add_fault(Fault(kind="droppedBefore", method="POST", path="^/v0/tags/archive$", nth=2))
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert json.loads((folder / "receipt.json").read_text())["requests"]["write"] == 4


def test_undo_of_a_created_group_takes_its_tags_along(pleo: Sandbox, workspace: Any, desired: Any, cli: Any) -> None:
    """Tags are archived before their group, in one run."""
    pleo.reset(Seed(tag_groups=[{"code": "D", "name": "D"}]))
    folder = workspace(pleo, dimensions={"selected": ["D", "NEW"]})
    new = {"code": "NEW", "name": "New", "values": [{"code": "n1", "name": "One"}, {"code": "n2", "name": "Two"}]}
    desired(folder, dimensions=[{"code": "D", "name": "D", "values": []}, new])
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert cli("undo", "receipt.json", "-o", "undo.json", "--allow-archive", "3").code == 0
    assert cli("apply", "undo.json").code == 0
    assert [t["archived"] for t in pleo.state()["tags"]] == [True, True]


def test_a_receipt_of_another_pleo_is_refused(pleo: Sandbox, workspace: Any, desired: Any, cli: Any) -> None:
    """Undo never takes a staging run back in production: exit 3."""
    folder = workspace(pleo)
    desired(folder, accounts=[*rows(1)])
    cli("plan", "-o", "plan.json", "--allow-archive", "2")
    cli("apply", "plan.json", "--receipt", "receipt.json")
    receipt = json.loads((folder / "receipt.json").read_text())
    (folder / "other.json").write_text(json.dumps({**receipt, "url": "https://external.pleo.io"}))
    assert cli("undo", "other.json").code == 3
    assert cli("undo", receipt["runId"]).code in {0, 3}


def test_import_into_several_files_leaves_no_key_twice(pleo: Sandbox, workspace: Any, desired: Any, cli: Any) -> None:
    """All rows go into the first file; the next plan is empty."""
    pleo.reset(Seed(accounts=rows(4)))
    folder = workspace(pleo, desired=["one.yaml", "two.yaml"])
    desired(folder, "one.yaml", accounts=rows(1))
    desired(folder, "two.yaml", accounts=rows(2)[1:])
    assert cli("import").code == 3
    assert cli("import", "--force").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_import_keeps_the_tag_that_is_used(pleo: Sandbox, workspace: Any, cli: Any) -> None:
    """Of two active tags with one code the one with expenses is described, so a plan archives the other."""
    tags = [
        {"code": "ENG", "name": "Engineering", "usage": 30, "createdAt": "2024-06-01T00:00:00Z"},
        {"code": "eng", "name": "Engineers", "usage": 0, "createdAt": "2024-05-01T00:00:00Z"},
    ]
    pleo.reset(Seed(tag_groups=[{"code": "D", "name": "D", "tags": tags}]))
    workspace(pleo)
    assert cli("import").code == 0
    changes = cli("plan", "--format", "json").json["changes"]
    assert [(c["action"], c["before"]["name"]) for c in changes] == [("archive", "Engineers")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-o", "desired-state.yaml"), ("plan", "-o", "pleoctl.yaml"), ("map", "items.json", "-o", "items.json"),
        ("map", "items.json", "-o", "mapping.yaml"), ("mapping", "check", "--sarif", "mapping.yaml"),
        ("import", "-o", "pleoctl.yaml", "--force"), ("apply", "plan.json", "--receipt", "plan.json"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_output_replaces_an_input(
    pleo: Sandbox, workspace: Any, desired: Any, cli: Any, arguments: tuple[str, ...]
) -> None:
    """Exit 64, every file as it was, nothing written to Pleo."""
    folder = workspace(pleo, mapping="mapping.yaml")
    desired(folder, accounts=rows(3))
    (folder / "mapping.yaml").write_text(RULES)
    (folder / "items.json").write_text("[]")
    cli("plan", "-o", "plan.json")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert cli(*arguments).code == 64
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert pleo.stats()["writes"] == 0


@pytest.mark.parametrize("pattern", [r"(a)\1", "a(?!b)"])
def test_a_pattern_that_may_take_for_ever_is_refused(workspace: Any, desired: Any, cli: Any, pattern: str) -> None:
    """Rules come from branches and notes from anyone: exit 78 with the place."""
    folder = workspace(None, mapping="mapping.yaml")
    desired(folder, accounts=rows(1))
    row = f'{{id: r, when: {{note: {{regex: {json.dumps(pattern)}}}}}, account: "1"}}'
    rule = f"lines: {{otherwise: keep, rows: [{row}]}}\n"
    (folder / "mapping.yaml").write_text(RULES + rule)
    said = cli("validate")
    assert said.code == 78
    assert "for ever" in said.stderr
    (folder / "mapping.yaml").write_text(RULES + rule.replace(json.dumps(pattern), '"^AB-[0-9]{4} .*kaffe"'))
    assert cli("validate").code == 0


def test_a_test_may_expect_entries_in_any_order(workspace: Any, desired: Any, cli: Any) -> None:
    """Payment before invoice, roles for codes: what meets it passes."""
    folder = workspace(None, mapping="mapping.yaml")
    desired(folder, accounts=rows(1))
    (folder / "mapping.yaml").write_text(
        RULES
        + """\
tests:
- name: paid by card
  given: {type: card_purchase, method: accounts_payable, lines: [{account: "6540", amount: 100}]}
  expect:
    entries:
    - {kind: payment, postings: [{debit: accountsPayable, amount: 100}, {credit: wallet, amount: 100}]}
    - {kind: invoice, postings: [{debit: line, amount: 100}, {credit: "2440", amount: 100}]}
- name: no contra account is expected out of pocket
  given: {type: out_of_pocket, contraAccount: "1999", lines: [{account: "6540", amount: 100}]}
  expect: {fails: validation_failure}
"""
    )
    said = cli("mapping", "test")
    assert said.code == 0, said.stdout
