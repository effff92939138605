"""What the books have to do with a job: what they hold, files of every kind, attachments, publishing."""

from __future__ import annotations

import gzip
import ssl
import sys
from typing import TYPE_CHECKING

import pytest
import trustme

from export_pleo import COMPANY, JOB, OTHER, World, item_id
from job_outcomes import booked, outcomes
from raw_server import RawServer, answer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from shapes import Json
    from tests.conftest import Cli


def test_what_the_books_hold_decides(world: World, books: MakeBooks, cli: Cli) -> None:
    """Equal is reported only; different is refused and named; what maps no longer is reported with a warning."""
    folder = books()
    world.faults = {2: "before", 3: "before", 4: "before"}
    assert cli("jobs", "run").code == 5
    (path,) = (folder / "books").glob("*.beancount")
    path.write_text(path.read_text().replace("100.02", "77.00"))
    world.payloads[JOB][2]["accountingEntryLines"][0]["account"] = None
    plan = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in plan["changes"]] == ["report", "refuse", "report"]
    assert "77.00" in plan["changes"][1]["reason"]
    assert plan["changes"][2]["warnings"] == ["mapping-now-fails"]
    assert cli("jobs", "run").code == 5
    assert {item: said[-1] for item, said in outcomes(world).items()} == {
        item_id(1): "successful",
        item_id(2): "failed",
        item_id(3): "successful",
    }


def test_a_folder_whose_files_were_moved_away_is_still_known(world: World, books: MakeBooks, cli: Cli) -> None:
    """The ledger alone proves a booking."""
    folder = books()
    world.faults = {2: "before", 3: "before", 4: "before"}
    assert cli("jobs", "run").code == 5
    for path in (folder / "books").glob("*.beancount"):
        path.unlink()
    world.faults = {}
    assert cli("jobs", "run").code == 0
    assert not booked(folder)
    assert world.events == ["started", "completed"]


def test_attachments_are_stored_beside_the_books(world: World, books: MakeBooks, cli: Cli) -> None:
    """Fetched without a credential, before the entry; what cannot be had fails its item alone (H6)."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    world.payloads[JOB][1]["files"] = [{"type": "application/zip", "url": f"{world.url}/receipt"}]
    folder = books()
    assert cli("jobs", "run").code == 5
    assert (folder / "books/attachments" / item_id(1) / "1.pdf").read_bytes() == b"%PDF"
    assert booked(folder) == {item_id(1): 1, item_id(3): 1}
    assert world.statuses[item_id(2)][0]["failureReasonType"] == "receipt_conversion_failure"
    assert not (folder / ".pleoctl/attachments" / JOB).exists()


@pytest.mark.parametrize("cut", [0, 8, 30])
@pytest.mark.usefixtures("time")
def test_a_packed_attachment_is_whole_or_none(cut: int, world: World, books: MakeBooks, cli: Cli) -> None:
    """One of which the end of the packing is missing is not fetched, however much of it can be unpacked."""
    content = b"%PDF" + bytes(range(256)) * 9
    packed = gzip.compress(content)
    sent = answer(packed[: len(packed) - cut], "Content-Encoding: gzip")
    with serving(lambda _server, _request: [sent]) as files:
        url = f"http://127.0.0.1:{files.port}/receipt"
        world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": url}]
        folder = books()
        assert cli("jobs", "run").code == (5 if cut else 0)
        assert len(files.requests) == (3 if cut else 1)
    told = world.statuses[item_id(1)][0]
    assert told.get("failureReasonType") == ("receipt_download_failure" if cut else None)
    kept = folder / "books/attachments" / item_id(1) / "1.pdf"
    assert kept.exists() is not bool(cut)
    assert cut or kept.read_bytes() == content


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_attachments_are_fetched_from_whom_the_environment_trusts(
    variable: str, world: World, books: MakeBooks, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever vouches for Pleo itself, such as the authority of a company's own proxy, vouches for its files."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    with serving(lambda _server, _request: [answer(b"%PDF")], context) as files:
        url = f"https://127.0.0.1:{files.port}/receipt"
        world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": url}]
        folder = books()
        assert cli("jobs", "run").code == 0
    assert (folder / "books/attachments" / item_id(1) / "1.pdf").read_bytes() == b"%PDF"


@pytest.mark.parametrize("link", ["http://[::1", "https://127.0.0.1:99999/x", f"https://{'a' * 70}.example/x"])
@pytest.mark.parametrize("redirected", [False, True])
def test_a_link_that_is_no_url_fails_its_item_alone(
    link: str, redirected: bool, time: FakeTime, world: World, books: MakeBooks, cli: Cli
) -> None:
    """Whoever gives it, Pleo or who serves its files, the job goes on, at once."""
    begun = time.seconds
    heads: list[bytes] = []

    def script(_server: RawServer, head: bytes) -> list[bytes]:
        heads.append(head)
        return [answer(b"", f"Location: {link}", status="302 Found")]

    with serving(script) as files:
        url = f"http://127.0.0.1:{files.port}/receipt" if redirected else link
        world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": url}]
        folder = books()
        assert cli("jobs", "run").code == 5
    assert world.statuses[item_id(1)][0]["failureReasonType"] == "receipt_download_failure"
    assert booked(folder).keys() == {item_id(2), item_id(3)}
    # Other packings than this one may be cut without a trace.
    assert all(b"\r\nAccept-Encoding: gzip\r\n" in head for head in heads)
    assert bool(heads) is redirected
    assert time.seconds == begun


def test_what_follows_an_attachment_is_never_taken_for_the_next(world: World, books: MakeBooks, cli: Cli) -> None:
    """A server that sends one file too many is asked for the next one on another connection."""
    sent = iter([answer(b"%PDF-1") + answer(b"%PDF-0"), answer(b"%PDF-2")])
    with serving(lambda _server, _request: [next(sent)]) as files:
        for place in (0, 1):
            url = f"http://127.0.0.1:{files.port}/{place}"
            world.payloads[JOB][place]["files"] = [{"type": "application/pdf", "url": url, "size": 6}]
        folder = books()
        assert cli("jobs", "run").code == 0
        assert (len(files.requests), files.connections) == (2, 2)
    kept = [(folder / "books/attachments" / item_id(n) / "1.pdf").read_bytes() for n in (1, 2)]
    assert kept == [b"%PDF-1", b"%PDF-2"]


@pytest.mark.parametrize("attachments", ["store", "best"])
@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.usefixtures("time")
def test_an_attachment_of_another_size_than_pleo_says_is_not_whole(
    size: int, attachments: str, world: World, books: MakeBooks, cli: Cli
) -> None:
    """Cut or another file: fetched three times, then its item is refused, or booked without it and warned about."""
    world.files["/receipt"] = b"%PDF"
    sent = {"type": "application/pdf", "url": f"{world.url}/receipt", "size": size}
    world.payloads[JOB][0]["files"] = [sent]
    folder = books(posting={"attachments": attachments})
    refused = size != 4 and attachments == "store"
    done = cli("jobs", "run")
    assert done.code == (5 if refused else 0)
    told = world.statuses[item_id(1)][0]
    assert told.get("failureReasonType") == ("receipt_download_failure" if refused else None)
    words = str(told.get("failureReason")) if refused else done.stderr
    assert (f"4 bytes came, and Pleo says that it has {size}" in words) == (size != 4)
    assert (folder / "books/attachments" / item_id(1) / "1.pdf").exists() == (size == 4)


@pytest.mark.usefixtures("world")
def test_books_that_stay_on_this_machine_are_told(books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan warns until something publishes them."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    books()
    told = cli("jobs", "plan", "--format", "json").json["warnings"]
    assert "books-on-this-machine" in {one["code"] for one in told}
    books({"type": "beancount", "path": "books", "publish": ["true"]})
    told = cli("jobs", "plan", "--format", "json").json["warnings"]
    assert "books-on-this-machine" not in {one["code"] for one in told}


def test_books_are_published_before_a_status_leaves(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the environment's leave nothing runs; a command that fails keeps every status back (exit 5)."""
    sink = {"type": "csv", "path": "books", "publish": ["false"]}
    books(sink)
    assert cli("jobs", "run").code == 3
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    assert cli("jobs", "run").code == 5
    assert (world.statuses, world.events) == ({}, ["started"])
    books({**sink, "publish": ["true"]})
    assert cli("jobs", "run").code == 0
    assert world.events == ["started", "completed"]


def test_another_companys_job_is_refused(world: World, books: MakeBooks, cli: Cli) -> None:
    """Neither planned nor run (exit 3); an item of another company fails alone."""
    world.jobs[JOB]["companyId"] = OTHER
    books()
    assert cli("jobs", "plan", JOB).code == 3
    assert cli("jobs", "run").code == 3
    world.jobs[JOB]["companyId"] = COMPANY
    world.payloads[JOB][0]["companyId"] = OTHER
    assert cli("jobs", "run").code == 5
    assert world.statuses[item_id(1)][0]["failureReasonType"] == "invalid_configuration"


@pytest.mark.parametrize("kind", ["beancount", "hledger", "csv", "sie", "datev"])
def test_every_kind_of_file_takes_a_job(kind: str, books: MakeBooks, cli: Cli) -> None:
    """A job goes into each kind of book file, and the sink says what it can hold."""
    own: Json = {
        "sie": {"currency": "SEK"},
        "datev": {"consultant": 1001, "client": 1, "currency": "SEK"},
    }
    folder = books({"type": kind, "path": "books", **own.get(kind, {})})
    assert "accountingEntryId" in cli("sink", "check").stdout or kind in {"sie", "datev"}
    done = cli("jobs", "run")
    assert done.code == 0, done.stdout + done.stderr
    assert (folder / "books/.booked" / JOB).exists()


def test_a_workspace_without_a_sink_says_what_is_missing(world: World, books: MakeBooks, cli: Cli) -> None:
    """One sentence and exit 78."""
    folder = books()
    path = folder / "pleoctl.yaml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("sink")))
    assert cli("jobs", "plan").code == 78
    assert cli("sink", "check").code == 78
    assert world.writes == []


def test_books_that_keep_quiet_are_not_compared_in_silence(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that finds a record and tells no postings of it is `no-read-back`."""
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    answers = {"hello": {"drafts": True, "attachments": True}, "find": {"found": {item_id(1): {"id": "7"}}}}
    says = f"print(json.dumps({answers!r}[json.loads(line)['op']]), flush=True)"
    lines = f"import json, sys\nfor line in sys.stdin:\n    {says}"
    books({"type": "exec", "command": [sys.executable, "-c", lines]})
    plan = cli("jobs", "plan", "--format", "json").json
    assert plan["summary"]["report"] == 1
    assert "no-read-back" in {one["code"] for one in plan["warnings"]}
    assert world.writes == []


def test_a_plan_of_a_job_that_is_over_leaves_it_as_it_is(books: MakeBooks, cli: Cli) -> None:
    """Exit 4, and the receipt does not call the job open."""
    books()
    assert cli("jobs", "plan", "-o", "p.json").code == 0
    assert cli("apply", "p.json").code == 0
    said = cli("apply", "p.json", "--format", "json")
    assert (said.code, said.json["job"]["outcome"]) == (4, "completed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"note": "another"}, "note"),
        ({"date": "2026-03-16T12:00:00Z"}, "date"),
        ({"type": "fee"}, "type"),
        ({"files": [{"type": "image/png", "url": "https://example.com/a"}]}, "files"),
        ({"bornLater": 1}, "another field"),
    ],
)
def test_a_changed_item_is_named_with_its_field(
    changes: Json, field: str, world: World, books: MakeBooks, cli: Cli
) -> None:
    """Exit 4 before anything is sent."""
    books()
    assert cli("jobs", "plan", "-o", "p.json").code == 0
    world.payloads[JOB][1] |= changes
    said = cli("apply", "p.json")
    assert said.code == 4
    assert f"item:{item_id(2)} is no longer what the plan saw: {field} has changed" in said.stderr
    assert world.writes == []


def test_null_and_absent_are_the_same_item(world: World, books: MakeBooks, cli: Cli) -> None:
    """A field that Pleo leaves out once and sends empty the next time makes no plan stale."""
    books()
    assert cli("jobs", "plan", "-o", "p.json").code == 0
    world.payloads[JOB][1] |= {"servicePeriod": None, "bornLater": None}
    assert cli("apply", "p.json").code == 0


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n%PDF"], "it broke off"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n%PDF"], "it broke off"),
        ([answer(b"%PDF", "Content-Encoding: gzip")], "it cannot be unpacked"),
        ([answer(b"%PDF", "Content-Encoding: deflate")], "it is packed in a way that nobody asked for"),
        ([], "its server cannot be reached"),
    ],
)
@pytest.mark.usefixtures("time")
def test_why_an_attachment_cannot_be_had_is_told_in_words(
    world: World, books: MakeBooks, cli: Cli, pieces: list[bytes], why: str
) -> None:
    """The people in Pleo read it: no names of classes."""

    def script(_server: RawServer, _request: bytes) -> Iterator[bytes]:
        yield from pieces
        raise ConnectionResetError

    with serving(script) as files:
        url = f"http://127.0.0.1:{files.port}/receipt"
        world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": url}]
        books()
        assert cli("jobs", "run").code == 5
    assert world.statuses[item_id(1)][0]["failureReason"] == f"1.pdf could not be fetched from Pleo: {why}"
