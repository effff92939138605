"""``pleoctl sink``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.sinks.base import Capabilities


@as_group("sink")
def command() -> None:
    """The books that export jobs are booked into."""


@as_command("check", parent="sink")
def check(options: Options) -> Output:
    """Whether the books can be used, and what they can hold.

    Examples:
    pleoctl sink check

    """
    from pleoctl.sinks.opening import open_sink

    with closing(open_sink(open_workspace(options))) as sink:
        sink.check()
        told = _told(sink.capabilities)
    return Output(Shown.lines(f"{name}: {value}" for name, value in told.items()), told)


def _told(can: Capabilities) -> dict[str, Any]:
    return {
        "key": f"{can.key.place}, {can.key.length or 'any'} characters of {can.key.alphabet}",
        "currency": can.currency or "any",
        "taxCodes": can.tax_codes,
        "tags": "any" if can.dimensions is None else sorted(can.dimensions),
        "drafts": can.drafts,
        "attachments": can.attachments,
        "readBack": can.read_back,
    }


command.add_command(check)
