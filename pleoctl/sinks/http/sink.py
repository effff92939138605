"""Books records through a JSON API, and says how each request ended: taken, refused, period closed, or not known.

A record may take several requests: one makes it, those of ``then`` bring it further. What a record that was begun still
lacks is read of it when it is found, so that a killed run is taken up where it ended.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.place import Setting
from pleoctl.remote.errors import ApiError
from pleoctl.sinks.base import BooksUnusable, Held, Key, PeriodClosed, Refusal
from pleoctl.sinks.http.answers import Answers, made_of
from pleoctl.sinks.http.attaching import attach
from pleoctl.sinks.http.finding import Finder, listed
from pleoctl.sinks.http.lookups import NAMES, Table
from pleoctl.sinks.http.presets import load_preset
from pleoctl.sinks.http.scopes import scope_of
from pleoctl.sinks.http.spec import is_for, spec_of
from pleoctl.sinks.words import SHORTENED
from pleoctl.sources.context import SERVICE
from pleoctl.sources.http.expressions import ExpressionError
from pleoctl.sources.http.presets import overlaid
from pleoctl.sources.http.signing import with_servers
from pleoctl.sources.http.templates import check_names, fill_text
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.remote.transport import Answer
    from pleoctl.sinks.base import Booking, Capabilities, File
    from pleoctl.sinks.http.presets import SinkPreset
    from pleoctl.sinks.http.spec import Book, Follow
    from pleoctl.sources.context import Context
    from pleoctl.sources.http.spec import Request

_SECTION: Final = Setting("sink")

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
            raise SourceError("sink lacks baseUrl", setting=_SECTION)
        check_names(config["baseUrl"], set(self._variables), _SECTION / "baseUrl")
        self._connection = context.http(
            fill_text(config["baseUrl"], self._variables),
            with_servers(config, "sink", self._variables),
            service=preset.title if preset else SERVICE,
            own=preset.base_url if preset else "",
        )
        currency = config.get("currency")
        self._finders = [Finder(find, self._send, self._variables, currency) for find in self._spec.finds]
        read = partial(listed, send=self._send, variables=self._variables)
        self._tables = {one.name: Table(one, read) for one in self._spec.lookups}
        self._answers = Answers(self._spec)

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
            raise BooksUnusable.after(error) from error

    def close(self) -> None:
        """See `Sink`."""
        self._connection.close()

    def account_problem(self, code: str) -> str | None:
        """See `KnowsAccounts`: only where accounts are looked up."""
        table = self._tables.get("account")
        return None if table is None else table.problem(code)

    # --- look-up -----------------------------------------------------------------------------------------------

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`. Raises `BooksUnusable` where a list could not be read to its end."""
        found: dict[str, list[Held]] = {key.stored: [] for key in keys}
        for finder in self._finders:
            for key, records in finder.held(keys, self._tables.get("account")).items():
                found[key] += records
        return found

    def _send(self, request: Request, variables: Mapping[str, Any], link: str | None) -> tuple[Answer, str]:
        path, arguments = request.build(variables)
        if link is not None:
            path, _ = link, arguments.pop("params", None)
        return self._connection.read(request.method, path, **arguments), self._connection.url_of(path)

    # --- booking -----------------------------------------------------------------------------------------------

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: every record is made once without being sent, so that a plan tells what cannot be."""
        legs: list[int | None] = list(range(1, len(booking.entry.entries) + 1)) if self._spec.can.per_leg else [None]
        cuts: list[str] = []
        for leg in legs:
            one = replace(booking, leg=leg)
            self._filled(self._template(one), one, cuts)
        return [SHORTENED] if cuts else []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: the accounting system keeps its own ledger."""

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`: a record is made, or taken up where it was left, and brought to its end."""
        (booking,) = bookings
        template = self._template(booking)
        made = booking.begun or self._made(template, booking)
        for step in template.then:
            if step.stage == "posting" and booking.draft:
                continue
            if booking.begun is None or step.stage in booking.begun.left:
                self._follow(step, made, booking)
        return [made]

    def _made(self, template: Book, booking: Booking) -> Held:
        body = self._filled(template, booking, [])
        variables = {"key": booking.key.stored, "once": booking.once}
        try:
            answer = self._write(template.request, variables, body)
        except ApiError as error:
            raise self._answers.meaning(error, booking.date, once=template.once) from error
        self._answers.refuse_inside(template.refused, answer)
        return made_of(template, answer.body)

    def _follow(self, step: Follow, made: Held, booking: Booking) -> None:
        """One more request about a record. Raises `Refusal`, which says that the record stands."""
        scope = self._scope(booking) | {"id": made.id}
        try:
            body = step.body(scope) if step.body else None
            answer = self._write(step.request, {"key": booking.key.stored, "id": made.id}, body)
            self._answers.refuse_inside(step.refused, answer)
        except ExpressionError as error:
            raise Refusal(f"{error}; {made.id} stands unfinished in the books", INVALID_CONFIGURATION) from error
        except (ApiError, Refusal) as error:
            told = error if isinstance(error, Refusal) else self._answers.meaning(error, booking.date, once=False)
            if not isinstance(told, Refusal | PeriodClosed):
                raise told from error
            kind = told.reason_type if isinstance(told, Refusal) else Refusal("").reason_type
            raise Refusal(f"{told.message}; {made.id} stands unfinished in the books", kind) from error

    def _write(self, request: Request, variables: dict[str, Any], body: Any) -> Answer:
        path, arguments = request.build({**self._variables, **variables})
        if body is not None:
            arguments["json"] = body
        return self._connection.write(request.method, path, **arguments)

    def _template(self, booking: Booking) -> Book:
        """The template of a record. Raises `Refusal`."""
        kinds = list(dict.fromkeys(leg.kind for leg in booking.legs))
        template = next((one for one in self._spec.book if all(is_for(one, kind) for kind in kinds)), None)
        if template is None:
            raise Refusal(f"the books have no template for a {' with a '.join(kinds)}", INVALID_CONFIGURATION)
        return template

    def _filled(self, template: Book, booking: Booking, cuts: list[str]) -> Any:
        """The body of a record. Raises `Refusal`, also for a code that the books do not have."""
        try:
            return template.body(self._scope(booking), cuts)
        except ExpressionError as error:
            raise Refusal(str(error), INVALID_CONFIGURATION) from error

    def _scope(self, booking: Booking) -> dict[str, Any]:
        scope = scope_of(booking, self._variables)
        for name, table in self._tables.items():
            for posting in scope["leg"]["postings"]:
                if posting.get(name) is not None:
                    posting[NAMES[name]] = table.id_of(str(posting[name]))
        return scope

    # --- attachments -------------------------------------------------------------------------------------------

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`."""
        if self._spec.attach is None:
            raise Refusal(f"{file.name}: the books take no attachments", "receipt_upload_failure")
        variables = {**self._variables, "id": held.id, "key": key.stored, "name": file.name}
        try:
            attach(self._spec.attach, self._connection, variables, self._variables, file)
        except (ApiError, ExpressionError) as error:
            raise Refusal(str(error), "receipt_upload_failure") from error


def _variables(given: dict[str, Any], preset: SinkPreset | None) -> dict[str, str]:
    declared = preset.variables if preset else {}
    for name in given:
        if preset and name not in declared:
            hint = did_you_mean(name, sorted(declared))
            raise SourceError(
                f"sink.variables: the preset has no variable {name!r}", hint=hint, setting=_SECTION / "variables"
            )
    for name, meaning in declared.items():
        if name not in given:
            raise SourceError(
                f"sink.variables lacks {name}: {meaning}",
                hint=f"add variables: {{{name}: …}}",
                setting=_SECTION / "variables",
            )
    return {name: str(value) for name, value in given.items()}
