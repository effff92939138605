"""When Pleo last heard of a job. From then on the hour counts after which it expires (J6)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pleoctl.pleo.export_jobs import ExportJob


class LastUpdate:
    """The moment of a job's last update: the start of this run until somebody knows better."""

    def __init__(self) -> None:
        """Now."""
        self._moment = this_machine().now()

    def of(self, job: ExportJob) -> None:
        """As Pleo says it; a moment that lies ahead of this machine's clock, or cannot be read, says nothing."""
        with suppress(ValueError, TypeError):
            said = datetime.fromisoformat(job.updated or "")
            self._moment = min(self._moment, said if said.tzinfo else said.replace(tzinfo=UTC))

    def again(self) -> None:
        """Pleo was told something now."""
        self._moment = this_machine().now()

    @property
    def age(self) -> timedelta:
        """How long ago it was."""
        return this_machine().now() - self._moment
