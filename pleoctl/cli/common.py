"""Options and helpers that commands share."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pleoctl.cli.boundary import Options, Output, execute
from pleoctl.cli.shared import SHARED, OutputFile, shared_options
from pleoctl.errors import NotWritten, PleoctlError, Refused, UsageError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pleoctl.workspace import Workspace

F = TypeVar("F", bound="Callable[..., Any]")

WORKSPACE: Final = "pleoctl.yaml"
PATH: Final = click.Path(path_type=str)


def as_command(
    name: str, *, formats: tuple[str, ...] = ("text", "json"), parent: str = "", default: str = "text"
) -> Callable[[Callable[..., Output]], click.Command]:
    """Make a command of a function that takes `Options` first and gives an `Output`.

    The docstring becomes the help text; a part after ``Examples:`` keeps its lines.
    """
    full = f"{parent} {name}".strip()

    def wrap(function: Callable[..., Output]) -> click.Command:
        @functools.wraps(function)
        def callback(**values: Any) -> int:
            options = Options(full, default=default, **{key: values.pop(key) for key in SHARED})

            def work() -> Output:
                _check_metrics(options)
                return function(options, **values)

            return execute(options, work, ends=(notify, measure))

        own = list(getattr(function, "__click_params__", []))
        # click reverses the list: the command's own options come first in its help.
        callback.__click_params__ = [*shared_options(formats, default), *own]  # type: ignore[attr-defined]  # click's own
        return click.command(name, cls=_Command, help=_help(function.__doc__ or ""))(callback)

    return wrap


class _Command(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        """Nothing is done where one output would stand in the place of another."""
        named = [ctx.params[str(one.name)] for one in self.params if isinstance(one.type, OutputFile)]
        outputs = [path for path in named if path is not None]
        if len(outputs) > 1 and len({_place_of(path) for path in outputs}) < len(outputs):
            raise click.UsageError(f"two outputs go to one place: {', '.join(outputs)}", ctx)
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What a call may have, and what each needs: options too."""
        options, *given = super().collect_usage_pieces(ctx)
        needed = (one for one in self.params if isinstance(one, click.Option) and one.required)
        return [options, *given, *(f"{max(one.opts, key=len)} {one.make_metavar(ctx)}" for one in needed)]


def terminal_width() -> int | None:
    """How many cells a line of data may take; None where it goes into a file or a pipe and is not wrapped."""
    import shutil  # loads what unpacks archives, for which no help should wait

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _help(doc: str) -> str:
    """Examples as a block that click does not rewrap."""
    text, marker, examples = inspect.cleandoc(doc).partition("Examples:")
    if not marker:
        return text
    lines = "\n".join(line.strip() and f"  {line.strip()}" for line in examples.strip().splitlines())
    return f"{text.rstrip()}\n\n\b\nExamples:\n{lines}"


def notify(options: Options, output: Output) -> None:
    """Tell those whom the workspace names, where there is something to tell that they do not know yet."""
    from pleoctl.watch import RUNS, watched

    if watched().company is None or options.command not in RUNS:
        return
    from pleoctl.notify import digest, tell

    told = digest(watched(), output.exit_code, output.findings)
    if told and told != watched().told:
        watched().told = told
        with suppress(PleoctlError):  # the workspace is no longer what it was
            options.unwritten += tell(open_workspace(options), watched(), told)


def after_round(options: Options, output: Output) -> None:
    """What a command that goes on for long tells in between; what goes wrong with it is said at the end."""
    notify(options, output)
    measure(options, output)


def _check_metrics(options: Options) -> None:
    """Raise what `check_output` raises before anything is done."""
    if options.metrics is not None:
        check_output(options, options.metrics, inputs_of(options))


def inputs_of(options: Options) -> list[Path]:
    """The workspace's own files, as far as there is a workspace."""
    try:
        return open_workspace(options).inputs
    except PleoctlError:
        return []


def measure(options: Options, output: Output) -> None:
    """Write the file of ``--metrics``, where it is asked for; what goes wrong is a finding of this invocation."""
    if options.metrics is None:
        return
    from pleoctl.report.metrics import Measured, metrics
    from pleoctl.watch import watched

    watch, machine = watched(), this_machine()
    seconds_taken = machine.monotonic() - watch.begun
    measured = Measured(int(output.exit_code), output.findings, machine.time(), seconds_taken)
    with suppress(UsageError, Refused):  # told before anything was done
        write_output(options, options.metrics, metrics(watch, measured) + output.gauges, inputs=inputs_of(options))


lock_timeout_option = click.option(
    "--lock-timeout",
    metavar="DURATION",
    help="How long to wait for another run, e.g. 90s or 5m (default 0s; PLEOCTL_LOCK_TIMEOUT).",
)


def open_workspace(options: Options) -> Workspace:
    """The workspace of this invocation. Raises `InvalidFile`."""
    from pleoctl.fleet.beside import of_fleet
    from pleoctl.watch import watched
    from pleoctl.workspace import Workspace
    from pleoctl.workspace.expiry import note_endings

    found = of_fleet(Workspace.find(options.workspace))
    watched().company = found.company
    note_endings(found)
    return found


def seconds(text: str, said: str) -> float:
    """A duration like ``0s``, ``90s`` or ``1h`` in seconds; ``said`` is the option or variable. Raises `UsageError`."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text and text[-1] in units else (text, "s")
    try:
        value = float(number) * units[unit]
    except ValueError as error:
        raise UsageError(f"{said}: {text!r} is not a duration", hint="e.g. 30s, 5m, 1h") from error
    if not 0 <= value <= 86400:  # one day
        raise UsageError(f"{said}: {text!r} is not a duration between 0s and 24h")
    return value


# Names of the two streams, which are ours and are not opened a second time.
_STREAMS: Final = {
    "-": 1,
    "/dev/stdout": 1,
    "/dev/fd/1": 1,
    "/proc/self/fd/1": 1,
    "/dev/stderr": 2,
    "/dev/fd/2": 2,
    "/proc/self/fd/2": 2,
}


def is_stdout(path: str) -> bool:
    """Whether an output file's name means standard output."""
    return _STREAMS.get(path) == 1


def _place_of(path: str) -> object:
    """What is alike for names of one output; whatever else is written to a device or pipe stays there."""
    if path in _STREAMS:
        return _STREAMS[path]
    from pathlib import Path

    real = Path(os.path.realpath(path))
    return real if real.is_file() or not real.exists() else object()


def write_output(options: Options, path: str, content: bytes, *, inputs: Iterable[Path] = ()) -> bool:
    """Write a file that the user named, whole or not at all; whether it lies there now for others to read.

    What goes wrong is a finding of this invocation (``options.unwritten``), for its work is done. Raises what
    `check_output` raises.
    """
    from pathlib import Path

    check_output(options, path, inputs)
    if path in _STREAMS:
        _say(options, path, content)
        return False
    from pleoctl.documents.files import write_atomically

    try:
        write_atomically(Path(path), content)
    except NotWritten as error:
        options.unwritten += error.findings
    return Path(path).is_file()


def _say(options: Options, path: str, content: bytes) -> None:
    stream = sys.stdout if is_stdout(path) else sys.stderr
    options.taken = content if is_stdout(path) else options.taken
    stream.flush()
    stream.buffer.write(content)
    stream.flush()


def check_output(options: Options, path: str, inputs: Iterable[Path] = ()) -> None:
    """See whether a file may be written.

    Raises `UsageError` where it would replace what the command reads, `Refused` where a link in the workspace leads out
    of it: a branch may have put it there.
    """
    from pathlib import Path

    if path in _STREAMS:
        return
    target = Path(os.path.realpath(path))
    if any(target == Path(os.path.realpath(given)) for given in (*inputs, *options.reads)):
        raise UsageError(f"{path} is an input of this command and would be overwritten", hint="name another file")
    from pleoctl.documents.files import keep_inside

    for root in filter(None, (workspace_folder(options), *options.folders)):
        keep_inside(Path(path), root)


def workspace_folder(options: Options) -> Path | None:
    """The folder of this invocation's workspace, whatever stands in it; None where there is none."""
    from pathlib import Path

    chosen = options.workspace or os.environ.get("PLEOCTL_WORKSPACE")
    if chosen:
        path = Path(chosen)
        return path if path.is_dir() else path.parent
    from pleoctl.workspace.find import nearest_file

    found = nearest_file()
    return None if found is None else found.parent
