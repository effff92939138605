"""Which pleoctl this is: its version, and the commit that it was made from where that is known."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import pleoctl
from pleoctl.errors import PleoctlError
from pleoctl.machine import this_machine

_PACKAGE: Final = Path(pleoctl.__file__).parent
_SECONDS: Final = 5.0
_SHORT: Final = 12


def commit(package: Path = _PACKAGE) -> str | None:
    """40 hex digits, with ``-dirty`` where files differed from the commit: as the wheel keeps it, else as git says."""
    kept = package / "_data" / "commit"
    if kept.is_file():
        return kept.read_text(encoding="ascii").strip()
    root = package.parent
    if not ((root / ".git").exists() and (root / "pyproject.toml").is_file()):
        return None
    with suppress(OSError, PleoctlError):
        ran = this_machine().git(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], _SECONDS, root)
        return ran.output.decode("ascii", "replace").strip() or None if ran.code == 0 else None
    return None


def told(*more: str) -> str:
    """One line: the version, in brackets the commit as far as it is known and what else is to be said."""
    found = commit()
    words = [] if found is None else [f"commit {found[:_SHORT]}{found[40:]}"]
    inside = ", ".join([*words, *more])
    return f"pleoctl, version {pleoctl.__version__}{f' ({inside})' if inside else ''}"
