"""`jobs verify`: what Pleo has as booked, held against the books."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from export_pleo import JOB, OTHER, World, item_id, payload

if TYPE_CHECKING:
    from job_outcomes import MakeBooks
    from shapes import Json
    from tests.conftest import Cli


def test_what_pleo_has_as_booked_is_verified(world: World, books: MakeBooks, cli: Cli) -> None:
    """Exit 2 names items that are missing, double, or another record; all is well right after a run."""
    folder = books()
    assert cli("jobs", "run").code == 0
    assert cli("jobs", "verify").code == 0
    (path,) = (folder / "books").glob("*.beancount")
    path.with_name("copy.beancount").write_text(path.read_text())
    said = cli("jobs", "verify", "--format", "json")
    assert (said.code, {finding["code"] for finding in said.json["findings"]}) == (2, {"booked-twice"})
    assert said.json["findings"][0]["message"] == f"the books hold it 2 times under {JOB}/1 (export job {JOB})"
    assert said.json["result"] == {"jobs": [JOB], "differences": 3}
    assert "1 job verified, 3 items differ." in cli("jobs", "verify").stdout
    assert cli("jobs", "verify", "--since", "2026-03-21").code == 0
    path.with_name("copy.beancount").unlink()
    world.items[JOB][0]["externalId"] = "other"
    world.items[JOB].append({"accountingEntryId": item_id(9), "status": "successful"})
    said = cli("jobs", "verify", JOB, "--format", "json")
    assert [finding["code"] for finding in said.json["findings"]] == ["other-record", "missing-in-books"]


MOVED: Final[list[Json]] = [
    {"type": "csv", "path": "elsewhere"},
    {"type": "beancount", "path": "elsewhere"},
    {"type": "hledger", "path": "books"},
]


@pytest.mark.parametrize("sink", MOVED)
def test_books_of_an_earlier_sink_are_not_called_missing(sink: Json, world: World, books: MakeBooks, cli: Cli) -> None:
    """Whatever of `sink` is another: what went into other books is told of, and none of it is missing from these."""
    folder = books({"type": "beancount", "path": "books"})
    assert cli("jobs", "run").code == 0
    books(sink)
    said = cli("jobs", "verify", "--format", "json")
    assert (said.code, said.json["result"]) == (0, {"jobs": [], "differences": 0})
    (told,) = said.json["findings"]
    assert told["code"] == "earlier-sink"
    assert f"3 items of export job {JOB} went into other books (beancount books)" in told["message"]
    assert "0 jobs verified, 0 items differ." in cli("jobs", "verify").stdout
    world.jobs[JOB]["status"] = "failed"
    world.add(OTHER, [payload(1)])
    assert cli("jobs", "run", "--book-again").code == 0
    said = cli("jobs", "verify", "--format", "json")  # the record that Pleo was told of is in the other books
    assert (said.code, [finding["code"] for finding in said.json["findings"]]) == (0, ["earlier-sink"])
    assert said.json["result"]["jobs"] == [OTHER]
    shutil.rmtree(folder / sink["path"])
    said = cli("jobs", "verify", OTHER, "--format", "json")
    assert (said.code, said.json["findings"][0]["code"]) == (2, "missing-in-books")


def test_what_is_missing_after_the_sink_was_changed_says_so(books: MakeBooks, cli: Cli) -> None:
    """Books of the same type, and no notes of where they were: each missing item points at the section of then."""
    folder = books()
    assert cli("jobs", "run").code == 0
    (folder / "books").rename(folder / "away")
    first = cli("jobs", "verify", "--format", "json").json["findings"][0]
    assert (first["code"], first["hint"]) == ("missing-in-books", None)
    books({"type": "beancount", "path": "elsewhere"})
    for notes in folder.glob(".pleoctl/jobs/books*.jsonl"):
        notes.unlink()
    first = cli("jobs", "verify", "--format", "json").json["findings"][0]
    assert (first["code"], "`sink` of the workspace was another" in first["hint"]) == ("missing-in-books", True)


def test_what_was_changed_in_the_books_is_verified(books: MakeBooks, cli: Cli) -> None:
    """An amount that is no longer the booked one is named, also after its job is over."""
    folder = books()
    assert cli("jobs", "run").code == 0
    (path,) = (folder / "books").glob("*.beancount")
    path.write_text(path.read_text().replace("100.01", "109.01"))
    said = cli("jobs", "verify", "--format", "json")
    (finding,) = said.json["findings"]
    assert (said.code, finding["code"], finding["address"]) == (2, "different-in-books", f"item:{item_id(1)}")
    assert "109.01 SEK" in finding["message"]


@pytest.mark.parametrize("day", ["x", "2026-13-01", "yesterday"])
def test_a_day_that_is_none_verifies_nothing(day: str, books: MakeBooks, cli: Cli) -> None:
    """Usage, rather than no jobs and all is well."""
    books()
    said = cli("jobs", "verify", "--since", day)
    assert (said.code, "2026-03-01" in said.stderr) == (64, True)


def test_what_a_job_had_reported_before_it_expired_is_verified(world: World, books: MakeBooks, cli: Cli) -> None:
    """A failed job may have successful items, which the books must hold as well."""
    books()
    world.jobs[JOB]["status"] = "failed"
    world.items[JOB][0] |= {"status": "successful", "externalId": f"{JOB}/1"}
    said = cli("jobs", "verify", "--format", "json")
    assert (said.code, [finding["address"] for finding in said.json["findings"]]) == (2, [f"item:{item_id(1)}"])
