"""Writes to comments as steps: sent, looked for after a lost answer, sent again.

Sending a comment twice does no lasting harm, although a forge keeps both: of several with one first line all but the
oldest are removed by whoever looks next (see `Publisher`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from pleoctl.errors import PleoctlError
from pleoctl.forge.comments import same
from pleoctl.machine import this_machine
from pleoctl.remote.errors import LostAnswer
from pleoctl.run.settle import Ambiguous, Done, Failed, Moved, Step, Undone, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.markup import Markdown
    from pleoctl.remote.errors import ApiError
    from pleoctl.run.settle import End

Json = dict[str, Any]

_GONE: Final = 404
_DOUBT: Final = "GitHub did not say whether the comment was written"
_AGAIN: Final = "run the command again"


class Wire(Protocol):
    """The three requests, and the list that a look reads."""

    def comments(self) -> list[Json]:
        """The comments of this credential."""

    def post(self, body: Markdown) -> Json:
        """Add one. Raises `LostAnswer` and `ApiError`, as the others do."""

    def patch(self, comment: Json, body: Markdown) -> Json:
        """Replace a text."""

    def delete(self, comment: Json) -> None:
        """Take one away."""


class Create(Step[str]):
    """Add a comment."""

    guarded = False
    doubt = _DOUBT

    def __init__(self, wire: Wire, body: Markdown) -> None:
        super().__init__(["a comment"])
        self._wire = wire
        self._body = body

    def send(self, ids: Sequence[str]) -> Mapping[str, End | Undone]:
        """POST it."""
        return dict.fromkeys(ids, Done(self._wire.post(self._body)))

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """Whether one of ours says just that."""
        found = next((c for c in self._wire.comments() if same(c["body"], self._body)), None)
        return dict.fromkeys(ids, Undone() if found is None else Done(found))


class Update(Step[str]):
    """Replace a comment's text; it is moved where another job has removed it."""

    doubt = _DOUBT

    def __init__(self, wire: Wire, comment: Json, body: Markdown) -> None:
        super().__init__([str(comment["id"])])
        self._wire = wire
        self._comment = comment
        self._body = body

    def send(self, ids: Sequence[str]) -> Mapping[str, End | Undone]:
        """PATCH it."""
        return dict.fromkeys(ids, Done(self._wire.patch(self._comment, self._body)))

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """What it says now."""
        found = next((c for c in self._wire.comments() if c["id"] == self._comment["id"]), None)
        if found is None:
            return dict.fromkeys(ids, Moved("another job has removed it"))
        return dict.fromkeys(ids, Done(found) if same(found["body"], self._body) else Undone())

    def refused(self, ids: Sequence[str], error: ApiError) -> Mapping[str, End | Undone]:
        """404 is no failure."""
        gone = Moved("another job has removed it")
        return dict.fromkeys(ids, gone if error.status == _GONE else Failed("refused", error.message, error.status))


class Remove(Step[str]):
    """Take a comment away, or find it gone."""

    doubt = "GitHub did not say whether the comment was removed"

    def __init__(self, wire: Wire, comment: Json) -> None:
        super().__init__([str(comment["id"])])
        self._wire = wire
        self._comment = comment

    def send(self, ids: Sequence[str]) -> Mapping[str, End | Undone]:
        """DELETE it."""
        self._wire.delete(self._comment)
        return dict.fromkeys(ids, Done())

    def look(self, ids: Sequence[str]) -> Mapping[str, Done | Undone | Moved]:
        """Whether it is still there."""
        there = any(c["id"] == self._comment["id"] for c in self._wire.comments())
        return dict.fromkeys(ids, Undone() if there else Done())

    def refused(self, ids: Sequence[str], error: ApiError) -> Mapping[str, End | Undone]:
        """404 is what was wanted."""
        gone = error.status == _GONE
        return dict.fromkeys(ids, Done() if gone else Failed("refused", error.message, error.status))


class _Heard:
    """The end of the one part of a step."""

    end: End

    def sending(self, step: Step[str], ids: Sequence[str]) -> None:
        """Nothing is written down: the comments themselves are looked at."""

    def ended(self, _part: str, end: End) -> None:
        """Keep it."""
        self.end = end

    def goes_on(self, _step: Step[str]) -> bool:
        """Nothing follows from a comment."""
        return False


def carried_out(step: Step[str]) -> Json | None:
    """The comment as it is after a step; None where there is none any more. Raises `PleoctlError`."""
    heard = _Heard()
    try:
        settle(step, heard, this_machine().sleep)
    except LostAnswer as error:
        raise PleoctlError(step.doubt, hint=_AGAIN) from error
    end = heard.end
    if isinstance(end, Failed | Ambiguous):
        raise PleoctlError(end.message, hint=_AGAIN if isinstance(end, Ambiguous) else None)
    return end.record if isinstance(end, Done) else None
