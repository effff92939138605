"""Tryton's JSON-RPC: logging in, calls, and lists that are proven complete. Tryton is GPL and is only spoken to."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.remote.again import still_undone
from pleoctl.remote.errors import LostAnswer, Unauthorised
from pleoctl.remote.pages import MAX_PAGES
from pleoctl.words import short_of

if TYPE_CHECKING:
    from pleoctl.sources.context import Context

PAGE: Final = 1000
SHOWN: Final = 300


class TrytonRefusal(SourceError):
    """Tryton carried nothing out; ``kind`` is the name of its exception, ``words`` what it tells its users."""

    def __init__(self, message: str, *, kind: str = "", words: str = "", **place: Any) -> None:
        """``message`` is already fit to be shown."""
        super().__init__(message, **place)
        self.kind, self.words = kind, words

    @classmethod
    def answered(cls, method: str, error: Any) -> TrytonRefusal:
        """``error`` is what the answer holds under that name."""
        parts = error if isinstance(error, list) and error else [str(error)]
        told = parts[1] if len(parts) > 1 and isinstance(parts[1], list) else parts
        words = " ".join(" ".join(str(part) for part in told if isinstance(part, str) and part).split())[:SHOWN]
        return cls(f"Tryton refused {method}: {words or parts[0]}", kind=str(parts[0]), words=words)


class TrytonDenied(SourceError):
    """User and password are not those of the database."""


class TrytonCalls:
    """Calls as one user of one database; logs in with the first one, and anew when the session has ended."""

    def __init__(self, context: Context, section: dict[str, Any], name: str) -> None:
        """``section`` holds baseUrl, database, user, password and more; ``name`` is where it stands."""
        self._context, self._section, self._name = context, section, name
        self._path = str(section.get("rpcPath", f"/{section['database']}/"))
        self._connection = context.http(section["baseUrl"], section, service="Tryton")
        self._session: dict[str, str] = {}
        self.company: int | None = section.get("company")
        """Id of the company that calls are made for, where it matters."""

    def close(self) -> None:
        """Give back what is held open."""
        self._connection.close()

    def call(self, method: str, *params: Any) -> Any:
        """The result of a method that only reads. Raises `SourceError`."""
        try:
            return self._call(self._read, method, *params)
        except SourceError as error:
            if not self._ended(error):
                raise
        return self._call(self._read, method, *params)

    def change(self, method: str, *params: Any) -> Any:
        """The result of a method that writes, all of it or nothing. Raises `TrytonRefusal`, `LostAnswer`.

        A session that has ended is begun anew, and the method called again unless what it was to do is there already.
        """
        try:
            return self._call(self._write, method, *params)
        except Unauthorised as error:
            self._session = {}
            if not still_undone():
                raise LostAnswer(error.message, error.status) from error
        return self._call(self._write, method, *params)

    def search(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """All records, page by page, as many as the server counts before and after. Raises `SourceError`."""
        total = self.call(f"model.{model}.search_count", domain)
        found: dict[int, dict[str, Any]] = {}
        if total > MAX_PAGES * PAGE:
            raise SourceError(f"{model} has {total} records, more than {MAX_PAGES} pages can hold")
        while len(found) < total:
            page = self.call(f"model.{model}.search_read", domain, len(found), PAGE, [["id", "ASC"]], fields)
            if not page or any(record["id"] in found for record in page):
                raise SourceError(f"{model} was not read completely: {short_of(len(found), total)}")
            found |= {record["id"]: record for record in page}
        if len(found) != total or self.call(f"model.{model}.search_count", domain) != total:
            raise SourceError(f"{model} changed while it was read", hint="run again")
        return list(found.values())

    # --- one call ----------------------------------------------------------------------------------------------

    def _call(self, send: Any, method: str, *params: Any) -> Any:
        if not self._session:
            self._log_in()
        context: dict[str, Any] = {}
        if self.company is not None:
            context["company"] = self.company
        return send(method, [*params, context], self._session)

    def _log_in(self) -> None:
        user = str(self._section["user"])
        password = self._context.reveal(self._section["password"], self._name, "password")
        result = self._read("common.db.login", [user, {"password": password}, "en"], {})
        if not isinstance(result, list) or len(result) < 2:  # user id and session key
            words = f"check {self._name}.user and {self._name}.password"
            raise TrytonDenied(f"Tryton does not let {user} log in", hint=words)
        self._connection.remember(str(result[1]))
        session = base64.b64encode(f"{user}:{result[0]}:{result[1]}".encode()).decode()
        self._connection.remember(session)
        self._session = {"Authorization": f"Session {session}"}

    def _ended(self, error: SourceError) -> bool:
        """Whether a session that was good has ended."""
        ended = isinstance(error.__context__, Unauthorised) and bool(self._session)
        self._session = {} if ended else self._session
        return ended

    def _read(self, method: str, params: list[Any], headers: dict[str, str]) -> Any:
        body = {"id": 0, "method": method, "params": params}
        return _result(method, self._connection.read("POST", self._path, json=body, headers=headers).body)

    def _write(self, method: str, params: list[Any], headers: dict[str, str]) -> Any:
        body = {"id": 0, "method": method, "params": params}
        answer = self._connection.write("POST", self._path, json=body, headers=headers).body
        try:
            return _result(method, answer)
        except TrytonRefusal:
            raise
        except SourceError as error:
            raise LostAnswer(error.message) from error


def _result(method: str, answer: Any) -> Any:
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict) and "error" in answer:
        raise TrytonRefusal.answered(method, answer["error"])
    if not isinstance(answer, dict) or "result" not in answer:
        raise SourceError(f"Tryton answered {method} with something that is not JSON-RPC")
    return answer["result"]
