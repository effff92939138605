"""A kind that nobody made the sandbox for is one module: a part, with its row, table, operations and handlers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import BadInput, Edit, Fault, Request, Sandbox, Seed, Settings, installations, oauth
from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.contract import Field, Operation, published
from pleoctl.sandbox.kinds import PARTS
from pleoctl.sandbox.parts import Part, Row
from pleoctl.sandbox.store import Filter, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Value


class WidgetRow(Row, frozen=True, kw_only=True):
    """A widget in a seed."""

    number: str
    name: str | None = None
    weight: int = 1


WIDGETS = Table.of("widgets", WidgetRow, indexes=(("number",),))


def _list(call: Call) -> Answer:
    return call.page(WIDGETS, Filter(), ("number",), lambda row: {"number": row["number"], "weight": row["weight"]})


def _create(call: Call) -> Answer:
    row = {**WIDGET.defaults(), "id": call.world.new_id(), **call.body}
    return Answer(201, {"data": call.store.insert(WIDGETS, row)["number"]})


PAGE = published()["searchAccountsV1"].query
WIDGET = Part(
    kind="widget",
    key="number",
    row=WidgetRow,
    table=WIDGETS,
    operations=(
        Operation(id="listWidgets", method="GET", path="/v9/widgets", query=PAGE),
        Operation(
            id="createWidget",
            method="POST",
            path="/v9/widgets",
            writes=True,
            body={"number": Field(type="text", required=True, most=3)},
        ),
    ),
    handlers={"listWidgets": _list, "createWidget": _create},
)


@pytest.fixture
def widgets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that has learnt of widgets."""
    monkeypatch.setitem(PARTS, "widget", WIDGET)
    made = Sandbox(seed=Seed(widgets=[{"number": "a"}, {"number": "b", "weight": 3}]), settings=Settings(seed_ids=1))
    yield made
    made.stop()


def _call(widgets: Sandbox, method: str, body: Value = None) -> tuple[int, Value]:
    headers = {"Authorization": f"Bearer {widgets.token}", "Content-Type": "application/json"}
    content = b"" if body is None else json.dumps(body).encode()
    reply = widgets.respond(Request(method, "/v9/widgets", "limit=2" if body is None else "", headers, content))
    return reply.status, json.loads(reply.content)


def test_it_is_seeded_served_checked_and_shown(widgets: Sandbox) -> None:
    """Seed, pages, the contract's checks, writes, state and helpers know the kind by its part alone."""
    assert _call(widgets, "POST", {"number": "c"}) == (201, {"data": "c"})
    assert _call(widgets, "POST", {"number": "long"})[1]["message"] == "number: has more than 3 characters"
    status, page = _call(widgets, "GET")
    assert (status, page["data"]) == (200, [{"number": "a", "weight": 1}, {"number": "b", "weight": 3}])
    assert page["pagination"]["total"] == 3
    assert widgets.put("widget", "a", weight=9)["weight"] == 9
    assert [(row["number"], row["weight"]) for row in widgets.state()["widgets"]] == [("a", 9), ("b", 3), ("c", 1)]


def test_faults_and_other_clients_know_it(widgets: Sandbox) -> None:
    """A lost answer, a short page and an edit strike it like any other kind."""
    edit = Edit(op="update", kind="widget", key="a", fields={"weight": 5})
    widgets.add_fault(Fault(kind="shortPage", path="widgets$"), Fault(kind="actor", edits=(edit,)))
    assert _call(widgets, "GET")[1]["data"] == [{"number": "a", "weight": 5}]
    with pytest.raises(BadInput, match=r"wieght.*did you mean 'weight'"):
        Edit(op="update", kind="widget", key="a", fields={"wieght": 5})


def test_a_wrong_row_names_its_field(widgets: Sandbox) -> None:
    """Rows are held to the part's type."""
    assert widgets.state()["accounts"] == []
    with pytest.raises(BadInput, match=r"^widgets\[0\]\.weight: expected a whole number, got text"):
        Seed(widgets=[{"number": "a", "weight": "heavy"}])
    with pytest.raises(BadInput, match=r"^widgets\[0\]\.numbr: unknown field; did you mean 'number'\?"):
        Seed(widgets=[{"numbr": "a"}])


def test_nobody_else_knows_it() -> None:
    """Where it is not registered its section and its paths are unknown."""
    with pytest.raises(BadInput, match="widgets"):
        Seed(widgets=[])
    made = Sandbox()
    assert _call(made, "GET")[0] == 404
    made.stop()


def test_each_published_operation_has_one_handler() -> None:
    """What the contract lists is served, and nothing is served that it does not list."""
    handlers = [name for part in PARTS.values() for name in part.handlers] + list(
        installations.HANDLERS | oauth.HANDLERS
    )
    assert sorted(handlers) == sorted(published())
    paths = [(operation.method, operation.path) for operation in published().values()]
    assert len(set(paths)) == len(paths)
