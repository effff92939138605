"""The authorisation servers of systems that have a preset: what a section ``oauth`` need not say."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.documents.load import load
from pleoctl.remote.oauth.client import endpoint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.hosts import Endpoint

FILE: Final = Path(__file__).with_name("servers.yaml")
_URLS: Final = ("authorizeUrl", "tokenUrl", "deviceUrl", "revocationUrl")
_OFFLINE: Final = "offline_access"
"""The scope that asks for a refresh token; a client that asks for itself needs none and may not ask."""


@cache
def published() -> Mapping[str, Mapping[str, Any]]:
    """What makers publish, by the preset's name."""
    found: dict[str, dict[str, Any]] = load(FILE, shown=FILE.name).data
    return found


def filled(given: Mapping[str, Any], preset: str, section: str, fill: Callable[[str], str]) -> dict[str, Any]:
    """The section ``oauth`` over what the maker publishes; ``fill`` puts variables into urls."""
    base = dict(published().get(preset, {}))
    if scopes := base.pop("scopes", {}).get(section):
        base["scopes"] = scopes
    made = {**base, **given}
    if made.get("grant") == "clientCredentials" and "scopes" not in given and "scopes" in made:
        made["scopes"] = [scope for scope in made["scopes"] if scope != _OFFLINE]
    return made | {key: fill(made[key]) for key in _URLS if key in made}


def own_servers(preset: str) -> frozenset[Endpoint]:
    """The servers that the maker publishes, where no variable names the host: they need nobody's trust."""
    urls = (published().get(preset, {}).get(key) for key in _URLS)
    hosts = (urlsplit(url).netloc for url in urls if url is not None)
    found = (endpoint_of(f"https://{host}") for host in hosts if "{" not in host)
    return frozenset(one for one in found if one is not None)
