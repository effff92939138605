"""Paths as machine formats want them: relative to the repository, with slashes."""

from __future__ import annotations

from pathlib import PurePosixPath


def in_repository(file: str, folder: str = "") -> str:
    """A file that is named from the workspace, whose ``folder`` in the repository is given; elsewhere only its name."""
    path = PurePosixPath(file.replace("\\", "/"))
    inside = PurePosixPath(path.name) if path.is_absolute() else PurePosixPath(folder) / path
    parts: list[str] = []
    for part in inside.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts) or path.name
