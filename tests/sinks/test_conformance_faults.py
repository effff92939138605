"""The suite that plug-ins run finds sinks that do not do what they must."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pleoctl.jobs.standing import sums_of
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, Capabilities, Held, HeldPosting, Key, KeyRoom, PeriodClosed, Refusal
from pleoctl.testing.sinks import Nonconformance, SinkCase, conform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pleoctl.sinks.base import Booking, File
    from pleoctl.workspace import Workspace
    from shapes import Json


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
        path = self.path.with_suffix(".sqlite")
        made = path.exists() and path.stat().st_size
        books = sqlite3.connect(path, isolation_level=None)
        if not made:  # a statement less in which to die
            books.execute("create table part (number integer, name text, value text)")
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
    return SinkCase(
        {"type": "beancount", "path": "books"},
        lambda _folder: None,
        faults,
        open=made,
        tax_code="V25",
        tags={"DEPT": "D1"},
    )


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
