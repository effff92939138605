"""A fleet's receipt and its status for people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pleoctl.report.metrics import family
from pleoctl.report.table import table
from pleoctl.text import Shown
from pleoctl.words import many, spoken, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.fleet.receipt import CompanyResult, FleetReceipt
    from pleoctl.fleet.status import Standing
    from pleoctl.report.html import Html

_QUIET: Final = frozenset({"unchanged", "ignored"})


def receipt_text(receipt: FleetReceipt) -> Shown:
    """A line a company, then the totals."""
    if not receipt.companies:
        return Shown.lines(["No companies are selected."])
    rows = [[one.path, one.outcome, summary_words(one.summary), problem(one)] for one in receipt.companies]
    counts = Counter(one.outcome for one in receipt.companies)
    totals = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    heads = ["company", "outcome", "what", "problem"]
    return table(heads, rows) + Shown.lines(["", f"{many(len(receipt.companies), 'company')}: {totals}."])


def problem(result: CompanyResult) -> str:
    """What is wrong, in one sentence; an empty text where nothing is."""
    return "" if result.error is None else str(result.error.finding)


def summary_words(summary: dict[str, Any]) -> str:
    """What a run did or would do, in a few words."""
    if "jobs" in summary:
        jobs = summary["jobs"]
        return (
            ", ".join(f"{job['job']} {spoken(job['outcome'])}" for job in jobs[:3]) + (" …" if len(jobs) > 3 else "")
            or "no jobs"
        )
    statuses = summary.get("statuses")
    if statuses is not None:
        return tally(statuses) or "nothing to do"
    words = [f"{number} {name}" for name, number in summary.items() if number and name not in _QUIET]
    return ", ".join(words) or ("no changes" if summary else "")


def age(seconds: float | None) -> str:
    """A span in the one unit that fits it."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def counts(companies: Sequence[Standing]) -> list[tuple[str, int]]:
    """How many companies stand how, failures first."""
    found = Counter(one.state for one in companies)
    quiet = {"done": 1, "drifted": 0, "never": 2}
    return sorted(found.items(), key=lambda pair: (quiet.get(pair[0], -1), pair[0]))


def status_text(companies: Sequence[Standing], moment: datetime) -> Shown:
    """A line a company, then the totals."""
    if not companies:
        return Shown.lines(["No companies are selected."])
    rows = [cells(one, moment) for one in companies]
    totals = ", ".join(f"{number} {state}" for state, number in counts(companies))
    return table(HEADERS, rows) + Shown.lines(["", f"{many(len(companies), 'company')}: {totals}."])


HEADERS: Final = ["company", "state", "of", "ago", "drift", "held", "oldest job", "ends", "problem"]


def cells(one: Standing, moment: datetime) -> list[str]:
    """A company's line, cell by cell."""
    last = one.last
    ago = None if last is None else max(0.0, (moment - datetime.fromisoformat(last.finished_at)).total_seconds())
    numbers = ["" if value is None else str(value) for value in (one.drift, one.held)]
    command = "" if last is None else last.command
    return [
        one.path,
        one.state,
        command,
        age(ago),
        *numbers,
        age(one.open_seconds(moment)),
        _ends(one),
        one.problem or "",
    ]


def _ends(one: Standing) -> str:
    """The credential that ends soon, and on which day."""
    return "" if one.ends is None else f"{one.ends[1]} {one.ends[0][:10]}"


def status_html(companies: Sequence[Standing], moment: datetime, name: str) -> Html:
    """The page: sortable, without any request to elsewhere."""
    from pleoctl.report.html import page  # which takes as long to load as planning six small companies

    rows = [(one, cells(one, moment), _keys(one, moment)) for one in companies]
    return page(
        "fleet.html.j2",
        ["fleet.css"],
        "fleet.js",
        name=name,
        rows=rows,
        headers=HEADERS,
        counts=counts(companies),
        moment=moment.isoformat(timespec="seconds"),
    )


def _keys(one: Standing, moment: datetime) -> list[str]:
    """What the cells are sorted by."""
    last = one.last
    finished = "" if last is None else last.finished_at
    numbers = [value if value is not None else -1 for value in (one.drift, one.held, one.open_seconds(moment))]
    return [
        one.path,
        one.state,
        "" if last is None else last.command,
        finished,
        *map(str, numbers),
        _ends(one),
        one.problem or "",
    ]


def status_gauges(companies: Sequence[Standing], moment: datetime) -> bytes:
    """How the companies stand, as gauges for Prometheus."""
    return "".join(_gauges(companies, moment)).encode()


def _gauges(companies: Sequence[Standing], moment: datetime) -> Iterator[str]:
    runs = [(one.path, command, last) for one in companies for command, last in one.lasts.items()]
    ended = [((path, str(command)), _epoch(last.finished_at)) for path, command, last in runs]
    codes = [((path, str(command)), last.result.exit_code) for path, command, last in runs]
    opened = [((one.path,), age_of) for one in companies if (age_of := one.open_seconds(moment)) is not None]
    yield from family("fleet_company_state", ("path", "state"), [((one.path, one.state), 1) for one in companies])
    yield from family("fleet_last_run_timestamp_seconds", ("path", "command"), ended)
    yield from family("fleet_last_run_exit_code", ("path", "command"), codes)
    yield from family(
        "fleet_drift_changes", ("path",), [((o.path,), o.drift) for o in companies if o.drift is not None]
    )
    yield from family("fleet_held_rows", ("path",), [((o.path,), o.held) for o in companies if o.held is not None])
    yield from family("fleet_oldest_open_job_seconds", ("path",), opened)
    ends = [((one.path, one.ends[1]), _epoch(one.ends[0])) for one in companies if one.ends is not None]
    yield from family("fleet_credential_ends_timestamp_seconds", ("path", "credential"), ends)


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
