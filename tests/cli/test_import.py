"""``import``: live Pleo becomes a desired state that a plan finds nothing to say about."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.sandbox import Fault, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from shapes import Json, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


def actions(cli: Cli) -> list[tuple[str, str]]:
    """What a plan made right after would do."""
    said = cli("plan", "--format", "json")
    assert said.code in {0, 3}, said
    return [(change["action"], change["address"]) for change in said.json["changes"]]


def test_import_then_plan_has_no_changes(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Accounts and groups as they are, archived ones as inactive, the selection in pleoctl.yaml."""
    folder = workspace(pleo, dimensions=None)
    said = cli("import", "--format", "json")
    assert said.code == 0
    assert said.json["result"] == {"file": "desired-state.yaml", "selected": ["DEPT"], "leave": []}
    assert (folder / "desired-state.yaml").read_text(encoding="utf-8") == (
        "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
        '- {externalId: "ext-1000", code: "1000", name: "Office Supplies"}\n'
        '- {externalId: "ext-2000", code: "2000", name: "Überweisungen"}\n'
        '- {externalId: "ext-3000", code: "3000", name: "Closed", active: false}\n'
        'dimensions:\n- code: "DEPT"\n  name: "Department"\n  values:\n  - {code: "ENG", name: "Engineering"}\n'
    )
    assert cli("validate").code == 0
    assert actions(cli) == []
    assert pleo.stats()["writes"] == 0


def test_an_existing_file_is_not_overwritten(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Exit 3, untouched, and Pleo is not even asked; --force overwrites, -o writes elsewhere."""
    folder = workspace(pleo)
    path = folder / "desired-state.yaml"
    path.write_text("mine")
    before = (folder / "pleoctl.yaml").read_bytes()
    said = cli("import")
    assert (said.code, "--force" in said.stderr, path.read_text()) == (3, True, "mine")
    assert (pleo.stats()["total"], (folder / "pleoctl.yaml").read_bytes()) == (0, before)
    said = cli("import", "-o", "live.yaml")
    assert (said.code, said.stdout.splitlines()[-1]) == (0, "Next: compare it with desired-state.yaml")
    assert path.read_text() == "mine"
    assert cli("import", "-o", "live.yaml").code == 3
    assert cli("import", "--force").code == 0
    assert path.read_bytes() == (folder / "live.yaml").read_bytes()


def test_a_failed_read_writes_nothing(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """A short list of Pleo is no list: exit 1, no file, pleoctl.yaml as it was."""
    folder = workspace(pleo)
    before = (folder / "pleoctl.yaml").read_bytes()
    pleo.add_fault(Fault(kind="earlyEnd", path="tags:search"), Fault(kind="wrongTotal", by=1))
    assert cli("import").code == 1
    assert not (folder / "desired-state.yaml").exists()
    assert (folder / "pleoctl.yaml").read_bytes() == before


def test_comments_in_the_workspace_survive(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Only the two lists change."""
    folder = workspace(pleo)
    file = folder / "pleoctl.yaml"
    text = file.read_text() + "# tags\ndimensions:\n  # which\n  renameGroups: true  # all\n"
    file.write_text(text)
    assert cli("import").code == 0
    changed = file.read_text()
    for note in ("# tags", "# which", "# all", "renameGroups: true", 'selected: ["DEPT"]'):
        assert note in changed


def test_what_pleoctl_could_not_write_is_held(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Blank and over-long live records stay as they are: held rows, warnings, no change."""
    long = "x" * 300
    pleo.reset(
        Seed(
            accounts=[
                {"externalId": "blank", "code": "1", "name": "  "},
                {"externalId": "long", "code": "2", "name": long},
                {"externalId": "code", "code": long, "name": "Code"},
                {"externalId": " ", "name": "No id"},
                {"externalId": "odd\u202e\x1b[2J", "name": "\x07\u2028"},
                {"externalId": "fine", "name": "Fine"},
            ],
            tag_groups=[
                {
                    "code": "D",
                    "name": "",
                    "tags": [{"code": "1"}, {"code": "2", "name": " "}, {"code": " ", "name": "x"}],
                },
                {"code": " ", "name": "Blank"},
            ],
        )
    )
    workspace(pleo)
    said = cli("import", "--format", "json")
    assert said.code == 0, said
    assert {f["code"] for f in said.json["findings"]} == {"held-row"}
    assert "'No id': externalId is blank in Pleo" in [f["message"] for f in said.json["findings"]]
    assert said.json["result"]["selected"] == ["D"]
    assert cli("validate").code == 0
    assert actions(cli) == []
    text = cli("import", "--force")
    assert "\x1b[2J" not in text.stderr + text.stdout
    assert "\u202e" not in text.stderr + text.stdout


def test_texts_that_no_file_can_hold_are_held(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Pleo that answers with half a character: the record stays as it is, and what was written is valid."""

    def halved(body: Value) -> bytes:
        return json.dumps(body).replace("half", "\\ud800").encode()

    pleo.reset(
        Seed(
            accounts=[
                {"externalId": "half", "name": "Key"},
                {"externalId": "name", "name": "half"},
                {"externalId": "fine", "code": "1", "name": "Fine"},
            ],
            tag_groups=[
                {"code": "halfG", "name": "Code", "tags": [{"code": "1", "name": "One"}]},
                {"code": "D", "name": "Dim", "tags": [{"code": "half", "name": "Code"}, {"code": "2", "name": "half"}]},
            ],
        )
    )
    monkeypatch.setattr("pleoctl.sandbox.exchange.encode", halved)
    workspace(pleo)
    said = cli("import", "--format", "json")
    assert said.code == 0, said
    assert (said.json["result"]["selected"], said.json["result"]["leave"]) == (["D"], [])
    assert len([f for f in said.json["findings"] if "half of a character" in f["message"]]) == 5
    assert cli("validate").code == 0
    assert actions(cli) == []


def test_more_than_five_groups_are_left_alone(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """The first five active ones by code are selected, the rest goes to leave."""
    pleo.reset(
        Seed(
            tag_groups=[
                {"code": f"G{n}", "name": f"Group {n}", "archived": n == 1, "tags": [{"code": "t", "name": "T"}]}
                for n in range(8)
            ]
        )
    )
    folder = workspace(pleo)
    result = cli("import", "--format", "json").json["result"]
    assert (result["selected"], result["leave"]) == (["G0", "G2", "G3", "G4", "G5"], ["G6", "G7"])
    assert '"G7"' in (folder / "pleoctl.yaml").read_text()
    assert cli("validate").code == 0
    assert actions(cli) == []


def test_duplicates_are_the_only_thing_left_to_do(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Two active tags with one code: one is kept, the other's archive is planned."""
    pleo.reset(
        Seed(
            tag_groups=[
                {
                    "code": "D",
                    "name": "Dim",
                    "tags": [
                        {"code": "A", "name": "One", "usage": 5},
                        {"code": "a", "name": "Two"},
                        {"code": "B", "name": "B"},
                        {"code": "C", "name": "C"},
                        {"code": "E", "name": "E"},
                        {"code": "F", "name": "F"},
                    ],
                }
            ]
        )
    )
    workspace(pleo)
    assert cli("import").code == 0
    assert [action for action, _ in actions(cli)] == ["archive"]


_CODES = ["A", "a", "B", "b ", "Straße", "STRASSE", " ", "é", "e\u0301", "#/%", "x" * 300]
_NAMES = ["One", "Two", "", " ", "x" * 256, 'q"\\', "\u2028", "# no", "ab\x07"]
_TAG = st.fixed_dictionaries(
    {
        "code": st.sampled_from(_CODES),
        "name": st.sampled_from([*_NAMES, None]),
        "archived": st.booleans(),
        "usage": st.integers(0, 2),
    }
)
_GROUP = st.fixed_dictionaries(
    {
        "code": st.sampled_from(_CODES),
        "name": st.sampled_from(_NAMES),
        "archived": st.booleans(),
        "tags": st.lists(_TAG, max_size=5),
    }
)
_ACCOUNT = st.fixed_dictionaries(
    {
        "externalId": st.sampled_from(_CODES),
        "code": st.sampled_from(["1", "", None, "x" * 256]),
        "name": st.sampled_from(_NAMES),
        "archived": st.booleans(),
        "taxCodeExternalId": st.sampled_from([None, "V25", ""]),
    }
)


@settings(max_examples=40)
@given(
    st.lists(_ACCOUNT, max_size=6, unique_by=lambda a: a["externalId"]),
    st.lists(_GROUP, max_size=7),
    st.sampled_from([{}, {"omit_nulls": True}, {"group_list_default": "all"}, {"account_archived_default": "active"}]),
)
def test_any_pleo_can_be_adopted(
    pleo: Sandbox, workspace: MakeWorkspace, cli: Cli, accounts: list[Value], groups: list[Value], behaviour: Json
) -> None:
    """Whatever lives there: the files are valid, and a plan has at most the archives of duplicates."""
    pleo.reset(Seed(accounts=accounts, tag_groups=groups), Settings(**behaviour))
    workspace(pleo)
    said = cli("import", "--force")
    assert said.code == 0, said
    assert cli("validate").code == 0
    assert cli("fmt", "--check").code == 0
    for action, address in actions(cli):
        assert action == "archive", (action, address)
        assert "#" in address, (action, address)


@pytest.mark.parametrize("text", ["company: x\n", "dimensions: [\n"])
def test_a_broken_workspace_is_told_before_anything_is_asked(
    text: str, cli: Cli, pleo: Sandbox, workspace: MakeWorkspace
) -> None:
    """Exit 78."""
    folder = workspace(pleo)
    file = folder / "pleoctl.yaml"
    file.write_text(file.read_text() + text)
    assert cli("import").code == 78
    assert pleo.stats()["total"] == 0


def test_import_into_several_files_leaves_no_key_twice(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Each row stays where it is, new ones go into the first file; the next plan is empty."""
    four = [{"externalId": f"e{n}", "code": str(n), "name": f"Name {n}"} for n in range(4)]
    pleo.reset(Seed(accounts=four))
    folder = workspace(pleo, desired=["one.yaml", "two.yaml"])
    desired(folder, "one.yaml", accounts=four[:1])
    desired(folder, "two.yaml", accounts=four[1:2])
    assert cli("import").code == 3
    assert cli("import", "--force").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_import_keeps_the_tag_that_is_used(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
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


GROUPS = [
    {"code": f"G{n}", "name": f"G{n}", "archived": n == 4, "tags": [{"code": "t", "name": "T"}]} for n in range(5)
]


@pytest.mark.parametrize("output", [(), ("-o", "live.yaml")])
@pytest.mark.parametrize(
    ("stated", "selected", "told"),
    [
        ({"selected": ["g1", "G4"], "leave": ["G0"]}, ["G1", "G4"], {"not-selected": 2}),
        ({"selected": []}, [], {"not-selected": 4}),
        ({"leave": ["G0", "G2"]}, [], {}),
        ({"selected": ["G0", "NONE"], "leave": ["G1", "G2", "G3"]}, ["G0"], {"unknown-dimension": 1}),
    ],
)
def test_what_the_workspace_states_is_not_changed(
    cli: Cli,
    pleo: Sandbox,
    workspace: MakeWorkspace,
    stated: Value,
    selected: list[str],
    told: dict[str, int],
    output: tuple[str, ...],
) -> None:
    """A selection, or groups left alone: values come of what is selected, and what fits nowhere is told."""
    pleo.reset(Seed(tag_groups=GROUPS))
    folder = workspace(pleo, dimensions=stated)
    before = (folder / "pleoctl.yaml").read_bytes()
    said = cli("import", "--format", "json", *output)
    assert (said.code, said.json["result"]["selected"]) == (0, selected)
    assert (folder / "pleoctl.yaml").read_bytes() == before
    assert Counter(finding["code"] for finding in said.json["findings"]) == told
    if not output and "unknown-dimension" not in told:
        assert len(actions(cli)) == told.get("not-selected", 0)


def test_with_o_nothing_but_that_file_is_written(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Neither the workspace nor the desired state, however little they say."""
    folder = workspace(pleo)
    before = (folder / "pleoctl.yaml").read_bytes()
    assert cli("import", "-o", "live.yaml").code == 0
    assert (folder / "pleoctl.yaml").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {"pleoctl.yaml", "live.yaml"}


def test_rows_are_imported_into_the_files_that_hold_them(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """Each kind where it is, with people's comments; what Pleo does not have goes; the next plan is empty."""
    folder = workspace(pleo, desired=["tags.yaml", "one.yaml", "two.yaml"])
    desired(folder, "one.yaml", accounts=[{"externalId": "gone", "name": "Gone"}])
    desired(folder, "two.yaml", accounts=[{"externalId": "ext-2000", "name": "Old"}, {"externalId": "x", "name": "X"}])
    with (folder / "two.yaml").open("a") as stream:
        stream.write("# mine\n")
    desired(folder, "tags.yaml")
    assert cli("import").code == 3
    assert cli("import", "--force").code == 0
    held = {
        name: [line[:25] for line in (folder / name).read_text().splitlines()[2:]]
        for name in ("tags.yaml", "one.yaml", "two.yaml")
    }
    assert held["one.yaml"] == ["accounts:", '- {externalId: "ext-1000"', '- {externalId: "ext-3000"']
    assert held["two.yaml"] == ["accounts:", '- {externalId: "ext-2000"', "# mine"]
    assert held["tags.yaml"][0] == "dimensions:"
    assert cli("plan", "--detailed-exitcode").code == 0
