"""Folders of vendor presets: YAML files of this package that fill in what a section of a workspace does not give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pleoctl.documents.load import load

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

    def read(self, name: str) -> tuple[dict[str, Any], str]:
        """A preset's data, and its YAML from the section on. Raises `InvalidFile`."""
        document = load(self.path / f"{name}.yaml", shown=f"preset {name}")
        return document.data, document.text[document.text.index(f"\n{self.section}:") + 1 :]
