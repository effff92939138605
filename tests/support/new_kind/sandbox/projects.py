"""Projects in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from new_kind.row import PROJECT
from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.contract import Field as Text
from pleoctl.sandbox.contract import Operation, published
from pleoctl.sandbox.parts import Part, Row
from pleoctl.sandbox.store import Filter, Table

if TYPE_CHECKING:
    from shapes import Json

PATH = "/v9/projects"


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
