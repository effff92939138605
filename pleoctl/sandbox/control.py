"""The ``/_sandbox`` endpoints: faults, settings, edits, reset, state and statistics at run time.

They need no credential, are not counted in the statistics and are not touched by faults.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.errors import ApiError, BadInput, Record, refuse_unknown
from pleoctl.sandbox.faults import Edit, Fault
from pleoctl.sandbox.seed import Seed
from pleoctl.sandbox.typed import decoded
from pleoctl.sandbox.wire import JSON_TYPE, Reply, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox.wire import Request
    from pleoctl.sandbox.world import World

    Handler = Callable[[World, Any], Any]


def respond(world: World, request: Request, handler: Handler) -> Reply:
    """The answer of a control endpoint; what is not JSON is refused, so that no form of a page can call one."""
    try:
        return _json(_handled(world, request, handler))
    except ApiError as error:
        return _json(error.body(), error.status)
    except (ValueError, RecursionError) as error:
        return _json(ApiError(400, "BAD_INPUT", str(error)).body(), 400)


def find(request: Request) -> Handler | None:
    """The control endpoint that a request is for."""
    return _ENDPOINTS.get((request.method, request.path))


def _handled(world: World, request: Request, handler: Handler) -> Any:
    if not request.says_json and (request.body or request.header("content-type") is not None):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json")
    return handler(world, json.loads(request.body) if request.body else {})


def parse_faults(data: Any) -> list[Fault]:
    """The faults of one document: a fault, a list of faults, or ``{faults: [...]}``. Raises `BadInput`."""
    given = data.get("faults", [data]) if isinstance(data, dict) else data
    return decoded(given, list[Fault], "faults")


def _json(body: Any, status: int = 200) -> Reply:
    return Reply(status, encode(body), {"content-type": JSON_TYPE})


def _stats(world: World, _body: Any) -> Record:
    return world.statistics.as_json()


def _state(world: World, _body: Any) -> Record:
    return world.state()


def _settings(world: World, _body: Any) -> Record:
    return world.settings.as_json()


def _change_settings(world: World, body: Any) -> Record:
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


def _edit(world: World, body: Any) -> Record:
    given = body.get("edits", [body]) if isinstance(body, dict) else body
    edits = decoded(given, list[Edit], "edits")
    world.edit_all(edits)
    return {"edits": len(edits)}


def _reset(world: World, body: Any) -> Record:
    """Both parts are optional: ``seed`` as in a seed file, ``settings`` that change from now on."""
    if not isinstance(body, dict):
        raise BadInput("", "a reset is a mapping")
    refuse_unknown(body, ("seed", "settings"))
    seed = Seed.from_mapping(body["seed"]) if "seed" in body else None
    settings = world.settings.changed(body["settings"]) if "settings" in body else None
    world.reset(seed, settings)
    return {"reset": True}


_ENDPOINTS: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/_sandbox/stats"): _stats,
    ("GET", "/_sandbox/state"): _state,
    ("GET", "/_sandbox/settings"): _settings,
    ("POST", "/_sandbox/settings"): _change_settings,
    ("GET", "/_sandbox/faults"): _faults,
    ("POST", "/_sandbox/faults"): _add_faults,
    ("DELETE", "/_sandbox/faults"): _clear_faults,
    ("POST", "/_sandbox/edits"): _edit,
    ("POST", "/_sandbox/reset"): _reset,
}
