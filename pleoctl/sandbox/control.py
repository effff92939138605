"""The ``/_sandbox`` endpoints: faults, settings, reset, state and statistics at run time.

They need no credential, are not counted in the statistics and are not touched by faults. The sandbox listens
on loopback only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from pleoctl.sandbox.errors import ApiError, BadInput, Record, refuse_unknown
from pleoctl.sandbox.faults import Fault
from pleoctl.sandbox.seed import Seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from pleoctl.sandbox.world import World


def control_routes(world: World) -> list[Route]:
    """All control endpoints of one world."""
    return [
        Route(f"/_sandbox/{path}", _endpoint(world, handler), methods=[method])
        for method, path, handler in (
            ("GET", "stats", _stats),
            ("GET", "state", _state),
            ("GET", "settings", _settings),
            ("POST", "settings", _change_settings),
            ("GET", "faults", _faults),
            ("POST", "faults", _add_faults),
            ("DELETE", "faults", _clear_faults),
            ("POST", "reset", _reset),
        )
    ]


def parse_faults(data: Any) -> list[Fault]:
    """The faults of one document: a fault, a list of faults, or ``{faults: [...]}``. Raises `BadInput`."""
    given = data.get("faults", [data]) if isinstance(data, dict) else data
    if not isinstance(given, list):
        raise BadInput("faults", "must be a list")
    return [Fault.from_mapping(item, f"faults[{n}]") for n, item in enumerate(given)]


def _endpoint(world: World, handler: Callable[[World, Any], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        try:
            result = handler(world, json.loads(content) if content else {})
        except ValueError as error:
            body = ApiError(400, "BAD_INPUT", str(error)).body()
            return _json(body, 400)
        return _json(result)

    return endpoint


def _json(body: Any, status: int = 200) -> Response:
    content = json.dumps(body, ensure_ascii=False)
    return Response(content, status, media_type="application/json")


def _stats(world: World, _body: Any) -> Record:
    return world.statistics.as_json()


def _state(world: World, _body: Any) -> Record:
    return world.state()


def _settings(world: World, _body: Any) -> Record:
    return world.settings.as_json()


def _change_settings(world: World, body: Any) -> Record:
    if not isinstance(body, dict):
        raise BadInput("settings", "must be a mapping")
    world.use(world.settings.changed(body))
    return world.settings.as_json()


def _faults(world: World, _body: Any) -> list[Record]:
    return world.faults.as_json()


def _add_faults(world: World, body: Any) -> list[Record]:
    world.add_faults(parse_faults(body))
    return world.faults.as_json()


def _clear_faults(world: World, _body: Any) -> list[Record]:
    world.clear_faults()
    return world.faults.as_json()


def _reset(world: World, body: Any) -> Record:
    """Both parts are optional: ``seed`` as in a seed file, ``settings`` that change from now on."""
    refuse_unknown(body, ("seed", "settings"))
    seed = Seed.from_mapping(body["seed"]) if "seed" in body else None
    settings = world.settings.changed(body["settings"]) if "settings" in body else None
    world.reset(seed, settings)
    return {"reset": True}
