"""Jobs booked into Tryton: moves found by their reference, drafts posted once, closed periods, cancelled moves."""

from __future__ import annotations

import base64
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from export_pleo import JOB, World, item_id, payload
from fake_tryton import PASSWORD, TrytonBooks, account, section, serving
from job_outcomes import ALL, outcomes
from pleoctl.remote.transport import Transport
from pleoctl.testing.machine import Death

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from pleoctl.remote.service import Reply
    from shapes import Json, Value
    from tests.conftest import Cli

POSTED = {"posting": {"draft": False}}


@pytest.fixture
def tryton(monkeypatch: pytest.MonkeyPatch) -> Iterator[TrytonBooks]:
    """Empty books."""
    monkeypatch.setenv("TRYTON_PASSWORD", PASSWORD)
    with serving(TrytonBooks()) as running:
        yield running


def held(tryton: TrytonBooks) -> Counter[str]:
    """How often each reference stands in the moves."""
    return Counter(row["description"].rpartition("[")[2].rstrip("]") for row in tryton.tables["account.move"])


def states(tryton: TrytonBooks) -> list[str]:
    """The states of all moves."""
    return [row["state"] for row in tryton.tables["account.move"]]


@pytest.mark.parametrize("draft", [True, False])
def test_a_job_becomes_moves(draft: bool, world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """One balanced move an item, draft or posted, with people's words, our reference, and the id that Pleo is told."""
    books(section(tryton), posting={"draft": draft})
    done = cli("jobs", "run")
    assert done.code == 0, done.stderr
    assert held(tryton) == ALL
    assert set(states(tryton)) == {"draft" if draft else "posted"}
    first = tryton.tables["account.move"][0]
    assert first["description"] == f"Taxi [{item_id(1)}]"
    assert (first["date"]["month"], first["period"], first["journal"]) == (3, 3, 1)
    amounts = [(row["debit"]["decimal"], row["credit"]["decimal"]) for row in tryton.tables["account.move.line"][:2]]
    assert amounts == [("100.01", "0.00"), ("0.00", "100.01")]
    (told,) = world.statuses[item_id(1)]
    assert (told["status"], told["externalId"]) == ("successful", "1")
    assert told["externalUrl"].endswith("/#books/model/account.move/1")
    assert PASSWORD not in done.stdout + done.stderr


def test_a_hundred_items_are_looked_up_at_once(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """Planning asks for moves once, not once an item."""
    world.add(JOB, [payload(n) for n in range(1, 101)])
    books(section(tryton))
    assert cli("jobs", "plan").code == 0
    assert tryton.methods.count("model.account.move.search_read") <= 1


@pytest.mark.parametrize("how", ["before", "after", "late"])
@pytest.mark.parametrize("number", [3, 4])
@pytest.mark.usefixtures("time")
def test_a_lost_answer_makes_no_second_move(
    how: str, number: int, world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli
) -> None:
    """Of the making (3) or of the posting (4) of the second item: what was begun is posted, what was not stays open."""
    tryton.faults = {number: how}
    books(section(tryton), **POSTED)
    done = cli("jobs", "run")
    open_ = (number, how) == (3, "before")
    assert done.code == (5 if open_ else 0), done.stderr
    assert (item_id(2) in outcomes(world)) is not open_
    assert cli("jobs", "run").code == 0
    assert held(tryton) == ALL
    assert states(tryton) == ["posted"] * 3
    assert outcomes(world) == {item: ["successful"] for item in ALL}


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("moment", ["before", "behind"])
def test_a_process_that_dies_at_any_change(
    number: int,
    moment: str,
    world: World,
    tryton: TrytonBooks,
    books: MakeBooks,
    cli: Cli,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed in front of or behind any making or posting: the next run posts what was begun and books the rest."""
    del time
    books(section(tryton), **POSTED)
    send, left = Transport.send, [number]

    def dying(self: Transport, method: str, url: str, request: Value) -> Reply:
        called = (request.get("json") or {}).get("method", "") if isinstance(request.get("json"), dict) else ""
        if called.startswith("model.") and called.rpartition(".")[2] in {"create", "post"}:
            left[0] -= 1
            if left[0] == 0 and moment == "behind":
                send(self, method, url, request)
            if left[0] == 0:
                raise Death
        return send(self, method, url, request)

    with monkeypatch.context() as patch, suppress(Death):
        patch.setattr(Transport, "send", dying)
        cli("jobs", "run")
    assert left == [0]
    done = cli("jobs", "run")
    assert done.code == 0, done.stderr
    assert held(tryton) == ALL
    assert states(tryton) == ["posted"] * 3
    assert outcomes(world) == {item: ["successful"] for item in ALL}
    assert world.events == ["started", "completed"]


@pytest.mark.parametrize(
    ("choice", "code", "day"), [("fail", 5, None), ("nextOpen", 0, "05-01"), ("today", 0, "06-07")]
)
def test_a_closed_period_of_tryton(
    choice: str,
    code: int,
    day: str | None,
    world: World,
    tryton: TrytonBooks,
    books: MakeBooks,
    cli: Cli,
    time: FakeTime,
) -> None:
    """Refused, or moved to the first day that is open, or to the day of the run; never without saying so."""
    for month in (3, 4):
        tryton.row("account.period", id=month)["state"] = "closed"
    time.seconds = datetime(2026, 6, 7, 10, tzinfo=UTC).timestamp()
    books(section(tryton), posting={"closedPeriod": choice})
    assert cli("jobs", "run").code == code
    days = {f"{row['date']['month']:02d}-{row['date']['day']:02d}" for row in tryton.tables["account.move"]}
    assert days == (set() if day is None else {day})
    assert world.statuses[item_id(1)][0]["status"] == ("failed" if day is None else "successful")
    if day is None:
        assert "2026-03-15" in world.statuses[item_id(1)][0]["failureReason"]


@pytest.mark.usefixtures("world")
def test_a_closed_period_is_told_in_the_plan(tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """As far as Tryton says it before it is asked to book; periods are read once."""
    tryton.row("account.period", id=3)["state"] = "closed"
    books(section(tryton), posting={"closedPeriod": "nextOpen"})
    said = cli("jobs", "plan", "--format", "json").json
    assert [change["warnings"] for change in said["changes"]] == [["closed-period"]] * 3
    assert "its period is closed" in cli("jobs", "plan").stdout
    assert tryton.methods.count("model.account.period.search_read") == 2


def test_a_period_that_closes_in_the_middle(
    world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was open when it was read: the refusal is known for a closed period, and the rest of the job moves."""
    create = TrytonBooks.create

    def closing(self: TrytonBooks, model: str, rows: list[Json]) -> list[int]:
        made = create(self, model, rows)
        self.row("account.period", id=3)["state"] = "closed"
        return made

    monkeypatch.setattr(TrytonBooks, "create", closing)
    books(section(tryton), posting={"closedPeriod": "nextOpen"})
    assert cli("jobs", "run").code == 0
    assert [row["date"]["month"] for row in tryton.tables["account.move"]] == [3, 4, 4]
    assert world.events == ["started", "completed"]


def test_no_period_is_open_later(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """Without a next open period the entry is refused (P3)."""
    for row in tryton.tables["account.period"]:
        row["state"] = "closed"
    books(section(tryton), posting={"closedPeriod": "nextOpen"})
    assert cli("jobs", "run").code == 5
    told = world.statuses[item_id(1)][0]
    assert told["failureReasonType"] == "accounting_system_validation_failure"
    assert tryton.tables["account.move"] == []


def test_a_cancelled_move_is_booked_anew(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """Neither the move nor the one that takes it back counts; one that was changed by hand refuses its item."""
    books(section(tryton), **POSTED)
    assert cli("jobs", "run").code == 0
    world.add(JOB, [payload(n) for n in (1, 2, 3)])
    tryton.cancel(1)
    tryton.row("account.move.line", move=2, debit={"__class__": "Decimal", "decimal": "100.02"})["account"] = 11
    said = cli("jobs", "plan", "--format", "json").json
    assert [change["action"] for change in said["changes"]] == ["book", "refuse", "report"]
    assert "the books hold 2 for it" in said["changes"][1]["reason"]


def test_attachments_go_to_the_move_once(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """A file that was lost on its way is added by the next run; one that is there is not sent again."""
    world.files["/receipt"] = b"%PDF-1"
    world.payloads[JOB][0]["files"] = [{"type": "application/pdf", "url": f"{world.url}/receipt"}]
    books(section(tryton))
    assert cli("jobs", "run").code == 0
    (kept,) = tryton.tables["ir.attachment"]
    assert (kept["name"], kept["resource"]) == ("1.pdf", "account.move,1")
    assert base64.b64decode(kept["data"]["base64"]) == b"%PDF-1"
    world.add(JOB, world.payloads[JOB])
    assert cli("jobs", "run").code == 0
    assert len(tryton.tables["ir.attachment"]) == 1


def test_what_tryton_lacks_is_refused_in_the_plan(
    world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli
) -> None:
    """An unknown, closed, doubled or heading account, a party that is missing: named, and nothing is sent."""
    row = tryton.row("account.account", code="5810")
    cases: list[tuple[Json, str]] = [
        ({"code": "5811"}, "5810 is not in Tryton"),
        ({"closed": True}, "5810 is closed"),
        ({"type": None}, "5810 is a heading"),
        ({"party_required": True}, "5810 needs a party"),
    ]
    books(section(tryton))
    for change, words in cases:
        before = dict(row)
        row.update(change)
        said = cli("jobs", "plan", "--format", "json").json["changes"][0]
        row.clear()
        row.update(before)
        assert (said["action"], said["reasonType"]) == ("refuse", "invalid_configuration")
        assert words in said["reason"]
    tryton.tables["account.account"].append(account(99, "5810"))
    assert "5810 is there several times" in cli("jobs", "plan", "--format", "json").json["changes"][0]["reason"]
    assert tryton.changes == 0


def test_tags_become_analytic_lines(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """A tag group that is an analytic tree goes along with its line and is missed there; any other is refused."""
    line = world.payloads[JOB][0]["accountingEntryLines"][0]
    line["tags"] = [{"id": "g", "groupCode": "DEPT", "code": "20"}]
    books(section(tryton, dimensions=["DEPT"]))
    assert cli("jobs", "run").code == 0
    (made,) = [row["analytic_lines"] for row in tryton.tables["account.move.line"] if "analytic_lines" in row]
    assert made[0][1][0]["account"] == 3
    world.add(JOB, world.payloads[JOB])
    assert cli("jobs", "plan", "--format", "json").json["changes"][0]["action"] == "report"
    tryton.tables["analytic_account.line"].clear()
    said = cli("jobs", "plan", "--format", "json").json["changes"][0]
    assert (said["action"], "it has no DEPT 20 on 5810" in said["reason"]) == ("refuse", True)
    tryton.tables["account.move"].clear()
    books(section(tryton))
    said = cli("jobs", "plan", "--format", "json").json["changes"][0]
    assert "DEPT" in said["reason"]


def test_one_of_several_companies_is_named(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """Without `company` nothing is booked and both are listed; with it only its own accounts are used."""
    tryton.tables["company.company"].append({"id": 2, "rec_name": "Beta", "currency.": {"id": 2, "code": "EUR"}})
    books(section(tryton))
    said = cli("sink", "check")
    assert (said.code, "1 (Acme), 2 (Beta)" in said.stderr) == (1, True)
    books(section(tryton, company=1))
    assert cli("sink", "check").code == 0
    assert cli("jobs", "run").code == 0
    assert held(tryton) == ALL
    assert world.events == ["started", "completed"]


@pytest.mark.usefixtures("world")
def test_what_is_wrong_with_the_section_is_told(
    tryton: TrytonBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown journal is listed beside those there are; a wrong password is told without it."""
    books(section(tryton, journal="NONE"))
    said = cli("sink", "check")
    assert said.code == 1
    assert "EXP, Expense, MISC" in said.stderr
    monkeypatch.setenv("TRYTON_PASSWORD", "hunter22-hunter22")
    books(section(tryton))
    said = cli("sink", "check")
    assert said.code == 1
    assert "log in" in said.stderr
    assert "hunter22" not in said.stderr


def test_a_session_that_ends_is_opened_again(
    world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 in the middle logs in anew and goes on."""
    create = TrytonBooks.create

    def ending(self: TrytonBooks, model: str, rows: list[Json]) -> list[int]:
        self.ended = len(self.tables["account.move"]) == 0
        return create(self, model, rows)

    monkeypatch.setattr(TrytonBooks, "create", ending)
    books(section(tryton), **POSTED)
    assert cli("jobs", "run").code == 0
    assert tryton.methods.count("common.db.login") == 2
    assert held(tryton) == ALL
    assert world.events == ["started", "completed"]


def test_each_kind_of_leg_has_its_journal(world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli) -> None:
    """With a journal for each kind, each leg is a move of its own under the key with its number."""
    books(section(tryton, journal={"journal": "EXP"}))
    assert cli("jobs", "run").code == 0
    assert held(tryton) == {f"{item}-1": 1 for item in ALL}
    assert {row["journal"] for row in tryton.tables["account.move"]} == {2}
    assert world.events == ["started", "completed"]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.usefixtures("time")
def test_a_session_that_ends_makes_no_second_move(
    stored: bool, world: World, tryton: TrytonBooks, books: MakeBooks, cli: Cli
) -> None:
    """401 to the create of a move, made or not: it is looked for before it is sent again under a new session."""
    books(section(tryton))
    struck: list[bool] = []
    create = tryton.create

    def ending(model: str, rows: list[Json]) -> list[int]:
        if model != "account.move" or struck:
            return create(model, rows)
        struck.append(stored)
        if stored:
            create(model, rows)
        raise PermissionError

    tryton.create = ending  # type: ignore[method-assign]  # its first call is answered by somebody between
    assert cli("jobs", "run").code == 0
    assert len(tryton.tables["account.move"]) == len(world.payloads[JOB])
