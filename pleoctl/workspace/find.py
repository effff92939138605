"""Where the workspace file is: named, or found by walking up, and then only where nobody else may have put it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.errors import InvalidFile, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE_NAME: Final = "pleoctl.yaml"
FLEET_FILE: Final = "fleet.yaml"


def find_file(given: str | None, environ: Mapping[str, str]) -> Path:
    """``--workspace`` > ``PLEOCTL_WORKSPACE`` > walking up from the current folder.

    Raises `InvalidFile` where there is none, `Refused` where walking up finds another user's.
    """
    chosen = given or environ.get("PLEOCTL_WORKSPACE")
    if chosen:
        path = Path(chosen)
        return path / FILE_NAME if path.is_dir() else path
    found = nearest_file()
    if found is None:
        raise InvalidFile(f"no {FILE_NAME} here or in a folder above", hint="run `pleoctl init`, or give --workspace")
    check_owner(found, environ, f"--workspace {found}, or PLEOCTL_WORKSPACE")
    return found


def nearest_file(name: str = FILE_NAME) -> Path | None:
    """The first file of a name here or above, whoever it belongs to. Raises `InvalidFile` where here is gone."""
    return next((path for folder in _upwards() if _is_file(path := folder / name)), None)


def _upwards() -> Iterator[Path]:
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise InvalidFile("the current folder no longer exists", hint="change to one that does") from error
    yield here
    yield from here.parents


def _is_file(path: Path) -> bool:
    """Whether it is one that this user can see."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_owner(path: Path, environ: Mapping[str, str], named: str) -> None:
    """A folder above may be everybody's, such as /tmp: what somebody else has put there decides nothing.

    Raises `Refused`, which says how it is ``named`` instead.
    """
    if not hasattr(os, "geteuid"):
        return
    trusted = {os.geteuid(), 0}
    if environ.get("SUDO_UID", "").isdecimal():
        trusted.add(int(environ["SUDO_UID"]))
    if os.geteuid() == 0 and environ.get("CI"):
        # A job's container is root; the checkout that it works in is the runner's.
        trusted.add(Path.cwd().stat().st_uid)
    owners = {path.stat().st_uid, path.lstat().st_uid} - trusted
    if owners:
        raise Refused(
            f"{path} belongs to another user (uid {min(owners)})",
            hint=f"if you trust it, name it: {named}",
        )
