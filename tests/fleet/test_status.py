"""How a fleet stands, as text, json, page and gauges."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import Finding
from pleoctl.fleet.book import Last
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.fleet.status import Standing
from pleoctl.report.fleet import age, status_html

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.fleet.receipt import Command
    from shapes import Value
    from tests.conftest import Cli
    from tests.fleet.conftest import FleetFolder

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def last(command: Command, at: str, **result: Value) -> Last:
    """A run that ended in the hour of `NOW`."""
    code = result.pop("code", 0)
    ended = CompanyResult(path="p", **result).ended(code)
    return Last(command=command, run_id="r", finished_at=f"2026-03-01T{at}:00.000Z", result=ended)


def test_status_tells_what_runs_have_told(fleet: FleetFolder, cli: Cli) -> None:
    """The last run, its end, its problem; 1 where somebody must look."""
    assert cli("fleet", "status").code == 0
    fleet["north"].write(company="wrong")
    cli("fleet", "sync", "--select", "west")
    cli("fleet", "drift", "--select", "south")
    said = cli("fleet", "status", "--format", "json")
    assert said.code == 1
    assert [(one["state"], one["drift"]) for one in said.json["result"]] == [
        ("never", None),
        ("drifted", 1),
        ("done", 0),
    ]
    assert "is not a UUID" in said.json["result"][0]["problem"]
    text = cli("fleet", "status")
    assert "3 companies: 1 drifted, 1 done, 1 never." in text.stdout


STATES: dict[str, tuple[list[Last], str]] = {
    "another command clears nothing": ([last("sync", "09:00", code=3), last("jobs", "10:00")], "refused"),
    "the same command does": ([last("sync", "10:00"), last("jobs", "09:00", code=5), last("jobs", "11:00")], "done"),
    "drift is not hidden by jobs": ([last("drift", "09:00", code=2), last("jobs", "10:00")], "drifted"),
    "a plan is a look": ([last("plan", "10:00", code=2)], "never"),
    "a plan that failed is told": ([last("sync", "09:00"), last("plan", "10:00", code=78)], "failed"),
    "a sync does what a plan does": ([last("plan", "09:00", code=78), last("sync", "10:00")], "done"),
    "and an apply": ([last("apply", "09:00", code=4), last("sync", "10:00")], "done"),
    "but not before it": ([last("sync", "09:00"), last("apply", "10:00", code=4)], "stale"),
    "nor what failed": ([last("plan", "09:00", code=3), last("sync", "10:00", code=5)], "partial"),
    "an apply leaves no drift": ([last("drift", "09:00", code=2), last("apply", "10:00")], "done"),
    "but reads no books": ([last("sync", "09:00", code=78), last("apply", "10:00")], "failed"),
}


@pytest.mark.parametrize("case", STATES)
def test_the_state_is_the_worst_of_each_command(case: str) -> None:
    """A bad end stays until the same command ends well, or a sync where it does the same and more."""
    runs, state = STATES[case]
    standing = Standing("p", None, {one.command: one for one in runs})
    assert (standing.state, standing.failing) == (state, state not in {"done", "drifted", "never"})


def test_a_look_hides_no_failure(fleet: FleetFolder, cli: Cli) -> None:
    """A refused sync is told and chosen after a round of jobs; so is a plan that cannot be made."""
    (fleet["north"].folder / "accounts.csv").write_text("externalId,code\n1,2\n")
    cli("fleet", "sync", "--select", "north")
    (fleet["south"].folder / "desired-state.yaml").write_text("kind: [")
    cli("fleet", "plan", "--select", "south")
    assert cli("fleet", "jobs").code == 0
    said = cli("fleet", "status", "--format", "json")
    assert (said.code, [one["state"] for one in said.json["result"]]) == (1, ["failed", "failed", "done"])
    assert [run["path"] for run in cli("fleet", "list", "--status", "failed", "--format", "json").json["result"]] == [
        "companies/north/pleoctl.yaml",
        "companies/south/pleoctl.yaml",
    ]


def test_status_gives_gauges(fleet: FleetFolder, cli: Cli) -> None:
    """In the file of --metrics, beside the command's own."""
    cli("fleet", "sync", "--select", "west")
    assert cli("fleet", "status", "--metrics", "fleet.prom").code == 0
    lines = (fleet.root / "fleet.prom").read_text().splitlines()
    path = 'path="companies/west/pleoctl.yaml"'
    assert f'pleoctl_fleet_company_state{{{path},state="done"}} 1' in lines
    assert f'pleoctl_fleet_last_run_exit_code{{{path},command="sync"}} 0' in lines
    assert f"pleoctl_fleet_drift_changes{{{path}}} 0" in lines
    assert any(line.startswith("pleoctl_info") for line in lines)


def test_a_bad_end_is_never_without_a_reason() -> None:
    """A run that ends with 1 since its receipt could not be stored says so, though that is but a warning."""
    told = [Finding("no-key", "a warning", "warning"), Finding("error", "the first error")]
    for findings, code, words in ((told, 1, "the first error"), (told[:1], 1, "a warning"), (told[:1], 2, None)):
        error = CompanyResult(path="p").ended(code, findings).error
        assert (None if error is None else error.message) == words


def test_drift_is_what_the_newest_look_found() -> None:
    """A sync that is done leaves none; one that failed tells nothing."""
    drift = last("drift", "10:00", code=2, summary={"create": 2, "archive": 1, "held": 4})
    assert Standing("p", None, {"drift": drift}).drift == 3
    assert Standing("p", None, {"drift": drift}).held == 4
    assert Standing("p", None, {"drift": drift, "sync": last("sync", "11:00", summary={"create": 3})}).drift == 0
    failed = last("sync", "11:00", code=5, summary={"create": 3})
    assert Standing("p", None, {"drift": drift, "sync": failed}).drift is None


def test_the_oldest_open_job_has_its_age() -> None:
    """By the round of jobs that saw it last."""
    jobs = last("jobs", "11:00", summary={"jobs": [], "oldestOpen": "2026-03-01T09:00:00Z"})
    assert Standing("p", None, {"jobs": jobs}).open_seconds(NOW) == 3 * 3600
    assert [age(value) for value in (None, 59, 240, 7200, 200_000)] == ["", "59s", "4m", "2h", "2d"]


def test_the_page_escapes_and_asks_nobody() -> None:
    """A path is text; only the page's own style and script may run."""
    page = str(status_html([Standing("<b>x</b>/pleoctl.yaml", None, {})], NOW, "fleet"))
    assert "<b>x" not in page
    assert "default-src 'none'" in unescape(page)
    assert "http" not in page.replace("http-equiv", "")


CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="no chromium with its driver")
def test_the_page_sorts_and_filters_in_a_browser(tmp_path: Path) -> None:
    """By a click on a column, numbers as numbers; a search leaves what matches; nothing is complained of."""
    from browser import start

    runs = [("b", 10), ("a", 9), ("c", 100)]
    rows = [Standing(name, None, {"drift": last("drift", "10:00", code=2, summary={"create": n})}) for name, n in runs]
    (tmp_path / "fleet.html").write_bytes(bytes(status_html(rows, NOW, "fleet")))
    chrome = start(str(CHROMIUM), str(DRIVER), tmp_path / "profile")
    try:
        chrome.get((tmp_path / "fleet.html").as_uri())

        def shown() -> list[str]:
            return [
                row.text.split()[0] for row in chrome.find_elements("css selector", "tbody tr") if row.is_displayed()
            ]

        heads = chrome.find_elements("css selector", "th button")
        heads[4].click()
        assert shown() == ["a", "b", "c"]
        heads[4].click()
        assert shown() == ["c", "b", "a"]
        chrome.find_element("id", "search").send_keys("100")
        assert shown() == ["c"]
        assert chrome.get_log("browser") == []  # type: ignore[no-untyped-call]
    finally:
        chrome.quit()


def test_what_ends_soon_is_shown(fleet: FleetFolder, cli: Cli) -> None:
    """The first of a company's credentials: in a column, in JSON and as a gauge."""
    soon = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    fleet["west"].write(expires={"pleo": soon, "source": "2999-01-01"})
    cli("fleet", "drift", "--select", "west")
    said = cli("fleet", "status", "--format", "json", "--metrics", "fleet.prom").json["result"]
    told = {one["path"]: one["expiring"] for one in said if one["expiring"]}
    assert told == {"companies/west/pleoctl.yaml": {"credential": "pleo credential", "at": f"{soon}T00:00:00+00:00"}}
    assert f"pleo credential {soon}" in cli("fleet", "status").stdout
    assert 'credential_ends_timestamp_seconds{path="companies/west' in (fleet.root / "fleet.prom").read_text()
