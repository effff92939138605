"""The one door to the two streams: what goes through it is `Shown`, and so no live text does anything to its reader.

Results and errors, progress, logs and tracebacks take it alike. Exact data (JSON, entries, a page) is not shown to
people and goes out as bytes (`boundary.emit`).
"""

from __future__ import annotations

import logging
from traceback import TracebackException
from typing import TYPE_CHECKING, Final

import click

from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.forge.annotations import WorkflowCommand

LED: Final = "which led to:"


def say(shown: Shown, *, colour: bool | None = None) -> None:
    """Data for people, on standard output; ``colour`` None: where it is a terminal."""
    click.echo(shown.coloured, nl=False, color=colour)


def tell(shown: Shown, *, colour: bool | None = None) -> None:
    """Everything else, on standard error."""
    click.echo(shown.coloured, nl=False, err=True, color=colour)


def annotate(commands: Iterable[WorkflowCommand]) -> None:
    """Annotations for GitHub, on standard error: standard output is the command's data."""
    click.echo("".join(f"{command}\n" for command in commands), nl=False, err=True)


class Records(logging.Formatter):
    """Records of a log, each on one line; what raised an error below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as it is shown."""
        raised = traced(record.exc_info[1]) if record.exc_info and record.exc_info[1] else Shown()
        return Shown.lines([record.getMessage()]).plain + raised.plain


def traced(error: BaseException) -> Shown:
    """The traceback of an error below those of the errors that led to it; words of exceptions stay on their line."""
    found: TracebackException | None = TracebackException.from_exception(error)
    parts: list[list[str]] = []
    while found is not None:
        led = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
        parts.append([*([LED] if led else []), *_traceback(found)])
        found = led
    return Shown.lines(line for part in reversed(parts) for line in part)


def _traceback(part: TracebackException) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    for frame in part.stack.format():
        yield from frame.rstrip("\n").split("\n")
    for words in part.format_exception_only():
        yield words.rstrip("\n")
