"""Export jobs from the command line: planned, booked once, reported truly, closed once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from export_pleo import AT, COMPANY, JOB, OTHER, World, item_id, payload
from job_outcomes import booked, outcomes
from pleoctl.documents.canonical import canonical_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from job_outcomes import MakeBooks
    from shapes import Json, Value
    from tests.conftest import Cli


def test_a_job_is_planned_applied_reported_and_closed(world: World, books: MakeBooks, cli: Cli) -> None:
    """All items stand in the books once, are reported successful once, and the job is completed by one event."""
    folder = books()
    made = cli("jobs", "plan", "-o", "plan.json", "--format", "json")
    assert (made.code, made.stdout) == (0, (folder / "plan.json").read_text())
    assert made.json["summary"]["book"] == 3
    assert world.writes == []
    done = cli("apply", "plan.json", "--format", "json", "--receipt", "receipt.json")
    assert done.code == 0, done.stderr
    assert done.stdout == (folder / "receipt.json").read_text()
    assert done.json["job"] == {"id": JOB, "outcome": "completed"}
    assert [change["reported"] for change in done.json["changes"]] == ["successful"] * 3
    assert booked(folder) == {item_id(n): 1 for n in (1, 2, 3)}
    assert outcomes(world) == {item_id(n): ["successful"] for n in (1, 2, 3)}
    assert world.events == ["started", "completed"]
    assert cli("jobs", "plan").stdout == "There is no export job.\n"


def test_a_plan_that_was_carried_out_says_what_became_of_its_items(world: World, books: MakeBooks, cli: Cli) -> None:
    """The job is over (exit 4), nothing is sent, and each item is told as Pleo has it, one that it gave up as well."""
    world.payloads[JOB][1]["accountingEntryLines"][0]["account"] = None
    books()
    said = cli("jobs", "plan", "-o", "plan.json")
    assert (said.code, said.stdout.splitlines()[-1]) == (
        0,
        "Saved to plan.json. Carry it out with: pleoctl apply plan.json",
    )
    assert cli("apply", "plan.json").code == 5
    sent = len(world.writes)
    again = cli("apply", "plan.json")
    assert again.code == 4
    assert "nothing was tried" not in again.stdout
    assert "2 already done, 1 failed" in again.stdout
    assert "export again in Pleo what is not booked" in again.stderr
    world.items[JOB][0]["status"] = "abandoned"
    told = cli("apply", "plan.json", "--format", "json").json["changes"]
    assert [(one["status"], one["reported"]) for one in told] == [
        ("notAttempted", None),
        ("failed", "failed"),
        ("alreadyDone", "successful"),
    ]
    assert told[2]["externalId"] == f"{JOB}/3"
    assert "abandoned" in told[0]["error"]["message"]
    for item in world.items[JOB]:
        item["status"] = "successful"
    assert "the plan is carried out" in cli("apply", "plan.json").stderr
    assert len(world.writes) == sent


def test_a_plan_is_canonical_and_the_same_again(books: MakeBooks, cli: Cli) -> None:
    """The same job, books and rules give the same bytes."""
    books()
    first, second = (cli("jobs", "plan", "--format", "json") for _ in range(2))
    assert first.stdout == second.stdout
    assert first.stdout.encode() == canonical_bytes(first.json)


def test_new_accounts_and_rules_are_marked_where_a_plan_is_shown(world: World, books: MakeBooks, cli: Cli) -> None:
    """By what earlier jobs of the workspace booked; the plan's bytes say nothing of it."""
    folder = books()
    world.add(OTHER, [payload(9)], createdAt="2026-03-19T10:00:00Z")
    world.payloads[JOB][1]["accountingEntryLines"][0]["account"]["code"] = "6110"
    before = cli("jobs", "plan", JOB, "-o", "plan.json")
    assert "new account" not in before.stdout
    assert "nothing was booked from this workspace yet" in before.stdout
    assert cli("jobs", "run", OTHER).code == 0
    for form in ("text", "markdown", "html"):
        for said in (cli("jobs", "plan", JOB, "--format", form), cli("show", "plan.json", "--format", form)):
            assert said.code == 0
            assert "new account 6110" in said.stdout
            assert "new account 5810" not in said.stdout
    assert cli("jobs", "plan", JOB, "--format", "json").stdout == (folder / "plan.json").read_text()
    assert cli("apply", "plan.json").code == 0
    assert "new account" not in cli("show", "plan.json").stdout


def test_a_refused_item_is_reported_failed_with_its_reason(world: World, books: MakeBooks, cli: Cli) -> None:
    """One item's failure stops no other; the job is completed with errors, and the run ends with 5 (E4, K1)."""
    world.payloads[JOB][1]["accountingEntryLines"][0]["account"] = None
    folder = books()
    assert cli("jobs", "run").code == 5
    assert booked(folder) == {item_id(1): 1, item_id(3): 1}
    (told,) = world.statuses[item_id(2)]
    assert (told["status"], told["failureReasonType"]) == ("failed", "missing_configuration")
    assert world.events == ["started", "completed_with_errors"]


def test_a_job_of_refused_items_fails_with_their_common_reason(world: World, books: MakeBooks, cli: Cli) -> None:
    """The closing event says how many items failed of what."""
    for row in world.payloads[JOB]:
        row["accountingEntryLines"][0]["account"] = None
    books()
    assert cli("jobs", "run").code == 5
    _, closing = (body for what, body in world.writes if what == "event")
    assert (closing["event"], closing["failureReasonType"]) == ("failed", "missing_configuration")
    assert "3 × missing_configuration" in closing["failureReason"]


@pytest.mark.parametrize("number", [0, 1, 100, 101])
def test_a_job_takes_the_least_requests(number: int, books: MakeBooks, cli: Cli, world: World) -> None:
    """No more than 4⌈n/100⌉ + 4 requests carry a plan out (a list has one page at least)."""
    world.add(JOB, [payload(n) for n in range(number)])
    books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    world.requests.clear()
    assert cli("apply", "plan.json").code == 0
    assert len(world.requests) <= 4 * max(1, -(-number // 100)) + 4
    assert world.jobs[JOB]["status"] == "completed"


def change_item(world: World, _folder: object) -> None:
    """An item says something else."""
    world.payloads[JOB][0]["note"] = "changed"


def grow(world: World, _folder: object) -> None:
    """The job has one more item."""
    world.add(JOB, [payload(n) for n in range(1, 5)])


def test_each_job_of_a_round_counts_its_own_requests(world: World, books: MakeBooks, cli: Cli) -> None:
    """The plan of a later job is that of `jobs plan`, byte for byte, and no receipt tells what another job took."""
    folder = books()
    world.add(OTHER, [payload(9)], createdAt="2026-03-21T10:00:00Z")
    alone = cli("jobs", "plan", OTHER, "--format", "json").stdout
    assert cli("jobs", "run").code == 0
    runs = sorted((folder / ".pleoctl/runs").glob("2*"))
    assert (runs[1] / "plan.json").read_text() == alone
    first, second = (json.loads((run / "receipt.json").read_text())["requests"] for run in runs)
    assert (first, second["write"]) == (second, 3)


def test_a_job_is_not_failed_without_a_reason(world: World, books: MakeBooks, cli: Cli) -> None:
    """The people in Pleo read it."""
    books()
    assert cli("jobs", "fail", JOB, "--type", "validation_failure", "--reason", " ").code == 64
    assert world.requests == []


def close(world: World, _folder: object) -> None:
    """The job has expired."""
    world.jobs[JOB]["status"] = "failed"


def change_rules(_world: World, folder: Value) -> None:
    """The mapping is another one."""
    path = folder / "mapping.yaml"
    path.write_text(path.read_text().replace("1930", "1931"))


def change_sink(_world: World, folder: Value) -> None:
    """Entries would go elsewhere."""
    path = folder / "pleoctl.yaml"
    path.write_text(path.read_text().replace('"books"', '"elsewhere"'))


@pytest.mark.parametrize("moves", [change_item, grow, close, change_rules, change_sink])
def test_what_moved_since_the_plan_stops_it(
    moves: Callable[[World, Value], None], world: World, books: MakeBooks, cli: Cli
) -> None:
    """Exit 4, with nothing sent and nothing booked."""
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    moves(world, folder)
    done = cli("apply", "plan.json", "--format", "json")
    assert (done.code, done.json["outcome"]) == (4, "stale")
    assert world.writes == []
    assert not booked(folder)


def test_links_are_signed_anew_and_change_nothing(world: World, books: MakeBooks, cli: Cli) -> None:
    """A plan holds no link and does not grow stale by one."""
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": "https://files.example/secret?1"}]
    folder = books(posting={"attachments": "skip"})
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    assert "secret" not in (folder / "plan.json").read_text()
    world.payloads[JOB][0]["files"][0]["url"] = "https://files.example/secret?2"
    assert cli("apply", "plan.json").code == 0


@pytest.mark.parametrize("how", ["--take-over", "workspace"])
def test_a_job_of_another_runner_is_left_alone(how: str, world: World, books: MakeBooks, cli: Cli) -> None:
    """A job in progress that was not started here is exit 6 before any write, unless somebody says otherwise."""
    world.jobs[JOB]["status"] = "in_progress"
    folder = books()
    assert "in-progress-elsewhere" in cli("jobs", "plan", "-o", "plan.json").stdout
    assert cli("apply", "plan.json").code == 6
    assert cli("jobs", "run").code == 6
    assert (world.writes, booked(folder)) == ([], {})
    if how == "workspace":
        books(jobs={"takeOver": True})
    assert cli("apply", "plan.json", *([how] if how != "workspace" else [])).code == 0
    assert world.events == ["completed"]


def test_review_can_be_required(world: World, books: MakeBooks, cli: Cli) -> None:
    """`jobs run` is refused where a person is to see each plan."""
    books(posting={"requireReview": True})
    assert cli("jobs", "run").code == 3
    assert world.writes == []


@pytest.mark.parametrize(
    ("changed", "option"),
    [
        ({"company": COMPANY.replace("1", "2")}, []),
        ({"pleo": {"url": "http://127.0.0.1:9", "auth": {"apiKey": "env:PLEO_API_KEY"}}}, []),
        ({}, ["--expect-id", "sha256:other"]),
    ],
    ids=["company", "url", "id"],
)
def test_a_refused_plan_leaves_a_receipt(
    changed: Json, option: list[str], world: World, books: MakeBooks, cli: Cli
) -> None:
    """As that of any other plan: in the log, in `--receipt` and on standard output, with nothing attempted."""
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    books(**changed)
    said = cli("apply", "plan.json", "--receipt", "kept.json", "--format", "json", *option)
    assert (said.code, said.json["outcome"], said.json["job"]["outcome"]) == (3, "refused", "open")
    assert {change["status"] for change in said.json["changes"]} == {"notAttempted"}
    assert (folder / "kept.json").read_text() == said.stdout
    (told,) = cli("log", "--format", "json").json["result"]
    assert told["outcome"] == "refused"
    assert world.writes == []


def test_items_of_a_job_that_is_over_cannot_be_fetched(world: World, books: MakeBooks, cli: Cli) -> None:
    """Exit 4 with a sentence, as wherever a job is over; no file is made."""
    folder = books()
    world.jobs[JOB]["status"] = "completed"
    done = cli("jobs", "fetch", JOB, "-o", "items.jsonl")
    assert (done.code, done.stdout) == (4, "")
    assert f"export job {JOB} is over, and Pleo gives the items of open jobs only" in done.stderr
    assert cli("jobs", "fetch", JOB, "--format", "json").json["command"] == "jobs fetch"
    assert not (folder / "items.jsonl").exists()


def test_jobs_are_listed_and_fetched(world: World, books: MakeBooks, cli: Cli) -> None:
    """Oldest first with the moment of expiry; items come as `map` reads them."""
    world.add(OTHER, [], createdAt="2026-03-19T10:00:00Z", status="completed")
    books()
    listed = cli("jobs", "list", "--format", "json").json["result"]
    assert [job["id"] for job in listed] == [OTHER, JOB]
    assert listed[0]["expiresAt"] is None
    assert listed[1] == {
        "id": JOB,
        "status": "pending",
        "items": 3,
        "createdAt": AT,
        "expiresAt": "2026-03-20T11:00:00Z",
    }
    assert [job["id"] for job in cli("jobs", "list", "--status", "pending", "--format", "json").json["result"]] == [JOB]
    fetched = cli("jobs", "fetch", JOB, "-o", "items.jsonl")
    assert (fetched.code, fetched.stdout) == (0, "")
    mapped = [json.loads(line) for line in cli("map", "items.jsonl", "--no-catalog").stdout.splitlines()]
    assert [entry["accountingEntryId"] for entry in mapped] == [item_id(n) for n in (1, 2, 3)]
    world.add(OTHER, [])
    assert cli("jobs", "fetch", OTHER, "-o", "none.jsonl").code == 0
    none = cli("map", "none.jsonl", "--no-catalog")
    assert (none.code, none.stdout) == (0, "")


def test_runs_of_jobs_stand_in_the_log(books: MakeBooks, cli: Cli) -> None:
    """`log` reads receipts of jobs as well; `undo` says in one line that it takes none back."""
    books()
    assert cli("jobs", "run").code == 0
    (told,) = cli("log", "--format", "json").json["result"]
    assert (told["outcome"], told["counts"]) == ("done", {"done": 3})
    said = cli("undo", told["runId"])
    assert (said.code, said.stderr.count("\n")) == (3, 1)
    assert f"is the receipt of export job {JOB}, which cannot be taken back (" in said.stderr


def test_missing_contra_accounts_fail_the_job_of_a_run(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan says what to mend in Pleo; `jobs run` closes the job with that reason (F3)."""
    read = World.read

    def refuse(self: World, path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        if path.endswith("export-items"):
            return 400, {"type": "MISSING_CONTRA_ACCOUNTS", "message": "EUR has none"}
        return read(self, path, query)

    monkeypatch.setattr(World, "read", refuse)
    books()
    said = cli("jobs", "plan")
    assert said.code == 1
    assert "Contra accounts" in said.stderr
    assert world.writes == []
    assert cli("jobs", "run").code == 1
    assert world.events == ["started", "failed"]


def test_a_job_can_be_failed_until_it_is_booked(world: World, books: MakeBooks, cli: Cli) -> None:
    """`jobs fail` starts and closes it; with an item in the books and not reported it is refused, closed is 4."""
    books()
    fail = ("jobs", "fail", JOB, "--reason", "no journal", "--type")
    assert cli(*fail, "nonsense").code == 64
    world.faults = {2: "before", 3: "before", 4: "before"}
    assert cli("jobs", "run").code == 5
    assert cli(*fail, "invalid_configuration").code == 3
    world.add(JOB, [payload(9)])
    assert cli(*fail, "invalid_configuration").code == 0
    assert world.events[-2:] == ["started", "failed"]
    assert cli(*fail, "invalid_configuration").code == 4


def test_two_jobs_are_booked_one_after_the_other(books: MakeBooks, cli: Cli, world: World) -> None:
    """Oldest first, each closed before the next is started (E6)."""
    world.add(OTHER, [payload(8)], createdAt="2026-03-19T10:00:00Z")
    books()
    assert cli("jobs", "run").code == 0
    events = [(body["jobId"], body["event"]) for what, body in world.writes if what == "event"]
    assert events == [(OTHER, "started"), (OTHER, "completed"), (JOB, "started"), (JOB, "completed")]


def test_a_receipt_is_shown(world: World, books: MakeBooks, cli: Cli) -> None:
    """What went wrong, then the counts; in its own bytes as json; as a page what went wrong first."""
    world.payloads[JOB][1]["accountingEntryLines"][0]["account"] = None
    folder = books()
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 5
    text = cli("show", "receipt.json").stdout
    assert f"failed refuse item:{item_id(2)}" in text
    assert "2 done, 1 failed." in text
    assert "2 done, 1 failed." in cli("show", "receipt.json", "--format", "markdown").stdout
    assert cli("show", "receipt.json", "--format", "json").stdout == (folder / "receipt.json").read_text()
    for option in (["--gitlab-report", "counts.json"], ["--max-bytes", "500"], ["--brief"]):
        for file in ("plan.json", "receipt.json"):
            said = cli("show", file, *option)
            assert (said.code, f"{option[0]} is for plans of `plan`" in said.stderr) == (64, True)
    (folder / "receipt.json").write_text(
        (folder / "receipt.json").read_text().replace('"message": "', '"message": "<b>')
    )
    page = cli("show", "receipt.json", "--format", "html").stdout
    cells = re.findall(r'<th scope="row">(.*?)</th><td><bdi>(.*?)</bdi>', page)
    assert cells == [("failed", "refuse"), ("done", "book"), ("done", "book")]
    assert (f"Receipt of export job {JOB}, completed with errors" in page, "<b>" in page, "&lt;b&gt;" in page) == (
        True,
        False,
        True,
    )


def test_watching_ends_with_the_signal_and_books_what_comes(world: World, books: MakeBooks) -> None:
    """`jobs run --watch` tells one line a job and ends with 143 at SIGTERM."""
    books()
    command = [sys.executable, "-m", "pleoctl", "jobs", "run", "--watch", "1h"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        told = running.stderr.readline()
        running.terminate()
        assert running.wait(30) == 143
    assert told == f"job {JOB}: completed (3 done)\n"
    assert world.events == ["started", "completed"]
