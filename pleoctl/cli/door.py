"""The one door to the two streams: what goes through it is `Shown`, and so no live text does anything to its reader.

Results and errors, progress, logs and tracebacks take it alike. Exact data (JSON, entries, a page) is not shown to
people and goes out as bytes.
"""

from __future__ import annotations

import sys
import threading
import warnings
from typing import TYPE_CHECKING, Final, TextIO

import click

from pleoctl.cli.lines import as_json, record, shaped
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from traceback import TracebackException

    from pleoctl.errors import Finding
    from pleoctl.forge.annotations import WorkflowCommand

LED: Final = "which led to:"


def say(shown: Shown, *, colour: bool | None = None) -> None:
    """Data for people, on standard output; ``colour`` None: where it is a terminal."""
    _write(shown, sys.stdout, colour)


def tell(shown: Shown, *, colour: bool | None = None, level: str = "info") -> None:
    """Everything else, on standard error; ``level`` counts where that takes objects (`pleoctl.cli.lines`)."""
    if as_json():
        if shown:
            click.echo(record(level, shown.plain), sys.stderr, nl=False)
        return
    _write(shown, sys.stderr, colour)


def tell_findings(findings: Iterable[Finding], *, colour: bool | None = None) -> None:
    """Findings, on standard error."""
    from pleoctl.report.text import finding_text

    if as_json():
        for one in findings:
            click.echo(record(one.level, one.message, finding=one.as_json()), sys.stderr, nl=False)
        return
    tell(Shown.lines(map(finding_text, findings)), colour=colour)


def _write(shown: Shown, stream: TextIO, colour: bool | None) -> None:
    coloured = stream.isatty() if colour is None else colour
    click.echo(shown.coloured if coloured else shown.plain, stream, nl=False, color=coloured)


def hand_over(data: bytes, *, err: bool = False) -> None:
    """Exact data, on standard output; on standard error where an output file took the other."""
    stream = sys.stderr if err else sys.stdout
    data = shaped(data.decode()).encode() if err and as_json() else data
    stream.flush()
    stream.buffer.write(data)
    stream.flush()


def annotate(commands: Iterable[WorkflowCommand]) -> None:
    """Annotations for GitHub, on standard error: standard output is the command's data."""
    click.echo("".join(f"{command}\n" for command in commands), nl=False, err=True)


def keep() -> None:
    """For the whole process: warnings and errors that nobody caught take the door as well."""
    warnings.showwarning = _warned
    sys.excepthook = lambda _kind, error, _trace: tell(traced(error), level="error")
    sys.unraisablehook = _unraisable
    threading.excepthook = _unraisable


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    from logging import captureWarnings  # only who is warned needs it

    warnings.showwarning = _SHOW
    captureWarnings(capture=True)
    warnings.showwarning(message, category, filename, lineno, file, line)


_SHOW: Final = warnings.showwarning


def _unraisable(told: sys.UnraisableHookArgs | threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        tell(traced(told.exc_value), level="error")


def traced(error: BaseException) -> Shown:
    """The traceback of an error below those of the errors that led to it; words of exceptions stay on their line."""
    from traceback import TracebackException  # only where something went wrong

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
