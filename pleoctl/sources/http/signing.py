"""A section that signs in by OAuth, with what its preset's maker publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.place import Setting
from pleoctl.remote.oauth.servers import filled
from pleoctl.sources.http.templates import check_names, fill_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_servers(config: dict[str, Any], section: str, variables: Mapping[str, str | int]) -> dict[str, Any]:
    """The section with whole urls under ``auth.oauth``; any other stays as it is. Raises `SourceError`."""
    auth = config.get("auth") or {}
    if "oauth" not in auth:
        return config

    def fill(url: str) -> str:
        check_names(url, set(variables), Setting(section, "auth", "oauth"))
        return fill_text(url, variables)

    return config | {"auth": {"oauth": filled(auth["oauth"], str(config.get("preset", "")), section, fill)}}
