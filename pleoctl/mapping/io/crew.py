"""A large file of JSON lines, mapped by several processes: parts are dealt out in turn and taken back in order.

    this process     deals each worker the next part while it is at one, takes what they became, counts and writes it
    a worker         maps one part after the other; of all before it knows only what it is told with the part

What an entry says may depend on all before it: on an id that came before, a second currency of wallets, an account that
has got a name. Where what a worker made does not agree with that, and where anything is wrong with a part or with its
worker, this process maps the part itself, as on one core. So bytes, counts and errors are those of one core, always.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.io.lines import STRETCH, Lines, Stretch
from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.run import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from pleoctl.mapping.io.run import Piece, Work
    from pleoctl.mapping.items import Defect, Item

    Part = Iterable[Item | Defect]

#: Bytes beyond which workers are started that somebody asked for.
ALONE: Final = 4 * 1024 * 1024
#: Bytes beyond which they are started unasked: workers learn for themselves what one process learns once, which takes
#: as much CPU for any file, so that only a large one gains more than that.
LARGE: Final = 64 * 1024 * 1024
#: Parts that a worker is dealt before it has given one back, so that it never waits for more.
AHEAD: Final = 2
#: Bytes of a part and what is said of it, or of what it became, that go from process to process; others do not go.
ROOM: Final = 8 * STRETCH
#: More workers than these wait for the one process that deals and writes.
MOST: Final = 8
#: What asks the whole group of processes to end is answered by the first of them.
_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: How many bytes are words, and how many content.
_SIZES: Final = Struct("=QQ")


class Past(msgspec.Struct, frozen=True):
    """What a worker is told of all before its part."""

    wallet_currency: str | None
    declared: Declared


class Made(msgspec.Struct, frozen=True):
    """What a part became by itself, beside its bytes."""

    tally: Tally
    declared: Declared


def _processes(asked: int | None) -> int:
    """How many processes share a large file: those asked for, else one for each CPU; one where no copy is safe."""
    # What forks on macOS is unsafe, and so is a process with threads: a lock of theirs stays locked in the copy.
    if not hasattr(os, "fork") or sys.platform == "darwin" or threading.active_count() > 1:
        return 1
    return asked or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST)


def pieces(parts: Iterable[Part], work: Work, tally: Tally, asked: int | None) -> Generator[Piece, None, None]:
    """What the items become, in their order, counted in ``tally``; shared among processes where they are many.

    ``asked`` says among how many, None: among one for each CPU. A piece is to be written before the next one is asked
    for. Raises as `Work.pieces` does.
    """
    parts, count, enough = iter(parts), _processes(asked), LARGE if asked is None else ALONE
    share = count > 1 and work.writer.declared is not None
    alone = 0
    for part in parts:
        # What is learnt of these, workers know from their start.
        yield from work.pieces(part, tally)
        alone += len(part.content) if isinstance(part, Lines) else 0
        if share and (alone > enough or (isinstance(part, Stretch) and part.left > enough)):
            yield from _shared(parts, work, tally, count)
            share = False  # there are no more parts, or there can be no workers


def _shared(parts: Iterator[Part], work: Work, tally: Tally, count: int) -> Iterator[Piece]:
    declared = work.writer.declared or Declared()
    with _crew(work, count) as workers:
        for worker in workers * AHEAD:
            worker.give(next(parts, None), Past(tally.wallet_currency, declared))
        for worker in cycle(workers):
            part, made, content = worker.take()
            if part is None:
                return
            if made is not None and tally.agrees(made.tally) and declared.agrees(made.declared):
                tally.join(made.tally)
                declared.join(made.declared)
                yield content
            else:
                yield from work.pieces(part, tally)
            worker.give(next(parts, None), Past(tally.wallet_currency, declared))


@contextmanager
def _crew(work: Work, count: int) -> Iterator[list[_Worker]]:
    """Workers for the block, gone when it ends, however it does; fewer where the system has no place for more."""
    workers: list[_Worker] = []
    try:
        with suppress(OSError):
            while len(workers) < count:
                workers.append(_Worker(work))
        yield workers
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.leave()


class _Worker:
    """Another process, and the parts that it has been given."""

    def __init__(self, work: Work) -> None:
        """Raises `OSError` where there is no place for one."""
        self._parts: deque[Part | None] = deque()
        with ExitStack() as undo:
            there, back = _Way(undo), _Way(undo)
            self._link, theirs = _Link(there, back), _Link(back, there)
            self._process = _process(lambda: _serve(theirs, self._link, work))
            undo.pop_all()
        theirs.close()

    def give(self, part: Part | None, past: Past) -> None:
        """A part to work on; only lines leave this process."""
        self._parts.append(part)
        with suppress(OSError):  # it is gone, as `take` will see
            if isinstance(part, Lines):
                self._link.send((past, None), part.content)
            else:
                self._link.send((past, part) if isinstance(part, Stretch) else None)

    def take(self) -> tuple[Part | None, Made | None, memoryview]:
        """The part that was given first of all, and what it became, None where nothing did."""
        made, content = None, memoryview(b"")
        with suppress(OSError, EOFError):
            made, content = self._link.receive()
        return self._parts.popleft(), made, content

    def kill(self) -> None:
        """End the process, which holds nothing that it could leave half done."""
        os.kill(self._process, signal.SIGKILL)

    def leave(self) -> None:
        """Wait until the process is gone."""
        os.waitpid(self._process, 0)
        self._link.close()


def _process(life: Callable[[], None]) -> int:
    """The id of a copy of this process that does nothing but live its life."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        number = os.fork()
        if number:
            return number
        try:
            life()
        finally:
            os._exit(0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Way:
    """From one process to another: a pipe for sizes, and for the rest memory that both see, which spares copies.

    What was sent stays there until `AHEAD` more were. So few are ever under way that no pipe gets full, and no two
    processes wait for each other.
    """

    def __init__(self, undo: ExitStack) -> None:
        """``undo`` closes the pipe where the way leads nowhere."""
        from mmap import mmap  # for large files alone

        self.reader, self.writer = os.pipe()
        undo.callback(os.close, self.reader)
        undo.callback(os.close, self.writer)
        self.memory = mmap(-1, AHEAD * ROOM)
        self._turn = 0

    def room(self) -> memoryview:
        """The memory of the next turn; the two processes count for themselves, and alike."""
        start = self._turn * ROOM
        self._turn = (self._turn + 1) % AHEAD
        return memoryview(self.memory)[start : start + ROOM]


class _Link:
    """One end of what joins two processes."""

    def __init__(self, out: _Way, into: _Way) -> None:
        """Send one way, and receive the other."""
        self._out, self._into = out, into

    def send(self, words: Any, *content: bytes) -> None:
        """Send; what has no room arrives as None. Raises `OSError` where the other process is gone."""
        from pickle import dumps  # for large files alone

        told, more = dumps(words), sum(map(len, content))
        if len(told) + more > ROOM:
            told, more, content = dumps(None), 0, ()
        room, at = self._out.room(), 0
        for portion in (told, *content):
            room[at : at + len(portion)] = portion
            at += len(portion)
        os.write(self._out.writer, _SIZES.pack(len(told), more))

    def receive(self) -> tuple[Any, memoryview]:
        """What the other end has sent. Raises `OSError` or `EOFError` where it is gone."""
        from pickle import loads

        sizes = os.read(self._into.reader, _SIZES.size)
        if not sizes:
            raise EOFError
        told, more = _SIZES.unpack(sizes)
        room = self._into.room()
        return loads(room[:told]), room[told : told + more]  # noqa: S301 - a copy of this process has sent it

    def close(self) -> None:
        """Close this end's pipes."""
        os.close(self._out.writer)
        os.close(self._into.reader)


def _serve(link: _Link, other_end: _Link, work: Work) -> None:
    """A worker's life: it ends when its link does, also where the other process was killed."""
    other_end.close()
    with suppress(OSError, EOFError):
        while True:
            words, content = link.receive()
            if words is None:
                link.send(None)
            else:
                past, part = words
                link.send(*_made(work, past, part or Lines(bytes(content), "", 1)))


def _made(work: Work, past: Past, part: Part) -> tuple[Any, ...]:
    """What lines become by themselves, and its bytes; None where anything is wrong: they are mapped once more."""
    declared = work.writer.declared or Declared()
    declared.become(past.declared)
    tally = Tally(wallet_currency=past.wallet_currency, most_reasons=sys.maxsize)
    with suppress(Exception):
        content = [*work.pieces(part, tally)]
        return Made(tally, declared), *content
    return (None,)
