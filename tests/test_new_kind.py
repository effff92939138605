"""A flat kind is one row, one module of Pleo's operations and one of the sandbox: every room takes it from there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.apply.kinds import APIS
from pleoctl.desired.comments import render
from pleoctl.desired.read import read_state
from pleoctl.documents.schemas import validator
from pleoctl.model.kinds import KINDS, Field, Kind
from pleoctl.model.records import Live
from pleoctl.pleo.kinds import READ
from pleoctl.pleo.paging import Listing, read_pages
from pleoctl.sandbox import Sandbox, Seed
from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.contract import Field as Text
from pleoctl.sandbox.contract import Operation, published
from pleoctl.sandbox.kinds import PARTS
from pleoctl.sandbox.parts import Part, Row
from pleoctl.sandbox.store import Filter, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pleoctl.model.changes import Change
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.pleo.writer import PleoWriter

Json = dict[str, Any]

# --- the row ---------------------------------------------------------------------------------------------------------

PROJECT = Kind(
    "project",
    "project",
    "projects",
    "externalId",
    fields=(
        Field("code", nullable=True),
        Field("name", longest=20),
        Field("manager", nullable=True, optional=True),
    ),
    waves={"create": 50, "unarchive": 51, "update": 51, "archive": 52},
    longest=20,
    says="The project's id.",
)

# --- the module of Pleo's operations ---------------------------------------------------------------------------------

PATH = "/v9/projects"


def project(raw: Json) -> Live:
    """A project of an answer."""
    fields = {name: raw.get(name) or None for name in PROJECT.names}
    return Live(raw["id"], raw["externalId"], raw["archived"], fields, raw=raw)


def read_projects(reader: PleoReader) -> list[Live]:
    """Every project."""
    return read_pages(reader.http, Listing("GET", PATH), project)


class ProjectApi:
    """Operations of projects."""

    kind = PROJECT
    unique = True

    def __init__(self, pleo: PleoWriter) -> None:
        self._pleo = pleo

    def reread(self, _changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """All of them."""
        return read_projects(self._pleo)

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """Those with these ids."""
        return [record for record in read_projects(self._pleo) if record.id in set(ids)]

    def find(self, _change: Change, _group: str | None) -> list[Live]:
        """All of them."""
        return read_projects(self._pleo)

    def find_alike(self, _change: Change) -> list[Live]:
        """No more than `find` gives."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """Create one."""
        body = {"externalId": change.key, **change.after}
        return project(self._pleo.http.write("POST", PATH, json=body).body["data"])

    def put(self, record: Live, after: Json) -> Live:
        """Write a whole one."""
        body = {name: value for name, value in ((record.raw or {}) | after).items() if name not in {"id", "externalId"}}
        return project(self._pleo.http.write("PUT", f"{PATH}/{record.id}", json=body).body["data"])


# --- the module of the sandbox ---------------------------------------------------------------------------------------


class ProjectRow(Row, frozen=True, kw_only=True):
    """A project in a seed."""

    externalId: str  # noqa: N815 - Pleo's name
    name: str
    code: str | None = None
    manager: str | None = None


PROJECTS = Table.of("projects", ProjectRow, indexes=(("externalId",),))


def _render(row: Json) -> Json:
    return {name: row[name] for name in ("id", "externalId", "archived", *PROJECT.names)}


def _list(call: Call) -> Answer:
    return call.page(PROJECTS, Filter(), ("externalId",), _render)


def _create(call: Call) -> Answer:
    row = {**PART.defaults(), **call.body, "id": call.world.new_id()}
    return Answer(200, {"data": _render(call.store.insert(PROJECTS, row))})


def _put(call: Call) -> Answer:
    return Answer(200, {"data": _render(call.store.update(PROJECTS, call.path["id"], call.body))})


BODY = {"archived": Text(type="flag"), **{name: Text(type="text", nullable=True) for name in PROJECT.names}}
PART = Part(
    kind="project",
    key="externalId",
    row=ProjectRow,
    table=PROJECTS,
    operations=(
        Operation(id="listProjects", method="GET", path=PATH, query=published()["searchAccountsV1"].query),
        Operation(
            id="createProject",
            method="POST",
            path=PATH,
            writes=True,
            body={"externalId": Text(type="text", required=True), **BODY},
        ),
        Operation(id="putProject", method="PUT", path=f"{PATH}/{{id}}", writes=True, body=BODY),
    ),
    handlers={"listProjects": _list, "createProject": _create, "putProject": _put},
)

# --- registered ------------------------------------------------------------------------------------------------------


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sandbox]]:
    """The kind is registered; gives a Pleo that holds these projects."""
    monkeypatch.setitem(KINDS, PROJECT.name, PROJECT)
    monkeypatch.setitem(READ, PROJECT.name, read_projects)
    monkeypatch.setitem(APIS, PROJECT.name, ProjectApi)
    monkeypatch.setitem(PARTS, PROJECT.name, PART)
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
def books(workspace: Any) -> Callable[[Sandbox], Path]:
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


def test_a_made_up_kind_goes_all_the_way(company: Any, books: Any, cli: Any) -> None:
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


def test_a_made_up_kind_has_the_table_the_guard_and_the_words(company: Any, books: Any, cli: Any) -> None:
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


def test_a_made_up_kind_is_imported(company: Any, books: Any, cli: Any) -> None:
    """With what it manages; the next plan has nothing to do."""
    folder = books(company({"externalId": "P9", "code": "", "name": "N", "manager": ""}))
    assert cli("import").code == 0
    assert 'projects:\n- {externalId: "P9", name: "N"}\n' in (folder / "desired-state.yaml").read_text()
    assert cli("plan", "--detailed-exitcode").code == 0


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
