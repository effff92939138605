"""The laws of export jobs, checked on what a history did to the simulated Pleo and to the books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.testing.laws import demand

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
FINAL: Final = frozenset({"successful", "failed"})


def booked_once(records: Mapping[str, int]) -> None:
    """Law (a): no key has more than one live record."""
    for key, number in records.items():
        demand("no item is booked twice", number <= 1, f"{number} records of {key}")


def none_reported_unbooked(state: Json, held: Mapping[str, bool]) -> None:
    """Law (b): what Pleo has as successful stands in the books, with every part of it."""
    for item in state["exportItems"]:
        if item["status"] == "successful":
            entry = item["accountingEntryId"]
            demand("what is reported is booked", held.get(entry), f"{entry} is not in the books")


def one_outcome(state: Json) -> None:
    """Law (d): no item of a job is reported in two ways."""
    told: dict[tuple[str, str], tuple[Any, ...]] = {}
    for report in state["exportReports"]:
        if report.get("event") is None and report.get("stored"):
            name = report["jobId"], report["accountingEntryId"]
            outcome = report["status"], report.get("externalId"), report.get("failureReasonType")
            first = told.setdefault(name, outcome)
            demand("one outcome for one item", first == outcome, f"{name[1]}: {first}, then {outcome}")


def closed_once(state: Json) -> None:
    """A closing event is taken once, and no item is open behind it unless the job was failed (K1)."""
    events: dict[str, list[str]] = {}
    for report in state["exportReports"]:
        if report.get("event") and not report.get("error"):
            events.setdefault(report["jobId"], []).append(report["event"])
    for job, told in events.items():
        closing = [event for event in told if event != "started"]
        demand("a job is closed once", len(closing) <= 1, f"{job}: {told}")


def none_left(state: Json, wanted: Mapping[str, str], ended: frozenset[str], *, moved: bool = False) -> None:
    """Laws (c) and (e): in calm weather every job is over and every item has the outcome that is its own.

    ``ended`` are jobs that people, or their time, have ended. Where the books ``moved``, any item may be refused.
    """
    jobs = {job["id"]: job for job in state["exportJobs"]}
    for identity, job in jobs.items():
        demand("no job is left open", job["status"] not in {"pending", "in_progress"}, f"{identity}: {job['status']}")
    for item in state["exportItems"]:
        if item["jobId"] in ended:
            continue
        entry = item["accountingEntryId"]
        demand("no item is left", item["status"] in FINAL, f"{entry}: {item['status']}")
        right = item["status"] == wanted[entry] or (moved and item["status"] == "failed")
        demand("outcomes are right", right, f"{entry}: {item['status']}, not {wanted[entry]}")
