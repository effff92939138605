"""What commands share that plan: which part of the desired state is meant, and telling how it goes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import click

from pleoctl.cli.door import tell
from pleoctl.cli.shared import offered, together
from pleoctl.machine import this_machine
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from click.shell_completion import CompletionItem

    from pleoctl.cli.boundary import Options

    T = TypeVar("T")

TENTH: Final = 10
PATIENCE: Final = 10.0
"""Seconds after which a run that nobody watches on a terminal tells how far it is."""


class Section(click.ParamType):  # type: ignore[type-arg]  # takes none in older clicks
    """A part of the desired state: one for each kind that stands by itself; ``flat``: for each that is one list."""

    name = "section"

    def __init__(self, *, flat: bool = False) -> None:
        """See above."""
        self._flat = flat

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 - click's
        """As a choice looks."""
        return f"[{'|'.join(self._known())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The section itself, if there is one of that name."""
        if value not in self._known():
            self.fail(f"{value!r} is not one of {', '.join(map(repr, self._known()))}.", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's
        """The sections that begin like this."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(section) for section in self._known() if section.startswith(incomplete)]

    def _known(self) -> list[str]:
        from pleoctl.model.kinds import KINDS

        return [kind.section for kind in KINDS.values() if (kind.is_flat if self._flat else kind.parent is None)]


def selected_codes(ctx: click.Context) -> list[str]:
    """The workspace's selected codes."""
    from pleoctl.workspace import Workspace

    return Workspace.find(ctx.params.get("workspace")).selected or []


scope_options = together(
    click.option(
        "--only", type=Section(), multiple=True, help="Leave everything else out of the plan; may be repeated."
    ),
    click.option(
        "--dimension",
        "dimensions",
        multiple=True,
        metavar="CODE",
        shell_complete=offered(selected_codes),
        help="Only this selected dimension, its tag group and tags; may be repeated.",
    ),
)

allow_archive_option = click.option(
    "--allow-archive",
    type=click.IntRange(min=0),
    metavar="N",
    help="Approve exactly N archives: all that the plan has.",
)


@contextmanager
def progress(options: Options, label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, else one line per tenth; always on stderr."""
    if sys.stderr.isatty() and not options.no_color and options.log_format != "json":
        with _bar(label) as advance:
            yield advance
    else:
        yield _lines(label)


def _lines(label: str) -> Callable[[int, int], None]:
    """A line per tenth, of a run that takes long enough for somebody to wonder."""
    told, begun = [0], this_machine().monotonic()

    def advance(done: int, total: int) -> None:
        percent = done * 100 // max(total, 1)
        tenth = percent // TENTH
        if tenth > told[0] and this_machine().monotonic() - begun >= PATIENCE:
            told[0] = tenth
            tell(Shown.lines([f"{label}: {done} of {total} ({percent} %)"]))

    return advance


def heartbeat(label: str, pieces: Iterable[T], count: Callable[[], int]) -> Iterator[T]:
    """The pieces of a work of which nobody knows how long it is; a line now and then says how much is done."""
    told = this_machine().monotonic()
    for piece in pieces:
        yield piece
        if this_machine().monotonic() - told >= PATIENCE:
            told = this_machine().monotonic()
            tell(Shown.lines([f"{label}: {count()} done"]))


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
