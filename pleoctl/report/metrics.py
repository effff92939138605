"""What a command came to as a text file for Prometheus's node exporter (``--metrics FILE``)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from pleoctl import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pleoctl.errors import Finding
    from pleoctl.watch import Watch

_HELP: Final = {
    "info": "The version that wrote this file.",
    "last_run_timestamp_seconds": "When the command ended, in seconds since the epoch.",
    "last_run_duration_seconds": "How long the command took.",
    "last_run_exit_code": "The command's exit code.",
    "last_run_outcome": "1 for how the run ended: done, partial, stale, refused or interrupted.",
    "guard_refused": "1 where the guard refused the plan, 0 where it let it pass.",
    "plan_changes": "Changes of the plan by kind and action.",
    "run_changes": "Changes that were to be carried out by kind, action and status.",
    "held_rows": "Rows of the desired state that cannot be used, by kind.",
    "requests": "Requests by service: read, write, and retry for those that were sent again.",
    "wait_seconds": "Time not sent in: limit (ours), asked (the server's), retry, look.",
    "findings": "Errors, warnings and notes.",
    "credential_ends_timestamp_seconds": "When a credential ends that only a person can renew, as far as is known.",
    "fleet_company_state": "1 for how a company's last run ended.",
    "fleet_last_run_timestamp_seconds": "When a company's last run of a command ended, in seconds since the epoch.",
    "fleet_last_run_exit_code": "The exit code of a company's last run of a command.",
    "fleet_drift_changes": "Changes that the newest look at a company found.",
    "fleet_held_rows": "Rows of a company's books that cannot be used.",
    "fleet_oldest_open_job_seconds": "The age of a company's oldest open export job.",
    "fleet_credential_ends_timestamp_seconds": "When the first of a company's credentials ends that end soon.",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One command: its exit code, its findings, when it ended (seconds since the epoch) and how long it took."""

    code: int
    findings: list[Finding]
    ended: float
    seconds: float


def metrics(watch: Watch, measured: Measured) -> bytes:
    """The whole file; what is not known of a command is left out."""
    return "".join(_families(watch, measured)).encode()


def _families(watch: Watch, measured: Measured) -> Iterator[str]:
    told = partial(family, every={"company": watch.company or "", "command": watch.command or ""})
    yield from family("info", ("version",), [((__version__,), 1)])
    for name, value in (
        ("last_run_timestamp_seconds", measured.ended),
        ("last_run_duration_seconds", measured.seconds),
        ("last_run_exit_code", measured.code),
    ):
        yield from told(name, (), [((), value)])
    if watch.outcome is not None:
        yield from told("last_run_outcome", ("outcome",), [((watch.outcome,), 1)])
    if watch.refusals is not None:
        yield from told("guard_refused", (), [((), bool(watch.refusals))])
    if watch.plan is not None:
        yield from told("plan_changes", ("kind", "action"), watch.planned.items())
    yield from told("run_changes", ("kind", "action", "status"), watch.ended.items())
    yield from told("held_rows", ("kind",), _by_one(watch.held))
    ends = [(what, ending.at) for what, ending in watch.endings.items()]
    yield from told("credential_ends_timestamp_seconds", ("section", "credential"), ends)
    yield from told("requests", ("service", "type"), watch.requests.items())
    yield from told("wait_seconds", ("reason",), _by_one(watch.waited))
    yield from told("findings", ("level",), _by_one(Counter(one.level for one in measured.findings)))


def _by_one(counts: Mapping[str, float]) -> list[tuple[tuple[str], float]]:
    return [((name,), value) for name, value in counts.items()]


def family(
    name: str,
    labels: tuple[str, ...],
    samples: Iterable[tuple[tuple[str, ...], float]],
    every: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """A gauge; ``labels`` are of each sample's own, ``every`` those that all of them have."""
    if not (listed := sorted(samples)):
        return
    yield f"# HELP pleoctl_{name} {_HELP[name]}\n# TYPE pleoctl_{name} gauge\n"
    for values, number in listed:
        pairs = [*(every or {}).items(), *zip(labels, values, strict=True)]
        yield f"pleoctl_{name}{{{_labelled(pairs)}}} {_number(number)}\n"


def _labelled(pairs: Iterable[tuple[str, str]]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}"
