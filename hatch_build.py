"""Writes the commit that a package is built from into it: ``pleoctl/_data/commit`` in wheels, ``COMMIT`` in sources."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "COMMIT"


def known_commit(root: Path) -> str | None:
    """The commit of a checkout, ``-dirty`` where files differ from it, or that of an unpacked source; None: unknown."""
    kept = root / NAME
    if kept.is_file():
        return kept.read_text(encoding="ascii").strip()
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - git, no input
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


class CommitHook(BuildHookInterface[Any]):
    """Runs before each build; an editable one asks git itself (`pleoctl.release`)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file, where the commit is known."""
        commit = None if version == "editable" else known_commit(Path(self.root))
        if commit is None:
            return
        made = Path(self.directory) / NAME
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(f"{commit}\n", encoding="ascii")
        inside = "pleoctl/_data/commit" if self.target_name == "wheel" else NAME
        build_data["force_include"][str(made)] = inside

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the file away again."""
        del version, build_data, artifact_path
        (Path(self.directory) / NAME).unlink(missing_ok=True)
