"""A flat kind is one row, one module of Pleo's operations and one of the sandbox: every room takes it from there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

import pleoctl.pleo
import pleoctl.sandbox.kinds
from findings import line_of
from new_kind.row import PROJECT
from pleoctl.desired.comments import render
from pleoctl.desired.read import read_state
from pleoctl.documents.schemas import validator
from pleoctl.errors import InvalidFile
from pleoctl.model.kind import Field, Kind
from pleoctl.model.kinds import KINDS
from pleoctl.sandbox import Sandbox, Seed
from pleoctl.testing.kinds import CHECKS, KindCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Json
    from tests.conftest import Cli, MakeWorkspace


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sandbox]]:
    """The row is there, and the two modules where theirs are; gives a Pleo that holds these projects."""
    support = Path(__file__).parent / "support" / "new_kind"
    monkeypatch.setitem(KINDS, PROJECT.name, PROJECT)
    monkeypatch.setattr(pleoctl.pleo, "__path__", [*pleoctl.pleo.__path__, str(support / "pleo")])
    beside = [*pleoctl.sandbox.kinds.__path__, str(support / "sandbox")]
    monkeypatch.setattr(pleoctl.sandbox.kinds, "__path__", beside)
    for kind, part in pleoctl.sandbox.kinds.found().items():
        monkeypatch.setitem(pleoctl.sandbox.kinds.PARTS, kind, part)
    started = []

    def start(*projects: Json) -> Sandbox:
        accounts = [{"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"}]
        made = Sandbox(seed=Seed(accounts=accounts, projects=list(projects)))
        started.append(made)
        made.start()
        return made

    yield start
    for sandbox in started:
        sandbox.stop()


@pytest.fixture
def books(workspace: MakeWorkspace) -> Callable[[Sandbox], Path]:
    """Makes a workspace whose csv files have accounts and projects."""
    files = {
        "accounts": "externalId,code,name\next-1000,1000,Office Supplies\n",
        "projects": "externalId,code,name,manager,active\nP1,1,One,Ann,yes\nP2,,Two,,yes\nP3,3,Three,,no\n",
    }
    source = {"type": "csv", **{name: {"path": f"{name}.csv"} for name in files}}

    def make(pleo: Sandbox) -> Path:
        folder: Path = workspace(pleo, source=source, guard={"maxArchive": {"share": 1}})
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        return folder

    return make


EXPORTED = """projects:
- {externalId: "P1", code: "1", name: "One", manager: "Ann"}
- {externalId: "P2", name: "Two", manager: null}
- {externalId: "P3", code: "3", name: "Three", active: false, manager: null}
"""


def test_a_made_up_kind_goes_all_the_way(
    company: Callable[..., Sandbox], books: Callable[[Sandbox], Path], cli: Cli
) -> None:
    """Export, plan, apply, plan; then an undo."""
    pleo = company()
    folder = books(pleo)
    assert cli("export").code == 0
    assert EXPORTED in (folder / "desired-state.yaml").read_text()
    assert cli("validate").code == 0
    assert cli("fmt", "--check").code == 0
    plan = cli("plan", "-o", "plan.json", "--format", "json")
    assert plan.code == 0
    assert list(validator("plan").iter_errors(plan.json)) == []
    made = [(c["address"], c["action"], c["fields"]) for c in plan.json["changes"] if c["kind"] == "project"]
    fields = ["archived", "code", "manager", "name"]
    assert made == [("project:P1", "create", fields), ("project:P2", "create", fields)]
    assert (plan.json["scope"]["projects"], plan.json["live"]["counts"]["project"]) == (True, 0)
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    assert {p["externalId"]: (p["name"], p["manager"]) for p in pleo.state()["projects"]} == {
        "P1": ("One", "Ann"),
        "P2": ("Two", None),
    }
    assert cli("plan", "--format", "json").json["changes"] == []
    undone = cli("undo", "receipt.json", "--format", "json", "--allow-archive", "2")
    assert {c["address"]: c["action"] for c in undone.json["changes"] if c["kind"] == "project"} == {
        "project:P1": "archive",
        "project:P2": "archive",
    }
    assert pleo.stats()["deletes"] == 0


def test_a_made_up_kind_has_the_table_the_guard_and_the_words(
    company: Callable[..., Sandbox], books: Callable[[Sandbox], Path], cli: Cli
) -> None:
    """Update, archive and unarchive; protection, `--only`, titles; unusable rows are held."""
    old = {"code": "1", "name": "Old", "manager": "Bo"}
    folder = books(company(*({"externalId": f"P{n}", "archived": n == 2, **old} for n in (1, 2, 3))))
    assert cli("export").code == 0
    plan = cli("plan", "--only", "projects", "--format", "json").json
    assert {c["address"]: (c["action"], c["fields"]) for c in plan["changes"]} == {
        "project:P1": ("update", ["manager", "name"]),
        "project:P2": ("unarchive", ["archived", "code", "manager", "name"]),
        "project:P3": ("archive", ["archived"]),
    }
    assert plan["changes"][0]["after"]["manager"] == "Ann"
    assert "Projects" in cli("plan").stdout
    text = (folder / "pleoctl.yaml").read_text().replace('"maxArchive"', '"protect": ["project:P3"], "maxArchive"')
    (folder / "pleoctl.yaml").write_text(text)
    assert cli("plan").code == 3
    (folder / "projects.csv").write_text(f"externalId,name\nP1,{'x' * 21}\nP2,Two\nP3,\n")
    assert cli("export").code == 0
    held = (folder / "desired-state.yaml").read_text()
    assert 'hold: "name has more than 20 characters"' in held
    assert 'hold: "name is blank"' in held


def test_a_made_up_kind_is_imported(
    company: Callable[..., Sandbox], books: Callable[[Sandbox], Path], cli: Cli
) -> None:
    """With what it manages; the next plan has nothing to do."""
    folder = books(company({"externalId": "P9", "code": "", "name": "N", "manager": ""}))
    assert cli("import").code == 0
    assert 'projects:\n- {externalId: "P9", name: "N"}\n' in (folder / "desired-state.yaml").read_text()
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_made_up_kind_is_asked_for_by_doctor(
    company: Callable[..., Sandbox], books: Callable[[Sandbox], Path], cli: Cli
) -> None:
    """Where the source has a table of it."""
    books(company())
    said = cli("doctor", "--format", "json")
    assert (said.code, said.json["result"]["readable"]["projects"]) == (0, True)


@pytest.mark.usefixtures("company")
def test_a_file_may_list_a_made_up_kind(workspace: MakeWorkspace, cli: Cli) -> None:
    """`source init` offers its section and guesses columns as it does for accounts."""
    folder = workspace()
    (folder / "projects.csv").write_text("Number,Name\nP1,One\nP2,Two\n")
    said = cli("source", "init", "projects.csv", "--table", "projects", "-o", "-")
    section = '  projects:\n    path: "projects.csv"\n    columns:\n      externalId: Number\n'
    assert (said.code, section in said.stdout) == (0, True), said.stdout
    assert "'dimensions' is not one of" in cli("source", "init", "projects.csv", "--table", "dimensions").stderr


@pytest.mark.usefixtures("company")
def test_a_made_up_kind_is_seeded_from_a_file(tmp_path: Path) -> None:
    """The schema of seeds knows its rows: one that does not fit is refused with its place."""
    head = "apiVersion: pleoctl/v1\nkind: SandboxSeed\nprojects:\n"
    (tmp_path / "seed.yaml").write_text(head + '- {externalId: "P1", name: "One"}\n')
    assert [row["name"] for row in Seed.load(tmp_path / "seed.yaml").rows("project")] == ["One"]
    (tmp_path / "seed.yaml").write_text(head + '- {externalId: "P1", nmae: "One"}\n')
    with pytest.raises(InvalidFile) as caught:
        Seed.load(tmp_path / "seed.yaml")
    assert {line_of(finding) for finding in caught.value.findings} == {4}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.usefixtures("company")
def test_a_made_up_kind_conforms(check: str, tmp_path: Path) -> None:
    """The suite of every kind knows nothing of it but its row."""
    samples = {name: (f"{name} 1", f"{name} 2") for name in PROJECT.names}
    CHECKS[check](KindCase(PROJECT.name, samples), tmp_path)


RATE = Kind(
    "rate",
    "rate",
    "rates",
    "code",
    fields=(Field("code"), Field("name"), Field("share", nullable=True, optional=True)),
    waves={"create": 1, "unarchive": 1, "update": 1, "archive": 60},
    folds_case=True,
)


@pytest.mark.parametrize("row", ['{code: "A", name: "N"}', '{code: "A", name: "N", active: false, share: null}'])
def test_a_key_may_be_a_field_as_well(monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    """The fast reader of canonical rows and the reader of any other YAML see the same row, and it is written so."""
    monkeypatch.setitem(KINDS, RATE.name, RATE)
    text = f"apiVersion: pleoctl/v1\nkind: DesiredState\nrates:\n- {row}\n"
    fast, slow = (read_state(content, "f")[0].flat["rate"] for content in (text, text.replace(", ", ",  ")))
    assert [replace(one, line=0, column=0) for one in fast] == [replace(one, line=0, column=0) for one in slow]
    assert fast[0].fields["code"] == "A"
    assert render(read_state(text, "f")[0]) == text
