"""Small worlds of which every history can be carried out: three records, two faults, one death."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.desired.read import checked
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.sandbox import Seed, Settings
from pleoctl.testing.history import replay
from pleoctl.testing.pleo import Weather
from pleoctl.testing.search import Failure, exhaust
from pleoctl.testing.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pleoctl.testing.chance import Chance


def exhaust_small(name: str, *, faults: int = 2, deaths: int = 1) -> tuple[int, Failure | None]:
    """Histories carried out, and the first that broke a law."""
    return exhaust(lambda chance: _history(chance, SMALL[name](), faults, deaths))


def _history(chance: Chance, world: World, faults: int, deaths: int) -> None:
    weather = Weather(chance, 0.0, faults=faults, deaths=deaths, edits=0, kinds=("lost", "dropped"))
    replay(chance, world=world, weather=weather, rounds=1)


def _row(key: str, name: str = "Name", code: str | None = None, *, active: bool = True) -> Row:
    return Row(key, {"code": code, "name": name}, active, file="desired-state.yaml", line=1)


def _world(rows: Sequence[Row], dimensions: Sequence[Dimension], **seed: Any) -> World:
    return _of(DesiredState(list(rows), list(dimensions), ["desired-state.yaml"]), **seed)


def _flat(kind: str, rows: Sequence[Row], **seed: Any) -> World:
    """A world of one kind that is neither accounts nor tags."""
    state = DesiredState(dimensions=[], files=["desired-state.yaml"])
    state.flat[kind] = list(rows)
    return _of(state, **seed)


def _of(desired: DesiredState, **seed: Any) -> World:
    state, dimensions = checked(desired), desired.dimensions or []
    scope = Scope(dimensions=tuple(d.row.key or "" for d in dimensions), today="2027-01-15")
    return World(Seed(**seed), Settings(seed_ids=1), state, scope, 0.0)


def _accounts() -> World:
    live = [{"externalId": "b", "name": "Other"}, {"externalId": "c", "name": "Name"}]
    return _world([_row("a"), _row("b")], [], accounts=live)


def _group() -> World:
    tags = [Row("x", {"code": "x", "name": "Name"}), Row("y", {"code": "y", "name": "Name"})]
    return _world([], [Dimension(_row("G", code="G"), tags)])


def _tags() -> World:
    live = [{"code": "x", "name": "Name"}, {"code": "y", "name": "Name", "archived": True}]
    wanted = [Row("y", {"code": "y", "name": "Name"}), Row("z", {"code": "z", "name": "Name"})]
    return _world(
        [], [Dimension(_row("G", code="G"), wanted)], tag_groups=[{"code": "G", "name": "Name", "tags": live}]
    )


def _look_alikes() -> World:
    return _world([_row("A"), _row("b")], [], accounts=[{"externalId": "a", "name": "Name"}])


def _tax_codes() -> World:
    fields: dict[str, Any] = {"name": "Name", "rate": "0.25", "type": "inclusive"}
    live = [{"code": key, "name": "Other", "rate": 0.25, "type": "inclusive"} for key in "bcd"]
    return _flat(
        "taxCode",
        [Row(key, {**fields, "code": key}, file="desired-state.yaml", line=1) for key in "abc"],
        tax_codes=live,
    )


def _vendors() -> World:
    fields: dict[str, Any] = {"name": "Name", "defaultCurrency": "EUR"}
    rows = [Row(key, {**fields, "code": f"C{key}"}, file="desired-state.yaml", line=1) for key in "ab"]
    live = [{**fields, "code": "Cb", "draft": True}, {**fields, "externalId": "c", "code": "Cc"}]
    return _flat("vendor", rows, vendors=live)


SMALL: Final[dict[str, Callable[[], World]]] = {
    "accounts": _accounts,
    "group": _group,
    "tags": _tags,
    "look-alikes": _look_alikes,
    "taxCodes": _tax_codes,
    "vendors": _vendors,
}
