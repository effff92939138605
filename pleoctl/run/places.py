"""What lies in the folder of a run, and where such folders are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PLAN: Final = "plan.json"
JOURNAL: Final = "journal.jsonl"
RECEIPT: Final = "receipt.json"


def run_folders(places: Sequence[Path]) -> list[Path]:
    """The folders of all runs, newest first: their names begin with the moment at which they started.

    Of a run that lies in two places, the folder with its receipt.
    """
    found: dict[str, Path] = {}
    for place in places:
        for folder in place.glob("*"):
            if folder.is_dir() and (folder.name not in found or (folder / RECEIPT).exists()):
                found[folder.name] = folder
    return [found[name] for name in sorted(found, reverse=True)]
