"""What ails the machine that books, a full disk or a checkout that cannot be written, costs no item and no word."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from api_books import ApiBooks, section
from export_pleo import JOB, World, item_id
from job_outcomes import ALL, booked, outcomes, settled
from pleoctl.documents.files import writing
from pleoctl.run.journal import Journal, JournalError

if TYPE_CHECKING:
    from pathlib import Path

    from job_outcomes import MakeBooks
    from pleoctl.run.journal import Event
    from shapes import Value
    from tests.conftest import Cli


@pytest.mark.usefixtures("time")
def test_what_ails_this_machine_fails_no_item(world: World, books: MakeBooks, cli: Cli) -> None:
    """An attachment that cannot be kept here leaves its item open for the next run; the others are booked."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    folder = books()
    in_the_way = folder / ".pleoctl/attachments"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    done = cli("jobs", "run")
    assert done.code == 5
    assert "an attachment cannot be written" in done.stdout
    assert outcomes(world) == {item_id(n): ["successful"] for n in (2, 3)}
    assert world.jobs[JOB]["status"] == "in_progress"
    in_the_way.unlink()
    settled(world, cli)
    assert booked(folder) == ALL


@pytest.mark.usefixtures("time")
def test_what_is_booked_without_an_attachment_is_told_as_booked(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """Where attachments are ``best``, one that cannot be kept here is a warning."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    attach = {"path": "/v1/vouchers/{id}/attachments", "multipart": "file"}
    sink = section(api, attach=attach, find={"attachments": "files", "optional": ["files"]})
    in_the_way = books(sink, posting={"attachments": "best"}) / ".pleoctl/attachments"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    done = cli("jobs", "run")
    assert done.code == 0
    assert "booked without attachments" in done.stderr
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert (len(api.vouchers), api.uploads) == (len(ALL), [])


@pytest.mark.usefixtures("time")
def test_what_is_booked_while_its_upload_cannot_be_noted_is_told_as_booked(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent that the journal does not take; the record stands all the same."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    attach = {"path": "/v1/vouchers/{id}/attachments", "multipart": "file"}
    books(section(api, attach=attach, find={"attachments": "files", "optional": ["files"]}))
    write = Journal.write

    def full(journal: Journal, event: Event, addresses: list[str], **details: Value) -> None:
        if details.get("step") == "Attach":
            raise JournalError("no room for a line")
        write(journal, event, addresses, **details)

    monkeypatch.setattr(Journal, "write", full)
    done = cli("jobs", "run")
    assert done.code == 0, done.stdout
    assert "no room for a line" in done.stderr
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert (len(api.vouchers), api.uploads) == (len(ALL), [])


@pytest.mark.usefixtures("time")
def test_books_that_cannot_be_written_say_why(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that somebody can mend it: the next run ends right."""
    folder = books()

    def full(path: Path, _content: bytes, **_options: object) -> None:
        with writing(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("pleoctl.sinks.files.folder.write_atomically", full)
        done = cli("jobs", "run")
    assert done.code == 5
    assert "the books could not be written: " in done.stdout
    assert "no space left on device" in done.stdout
    books({"type": "beancount", "path": "roomier"})  # where nothing of it may be held for booked elsewhere
    assert cli("jobs", "plan", "--format", "json").json["summary"]["book"] == len(ALL)
    books()
    settled(world, cli)
    assert booked(folder) == ALL


def test_a_job_of_a_workspace_that_cannot_be_written(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: Path
) -> None:
    """The user's state folder takes what the job needs, its attachments and its run: a read-only checkout can book."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    folder = books()
    make, access = os.mkdir, os.access

    def mkdir(path: Value, *arguments: Value, **options: Value) -> None:
        if str(path).startswith(str(folder / ".pleoctl")):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        make(path, *arguments, **options)

    def may(path: Value, mode: int) -> bool:
        return path != folder and access(path, mode)

    monkeypatch.setattr("os.mkdir", mkdir)
    monkeypatch.setattr("os.access", may)
    done = cli("jobs", "run")
    assert done.code == 0
    assert booked(folder) == ALL
    assert not (folder / ".pleoctl").exists()
    assert list(environment.glob("jobs/*/used.jsonl"))
    assert not list(environment.glob("attachments/*/*"))
