"""Whatever dies or is lost, at every step: nothing is booked twice, nothing is reported that the books do not hold."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from export_pleo import JOB, World, item_id
from job_outcomes import ALL, booked, outcomes, settled
from pleoctl.run.journal import Journal
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from shapes import Json, Value
    from tests.conftest import Cli

PROGRAM = Path(__file__).parents[1] / "support" / "books_program.py"


def program(folder: str, mode: str = "ok", at: int = 0, **settings: Value) -> Json:
    """An exec sink that misbehaves at its ``at``-th request."""
    command = [sys.executable, str(PROGRAM), f"{folder}/program.jsonl", mode, str(at)]
    return {"type": "exec", "command": command, **settings}


def rows(folder: Path) -> list[Json]:
    """What the program's books hold."""
    path = folder / "program.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("how", ["before", "after", "half", "408", "303"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.usefixtures("time")
def test_answers_of_pleo_are_lost_at_every_write(
    number: int,
    how: str,
    world: World,
    books: MakeBooks,
    cli: Cli,
) -> None:
    """The same run settles one lost answer, before or behind the commit, and a call of which half was stored."""
    folder = books()
    world.faults = {number: how}
    done = cli("jobs", "run")
    assert done.code == 0, done.stderr
    assert booked(folder) == ALL
    settled(world, cli)


@pytest.mark.parametrize(("number", "status"), [(1, "423"), (1, "429"), (2, "400"), (3, "409"), (3, "429")])
@pytest.mark.usefixtures("time")
def test_what_is_denied_and_carried_out_all_the_same_is_seen(
    number: int, status: str, world: World, books: MakeBooks, cli: Cli
) -> None:
    """Statuses and the closing event are looked for; of a start that is refused nobody knows whose the job is."""
    folder = books()
    world.faults = {number: status}
    done = cli("jobs", "run")
    assert done.code == (4 if number == 1 and status != "429" else 0), done.stdout + done.stderr
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.usefixtures("time")
def test_a_write_that_never_gets_through_leaves_the_job_open(
    number: int,
    world: World,
    books: MakeBooks,
    cli: Cli,
) -> None:
    """The run ends without a wrong report; the next one finishes the job."""
    folder = books()
    world.faults = dict.fromkeys(range(number, 20), "before")
    done = cli("jobs", "run")
    assert done.code in {4, 5}
    assert world.jobs[JOB]["status"] != "completed"
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.parametrize("always", [False, True])
def test_a_payload_that_does_not_come_is_asked_for_again(
    always: bool, world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short list must not fail an item; one whose payload does not come the second time either is refused."""
    books()
    read, times = world.read, iter(range(9))

    def short(path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        status, body = read(path, query)
        if path.endswith("export-items") and (always or next(times) == 0):
            body["data"], body["pagination"]["total"] = body["data"][:-1], None
        return status, body

    monkeypatch.setattr(world, "read", short)
    plan = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in plan["changes"]] == ["book", "book", "refuse" if always else "book"]
    assert sum(request.endswith("export-items") for request in world.requests) == 2


@pytest.mark.parametrize("number", range(1, 9))
def test_a_process_that_dies_at_a_line_of_its_journal(
    number: int, world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run books the rest, and each item once."""
    folder = books()
    left = [number]
    write = Journal.write

    def dying(self: Journal, *arguments: Value, **details: Value) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Death
        write(self, *arguments, **details)

    monkeypatch.setattr(Journal, "write", dying)
    with suppress(Death):
        cli("jobs", "run")
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.parametrize("number", range(1, 12))
def test_a_process_that_dies_while_it_writes_a_file(
    number: int,
    world: World,
    books: MakeBooks,
    cli: Cli,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every file is whole at any moment, and the next run ends right."""
    folder = books()
    left = [number]

    def dying(_descriptor: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Death

    monkeypatch.setattr(time, "sync", dying)
    with suppress(Death):
        cli("jobs", "run")
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.parametrize("mode", ["die", "forget", "mumble"])
@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.usefixtures("time")
def test_a_program_fails_at_every_request(
    number: int,
    mode: str,
    world: World,
    books: MakeBooks,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Books that are a program which dies or mumbles once: everything is booked once and reported truly."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    books(program(str(tmp_path), mode, number))
    cli("jobs", "run")
    held = {row["key"] for row in rows(tmp_path)}
    assert {item for item, said in outcomes(world).items() if said == ["successful"]} <= held
    settled(world, cli)
    assert Counter(row["key"] for row in rows(tmp_path)) == ALL


@pytest.mark.usefixtures("time")
def test_a_program_that_says_two_things_at_once_has_said_nothing(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that stands twice in an answer leaves open which of them is meant: no plan says that nothing is booked."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    found = json.dumps({"found": {item_id(1): {"id": "7"}}})
    answers = {"hello": '{"drafts": true}', "find": f'{found[:-1]}, "found": {{}}}}'}
    lines = f"import json, sys\nfor line in sys.stdin:\n    print({answers!r}[json.loads(line)['op']], flush=True)"
    books({"type": "exec", "command": [sys.executable, "-c", lines]})
    said = cli("jobs", "plan", "--format", "json")
    assert (said.code, said.json["command"], world.writes) == (1, "jobs plan", [])


@pytest.mark.usefixtures("time")
def test_a_program_that_hangs_is_ended(
    world: World,
    books: MakeBooks,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that comes too late is unknown; the books are asked, and what they deny stays open (exit 5).

    It is a shell's child, which would outlive the shell and hold its pipes open.
    """
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    plain = program(str(tmp_path), "hang", 4, timeoutSeconds=1.0)
    books(plain | {"command": ["sh", "-c", '"$@"; true', "sh", *plain["command"]]})
    done = cli("jobs", "run", "--format", "json")
    assert done.code == 5
    assert done.json["result"][0]["counts"]["ambiguous"] == 1
    assert [told for told in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _content(told)] == []
    settled(world, cli)
    assert Counter(row["key"] for row in rows(tmp_path)) == ALL


def _content(file: Path) -> bytes:
    with suppress(OSError):  # it has ended meanwhile
        return file.read_bytes()
    return b""


@pytest.mark.usefixtures("time")
def test_a_program_that_lies_is_not_believed(
    world: World,
    books: MakeBooks,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it calls booked and does not hold is never reported successful."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    books(program(str(tmp_path), "lie", 4))
    assert cli("jobs", "run").code == 5
    told, held = outcomes(world), {row["key"] for row in rows(tmp_path)}
    assert set(told) == held
    assert len(held) == 2
    settled(world, cli)


def test_a_program_gets_attachments_with_the_entry(
    world: World, books: MakeBooks, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As files on this machine, and nothing is said to be missing."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    books(program(str(tmp_path)))
    done = cli("jobs", "run")
    assert done.code == 0
    assert rows(tmp_path)[0]["attachments"] == ["1.pdf"]
    assert "attachment" not in done.stdout + done.stderr


def test_a_program_needs_the_environments_leave(world: World, books: MakeBooks, cli: Cli) -> None:
    """A branch cannot make pleoctl run something (exit 3)."""
    books(program("."))
    assert cli("jobs", "run").code == 3
    assert cli("sink", "check").code == 3
    assert world.writes == []


def test_a_program_refuses_items(
    world: World, books: MakeBooks, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own words and reason type reach Pleo."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    books(program(str(tmp_path), "refuse"))
    assert cli("jobs", "run").code == 5
    told = world.statuses[item_id(1)][0]
    assert (told["failureReasonType"], told["failureReason"]) == ("account_unknown", "no account 5810")
    assert world.events == ["started", "failed"]


@pytest.mark.parametrize(("choice", "code"), [("fail", 5), ("nextOpen", 0), ("today", 0)])
def test_a_closed_period(
    choice: str,
    code: int,
    world: World,
    books: MakeBooks,
    cli: Cli,
    tmp_path: Path,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An entry is refused, or booked in the next open period and says so (P1-P3)."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    time.seconds = datetime(2026, 6, 7, 23, 59, tzinfo=UTC).timestamp()
    books(program(str(tmp_path), "closed"), posting={"closedPeriod": choice})
    assert cli("jobs", "run").code == code
    moved = {(row["date"], row["moved"]["from"]) for row in rows(tmp_path)}
    days = {"fail": set(), "nextOpen": {"2026-04-01"}, "today": {"2026-06-07"}}
    assert {day for day, _ in moved} == days[choice]
    assert {own for _, own in moved} <= {"2026-03-15"}
    if choice == "fail":
        assert world.statuses[item_id(1)][0]["failureReasonType"] == "accounting_system_validation_failure"


def test_a_job_that_is_over_takes_nothing_more(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """422 on a status: what is booked stays, nothing more is sent, exit 5."""
    folder = books()
    write = World.write

    def expire(self: World, path: str, body: Value, *, half: bool) -> tuple[int, Value]:
        if path.endswith("items"):
            self.jobs[JOB]["status"] = "failed"
        return write(self, path, body, half=half)

    monkeypatch.setattr(World, "write", expire)
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    said = cli("apply", "plan.json", "--format", "json")
    assert said.code == 5
    assert (said.json["outcome"], said.json["job"]["outcome"]) == ("partial", "failed")
    assert booked(folder) == ALL
    assert (world.events, world.statuses) == (["started"], {})


def test_a_job_that_somebody_else_completed_is_no_success_of_ours(
    books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """422 on a status of a job that is completed by now: the receipt says so, and the run ends with 5."""
    books()
    write = World.write

    def close(self: World, path: str, body: Value, *, half: bool) -> tuple[int, Value]:
        if path.endswith("items"):
            self.jobs[JOB]["status"] = "completed"
        return write(self, path, body, half=half)

    monkeypatch.setattr(World, "write", close)
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    said = cli("apply", "plan.json", "--format", "json")
    assert (said.code, said.json["outcome"], said.json["job"]["outcome"]) == (5, "partial", "completed")


def test_somebody_else_starts_first(world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """422 on `started`: another runner won, nothing is booked (exit 4)."""
    folder = books()
    event = World.event

    def first(self: World, body: Value) -> tuple[int, Value]:
        self.jobs[JOB]["status"] = "in_progress"
        return event(self, body)

    monkeypatch.setattr(World, "event", first)
    assert cli("jobs", "run").code == 4
    assert (booked(folder), world.writes) == ({}, [])


@pytest.mark.parametrize("request_number", range(1, 8))
def test_a_signal_at_any_request_ends_with_its_own_code(
    request_number: int, world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TERM is 143 unless everything was done by then; the next run ends right."""
    folder = books()
    answer = World.answer

    def signalled(self: World, method: str, target: str, body: Value) -> tuple[int, Value] | None:
        if len(self.requests) + 1 == request_number:
            os.kill(os.getpid(), signal.SIGTERM)
        return answer(self, method, target, body)

    with monkeypatch.context() as patch:
        patch.setattr(World, "answer", signalled)
        code = cli("jobs", "run").code
    assert code == 143
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.usefixtures("time")
def test_a_line_that_was_torn_swallows_no_other(world: World, books: MakeBooks, cli: Cli) -> None:
    """Half a line that a full disk has left behind costs itself alone: the job stays this workspace's own."""
    folder = books()
    memory = folder / ".pleoctl/jobs" / f"{JOB}.jsonl"
    memory.parent.mkdir(parents=True)
    memory.write_text('{"event": "sta')
    world.faults = dict.fromkeys(range(2, 20), "before")
    assert cli("jobs", "run").code == 5
    assert world.jobs[JOB]["status"] == "in_progress"
    settled(world, cli)
    assert booked(folder) == ALL
