"""Where results and errors become output: data on stdout, everything else on stderr, and an exit code."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.door import hand_over, say, tell, tell_findings, traced
from pleoctl.cli.lines import choose
from pleoctl.cli.signals import Signalled
from pleoctl.errors import ExitCode, Finding, PleoctlError, limited
from pleoctl.place import Place
from pleoctl.text import Shown, obeyed_by_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pleoctl.markup import Markdown
    from pleoctl.report.html import Html
    from pleoctl.watch import Noting, Watch


#: Pieces of JSON that are joined at once.
_TOGETHER: Final = 10_000


# Both are made at every start, and nobody compares or prints them.
@dataclass(slots=True, eq=False, repr=False)
class Output:
    """What a command has to say.

    ``text`` is shown for ``--format text``; ``data`` is the ``result`` of the JSON envelope. A ``page`` or ``raw``
    replaces both: a page is text with markup, ``raw`` is exact data of formats that have a shape of their own (a plan,
    a receipt, entries). ``gauges`` go into the file of ``--metrics`` beside those that every command has.
    """

    text: Shown = field(default_factory=Shown)
    data: Any = None
    findings: list[Finding] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.OK
    raw: bytes | None = None
    page: Markdown | Html | None = None
    gauges: bytes = b""

    @property
    def bytes(self) -> bytes | None:
        """What replaces text and envelope."""
        return self.raw if self.page is None else bytes(self.page)


@dataclass(slots=True, eq=False, repr=False)
class Options:
    """The options that every command has, and what becomes of its output files while it runs.

    ``default`` is the format where none is asked for. ``taken`` is what an output file named ``-`` has put on standard
    output, where nothing else may follow; ``unwritten`` are the findings of output files that could not be written.
    ``reads`` are files that no output may replace, ``folders`` those that no link may take an output out of: of a
    fleet, beside the workspace's own.
    """

    command: str
    format: str = "text"
    default: str = "text"
    workspace: str | None = None
    verbose: bool = False
    debug: bool = False
    no_color: bool = False
    log_format: str | None = None
    metrics: str | None = None
    taken: bytes | None = None
    unwritten: list[Finding] = field(default_factory=list)
    reads: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    @property
    def color(self) -> bool | None:
        """True and False decide; None leaves it to each stream being a terminal."""
        environ = os.environ
        if self.no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
            return False
        return True if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE") == "1" else None


def execute(
    options: Options, work: Callable[[], Output], ends: Sequence[Callable[[Options, Output], None]] = ()
) -> int:
    """Run a command's work and turn its result, or its error, into output and an exit code.

    ``ends`` are told of both before they are shown; what they find is added.
    """
    from pleoctl.cli.records import set_up_logging  # help needs no log, and is not watched
    from pleoctl.watch import watching

    choose(options.log_format)
    set_up_logging(verbose=options.verbose, debug=options.debug)
    with watching() as watch, _traces(watch, options.command) as span:
        output = _whole(options, _worked(options, work))
        for end in ends:
            end(options, output)
            output = _whole(options, output)
        span.note(**watch.ids, exit_code=int(output.exit_code))
        if output.exit_code not in {ExitCode.OK, ExitCode.CHANGES}:
            span.failed(output.exit_code.name.lower())
        emit(options, output)
    return int(output.exit_code)


@contextmanager
def _traces(watch: Watch, command: str) -> Iterator[Noting]:
    """The span of the command, where the environment asks for traces."""
    watch.command = command
    if any(name.startswith("OTEL_") for name in os.environ):
        from pleoctl.telemetry import traces

        watch.tracer = made = traces()
        if made is not None:
            with made.command(f"pleoctl {command}", os.environ) as span:
                yield span
            return
    with watch.span(command) as span:
        yield span


def _worked(options: Options, work: Callable[[], Output]) -> Output:
    """What the work gives, or the error that it ended with."""
    try:
        output = work()
        output.findings = limited(output.findings)
    except KeyboardInterrupt as error:
        output = interrupted(error)
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback without --debug
        output = _failed(error)
        if options.debug:
            tell(traced(error), colour=options.color, level="error")
    return output


def _failed(error: Exception) -> Output:
    if isinstance(error, PleoctlError):
        return Output(findings=error.findings, exit_code=error.exit_code)
    if isinstance(error, OSError):
        finding = _system(error)
    elif isinstance(error, MemoryError):
        finding = Finding("error", "the machine gives no more memory", hint="free some, or raise its limit")
    else:
        finding = Finding.of_bug(error)
    return Output(findings=[finding], exit_code=ExitCode.ERROR)


def interrupted(error: BaseException | None) -> Output:
    """The output of a command that a signal ended."""
    code = error.code if isinstance(error, Signalled) else ExitCode.INTERRUPTED
    return Output(findings=[Finding("interrupted", code.name.lower())], exit_code=code)


def _whole(options: Options, output: Output) -> Output:
    """The output with what could not be written by then."""
    output.findings, options.unwritten = [*output.findings, *options.unwritten], []
    output.exit_code = _worst(output)
    return output


def _worst(output: Output) -> ExitCode:
    """What has an error is never done: 0 and 2 become 1."""
    failed = any(finding.level == "error" for finding in output.findings)
    return ExitCode.ERROR if failed and output.exit_code in {ExitCode.OK, ExitCode.CHANGES} else output.exit_code


def _system(error: OSError) -> Finding:
    """What the machine refused, as far as nobody who knows more has told it."""
    from pathlib import Path

    from pleoctl.documents.files import fix_of

    try:
        Path.cwd()
    except OSError:
        return Finding("error", "the current folder no longer exists", hint="change to one that does")
    words = f"the machine refused: {(error.strerror or str(error)).lower()}"
    return Finding("error", words, place=Place(str(error.filename)) if error.filename else None, hint=fix_of(error))


def emit(options: Options, output: Output) -> None:
    """Write an output to the two streams; what an output file has taken standard output for is not followed by more."""
    on_stderr = options.taken is not None
    shaped = output.bytes
    if shaped is not None:
        if shaped != options.taken:
            hand_over(shaped, err=on_stderr)
    elif options.format == "json":
        hand_over(envelope(options.command, output), err=on_stderr)
    elif output.text:
        (tell if on_stderr else say)(output.text, colour=options.color)
    # A plan or receipt has no place for findings, so they are told beside it; nor does anybody see them where standard
    # output is data by itself, and led into a file.
    if output.findings and (options.format != "json" or options.default == "json" or shaped is not None):
        tell_findings(output.findings, colour=options.color)


def envelope(command: str, output: Output) -> bytes:
    """The JSON shape of every command that has none of its own, complete at every exit code."""
    import json

    shape = {
        "formatVersion": 1,
        "command": command,
        "exitCode": int(output.exit_code),
        "findings": [finding.as_json() for finding in output.findings],
        "result": output.data,
    }
    # Some at a time: all the pieces of a large result take many times the memory of what they make.
    pieces = chain(json.JSONEncoder(indent=1).iterencode(shape), "\n")
    return b"".join(iter(lambda: obeyed_by_nobody("".join(islice(pieces, _TOGETHER))).encode("ascii"), b""))


def end_usage_error(error: click.UsageError, arguments: list[str]) -> int:
    """Tell a mistake on the command line; exit code 64, as JSON where JSON was asked for."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        tell(Shown.lines(error.ctx.get_help().split("\n")))
        return int(ExitCode.USAGE)
    command = error.ctx.command_path.removeprefix("pleoctl").strip() if error.ctx else _named(arguments)
    finding = Finding("usage", error.format_message(), hint=_usage_hint(error))
    if asked_for(arguments, "--format", "PLEOCTL_FORMAT") == "json":
        output = Output(findings=[finding], exit_code=ExitCode.USAGE)
        hand_over(envelope(command, output))
    else:
        tell(Shown.lines(_usage(error)), level="error")
    return int(ExitCode.USAGE)


def end_interrupted(error: BaseException | None, arguments: list[str]) -> int:
    """Tell a signal that came before the command began its work."""
    output = interrupted(error)
    emit(Options(_named(arguments), format=asked_for(arguments, "--format", "PLEOCTL_FORMAT") or "text"), output)
    return int(output.exit_code)


def _named(arguments: list[str]) -> str:
    """The command that was probably meant."""
    return next((one for one in arguments if not one.startswith("-")), "")


def _usage(error: click.UsageError) -> Iterator[str]:
    if error.ctx is not None:
        yield from error.ctx.get_usage().split("\n")
    # Click lists choices on lines of their own.
    hint = _usage_hint(error)
    yield f"error: {error.format_message()}{f' ({hint})' if hint else ''}".replace("\n\t", " ")
    if error.ctx is not None:
        yield f"See '{error.ctx.command_path} --help'."


def _usage_hint(error: click.UsageError) -> str | None:
    """Who writes an option before the command is told where it belongs."""
    if isinstance(error, click.NoSuchOption) and error.ctx and isinstance(error.ctx.command, click.Group):
        return f"options follow the command: {error.ctx.command_path} COMMAND {error.option_name}"
    return None


def asked_for(arguments: list[str], option: str, variable: str) -> str | None:
    """The value of an option on a command line that may not be sound, else of its variable."""
    for index, argument in enumerate(arguments):
        if argument == option and arguments[index + 1 : index + 2]:
            return arguments[index + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return os.environ.get(variable)
