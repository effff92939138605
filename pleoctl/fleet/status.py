"""How a fleet stands: each company's last runs, drift, held rows, and the age of its oldest open export job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pleoctl.fleet.book import decisive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.fleet.book import Last, Lasts
    from pleoctl.fleet.fleet import Opened
    from pleoctl.fleet.receipt import Command

_CHANGES = ("create", "update", "unarchive", "archive", "confirm")


@dataclass(frozen=True, slots=True)
class Standing:
    """One company; None stands for what no run has told."""

    path: str
    company: str | None
    lasts: Mapping[Command, Last]
    problem: str | None = None
    """Why the company cannot be worked on now, or what was wrong in the run that says how it stands."""

    @property
    def last(self) -> Last | None:
        """The run that says how it stands; see `decisive`."""
        return decisive(self.lasts)

    @property
    def state(self) -> str:
        """How that run ended, or ``never``."""
        return "never" if self.last is None else self.last.result.outcome

    @property
    def failing(self) -> bool:
        """Whether somebody should look at it."""
        return self.state not in {"never", "done", "drifted"} or (self.problem is not None and self.last is None)

    @property
    def drift(self) -> int | None:
        """Changes that the newest look found; none after a run that brought Pleo in line."""
        look = self._newest("drift", "plan", "sync", "apply")
        if look is None or (look.command in {"sync", "apply"} and look.result.outcome != "done"):
            return None
        if look.command in {"sync", "apply"}:
            return 0
        return sum(int(look.result.summary.get(name, 0)) for name in _CHANGES)

    @property
    def held(self) -> int | None:
        """Rows of the books that cannot be used."""
        look = self._newest("drift", "plan", "sync")
        found = None if look is None else look.result.summary.get("held")
        return None if found is None else int(found)

    @property
    def ends(self) -> tuple[str, str] | None:
        """The credential that ends first of those that end soon: when, and which."""
        look = self._newest("drift", "plan", "sync", "apply", "jobs")
        found = {} if look is None else look.result.summary.get("expiring", {})
        return min(((str(date), str(what)) for what, date in found.items()), default=None)

    def open_seconds(self, moment: datetime) -> float | None:
        """The age of the oldest export job that is open."""
        jobs = self.lasts.get("jobs")
        since = None if jobs is None else jobs.result.summary.get("oldestOpen")
        return None if since is None else max(0.0, (moment - datetime.fromisoformat(str(since))).total_seconds())

    def as_json(self, moment: datetime) -> dict[str, Any]:
        """The company as ``--format json`` shows it."""
        return {
            "path": self.path,
            "company": self.company,
            "state": self.state,
            "problem": self.problem,
            "drift": self.drift,
            "held": self.held,
            "oldestOpenJobSeconds": self.open_seconds(moment),
            "expiring": None if self.ends is None else {"credential": self.ends[1], "at": self.ends[0]},
            "runs": {
                command: {
                    "runId": last.run_id,
                    "finishedAt": last.finished_at,
                    "outcome": last.result.outcome,
                    "exitCode": last.result.exit_code,
                    "receipt": last.result.receipt,
                    "summary": last.result.summary,
                }
                for command, last in sorted(self.lasts.items())
            },
        }

    def _newest(self, *commands: Command) -> Last | None:
        found = [last for command, last in self.lasts.items() if command in commands and last.result.summary]
        return max(found, key=lambda last: last.finished_at, default=None)


def standings(companies: Sequence[Opened], lasts: Lasts) -> list[Standing]:
    """How each of the companies stands, by path."""
    return [_standing(one, lasts.get(one.company.path, {})) for one in companies]


def _standing(one: Opened, runs: dict[Command, Last]) -> Standing:
    last = decisive(runs)
    told = None if last is None or last.result.error is None else str(last.result.error.finding)
    if one.error is not None:
        told = str(one.error.findings[0])
    return Standing(one.company.path, one.id, runs, told)
