"""What a company of a Tryton database has to book with: read once a run, when it is first needed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import BooksUnusable, PeriodClosed, Refusal
from pleoctl.sinks.tryton.values import day_of

if TYPE_CHECKING:
    from pleoctl.sources.tryton_calls import TrytonCalls

_ALL: Final = ["active", "in", [True, False]]
_ACCOUNT: Final = ["code", "active", "closed", "type", "party_required"]


@dataclass(frozen=True, slots=True)
class Company:
    """A company, and the ISO code of its currency."""

    id: int
    currency: str


class Period(NamedTuple):
    """A period; ISO dates, both inclusive."""

    id: int
    start: str
    end: str
    open: bool


class Chart:
    """Company, accounts, journals, parties, analytic accounts and periods, by the codes that rules use."""

    def __init__(self, calls: TrytonCalls, dimensions: list[str]) -> None:
        """``dimensions`` are the codes of analytic roots that tags go to."""
        self._calls, self._dimensions = calls, dimensions

    @cached_property
    def company(self) -> Company:
        """The company that calls are made for. Raises `BooksUnusable`."""
        rows = self._calls.search("company.company", [], ["rec_name", "currency.code"])
        wanted = self._calls.company
        found = [row for row in rows if wanted in {None, row["id"]}]
        if len(found) != 1:
            names = ", ".join(f"{row['id']} ({row['rec_name']})" for row in rows)
            words = f"there is no company {wanted}" if wanted else "the database has several companies, or none"
            raise BooksUnusable(words, INVALID_CONFIGURATION, hint=f"set sink.company to one of: {names or '-'}")
        self._calls.company = found[0]["id"]
        return Company(found[0]["id"], str(found[0]["currency."]["code"]))

    @property
    def _own(self) -> list[Any]:
        return ["company", "=", self.company.id]

    # --- accounts ----------------------------------------------------------------------------------------------

    @cached_property
    def _accounts(self) -> dict[str, list[dict[str, Any]]]:
        found = defaultdict(list)
        for row in self._calls.search("account.account", [_ALL, self._own], _ACCOUNT):
            found[str(row["code"] or "")].append(row)
        return found

    @cached_property
    def codes(self) -> dict[int, str]:
        """The code of each account by its id."""
        return {row["id"]: code for code, rows in self._accounts.items() for row in rows}

    def account(self, code: str) -> dict[str, Any]:
        """An account that can be booked on. Raises `Refusal`."""
        problem = self.problem(code)
        if problem is not None:
            raise Refusal(f"account {code} {problem}", INVALID_CONFIGURATION)
        return self._usable(code)[0]

    def problem(self, code: str) -> str | None:
        """Why an account cannot be booked on."""
        rows = self._accounts.get(code, [])
        if not rows:
            return "is not in Tryton's chart of accounts"
        if all(row["type"] is None for row in rows):
            return "is a heading in Tryton"
        usable = self._usable(code)
        return "is closed in Tryton" if not usable else "is there several times in Tryton" if len(usable) > 1 else None

    def _usable(self, code: str) -> list[dict[str, Any]]:
        rows = self._accounts.get(code, [])
        return [row for row in rows if row["active"] and not row["closed"] and row["type"] is not None]

    # --- what else a move needs --------------------------------------------------------------------------------

    @cached_property
    def _journals(self) -> dict[str, int]:
        rows = self._calls.search("account.journal", [["active", "=", True]], ["code", "name"])
        named = {str(row["name"]): row["id"] for row in rows}
        return named | {str(row["code"]): row["id"] for row in rows if row["code"]}

    def journal(self, name: str) -> int:
        """The journal of a code, or of a name. Raises `BooksUnusable`."""
        if name not in self._journals:
            names = ", ".join(sorted(self._journals))
            raise BooksUnusable(
                f"Tryton has no journal {name!r}", INVALID_CONFIGURATION, hint=f"sink.journal: one of {names}"
            )
        return self._journals[name]

    @cached_property
    def _parties(self) -> dict[str, int]:
        return {str(row["code"]): row["id"] for row in self._calls.search("party.party", [], ["code"]) if row["code"]}

    def party(self, code: str | None, account: str) -> int:
        """The party of a vendor's code. Raises `Refusal`."""
        found = self._parties.get(code or "")
        if found is None:
            who = f"no party has the code {code}" if code else "the item has no vendor"
            raise Refusal(f"account {account} needs a party in Tryton, and {who}", INVALID_CONFIGURATION)
        return found

    @cached_property
    def _analytic(self) -> dict[tuple[str, str], int]:
        return {tag: number for number, (tag, active) in self._trees.items() if active}

    @cached_property
    def _trees(self) -> dict[int, tuple[tuple[str, str], bool]]:
        domain = [_ALL, ["type", "=", "normal"], ["root.code", "in", self._dimensions], self._own]
        rows = self._calls.search("analytic_account.account", domain, ["code", "root.code", "active"])
        return {row["id"]: ((row["root."]["code"], str(row["code"] or row["id"])), row["active"]) for row in rows}

    def analytic(self, group: str, code: str) -> int:
        """The analytic account of a tag. Raises `Refusal`."""
        found = self._analytic.get((group, code))
        if found is None:
            raise Refusal(f"{group} {code} is not among Tryton's analytic accounts", INVALID_CONFIGURATION)
        return found

    def tag(self, number: int) -> tuple[str, str] | None:
        """The group and code of an analytic account, active or not; None where it is of no tree that is booked to."""
        found = self._trees.get(number)
        return None if found is None else found[0]

    # --- periods -----------------------------------------------------------------------------------------------

    def forget_periods(self) -> None:
        """Read them anew with the next question: somebody may have closed one."""
        self.__dict__.pop("_periods", None)

    def period(self, day: str) -> int:
        """The open period of a day. Raises `PeriodClosed` with the first open day after it, `Refusal` without one."""
        rows = [row for row in self._periods if row.start <= day <= row.end]
        usable = [row.id for row in rows if row.open]
        if usable:
            return usable[0]
        if not rows:
            raise Refusal(f"Tryton has no period for {day}", INVALID_CONFIGURATION)
        raise PeriodClosed(day, min((row.start for row in self._periods if row.open and row.start > day), default=None))

    @cached_property
    def _periods(self) -> list[Period]:
        domain = [self._own, ["type", "=", "standard"]]
        rows = self._calls.search("account.period", domain, ["state", "start_date", "end_date"])
        return [
            Period(row["id"], start, end, row["state"] == "open")
            for row in rows
            if (start := day_of(row["start_date"])) is not None and (end := day_of(row["end_date"])) is not None
        ]
