"""A small Tryton: the JSON-RPC of its account module, as far as booking needs it.

`books.faults = {2: "before"}` drops the connection of the second change before it is carried out, "after" behind it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from answering import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

PASSWORD = "secret-of-the-books"
CODES = ("1940", "2890", "5810", "2440", "1930")
SEARCH = ("search_read", "search_count")


class Fault(Exception):
    """What Tryton tells its users; nothing was carried out."""

    def __init__(self, kind: str, *words: str) -> None:
        super().__init__(kind)
        self.answer = [kind, list(words)]


class TrytonBooks:
    """Tables by model, and what was asked."""

    def __init__(self) -> None:
        """One company in kronor, its chart, journals, the year 2026 in months."""
        self.url = ""
        self.faults: dict[int, str] = {}
        self.methods: list[str] = []
        self.changes = 0
        self.session = "session-1"
        self.ended = False
        self.tables: dict[str, list[Json]] = {
            "company.company": [{"id": 1, "rec_name": "Acme", "currency.": {"id": 1, "code": "SEK"}}],
            "account.account": [
                account(n, code) for n, code in enumerate(("1940", "2890", "5810", "2440", "1930"), 10)
            ],
            "account.journal": [
                {"id": 1, "code": "MISC", "name": "Miscellaneous", "active": True},
                {"id": 2, "code": "EXP", "name": "Expense", "active": True},
            ],
            "party.party": [{"id": 7, "code": "ACME"}],
            "analytic_account.account": [analytic(3, "20"), analytic(4, "30")],
            "analytic_account.line": [],
            "account.period": [period(month) for month in range(1, 13)],
            "account.move": [],
            "account.move.line": [],
            "ir.attachment": [],
        }
        self.row("account.account", code="2440")["party_required"] = True

    def row(self, model: str, **wanted: Value) -> Json:
        """The one row with these values."""
        (found,) = [row for row in self.tables[model] if wanted.items() <= row.items()]
        return found

    # --- calls -------------------------------------------------------------------------------------------------

    def result(self, method: str, params: list[Value]) -> Value:
        """What a call gives."""
        self.methods.append(method)
        if method == "common.db.login":
            return [1, self.session] if params[1] == {"password": PASSWORD} else None
        model, _, name = method.removeprefix("model.").rpartition(".")
        if name in SEARCH:
            rows = [row for row in self.tables[model] if matches(row, params[0])]
            return len(rows) if name == "search_count" else rows[params[1] : params[1] + params[2]]
        return self.post(params[0]) if name == "post" else self.create(model, params[0])

    def create(self, model: str, rows: list[Json]) -> list[int]:
        """New rows; a move's lines with it."""
        ids = []
        for row in rows:
            made = {"id": len(self.tables[model]) + 1, **row}
            if model == "account.move":
                if self.row("account.period", id=row["period"])["state"] != "open":
                    raise Fault("UserError", "The period is closed.", "")
                made |= {"state": "draft", "origin": row.get("origin")}
                for line in made.pop("lines")[0][1]:
                    number = len(self.tables["account.move.line"]) + 1
                    self.tables["account.move.line"].append({"id": number, "move": made["id"], **line})
                    for tag in line.get("analytic_lines", [[0, []]])[0][1]:
                        of = {"move": made["id"], "account": line["account"]}
                        lines = self.tables["analytic_account.line"]
                        lines.append({"id": len(lines) + 1, "account": tag["account"], "move_line.": of})
            self.tables[model].append(made)
            ids.append(made["id"])
        return ids

    def post(self, ids: list[int]) -> None:
        """Moves become posted."""
        for move in ids:
            row = self.row("account.move", id=move)
            if row["state"] == "posted":
                raise Fault("AccessError", "You cannot modify a posted move.", "")
            row["state"] = "posted"

    def cancel(self, move: int) -> None:
        """As a bookkeeper does it: a copy with the other sign, whose origin is the move."""
        row = self.row("account.move", id=move)
        copy = {**row, "id": len(self.tables["account.move"]) + 1, "origin": f"account.move,{move}"}
        self.tables["account.move"].append(copy)

    def answer(self, headers: dict[str, str], body: Value) -> tuple[int, Value] | None:
        """Status and body; None drops the connection."""
        method = body["method"]
        if method != "common.db.login" and (self.ended or "authorization" not in headers):
            self.ended = False
            return 401, {}
        fault = None
        if method.rpartition(".")[2] in {"create", "post"}:
            self.changes += 1
            fault = self.faults.get(self.changes)
        if fault == "before":
            return None
        try:
            made: Value = {"id": 0, "result": self.result(method, body["params"])}
        except Fault as told:
            made = {"id": 0, "error": told.answer}
        except PermissionError:
            return 401, {}
        return None if fault == "after" else (503, {}) if fault == "late" else (200, made)


def account(number: int, code: str, **changes: Value) -> Json:
    """An account of company 1 that can be booked on."""
    made = {"id": number, "code": code, "active": True, "closed": False, "type": 1, "party_required": False}
    return {**made, "company": 1, **changes}


def analytic(number: int, code: str) -> Json:
    """A value of the tree DEPT."""
    return {"id": number, "code": code, "active": True, "type": "normal", "company": 1, "root.": {"code": "DEPT"}}


def period(month: int) -> Json:
    """A month of 2026."""
    last = 28 if month == 2 else 30 if month in {4, 6, 9, 11} else 31
    days = {name: as_date(2026, month, day) for name, day in (("start_date", 1), ("end_date", last))}
    return {"id": month, "company": 1, "type": "standard", "state": "open", **days}


def as_date(year: int, month: int, day: int) -> Json:
    """As Tryton writes it."""
    return {"__class__": "date", "year": year, "month": month, "day": day}


def matches(row: Json, domain: list[Value]) -> bool:
    """Whether a row is in a domain: all of it, or any of it behind OR."""
    if domain[:1] == ["OR"]:
        return any(clause(row, one) for one in domain[1:])
    return all(clause(row, one) for one in domain)


def clause(row: Json, one: list[Value]) -> bool:
    """Whether a row meets one clause; ``like`` without wildcards but a first ``%``."""
    if one[0] == "OR":
        return matches(row, one)
    name, operator, wanted = one
    value = plain(row[f"{name.partition('.')[0]}."][name.partition(".")[2]] if "." in name else row[name])
    wanted = plain(wanted)
    if operator == "in":
        return value in wanted
    if operator == "like":
        return str(value).lower().endswith(wanted.removeprefix("%").replace("\\", "").lower())
    return {"=": value == wanted, "!=": value != wanted}.get(operator) or bool(
        (operator == "<=" and value <= wanted)
        or (operator == ">=" and value >= wanted)
        or (operator == ">" and value > wanted)
    )


def plain(value: Value) -> Value:
    """A date as a date."""
    return date(value["year"], value["month"], value["day"]) if isinstance(value, dict) else value


@contextmanager
def serving(books: TrytonBooks) -> Iterator[TrytonBooks]:
    """The books on a port of this machine."""

    def answer(_method: str, _target: str, headers: dict[str, str], content: bytes) -> tuple[int, Value] | None:
        return books.answer(headers, json.loads(content))

    with answering(answer) as books.url:
        yield books


def section(books: TrytonBooks, **changes: Value) -> Json:
    """A sink that books into these books."""
    made = {"type": "tryton", "baseUrl": books.url, "database": "books", "user": "ann", "journal": "MISC"}
    return {**made, "password": "env:TRYTON_PASSWORD", **changes}
