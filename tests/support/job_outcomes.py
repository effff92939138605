"""What became of a job: what stands in the books, what Pleo was told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from export_pleo import JOB, item_id

if TYPE_CHECKING:
    from pathlib import Path

    from export_pleo import World
    from shapes import Json, Value
    from tests.conftest import Cli

# What books hold once the world's job is over.
ALL: Final = {item_id(n): 1 for n in (1, 2, 3)}


class MakeBooks(Protocol):
    """Writes a workspace whose sink and further sections are given."""

    def __call__(self, sink: Json | None = None, /, **sections: Value) -> Path:
        """The workspace's folder, which is the current one."""


class MakeSandboxBooks(Protocol):
    """Writes a workspace that books the sandbox's jobs into beancount files."""

    def __call__(self, **sections: Value) -> Path:
        """The workspace's folder, which is the current one."""


def booked(folder: Path) -> Counter[str]:
    """How often each item stands in the files of the books."""
    found: Counter[str] = Counter()
    for path in (folder / "books").glob("*.beancount"):
        lines = path.read_text().splitlines()
        found.update(line.split('"')[1] for line in lines if line.strip().startswith("accountingEntryId"))
    return found


def outcomes(world: World) -> dict[str, list[str]]:
    """The statuses that Pleo took, by item, in their order."""
    return {item: [told["status"] for told in said] for item, said in world.statuses.items()}


def settled(world: World, cli: Cli) -> None:
    """Run until the job is closed; three runs are enough after one fault."""
    world.faults = {}
    for _ in range(3):
        if world.jobs[JOB]["status"] == "completed":
            break
        cli("jobs", "run")
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert world.events == ["started", "completed"]
