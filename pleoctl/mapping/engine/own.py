"""What lines have of their own, beside amounts: accounts and tags, each found out about once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID

if TYPE_CHECKING:
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.items import Line
    from pleoctl.mapping.rules.model import Changes

#: Of each line the account that rules take for its own, and again where it can be posted to.
Accounts = list[tuple[str | None, str | None]]
#: Accounts, and lists of tags, that are kept; where there are more, all are forgotten.
MOST: Final = 4096


class Own:
    """Asks the engine's `Lines` about what is new."""

    def __init__(self, lines: Lines) -> None:
        """Nothing is known yet."""
        self._lines = lines
        self._accounts: dict[tuple[Any, ...], tuple[str | None, str | None]] = {}
        #: Tags by what is set on a line, of which the identity is enough since it is the rules' own, and by its tags.
        self.known_tags: dict[tuple[int, Any], dict[str, str]] = {}

    def account(self, line: Line, currency: str) -> tuple[str | None, str | None]:
        """The account that rules take for the line's own, and again where it can be posted to in a currency."""
        given = line.account
        key: tuple[Any, ...] = (currency,)
        if given is not None:
            # Its name is told where it fails, and of its id alone whether it means none.
            key = currency, given.code, given.identifier, given.id == NO_ACCOUNT_ID
        found = self._accounts.get(key)
        if found is None:
            _make_room(self._accounts)
            found = self._accounts[key] = self._lines.own(line, currency)
        return found

    def tags(self, line: Line, changes: Changes) -> dict[str, str] | None:
        """The tags of a line with what is set on it, which are kept; None where they cannot be posted."""
        try:
            found = self._lines.tags(line, changes, 0)
        except ItemFailure:
            return None
        _make_room(self.known_tags)
        self.known_tags[id(changes), line.tags] = found
        return found


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST:
        kept.clear()
