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
    return f"{moment.strftime('%Y%m%dT%H%M%S%f')}-{what}-{this_machine().token(2)}"


def run_folders(places: Sequence[Path]) -> list[Path]:
    """The folders of all runs, newest first: their names begin with the moment at which they started.

    Of a run that lies in two places, the folder with its receipt.
    """
    found: dict[str, Path] = {}
    for place in places:
        for folder in folders_in(place):
            if folder.name not in found or has(folder.path, RECEIPT):
                found[folder.name] = place / folder.name
    return [found[name] for name in sorted(found, reverse=True)]


def runs_named(name: str, folders: Sequence[Path]) -> list[Path]:
    """The run of that name, else those whose names begin so."""
    found = [folder for folder in folders if folder.name.startswith(name)]
    return [folder for folder in found if folder.name == name] or found


def folders_in(place: Path) -> Iterator[os.DirEntry[str]]:
    """The folders of a place in any order; none where it cannot be read."""
    with suppress(OSError), os.scandir(place) as entries:
        yield from (entry for entry in entries if entry.is_dir())


def has(folder: str | Path, name: str) -> bool:
    """Whether a file lies in a run's folder. Runs are never removed, so this is asked of thousands at each run."""
    return os.path.exists(os.path.join(folder, name))  # noqa: PTH110, PTH118 - a Path takes longer than the answer
