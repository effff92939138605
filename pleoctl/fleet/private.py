"""What a company's own process has for itself, and what it is kept from."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pleoctl
from pleoctl.documents.files import write_atomically
from pleoctl.errors import PleoctlError
from pleoctl.fleet.work import plan_file
from pleoctl.machine import this_machine
from pleoctl.plan.approvals import signatures_beside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pleoctl.fleet.fleet import Fleet, Opened
    from pleoctl.fleet.work import Task
    from pleoctl.plan.approvals import Approvers

_CHILDREN: Final = "children"
# What pleoctl keeps in the user's state folder; made beforehand, since a confined process can make nothing there.
_KEPT: Final = ("budget", "locks", "runs", "tokens")


@dataclass(frozen=True, slots=True)
class Private:
    """A folder of one child, gone with it: its temporary files, and of the fleet's plans its own."""

    folder: Path

    @classmethod
    @contextmanager
    def made(cls, seconds: float) -> Iterator[Private]:
        """One for a child that lives at most so long. Raises `PleoctlError`, `OSError`."""
        state = this_machine().state_folder().absolute()
        for name in (*_KEPT, _CHILDREN):
            (state / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(state / _CHILDREN, seconds)
        folder = state / _CHILDREN / this_machine().token()
        folder.mkdir(mode=0o700)
        try:
            yield cls(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def environ(self) -> dict[str, str]:
        """Where temporary files go."""
        return {name: str(self.folder) for name in ("TMPDIR", "TEMP", "TMP")}

    def holding(self, task: Task, one: Opened) -> Path | None:
        """Where the child finds or leaves its plan, with the signatures beside it; None: it needs none."""
        if task.folder is None:
            return None
        if task.plans is not None and one.id is not None:
            plan = task.folder / plan_file(one.id)
            for file in (plan, *signatures_beside(plan)):
                with suppress(FileNotFoundError):
                    shutil.copyfile(file, self.folder / file.name)
        return self.folder

    def hand_over(self, task: Task, one: Opened) -> None:
        """Put the plan that the child made where the fleet's plans lie; nothing else that it may have left there."""
        if task.command != "plan" or task.folder is None or one.id is None:
            return
        made = self.folder / plan_file(one.id)
        if made.is_file() and not made.is_symlink():
            write_atomically(task.folder / made.name, made.read_bytes())


def hidden_from(fleet: Fleet, task: Task, one: Opened) -> list[str]:
    """The places of other companies and the fleet's own: folders, plans, receipts, fleet.yaml, and git's history."""
    others = fleet.folders - {one.company.file.parent.resolve()}
    return [*map(str, others), *map(str, _of_the_fleet(fleet, task))]


def _of_the_fleet(fleet: Fleet, task: Task) -> Iterator[Path]:
    root = fleet.root.resolve()
    yield fleet.folder.parent.resolve()
    # It says who may see which variables.
    yield fleet.file.resolve()
    for place in (root, *root.parents):
        yield from _histories(place / ".git")
    if task.folder is not None:
        yield task.folder.resolve()
    # Nothing has this name; it opens the folder child by child.
    yield this_machine().state_folder().resolve() / _CHILDREN / "-"


def _histories(git: Path) -> Iterator[Path]:
    """Where git keeps what was committed: of a worktree and of a submodule, ``.git`` is a file that leads there."""
    if git.is_file():
        yield git.resolve()
        with suppress(OSError, ValueError):
            git = git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    with suppress(OSError, ValueError):
        yield (git / (git / "commondir").read_text(encoding="utf-8").strip()).resolve()
    if git.is_dir():
        yield git.resolve()


def read_only(approvers: Approvers | None, one: Opened, hidden: Collection[str]) -> Iterator[Path]:
    """What every company's run trusts: pleoctl and its Python, whom the user trusts, who may approve.

    Not where it holds the company's own folder or something hidden, or lies in one of them.
    """
    trusted = [Path(sys.prefix), Path(pleoctl.__file__).parent]
    with suppress(PleoctlError):  # a user without a home, as in a container, trusts nothing
        trusted.append(this_machine().config_folder())
    if approvers is not None:
        trusted += filter(None, (approvers.file, approvers.revoked))
    others = {*hidden, str(one.company.file.parent.resolve())}
    for place in {place.resolve() for place in trusted}:
        below = f"{place}{os.sep}"
        lies_in_one = not others.isdisjoint(map(str, (place, *place.parents)))
        if not lies_in_one and not any(other.startswith(below) for other in others):
            yield place


def _sweep(folder: Path, seconds: float) -> None:
    """Remove what children left whose parents were killed."""
    oldest = this_machine().now().timestamp() - seconds - 3600
    for left in folder.iterdir():
        with suppress(OSError):
            if left.stat().st_mtime < oldest:
                shutil.rmtree(left, ignore_errors=True)
