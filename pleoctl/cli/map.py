"""``pleoctl map``: export items into accounting entries."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

import click

from pleoctl.cli.boundary import Options, Output, interrupted
from pleoctl.cli.common import PATH, as_command, check_output, is_stdout, open_workspace
from pleoctl.cli.door import tell
from pleoctl.cli.shared import OUTPUT
from pleoctl.errors import ExitCode, NotWritten, PleoctlError, Refused
from pleoctl.text import Shown
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.io.outputs import Writer
    from pleoctl.mapping.io.run import Mapper, Piece, Reason, Tally
    from pleoctl.workspace import Workspace

_SHOWN = 20
#: Bytes of entries that are held in memory; more go to a temporary file that nobody sees.
_IN_MEMORY = 16 * 1024 * 1024


class _Counted:
    """Standard output that remembers whether anything was written to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.used = False

    def write(self, data: Piece) -> int:
        self.used = self.used or bool(data)
        return self._stream.write(data)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def _held(sink: BinaryIO) -> Iterator[BinaryIO]:
    """Gives what is written to ``sink`` when the block ends, and nothing where the items are refused."""
    from tempfile import SpooledTemporaryFile  # loads what unpacks archives, for which no file should wait

    with SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
        try:
            yield cast("BinaryIO", held)
        except Refused:
            raise
        except PleoctlError:
            _give(held, sink)
            raise
        _give(held, sink)


def _give(held: IO[bytes], sink: BinaryIO) -> None:
    from shutil import copyfileobj

    held.seek(0)
    copyfileobj(held, sink)


@as_command("map", formats=("json", "csv", "beancount", "hledger", "datev", "sie"), default="json")
@click.argument("file", metavar="FILE|-", type=PATH)
@click.option("-o", "--output", metavar="FILE", type=OUTPUT, help="Write here, whole or not at all.")
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(1, 64),
    envvar="PLEOCTL_PROCESSES",
    show_envvar=True,
    help="Share JSON lines beyond 4 MiB among N (default: the CPUs, at most 8, beyond 64 MiB).",
)
@click.option("--no-catalog", is_flag=True, help="Do not check accounts and tags against the desired state.")
def command(options: Options, *, file: str, output: str | None, processes: int | None, no_catalog: bool) -> Output:
    """Map Pleo export items to accounting entries.

    FILE holds a JSON object, a list, an answer of the API ({"data": […]}) or JSON lines; - is standard input. Each
    item becomes one entry, or a failed one with its reason; one item's failure never stops the others.

    datev and sie are files of the workspace's sink, with its keys; a file of datev holds one month.

    Exit code 5: some items failed; a table of reasons stands on stderr.

    Examples:
    pleoctl map items.json
    pleoctl map items.jsonl --format hledger -o books.journal

    """
    from pleoctl.cli.planning import heartbeat
    from pleoctl.documents.files import whole_file
    from pleoctl.mapping.context import engine_of, open_parts
    from pleoctl.mapping.io.crew import pieces
    from pleoctl.mapping.io.run import Tally, Work, write_entries

    workspace = open_workspace(options)
    engine = engine_of(workspace, catalog=not no_catalog)
    output = None if output is None or is_stdout(output) else output
    if output is not None:
        rule_files = [workspace.root / name for name in engine.rules.inputs]
        check_output(options, output, [*workspace.inputs, *rule_files, Path(file)])
    mapper, out = _outlet(options.format, workspace, engine)
    work, tally = Work(workspace.company, mapper, out), Tally()
    sink: Any = _Counted(sys.stdout.buffer)
    try:
        with ExitStack() as stack:
            parts = stack.enter_context(open_parts(file))
            target = stack.enter_context(_held(sink) if output is None else whole_file(Path(output)))
            mapped = stack.enter_context(closing(pieces(parts, work, tally, processes)))
            write_entries(heartbeat("items", mapped, lambda: tally.items), out, target, tally)
        sink.flush()
    except NotWritten as error:
        return Output(findings=error.findings, exit_code=ExitCode.PARTIAL if tally.failed else ExitCode.ERROR)
    except (PleoctlError, KeyboardInterrupt) as error:
        if not sink.used:
            raise
        # Entries are on standard output already; an envelope behind them would be no JSON line of theirs.
        return replace(_ended(error), raw=b"")
    tell(_summary(tally) + _unchecked(engine, no_catalog=no_catalog))
    return Output(raw=b"", exit_code=ExitCode.PARTIAL if tally.failed else ExitCode.OK)


def _outlet(name: str, workspace: Workspace, engine: Engine) -> tuple[Mapper, Writer]:
    """What makes entries, and what makes bytes of them. Raises `InvalidFile`."""
    from pleoctl.mapping.io.outputs import FORMATS, writer

    if name in FORMATS:
        return engine, writer(name, engine.rules)
    from pleoctl.sinks.files.batch import BatchWriter, HoldingEngine, batch_format

    form = batch_format(workspace, name, engine.rules)
    return HoldingEngine(engine, form), BatchWriter(form)


def _unchecked(engine: Engine, *, no_catalog: bool) -> Shown:
    if no_catalog or engine.has_catalog:
        return Shown()
    from pleoctl.mapping.context import NOT_CHECKED

    return Shown.lines([NOT_CHECKED])


def _ended(error: PleoctlError | KeyboardInterrupt) -> Output:
    if isinstance(error, PleoctlError):
        return Output(findings=error.findings, exit_code=error.exit_code)
    return interrupted(error)


def _summary(tally: Tally) -> Shown:
    """How many items became what, and a table of reasons."""
    counted = f"{many(tally.items, 'item')}: {tally.mapped} mapped, {tally.failed} failed"
    counted += f", {tally.warned} with warnings" if tally.warned else ""
    if not tally.items:
        return Shown.lines([f"warning: {counted}"])
    text = Shown.lines([counted])
    text += _reasons(tally, tally.reasons, "failureReasonType", "failureReason")
    return text + _reasons(tally, tally.warnings, "warning")


def _reasons(tally: Tally, counter: dict[Reason, int], *headers: str) -> Shown:
    if not counter:
        return Shown()
    from pleoctl.report.table import table  # what lays out tables takes as long to load as 1000 items to map

    most = sorted(counter.items(), key=lambda counted: -counted[1])[:_SHOWN]
    rows = [[str(count), *reason, tally.examples[reason] or ""] for reason, count in most]
    hidden = len(counter) - len(rows)
    more = [f"… and {hidden} more reasons"] if hidden > 0 else []
    return table(["items", *headers, "for example"], rows) + Shown.lines(more)
