"""The config file of a sandbox: settings and faults from YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.sandbox.control import parse_faults
from pleoctl.sandbox.errors import BadInput, refuse_unknown
from pleoctl.sandbox.seed import check_header, read_yaml
from pleoctl.sandbox.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox.faults import Fault


def load_config(path: Path) -> tuple[Settings, list[Fault]]:
    """Settings and faults from a YAML file.

    Raises `InvalidFile`, or `BadInput` for what a schema cannot say.
    """
    try:
        return parse_config(read_yaml(path, "sandbox-config"))
    except BadInput as error:
        raise error.inside(str(path)) from None


def parse_config(data: Any) -> tuple[Settings, list[Fault]]:
    """Settings and faults from the content of a config file. Raises `BadInput`."""
    if not isinstance(data, dict):
        raise BadInput("", "a config is a mapping")
    refuse_unknown(data, ("apiVersion", "kind", "settings", "faults"))
    check_header(data, "SandboxConfig")
    settings = data.get("settings") or {}
    if not isinstance(settings, dict):
        raise BadInput("settings", "must be a mapping")
    return Settings.from_mapping(settings), parse_faults(data.get("faults") or [])
