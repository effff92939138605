"""One call from arrival to answer: rate limit, credential, scope, contract, handler, and its faults."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.auth import demand
from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.distort import Asked, distorted
from pleoctl.sandbox.errors import ApiError
from pleoctl.sandbox.faults import Effects, Struck
from pleoctl.sandbox.oauth import SignIn
from pleoctl.sandbox.validation import check_batch, check_body, check_query, is_uuid
from pleoctl.sandbox.wire import JSON_TYPE, Reply, encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pleoctl.sandbox.auth import Credential
    from pleoctl.sandbox.calls import Handler
    from pleoctl.sandbox.contract import Operation
    from pleoctl.sandbox.faults import Fault
    from pleoctl.sandbox.statistics import Entry
    from pleoctl.sandbox.validation import Problem
    from pleoctl.sandbox.wire import Arrival
    from pleoctl.sandbox.world import World


class Exchange:
    """One call and its faults; `perform` carries it out at most once."""

    def __init__(self, world: World, operation: Operation, handler: Handler, arrival: Arrival) -> None:
        """Count the call and let every fault see it."""
        self.world = world
        self.operation = operation
        self._handler = handler
        self.arrival = arrival
        self.entry: Entry = world.statistics.arrived(
            arrival.method, arrival.target, operation.name, arrival.body, writes=operation.writes
        )
        self.effects: Effects = world.faults.strike(self._struck())
        self.entry.faults = self.effects.kinds

    @property
    def wait_before(self) -> float:
        """Seconds until the call is carried out."""
        return self.world.settings.latency_seconds + self.effects.seconds("before")

    @property
    def wait_after(self) -> float:
        """Seconds between carrying out and answering."""
        return self.effects.seconds("after")

    @property
    def drops_before(self) -> bool:
        """Whether the connection breaks before anything is done."""
        return self.effects.of("droppedBefore") is not None

    @property
    def drops_after(self) -> bool:
        """Whether the connection breaks after everything is done."""
        return self.effects.of("lostAnswer") is not None

    def perform(self) -> Reply:
        """Carry the call out under the lock of the state, with whatever strikes it."""
        world, effects = self.world, self.effects
        with world.store.lock:
            if effects.of("expireToken"):
                world.doorkeeper.expire(self.arrival.authorization)
            if effects.of("revokeGrant"):
                world.authority.revoke()
            for edit in effects.edits("before"):
                world.edit(edit)
            reply = self._reply()
            for edit in effects.edits("after"):
                world.edit(edit)
        return reply

    def answered(self, reply: Reply) -> None:
        """Note in the log that the client gets this reply."""
        self.world.statistics.answered(self.entry, reply.status)

    def _reply(self) -> Reply:
        failing = self.effects.of("status") or self.effects.of("partialUpdate")
        if failing is not None and not (failing.commit or failing.kind == "partialUpdate"):
            return _failure(failing, self.world.clock.now())
        answer, headers = self._answer()
        if failing is not None:
            return _failure(failing, self.world.clock.now())
        asked = Asked(self.arrival, self.operation, self.effects, self.world.last_pages)
        return distorted(asked, answer, _encoded(answer, headers))

    def _answer(self) -> tuple[Answer, dict[str, str]]:
        if not self.world.within_rate():
            error = ApiError(429, "TOO_MANY_REQUESTS", "Rate limit exceeded")
            return Answer(429, error.body()), self._wait_header()
        try:
            return self._handled(), {}
        except ApiError as error:
            if error.violation:
                self._violated([error.message])
            return Answer(error.status, error.body()), {}

    def _handled(self) -> Answer:
        credential = self._admitted()
        body = self._checked()
        call = Call(
            self.world,
            self.operation,
            self.arrival.path_values,
            self.arrival.query,
            body,
            credential,
            self.effects,
            self.arrival.host,
        )
        before = self.world.store.version
        self.world.lag_writes(self.effects.of("lag"))
        try:
            with self.world.store.transaction():
                answer = self._handler(call)
        finally:
            self.world.lag_writes(None)
        self.entry.written = self.world.store.version != before
        return answer

    def _admitted(self) -> Credential | None:
        if self.operation.signs_in:
            return None
        if self.operation.public:
            self._violated(["a credential is sent where none is asked for"] if self.arrival.authorization else [])
            return None
        credential = self.world.doorkeeper.identify(self.arrival.authorization)
        demand(credential, self.operation.scope)
        return credential

    def _checked(self) -> Any:
        """The body, once path, query and body keep to the contract. Raises the 400."""
        strict = self.world.settings.unknown_fields == "refuse"
        ids = {name: value for name, value in self.arrival.path_values.items() if name.endswith("Id")}
        wrong = [f"{name}: must be a UUID" for name, value in ids.items() if not is_uuid(value)]
        if wrong:
            raise ApiError(400, "PARAMETER_VALIDATION_FAILED", "; ".join(wrong), violation=True)
        self._refuse(
            check_query(self.arrival.query, self.operation.query, strict=strict),
            "PARAMETER_VALIDATION_FAILED",
        )
        if self.operation.signs_in:
            return SignIn(self.arrival.form, self.arrival.authorization)
        if self.operation.body is None and self.operation.batch is None:
            return None
        body = self._body()
        if self.operation.batch is not None:
            problems = check_batch(body, self.operation.batch, strict=strict)
        else:
            problems = check_body(body, self.operation.body or {}, strict=strict)
        self._refuse(problems, "VALIDATION_FAILED")
        return body

    def _body(self) -> Any:
        if not self.arrival.body and self.operation.optional_body:
            return {}
        if not self.arrival.says_json:
            self._violated(["Content-Type is not application/json"])
        try:
            body = json.loads(self.arrival.body)
            encode(body)  # lone surrogates and infinities cannot be stored or sent back
        except (ValueError, RecursionError):
            raise ApiError(400, "JSON_MAPPING_EXCEPTION", "body: is not readable as JSON", violation=True) from None
        return body

    def _refuse(self, problems: Iterable[Problem], kind: str) -> None:
        found = list(problems)
        self._violated([str(problem) for problem in found])
        fatal = [str(problem) for problem in found if not problem.tolerated]
        if fatal:
            raise ApiError(400, kind, "; ".join(fatal))

    def _violated(self, messages: Iterable[str]) -> None:
        for message in messages:
            self.world.statistics.violated(self.arrival.method, self.arrival.target, message)

    def _wait_header(self) -> dict[str, str]:
        kind = self.world.settings.retry_after
        return {} if kind == "none" else retry_after(self.world.seconds_to_wait(), kind, self.world.clock.now())

    def _struck(self) -> Struck:
        return Struck(
            method=self.arrival.method,
            path=self.arrival.path,
            paged=self.operation.paged,
            has_cursor=not {"after", "before"}.isdisjoint(self.arrival.query),
            writes=self.operation.writes,
            batch=self.operation.batch is not None,
        )


def retry_after(seconds: float, kind: str, now: datetime) -> dict[str, str]:
    """The Retry-After header, rounded up to whole seconds, as a number or as an HTTP date."""
    whole = math.ceil(seconds)
    if kind == "seconds":
        return {"retry-after": str(whole)}
    moment = now.replace(microsecond=0) + timedelta(seconds=whole + 1)
    return {"retry-after": format_datetime(moment, usegmt=True)}


def _failure(fault: Fault, now: datetime) -> Reply:
    error = ApiError(fault.status, _TYPES.get(fault.status, "PROCESSING_FAILED"), "Injected by a sandbox fault")
    headers = {} if fault.retry_after is None else retry_after(fault.retry_after, fault.retry_after_as, now)
    return _encoded(Answer(fault.status, error.body()), headers)


_TYPES: Final = {
    401: "UNAUTHORIZED",
    403: "ACCESS_DENIED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
}


def _encoded(answer: Answer, given: dict[str, str]) -> Reply:
    headers = answer.headers | given
    if answer.file is not None:
        return Reply(answer.status, answer.file.content, headers | {"content-type": answer.file.type})
    if answer.body is None:
        return Reply(answer.status, b"", headers)
    return Reply(answer.status, encode(answer.body), headers | {"content-type": JSON_TYPE})
