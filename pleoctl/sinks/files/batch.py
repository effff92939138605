"""Entries of ``map`` as a file that bookkeeping programs import, by the format of the workspace's sink.

What the format cannot hold fails its item, as a posting plan refuses it; nothing is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.errors import InvalidFile, SourceError
from pleoctl.sinks.base import Booking, Key, Refusal
from pleoctl.sinks.files.make import FORMATS
from pleoctl.sinks.holdable import problem_of

if TYPE_CHECKING:
    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.items import Defect, Item
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.files.format import Format
    from pleoctl.workspace import Workspace

_NAME = "map"


def batch_format(workspace: Workspace, name: str, rules: Rules) -> Format:
    """The format of a batch, ``datev`` or ``sie``, with the keys of the workspace's sink.

    Raises `InvalidFile` where that is another.
    """
    section: dict[str, Any] = workspace.settings.sink or {}
    if section.get("type") != name:
        words = f"--format {name} takes its keys from the workspace's sink, which is {section.get('type') or 'none'}"
        raise InvalidFile(words, place=workspace.document.place(("sink",)), hint=f"sink: {{type: {name}, …}}")
    return FORMATS[name](section, rules)


class HoldingEngine:
    """An engine whose entries a format can hold; any other item fails with the format's reason."""

    def __init__(self, engine: Engine, form: Format) -> None:
        """Asks the engine first."""
        self._engine, self._format = engine, form
        self._place = 0

    def entry(self, item: Item | Defect) -> Entry:
        """See `Engine.entry`."""
        made = self._engine.entry(item)
        self._place += 1
        if made.failed:
            return made
        try:
            problem_of(made, self._format.capabilities)
            made.warnings += self._format.check(_booking(made, self._place))
        except Refusal as refusal:
            made.status, made.entries = "failed", []
            made.failure_reason_type, made.failure_reason = refusal.reason_type, refusal.message
        return made


class BatchWriter:
    """See `pleoctl.mapping.io.outputs.Writer`; such a file has its sums or dates in its head, so it is written last."""

    def __init__(self, form: Format) -> None:
        """No entries yet."""
        self.declared = None
        self._format = form
        self._bookings: list[Booking] = []
        self._place = 0

    def start(self) -> bytes:
        """Nothing is known yet."""
        return b""

    def entries(self, entries: list[Entry]) -> bytes:
        """Keep them."""
        for entry in entries:
            self._place += 1
            if not entry.failed:
                self._bookings.append(_booking(entry, self._place))
        return b""

    def end(self) -> bytes:
        """The whole file. Raises `SourceError` where one file cannot hold all the dates."""
        if not self._bookings:
            return b""
        names = {self._format.names(_NAME, 1, booking): booking.date[:7] for booking in self._bookings}
        if len(names) > 1:
            months = ", ".join(sorted(names.values()))
            raise SourceError(
                f"the items are of several months ({months}), and a file holds one", hint="map them apart"
            )
        return self._format.render(self._bookings)


def _booking(entry: Entry, place: int) -> Booking:
    item = entry.accounting_entry_id or ""
    return Booking(Key(item, item, _NAME, place), entry, entry.posting_date or "", draft=False, once="")
