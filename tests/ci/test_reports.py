"""What validate, plan, show and apply write beside their output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from plans import hostile_plan
from pleoctl.forge.annotations import SUMMARY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli

ACCOUNTS = [{"externalId": "ext-1000", "code": "1000", "name": "Office"}]
BAD = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n- {externalId: 0100, name: A}\n"


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A step of GitHub Actions in the repository of this test; gives the step's summary."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path / "summary.md"


@pytest.fixture
def books(pleo: Sandbox, workspace: Callable[..., Path], desired: Callable[..., Path]) -> Path:
    """A workspace whose plan renames one account and archives another: the guard refuses nothing."""
    folder = workspace(pleo, guard={"maxArchive": {"count": 5, "share": 1}})
    desired(folder, accounts=ACCOUNTS)
    return folder


def _failures(path: Path) -> list[tuple[str | None, str | None]]:
    return [(c.get("file"), c.get("line")) for c in ET.parse(path).iter("testcase") if c.find("failure") is not None]


def test_validate_reports_what_it_finds(books: Path, cli: Cli) -> None:
    """A mistake in a file is a failed case and a SARIF result at its line; the exit code stays."""
    (books / "desired-state.yaml").write_text(BAD)
    assert cli("validate", "--junit", "v.xml", "--sarif", "v.sarif").code == 78
    assert _failures(books / "v.xml") == [("desired-state.yaml", "4")]
    region = json.loads((books / "v.sarif").read_bytes())["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert region["artifactLocation"]["uri"] == "desired-state.yaml"
    assert region["region"]["startLine"] == 4


def test_validate_reports_a_clean_workspace(books: Path, cli: Cli) -> None:
    """Each file that was looked at is a case that passes."""
    assert cli("validate", "--junit", "v.xml", "--sarif", "v.sarif").code == 0
    files = [case.get("file") for case in ET.parse(books / "v.xml").iter("testcase")]
    assert files == ["pleoctl.yaml", "desired-state.yaml"]
    assert json.loads((books / "v.sarif").read_bytes())["runs"][0]["results"] == []


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_an_error_is_in_the_reports_too(books: Path, cli: Cli, command: str) -> None:
    """A report never says less than the exit code: what ends a command is a failure in both."""
    (books / "pleoctl.yaml").write_text("kind: Workspace\n")
    assert cli(command, "--junit", "r.xml", "--sarif", "r.sarif").code == 78
    assert _failures(books / "r.xml") != []
    assert json.loads((books / "r.sarif").read_bytes())["runs"][0]["results"] != []


def test_a_bug_is_in_the_reports_too(books: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody expected must not look like success."""
    monkeypatch.setattr("pleoctl.fleet.planning.prepare", lambda *_, **__: 1 / 0)
    assert cli("plan", "--junit", "r.xml").code == 1
    assert len(_failures(books / "r.xml")) == 1


def test_a_report_that_cannot_be_written_is_an_error(books: Path, cli: Cli) -> None:
    """Both what went wrong first and the unwritable report are told."""
    (books / "folder").mkdir()
    assert cli("validate", "--junit", "folder").code == 1
    (books / "desired-state.yaml").write_text(BAD)
    said = cli("plan", "--junit", "folder", "--format", "json")
    assert said.code == 78
    assert {f["file"] for f in said.json["findings"]} == {"desired-state.yaml", "folder"}


def test_plan_reports_the_guard(books: Path, desired: Callable[..., Path], cli: Cli) -> None:
    """What the guard refuses fails a case; the plan is written all the same."""
    desired(books, accounts=[])
    assert cli("plan", "-o", "plan.json", "--junit", "p.xml", "--sarif", "p.sarif").code == 3
    assert _failures(books / "p.xml") == [("desired-state.yaml", None)]
    assert (books / "plan.json").exists()


def test_plan_and_show_write_gitlabs_counts(books: Path, cli: Cli) -> None:
    """The counts of a plan are the same from both commands."""
    assert cli("plan", "-o", "plan.json", "--gitlab-report", "a.json").code == 0
    assert cli("show", "plan.json", "--gitlab-report", "b.json").code == 0
    assert json.loads((books / "a.json").read_bytes()) == {"create": 0, "update": 1, "delete": 1}
    assert (books / "a.json").read_bytes() == (books / "b.json").read_bytes()


def test_actions_get_annotations_and_a_summary(books: Path, cli: Cli, actions: Path) -> None:
    """Annotations go to stderr, so that stdout stays the plan; the summary is the plan as markdown."""
    (books / "sub").mkdir()
    said = cli("plan", "-o", "plan.json", "--format", "json")
    assert said.json["kind"] == "Plan"
    assert "::warning title=pleoctl never-in-source,file=desired-state.yaml::account:ext-2000" in said.stderr
    assert "pleoctl apply plan.json --expect-id" in actions.read_text(encoding="utf-8")


def test_annotations_name_files_from_the_top_of_the_repository(
    books: Path, cli: Cli, actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace in a folder of the repository has that folder in its annotations."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(books.parent))
    (books / "desired-state.yaml").write_text(BAD)
    said = cli("validate", "--sarif", "v.sarif")
    assert f"file={books.name}/desired-state.yaml,line=4" in said.stderr
    assert f'"uri": "{books.name}/desired-state.yaml"' in (books / "v.sarif").read_text()
    assert "**error**" in actions.read_text(encoding="utf-8")


@pytest.mark.usefixtures("books")
def test_the_summary_stays_below_what_github_takes(cli: Cli, actions: Path) -> None:
    """Steps share one summary; what no longer fits is left out rather than losing all of it."""
    actions.write_bytes(b"x" * (SUMMARY_BYTES - 300))
    assert cli("plan").code == 0
    assert SUMMARY_BYTES - 300 < actions.stat().st_size <= SUMMARY_BYTES
    actions.write_bytes(b"x" * SUMMARY_BYTES)
    assert cli("plan").code == 0
    assert actions.stat().st_size == SUMMARY_BYTES


def test_outside_of_actions_there_are_no_annotations(books: Path, cli: Cli) -> None:
    """Nobody wants workflow commands on a terminal."""
    (books / "desired-state.yaml").write_text(BAD)
    assert "::error" not in cli("validate").stderr


@pytest.mark.usefixtures("books")
def test_an_apply_has_annotations_and_a_summary(cli: Cli, actions: Path, pleo: Sandbox) -> None:
    """The outcome stands in the summary; a plan that is stale is an annotation."""
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json").code == 0
    assert "## Apply: done" in actions.read_text(encoding="utf-8")
    pleo.put_account("ext-1000", name="Changed by hand")
    said = cli("apply", "plan.json")
    assert said.code == 4
    assert "::error title=pleoctl " in said.stderr
    assert "## Apply: stale" in actions.read_text(encoding="utf-8")


def test_events_are_the_journal_as_it_happens(books: Path, cli: Cli) -> None:
    """The events are the run's start, the lines of its journal in their order, and its end with the outcome."""
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json", "--events", "events.jsonl").code == 0
    events = [json.loads(line) for line in (books / "events.jsonl").read_text().splitlines()]
    (run,) = (path for path in (books / ".pleoctl/runs").iterdir() if path.is_dir())
    journal = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    assert events[1:-1] == journal
    assert (events[0]["event"], events[0]["runId"], events[0]["changes"]) == ("started", run.name, 2)
    assert events[0]["planId"] == json.loads((books / "plan.json").read_bytes())["id"]
    assert (events[-1]["event"], events[-1]["outcome"], events[-1]["counts"]) == ("finished", "done", {"done": 2})


def test_events_that_cannot_be_opened_stop_the_run_before_it_starts(books: Path, cli: Cli, pleo: Sandbox) -> None:
    """Nothing is sent."""
    cli("plan", "-o", "plan.json")
    before = pleo.state()
    assert cli("apply", "plan.json", "--events", str(books)).code == 1
    assert pleo.state() == before


@pytest.mark.usefixtures("books")
def test_events_whose_reader_goes_away_do_not_stop_the_run(cli: Cli) -> None:
    """A full disk behind the events is a warning; the apply is done."""
    cli("plan", "-o", "plan.json")
    said = cli("apply", "plan.json", "--events", "/dev/full")
    assert said.code == 0
    assert "events could not be written" in said.stderr
    assert cli("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("size", [2_000, 30_000])
def test_show_keeps_the_size_that_is_asked_for(cli: Cli, tmp_path: Path, size: int) -> None:
    """--max-bytes is the most that markdown takes."""
    path = tmp_path / "plan.json"
    path.write_bytes(hostile_plan(900, 3).bytes)
    said = cli("show", str(path), "--format", "markdown", "--max-bytes", str(size))
    assert said.code == 0
    assert size / 2 < len(said.stdout.encode()) <= size


def test_show_makes_a_page(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page names the commit of the CI system."""
    path = tmp_path / "plan.json"
    path.write_bytes(hostile_plan(90, 3).bytes)
    monkeypatch.setenv("CI_COMMIT_SHA", "f6266bab")
    said = cli("show", str(path), "--format", "html")
    assert said.stdout.startswith("<!doctype html>")
    assert "<code>f6266bab</code>" in said.stdout
