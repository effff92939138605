"""Folders of vendor presets: YAML files of this package that fill in what a section of a workspace does not give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pleoctl.documents.load import load
from pleoctl.errors import UsageError
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PresetFolder:
    """The presets for one section."""

    path: Path
    section: str

    def names(self) -> list[str]:
        """Names of all presets, sorted."""
        return sorted(path.stem for path in self.path.glob("*.yaml"))

    def require(self, name: str) -> None:
        """Raise `UsageError` with the nearest names where somebody asks for a preset that there is not."""
        if name not in self.names():
            hint = did_you_mean(name, self.names(), "known presets")
            raise UsageError(f"there is no preset {name!r}", hint=hint)

    def read(self, name: str) -> tuple[dict[str, Any], str]:
        """A preset's data, and its YAML from the section on. Raises `InvalidFile`."""
        document = load(self.path / f"{name}.yaml", shown=f"preset {name}")
        return document.data, document.text[document.text.index(f"\n{self.section}:") + 1 :]
