"""Records that Pleo would keep twice, or takes for one another: never two of one, never none of two."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import mixed
from clocks import FakeTime
from engine import Engine, check_contract
from pleoctl.desired.read import checked
from pleoctl.errors import ExitCode
from pleoctl.machine import Machine, on
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.reconcile import Scope
from pleoctl.run.doubts import wait_out
from pleoctl.run.places import moment_of
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


# --- tag groups, of which Pleo keeps no code unique ------------------------------------------------------------------


@pytest.fixture
def region(pleo: Sandbox, tmp_path: Path) -> Engine:
    """A desired group with two values, and a Pleo without groups whose clock is the engine's."""
    values = [Row(code, {"code": code, "name": code}) for code in "NS"]
    state = checked(DesiredState(None, [Dimension(Row("REGION", {"code": "REGION", "name": "Region"}), values)], ["d"]))
    engine = Engine(pleo, tmp_path, state, Scope(dimensions=("REGION",)), mixed.FREE)
    pleo.reset(Seed(), Settings(seed_ids=1))
    return engine


def lose_group(engine: Engine, monkeypatch: pytest.MonkeyPatch, lag: float, **fault: Value) -> None:
    """Lose the answer to the group's create while lists lag behind by so many seconds."""
    monkeypatch.setattr(engine.pleo.world, "clock", engine.time)
    strikes: Json = {"method": "POST", "path": "/v0/tag-groups$", "nth": 1}
    if lag:
        engine.pleo.add_fault(Fault(kind="lag", seconds=lag, **strikes))
    engine.pleo.add_fault(Fault(**{"kind": "lostAnswer", **fault}, **strikes))


def groups(engine: Engine) -> list[str]:
    """The codes of all groups."""
    return [group["code"] for group in engine.pleo.state()["tagGroups"]]


def ends(applied: Value) -> dict[str, str]:
    """Status by address."""
    return {str(r.change.address): r.status for r in applied.results}


@pytest.mark.parametrize(("lag", "spent"), [(0, 0.5), (0.6, 2.0), (2.1, 6.0), (20, 6.0)])
def test_a_lost_group_is_looked_for_at_growing_distances(
    region: Engine, monkeypatch: pytest.MonkeyPatch, lag: float, spent: float
) -> None:
    """After half a second, one and a half more, four more; no look later than the one that finds it."""
    plan = region.plan()
    lose_group(region, monkeypatch, lag)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        FakeTime.sleep(region.time, seconds)

    monkeypatch.setattr(region.time, "sleep", sleep)
    region.apply(plan)
    assert sum(waits) == spent


@pytest.mark.parametrize(
    "fault", [{}, {"kind": "truncatedBody"}, {"kind": "status", "status": 503, "commit": True}], ids=str
)
@pytest.mark.parametrize("lag", [0, 5, 20])
def test_a_group_whose_answer_is_lost_is_made_once(
    region: Engine, monkeypatch: pytest.MonkeyPatch, lag: float, fault: Json
) -> None:
    """Found within six seconds it is done; otherwise ambiguous (exit 5), and the next run waits until lists show it."""
    plan = region.plan()
    lose_group(region, monkeypatch, lag, **fault)
    applied = region.apply(plan)
    assert ends(applied)["tagGroup:REGION"] == ("done" if lag < 6 else "ambiguous")
    assert applied.exit_code is (ExitCode.OK if lag < 6 else ExitCode.PARTIAL)
    again = region.apply(plan)
    assert set(ends(again).values()) <= {"done", "alreadyDone"}
    assert groups(region) == ["REGION"]
    assert region.plan().changes == []
    check_contract(region.pleo)


@pytest.mark.parametrize("fresh", [True, False], ids=["new plan", "same plan"])
def test_a_group_that_was_never_made_is_made_later(
    region: Engine, monkeypatch: pytest.MonkeyPatch, *, fresh: bool
) -> None:
    """Lost before it was carried out, which looks cannot tell: ambiguous, its values blocked, made by the next run."""
    plan = region.plan()
    lose_group(region, monkeypatch, 0, kind="droppedBefore")
    applied = region.apply(plan)
    assert set(ends(applied).values()) == {"ambiguous", "blocked"}
    words = {str(r.change.address): r.error["message"] for r in applied.results if r.error}
    assert "the next one waits" in words["tagGroup:REGION"]
    assert "tagGroup:REGION is not known to be written" in words["tag:REGION/N"]
    assert groups(region) == []
    assert region.apply(region.plan() if fresh else plan).outcome == "done"
    assert groups(region) == ["REGION"]


def test_a_group_that_shows_at_the_end_of_the_run_lets_its_values_go(region: Engine) -> None:
    """Made by a request without an answer, and seen only once nothing else was left to do: one run does it all."""
    plan = region.plan()
    for fault in ({"kind": "lag", "reads": 3}, {"kind": "lostAnswer"}):
        region.pleo.add_fault(Fault(**fault, method="POST", path="/v0/tag-groups$", nth=1))
    applied = region.apply(plan)
    assert (applied.outcome, groups(region)) == ("done", ["REGION"])
    assert region.plan().changes == []
    check_contract(region.pleo)


def test_a_confirmed_group_that_does_not_show_is_waited_for(region: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirmed, but in no list at the end of the run: the next plan does not make it again."""
    plan = region.plan()
    monkeypatch.setattr(region.pleo.world, "clock", region.time)
    region.pleo.add_fault(Fault(kind="lag", seconds=20, method="POST", path="/v0/tag-groups$", nth=1))
    assert ends(region.apply(plan))["tagGroup:REGION"] == "ambiguous"
    assert region.plan().changes == []


def test_runs_that_are_moved_away_after_a_minute_take_no_doubt_along(
    region: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a lost answer made shows by then: the next plan needs no journal to leave it alone."""
    plan = region.plan()
    lose_group(region, monkeypatch, 20)
    assert ends(region.apply(plan))["tagGroup:REGION"] == "ambiguous"
    region.time.sleep(60)
    (region.root / ".pleoctl" / "runs").rename(region.root / "elsewhere")
    assert {str(change.address) for change in region.plan().changes} == {"tag:REGION/N", "tag:REGION/S"}
    assert groups(region) == ["REGION"]


def test_only_a_doubt_makes_a_run_wait(region: Engine) -> None:
    """After a run that saw its group, and after a refused one, the next plan begins at once."""
    region.pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/v0/tag-groups$", nth=1))
    for _ in range(3):
        region.apply(region.plan())
    assert region.time.seconds == 1_000_000.0


# --- accounts whose externalIds only look alike ----------------------------------------------------------------------

TWINS = [{"externalId": f"acc-{n}", "code": str(n), "name": f"Account {n}"} for n in range(3)]
LIVE = {"externalId": "ext-a", "code": "1", "name": "Travel"}


def chart(engine: Engine, *rows: tuple[str, str]) -> Engine:
    """The engine with these externalIds and names wanted beside the others."""
    others = [Row(a["externalId"], {"code": a["code"], "name": a["name"]}) for a in TWINS]
    wanted = [Row(key, {"code": "9", "name": name}) for key, name in rows]
    engine.desired, engine.scope = checked(DesiredState([*others, *wanted], None, ["d"])), Scope()
    return engine


def active(engine: Engine) -> dict[str, str]:
    """Names of the active accounts that look like EXT-A, by externalId."""
    accounts = engine.pleo.state()["accounts"]
    return {a["externalId"]: a["name"] for a in accounts if a["externalId"].lower() == "ext-a" and not a["archived"]}


@pytest.mark.parametrize("answer", [409, 200, "200-if-equal"])
@pytest.mark.parametrize("further", [(), (("new", "New"),)], ids=["single", "batch"])
def test_a_create_that_pleo_takes_for_what_the_plan_archives(
    region: Engine, answer: Value, further: tuple[tuple[str, str], ...]
) -> None:
    """The look-alike becomes what was wanted, and its archive is blocked: one of the two is active in the end."""
    engine = chart(region, ("EXT-A", "Trips"), *further)
    engine.pleo.reset(
        Seed(accounts=[*TWINS, LIVE]), Settings(account_ids_ignore_case=True, account_create_existing=answer)
    )
    applied = engine.apply(engine.approved())
    assert {a: s for a, s in ends(applied).items() if a != "account:new"} == {
        "account:EXT-A": "done",
        "account:ext-a": "blocked",
    }
    assert applied.exit_code is ExitCode.PARTIAL
    assert active(engine) == {"ext-a": "Trips"}
    engine.apply(engine.approved())
    assert active(engine) == {"ext-a": "Trips"}


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("action", ["create", "unarchive"])
def test_an_archive_waits_for_its_look_alike(region: Engine, status: int, action: str) -> None:
    """Refused or lost, a create or an unarchive leaves the look-alike active: the archive is blocked."""
    other = {**LIVE, "externalId": "EXT-A", "archived": True}
    engine = chart(region, ("EXT-A", "Trips"))
    engine.pleo.reset(Seed(accounts=[*TWINS, LIVE, *([other] if action == "unarchive" else [])]))
    plan = engine.approved()
    assert {(str(c.address), c.action) for c in plan.changes} == {
        ("account:EXT-A", action),
        ("account:ext-a", "archive"),
    }
    path = "accounts$" if action == "create" else "accounts/[0-9a-f]"
    engine.pleo.add_fault(Fault(kind="status", status=status, path=path, method=None, times=3))
    applied = engine.apply(plan)
    assert ends(applied)["account:ext-a"] == "blocked"
    assert active(engine) == {"ext-a": "Travel"}
    assert "EXT-A" in next(r.error["message"] for r in applied.results if r.status == "blocked" and r.error)
    engine.pleo.clear_faults()
    assert engine.apply(plan).outcome == "done"
    assert active(engine) == {"EXT-A": "Trips"}


def test_look_alikes_that_pleo_keeps_apart_change_places(region: Engine) -> None:
    """Where Pleo compares to the byte both are written, in one run (A6)."""
    engine = chart(region, ("EXT-A", "Trips"))
    engine.pleo.reset(Seed(accounts=[*TWINS, LIVE]))
    assert engine.apply(engine.approved()).outcome == "done"
    assert active(engine) == {"EXT-A": "Trips"}


@pytest.mark.parametrize("answer", [409, 200])
@pytest.mark.parametrize("archived", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_look_alike_that_somebody_wants_is_not_taken(
    region: Engine, answer: Value, *, archived: bool, wanted: bool
) -> None:
    """Both stand in the books: the create fails, the other one is written; one that nobody wants becomes it."""
    rows = [("EXT-A", "Trips"), *([("ext-a", "Travel")] if wanted else [])]
    engine = chart(region, *rows)
    engine.pleo.reset(
        Seed(accounts=[*TWINS, {**LIVE, "code": "9", "archived": archived}]),
        Settings(account_ids_ignore_case=True, account_create_existing=answer),
    )
    applied = engine.apply(engine.approved())
    assert ends(applied)["account:EXT-A"] == ("failed" if wanted else "done")
    assert (
        ends(applied).get("account:ext-a")
        == ({True: "done", False: None} if wanted else {True: None, False: "blocked"})[archived]
    )
    assert active(engine) == {"ext-a": "Travel" if wanted else "Trips"}


def test_one_look_alike_becomes_one_account(region: Engine) -> None:
    """Of two new accounts that Pleo takes for the one that goes, the second fails."""
    engine = chart(region, ("EXT-A", "Trips"), ("Ext-A", "Tours"))
    engine.pleo.reset(
        Seed(accounts=[*TWINS, LIVE]), Settings(account_ids_ignore_case=True, account_create_existing=409)
    )
    applied = engine.apply(engine.approved())
    new = sorted(s for a, s in ends(applied).items() if a.lower() == "account:ext-a" and a != "account:ext-a")
    assert new == ["done", "failed"]
    assert ends(applied)["account:ext-a"] == "blocked"


@pytest.mark.parametrize("lost", [False, True], ids=["another run", "the same run"])
def test_a_look_alike_is_not_taken_for_what_lists_do_not_show_yet(
    region: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, lost: bool
) -> None:
    """Where a 409 comes from the record itself, not listed yet, an archived look-alike stays; the wait is told."""
    engine = chart(region, ("EXT-A", "Trips"))
    engine.pleo.reset(Seed(accounts=[*TWINS, {**LIVE, "archived": True}]), Settings(account_create_existing=409))
    monkeypatch.setattr(engine.pleo.world, "clock", engine.time)
    engine.pleo.add_fault(Fault(kind="lag", seconds=20))
    if lost:
        engine.pleo.add_fault(Fault(kind="lostAnswer", method="POST", nth=1))
    plan = engine.plan()
    for _ in range(2):
        engine.apply(plan)
    accounts = {a["externalId"]: (a["name"], a["archived"]) for a in engine.pleo.state()["accounts"]}
    assert accounts["ext-a"] == ("Travel", True)
    assert accounts["EXT-A"] == ("Trips", False)
    assert "waiting 24 s: Pleo says that account:EXT-A exists, and lists show only ext-a" in caplog.text


# --- the wait itself -------------------------------------------------------------------------------------------------

MOMENT = datetime(2026, 3, 15, 12, tzinfo=UTC)


class Watch(Machine):
    """A machine at one moment that adds up its sleeps."""

    slept = 0.0

    def time(self) -> float:
        """Seconds."""
        return MOMENT.timestamp()

    def sleep(self, seconds: float) -> None:
        """Keep them."""
        self.slept += seconds


def line(event: str, *addresses: str, age: float = 0, **details: Value) -> str:
    """A line of a journal, written so many seconds ago."""
    at = (MOMENT - timedelta(seconds=age)).isoformat()
    return json.dumps({"event": event, "addresses": addresses, "at": at, **details}) + "\n"


def sent(address: str = "tagGroup:A", age: float = 10) -> str:
    """A create that nothing guards."""
    return line("sent", address, age=age, unguarded=True)


@pytest.mark.parametrize(
    ("journals", "seconds"),
    [
        ([], 0),
        ([line("sent", "account:a", age=1)], 0),
        ([sent()], 20),
        ([sent(age=31)], 0),
        ([sent(age=25) + sent("tagGroup:B", age=12)], 18),
        ([sent(age=25), sent("tagGroup:B", age=12)], 18),
        ([sent(age=25), sent(age=12), sent(age=20)], 18),
        ([sent() + line("failed", "tagGroup:A")], 0),
        ([sent() + line("failed", "tagGroup:B")], 20),
        ([sent() + line("ambiguous", "tagGroup:A")], 20),
        ([sent() + line("confirmed", "tagGroup:A")], 20),
        ([sent() + line("confirmed", "tagGroup:A") + line("verified")], 0),
        ([sent() + line("confirmed", "tagGroup:A") + line("ambiguous", "tagGroup:A") + line("verified")], 20),
        ([sent() + sent("tagGroup:B") + line("confirmed", "tagGroup:B") + line("verified")], 20),
        ([sent() + '{"event": "confirmed", "addresses": ["tagGr'], 20),
        (["\x00\x00" + sent(), "[]\n3\n\n" + sent("tagGroup:B")], 20),
        ([sent(age=-5000)], 30),
        ([sent().replace(MOMENT.isoformat()[:10], "no date")], 30),
    ],
)
def test_the_next_run_waits_out_a_lag_that_the_journal_knows_of(
    tmp_path: Path, journals: list[str], seconds: float
) -> None:
    """Half a minute from the last request that may have made what does not show; nothing makes it wait longer."""
    for number, text in enumerate(journals):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "journal.jsonl").write_text(text)
    watch = Watch()
    with on(watch):
        wait_out([tmp_path])
    assert watch.slept == pytest.approx(seconds)


@pytest.mark.parametrize(("days", "seconds"), [(13, 20), (15, 0)])
def test_a_run_that_began_long_ago_has_ended(tmp_path: Path, days: int, seconds: float) -> None:
    """Nobody waits for what a journal of weeks ago says; how long a run may go on is known."""
    folder = tmp_path / f"{moment_of(MOMENT - timedelta(days=days))}-0-0"
    folder.mkdir()
    (folder / "journal.jsonl").write_text(sent())
    watch = Watch()
    with on(watch):
        wait_out([tmp_path])
    assert watch.slept == pytest.approx(seconds)


def test_the_wait_is_told(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`plan` and `drift` say on stderr how long they wait, and for what, with nothing live left raw."""
    folder = workspace(pleo, dimensions={"selected": ["DEPT"]}, source={"type": "csv"})
    desired(folder, dimensions=[{"code": "DEPT", "name": "Department", "values": []}])
    run = folder / ".pleoctl" / "runs" / "1"
    run.mkdir(parents=True)
    now = datetime.now(UTC).isoformat()
    record = {"event": "sent", "unguarded": True, "addresses": ["tagGroup:A\u202e"], "at": now}
    (run / "journal.jsonl").write_text(json.dumps(record) + "\n")
    sleeps: list[float] = []
    monkeypatch.setattr(Machine, "sleep", lambda _self, seconds: sleeps.append(seconds))
    for command in ("plan", "drift"):
        said = cli(command)
        assert re.search(r"waiting (2\d|30) s: tagGroup:A", said.stderr), said
        assert "\u202e" not in said.stderr
    assert len(sleeps) == 2
