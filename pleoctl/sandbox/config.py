"""The config file of a sandbox: settings and faults from YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pleoctl.sandbox.errors import BadInput
from pleoctl.sandbox.faults import Fault
from pleoctl.sandbox.seed import read_yaml
from pleoctl.sandbox.settings import Settings
from pleoctl.sandbox.shapes import schema_of
from pleoctl.sandbox.typed import Document, decoded

if TYPE_CHECKING:
    from pathlib import Path


class ConfigFile(Document, frozen=True, kw_only=True):
    """The document of a config file."""

    api_version: Literal["pleoctl/v1"] = "pleoctl/v1"
    kind: Literal["SandboxConfig"] = "SandboxConfig"
    settings: Settings = msgspec.field(default_factory=Settings)
    faults: list[Fault] = msgspec.field(default_factory=list)


def config_schema() -> dict[str, Any]:
    """The schema of a config file, which says of each setting what its text here says."""
    return schema_of("sandbox-config", ConfigFile, described=(Settings, Fault))


def load_config(path: Path) -> tuple[Settings, list[Fault]]:
    """Settings and faults from a YAML file.

    Raises `InvalidFile`, or `BadInput` for what a schema cannot say.
    """
    try:
        return parse_config(read_yaml(path, config_schema()))
    except BadInput as error:
        raise error.inside(str(path)) from None


def parse_config(data: Any) -> tuple[Settings, list[Fault]]:
    """Settings and faults from the content of a config file. Raises `BadInput`."""
    if not isinstance(data, dict):
        raise BadInput("", "a config is a mapping")
    found = decoded({key: value for key, value in data.items() if value is not None}, ConfigFile)
    return found.settings, found.faults
