"""`jobs run --watch` as a service: quiet, patient, one line a job, and ended by a signal."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api_books import ApiBooks, section
from export_pleo import JOB, World, item_id, payload
from job_outcomes import booked, outcomes
from pleoctl.jobs.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from shapes import Value
    from tests.conftest import Cli

OTHER = "6b1f2c1e-0000-4000-8000-000000000002"
PROGRAM = Path(__file__).parents[1] / "support" / "books_program.py"


class Script:
    """What happens at which look at the queue, and when each look was; the last one ends the service."""

    def __init__(self, world: World, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks: list[float] = []
        self.acts: dict[int, Callable[[], object]] = {}
        self.end = 3
        answer = World.answer

        def watched(of: World, method: str, target: str, body: Value) -> tuple[int, Value] | None:
            if method == "GET" and "/export-jobs?" in target:
                self.looks.append(time.seconds)
                self.acts.pop(len(self.looks), lambda: None)()
                if len(self.looks) == self.end:
                    os.kill(os.getpid(), signal.SIGTERM)
            return answer(of, method, target, body)

        monkeypatch.setattr(World, "answer", watched)


@pytest.fixture
def script(world: World, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A script for a Pleo without jobs."""
    world.jobs.clear()
    return Script(world, time, monkeypatch)


def test_waits_grow_after_troubles() -> None:
    """1, 2, 4 … minutes, ten at most, and the asked time again when all is well."""
    pace = Pace(300.0)
    assert pace.after(well=True) == 300
    assert [pace.after(well=False) for _ in range(6)] == [60, 120, 240, 480, 600, 600]
    assert [pace.after(well=True), pace.after(well=False)] == [300, 60]
    assert Pace(300.0, troubles=5_000).after(well=False) == 600


def test_an_idle_service_is_quiet(script: Script, books: MakeBooks, cli: Cli, world: World) -> None:
    """One request a look, as often as was asked for, not a word, no lock; TERM is 143."""
    books()
    script.end = 5
    script.acts[3] = lambda: cli_locks.append(cli("lock", "list", "--format", "json").json["result"])
    cli_locks: list[Value] = []
    said = cli("jobs", "run", "--watch", "7m")
    assert (said.code, said.stdout) == (143, "")
    assert [later - one for one, later in pairwise(script.looks)] == [420] * 4
    assert len(world.requests) == 5


def test_each_job_has_one_line(script: Script, books: MakeBooks, cli: Cli, world: World) -> None:
    """What was booked in a word each, and where to read why something was not."""
    books()
    bad = payload(3)
    bad["accountingEntryLines"][0]["account"] = None
    script.acts[2] = lambda: world.add(JOB, [payload(1)])
    script.acts[4] = lambda: world.add(OTHER, [payload(2), bad])
    script.end = 6
    said = cli("jobs", "run", "--watch", "5m")
    first, second, rest = said.stderr.split("\n", 2)
    assert first == f"job {JOB}: completed (1 done)"
    assert second.startswith(f"job {OTHER}: completed with errors (1 done, 1 failed); see run ")
    assert (rest, said.code) == ("", 143)


def test_an_outage_of_pleo_is_told_once(script: Script, books: MakeBooks, cli: Cli, world: World) -> None:
    """Looked for again at growing distances; its end is told, too, and then the job is booked."""
    books()

    def back() -> None:
        world.down = False
        world.add(JOB, [payload(1)])

    script.acts[2] = lambda: setattr(world, "down", True)
    script.acts[20] = back
    script.end = 23
    said = cli("jobs", "run", "--watch", "5m")
    lines = said.stderr.splitlines()
    assert lines[0].startswith("Pleo cannot be reached yet (the connection broke off)")
    assert lines[1].startswith("error: Pleo could not be reached")
    assert lines[2:4] == [f"job {JOB}: completed (1 done)", "Pleo and the books can be worked with again"]
    waits = [later - one for one, later in pairwise(script.looks)]
    assert {60, 120, 240} <= {int(wait) // 60 * 60 for wait in waits}
    assert said.code == 143


def test_books_that_come_back_within_five_minutes_are_waited_for(
    script: Script,
    books: MakeBooks,
    cli: Cli,
    world: World,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The job is started, waits, and is booked (V6)."""
    folder = books()
    (folder / "books").write_text("in the way")
    wait = time.wait

    def waited(event: Value, seconds: float) -> bool:
        if time.seconds > script.looks[-1] + 100:
            (folder / "books").unlink(missing_ok=True)
        return wait(event, seconds)

    monkeypatch.setattr(time, "wait", waited)
    script.acts[1] = lambda: world.add(JOB, [payload(1)])
    said = cli("jobs", "run", "--watch", "5m")
    assert f"job {JOB}: completed (1 done)" in said.stderr
    assert world.events == ["started", "completed"]
    assert booked(folder) == {item_id(1): 1}


def test_books_that_stay_away_fail_the_job_after_five_minutes(
    script: Script, books: MakeBooks, cli: Cli, world: World, time: FakeTime
) -> None:
    """With the reason that Pleo's users read; no item is touched (V5, V6)."""
    (books() / "books").write_text("in the way")
    script.acts[1] = lambda: world.add(JOB, [payload(1)])
    script.end = 4
    said = cli("jobs", "run", "--watch", "30m")
    (closing,) = (body for what, body in world.writes if body["event"] != "started")
    assert (closing["event"], closing["failureReasonType"]) == ("failed", "accounting_system_unreachable")
    assert world.statuses == {}
    assert f"job {JOB}: failed (1 not attempted)" in said.stderr
    assert 240 <= script.looks[2] - script.looks[1] - 1800 <= 300
    _ = time


def test_a_signal_ends_the_wait_for_the_books(
    script: Script, books: MakeBooks, cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, with the job left as it is."""
    (books() / "books").write_text("in the way")
    world.add(JOB, [payload(1)])
    event = World.event

    def signalled(self: World, body: Value) -> tuple[int, Value]:
        os.kill(os.getpid(), signal.SIGTERM)
        return event(self, body)

    monkeypatch.setattr(World, "event", signalled)
    assert cli("jobs", "run", "--watch", "5m").code == 143
    assert world.events == ["started"]
    _ = script


def test_a_job_that_could_not_be_closed_is_told_and_taken_up_again(
    script: Script,
    books: MakeBooks,
    cli: Cli,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error line that says why; the next look comes after a minute and finishes the job."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    command = [sys.executable, str(PROGRAM), f"{tmp_path}/program.jsonl", "lie", "4"]
    books({"type": "exec", "command": command})
    world.add(JOB, [payload(n) for n in (1, 2, 3)])
    script.end = 5
    said = cli("jobs", "run", "--watch", "10m")
    first, second = said.stderr.splitlines()[:2]
    assert first.startswith(f"error: job {JOB}: open (1 ambiguous, 2 done): ")
    assert second.startswith(f"job {JOB}: completed (")
    assert 60 <= script.looks[2] - script.looks[1] < 90
    rows = [json.loads(line)["key"] for line in (tmp_path / "program.jsonl").read_text().splitlines()]
    assert Counter(rows) == {item_id(n): 1 for n in (1, 2, 3)}
    assert outcomes(world) == {item_id(n): ["successful"] for n in (1, 2, 3)}


def test_a_watch_of_named_jobs_ends_with_them(script: Script, books: MakeBooks, cli: Cli, world: World) -> None:
    """Its exit code is theirs."""
    books()
    world.add(JOB, [payload(1)])
    world.add(OTHER, [payload(2)])
    assert cli("jobs", "run", OTHER, "--watch", "5m").code == 0
    assert (world.jobs[OTHER]["status"], world.jobs[JOB]["status"]) == ("completed", "pending")
    _ = script


@pytest.mark.parametrize(
    ("file", "text", "code"), [("mapping.yaml", "kind: nothing\n", 78), ("pleoctl.yaml", "kind: nothing\n", 78)]
)
def test_a_service_that_is_set_up_wrongly_does_not_start(
    file: str, text: str, code: int, script: Script, books: MakeBooks, cli: Cli, world: World
) -> None:
    """Its first round ends it; what breaks later is told and waited out."""
    folder = books()
    world.add(JOB, [payload(1)])
    right = (folder / file).read_text()
    (folder / file).write_text(text)
    assert cli("jobs", "run", "--watch", "5m").code == code
    (folder / file).write_text(right)
    if file == "mapping.yaml":
        script.looks.clear()
        world.jobs.clear()

        def breaks() -> None:
            world.add(JOB, [payload(1)])
            (folder / file).write_text(text)

        script.acts[2] = breaks
        script.acts[3] = lambda: (folder / file).write_text(right)
        script.end = 5
        said = cli("jobs", "run", "--watch", "5m")
        assert said.code == 143
        assert f"job {JOB}: completed (1 done)" in said.stderr


@pytest.mark.parametrize(
    ("file", "pattern", "text", "code"),
    [
        ("mapping.yaml", r"(?s).*", "kind: nothing\n", 78),
        ("pleoctl.yaml", r"sink: .*\n", "", 78),
        ("pleoctl.yaml", r"sink: .*", 'sink: {type: "exec", command: ["book"]}', 3),
    ],
)
def test_a_service_that_is_set_up_wrongly_does_not_wait_for_a_job(
    file: str, pattern: str, text: str, code: int, script: Script, books: MakeBooks, cli: Cli
) -> None:
    """Books and rules that cannot be opened are told before the first look, as `jobs run` tells them."""
    path = books() / file
    path.write_text(re.sub(pattern, text, path.read_text(), count=1))
    said = cli("jobs", "run", "--watch", "5m")
    assert (said.code, script.looks) == (code, [])
    assert said.stderr == cli("jobs", "run").stderr


def test_what_earlier_jobs_did_is_told_when_a_later_one_stops_the_run(
    books: MakeBooks, cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`jobs run` shows the receipts that it has, and ends with the worse code."""
    read = World.read
    world.add(OTHER, [payload(4)], createdAt="2026-03-21T10:00:00Z")

    def refuse(self: World, path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        if path.endswith("export-items") and query["job_id"] == [OTHER]:
            return 400, {"type": "MISSING_CONTRA_ACCOUNTS", "message": "EUR has none"}
        return read(self, path, query)

    monkeypatch.setattr(World, "read", refuse)
    books()
    said = cli("jobs", "run", "--format", "json")
    assert (said.code, said.json["exitCode"]) == (1, 1)
    assert [(job["job"], job["outcome"]) for job in said.json["result"]] == [(JOB, "completed")]
    assert "Contra accounts" in said.stdout


def test_books_of_files_are_finished_twenty_minutes_after_the_jobs_last_update(
    books: MakeBooks, cli: Cli, world: World, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow attachments do not let a job expire: what is ready is handed over and reported, then the rest (J6)."""
    folder = books()
    world.files["/receipt"] = b"%PDF"
    for row in world.payloads[JOB]:
        row["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    told: list[float] = []
    read, write = World.read, World.write

    def slow(self: World, path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        time.sleep(11 * 60 if path == "/receipt" else 0)
        return read(self, path, query)

    def writing(self: World, path: str, body: Value, *, half: bool) -> tuple[int, Value]:
        told.append(time.seconds)
        return write(self, path, body, half=half)

    monkeypatch.setattr(World, "read", slow)
    monkeypatch.setattr(World, "write", writing)
    assert cli("jobs", "run").code == 0
    assert [len(body) for what, body in world.writes if what == "report"] == [2, 1]
    assert max(later - one for one, later in pairwise(told)) < 30 * 60
    assert sorted(path.name for path in (folder / "books").glob("*.beancount")) == [
        f"{JOB}-2.beancount",
        f"{JOB}.beancount",
    ]
    assert booked(folder) == {item_id(n): 1 for n in (1, 2, 3)}


def test_a_resumed_job_counts_from_its_own_last_update(
    books: MakeBooks, cli: Cli, world: World, time: FakeTime
) -> None:
    """Not from the start of this run: what is ready goes at once when the job is half an hour old."""
    folder = books()
    world.files["/receipt"] = b"%PDF"
    for row in world.payloads[JOB]:
        row["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    old = datetime.fromtimestamp(time.seconds - 1800, UTC).isoformat().replace("+00:00", "Z")
    world.jobs[JOB] |= {"status": "in_progress", "lastUpdatedAt": old}
    assert cli("jobs", "run", "--take-over").code == 0
    assert [len(body) for what, body in world.writes if what == "report"] == [1, 2]
    assert booked(folder) == {item_id(n): 1 for n in (1, 2, 3)}


def slowed(
    world: World, api: ApiBooks, time: FakeTime, seconds: Callable[[int], float]
) -> tuple[list[float], list[tuple[float, int]]]:
    """Let each booking take so long, by its number: when each was made, and when how many outcomes were reported."""
    made: list[float] = []
    reported: list[tuple[float, int]] = []
    answer, write = api.answer, world.write

    def slow(method: str, target: str, headers: dict[str, str], content: bytes) -> tuple[int, Value] | None:
        if method == "POST":
            time.sleep(seconds(len(made)))
            made.append(time.seconds)
        return answer(method, target, headers, content)

    def writing(path: str, body: Value, *, half: bool) -> tuple[int, Value]:
        reported.extend([(time.seconds, len(body))] if path.endswith("items") else [])
        return write(path, body, half=half)

    api.answer, world.write = slow, writing  # type: ignore[method-assign]
    return made, reported


def test_statuses_leave_within_a_minute(
    world: World, books: MakeBooks, cli: Cli, time: FakeTime, api: ApiBooks
) -> None:
    """Of books that take seven seconds a voucher no outcome waits longer than a minute (E7)."""
    made, reported = slowed(world, api, time, lambda _number: 7)
    world.add(JOB, [payload(n) for n in range(1, 21)])
    books(section(api))
    assert cli("jobs", "run").code == 0
    start = 0
    for moment, number in reported:
        assert moment - made[start] <= 60
        start += number
    assert start == 20
    assert len(reported) <= 4


def test_a_slow_booking_holds_up_no_earlier_status(
    world: World, books: MakeBooks, cli: Cli, time: FakeTime, api: ApiBooks
) -> None:
    """What is known is reported within a minute, whatever the next booking takes, and everything once (E7)."""
    made, reported = slowed(world, api, time, lambda number: 100 if number == 2 else 1)
    world.add(JOB, [payload(n) for n in range(1, 6)])
    books(section(api))
    assert cli("jobs", "run").code == 0
    assert [number for _, number in reported] == [2, 3]
    assert reported[0][0] - made[0] <= 60
    assert reported[0][0] < made[2]


def test_a_service_that_ends_tells_its_jobs_as_json(world: World, script: Script, books: MakeBooks, cli: Cli) -> None:
    """One complete envelope after the signal, with what each job came to."""
    world.add(JOB, [payload(1)])
    books()
    said = cli("jobs", "run", "--watch", "5m", "--format", "json")
    assert (said.code, said.json["exitCode"], said.json["command"]) == (143, 143, "jobs run")
    assert [(job["job"], job["outcome"], job["counts"]) for job in said.json["result"]] == [
        (JOB, "completed", {"done": 1})
    ]
    assert script.looks
