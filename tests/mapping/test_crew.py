"""`map` by several processes: bytes, words and exit codes are those of one, whatever comes in and whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.mapping.io.crew import ROOM
from tests.mapping.conftest import item, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied, and looked at, on Linux alone")

#: Maps each file in each format by one process and by three, and tells of each run what it ended with and said.
_RUNS = """
import contextlib, hashlib, io, json, pathlib, sys
from pleoctl.cli import planning
from pleoctl.cli.main import run
planning.PATIENCE = float("inf")  # a slow machine says now and then how far it is
for file in sys.argv[2:]:
    for form in sys.argv[1].split():
        for count in ("1", "3"):
            out = pathlib.Path("out")
            shown, said = io.BytesIO(), io.StringIO()
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.TextIOWrapper(shown)) as shell:
                code = run(["map", file, "--format", form, "--processes", count, "-o", "out"])
                shell.flush()
            written = hashlib.sha256(out.read_bytes()).hexdigest() if out.exists() else None
            out.unlink(missing_ok=True)
            told = [file, form, code, said.getvalue() + shown.getvalue().decode(), written]
            sys.stdout.write(json.dumps(told) + "\\n")
"""
#: What workers are not worth their start for: as many bytes as that, in lines that hold nothing.
_NOTHING = (b" " * 99_999 + b"\n") * 50


def _lines(*items: Json) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in items)


def _many(count: int, **more: Value) -> Iterator[Json]:
    for number in range(count):
        yield item(accountingEntryId=f"id-{number}", **more)


def _write(file: Path, items: list[Json], end: bytes = b"") -> None:
    file.write_bytes(_lines(item("unheard of")) + _NOTHING + _lines(*items) + end)


def _told(workspace: Path, formats: str, *files: str, before: str = "") -> list[list[Value]]:
    """What each run tells, those of one process and of three beside each other."""
    command = [sys.executable, "-c", before + _RUNS, formats, *files]
    done = subprocess.run(command, cwd=workspace, capture_output=True, check=True, text=True)
    assert "Traceback" not in done.stderr
    return [json.loads(told) for told in done.stdout.splitlines()]


def _alike(told: list[list[Value]]) -> list[Value]:
    """What was told of each pair of runs, which is the same."""
    assert told[::2] == told[1::2]
    return told[::2]


#: Tells how many processes `map` starts for each file and number of them, on a machine of two CPUs.
_STARTS = """
import os, sys
from pleoctl.cli.main import run
from pleoctl.mapping.io import crew
fork, crew.LARGE = os.fork, 8_000_000
os.sched_getaffinity = lambda _: {0, 1}
def counted():
    sys.stdout.write("+")
    sys.stdout.flush()
    return fork()
os.fork = counted
for file in sys.argv[1:]:
    for more in ([], ["--processes", "3"], ["--processes", "1"]):
        sys.stdout.write(f"{file} {' '.join(more)} ")
        run(["map", file, "-o", "out", *more])
        sys.stdout.write("\\n")
"""


def test_workers_are_started_where_it_is_worth_it(workspace: Path) -> None:
    """Unasked for large files alone, and asked for also for smaller ones."""
    for name, size in (("small", 1), ("middling", 2), ("large", 3)):
        (workspace / name).write_bytes(_lines(item()) + _NOTHING * (size - 1) + b"\n" * 1000 + _lines(*_many(2)))
    files = ("small", "middling", "large")
    done = subprocess.run([sys.executable, "-c", _STARTS, *files], cwd=workspace, capture_output=True, check=True)
    started = [line.rpartition(" ")[2] for line in done.stdout.decode().splitlines()]
    assert started == ["", "", "", "", "+++", "", "++", "+++", ""]


def test_what_depends_on_earlier_parts_is_the_same(workspace: Path) -> None:
    """Ids that come again, wallets of two currencies, accounts that change roles, and many reasons to fail."""
    items = []
    for number in range(1000):
        one = item(accountingEntryId=f"id-{number}", currency="SEK" if number // 250 % 2 else "EUR")
        if number % 3 == 0:
            one["type"] = f"unheard of {number}"
        if number > 600:
            one["contraAccount"] = {"id": "a-1", "name": "Other", "code": "6540" if number % 2 else "7000"}
        items.append(one)
    items += [item("card_purchase", line(account="7000"), accountingEntryId=f"late-{n}") for n in range(500)]
    items[1400]["accountingEntryId"] = "ID-500"
    items[1450]["accountingEntryId"] = "long" * ROOM  # more than the memory that processes share
    _write(workspace / "hostile.jsonl", [*items, {"type": 3}, *_many(20, note="x" * 50_000)])
    for _, _, code, said, written in _alike(_told(workspace, "json csv beancount hledger", "hostile.jsonl")):
        assert (code, "came before" in said, "wallet in SEK" in said) == (5, True, True)
        assert written is not None


def test_what_is_forgotten_is_the_same(workspace: Path) -> None:
    """Ids are remembered for as long, and reasons counted by their type alone from as many on."""
    reasons = [f"unheard of {number}" if number % 700 else "unheard of" for number in range(4000)]
    money = {"inWalletCurrency": {"currency": "EUR", "value": 1}}
    known = {"amount": money, "accountingEntryLines": [{"lineAmount": money}], "date": "2026-01-01"}
    known |= {"additionalInformation": {"reconciliationId": ""}}
    failing = [{"accountingEntryId": f"f-{n}", "type": reason, **known} for n, reason in enumerate(reasons)]
    ids = [f"{n}" for n in range(40_000)]
    ids[18_000] = ids[19_500] = ids[39_500] = "again"
    _write(workspace / "short.jsonl", [*failing, *({"accountingEntryId": one} for one in ids)])
    ((_, _, _, said, _),) = _alike(_told(workspace, "json", "short.jsonl"))
    assert "came before" in said


def test_what_is_wrong_is_told_as_by_one(workspace: Path) -> None:
    """A line that is no JSON with its place, behind what was read before it; another company's item writes nothing."""
    many = list(_many(1500))
    _write(workspace / "broken.jsonl", many, b'{"type": \n' + _lines(*many))
    _write(workspace / "foreign.jsonl", many, _lines(item(companyId="another"), *many))
    broken, foreign = _alike(_told(workspace, "json", "broken.jsonl", "foreign.jsonl"))
    words, _, envelope = broken[3].partition("{")
    assert (broken[2], json.loads("{" + envelope)["findings"][0]["line"]) == (78, 1552)
    assert words.startswith("error: broken.jsonl:1552:")
    assert foreign[2] == 3


@pytest.mark.parametrize("most", [7, 10])
def test_where_there_is_no_place_for_workers(workspace: Path, most: int) -> None:
    """As many as there is place for, or none, write what one process does."""
    _write(workspace / "items.jsonl", list(_many(20)))
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))\n"
    ((_, _, code, _, _),) = _alike(_told(workspace, "json", "items.jsonl", before=before))
    assert code == 5


@pytest.fixture
def mapping(workspace: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`map` by two workers, which have been given something and wait for more."""
    command = [sys.executable, "-m", "pleoctl", "map", "-", "--processes", "2", "-o", "out"]
    with subprocess.Popen(command, cwd=workspace, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(_lines(item()) + _NOTHING + _lines(*_many(3000)))
        process.stdin.flush()
        while len(_children(process)) < 2:
            os.sched_yield()
        yield process
        process.kill()


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_a_worker_that_is_killed_is_not_missed(mapping: subprocess.Popen[bytes], workspace: Path) -> None:
    """The entries are all there, in their order."""
    for worker in _children(mapping):
        os.kill(worker, signal.SIGKILL)
    mapping.communicate(_lines(*_many(2000)))
    assert mapping.returncode == 0
    ids = [json.loads(one)["accountingEntryId"] for one in (workspace / "out").read_bytes().splitlines()]
    assert ids[1:] == [f"id-{number}" for number in (*range(3000), *range(2000))]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_workers_end_with_the_command(
    mapping: subprocess.Popen[bytes], workspace: Path, number: signal.Signals, code: int
) -> None:
    """Asked to end or killed: nothing is written, and nobody is left."""
    mapping.send_signal(number)
    _, said = mapping.communicate()  # which ends when no worker holds stderr any more
    assert (mapping.returncode, b"Traceback" in said) == (code, False)
    assert not (workspace / "out").exists()
