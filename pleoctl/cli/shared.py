"""The options that every command has, behind it or before it."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Command = Callable[..., Any]


class OutputFile(click.Path):
    """A file that a command writes; no two of one call may be the same."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Its path; an empty one, as of a variable that is not set, is none."""
        if not value:
            self.fail("an output needs a name.", param, ctx)
        return super().convert(value, param, ctx)


SHARED: Final = ("workspace", "format", "verbose", "debug", "no_color", "log_format", "metrics")
"""The names of the options that every command has."""
LOG_FORMATS: Final = ("text", "json")
OUTPUT: Final = OutputFile(path_type=str)
"""The type of every option that names a file to be written."""
FORMATS: Final = ("text", "json", "markdown", "html", "csv", "beancount", "hledger", "datev", "sie")


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Options that several commands take, as one decorator; help shows them in this order."""

    def wrap(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return wrap


def offered(names: Callable[[click.Context], Iterable[str]]) -> Callable[..., list[str]]:
    """What a shell offers for a value: those of the names that begin like it; none where they cannot be had.

    The shell would put other characters than a terminal shows into the command line as they are.
    """

    def complete(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
        from pleoctl.errors import PleoctlError
        from pleoctl.text import terminal

        try:
            return [name for name in names(ctx) if name.startswith(begun) and terminal(name) == name]
        except PleoctlError:
            return []

    return complete


def as_group(
    name: str | None = None, *, cls: type[click.Group] = click.Group, **settings: Any
) -> Callable[[Callable[[], None]], click.Group]:
    """Make a group of commands of a function; options that every command has may stand before its command."""

    def wrap(function: Callable[[], None]) -> click.Group:
        @functools.wraps(function)
        def callback(**_before: Any) -> None:
            function()

        return click.group(name, cls=cls, params=shared_options(FORMATS, None), **settings)(callback)

    return wrap


def shared_options(formats: tuple[str, ...], default: str | None) -> list[click.Parameter]:
    """What every command has; ``default`` None: as it may stand before the command, which then takes it over."""

    def chosen(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        asked: str | None = _or_before(ctx, param, value)
        if default is None or asked in formats:
            return asked
        if asked is not None:
            raise click.BadParameter(f"{asked!r} is not one of {', '.join(formats)}.", ctx, param)
        wanted = os.environ.get("PLEOCTL_FORMAT") or default
        if wanted not in FORMATS:
            raise click.UsageError(f"PLEOCTL_FORMAT is {wanted!r}, none of {', '.join(FORMATS)}")
        # The environment speaks for all commands at once, so it is ignored where a command lacks the format.
        return wanted if wanted in formats else default

    also = f"default {default}; " if default else ""
    return [
        click.Option(["--no-color"], is_flag=True, callback=_or_before, help="No colours (also NO_COLOR)."),
        click.Option(
            ["--debug"],
            is_flag=True,
            envvar="PLEOCTL_DEBUG",
            callback=_or_before,
            help="Show requests, and errors' tracebacks.",
        ),
        click.Option(["-v", "--verbose"], is_flag=True, callback=_or_before, help="Say on stderr what is being done."),
        click.Option(
            ["--format"], type=click.Choice(formats), callback=chosen, help=f"Output format ({also}PLEOCTL_FORMAT)."
        ),
        click.Option(
            ["--workspace"],
            metavar="FILE|FOLDER",
            type=click.Path(path_type=str),
            callback=_or_before,
            help="The workspace; else PLEOCTL_WORKSPACE, else pleoctl.yaml here or above.",
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(LOG_FORMATS),
            callback=_log_format,
            help="How stderr tells: text, or json (one object a line; PLEOCTL_LOG_FORMAT).",
        ),
        click.Option(
            ["--metrics"],
            metavar="FILE",
            type=OUTPUT,
            callback=_or_before,
            help="Write what the command came to for Prometheus (textfile).",
        ),
    ]


def _log_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    asked: str | None = _or_before(ctx, param, value)
    if asked is None:
        asked = os.environ.get("PLEOCTL_LOG_FORMAT") or None
        if asked not in {None, *LOG_FORMATS}:
            raise click.UsageError(f"PLEOCTL_LOG_FORMAT is {asked!r}, none of {', '.join(LOG_FORMATS)}")
    return asked


def _or_before(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """An option that every command has may stand before the command as well; the one nearest to it counts."""
    if value or ctx.parent is None:
        return value
    return ctx.parent.params.get(str(param.name), value)
