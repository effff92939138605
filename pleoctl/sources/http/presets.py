"""Vendor presets: YAML files of this package that fill in what a section does not give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pleoctl.documents.presets import PresetFolder
from pleoctl.errors import SourceError
from pleoctl.sources.base import resource_names
from pleoctl.text import did_you_mean

PRESETS: Final = PresetFolder(Path(__file__).parent.parent / "presets", "source")
# These say one thing as a whole: half of one and half of another would make no sense.
_WHOLE: Final = frozenset({"auth", "paginate", "body", "count"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable that need not be given: what it is, and what it changes."""

    about: str
    source: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preset:
    """One vendor's API.

    ``variables`` must be given by the workspace; ``choices`` may be, and each has a section that then lies over
    ``source``, which is what the preset fills in. ``offers`` are tables that are read only where the workspace names
    them; ``asks`` has the fields of these that the vendor's list does not say: why, and an example. ``text`` is the
    YAML of it all.
    """

    name: str
    title: str
    api: str
    verified: str
    variables: dict[str, str]
    choices: dict[str, Choice]
    notes: list[str]
    source: dict[str, Any]
    offers: dict[str, dict[str, Any]]
    asks: dict[str, dict[str, list[str]]]
    text: str

    @property
    def base_url(self) -> str:
        """The base url as the preset itself states it; empty where the workspace names the host."""
        return str(self.source.get("baseUrl", ""))

    def names(self, base_url: str) -> bool:
        """Whether a table's own base url stands in the preset itself, so that its host needs no trust."""
        return bool(base_url) and any(one.get("baseUrl") == base_url for one in self.offers.values())

    @property
    def resources(self) -> list[str]:
        """The tables that it reads."""
        return [name for name in resource_names() if name in self.source]


@cache
def load_preset(name: str) -> Preset:
    """The preset of a name. Raises `SourceError` with the nearest names."""
    if name not in PRESETS.names():
        raise SourceError(f"there is no preset {name!r}", hint=did_you_mean(name, PRESETS.names(), "known presets"))
    data, text = PRESETS.read(name)
    return Preset(
        name,
        data["title"],
        data["api"],
        data["verified"],
        data.get("variables") or {},
        {name: Choice(one["about"], one["source"]) for name, one in (data.get("choices") or {}).items()},
        data.get("notes") or [],
        data["source"],
        data.get("offers") or {},
        data.get("asks") or {},
        text,
    )


def merged(preset: Preset | None, section: dict[str, Any]) -> dict[str, Any]:
    """The section over its preset: every key may be given anew, and ``null`` takes one away."""
    base = dict(preset.source) if preset else {}
    for name, offer in preset.offers.items() if preset else ():
        if section.get(name) is not None:
            base[name] = offer
    for name, choice in preset.choices.items() if preset else ():
        if name in section.get("variables", {}):
            base = overlaid(base, {key: value for key, value in choice.source.items() if key in base})
    return overlaid(base, section)


def overlaid(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What is given over a base, key by key; ``null`` takes one away, and what says one thing stays whole."""
    result = dict(base)
    for key, value in given.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(base.get(key), dict) and key not in _WHOLE:
            result[key] = overlaid(base[key], value)
        else:
            result[key] = value
    return result
