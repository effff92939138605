"""A sink that is changed between runs: what may stand in the earlier books is not booked again without a word."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from api_books import ApiBooks, section
from export_pleo import JOB, OTHER, World, item_id, payload
from job_outcomes import ALL, outcomes
from pleoctl.pleo.export_jobs import ExportWriter
from pleoctl.sinks.identity import books_name
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from job_outcomes import MakeBooks
    from shapes import Json
    from tests.conftest import Cli

FIRST: Json = {"type": "beancount", "path": "books"}
SECOND: Json = {"type": "hledger", "path": "later"}
TABLE: Json = {"type": "csv", "path": "books"}


def in_files(folder: Path) -> Counter[str]:
    """How often each item stands in any file of any books."""
    found = [path.read_text() for path in folder.rglob("*") if path.suffix in {".beancount", ".journal"}]
    return Counter({item: count for item in ALL if (count := sum(text.count(item) for text in found))})


def die_before_statuses(cli: Cli, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    """A run that books and dies before it reports; with these options."""

    def dies(*_: object) -> None:
        raise Death

    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(ExportWriter, "report", dies)
        cli("jobs", "run", *options)


def again(world: World, *numbers: int) -> None:
    """The job is over; its items are exported once more, in another one."""
    world.jobs[JOB]["status"] = "failed"
    world.add(OTHER, [payload(number) for number in numbers])


@pytest.mark.parametrize("sink", [SECOND, {"type": "beancount", "path": "later"}, TABLE])
def test_what_a_killed_run_booked_is_not_booked_into_other_books(
    sink: Json, world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of the sink was changed: each item stands once, and what Pleo is told names the books; or is found."""
    folder = books()
    die_before_statuses(cli, monkeypatch)
    assert in_files(folder) == ALL
    books(sink)
    made = cli("jobs", "plan", "--format", "json").json
    assert (made["summary"]["refuse"], made["summary"]["book"]) == (3, 0)
    assert [(warned["code"], "3 items" in warned["message"]) for warned in made["warnings"]][-1:] == [
        ("booked-elsewhere", True)
    ]
    refused = cli("jobs", "fail", JOB, "--type", "validation_failure", "--reason", "why not")
    assert (refused.code, "beancount books" in refused.stderr) == (3, True)
    assert cli("jobs", "run").code == 5
    assert in_files(folder) == ALL
    assert outcomes(world) == {item: ["failed"] for item in ALL}
    (told,) = world.statuses[item_id(1)]
    assert told["failureReasonType"] == "invalid_configuration"
    assert "beancount books" in told["failureReason"]


def test_books_that_are_named_again_end_what_was_begun(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sink as it was, what stands is reported; what has no other books is booked as ever."""
    folder = books()
    die_before_statuses(cli, monkeypatch)
    again(world, 1, 2, 4)
    books(SECOND)
    assert cli("jobs", "run", OTHER).code == 5
    assert outcomes(world) == {item_id(1): ["failed"], item_id(2): ["failed"], item_id(4): ["successful"]}
    again(world, 1, 2)
    books(FIRST)
    assert cli("jobs", "run", OTHER).code == 0
    assert in_files(folder) == ALL
    assert outcomes(world)[item_id(1)] == ["failed", "successful"]


def test_what_was_reported_is_not_booked_into_other_books_by_a_later_export(
    world: World, books: MakeBooks, cli: Cli
) -> None:
    """Somebody exports in Pleo what stood in the books long ago; asked for, it is booked there as well, and known."""
    folder = books()
    assert cli("jobs", "run").code == 0
    again(world, 1, 2)
    books(SECOND)
    assert cli("jobs", "plan", "-o", "refused.json").code == 0
    said = cli("jobs", "plan", "--book-again", "-o", "again.json")
    assert (said.code, "2 to book" in said.stdout) == (0, True)
    assert "in other books perhaps, into which an earlier run sent it (2)" in said.stdout
    assert cli("apply", "again.json").code == 0
    assert in_files(folder) == ALL | {item_id(1): 2, item_id(2): 2}
    again(world, 1)
    assert cli("jobs", "run").code == 0
    books(FIRST)
    again(world, 1)
    assert cli("jobs", "run").code == 0
    assert in_files(folder)[item_id(1)] == 2


def test_jobs_run_books_again_where_it_is_asked_to(world: World, books: MakeBooks, cli: Cli) -> None:
    """Once, for it is no standing order."""
    folder = books()
    assert cli("jobs", "run").code == 0
    again(world, 1)
    books(SECOND)
    assert cli("jobs", "run", "--watch", "5m", "--book-again").code == 64
    assert cli("jobs", "run", "--book-again").code == 0
    assert in_files(folder)[item_id(1)] == 2


def test_a_plan_that_does_not_know_of_other_books_leaves_the_item_open(
    world: World, books: MakeBooks, cli: Cli
) -> None:
    """It was made where nothing of the earlier books was known, or before they were booked into."""
    folder = books(SECOND)
    assert cli("jobs", "plan", "-o", "plan.json").code == 0
    books(FIRST)
    world.add(OTHER, [payload(1)], createdAt="2026-03-19T10:00:00Z")
    assert cli("jobs", "run", OTHER, OTHER.upper()).code == 0
    books(SECOND)
    said = cli("apply", "plan.json", "--format", "json")
    assert said.code == 5
    assert [change["status"] for change in said.json["changes"]] == ["blocked", "done", "done"]
    assert "make a new plan" in said.json["changes"][0]["error"]["message"]
    assert in_files(folder) == ALL


BATCH: Json = {"type": "datev", "path": "books", "consultant": 1, "client": 1, "currency": "SEK"}
PAIRS: Final = {
    "hledger": (FIRST, {"type": "hledger", "path": "books"}),
    "csv": (FIRST, TABLE),
    "sie": (FIRST, {"type": "sie", "path": "books", "currency": "SEK"}),
    "batch": (TABLE, BATCH),
    "table": (BATCH, TABLE),
}


@pytest.mark.parametrize("lost", ["nothing", "notes", "files", "files' names"])
@pytest.mark.parametrize("pair", PAIRS)
def test_a_ledger_beside_files_of_another_format_is_none_of_these_books(
    pair: str, lost: str, world: World, books: MakeBooks, cli: Cli
) -> None:
    """Under another `sink.type` the same folder is other books; once both hold an item, either says so."""
    first, second = PAIRS[pair]
    folder = books(first)
    assert cli("jobs", "run").code == 0
    ledger = folder / "books/.booked" / JOB
    if lost == "notes":  # a fresh clone
        shutil.rmtree(folder / ".pleoctl")
    if lost == "files":
        next((folder / "books").glob("[!.]*.*")).unlink()
    if lost == "files' names":  # as ledgers say it that were written after a death
        ledger.write_text(re.sub('"file": ".*"', '"file": ""', ledger.read_text()))
    again(world, 1)
    books(second)
    made = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in made["changes"]] == ["refuse"]
    assert "books" in made["changes"][0]["reason"]
    refused = cli("jobs", "fail", OTHER, "--type", "validation_failure", "--reason", "why not")
    assert (refused.code, "of another `sink`" in refused.stderr) == (3, True)
    assert cli("jobs", "verify", JOB).code == (2 if lost == "notes" else 0)
    assert cli("jobs", "run", "--book-again").code == 0
    assert len(list((folder / "books").glob(f"*{OTHER}*"))) == 1
    for sink in (second, first):
        again(world, 1)
        books(sink)
        assert cli("jobs", "plan", "--format", "json").json["summary"]["report"] == 1


def test_a_ledger_keeps_what_one_job_booked_into_two_formats(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And which, though a killed run left no ledger: files may be moved away, and each still proves its own booking."""
    folder = books()
    die_before_statuses(cli, monkeypatch)
    (folder / "books/.booked" / JOB).unlink()
    die_before_statuses(cli, monkeypatch)
    books(TABLE)
    die_before_statuses(cli, monkeypatch, "--book-again")
    for path in (folder / "books").glob("[!.]*.*"):
        path.unlink()
    for sink, number in ((TABLE, 1), (FIRST, 3)):  # a run that goes on with an old job hands over what is ready first
        books(sink)
        assert cli("jobs", "plan", "--format", "json").json["summary"]["report"] == number
    books({"type": "hledger", "path": "books"})
    assert cli("jobs", "plan", "--format", "json").json["summary"]["refuse"] == 3


def test_an_item_in_several_books_names_all_of_them(world: World, books: MakeBooks, cli: Cli) -> None:
    """Once each, in the order in which the workspace came to them."""
    books()
    assert cli("jobs", "run").code == 0
    again(world, 1)
    books(SECOND)
    assert cli("jobs", "run", "--book-again").code == 0
    again(world, 1)
    books({"type": "csv", "path": "last"})
    (change,) = cli("jobs", "plan", "--format", "json").json["changes"]
    assert "(beancount books and hledger later)" in change["reason"]


@pytest.mark.parametrize(
    ("command", "same"),
    [
        (["python3", "book.py"], True),
        (["/usr/bin/python3.11", "-u", "./book.py"], True),
        (["env", "python", "{root}/book.py"], True),
        (["./book.py"], True),
        (["python", "book.py", "--company", "2"], False),
        (["python", "other.py"], False),
        (["books", "book.py"], False),
        (["python"], False),
    ],
)
def test_a_program_is_the_same_books_whatever_interprets_it(command: list[str], same: bool, tmp_path: Path) -> None:
    """What is run and what it is told make the books, and the script names them."""
    (tmp_path / "book.py").touch()
    first = books_name({"type": "exec", "command": ["python", "book.py"], "timeoutSeconds": 5}, tmp_path)
    command = [word.replace("{root}", str(tmp_path)) for word in command]
    other = books_name({"type": "exec", "command": command}, tmp_path)
    assert first.name == "exec book.py"
    assert (first == other) is same


@pytest.mark.usefixtures("time")
def test_books_behind_an_api(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """What was refused may be booked elsewhere; what was taken, or perhaps taken, may not."""
    api.refusals, api.faults = {1: (400, {"message": "No such journal"})}, {2: "before"}
    folder = books(section(api))
    assert cli("jobs", "run").code == 5
    again(world, 1, 2, 3)
    for same in (section(api, requestsPerMinute=600), section(api, closedPeriod={"when": "status == `423`"})):
        books(same)
        made = cli("jobs", "plan", "--format", "json").json
        assert [change["action"] for change in made["changes"]] == ["book", "book", "report"]
    books(section(api, key={"length": 20}))  # so that what stands there is not found under today's keys
    made = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in made["changes"]] == ["book", "refuse", "refuse"]
    books(FIRST)
    made = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in made["changes"]] == ["book", "refuse", "refuse"]
    assert api.url.removeprefix("http://") in made["changes"][1]["reason"]
    assert cli("jobs", "run").code == 5
    assert in_files(folder) == {item_id(1): 1}


def test_what_people_took_out_of_the_same_books_is_booked_again(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """A draft that was deleted since its template was wrong: the template is another, the books are not."""
    books(section(api))
    assert cli("jobs", "run").code == 0
    again(world, 1, 2)
    api.vouchers[0]["reference"] = "gone"
    api.vouchers[1]["status"] = "void"
    books(section(api, closedPeriod={"when": "status == `423`"}))
    assert cli("jobs", "run").code == 0
    assert Counter(voucher["reference"] for voucher in api.vouchers)[item_id(1)] == 1
    assert len(api.vouchers) == 5


DAMAGED: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "garbage before it": lambda text: b"{garbage\x00\n" + text,
    "another shape": lambda _: b'{"sent": ["a"]}\n',
    "no object": lambda text: text + b"[]\n",
    "NUL": lambda _: b"\0" * 200,
    "latin-1": lambda _: b'{"sent": {"\xe5": "x"}}\n',
    "a folder": lambda _: None,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_nothing_is_booked_over_notes_that_cannot_be_read(name: str, world: World, books: MakeBooks, cli: Cli) -> None:
    """They may name what stands elsewhere: the file is told, and a plan is made again once it is gone."""
    folder = books(FIRST)
    assert cli("jobs", "run").code == 0
    again(world, 1)
    books(SECOND)
    (notes,) = folder.glob(".pleoctl/jobs/books-*.jsonl")
    content = DAMAGED[name](notes.read_bytes())
    notes.unlink()
    notes.mkdir() if content is None else notes.write_bytes(content)
    for command in ("plan", "run"):
        said = cli("jobs", command)
        assert (said.code, notes.name in said.stderr) == (1, True)
    assert in_files(folder)[item_id(1)] == 1
    shutil.rmtree(notes) if content is None else notes.unlink()
    assert cli("jobs", "plan", "--format", "json").json["summary"]["book"] == 1


@pytest.mark.parametrize("index", [None, b'{"books": "../../../x", "name": 3}\n', b'{"books"'])
def test_notes_count_without_the_name_of_their_books(
    index: bytes | None, world: World, books: MakeBooks, cli: Cli
) -> None:
    """The list of names may be gone, torn, or lead elsewhere: what was sent is held back all the same."""
    folder = books(FIRST)
    assert cli("jobs", "run").code == 0
    again(world, 1)
    books(SECOND)
    names = folder / ".pleoctl/jobs/books.jsonl"
    names.unlink() if index is None else names.write_bytes(index)
    summary = cli("jobs", "plan", "--format", "json").json["summary"]
    assert (summary["book"], summary["refuse"]) == (0, 1)
    assert cli("jobs", "run").code == 5
    assert in_files(folder)[item_id(1)] == 1


def test_a_line_that_a_kill_has_torn_is_passed_over(world: World, books: MakeBooks, cli: Cli) -> None:
    """Its request has not left; the lines after it count."""
    folder = books(FIRST)
    (folder / ".pleoctl/jobs").mkdir(parents=True)
    for name in ("books", "books-0123456789abcdef"):
        (folder / f".pleoctl/jobs/{name}.jsonl").write_text('{"sent": {"a')
    assert cli("jobs", "run").code == 0
    assert outcomes(world) == {item: ["successful"] for item in ALL}
