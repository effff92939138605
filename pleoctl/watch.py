"""What a command is about, and what it costs: noted where it happens, for logs, metrics, notices and traces.

A command has one `Watch`; the threads of its pools share it (`pleoctl.machine.Machine.pool`). Nothing here decides
anything, and nothing that is noted is live text: ids, names of kinds, actions and statuses, numbers.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

RUNS: Final = frozenset(
    {"apply", "doctor", "drift", "export", "jobs plan", "jobs run", "jobs serve", "plan", "sync", "undo"}
)
"""The commands that are runs, of which people are told; all others tell nobody."""
Word = str | int | float | bool


class Tracer(Protocol):
    """Whoever makes spans of what is going on; ``trace`` is the id that they share."""

    trace: str | None

    def span(self, name: str, known: dict[str, Word]) -> AbstractContextManager[Noting]:
        """A span around a block, below the one that it stands in."""


class Noting(Protocol):
    """A span that goes on."""

    def note(self, **known: Word) -> None:
        """More of it has become known."""

    def failed(self, why: str) -> None:
        """It did not end well."""


class _Unheard:
    def note(self, **known: Word) -> None:
        """Nobody asked."""

    def failed(self, why: str) -> None:
        """Nobody asked."""


SIGN_IN: Final = "sign-in"
"""What `Watch.endings` calls a sign-in."""
SOON: Final = 14 * 86_400.0
"""How many seconds before its end a credential is told of."""


class Ending(NamedTuple):
    """When a credential ends (seconds since the epoch), and whether people should know by now."""

    at: float
    soon: bool

    @classmethod
    def within(cls, at: float, margin: float = SOON) -> Ending:
        """An end that people should know of so many seconds before."""
        return cls(at, this_machine().time() >= at - margin)

    @property
    def date(self) -> str:
        """In UTC."""
        return datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds")

    def words(self, section: str, what: str) -> str:
        """That the sign-in, or the credential, of a section of the workspace ends then."""
        return f"the {what} of {section} {'ends' if self.at > this_machine().time() else 'ended'} at {self.date}"


class Watch:
    """What is known of one command.

    ``endings`` are of the credentials that it uses, by section of the workspace and ``sign-in`` or ``credential``;
    ``planned`` counts by kind and action, ``ended`` by kind, action and status, ``requests`` by service and read, write
    or retry, ``waited`` seconds by reason, ``held`` rows by kind; ``refusals`` are the guard's codes, None where no
    guard has judged; ``told`` is what people have been told of it, ``missed`` the urls that they know not to answer.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.command: str | None = None
        self.company: str | None = None
        self.plan: str | None = None
        self.run: str | None = None
        self.outcome: str | None = None
        self.planned = Counter[tuple[str, str]]()
        self.ended = Counter[tuple[str, str, str]]()
        self.requests = Counter[tuple[str, str]]()
        self.waited = defaultdict[str, float](float)
        self.held = Counter[str]()
        self.refusals: list[str] | None = None
        self.endings: dict[tuple[str, str], Ending] = {}
        self.told: dict[str, str] = {}
        self.missed = set[str]()
        self.tracer: Tracer | None = None
        self.begun = this_machine().monotonic()
        self.lock = threading.Lock()

    @property
    def ids(self) -> dict[str, str]:
        """Command, company, plan, run and trace, as far as they are known."""
        known = {"command": self.command, "company": self.company, "plan": self.plan, "run": self.run}
        known["trace"] = None if self.tracer is None else self.tracer.trace
        return {name: value for name, value in known.items() if value is not None}

    @property
    def ending(self) -> dict[tuple[str, str], Ending]:
        """Those of ``endings`` that people should know of by now."""
        return {what: ending for what, ending in sorted(self.endings.items()) if ending.soon}

    def request(self, service: str, what: str) -> None:
        """One more request."""
        with self.lock:
            self.requests[service, what] += 1

    def wait(self, reason: str, seconds: float) -> AbstractContextManager[Noting]:
        """Nothing is sent for so long, in the block."""
        with self.lock:
            self.waited[reason] += seconds
        return self.span("wait", reason=reason, seconds=seconds)

    def misses(self, url: str) -> bool:
        """Note that a service does not answer; whether that is news in this command."""
        with self.lock:
            news = url not in self.missed
            self.missed.add(url)
        return news

    def made(self, plan: str, changes: Iterable[tuple[str, str]]) -> None:
        """A plan: its id, and kind and action of each change."""
        self.plan, self.planned = plan, Counter(changes)

    def finished(self, outcome: str, changes: Iterable[tuple[str, str, str]]) -> None:
        """A run has ended: how, and kind, action and status of each change."""
        self.outcome = outcome
        self.ended.update(changes)

    def span(self, name: str, **known: Word) -> AbstractContextManager[Noting]:
        """Something that takes its time; names with a dot are OpenTelemetry's own."""
        return _NOBODY if self.tracer is None else self.tracer.span(name, known)


_NOBODY: Final = nullcontext(_Unheard())
_UNHEARD: Final = Watch()
_current: ContextVar[Watch] = ContextVar("watch", default=_UNHEARD)


def watched() -> Watch:
    """The watch of the command that is running."""
    return _current.get()


@contextmanager
def watching() -> Iterator[Watch]:
    """A new watch for the block."""
    token = _current.set(Watch())
    try:
        yield _current.get()
    finally:
        _current.reset(token)
