"""Vendor presets: YAML files of this package that fill in what a section does not give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pleoctl.documents.load import load
from pleoctl.errors import SourceError
from pleoctl.text import did_you_mean

FOLDER: Final = Path(__file__).parent.parent / "presets"


@dataclass(frozen=True, slots=True)
class SinkPreset:
    """One vendor's API; ``variables`` must be given by the workspace, ``sink`` is the section that it fills in."""

    title: str
    verified: str
    variables: dict[str, str]
    notes: list[str]
    sink: dict[str, Any]

    @property
    def base_url(self) -> str:
        """The base url as the preset itself states it; empty where the workspace names the host."""
        return str(self.sink.get("baseUrl", ""))


def preset_names() -> list[str]:
    """Names of all presets, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def load_preset(name: str) -> SinkPreset:
    """The preset of a name. Raises `SourceError` with the nearest names."""
    if name not in preset_names():
        hint = did_you_mean(name, preset_names(), "known presets")
        raise SourceError(f"sink.preset: there is no preset {name!r}", hint=hint)
    data = load(FOLDER / f"{name}.yaml", shown=f"preset {name}").data
    return SinkPreset(data["title"], data["verified"], data.get("variables") or {}, data["notes"], data["sink"])
