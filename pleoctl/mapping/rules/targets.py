"""The accounts that rules, vendors and settings post to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.rules.model import LineRow, Rules
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
        yield from _line_uses(rules, line)
    for vendor in rules.vendors:
        if vendor.account is not None:
            yield AccountUse(vendor.account, vendor.place, f"vendor {vendor.code}")


def _line_uses(rules: Rules, line: LineRow) -> Iterator[AccountUse]:
    for account in (line.account, *(part.account for part in line.parts)):
        if account is not None:
            yield AccountUse.of_rule(account, line.place, line.id)
    for name, account in _stand_ins(rules, line):
        yield AccountUse(account, line.place, f"row {line.id!r}, {name}", line.id)


def _stand_ins(rules: Rules, line: LineRow) -> Iterator[tuple[str, str]]:
    """The accounts of the tax codes that a row sets, where these are posted to, with what they are called."""
    if rules.tax_shape != "split":
        return
    for changes in dict.fromkeys([line.changes, *(part.changes for part in line.parts)]):
        for code in changes.tax_code:
            known = rules.tax_table.get(code or "")
            if known is not None and known.ingoing_tax_account:
                yield f"ingoingTaxAccount of tax code {code}", known.ingoing_tax_account
            if known is not None and known.type == "reverse" and known.outgoing_tax_account:
                yield f"outgoingTaxAccount of tax code {code}", known.outgoing_tax_account
