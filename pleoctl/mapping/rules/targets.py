"""The accounts that rules, vendors and settings post to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.place import Place


class AccountUse(NamedTuple):
    """An account code that the rules name, in a setting, vendor or row, which is called ``what``; ``rule`` is a row."""

    code: str
    place: Place
    what: str
    rule: str | None = None

    @classmethod
    def of_rule(cls, code: str, place: Place, rule: str) -> AccountUse:
        """A use in a rule's row."""
        return cls(code, place, f"row {rule!r}", rule)


def targets(rules: Rules) -> list[AccountUse]:
    """Every account code that the rules name, in the order of the files; a code may come several times."""
    return sorted(_uses(rules), key=lambda use: (use.place, use.code, use.what))


def _uses(rules: Rules) -> Iterator[AccountUse]:
    for name, given in rules.accounts.items():
        yield AccountUse(given.value, given.place, f"accounts.{name}")
    for row in rules.types:
        for target in row.targets:
            if target.code is not None:
                yield AccountUse.of_rule(target.code, target.place, row.id)
    for line in rules.lines:
        for account in (line.account, *(part.account for part in line.parts)):
            if account is not None:
                yield AccountUse.of_rule(account, line.place, line.id)
    for vendor in rules.vendors:
        if vendor.account is not None:
            yield AccountUse(vendor.account, vendor.place, f"vendor {vendor.code}")
