"""Vendor presets: YAML files of this package that fill in what a section does not give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.presets import PresetFolder
from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sinks.http.spec import spec_of
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from pleoctl.sinks.base import Capabilities

PRESETS: Final = PresetFolder(Path(__file__).parent.parent / "presets", "sink")


@dataclass(frozen=True, slots=True)
class SinkPreset:
    """One vendor's API.

    ``variables`` must be given by the workspace; ``sink`` is the section that it fills in, ``text`` its YAML.
    """

    name: str
    title: str
    api: str
    verified: str
    variables: dict[str, str]
    notes: list[str]
    sink: dict[str, Any]
    text: str

    @property
    def base_url(self) -> str:
        """The base url as the preset itself states it; empty where the workspace names the host."""
        return str(self.sink.get("baseUrl", ""))


@cache
def load_preset(name: str) -> SinkPreset:
    """The preset of a name. Raises `SourceError` with the nearest names."""
    if name not in PRESETS.names():
        hint = did_you_mean(name, PRESETS.names(), "known presets")
        raise SourceError(f"sink.preset: there is no preset {name!r}", hint=hint, setting=Setting("sink", "preset"))
    data, text = PRESETS.read(name)
    variables = data.get("variables") or {}
    return SinkPreset(name, data["title"], data["api"], data["verified"], variables, data["notes"], data["sink"], text)


def capabilities_of(preset: SinkPreset) -> Capabilities:
    """What books of this vendor can hold, as its section says; the currency is the workspace's to name."""
    section = {"currency": "EUR", **preset.sink}
    return replace(spec_of(section, set(preset.variables)).can, currency=None)
