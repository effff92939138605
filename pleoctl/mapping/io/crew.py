"""A large file of JSON lines, mapped by several processes: parts are dealt out in turn and taken back in order.

    this process     reads parts, deals one to each worker, takes what they became, counts and writes it
    a worker         maps one part at a time; of all before it knows only what it is told with the part

What an entry says may depend on all before it: on an id that came before, a second currency of wallets, an account that
has got a name. Where what a worker made does not agree with that, and where anything is wrong with a part or with its
worker, this process maps the part itself, as on one core. So bytes, counts and errors are those of one core, always.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from mmap import mmap
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.io.outputs.declared import Declared
from pleoctl.mapping.io.read import CHUNK, Lines
from pleoctl.mapping.io.run import Tally

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from multiprocessing.connection import Connection

    from pleoctl.mapping.io.run import Work
    from pleoctl.mapping.items import Defect, Item

    Part = Iterable[Item | Defect]

#: Bytes that are mapped before workers are worth their start.
ALONE: Final = 4 * 1024 * 1024
#: Bytes of a part, or of its entries, that go through memory which both processes see; more go through a pipe.
ROOM: Final = 4 * CHUNK
#: More workers than these wait for the one process that deals and writes.
MOST: Final = 8
#: What asks the whole group of processes to end is answered by the first of them.
_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Past(msgspec.Struct, frozen=True):
    """What a worker is told of all before its part."""

    wallet_currency: str | None
    declared: Declared


class Made(msgspec.Struct, frozen=True):
    """What a part became by itself, beside its bytes."""

    tally: Tally
    declared: Declared


def processes_for(asked: int | None) -> int:
    """How many processes share a large file: those asked for, else one for each CPU; one where no copy is safe."""
    # What forks on macOS is unsafe, and so is a process with threads: a lock of theirs stays locked in the copy.
    if not hasattr(os, "fork") or sys.platform == "darwin" or threading.active_count() > 1:
        return 1
    return asked or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MOST)


def pieces(parts: Iterable[Part], work: Work, tally: Tally, count: int) -> Generator[bytes, None, None]:
    """What the items become, in their order, counted in ``tally``; ``count`` processes share them where they are many.

    Raises as `Work.pieces` does.
    """
    parts = iter(parts)
    share = count > 1 and work.writer.declared is not None
    alone = 0
    while (part := next(parts, None)) is not None:
        yield from work.pieces(part, tally)
        alone += len(part.content) if isinstance(part, Lines) else 0
        if share and alone > ALONE:
            yield from _shared(parts, work, tally, count)


def _shared(parts: Iterator[Part], work: Work, tally: Tally, count: int) -> Iterator[bytes]:
    declared = work.writer.declared or Declared()
    with _crew(work, count) as workers:
        for worker, part in zip(workers, parts, strict=False):
            worker.give(part, Past(tally.wallet_currency, declared))
        for worker in cycle(workers):
            given, made, content = worker.take()
            if given is None:
                return
            worker.give(next(parts, None), Past(tally.wallet_currency, declared))
            if made is not None and tally.agrees(made.tally) and declared.agrees(made.declared):
                tally.join(made.tally)
                declared.join(made.declared)
                yield content
            else:
                yield from work.pieces(given, tally)


@contextmanager
def _crew(work: Work, count: int) -> Iterator[list[_Worker]]:
    """Workers for the block, gone when it ends, however it does."""
    with ExitStack() as stack:
        workers = []
        for _ in range(count):
            worker = _Worker(work)
            stack.callback(worker.end)
            workers.append(worker)
        yield workers


class _Worker:
    """Another process, and the part that it is at."""

    def __init__(self, work: Work) -> None:
        from multiprocessing import get_context  # loaded for large files alone

        forked = get_context("fork")
        link, theirs = forked.Pipe()
        given, made = mmap(-1, ROOM), mmap(-1, ROOM)
        self._link = _Link(link, out=given, into=made)
        other = _Link(theirs, out=made, into=given)
        self._process = forked.Process(target=_serve, args=(other, self._link, work))
        self._process.start()
        theirs.close()
        self._part: Part | None = None

    def give(self, part: Part | None, past: Past) -> None:
        """A part to work on; only lines leave this process."""
        self._part = part
        if isinstance(part, Lines):
            with suppress(OSError):  # it is gone, as `take` will see
                self._link.send(past, part.content)

    def take(self) -> tuple[Part | None, Made | None, bytes]:
        """The part that was given last, and what it became, None where nothing did."""
        made, content = None, b""
        if isinstance(self._part, Lines):
            with suppress(OSError, EOFError):
                made, content = self._link.receive()
        return self._part, made, content

    def end(self) -> None:
        """End the process, which holds nothing that it could leave half done."""
        self._link.close()
        self._process.kill()
        self._process.join()


class _Link:
    """One end of what joins two processes: a pipe for words, and memory of both for bytes, which spares copies.

    Each end waits for the other's answer before it sends again, so nobody writes what is still read.
    """

    def __init__(self, pipe: Connection[Any, Any], out: mmap, into: mmap) -> None:
        """``out`` is the memory that this end writes to, ``into`` what the other does."""
        self._pipe, self._out, self._into = pipe, out, into

    def send(self, words: Any, content: bytes) -> None:
        """Raises `OSError` where the other process is gone."""
        fits = len(content) <= ROOM
        if fits:
            self._out[: len(content)] = content
        self._pipe.send((words, len(content) if fits else None))
        if not fits:
            self._pipe.send_bytes(content)

    def receive(self) -> tuple[Any, bytes]:
        """What the other end has sent. Raises `OSError` or `EOFError` where it is gone."""
        words, size = self._pipe.recv()
        return words, self._pipe.recv_bytes() if size is None else self._into[:size]

    def close(self) -> None:
        """Close this end's pipe."""
        self._pipe.close()


def _serve(link: _Link, other_end: _Link, work: Work) -> None:
    """A worker's life: it ends when its link does, also where the other process was killed."""
    other_end.close()
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError, EOFError):
        while True:
            past, content = link.receive()
            link.send(*_made(work, past, content))


def _made(work: Work, past: Past, content: bytes) -> tuple[Made | None, bytes]:
    """What lines become by themselves; None where anything is wrong, for then they are mapped once more."""
    declared = work.writer.declared or Declared()
    declared.become(past.declared)
    tally = Tally(wallet_currency=past.wallet_currency, most_reasons=sys.maxsize)
    with suppress(Exception):
        return Made(tally, declared), b"".join(work.pieces(Lines(content, "", 1), tally))
    return None, b""
