"""Jobs booked through a JSON API: found by key, booked once whatever is lost, refused in the system's own words."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from api_books import TOKEN, ApiBooks, section
from export_pleo import JOB, World, item_id, payload
from job_outcomes import ALL, outcomes
from pleoctl.errors import PleoctlError
from pleoctl.jobs.notes import Notes
from pleoctl.run.journal import Journal, JournalError

if TYPE_CHECKING:
    from job_outcomes import MakeBooks
    from shapes import Json, Value
    from tests.conftest import Cli

GUARD = {"key": {"guardedFor": "24h"}}


def held(api: ApiBooks) -> Counter[str]:
    """How often each reference stands in the books."""
    return Counter(voucher["reference"] for voucher in api.vouchers)


def test_a_job_is_booked_read_back_and_reported(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """Each item is one voucher with its amounts as the system writes them; Pleo gets its number and its url."""
    books(section(api))
    assert cli("jobs", "plan").code == 0
    assert (world.writes, api.vouchers) == ([], [])
    done = cli("jobs", "run", "--format", "json")
    assert done.code == 0, done.stderr
    assert held(api) == ALL
    first = api.vouchers[0]
    assert first["date"] == "2026-03-15"
    assert first["draft"] is True
    assert first["lines"][0] == {"account": "5810", "side": "debit", "amount": 100.01}
    (told,) = world.statuses[item_id(1)]
    assert (told["status"], told["externalId"]) == ("successful", "1")
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("how", ["before", "after", "503", "408", "303"])
@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.usefixtures("time")
def test_a_lost_answer_books_nothing_twice(
    how: str, guarded: bool, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """What shows is booked; what does not is sent again only while its key is guarded, and else left open (exit 5)."""
    api.faults, api.honours = {2: how}, guarded
    books(section(api, **(GUARD if guarded else {})))
    done = cli("jobs", "run")
    open_ = how == "before" and not guarded
    assert done.code == (5 if open_ else 0), done.stderr
    assert held(api) == ({item: 1 for item in ALL if item != item_id(2)} if open_ else ALL)
    assert (item_id(2) in outcomes(world)) is not open_
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    assert outcomes(world) == {item: ["successful"] for item in ALL}


@pytest.mark.parametrize(
    ("status", "guarded"), [*((status, False) for status in ("400", "403", "409", "423", "429")), ("429", True)]
)
@pytest.mark.usefixtures("time")
def test_a_denial_of_what_was_booked_is_not_believed(
    status: str, guarded: bool, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """Somebody between denies what he has passed on: it is looked for before it is refused, moved or sent again."""
    api.faults = {2: status}
    books(section(api, **(GUARD if guarded else {}), closedPeriod={"when": "status == `423`"}))
    done = cli("jobs", "run")
    assert done.code == (5 if status == "403" else 0), done.stderr
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    assert outcomes(world) == {item: ["successful"] for item in ALL}


def test_a_refusal_reaches_pleo_in_the_systems_own_words(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """4xx fails the item with the words of the answer, and with the type that `reasons` gives it."""
    api.refusals = {1: (400, {"message": "No such journal"}), 2: (422, {"code": "NO_ACCOUNT", "message": "no 5810"})}
    books(section(api))
    assert cli("jobs", "run").code == 5
    told = [world.statuses[item_id(n)][0] for n in (1, 2, 3)]
    assert told[0]["failureReasonType"] == "accounting_system_validation_failure"
    assert told[0]["failureReason"] == "No such journal"
    assert (told[1]["failureReasonType"], told[1]["failureReason"]) == ("account_unknown", "no 5810")
    assert told[2]["status"] == "successful"


@pytest.mark.parametrize(("status", "once"), [(409, True), (409, False), (408, False), (425, True)])
@pytest.mark.usefixtures("time")
def test_an_answer_that_may_mean_a_booking_under_way_is_no_refusal(
    status: int, once: bool, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """408, 425, and 409 to a request with an idempotency key, are looked up; 409 without one refuses the item."""
    api.refusals = {2: (status, {"message": "busy"})}
    books(section(api, **({} if once else {"book": {"headers": {}}})))
    assert cli("jobs", "run").code == 5
    told = outcomes(world).get(item_id(2))
    assert told == (["failed"] if (status, once) == (409, False) else None)
    assert held(api) == {item: 1 for item in ALL if item != item_id(2)}


@pytest.mark.parametrize(("choice", "code"), [("fail", 5), ("nextOpen", 0)])
def test_a_closed_period_of_an_api(
    choice: str, code: int, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """The entry is refused, or booked on the day that the answer names (P1-P3)."""
    api.refusals = {1: (422, {"code": "PERIOD_CLOSED", "nextOpen": "2026-04-01"})}
    books(section(api), posting={"closedPeriod": choice})
    assert cli("jobs", "run").code == code
    dates = {voucher["reference"]: voucher["date"] for voucher in api.vouchers}
    assert dates.get(item_id(1)) == (None if choice == "fail" else "2026-04-01")
    moved = [voucher["moved"] for voucher in api.vouchers if "moved" in voucher]
    assert moved == ([] if choice == "fail" else [{"from": "2026-03-15", "reason": "the period was closed"}])
    assert world.statuses[item_id(1)][0]["status"] == ("failed" if choice == "fail" else "successful")


def test_only_equal_live_records_of_our_own_key_count(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """A longer key, another spelling and a void record are not ours, on whichever page; another amount is refused."""
    lines = [{"account": "5810", "side": "debit", "amount": 1}, {"account": "1940", "side": "credit", "amount": 1}]
    row = {"status": "open", "date": "2026-03-15", "lines": lines}
    names = [item_id(1) + "0", item_id(1), item_id(2)]
    api.vouchers = [{**row, "number": n, "reference": name, "self": "x"} for n, name in enumerate(names, 1)]
    api.vouchers[1]["status"], api.size = "void", 1
    books(section(api))
    said = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in said["changes"]] == ["book", "refuse", "book"]
    assert "the books hold 3 for it" in said["changes"][1]["reason"]


def test_attachments_go_up_once(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """As a part of a form, to the record that stands."""
    world.files["/receipt"] = b"%PDF"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    attach = {"path": "/v1/vouchers/{id}/attachments", "multipart": "file"}
    books(section(api, attach=attach, find={"attachments": "files", "optional": ["files"]}))
    done = cli("jobs", "run")
    assert done.code == 0, done.stderr
    ((path, content),) = api.uploads
    assert path == "/v1/vouchers/1/attachments"
    assert b'name="file"; filename="1.pdf"' in content
    assert b"%PDF" in content


def test_a_wrong_credential_leaves_the_books_and_the_job_alone(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is planned without the books' answer, and `sink check` says what is wrong."""
    monkeypatch.setenv("AS_TOKEN", "wr0ng-token")
    books(section(api))
    assert cli("jobs", "run").code == 1
    said = cli("sink", "check")
    assert said.code == 1
    assert "401" in said.stderr
    assert "wr0ng-token" not in said.stderr
    assert (world.writes, api.vouchers) == ([], [])


def test_a_name_that_no_record_has_is_not_taken_for_empty_books(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """A slip in `find` would book everything twice; it is an error that names the key."""
    books(section(api))
    assert cli("jobs", "run").code == 0
    world.add(JOB, [payload(1)])
    for find in ({"key": "referense"}, {"void": "statuss == 'void'"}):
        books(section(api, find=find))
        said = cli("jobs", "plan")
        assert said.code == 1
        assert f"sink.find.{next(iter(find))}" in said.stderr


def test_a_list_that_is_not_asked_by_key_is_read_once_for_all(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """One look-up of three items takes as many requests as the list has pages."""
    books(section(api, find={"query": {"page": "{page}"}}))
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    world.add(JOB, [payload(n) for n in (1, 2, 3)])
    api.requests.clear()
    said = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in said["changes"]] == ["report"] * 3
    assert len(api.requests) == 1


@pytest.mark.usefixtures("time")
def test_a_credential_that_ends_in_the_middle(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """What was booked is reported, the rest is left as it is, and the next run finishes the job."""
    api.refusals = {2: (401, {"message": "expired"})}
    books(section(api))
    assert cli("jobs", "run").code == 5
    assert item_id(2) not in outcomes(world)
    assert world.jobs[JOB]["status"] == "in_progress"
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    assert outcomes(world) == {item: ["successful"] for item in ALL}


@pytest.mark.parametrize(("host", "code"), [("https://books.example.com", 3), ("http://books.example.com", 78)])
def test_a_host_that_nobody_trusts_gets_no_request(
    host: str, code: int, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """A branch cannot send the books' credential anywhere, or without TLS."""
    world.add(JOB, [])  # nothing to look up, so that only the opening can refuse
    books(section(api, baseUrl=host))
    for command in (("sink", "check"), ("jobs", "plan"), ("jobs", "run")):
        said = cli(*command)
        assert said.code == code
        assert "sink.baseUrl" in said.stderr
    assert (world.writes, api.requests) == ([], [])


def legs_of(api: ApiBooks) -> Json:
    """A sink that books one voucher a leg, each under the key with the number of the leg."""
    book = section(api)["book"]
    templates = [{**book, "when": f"leg.kind == '{kind}'"} for kind in ("invoice", "payment", "journal")]
    return section(api, per="leg", book=templates) | {"book": templates}


def with_invoice(world: World) -> None:
    """The first item becomes an invoice and its payment."""
    world.payloads[JOB][0] |= {
        "bookkeeping": {"method": "accounts_payable"},
        "vendor": {"id": "v", "name": "ACME", "defaultCurrency": "SEK", "code": "ACME"},
    }


def test_legs_that_stand_are_verified_each(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """An item of two vouchers is right where both stand, and told where one of them is gone or void."""
    with_invoice(world)
    books(legs_of(api))
    assert cli("jobs", "run").code == 0
    assert Counter(world.statuses[item_id(1)][0]["externalId"].split(", ")) == {"1": 1, "2": 1}
    assert cli("jobs", "verify").code == 0
    second = api.vouchers[1]
    second["status"] = "void"
    said = cli("jobs", "verify", "--format", "json")
    assert (said.code, [finding["code"] for finding in said.json["findings"]]) == (2, ["void-in-books"])
    api.vouchers.remove(second)
    said = cli("jobs", "verify", "--format", "json")
    assert (said.code, [finding["code"] for finding in said.json["findings"]]) == (2, ["missing-in-books"])


@pytest.mark.parametrize("first", range(1, 33))
@pytest.mark.usefixtures("time")
def test_a_disk_that_fills_up_hides_no_booking(
    first: int, world: World, api: ApiBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever line of notes and journal is the first without room: what stands is told, and is not booked twice."""
    with_invoice(world)
    books(legs_of(api))
    written = itertools.count(1)

    def full(kind: type, error: PleoctlError) -> None:
        write = kind.__dict__["write"]

        def try_to(place: Value, *arguments: Value, **details: Value) -> None:
            if next(written) >= first:
                raise error
            write(place, *arguments, **details)

        patch.setattr(kind, "write", try_to)

    with monkeypatch.context() as patch:
        full(Notes, PleoctlError("no room for a note"))
        full(Journal, JournalError("no room for a line"))
        said = cli("jobs", "run", "--format", "json").json
    assert (said["exitCode"] == 1) == (not api.vouchers)
    if api.vouchers:
        counts, standing = said["result"][0]["counts"], len(api.vouchers)
        whole = {1: 0}.get(standing, standing - 1)
        assert counts.get("done", 0) == whole
        assert counts.get("ambiguous", 0) == (standing == 1)
        assert said["exitCode"] == (0 if "completed" in world.events else 5)
    assert cli("jobs", "run").code == 0
    assert (len(api.vouchers), max(held(api).values())) == (4, 1)
    assert outcomes(world) == {item: ["successful"] for item in ALL}


@pytest.mark.usefixtures("time")
def test_legs_that_stand_are_seen_though_the_rules_refuse_the_item_today(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """The item is reported, not failed; and the job cannot be failed by hand while its legs stand unreported."""
    with_invoice(world)
    books(legs_of(api))
    world.faults = dict.fromkeys(range(2, 20), "before")
    assert cli("jobs", "run").code == 5
    world.faults = {}
    world.payloads[JOB][0]["accountingEntryLines"][0]["account"] = None
    refused = cli("jobs", "fail", JOB, "--type", "invalid_configuration", "--reason", "x")
    assert (refused.code, world.events) == (3, ["started"])
    change = cli("jobs", "plan", "--format", "json").json["changes"][0]
    assert (change["action"], change["warnings"]) == ("report", ["mapping-now-fails"])
    assert cli("jobs", "run").code == 0
    assert world.statuses[item_id(1)][-1]["status"] == "successful"
    assert len(api.vouchers) == 4
