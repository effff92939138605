"""Books account moves in Tryton: one an item, or one a leg where each kind of leg has a journal of its own.

A move's description ends with our reference in brackets. It is made in one call and posted in another: a move that is
still a draft where none is wanted is found again and posted, never made a second time. One that was cancelled in
Tryton has a move whose origin it is; both are void.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, Capabilities, Held, HeldPosting, Key, KeyRoom, PeriodClosed, Refusal
from pleoctl.sinks.tryton.chart import Chart
from pleoctl.sinks.tryton.values import day_of, hundredths_of, to_bytes, to_day, to_decimal
from pleoctl.sinks.words import fit
from pleoctl.sources.tryton_calls import TrytonCalls, TrytonDenied, TrytonRefusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pleoctl.mapping.engine.entries import Posting
    from pleoctl.sinks.base import Booking, File
    from pleoctl.sources.context import Context

MOVE: Final = "account.move"
CHUNK: Final = 100
_KEY: Final = re.compile(r"(?:^| )\[([^\[\] ]+)\]$")
_WILD: Final = re.compile(r"([%_\\])")
_UNSURE: Final = frozenset({"ConcurrencyException", "LoginException"})


class TrytonSink:
    """The books of one company in a Tryton database."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Sink`; ``section`` also holds journal, dimensions and ignoreTags."""
        self._calls = TrytonCalls(context, section, "sink")
        self._dimensions: list[str] = list(section.get("dimensions", ()))
        self._ignored = frozenset(section.get("ignoreTags", ()))
        self._chart = Chart(self._calls, self._dimensions)
        self._journal: str | dict[str, str] = section["journal"]
        self._shown = f"{str(section['baseUrl']).rstrip('/')}/#{section['database']}/model/{MOVE}/"

    @property
    def capabilities(self) -> Capabilities:
        """See `Sink`; the currency is the company's. Raises `BooksUnusable`."""
        with _asked():
            currency = self._chart.company.currency
        by_kind = self._journal if isinstance(self._journal, dict) else None
        return Capabilities(
            KeyRoom("the move's description, in brackets at its end"),
            currency=currency,
            tax_codes=False,
            dimensions=frozenset(self._dimensions),
            ignored=self._ignored,
            tag_keys=("dimensions", "ignoreTags"),
            kinds=frozenset(by_kind) if by_kind else None,
            drafts=True,
            attachments=True,
            lists_attachments=True,
            periods=True,
            read_back=True,
            tells_tags=bool(self._dimensions),
            per_leg=by_kind is not None,
        )

    def check(self) -> None:
        """See `Sink`."""
        with _asked():
            for name in self._journal.values() if isinstance(self._journal, dict) else [self._journal]:
                self._chart.journal(name)
            self._calls.call(f"model.{MOVE}.search_count", [["company", "=", self._chart.company.id]])

    def close(self) -> None:
        """See `Sink`."""
        self._calls.close()

    def account_problem(self, code: str) -> str | None:
        """See `KnowsAccounts`."""
        with _asked():
            return self._chart.problem(code)

    # --- look-up -----------------------------------------------------------------------------------------------

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`: a hundred keys in one look-up."""
        found: dict[str, list[Held]] = {}
        with _asked():
            for start in range(0, len(keys), CHUNK):
                self._look_up([key.stored for key in keys[start : start + CHUNK]], found)
        return found

    def _look_up(self, keys: Sequence[str], found: dict[str, list[Held]]) -> None:
        patterns = [["description", "like", "%[" + _WILD.sub(r"\\\1", key) + "]"] for key in keys]
        domain = [["company", "=", self._chart.company.id], ["OR", *patterns]]
        rows = self._calls.search(MOVE, domain, ["description", "date", "state", "origin"])
        ours = [(key, row) for row in rows if (key := _key_of(row["description"])) in keys]
        moves = [row["id"] for _, row in ours]
        if not moves:
            return
        cancelled = self._cancelled(moves)
        lines, files, tags = self._lines(moves), self._files(moves), self._tags(moves)
        for key, row in ours:
            if str(row["origin"] or "").startswith(f"{MOVE},"):
                continue  # it takes another move back
            move = row["id"]
            held = self._held(row, lines.get(move, []), files.get(move, []), void=move in cancelled)
            told = {group: frozenset(tags[move, group]) for group in self._dimensions}
            found.setdefault(key or "", []).append(replace(held, tags=told))

    def _held(self, row: dict[str, Any], lines: list[HeldPosting], files: list[str], *, void: bool) -> Held:
        return Held(
            str(row["id"]),
            f"{self._shown}{row['id']}",
            void=void,
            date=day_of(row["date"]),
            postings=tuple(lines),
            attachments=frozenset(files),
            left=frozenset() if row["state"] == "posted" else frozenset({"posting"}),
        )

    def _cancelled(self, moves: list[int]) -> set[int]:
        rows = self._calls.search(MOVE, [["origin", "in", [f"{MOVE},{move}" for move in moves]]], ["origin"])
        return {int(str(row["origin"]).partition(",")[2]) for row in rows}

    def _lines(self, moves: list[int]) -> dict[int, list[HeldPosting]]:
        found: dict[int, list[HeldPosting]] = {}
        currency, codes = self._chart.company.currency, self._chart.codes
        fields = ["move", "account", "debit", "credit"]
        for row in self._calls.search(f"{MOVE}.line", [["move", "in", moves]], fields):
            amount = hundredths_of(row["debit"]) - hundredths_of(row["credit"])
            code = codes.get(row["account"], f"#{row['account']}")
            if amount:
                posting = HeldPosting("debit" if amount > 0 else "credit", code, abs(amount), currency)
                found.setdefault(row["move"], []).append(posting)
        return found

    def _tags(self, moves: list[int]) -> dict[tuple[int, str], set[tuple[str, str]]]:
        """Accounts and codes of lines by move and group, from the analytic lines below them."""
        found: dict[tuple[int, str], set[tuple[str, str]]] = defaultdict(set)
        fields = ["account", "move_line.move", "move_line.account"]
        domain = [["move_line.move", "in", moves]]
        for row in self._calls.search("analytic_account.line", domain, fields) if self._dimensions else ():
            line, tag = row["move_line."], self._chart.tag(row["account"])
            if tag is not None:
                group, code = tag
                found[line["move"], group].add((self._chart.codes.get(line["account"], ""), code))
        return found

    def _files(self, moves: list[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        names = [f"{MOVE},{move}" for move in moves]
        for row in self._calls.search("ir.attachment", [["resource", "in", names]], ["name", "resource"]):
            found.setdefault(int(str(row["resource"]).partition(",")[2]), []).append(str(row["name"]))
        return found

    # --- booking -----------------------------------------------------------------------------------------------

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: accounts, parties and analytic accounts that Tryton does not have; warns of a closed period."""
        with _asked():
            for leg in booking.entry.entries:
                for posting in leg.postings:
                    self._line(booking, posting)
            try:
                self._chart.period(booking.date)
            except PeriodClosed as closed:
                return [closed.code]
        return []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: Tryton keeps its own ledger."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`: a move is made, or taken up where it was left, and posted where no draft is wanted."""
        (booking,) = bookings
        if booking.begun is not None:
            move = int(booking.begun.id)
        else:
            with _asked(sent=True):
                values = self._values(booking)
            move = self._created(booking, values)
        if not booking.draft:
            try:
                _told(self._calls, f"model.{MOVE}.post", [move])
            except Refusal as refusal:
                words = f"{refusal.message}; move {move} stands as a draft"
                raise Refusal(words, refusal.reason_type) from refusal
        return [Held(str(move), f"{self._shown}{move}")]

    def _created(self, booking: Booking, values: dict[str, Any]) -> int:
        """A new move. Raises `Refusal`, and `PeriodClosed` where somebody has closed its period since it was read."""
        try:
            (move,) = _told(self._calls, f"model.{MOVE}.create", [values])
        except Refusal:
            with _asked(sent=True):
                self._chart.forget_periods()
                self._chart.period(booking.date)
            raise
        return int(move)

    def _values(self, booking: Booking) -> dict[str, Any]:
        """The move. Raises `PeriodClosed`, `Refusal`."""
        words = " ".join(filter(None, (fit(booking.entry.description, None), f"[{booking.key.stored}]")))
        lines = [self._line(booking, posting) for leg in booking.legs for posting in leg.postings]
        return {
            "company": self._chart.company.id,
            "period": self._chart.period(booking.date),
            "journal": self._chart.journal(self._journal_of(booking)),
            "date": to_day(booking.date),
            "description": words,
            "lines": [["create", lines]],
        }

    def _journal_of(self, booking: Booking) -> str:
        if isinstance(self._journal, str):
            return self._journal
        return self._journal[booking.legs[0].kind]

    def _line(self, booking: Booking, posting: Posting) -> dict[str, Any]:
        account = self._chart.account(posting.account)
        amounts = {side: to_decimal(posting.amount if side == posting.side else 0) for side in ("debit", "credit")}
        line: dict[str, Any] = {"account": account["id"], **amounts}
        if fit(booking.entry.description, None):
            line["description"] = fit(booking.entry.description, None)
        if account["party_required"]:
            vendor = booking.entry.vendor
            line["party"] = self._chart.party(vendor.code if vendor else None, posting.account)
        tags = [self._chart.analytic(group, posting.tags[group]) for group in self._dimensions if group in posting.tags]
        if tags:
            day = to_day(booking.date)
            line["analytic_lines"] = [["create", [{"account": tag, "date": day, **amounts} for tag in tags]]]
        return line

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`."""
        _ = key
        values = {"name": file.name, "type": "data", "resource": f"{MOVE},{held.id}"}
        content = to_bytes(file.path.read_bytes())
        try:
            _told(self._calls, "model.ir.attachment.create", [{**values, "data": content}])
        except Refusal as refusal:
            raise Refusal(refusal.message, "receipt_upload_failure") from refusal


def _key_of(description: Any) -> str | None:
    found = _KEY.search(str(description or ""))
    return found[1] if found else None


def _told(calls: TrytonCalls, method: str, *params: Any) -> Any:
    """The result of a change. Raises `Refusal` in Tryton's own words, `LostAnswer`, `Unauthorised`."""
    try:
        return calls.change(method, *params)
    except TrytonRefusal as error:
        if error.kind in _UNSURE:
            raise LostAnswer(error.message) from error
        raise Refusal(error.words or error.message) from error


@contextmanager
def _asked(*, sent: bool = False) -> Iterator[None]:
    """Reading. Raises `BooksUnusable`, and `LostAnswer` in place of it where a booking is under way (``sent``)."""
    try:
        yield
    except SourceError as error:
        if sent:
            raise LostAnswer(error.message) from error
        raise BooksUnusable.after(error, denied=isinstance(error, TrytonDenied)) from error
    except BooksUnusable as error:
        if sent and error.reason_type == INVALID_CONFIGURATION:
            raise Refusal(error.message, INVALID_CONFIGURATION) from error
        raise
