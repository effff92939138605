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
_NEW: Final[dict[str, str]] = {}


class Own:
    """Asks the engine's `Lines` about what is new."""

    def __init__(self, lines: Lines) -> None:
        """Nothing is known yet."""
        self._lines = lines
        self._accounts: dict[tuple[Any, ...], tuple[str | None, str | None]] = {}
        # Of changes the identity is enough, since they are the rules' own.
        self._tags: dict[tuple[int, Any], dict[str, str] | None] = {}

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
        """The tags of a line with what is set on it, not to be changed; None where they cannot be posted."""
        key = id(changes), line.tags
        found = self._tags.get(key, _NEW)
        if found is _NEW:
            _make_room(self._tags)
            found = self._tags[key] = self._found(line, changes)
        return found

    def _found(self, line: Line, changes: Changes) -> dict[str, str] | None:
        try:
            return self._lines.tags(line, changes, 0)
        except ItemFailure:
            return None


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST:
        kept.clear()
