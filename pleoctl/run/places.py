"""What lies in the folder of a run, and where such folders are."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

PLAN: Final = "plan.json"
JOURNAL: Final = "journal.jsonl"
RECEIPT: Final = "receipt.json"


def run_name(what: str, started: datetime | None = None) -> str:
    """The name of a run of ``what`` that starts now or at a moment in UTC; no other run has it."""
    moment = started or this_machine().now()
    return f"{moment_of(moment)}-{what}-{this_machine().token(2)}"


def moment_of(moment: datetime) -> str:
    """How the name of a run begins that starts at this moment (UTC)."""
    return moment.strftime("%Y%m%dT%H%M%S%f")


def begun_before(moment: str, name: str) -> bool:
    """Whether a run's name says that it began before a `moment_of`; other folders' names say nothing."""
    return name[8:9] == "T" and name < moment


def plan_part(plan_id: str) -> str:
    """What a plan's run is named after."""
    return plan_id[7:15]


def ignore(folder: Path) -> None:
    """Keep a folder of ours out of git. Raises `OSError`; not through a link, which would make a file elsewhere."""
    with suppress(FileExistsError), (folder / ".gitignore").open("x") as file:
        file.write("*\n")


def run_places(places: Sequence[Path]) -> dict[str, Path]:
    """The place of each run by its name, oldest first: a name begins with the moment at which its run started.

    Of a run that lies in two places, the one with its receipt.
    """
    found: dict[str, Path] = {}
    for place in places:
        for folder in folders_in(place):
            if folder.name not in found or has(folder.path, RECEIPT):
                found[folder.name] = place
    return {name: found[name] for name in sorted(found)}


def run_folders(places: Sequence[Path], newest: int | None = None) -> list[Path]:
    """The folders of all runs or of so many, newest first."""
    found = run_places(places)
    return [found[name] / name for name in [*reversed(found)][:newest]]


def runs_named(name: str, places: Sequence[Path]) -> list[Path]:
    """The run of that name, else those whose names begin so, newest first."""
    found = run_places(places)
    names = [name] if name in found else [run for run in reversed(found) if run.startswith(name)]
    return [found[run] / run for run in names]


def folders_in(place: Path) -> Iterator[os.DirEntry[str]]:
    """The folders of a place in any order; none where it cannot be read."""
    with suppress(OSError), os.scandir(place) as entries:
        yield from (entry for entry in entries if entry.is_dir())


def has(folder: str | Path, name: str) -> bool:
    """Whether a file lies in a run's folder. Runs are never removed, so this is asked of thousands at each run."""
    return os.path.exists(os.path.join(folder, name))  # noqa: PTH110, PTH118 - a Path takes longer than the answer
