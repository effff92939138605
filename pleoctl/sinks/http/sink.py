"""Books records through a JSON API, and says how each request ended: taken, refused, period closed, or not known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.errors import SourceError
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.sinks.base import BooksUnusable, Held, Key, PeriodClosed, Refusal
from pleoctl.sinks.http.bodies import value_of
from pleoctl.sinks.http.presets import load_preset
from pleoctl.sinks.http.records import Reader
from pleoctl.sinks.http.spec import is_for, spec_of
from pleoctl.sinks.programs import CLOSED
from pleoctl.sources.context import SERVICE
from pleoctl.sources.http.expressions import ExpressionError
from pleoctl.sources.http.presets import overlaid
from pleoctl.sources.http.reading import ListReader
from pleoctl.sources.http.templates import check_names, fill_text
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.remote.transport import Answer
    from pleoctl.sinks.base import Booking, Capabilities, File
    from pleoctl.sinks.http.presets import SinkPreset
    from pleoctl.sinks.http.spec import Book
    from pleoctl.sources.context import Context
    from pleoctl.sources.http.expressions import Expression
    from pleoctl.sources.http.spec import Request

_INVALID: Final = "invalid_configuration"
_BUSY: Final = frozenset({408, 425})
_CONFLICT: Final = 409
_NOBODY: Final = Key("00000000-0000-0000-0000-000000000000", "", "", 0)


class HttpSink:
    """The books behind an API; nothing is sent until it is asked something."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check everything that can be checked without a request. Raises `SourceError`."""
        preset = load_preset(section["preset"]) if "preset" in section else None
        config = overlaid(preset.sink if preset else {}, section)
        self._variables = _variables(config.get("variables") or {}, preset)
        self._spec = spec_of(config, set(self._variables))
        if not config.get("baseUrl"):
            raise SourceError("sink lacks baseUrl")
        check_names(config["baseUrl"], set(self._variables), "sink.baseUrl")
        self._connection = context.http(
            fill_text(config["baseUrl"], self._variables),
            config,
            service=preset.title if preset else SERVICE,
            own=preset.base_url if preset else "",
        )
        self._reader = Reader(self._spec.find, config.get("currency"))

    @property
    def capabilities(self) -> Capabilities:
        """See `Sink`."""
        return self._spec.can

    def check(self) -> None:
        """See `Sink`; without ``check`` a reference is looked up that nobody has."""
        if self._spec.check is None:
            self.find([_NOBODY])
            return
        try:
            self._send(self._spec.check, self._variables, None)
        except SourceError as error:
            raise _unusable(error) from error

    def close(self) -> None:
        """See `Sink`."""
        self._connection.close()

    # --- look-up -----------------------------------------------------------------------------------------------

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`. Raises `BooksUnusable` where the list could not be read to its end."""
        wanted = [key.stored for key in keys]
        if self._spec.find.by_key:
            return {key: self._reader.held(self._listed(key), key) for key in wanted}
        records = self._listed("") if wanted else []
        return {key: self._reader.held(records, key) for key in wanted}

    def _listed(self, key: str) -> list[dict[str, Any]]:
        reader = ListReader(self._spec.find.listing, self._send, {**self._variables, "key": key})
        try:
            return list(reader.read())
        except SourceError as error:
            raise _unusable(error) from error

    def _send(self, request: Request, variables: Mapping[str, Any], link: str | None) -> tuple[Answer, str]:
        path, arguments = request.build(variables)
        if link is not None:
            path, _ = link, arguments.pop("params", None)
        return self._connection.read(request.method, path, **arguments), self._connection.url_of(path)

    # --- booking -----------------------------------------------------------------------------------------------

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: every record is made once without being sent, so that a plan tells what cannot be."""
        legs: list[int | None] = list(range(1, len(booking.entry.entries) + 1)) if self._spec.can.per_leg else [None]
        for leg in legs:
            self._body(replace(booking, leg=leg))
        return []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: the accounting system keeps its own ledger."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        (booking,) = bookings
        template, body = self._body(booking)
        path, arguments = template.request.build({**self._variables, "key": booking.key.stored, "once": booking.once})
        if body is not None:
            arguments["json"] = body
        try:
            answer = self._connection.write(template.request.method, path, **arguments)
        except ApiError as error:
            raise self._meaning(error, booking, template) from error
        return [_booked(template, answer.body)]

    def _body(self, booking: Booking) -> tuple[Book, Any]:
        """The template of a record and its body. Raises `Refusal`."""
        kinds = list(dict.fromkeys(leg.kind for leg in booking.legs))
        template = next((one for one in self._spec.book if all(is_for(one, kind) for kind in kinds)), None)
        if template is None:
            raise Refusal(f"the books have no template for a {' with a '.join(kinds)}", _INVALID)
        try:
            return template, template.body(_scope(booking))
        except ExpressionError as error:
            raise Refusal(str(error), _INVALID) from error

    def _meaning(self, error: ApiError, booking: Booking, template: Book) -> Exception:
        """What a refusal is: a closed period, one of ``reasons``, a doubt, or the accounting system's own words."""
        seen = {"status": error.status, "body": _json(error.content)}
        if self._spec.closed is not None and _holds(self._spec.closed, seen):
            next_open = self._spec.next_open and value_of(self._spec.next_open, seen)
            return PeriodClosed(booking.date, str(next_open) if next_open else None)
        words = error.said or error.message
        for kind, when in self._spec.reasons.items():
            if _holds(when, seen):
                return Refusal(words, kind)
        if isinstance(error, Unauthorised):
            return error
        if error.status in _BUSY or (error.status == _CONFLICT and template.once):
            return LostAnswer(error.message, error.status)  # a request with the same key may be under way
        return Refusal(words)

    # --- attachments -------------------------------------------------------------------------------------------

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`."""
        if self._spec.attach is None:
            raise Refusal(f"{file.name}: the books take no attachments", "receipt_upload_failure")
        request, part = self._spec.attach.request, self._spec.attach.multipart
        path, arguments = request.build({**self._variables, "id": held.id, "key": key.stored, "name": file.name})
        content = file.path.read_bytes()
        if part is None:
            arguments |= {"data": content, "headers": {**arguments.get("headers", {}), "Content-Type": file.type}}
        else:
            arguments["files"] = {part: (file.name, content, file.type)}
        try:
            self._connection.write(request.method, path, **arguments)
        except ApiError as error:
            raise Refusal(error.message, "receipt_upload_failure") from error


def _variables(given: dict[str, Any], preset: SinkPreset | None) -> dict[str, str]:
    declared = preset.variables if preset else {}
    for name in given:
        if preset and name not in declared:
            hint = did_you_mean(name, sorted(declared))
            raise SourceError(f"sink.variables: the preset has no variable {name!r}", hint=hint)
    for name, meaning in declared.items():
        if name not in given:
            raise SourceError(f"sink.variables lacks {name}: {meaning}", hint=f"add variables: {{{name}: …}}")
    return {name: str(value) for name, value in given.items()}


def _scope(booking: Booking) -> dict[str, Any]:
    """What a body is made of; ``leg`` is the record's leg, and of several the first kind with all their postings."""
    entry: dict[str, Any] = msgspec.to_builtins(booking.entry)
    if booking.date != booking.entry.posting_date:
        entry |= {"postingDate": booking.date, "moved": {"from": booking.entry.posting_date, "reason": CLOSED}}
    legs = msgspec.to_builtins(booking.legs)
    postings = [posting for leg in legs for posting in leg["postings"]]
    leg = {"kind": legs[0]["kind"] if legs else None, "postings": postings}
    return {"entry": entry, "leg": leg, "key": booking.key.stored, "draft": booking.draft}


def _booked(template: Book, body: Any) -> Held:
    """What the answer says of the record; the look-up that follows says the rest."""
    try:
        id_, url = (None if one is None else value_of(one, body) for one in (template.id, template.url))
    except ExpressionError as error:
        raise LostAnswer(f"the answer to a booking cannot be read: {error}") from error
    if template.id is not None and id_ is None:
        raise LostAnswer(f"{template.id.key} gives nothing for the answer to a booking")
    return Held(str(id_ or ""), None if url is None else str(url))


def _holds(expression: Expression, seen: dict[str, Any]) -> bool:
    try:
        return bool(expression(seen))
    except ExpressionError:
        return False


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _unusable(error: SourceError) -> BooksUnusable:
    denied = isinstance(error.__context__, Unauthorised)
    kind = "accounting_system_authentication_failure" if denied else "accounting_system_unreachable"
    return BooksUnusable(error.message, kind, hint=error.findings[0].hint or "")
