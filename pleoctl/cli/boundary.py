"""Where results and errors become output: data on stdout, everything else on stderr, and an exit code."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from pleoctl.errors import ExitCode, Finding, PleoctlError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Output:
    """What a command has to say.

    ``text`` is shown for ``--format text``; ``data`` is the ``result`` of the JSON envelope; ``raw`` replaces both for
    formats that have a shape of their own (a plan, a receipt, entries).
    """

    text: str = ""
    data: Any = None
    findings: list[Finding] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.OK
    raw: bytes | None = None


@dataclass(slots=True)
class Options:
    """The options that every command has."""

    command: str
    format: str = "text"
    workspace: str | None = None
    verbose: bool = False
    debug: bool = False
    no_color: bool = False

    @property
    def color(self) -> bool | None:
        """True and False decide; None leaves it to each stream being a terminal."""
        environ = os.environ
        if self.no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
            return False
        return True if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE") == "1" else None


def execute(options: Options, work: Callable[[], Output]) -> int:
    """Run a command's work and turn its result, or its error, into output and an exit code."""
    _set_up_logging(options)
    try:
        output = work()
    except PleoctlError as error:
        if options.debug:
            traceback.print_exc()
        output = Output(findings=error.findings, exit_code=error.exit_code)
    except BrokenPipeError:
        return _end_broken_pipe()
    except KeyboardInterrupt:
        output = Output(findings=[Finding("interrupted", "interrupted")], exit_code=ExitCode.INTERRUPTED)
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback without --debug
        if options.debug:
            traceback.print_exc()
        words = f"unexpected {type(error).__name__}: {error}"
        hint = "this is a bug; run again with --debug and report it"
        output = Output(findings=[Finding("internal", words[:500], hint=hint)], exit_code=ExitCode.ERROR)
    try:
        emit(options, output)
    except BrokenPipeError:
        return _end_broken_pipe()
    except OSError as error:
        return _end_unwritable(error, output.exit_code)
    return int(output.exit_code)


def emit(options: Options, output: Output) -> None:
    """Write an output to the two streams."""
    if output.raw is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(output.raw)
        sys.stdout.buffer.flush()
    elif options.format == "json":
        click.echo(json.dumps(envelope(options.command, output), ensure_ascii=True, indent=1))
    elif output.text:
        click.echo(output.text, nl=False, color=options.color)
    # A plan or receipt has no place for findings, so they are told beside it.
    if output.findings and (options.format != "json" or output.raw is not None):
        from pleoctl.report.text import finding_text

        for finding in output.findings:
            click.echo(finding_text(finding), err=True, color=options.color)


def envelope(command: str, output: Output) -> dict[str, Any]:
    """The JSON shape of every command that has none of its own, complete at every exit code."""
    return {
        "formatVersion": 1,
        "command": command,
        "exitCode": int(output.exit_code),
        "findings": [finding.as_json() for finding in output.findings],
        "result": output.data,
    }


def end_usage_error(error: click.UsageError, arguments: list[str]) -> int:
    """Tell a mistake on the command line; exit code 64, as JSON where JSON was asked for."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        click.echo(error.ctx.get_help(), err=True)
        return int(ExitCode.USAGE)
    names = [a for a in arguments if not a.startswith("-")]
    command = error.ctx.command_path.removeprefix("pleoctl").strip() if error.ctx else "".join(names[:1])
    finding = Finding("usage", error.format_message())
    if _wants_json(arguments):
        output = Output(findings=[finding], exit_code=ExitCode.USAGE)
        click.echo(json.dumps(envelope(command, output), indent=1))
    else:
        if error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"error: {error.format_message()}", err=True)
        if error.ctx is not None:
            click.echo(f"See '{error.ctx.command_path} --help'.", err=True)
    return int(ExitCode.USAGE)


def _wants_json(arguments: list[str]) -> bool:
    for index, argument in enumerate(arguments):
        if argument == "--format" and arguments[index + 1 : index + 2]:
            return arguments[index + 1] == "json"
        if argument.startswith("--format="):
            return argument == "--format=json"
    return os.environ.get("PLEOCTL_FORMAT") == "json"


def _end_broken_pipe() -> int:
    # The reader went away (e.g. `| head`): nothing is wrong, and Python must not complain at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(ExitCode.OK)


def _end_unwritable(error: OSError, code: ExitCode) -> int:
    # A full disk behind standard output; what is still in the buffer has nowhere to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"error: standard output cannot be written: {(error.strerror or str(error)).lower()}", err=True)
    return int(code or ExitCode.ERROR)


def _set_up_logging(options: Options) -> None:
    level = logging.DEBUG if options.debug else logging.INFO if options.verbose else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("pleoctl")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
