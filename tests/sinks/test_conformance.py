"""Our own sinks pass the suite that plug-ins run; the suite finds sinks that do not do what they must."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import books_program
import fake_tryton
from api_books import TOKEN, ApiBooks, section, serving
from pleoctl.jobs.standing import sums_of
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, Capabilities, Held, HeldPosting, Key, KeyRoom, PeriodClosed, Refusal
from pleoctl.testing.sinks import CHECKS, Nonconformance, SinkCase, conform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pleoctl.sinks.base import Booking, File
    from pleoctl.workspace import Workspace
    from shapes import Json

SECTIONS: dict[str, Json] = {
    "beancount": {},
    "hledger": {},
    "csv": {},
    "sie": {"currency": "EUR", "company": "Böcker & Co", "series": "P", "dimensions": {"DEPT": 1}},
    "datev": {"consultant": 1001, "client": 1, "fiscalYearStart": "07-01", "taxKeys": {"V19": 9}, "costCentres": []},
}


CODED: Any = {"tax_code": "V25", "tags": {"DEPT": "D1"}}
"""What books have that tell tax codes and tags of their lines."""


def blocked(folder: Path) -> None:
    """A file stands where the folder of the books is due."""
    (folder / "books").write_text("")


FILES = {
    kind: SinkCase({"type": kind, "path": "books", **more}, lambda _folder: None, {"unreachable": blocked})
    for kind, more in SECTIONS.items()
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", FILES)
def test_books_that_are_files_conform(kind: str, check: str, tmp_path: Path) -> None:
    """Each check by itself, so that a failure names what is not kept."""
    CHECKS[check](FILES[kind], tmp_path)


def program_case(folder: Path) -> SinkCase:
    """Books that a program keeps in a file."""

    def fault(mode: str) -> Callable[[Path], object]:
        return lambda below: (below / "fault").write_text(mode)

    command = [sys.executable, "-S", str(Path(books_program.__file__)), "books.jsonl", "ok", "0"]
    return SinkCase(
        {"type": "exec", "command": command},
        lambda _folder: None,
        {
            "unreachable": lambda below: (below / "gone").write_text(""),
            "refused": fault("refuse"),
            "closed": fault("closed"),
            "lost before": fault("die"),
            "lost after": fault("forget"),
        },
        {"PLEOCTL_ALLOW_EXEC": "1"},
        **CODED,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_of_a_program_conform(check: str, tmp_path: Path) -> None:
    """With its death before and behind a booking for answers that are lost."""
    CHECKS[check](program_case(tmp_path), tmp_path)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiBooks]:
    """Empty books behind an API."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    with serving(ApiBooks()) as running:
        yield running


def api_case(api: ApiBooks) -> SinkCase:
    """Books behind an API that honours keys of idempotency and looks references up by their beginning."""

    def closed(_folder: Path) -> None:
        api.refusals = {api.posts + 1: (422, {"code": "PERIOD_CLOSED", "nextOpen": "2026-04-01"})}

    def fault(how: str) -> Callable[[Path], object]:
        return lambda _folder: api.faults.update({api.posts + 1: how})

    def refused(_folder: Path) -> None:
        api.refusals = {api.posts + 1: (422, {"code": "NO_ACCOUNT", "message": "There is no account 6540"})}

    def denied(_folder: Path) -> None:
        api.other = lambda *_: (401, {"message": "who are you?"})

    told = section(api, currency="EUR", key={"guardedFor": "24h"})
    lines, body = told["find"]["lines"], told["book"]["body"]["lines"]["as"]
    lines |= {"as": lines["as"] | {"taxCode": "vat"}, "tags": {"DEPT": "dept"}}
    body |= {"vat": "posting.taxCode", "dept": "posting.tags.DEPT"}
    return SinkCase(
        told,
        lambda _folder: api.vouchers.clear(),
        {
            "unreachable": denied,
            "refused": refused,
            "closed": closed,
            "lost before": fault("before"),
            "lost after": fault("after"),
        },
        {"AS_TOKEN": TOKEN},
        **CODED,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_behind_an_api_conform(check: str, api: ApiBooks, tmp_path: Path) -> None:
    """The same suite with a server in place of files."""
    CHECKS[check](api_case(api), tmp_path)


@pytest.fixture
def tryton(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_tryton.TrytonBooks]:
    """Empty books of a Tryton."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    with fake_tryton.serving(fake_tryton.TrytonBooks()) as running:
        yield running


def tryton_case(tryton: fake_tryton.TrytonBooks) -> SinkCase:
    """Moves that are made and posted in two calls."""

    def empty(_folder: Path) -> None:
        for model in ("account.move", "account.move.line", "ir.attachment"):
            tryton.tables[model].clear()

    def fault(how: str) -> Callable[[Path], object]:
        return lambda _folder: tryton.faults.update({tryton.changes + 1: how})

    return SinkCase(
        fake_tryton.section(tryton),
        empty,
        {
            "unreachable": lambda _folder: tryton.row("account.journal", code="MISC").update(code="X", name="X"),
            "refused": lambda _folder: tryton.row("account.account", code="5810").update(closed=True),
            "closed": lambda _folder: tryton.row("account.period", id=3).update(state="closed"),
            "lost before": fault("before"),
            "lost after": fault("after"),
        },
        {"TRYTON_PASSWORD": fake_tryton.PASSWORD},
        accounts=("5810", "1940"),
        currency="SEK",
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_in_tryton_conform(check: str, tryton: fake_tryton.TrytonBooks, tmp_path: Path) -> None:
    """The same suite over JSON-RPC, with a kill before each request."""
    CHECKS[check](tryton_case(tryton), tmp_path)


# --- the suite finds what is wrong ---------------------------------------------------------------------------------


class Good:
    """A sink of one JSON file that does everything right; the others each get one thing wrong."""

    capabilities = Capabilities(
        KeyRoom("reference", guarded_for=60.0),
        attachments=True,
        lists_attachments=True,
        tells_tax_codes=True,
        tells_tags=True,
    )

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.root / "books.json"

    def rows(self) -> list[Json]:
        """All records."""
        try:
            rows: list[Json] = json.loads(self.path.read_text(encoding="utf-8"))
        except OSError:
            return []
        return rows

    def save(self, rows: list[Json]) -> None:
        """Whole or not at all."""
        beside = self.path.with_suffix(".tmp")
        beside.write_text(json.dumps(rows), encoding="utf-8")
        beside.replace(self.path)

    def fault(self) -> str | None:
        """What befalls the next booking."""
        armed = self.path.with_name("fault")
        if not armed.exists():
            return None
        words = armed.read_text(encoding="utf-8")
        armed.unlink()
        return words

    def check(self) -> None:
        """See `Sink`."""
        if self.path.with_name("fault").exists():
            raise BooksUnusable("the books are away")

    def matches(self, row: Json, key: Key) -> bool:
        """Whether a record is a key's."""
        return bool(row["key"] == key.stored)

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`."""
        found: dict[str, list[Held]] = {}
        for key in keys:
            for row in self.rows():
                if self.matches(row, key):
                    postings = tuple(HeldPosting(*posting) for posting in row["postings"])
                    held = Held(row["id"], date=row["date"], postings=postings, attachments=frozenset(row["files"]))
                    held = replace(held, tax_codes=frozenset(map(tuple, row["taxCodes"])), tags=codes(row["tags"]))
                    found.setdefault(key.stored, []).append(held)
        return found

    def refuse(self, _booking: Booking) -> list[str]:
        """See `Sink`."""
        return []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        (booking,) = bookings
        fault = self.fault()
        if fault == "refused":
            raise Refusal("there is no such account", "account_unknown")
        if fault == "closed":
            raise PeriodClosed(booking.date, "2026-04-01")
        if fault == "lost before":
            raise LostAnswer("no answer")
        rows = self.rows()
        if all(row["once"] != booking.once for row in rows):
            sums = [(side, account, amount, money) for (side, account, money), amount in sums_of(booking.legs).items()]
            row: Json = {"key": booking.key.stored, "id": f"V{len(rows)}", "date": booking.date, "postings": sums}
            coded = [posting for leg in booking.legs for posting in leg.postings]
            row["taxCodes"] = [[one.account, one.tax_code] for one in coded if one.tax_code]
            row["tags"] = {group: [[one.account, tag]] for one in coded for group, tag in one.tags.items()}
            self.save([*rows, {**row, "once": booking.once, "files": []}])
        if fault == "lost after":
            raise LostAnswer("no answer")
        return self.find([booking.key])[booking.key.stored]

    def attach(self, _held: Held, key: Key, file: File) -> None:
        """See `Sink`."""
        rows = self.rows()
        for row in rows:
            if row["key"] == key.stored:
                row["files"].append(file.name)
        self.save(rows)

    def close(self) -> None:
        """See `Sink`."""


class Eager(Good):
    """Makes its file at once."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.save(self.rows())


class Loose(Good):
    """Compares references ignoring case."""

    def matches(self, row: Json, key: Key) -> bool:
        """Whether a record is a key's."""
        return bool(row["key"].casefold() == key.stored.casefold())


class Forgetful(Good):
    """Says that it honours keys and books again."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        return super().book([replace(bookings[0], once=str(len(self.rows())))])[-1:]


class Careless(Good):
    """Takes a lost answer for none."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        try:
            return super().book(bookings)
        except LostAnswer:
            return [Held("unknown")]


class Rounding(Good):
    """Keeps whole units."""

    def save(self, rows: list[Json]) -> None:
        """Rounded."""
        whole = [
            [side, account, amount // 100 * 100, money]
            for row in rows
            for side, account, amount, money in row["postings"]
        ]
        super().save([{**row, "postings": whole} for row in rows])


class Torn(Good):
    """Books the sides of an entry one by one."""

    def save(self, rows: list[Json]) -> None:
        """In two goes."""
        super().save([*rows[:-1], {**rows[-1], "postings": rows[-1]["postings"][:1]}])
        super().save(rows)


class Stepwise(Good):
    """Keeps its records in a database, where each statement is a transaction of its own."""

    def books(self) -> closing[sqlite3.Connection]:
        """A connection that commits by itself."""
        books = sqlite3.connect(self.path.with_suffix(".sqlite"), isolation_level=None)
        books.execute("create table if not exists part (number integer, name text, value text)")
        return closing(books)

    def rows(self) -> list[Json]:
        """What the parts of each record come to."""
        found: dict[int, Json] = {}
        with self.books() as books:
            for number, name, value in books.execute("select number, name, value from part"):
                found.setdefault(number, {"postings": []})[name] = json.loads(value)
        return [found[number] for number in sorted(found)]

    def save(self, rows: list[Json]) -> None:
        """One part after the other, the postings last."""
        with self.books() as books:
            books.execute("delete from part where number < ?", (len(rows),))
            for number, row in enumerate(rows):
                rest = [(number, name, json.dumps(value)) for name, value in row.items() if name != "postings"]
                books.executemany("insert into part values (?, ?, ?)", rest)
                books.execute("insert into part values (?, 'postings', ?)", (number, json.dumps(row["postings"])))


class Stubborn(Good):
    """Says of refused entries that they may be there."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        try:
            return super().book(bookings)
        except Refusal as error:
            raise LostAnswer(error.message) from error


class Silent(Good):
    """Says that its books tell what they hold, and does not pass it on."""

    capabilities = replace(Good.capabilities, read_back=True)

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`."""
        found = super().find(keys)
        return {key: [replace(held, postings=None) for held in records] for key, records in found.items()}


class Taxless(Good):
    """Drops tax codes."""

    def save(self, rows: list[Json]) -> None:
        """Without them."""
        super().save([{**row, "taxCodes": []} for row in rows])


class Misfiled(Good):
    """Puts tags on another account."""

    def save(self, rows: list[Json]) -> None:
        """Where nobody looks."""
        super().save([{**row, "tags": {group: [["1940", "D1"]] for group in row["tags"]}} for row in rows])


class Untagged(Good):
    """Drops tags."""

    def save(self, rows: list[Json]) -> None:
        """Without them."""
        super().save([{**row, "tags": {}} for row in rows])


class Blind(Good):
    """Never looks whether its books are there."""

    def check(self) -> None:
        """See `Sink`."""


def codes(tags: Json) -> dict[str, frozenset[tuple[str, str]]]:
    """Tags as `Held` has them."""
    return {group: frozenset(map(tuple, pairs)) for group, pairs in tags.items()}


def armed(fault: str) -> Callable[[Path], object]:
    """A step that lets the next booking meet a fault."""
    return lambda folder: (folder / "fault").write_text(fault, encoding="utf-8")


def made_case(made: type[Good]) -> SinkCase:
    """A sink of a test."""
    faults = {name: armed(name) for name in ("unreachable", "refused", "closed", "lost before", "lost after")}
    return SinkCase({"type": "beancount", "path": "books"}, lambda _folder: None, faults, open=made, **CODED)


def test_a_sink_that_does_everything_right_conforms(tmp_path: Path) -> None:
    """The whole suite at once, as a plug-in would call it."""
    conform(made_case(Good), tmp_path)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Eager, "making it changed the folder"),
        (Loose, "it finds what was booked under"),
        (Forgetful, "2 records stand"),
        (Careless, "it books where LostAnswer is due"),
        (Rounding, "is not what was booked"),
        (Torn, "is not what was booked"),
        (Stepwise, "is not what was booked"),
        (Stubborn, "LostAnswer .* where Refusal is due"),
        (Silent, "it shows no postings"),
        (Taxless, "it has no tax code V25 on 6540"),
        (Misfiled, "it has no DEPT D1 on 6540"),
        (Untagged, "it says nothing of the line's tags in DEPT"),
        (Blind, "cannot be reached are not told"),
    ],
)
def test_a_sink_that_gets_one_thing_wrong_does_not(made: type[Good], words: str, tmp_path: Path) -> None:
    """Each fault is found and named."""
    with pytest.raises(Nonconformance, match=words):
        conform(made_case(made), tmp_path)


@pytest.mark.parametrize("missing", ["unreachable", "lost before", "lost after"])
def test_a_case_that_shows_no_faults_proves_nothing(missing: str, tmp_path: Path) -> None:
    """A plug-in must show how its sink tells of doubts."""
    case = made_case(Good)
    faults = {name: arm for name, arm in case.faults.items() if name != missing}
    with pytest.raises(Nonconformance, match="the case does not show"):
        conform(replace(case, faults=faults), tmp_path)
