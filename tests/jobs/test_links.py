"""Links that somebody planted where a job writes: none is followed, and what could not be written is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from export_pleo import JOB, World, item_id
from job_outcomes import ALL, booked, outcomes

if TYPE_CHECKING:
    from job_outcomes import MakeBooks
    from tests.conftest import Cli


@pytest.mark.parametrize(
    "link", ["books/.booked", "books/attachments", ".pleoctl/jobs", ".pleoctl/jobs/used.jsonl", ".pleoctl/attachments"]
)
def test_no_link_takes_what_a_job_writes_out_of_the_workspace(
    world: World, books: MakeBooks, cli: Cli, tmp_path_factory: pytest.TempPathFactory, link: str
) -> None:
    """A branch may have planted it: refused before Pleo is told of anything, and nothing lies there."""
    outside = tmp_path_factory.mktemp("outside")
    folder = books()
    (folder / link).parent.mkdir(parents=True)
    (folder / link).symlink_to(outside / "it" if link.endswith(".jsonl") else outside)
    said = cli("jobs", "run")
    assert said.code == 3, said.stderr
    assert "leads outside the workspace" in said.stderr
    assert (world.events, list(outside.iterdir())) == ([], [])


_FETCHED = f".pleoctl/attachments/{JOB}/{item_id(1)}"


@pytest.mark.parametrize(
    ("link", "to", "done"),
    [
        ("books/.booked/.probe", "secret", 3),
        (f"books/.booked/{JOB}", "new", 0),
        (f"books/{JOB}.beancount", "new", 3),
        (f"books/attachments/{item_id(1)}", ".", 2),
        (f"books/attachments/{item_id(1)}/1.pdf", "new", 2),
        (f".pleoctl/jobs/{JOB}.jsonl", "secret", 0),
        (".pleoctl/jobs/books.jsonl", "secret", 0),
        (_FETCHED, ".", 2),
        (f"{_FETCHED}/1.pdf", "secret", 2),
        (f"{_FETCHED}/.1.pdf.part", "secret", 2),
    ],
)
def test_no_link_at_the_place_of_one_file_is_followed(
    world: World, books: MakeBooks, cli: Cli, tmp_path_factory: pytest.TempPathFactory, link: str, to: str, done: int
) -> None:
    """Whoever planted it knew the ids: nothing outside is made, changed or handed on, and what is apart goes on."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s3cret")
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    folder = books()
    (folder / link).parent.mkdir(parents=True)
    (folder / link).symlink_to(outside / to)
    said = cli("jobs", "run")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret": "s3cret"}
    assert not [path for path in (folder / "books/attachments").rglob("1.pdf") if path.read_bytes() != b"%PDF"]
    assert [said for said in outcomes(world).values() if said == ["successful"]] == [["successful"]] * done
    assert said.code == (0 if done == 3 else 1 if ".pleoctl/jobs" in link else 5), said.stderr


def test_what_stands_in_the_books_without_their_ledger_is_told_so(world: World, books: MakeBooks, cli: Cli) -> None:
    """Neither reported nor called untried: the next run, which can write the ledger, reports it once."""
    folder = books()
    (folder / "books/.booked").mkdir(parents=True)
    (folder / "books/.booked" / JOB).symlink_to("nowhere")
    said = cli("jobs", "run")
    assert (said.code, booked(folder), outcomes(world)) == (5, ALL, {})
    assert (
        said.stdout.count(f"ambiguous item:{item_id(1)}: it stands in the books, whose ledger cannot be written") == 1
    )
    (folder / "books/.booked" / JOB).unlink()
    assert cli("jobs", "run").code == 0
    assert (booked(folder), outcomes(world)) == (ALL, {item: ["successful"] for item in ALL})
