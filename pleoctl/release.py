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
_DIGITS: Final = 40


def commit(package: Path = _PACKAGE) -> str | None:
    """40 hex digits, with ``-dirty`` where files differed from the commit: as the wheel keeps it, else as git says."""
    root = package.parent
    if (kept := _kept(package)) is not None or not _is_checkout(root):
        return kept
    with suppress(OSError, PleoctlError):
        ran = this_machine().git(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], _SECONDS, root)
        return ran.output.decode("ascii", "replace").strip() or None if ran.code == 0 else None
    return None


def head(package: Path = _PACKAGE) -> str | None:
    """`commit`, of a checkout without looking whether files differ, so that no program need be asked."""
    if (kept := _kept(package)) is not None or not _is_checkout(package.parent):
        return kept
    with suppress(OSError, ValueError):
        found = _checked_out(package.parent / ".git")
        if len(found) == _DIGITS and not found.strip("0123456789abcdef"):
            return found
    return commit(package)


def _kept(package: Path) -> str | None:
    kept = package / "_data" / "commit"
    return kept.read_text(encoding="ascii").strip() if kept.is_file() else None


def _is_checkout(root: Path) -> bool:
    return (root / ".git").exists() and (root / "pyproject.toml").is_file()


def _checked_out(git: Path) -> str:
    """What git's own files say is checked out; "" where they say it in another way. Raises `OSError`, `ValueError`."""
    if git.is_file():  # a further working tree
        git = git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    said = (git / "HEAD").read_text(encoding="utf-8").strip()
    if not said.startswith("ref: "):
        return said
    branch, shared = said.removeprefix("ref: "), git / "commondir"
    common = git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git
    loose = common / branch
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    lines = (common / "packed-refs").read_text(encoding="utf-8").splitlines()
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {branch}")), "")


def told(found: str | None, *more: str) -> str:
    """One line: the version, in brackets the commit that was ``found`` and what else is to be said."""
    words = [] if found is None else [f"commit {found[:_SHORT]}{found[40:]}"]
    inside = ", ".join([*words, *more])
    return f"pleoctl, version {pleoctl.__version__}{f' ({inside})' if inside else ''}"
