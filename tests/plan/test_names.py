"""Records that a workspace names: protected or left alone, in every spelling, and told where a name fits nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, MakeBooks, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

ACCOUNTS: list[Json] = [
    {"externalId": key, "code": None, "name": key} for key in ("bank/1930 #1", "acc-9", "a", "b", "c")
]
GROUPS: list[Json] = [
    {"code": "B/2", "name": "Big", "tags": [{"code": f"t{n}", "name": "T"} for n in range(9)]},
    {"code": "LEGACY", "name": "Old", "tags": []},
]


@pytest.fixture
def books(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> MakeBooks:
    """A workspace whose desired state has the accounts b and c, dimension B/2 with its values and LEGACY."""

    def make(**sections: Value) -> Path:
        pleo.reset(Seed(accounts=ACCOUNTS, tag_groups=GROUPS))
        folder: Path = workspace(pleo, **{"dimensions": {"selected": ["B/2"], "leave": ["LEGACY"]}, **sections})
        values = GROUPS[0]["tags"]
        desired(
            folder,
            accounts=[{"externalId": key, "name": key} for key in "bc"],
            dimensions=[{"code": "B/2", "name": "Big", "values": values}, {"code": "LEGACY", "name": "New"}],
        )
        return folder

    return make


def sealed(plan: Json) -> bytes:
    """The plan with an id that fits."""
    rest = {key: value for key, value in plan.items() if key != "id"}
    return canonical_bytes({**rest, "id": digest(rest)})


@pytest.mark.parametrize(
    "entry", ["account:bank/1930 #1", "account:bank%2F1930 %231", "account:bank/1930 %231", "account:bank%2F1930 #1"]
)
def test_an_address_as_a_person_types_it_is_protected(cli: Cli, books: MakeBooks, entry: str) -> None:
    """Plain, escaped or half of each: exit 3, and no number lifts it."""
    books(guard={"protect": [entry], "maxArchive": {"share": 1}})
    for options in ((), ("--allow-archive", "3")):
        said = cli("plan", "--format", "json", *options)
        assert said.code == 3
        assert [f["address"] for f in said.json["guard"]["findings"]] == ["account:bank%2F1930 %231"]


def test_an_entry_that_fits_nothing_is_told(cli: Cli, books: MakeBooks) -> None:
    """In `protect` and both lists of `leave`; entries that fit are not, nor what was not read."""
    books(
        accounts={"leave": ["acc-9", "acc-99"]},
        dimensions={"selected": ["B/2"], "leave": ["LEGACY", "LEGAZY"]},
        guard={
            "protect": [
                "account:a",
                "account:acc–9",
                "tag:B/2/t1",
                "tag:b%2F2/T2",
                "tag:B/2/x",
                "tag:LEGACY/x",
                "tagGroup:b/2",
                "tagGroup:B",
                "tag:NONE/x",
            ]
        },
    )
    told = [w["message"] for w in cli("plan", "--format", "json").json["warnings"] if w["code"] == "matches-nothing"]
    assert [message.split("'")[1] for message in told] == [
        "acc-99",
        "LEGAZY",
        "account:acc–9",
        "tag:B/2/x",
        "tag:NONE/x",
        "tagGroup:B",
    ]
    assert told[0] == "accounts.leave names 'acc-99', which neither Pleo nor the desired state has"
    only = cli("plan", "--only", "accounts", "--format", "json").json["warnings"]
    assert sum(w["code"] == "matches-nothing" for w in only) == 2


def test_another_spelling_of_an_address_opens_no_protection(cli: Cli, books: MakeBooks, pleo: Sandbox) -> None:
    """A plan signed anew with `%2D` for a dash is refused, nothing is written."""
    folder = books(guard={"protect": ["account:acc-9"], "maxArchive": {"share": 1}})
    assert cli("plan", "--only", "accounts", "-o", "plan.json").code == 3
    plan = json.loads((folder / "plan.json").read_text())
    plan["guard"] |= {"passed": True, "findings": []}
    for change in plan["changes"]:
        change["address"] = change["address"].replace("acc-9", "acc%2D9")
    (folder / "plan.json").write_bytes(sealed(plan))
    said = cli("apply", "plan.json", "--format", "json")
    assert said.code == 78
    assert "canonical spelling" in said.json["findings"][0]["message"]
    assert pleo.stats()["writes"] == 0


def test_another_spelling_in_a_receipt_opens_no_protection(cli: Cli, books: MakeBooks) -> None:
    """Nor a receipt behind `undo`: neither another spelling nor another record's address."""
    folder = books(accounts={"leave": ["bank/1930 #1", "acc-9", "a"]})
    rows = "".join(f'- {{externalId: "{key}", name: "{key}"}}\n' for key in ("acc-new", "b", "c", "d"))
    state = (folder / "desired-state.yaml").read_text()
    (folder / "desired-state.yaml").write_text(state.replace(state[state.index("- {") : state.index("dim")], rows))
    assert cli("plan", "--only", "accounts", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    text = (folder / "pleoctl.yaml").read_text() + 'guard: {"protect": ["account:acc-new"]}\n'
    (folder / "pleoctl.yaml").write_text(text)
    receipt = (folder / "receipt.json").read_text()
    (folder / "receipt.json").write_text(receipt.replace("account:acc-new", "account:acc%2Dnew"))
    assert cli("undo", "receipt.json").code == 78
    (folder / "receipt.json").write_text(receipt.replace("account:acc-new", "account:other"))
    said = cli("undo", "receipt.json", "--format", "json")
    assert [change["address"] for change in said.json["changes"]] == ["account:d"]
    assert [skipped["address"] for skipped in said.json["source"]["skipped"]] == ["account:other"]


def test_tags_of_a_group_with_a_slash_are_counted_once(cli: Cli, books: MakeBooks) -> None:
    """One archive among nine tags of `B/2` needs no word: they are nine tags of one group."""
    folder = books(accounts={"leave": ["bank/1930 #1", "acc-9", "a"]})
    state = (folder / "desired-state.yaml").read_text()
    (folder / "desired-state.yaml").write_text(state.replace('{"code": "t0", "name": "T"}, ', ""))
    said = cli("plan", "--format", "json")
    assert (said.code, said.json["summary"]["archive"]) == (0, 1)
    assert said.json["context"]["active"]["tag:B%2F2"] == 9


def test_accounts_left_alone_are_neither_archived_nor_changed(cli: Cli, books: MakeBooks, pleo: Sandbox) -> None:
    """Whether the books list them or not; every format of the plan shows them."""
    books(accounts={"leave": ["bank/1930 #1", "c", "nowhere"]}, guard={"maxArchive": {"share": 1}})
    plan = cli("plan", "--format", "json")
    assert plan.code == 0
    assert [c["address"] for c in plan.json["changes"]] == ["account:a", "account:acc-9"]
    assert plan.json["context"]["left"] == ["account:bank%2F1930 %231", "account:c", "tagGroup:LEGACY"]
    assert plan.json["context"]["active"]["account"] == 3
    assert cli("plan", "-o", "plan.json").code == 0
    for look in ("text", "markdown", "html"):
        assert "account:c" in cli("show", "plan.json", "--format", look).stdout
    assert cli("apply", "plan.json").code == 0
    assert {a["externalId"]: a["archived"] for a in pleo.state()["accounts"]} == {
        "bank/1930 #1": False,
        "acc-9": True,
        "a": True,
        "b": False,
        "c": False,
    }
    assert cli("plan", "--format", "json").json["changes"] == []


@pytest.mark.parametrize(
    "section", [{"accounts": {"leave": ["a"]}}, {"dimensions": {"selected": ["B/2"], "leave": ["LEGACY"]}}]
)
def test_a_plan_made_before_something_was_left_alone_is_refused(
    cli: Cli, books: MakeBooks, pleo: Sandbox, section: Json
) -> None:
    """Exit 3 and nothing written, for accounts and for tag groups."""
    before = {"accounts": None, "dimensions": {"selected": ["B/2"]}, "guard": {"maxArchive": {"share": 1}}}
    books(**before)
    assert cli("plan", "-o", "plan.json").code == 0
    books(**{**before, **section})
    said = cli("apply", "plan.json", "--format", "json")
    assert said.code == 3
    assert "left alone" in said.stderr
    assert pleo.stats()["writes"] == 0


def test_undo_leaves_alone_what_was_named_since(cli: Cli, books: MakeBooks) -> None:
    """The record is skipped and listed."""
    folder = books(guard={"maxArchive": {"share": 1}})
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    with (folder / "pleoctl.yaml").open("a") as stream:
        stream.write("accounts: {leave: [a]}\n")
    said = cli("undo", "receipt.json", "--format", "json")
    assert said.code == 0
    assert [c["address"] for c in said.json["changes"]] == ["account:acc-9", "account:bank%2F1930 %231"]
    assert [s["address"] for s in said.json["source"]["skipped"]] == ["account:a"]


def rows(count: int) -> list[Json]:
    """So many accounts: e0, e1 and so on."""
    return [{"externalId": f"e{n}", "code": str(n), "name": f"Name {n}"} for n in range(count)]


def signed(path: Path, edit: Value) -> None:
    """Edit a plan and give it the id that fits."""
    plan = json.loads(path.read_text())
    edit(plan)
    del plan["id"]
    path.write_bytes(canonical_bytes({**plan, "id": digest(plan)}))


def test_an_address_that_is_not_the_records_is_refused(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """A plan that names one account and holds another's id gets round no protection: exit 3, nothing written."""
    pleo.reset(Seed(accounts=rows(9)))
    folder = workspace(pleo, guard={"protect": ["account:e8"]})
    desired(folder, accounts=rows(9)[:7])
    cli("plan", "-o", "plan.json", "--allow-archive", "2")

    def disguise(plan: Json) -> None:
        plan["guard"].update(passed=True, findings=[])
        plan["changes"] = [c for c in plan["changes"] if c["address"] == "account:e8"]
        plan["changes"][0]["address"] = "account:e7"
        plan["guard"]["acknowledged"] = 1
        plan["summary"]["archive"] = plan["summary"]["byKind"]["account"]["archive"] = 1

    signed(folder / "plan.json", disguise)
    said = cli("apply", "plan.json", "--receipt", "receipt.json")
    assert said.code == 3
    assert json.loads((folder / "receipt.json").read_text())["outcome"] == "refused"
    assert pleo.stats()["writes"] == 0
