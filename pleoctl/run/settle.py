"""Send, look, send again: the only loop that writes to the outside.

A request has four ends, and whatever it was to bring about ends in exactly one of them:

    answered, and it is as wanted               → done
    answered with a refusal                     → failed, the others go on
    no usable answer (`LostAnswer`)             → look:
        it is as wanted                             → done
        it is as before                             → send again, a few times
        it is something else                        → failed: somebody else was here
    still not known after that                  → ambiguous; the next run settles it by its own reading

Nothing here trusts a journal, positions in answers, or the absence of an error. What an answer leaves out is looked
for like a lost answer.

"As before" may also mean "not shown yet", since lists lag. Sending again does no harm where the second request finds
what the first one did: a whole record written to its id, or a key of which the server keeps one record. A step that
is not ``repeatable`` has neither. It is sent once, looked for at growing distances, and left ambiguous if nothing
shows; only a request that was proven never to have been sent goes again, and that the transport does by itself.

Who answers 429 says that nothing was done, and the transport waits and sends again. Where that does harm (the step is
not ``guarded``) it looks before each as after a lost answer, since a proxy may count what it has passed on all the
same, and lists lag.

A `Step` knows what to send and how to look, a `Reporter` hears how it goes; the loop knows nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from pleoctl.errors import PleoctlError, RemoteError
from pleoctl.remote.again import looking_first
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

I = TypeVar("I")  # noqa: E741 - an id
"""What a step's parts are called: an address, an id, a name."""

TRIES: Final = 3
AT_ONCE: Final = (0.0,)
LATER: Final = (0.5, 1.5, 4.0)
"""For what is found by a list or a search, which may lag."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is as wanted; ``record`` is what was seen."""

    record: Any = None


@dataclass(frozen=True, slots=True)
class Undone:
    """It is as before, or the answer does not name it; ``why`` and ``http`` are those of an answer that was lost."""

    why: str = ""
    http: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody else made it something else."""

    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It was refused, or is not what was asked for; ``http`` is the status, where there was one."""

    code: str
    message: str
    http: int | None = None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It is not known; ``http`` is the status of an answer that says nothing, where there was one."""

    code: str
    message: str
    http: int | None = None


@dataclass(frozen=True, slots=True)
class Next(Generic[I]):
    """It goes on in another step; ``begun``: something of it may be there by now."""

    step: Step[I]
    begun: bool = True


End = Done | Moved | Failed | Ambiguous
Seen = Done | Undone | Moved | Next[I]


class Step(ABC, Generic[I]):
    """One request that changes something outside, and how to find out what became of it.

    ``looks`` are the seconds before each look at what a lost answer did. ``doubt`` is said where it stays unknown.
    ``repeatable``: it may be sent again where looks do not show it; ``guarded``: even unseen a second request does no
    harm.
    """

    looks: Sequence[float] = AT_ONCE
    repeatable: bool = True
    guarded: bool = True
    doubt: str = "no answer said whether it was written"

    def __init__(self, ids: Sequence[I]) -> None:
        """``ids`` name the parts that the request brings about, at least one."""
        self.ids = list(ids)

    @abstractmethod
    def send(self, ids: Sequence[I]) -> Mapping[I, End | Undone | Next[I]]:
        """Send the request for these parts and read the answer. Raises `LostAnswer` and `ApiError`."""

    @abstractmethod
    def look(self, ids: Sequence[I]) -> Mapping[I, Seen[I]]:
        """How these parts are outside now. Raises `RemoteError`."""

    def refused(self, ids: Sequence[I], error: ApiError) -> Mapping[I, End | Undone | Next[I]]:
        """What a refusal means, for a step that knows more of it than that nothing was written."""
        return dict.fromkeys(ids, Failed("refused", error.message, error.status))


class Reporter(Protocol[I]):
    """Hears what happens to a step. What it raises ends the loop."""

    def sending(self, step: Step[I], ids: Sequence[I]) -> None:
        """The request is about to leave."""

    def ended(self, part: I, end: End) -> None:
        """A part has come to its end."""

    def goes_on(self, step: Step[I]) -> bool:
        """Whether a step that follows from an answer may still begin."""


def settle(step: Step[I], reporter: Reporter[I], wait: Callable[[float], None], *, begun: bool = False) -> None:
    """Bring every part of a step to its end; ``wait`` sleeps for so many seconds.

    Raises `LostAnswer` if even looking fails, so that the doubt stays, `Unauthorised`, and what the reporter raises.
    Of what was sent, or ``begun`` before, the reporter hears an end first: only what it did not hear of was never sent.
    """
    left: Sequence[I] = step.ids
    lost: dict[I, Undone] = {}
    for _ in range(TRIES):
        with _doubted(left if begun else (), reporter):
            reporter.sending(step, left)
            answered = _sent(step, left, wait)
        lost |= {part: end for part, end in answered.items() if isinstance(end, Undone)}
        begun, left = True, _tell(answered, reporter, wait)
        for _moment in moments(step.looks if left else (), wait):
            with _doubted(left, reporter):
                seen = _seen(step, left)
            left = _tell(seen, reporter, wait)
            if not left:
                break
        if not left or not step.repeatable:
            break
    for part in left:
        last = lost.get(part, Undone())
        words = f"{step.doubt} ({last.why})" if last.why else step.doubt
        reporter.ended(part, Ambiguous("lost-answer", words, last.http))


@contextmanager
def _doubted(parts: Iterable[I], reporter: Reporter[I]) -> Iterator[None]:
    """Whatever ends the run within the block leaves these parts in doubt."""
    try:
        yield
    except PleoctlError as error:
        for part in parts:
            reporter.ended(part, Ambiguous(error.code, error.message, getattr(error, "status", None)))
        raise


def moments(pauses: Sequence[float], wait: Callable[[float], None]) -> Iterator[None]:
    """Times to look: each after one more pause, in seconds."""
    for pause in pauses:
        if pause:
            wait(pause)
        yield


def doubting(look: Callable[[], T]) -> T:
    """What a look sees. Raises `LostAnswer` where it fails, since what it was to settle stays unknown."""
    try:
        return look()
    except RemoteError as error:
        raise LostAnswer(f"what became of it could not be looked up: {error.message}") from error


T = TypeVar("T")


def _sent(step: Step[I], ids: Sequence[I], wait: Callable[[float], None]) -> Mapping[I, End | Undone | Next[I]]:
    sight: dict[I, Seen[I]] = {}

    def is_as_before() -> bool:
        for _ in moments(step.looks, wait):
            sight.update(_seen(step, ids))
            if not all(isinstance(end, Undone) for end in sight.values()):
                return False
        return True

    try:
        with nullcontext() if step.guarded else looking_first(is_as_before):
            return step.send(ids)
    except Unauthorised:
        raise
    except ApiError as error:
        return {part: _unbegun(end) for part, end in step.refused(ids, error).items()}
    except LostAnswer as error:
        lost = dict.fromkeys(ids, Undone(error.message, error.status))
        return lost | {part: end for part, end in sight.items() if not isinstance(end, Undone)}


def _unbegun(end: End | Undone | Next[I]) -> End | Undone | Next[I]:
    """What follows from a refusal, after which nothing of it is there."""
    return replace(end, begun=False) if isinstance(end, Next) else end


def _seen(step: Step[I], ids: Sequence[I]) -> Mapping[I, Seen[I]]:
    return doubting(lambda: step.look(ids))


def _tell(seen: Mapping[I, End | Undone | Next[I]], reporter: Reporter[I], wait: Callable[[float], None]) -> list[I]:
    """Report ends, carry out what follows; returns the parts that are still open."""
    following: list[Next[I]] = []
    left = []
    for part, end in seen.items():
        if isinstance(end, Undone):
            left.append(part)
        elif not isinstance(end, Next):
            reporter.ended(part, end)
        elif end not in following:
            following.append(end)
    while following:
        first = following.pop(0)
        if reporter.goes_on(first.step):
            with _doubted(chain(left, (part for one in following if one.begun for part in one.step.ids)), reporter):
                settle(first.step, reporter, wait, begun=first.begun)
        elif first.begun:
            for part in first.step.ids:
                reporter.ended(part, Ambiguous("interrupted", "it was begun, and the run ended before the rest of it"))
    return left
