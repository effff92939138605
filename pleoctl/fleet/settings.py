"""``fleet.yaml`` as types, each default once; the schema's are tested to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pleoctl.workspace.settings import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

Isolation = Literal["thread", "process"]


class CompanyEntry(Section, frozen=True):
    """One of ``companies`` that is named with the variables it may see; None: those of its folder's form."""

    path: str
    env: tuple[str, ...] | None = None


class Schedule(Section, frozen=True):
    """``schedule``: cron lines in UTC."""

    sync: str | None = None
    jobs: str | None = None
    drift: str | None = None

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each command that is scheduled, with its cron line."""
        for command, line in (("sync", self.sync), ("jobs", self.jobs), ("drift", self.drift)):
            if line is not None:
                yield command, line


class FleetSettings(Section, frozen=True):
    """The whole file."""

    companies: tuple[str | CompanyEntry, ...]
    name: str = "fleet"
    shared_env: tuple[str, ...] = ()
    concurrency: int = 8
    isolation: Isolation | None = None
    deadline_seconds: float = 3600.0
    memory_mib: int = msgspec.field(default=2048, name="memoryMiB")
    database: str | None = None
    schedule: Schedule = Schedule()


def typed(data: dict[str, Any]) -> FleetSettings:
    """The settings of data that fits the schema."""
    return msgspec.convert(data, FleetSettings)
