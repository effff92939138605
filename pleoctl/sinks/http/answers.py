"""What an answer to a write means: made, refused in whichever way, a closed period, or a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.remote.errors import LostAnswer, Unauthorised
from pleoctl.sinks.base import Held, PeriodClosed, Refusal
from pleoctl.sinks.http.bodies import value_of
from pleoctl.sources.http.expressions import ExpressionError

if TYPE_CHECKING:
    from pleoctl.remote.errors import ApiError
    from pleoctl.remote.transport import Answer
    from pleoctl.sinks.http.spec import Book, Spec
    from pleoctl.sources.http.expressions import Expression

_CONFLICT: Final = 409


class Answers:
    """Reads answers as a section says."""

    def __init__(self, spec: Spec) -> None:
        """``closedPeriod`` and ``reasons`` of the section."""
        self._spec = spec

    def meaning(self, error: ApiError, day: str, *, once: bool) -> Exception:
        """What a refusal is; ``once``: the request had an idempotency key, so that 409 may mean one under way."""
        seen = {"status": error.status, "body": error.data}
        words = error.said or error.message
        told = self._told(seen, words, day)
        if told is not None:
            return told
        if isinstance(error, Unauthorised):
            return error
        if error.status == _CONFLICT and once:
            return LostAnswer(error.message, error.status)
        return Refusal(words)

    def _told(self, seen: dict[str, Any], words: str, day: str) -> PeriodClosed | Refusal | None:
        """A closed period, or one of ``reasons``."""
        if self._spec.closed is not None and _holds(self._spec.closed, seen):
            next_open = self._spec.next_open and value_of(self._spec.next_open, seen)
            return PeriodClosed(day, str(next_open) if next_open else None)
        kind = next((kind for kind, when in self._spec.reasons.items() if _holds(when, seen)), None)
        return None if kind is None else Refusal(words, kind)

    @staticmethod
    def refuse_inside(refused: Expression | None, answer: Answer) -> None:
        """Raise `Refusal` for one that comes as a success."""
        if refused is None:
            return
        try:
            words = value_of(refused, {"status": answer.status, "body": answer.body})
        except ExpressionError as error:
            raise LostAnswer(f"the answer to a booking cannot be read: {error}") from error
        if words:
            raise Refusal(str(words))


def made_of(template: Book, body: Any) -> Held:
    """What the answer says of the record; the look-up that follows says the rest. Raises `LostAnswer`."""
    try:
        id_, url = (None if one is None else value_of(one, body) for one in (template.id, template.url))
    except ExpressionError as error:
        raise LostAnswer(f"the answer to a booking cannot be read: {error}") from error
    if template.id is not None and id_ is None:
        raise LostAnswer(f"{template.id.key} gives nothing for the answer to a booking")
    return Held("" if id_ is None else str(id_), None if url is None else str(url))


def _holds(expression: Expression, seen: dict[str, Any]) -> bool:
    try:
        return bool(expression(seen))
    except ExpressionError:
        return False
