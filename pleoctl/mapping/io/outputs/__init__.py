"""Entries as text: JSON lines, CSV, beancount and hledger journals.

A writer turns some entries after the other into bytes and keeps nothing but the names it has to declare at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pleoctl.mapping.rules.dialect import PLAIN

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.io.outputs.declared import Declared
    from pleoctl.mapping.rules.model import Rules

FORMATS: Final = ("json", "csv", "beancount", "hledger")


class Writer(Protocol):
    """Makes bytes of entries, in the order given.

    ``declared`` is what it keeps of them for the end; None where that is more, so that no two can share the work.
    """

    @property
    def declared(self) -> Declared | None:
        """See the class."""
        ...

    def start(self) -> bytes:
        """What stands before all entries."""
        ...

    def entries(self, entries: list[Entry]) -> bytes:
        """Some entries, in their order."""
        ...

    def end(self) -> bytes:
        """What stands after all entries."""
        ...


def writer(name: str, rules: Rules) -> Writer:
    """The writer of a format in `FORMATS`; ``rules`` say what amounts are divided by, and how tables look."""
    if name == "csv" and rules.dialect != PLAIN:
        from pleoctl.mapping.io.outputs.shaped import ShapedWriter

        return ShapedWriter(rules)
    if name == "csv":
        from pleoctl.mapping.io.outputs.csv import CsvWriter  # each format loads its own module

        return CsvWriter(rules)
    if name == "beancount":
        from pleoctl.mapping.io.outputs.beancount import BeancountWriter

        return BeancountWriter(rules)
    if name == "hledger":
        from pleoctl.mapping.io.outputs.hledger import HledgerWriter

        return HledgerWriter(rules)
    from pleoctl.mapping.io.outputs.jsonlines import JsonWriter

    return JsonWriter()
