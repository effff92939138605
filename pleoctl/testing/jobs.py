"""Histories of export jobs: plans, runs, deaths, lost answers of Pleo and of the books, another runner; then calm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pleoctl.jobs.apply import JobRun, apply_job
from pleoctl.jobs.document import PostingHead, RulesHead, SinkHead
from pleoctl.jobs.fetch import Fetcher
from pleoctl.jobs.memory import JobMemory
from pleoctl.jobs.past import Past
from pleoctl.jobs.plan import Books, Mapper, Planner
from pleoctl.jobs.queue import eligible
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.rules.build import read_rules
from pleoctl.pleo.export_jobs import ExportReader, ExportWriter
from pleoctl.sandbox import Edit, Sandbox, Seed, Settings
from pleoctl.sinks.files.make import folder_sink
from pleoctl.sinks.identity import BooksName
from pleoctl.testing import job_laws
from pleoctl.testing.job_books import UNKNOWN_ACCOUNT, SimulatedBooks
from pleoctl.testing.laws import demand
from pleoctl.testing.life import LONGEST_LAG, STRENGTHS, Life, own_folder
from pleoctl.testing.machine import SimulatedMachine
from pleoctl.testing.pleo import Weather

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.sinks.base import Sink
    from pleoctl.testing.chance import Chance

Json = dict[str, Any]
_MAPPING: Final = b"""\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fallback, match: [code], rows: []}
tax: {shape: code}
description: "{{ note }}"
include: [standard]
"""
#: Items by what becomes of them: booked, booked in two legs, refused by the rules, refused by the books.
_ITEMS: Final[tuple[tuple[Json, str], ...]] = (
    ({"account": "6820"}, "successful"),
    ({"account": "6820", "bookkeeping": {"method": "accounts_payable"}}, "successful"),
    ({"account": None}, "failed"),
    ({"account": UNKNOWN_ACCOUNT}, "failed"),
)
_READINGS: Final[tuple[Json, ...]] = (
    {},
    {"job_list_order": "newest"},
    {"job_started_beside": 422},
    {"job_started_again": 202},
    {"job_successful_item": "final"},
    {"job_successful_item": "changeable"},
    {"job_update_answers": "stored"},
    {"job_update_answers": "all"},
    {"put_omitted": "keep"},
    {"job_reads_renew": True},
    {"job_close_open_items": 202},
    {"null_types": False},
)
_JOB: Final = "0a000000-0000-4000-8000-00000000000{}"
_ENTRY: Final = "0e{}00000-0000-4000-8000-000000000000"
_LAGS: Final = (0.0, 1.0, 5.0)
_FOLDERS: Final = ("books", "later")
"""Where books of files lie, which are others once somebody has named the second."""


class JobMachine(SimulatedMachine):
    """A machine that may die whenever a file is forced to its disk, too."""

    weather: Weather | None = None

    def sync(self, _descriptor: int) -> None:
        """A moment at which it may die."""
        if self.weather is not None and self.weather.deaths and self.weather.dies():
            self.die()


@dataclass
class JobWorld:
    """Everything that a history of jobs begins with; ``wanted`` is how each item ends, by its entry."""

    seed: Seed
    settings: Settings
    wanted: dict[str, str]
    sink: str


def draw(chance: Chance) -> JobWorld:
    """One or two jobs of a few items, and the books."""
    jobs, wanted, number = [], {}, 0
    sink = chance.pick(["books", "beancount", "csv"])
    for job in range(1 + chance.below(2, 0.7)):
        items = []
        for _ in range(1 + chance.below(3)):
            number += 1
            fields, outcome = chance.pick(_ITEMS)
            if sink != "books" and fields["account"] == UNKNOWN_ACCOUNT:
                outcome = "successful"  # a file takes every account
            wanted[_ENTRY.format(number)] = outcome
            items.append({"accountingEntryId": _ENTRY.format(number), "amount": 100 + number, **fields})
        jobs.append({"id": _JOB.format(job), "items": items})
    settings = {"seed_ids": 1, **chance.pick(_READINGS, 0.5)}
    return JobWorld(Seed(export_jobs=jobs), Settings(**settings), wanted, sink)


class JobHistory(Life):
    """The state of one history of jobs."""

    def __init__(self, chance: Chance, folder: Path) -> None:
        """A drawn world, books and weather."""
        machine = JobMachine(chance, folder / "state")
        self.world = draw(chance)
        pleo = Sandbox(seed=self.world.seed, settings=self.world.settings, clock=machine)
        weather = Weather(chance, chance.pick(STRENGTHS), faults=6, deaths=2, edits=1)
        super().__init__(chance, folder, machine, pleo, weather)
        weather.edit = self._edit
        machine.weather = weather
        self._ended: set[str] = set()
        self._books = self._drawn_books()
        self._now, self._moved = 0, False

    # --- the books ---------------------------------------------------------------------------------------------

    def _drawn_books(self) -> list[SimulatedBooks]:
        """Those that the workspace may name, now or later; none where they are folders of files."""
        if self.world.sink != "books":
            return []
        guarded, per_leg = self.chance.pick([0.0, 3600.0]), bool(self.chance.below(2))
        lag = self.chance.pick(_LAGS, 0.5)
        return [
            SimulatedBooks(self._machine, self.weather, guarded_for=guarded, per_leg=per_leg, lag=lag) for _ in _FOLDERS
        ]

    def _sink(self) -> Sink:
        if self._books:
            return self._books[self._now]
        section = {"type": self.world.sink, "path": _FOLDERS[self._now]}
        return folder_sink(section, self._folder / _FOLDERS[self._now], _engine().rules)

    def _records(self) -> dict[str, int]:
        """How many records there are under each key; read without the sink's own reader."""
        found: dict[str, int] = {}
        for books in self._books:
            for record in books.records:
                found[record.key] = found.get(record.key, 0) + 1
        for path in (path for name in _FOLDERS for path in (self._folder / name).glob("[!.]*.*")):
            content = path.read_text(encoding="utf-8")
            for entry in self.world.wanted:
                found[entry] = found.get(entry, 0) + (entry in content)
        return found

    def _held(self, records: dict[str, int]) -> dict[str, bool]:
        """Whether all of an item stands in the books."""
        if not any(books.capabilities.per_leg for books in self._books):
            return {entry: bool(records.get(entry)) for entry in self.world.wanted}
        return {entry: any(key.startswith(entry) for key in records) for entry in self.world.wanted}

    # --- bad weather -------------------------------------------------------------------------------------------

    def _restart(self) -> None:
        """Whatever is lost, which books were named and sent to is not: nothing else could know of it."""
        notes = {path: path.read_bytes() for path in (self._folder / ".pleoctl" / "jobs").glob("books*")}
        super()._restart()
        for path, content in notes.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _round(self) -> None:
        plan = self._surviving(self._plan)
        if plan is None:
            return
        for _ in range(1 + self.chance.below(2)):
            if self.weather.edits and self.chance.happens(0.05):
                self.weather.edits -= 1
                self._edit()
            self._surviving(lambda: self._apply(plan))

    def _edit(self) -> None:
        """A person cancels a job or names other books, another runner starts one, or an hour and a half goes by."""
        job = _JOB.format(0)
        what = self.chance.pick(["cancel", "start", "time", "books"])
        if what == "books":
            self._now, self._moved = 1 - self._now, True
        elif what == "cancel":
            self._pleo.world.edit(Edit(op="cancel", kind="exportJob", key=job))
        elif what == "start":
            if self._pleo.state()["exportJobs"][0]["status"] == "pending":
                self._pleo.world.edit(Edit(op="rename", kind="exportJob", key=job, fields={"status": "in_progress"}))
        else:
            self._machine.pass_by(5400.0)
        self._note_ended()

    def _note_ended(self) -> None:
        """Jobs that ended without a closing event of ours."""
        state = self._pleo.state()
        told = {
            r["jobId"] for r in state["exportReports"] if r.get("event") not in {None, "started"} and not r.get("error")
        }
        over = {job["id"] for job in state["exportJobs"] if job["status"] not in {"pending", "in_progress"}}
        self._ended |= over - told

    # --- one command -------------------------------------------------------------------------------------------

    def _planner(self, reader: ExportReader) -> Planner:
        past = Past(self._folder / ".pleoctl" / "jobs", BooksName(str(self._now) * 16, _FOLDERS[self._now]))
        books = Books(self._sink(), SinkHead(self.world.sink, f"sha256:{self._now}"), PostingHead(), past)
        engine = _engine()
        return Planner(reader, books, Mapper(engine, RulesHead(engine.rules.digest, [])), self._pleo.url)

    def _plan(self) -> PostingPlan | None:
        writes, records = self.weather.writes, self._records()
        with self._client(ExportReader) as reader:
            found = eligible(reader)
            plan = None
            if found:
                elsewhere = found[0].status == "in_progress" and not self._memory(found[0].id).started
                plan = self._planner(reader).plan(found[0], elsewhere=elsewhere)
        demand("a plan writes nothing", writes == self.weather.writes and records == self._records(), "it did")
        return plan

    def _apply(self, plan: PostingPlan, *, take_over: bool = False) -> JobReceipt:
        with self._client(ExportWriter) as pleo:
            made = self._planner(pleo)
            run = JobRun(
                plan=plan,
                pleo=pleo,
                books=made.books,
                mapper=made.mapper,
                fetcher=Fetcher(self._folder / ".pleoctl" / "attachments", loopback=True),
                memory=self._memory(plan.job.id),
                runs=self._runs,
                stop=self.weather.stop,
                publish=lambda: None,
                take_over=take_over,
            )
            receipt = apply_job(run)
        self._check()
        return receipt

    def _memory(self, job: str) -> JobMemory:
        return JobMemory(self._folder / ".pleoctl" / "jobs", job)

    def _check(self) -> None:
        self._note_ended()
        state, records = self._pleo.state(), self._records()
        job_laws.booked_once(records)
        job_laws.none_reported_unbooked(state, self._held(records))
        job_laws.one_outcome(state)
        job_laws.closed_once(state)

    # --- calm --------------------------------------------------------------------------------------------------

    def _calm(self) -> None:
        """The same again until no job is left; a job that somebody else started is taken over."""
        self.weather.clear_up()
        self._machine.sleep(LONGEST_LAG)
        for _ in range(2 * len(self._pleo.state()["exportJobs"])):
            plan = self._plan()
            if plan is None:
                break
            self._apply(plan, take_over=True)
        self._note_ended()
        job_laws.none_left(self._pleo.state(), self.world.wanted, frozenset(self._ended), moved=self._moved)


@cache
def _engine() -> Engine:
    return Engine(read_rules("mapping.yaml", {"mapping.yaml": _MAPPING}.__getitem__)[0])


def replay_jobs(chance: Chance, *, rounds: int = 2) -> JobHistory:
    """Carry out one history of jobs in a folder of its own. Raises `LawBroken`, and what the engine must not raise."""
    with own_folder() as folder:
        history = JobHistory(chance, folder)
        history.run(rounds)
    return history
