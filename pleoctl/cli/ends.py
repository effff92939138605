"""Standard input, output and error of the process, owned from the first line of `main` to its exit code.

Progress, logs, warnings, tracebacks and findings all go through the two streams that are put in the places of
``sys.stdout`` and ``sys.stderr`` here, so no print anywhere can end, slow or recode a run. Only `Ends.settle` judges:

    stdout could not be written, reader gone    → the run's own code
    stdout could not be written, anything else  → 0 and 2 become 1
    stderr could not be written                 → the run's own code
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import BufferedReader, BufferedWriter, TextIOWrapper
from stat import S_ISREG
from typing import Final

from pleoctl.cli.lines import shaped
from pleoctl.errors import ExitCode
from pleoctl.streams import Steady, Whole

# How long the end of the process waits for a reader that takes nothing: of standard error, and after a signal of both.
LAST_SECONDS: Final = 5.0


class Ends:
    """The process's own standard streams; make it once, before any file is opened."""

    def __init__(self) -> None:
        """Put the streams in their places."""
        for descriptor in range(3):
            _plug(descriptor)
        self._out, self._err = Steady(1), Steady(2, patient=False)
        if not S_ISREG(os.fstat(0).st_mode):
            sys.stdin = TextIOWrapper(BufferedReader(Whole(0)), _encoding(sys.stdin))
        sys.stdout = TextIOWrapper(BufferedWriter(self._out), _encoding(sys.stdout), "backslashreplace")
        sys.stderr = TextIOWrapper(
            self._err,  # unbuffered, so that a signal handler may write, too
            _encoding(sys.stderr),
            "backslashreplace",
            write_through=True,
        )

    def settle(self, code: int) -> int:
        """Hand over what is left, tell what could not be written, and give the exit code."""
        sys.stdout.flush()
        self._out.hand_over(LAST_SECONDS)
        failure = self._out.failure
        if failure is not None:
            from pleoctl.documents.files import fix_of  # only a failure needs it

            words = (failure.strerror or str(failure)).lower()
            told = f"error: standard output cannot be written: {words} ({fix_of(failure)})\n"
            sys.stderr.write(shaped(told, "error"))
        # Behind `2>&1 | less` it is the reader of the data, for whom every program waits.
        self._err.hand_over(None if _same(1, 2) else LAST_SECONDS)
        return int(ExitCode.ERROR) if failure is not None and code in {ExitCode.OK, ExitCode.CHANGES} else code


def hurry() -> None:
    """Wait no longer for the reader of standard output. For signal handlers."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, Steady):
        raw.hurry()


def tell_at_once(words: str) -> None:
    """Say something from a signal handler, whatever was interrupted may hold; without a reader it is not said."""
    Steady(2, patient=False).write(shaped(words).encode())


def _plug(descriptor: int) -> None:
    """Keep the next opened file out of the place of a closed stream; reads and writes there go on failing."""
    try:
        os.fstat(descriptor)
    except OSError:
        with suppress(OSError):
            # The lowest free number is this one, since those below are taken.
            os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)


def _encoding(stream: object) -> str:
    return str(getattr(stream, "encoding", None) or "utf-8")


def _same(one: int, other: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(one), os.fstat(other))
    return False
