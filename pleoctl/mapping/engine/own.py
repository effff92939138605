"""The accounts that lines have of their own, each found out about once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID

if TYPE_CHECKING:
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.items import Line

#: Accounts that are kept; where there are more, all are forgotten.
MOST: Final = 4096


class OwnAccounts:
    """Asks the engine's `Lines` about what is new."""

    def __init__(self, lines: Lines) -> None:
        """Nothing is known yet."""
        self._lines = lines
        self._known: dict[tuple[Any, ...], tuple[str | None, str | None]] = {}

    def of(self, line: Line, currency: str) -> tuple[str | None, str | None]:
        """The account that rules take for the line's own, and again where it can be posted to in a currency."""
        given = line.account
        key: tuple[Any, ...] = (currency,)
        if given is not None:
            # Its name is told where it fails, and of its id alone whether it means none.
            key = currency, given.code, given.identifier, given.id == NO_ACCOUNT_ID
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[key] = self._lines.own(line, currency)
        return found
