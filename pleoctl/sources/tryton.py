"""The ``tryton`` source: accounts and analytic accounts by JSON-RPC.

Tryton is GPL and is only spoken to. A view (an account without a type) is a heading and left out; a closed account is
inactive. The root of an analytic tree is a dimension, the accounts below it that can be booked on are its values.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.remote.pages import MAX_PAGES
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import wanted

if TYPE_CHECKING:
    from pleoctl.sources.context import Context

PAGE: Final = 1000
# Archived records come only where the domain asks for them.
_ALL: Final = ["active", "in", [True, False]]


class TrytonSource:
    """Reads a Tryton database as one of its users."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._context, self._section = context, section
        self._path = str(section.get("rpcPath", f"/{section['database']}/"))
        self._connection = context.http(section["baseUrl"], section, service="Tryton")
        self._session: dict[str, str] = {}
        self._analytic: list[dict[str, Any]] | None = None

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if not wanted(self._section, resource):
            return None
        if resource == "accounts":
            return self._accounts()
        if self._analytic is None:
            self._analytic = self._analytic_accounts()
        return self._dimensions(self._analytic) if resource == "dimensions" else self._values(self._analytic)

    # --- tables ------------------------------------------------------------------------------------------------

    def _accounts(self) -> Table:
        fields = ["code", "name", "active", "closed", "type"]
        records = self._search("account.account", [_ALL, ["type", "!=", None], *self._company()], fields)
        key = self._section.get("externalId", "id")
        return Table(
            "account.account",
            [
                _row(
                    "account.account",
                    record,
                    {
                        "externalId": _text(record[key]),
                        "code": record["code"] or None,
                        "name": record["name"],
                        "active": _flag(record["active"]) and not record["closed"],
                    },
                )
                for record in records
            ],
        )

    def _analytic_accounts(self) -> list[dict[str, Any]]:
        fields = ["code", "name", "active", "type", "root"]
        try:
            return self._search("analytic_account.account", [_ALL, *self._company()], fields)
        except SourceError as error:
            finding = replace(error.findings[0], hint="without analytic accounts write resources: [accounts]")
            raise SourceError(error.message, findings=[finding]) from None

    @staticmethod
    def _dimensions(records: list[dict[str, Any]]) -> Table:
        roots = [record for record in records if record["type"] == "root"]
        return Table("analytic_account.account", [_row("analytic", record, _named(record)) for record in roots])

    @staticmethod
    def _values(records: list[dict[str, Any]]) -> Table:
        codes = {record["id"]: _code(record) for record in records if record["type"] == "root"}
        normal = [record for record in records if record["type"] not in {"root", "view"}]
        return Table(
            "analytic_account.account",
            [_row("analytic", record, {"dimension": codes.get(record["root"]), **_named(record)}) for record in normal],
        )

    def _company(self) -> list[Any]:
        company = self._section.get("company")
        return [] if company is None else [["company", "=", company]]

    # --- calls -------------------------------------------------------------------------------------------------

    def _search(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """All records, page by page, as many as the server counts before and after. Raises `SourceError`."""
        total = self._call(f"model.{model}.search_count", domain)
        found: dict[int, dict[str, Any]] = {}
        if total > MAX_PAGES * PAGE:
            raise SourceError(f"{model} has {total} records, more than {MAX_PAGES} pages can hold")
        while len(found) < total:
            page = self._call(f"model.{model}.search_read", domain, len(found), PAGE, [["id", "ASC"]], fields)
            if not page or any(record["id"] in found for record in page):
                raise SourceError(f"{model} was not read completely: {len(found)} rows came, {total} were announced")
            found |= {record["id"]: record for record in page}
        if len(found) != total or self._call(f"model.{model}.search_count", domain) != total:
            raise SourceError(f"{model} changed while it was read", hint="run again")
        return list(found.values())

    def _call(self, method: str, *params: Any) -> Any:
        if not self._session:
            self._log_in()
        context: dict[str, Any] = {}
        company = self._section.get("company")
        if company is not None:
            context["company"] = company
        return self._post(method, [*params, context], self._session)

    def _log_in(self) -> None:
        user = str(self._section["user"])
        password = self._context.reveal(self._section["password"], "source", "password")
        result = self._post("common.db.login", [user, {"password": password}, "en"], {})
        if not isinstance(result, list) or len(result) < 2:  # user id and session key
            raise SourceError(f"Tryton does not let {user} log in", hint="check source.user and source.password")
        self._connection.remember(str(result[1]))
        session = base64.b64encode(f"{user}:{result[0]}:{result[1]}".encode()).decode()
        self._connection.remember(session)
        self._session = {"Authorization": f"Session {session}"}

    def _post(self, method: str, params: list[Any], headers: dict[str, str]) -> Any:
        body = {"id": 0, "method": method, "params": params}
        answer = self._connection.read("POST", self._path, json=body, headers=headers).body
        if isinstance(answer, list):
            return answer
        if isinstance(answer, dict) and "error" in answer:
            raise SourceError(f"Tryton refused {method}: {str(answer['error'])[:200]}")
        if not isinstance(answer, dict) or "result" not in answer:
            raise SourceError(f"Tryton answered {method} with something that is not JSON-RPC")
        return answer["result"]


def _row(place: str, record: dict[str, Any], cells: dict[str, Any]) -> SourceRow:
    return SourceRow(cells, f"{place} {record['id']}", record=record)


def _code(record: dict[str, Any]) -> str:
    """Codes of analytic accounts are optional in Tryton; the id stands in."""
    return str(record["code"] or record["id"])


def _flag(value: Any) -> Any:
    """On SQLite a boolean may come as a number."""
    return bool(value) if value in {0, 1} else value


def _named(record: dict[str, Any]) -> dict[str, Any]:
    return {"code": _code(record), "name": record["name"], "active": _flag(record["active"])}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
