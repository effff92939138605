"""Books behind an API when something dies: at every request to the books and to Pleo, and at every answer."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from api_books import TOKEN, ApiBooks, section, serving
from export_pleo import JOB, World, item_id
from job_outcomes import ALL, outcomes
from pleoctl.remote.transport import Transport
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from pleoctl.remote.service import Reply
    from shapes import Json, Value
    from tests.conftest import Cli

REQUESTS = range(7, 28)
"""Those of a job of three items that come after planning, of both systems together, and one more."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiBooks]:
    """Empty books behind an API."""
    monkeypatch.setenv("AS_TOKEN", TOKEN)
    with serving(ApiBooks()) as running:
        yield running


def two_steps(api: ApiBooks, **changes: Value) -> Json:
    """Vouchers that are made as drafts and posted by a second request."""
    made = section(api, **changes)
    made["find"]["left"] = {"posting": "status == 'open'"}
    made["book"]["then"] = [{"for": "posting", "path": "/v1/vouchers/{id}/post"}]
    return made


def held(api: ApiBooks) -> Counter[str]:
    """How often each reference stands in the books."""
    return Counter(voucher["reference"] for voucher in api.vouchers)


def dying(number: int, moment: str) -> Callable[[Transport, str, str, Value], Reply]:
    """`Transport.send` that dies in front of its n-th request, or behind it."""
    send, left = Transport.send, [number]

    def sent(self: Transport, method: str, url: str, request: Value) -> Reply:
        left[0] -= 1
        if left[0] == 0 and moment == "behind":
            send(self, method, url, request)
        if left[0] == 0:
            raise Death
        return send(self, method, url, request)

    return sent


def dying_once(due: Callable[[], bool]) -> Callable[[Transport, str, str, Value], Reply]:
    """`Transport.send` that dies behind the first request after which something is so."""
    send = Transport.send

    def sent(self: Transport, method: str, url: str, request: Value) -> Reply:
        answer = send(self, method, url, request)
        if due():
            raise Death
        return answer

    return sent


@pytest.mark.parametrize("moment", ["before", "behind"])
@pytest.mark.parametrize("number", REQUESTS)
@pytest.mark.usefixtures("time")
def test_a_process_that_dies_at_any_request(
    number: int,
    moment: str,
    world: World,
    api: ApiBooks,
    books: MakeBooks,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever it speaks to: the next run books each item once, posts it, reports it once and truly, and closes."""
    api.honours = False
    books(two_steps(api), posting={"draft": False})
    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(Transport, "send", dying(number, moment))
        cli("jobs", "run")
    for _ in range(2):
        if world.jobs[JOB]["status"] != "completed":
            cli("jobs", "run")
    assert held(api) == ALL
    assert {voucher["status"] for voucher in api.vouchers} == {"posted"}
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert world.events == ["started", "completed"]


@pytest.mark.parametrize("how", ["before", "after", "503"])
@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.usefixtures("time")
def test_an_answer_of_the_books_is_lost_at_any_write(
    number: int, how: str, world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """Of a making or of a posting, in front of the commit or behind it, or as 503: booked once, reported truly."""
    api.faults = {number: how}
    books(two_steps(api), posting={"draft": False})
    said = cli("jobs", "run")
    lost_making = how == "before" and number % 2 == 1
    assert said.code == (5 if lost_making else 0), said.stdout + said.stderr
    told = set(outcomes(world))
    assert told <= {voucher["reference"] for voucher in api.vouchers if voucher["status"] == "posted"}
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    assert {voucher["status"] for voucher in api.vouchers} == {"posted"}
    assert outcomes(world) == {item: ["successful"] for item in ALL}


def test_a_posting_that_is_refused_names_the_record_that_stands(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """The item fails in the books' own words with the id; the next export posts it, and does not make it again."""
    api.refusals = {2: (422, {"message": "the journal is locked"})}
    books(two_steps(api), posting={"draft": False})
    assert cli("jobs", "run").code == 5
    told = world.statuses[item_id(1)][0]
    assert told["status"] == "failed"
    assert "the journal is locked" in told["failureReason"]
    assert "1 stands unfinished" in told["failureReason"]
    world.add("6b1f2c1e-0000-4000-8000-000000000002", [world.payloads[JOB][0]])
    assert cli("jobs", "run").code == 0
    assert held(api) == ALL
    assert {voucher["status"] for voucher in api.vouchers} == {"posted"}


def test_a_draft_is_left_a_draft(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """With drafts the second request is not sent, and the record counts as booked."""
    books(two_steps(api))
    assert cli("jobs", "run").code == 0
    assert {voucher["status"] for voucher in api.vouchers} == {"open"}
    assert world.events == ["started", "completed"]
    assert not [path for _, path in api.requests if path.endswith("/post")]


# --- closed periods --------------------------------------------------------------------------------------------


def closed(api: ApiBooks, before: str) -> None:
    """Everything before a day is closed."""
    answer = api.answer

    def answered(method: str, target: str, headers: dict[str, str], content: bytes) -> Value:
        if method == "POST" and content and json.loads(content).get("date", "9") < before:
            return 422, {"code": "PERIOD_CLOSED", "nextOpen": before}
        return answer(method, target, headers, content)

    api.answer = answered  # type: ignore[method-assign]


@pytest.mark.parametrize(("choice", "day"), [("nextOpen", "2026-05-01"), ("today", "2026-06-07")])
def test_a_moved_day_stays_the_same_over_runs(
    choice: str,
    day: str,
    world: World,
    api: ApiBooks,
    books: MakeBooks,
    cli: Cli,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first day of the run is kept when it is taken up a week later, and no item goes in front of its own."""
    closed(api, "2026-05-01")
    world.payloads[JOB][2]["date"] = "2026-07-15T12:00:00Z"
    time.seconds = datetime(2026, 6, 7, 23, 30, tzinfo=UTC).timestamp()
    books(section(api, key={"guardedFor": "24h"}), posting={"closedPeriod": choice})
    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(Transport, "send", dying_once(lambda: bool(api.vouchers)))
        cli("jobs", "run")
    assert len(api.vouchers) == 1
    time.seconds += 7 * 86_400
    assert cli("jobs", "run").code == 0
    days = {voucher["reference"]: voucher["date"] for voucher in api.vouchers}
    assert days == {item_id(1): day, item_id(2): day, item_id(3): "2026-07-15"}
    assert held(api) == ALL


@pytest.mark.usefixtures("time")
def test_a_second_closed_answer_refuses(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """Moved once and closed again: refused, and nothing is booked (P7)."""
    shut = (422, {"code": "PERIOD_CLOSED", "nextOpen": "2026-04-01"})
    api.refusals = {1: shut, 2: shut}
    books(section(api), posting={"closedPeriod": "nextOpen"})
    assert cli("jobs", "run").code == 5
    told = world.statuses[item_id(1)][0]
    assert told["failureReasonType"] == "accounting_system_validation_failure"
    assert held(api) == {item: 1 for item in ALL if item != item_id(1)}


LEGS = [
    {
        "path": "/v1/vouchers",
        "id": "string(number)",
        "body": {
            "reference": "key",
            "date": "entry.postingDate",
            "lines": {
                "each": "entry.entries[].postings[]",
                "as": {
                    "account": "posting.account",
                    "side": "posting.side",
                    "amount": "money(posting.amount, posting.currency)",
                },
            },
        },
    }
]
TWO_LEGS = """
expenseTypes:
- id: two
  when: {type: card_purchase}
  replaces: standard/card_purchase
  entries:
  - {kind: invoice, debit: line, credit: accountsPayable}
  - {kind: payment, debit: accountsPayable, credit: wallet}
"""


@pytest.mark.usefixtures("time")
def test_the_legs_of_an_item_move_together(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second leg follows the first to its day, also in the run that takes it up; each holds its own postings."""
    closed(api, "2026-05-01")
    world.add(JOB, world.payloads[JOB][:1])
    folder = books(section(api, per="leg", book=LEGS), posting={"closedPeriod": "nextOpen"})
    with (folder / "mapping.yaml").open("a") as rules:
        rules.write(TWO_LEGS)
    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(Transport, "send", dying_once(lambda: bool(api.vouchers)))
        cli("jobs", "run")
    api.answer = ApiBooks.answer.__get__(api)  # type: ignore[method-assign]
    done = cli("jobs", "run")
    assert done.code == 0, done.stdout + done.stderr
    assert [(row["reference"][-2:], row["date"]) for row in api.vouchers] == [
        ("-1", "2026-05-01"),
        ("-2", "2026-05-01"),
    ]
    assert [[line["account"] for line in row["lines"]] for row in api.vouchers] == [["5810", "2440"], ["2440", "1940"]]


@pytest.mark.usefixtures("time")
def test_no_leg_is_moved_where_another_stands_on_its_own_day(
    world: World, api: ApiBooks, books: MakeBooks, cli: Cli
) -> None:
    """A period that closes between two legs refuses the second one, naming the first."""
    world.add(JOB, world.payloads[JOB][:1])
    api.refusals = {2: (422, {"code": "PERIOD_CLOSED", "nextOpen": "2026-04-01"})}
    folder = books(section(api, per="leg", book=LEGS), posting={"closedPeriod": "nextOpen"})
    with (folder / "mapping.yaml").open("a") as rules:
        rules.write(TWO_LEGS)
    assert cli("jobs", "run").code == 5
    told = world.statuses[item_id(1)][0]
    assert told["status"] == "failed"
    assert "1 of the same item stands on 2026-03-15" in told["failureReason"]
    assert [row["date"] for row in api.vouchers] == ["2026-03-15"]


@pytest.mark.usefixtures("time")
def test_legs_are_verified_together(world: World, api: ApiBooks, books: MakeBooks, cli: Cli) -> None:
    """What Pleo was told of an item is the ids of all its legs; one that is void, or another record, is named."""
    world.add(JOB, world.payloads[JOB][:1])
    folder = books(section(api, per="leg", book=LEGS))
    with (folder / "mapping.yaml").open("a") as rules:
        rules.write(TWO_LEGS)
    assert cli("jobs", "run").code == 0
    assert world.statuses[item_id(1)][0]["externalId"] == "1, 2"
    said = cli("jobs", "verify")
    assert said.code == 0, said.stdout + said.stderr
    api.vouchers[1]["status"] = "void"
    found = cli("jobs", "verify", "--format", "json")
    assert (found.code, [finding["code"] for finding in found.json["findings"]]) == (2, ["void-in-books"])
