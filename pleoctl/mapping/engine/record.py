"""What the engine tells while it maps an item, for those who want to know why.

The engine calls a recorder at each decision, with what it decided and from what; `NOBODY` hears nothing and costs
nothing worth measuring. So an explanation is what happened, not a second asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

if TYPE_CHECKING:
    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.rules.model import LineRow, TypeRow, VendorRow
    from pleoctl.mapping.vocabulary import Cell


CONTRA_BRANCH: Final = "contraAccount"


class Resolved(msgspec.Struct, gc=False):
    """The account of one side: its code, the role that led there, the branch of the role, and the setting if any."""

    account: str
    role: str | None
    branch: str | None
    setting: str | None = None


class Recorder(Protocol):
    """Hears of the decisions about one item, in the order in which they fall."""

    def route(self, method: str | None, branch: str) -> None:
        """The bookkeeping method that counts, None where it is not known, and why."""
        ...

    def type_row(self, cell: Cell | None, row: TypeRow | None) -> None:
        """The cell of the item, and its row where there is exactly one."""
        ...

    def vendor(self, row: VendorRow | None) -> None:
        """The vendor of an item whose row needs one."""
        ...

    def zero_line(self, number: int) -> None:
        """A line that is skipped (N6); lines count from 0."""
        ...

    def unclear_line(self, number: int, reason: str) -> None:
        """A line whose own account means nothing."""
        ...

    def line(self, number: int, facts: Facts, row: LineRow | None) -> None:
        """What is known of a line, and the row that matches it."""
        ...

    def account(self, kind: str, side: str, found: Resolved) -> None:
        """The account of one side of a leg of a kind, apart from the lines' and the tax accounts."""
        ...


class Nobody:
    """Hears nothing; who wants to hear of one thing alone inherits from it."""

    def route(self, method: str | None, branch: str) -> None:
        """Nothing."""

    def type_row(self, cell: Cell | None, row: TypeRow | None) -> None:
        """Nothing."""

    def vendor(self, row: VendorRow | None) -> None:
        """Nothing."""

    def zero_line(self, number: int) -> None:
        """Nothing."""

    def unclear_line(self, number: int, reason: str) -> None:
        """Nothing."""

    def line(self, number: int, facts: Facts, row: LineRow | None) -> None:
        """Nothing."""

    def account(self, kind: str, side: str, found: Resolved) -> None:
        """Nothing."""


NOBODY: Final[Recorder] = Nobody()
