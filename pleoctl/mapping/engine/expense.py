"""The expense side of an item: each line's account, tags and tax (M7-M9, N2-N6, X1-X7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pleoctl.mapping.engine.entries import OTHER_SIDE, Posting, Side
from pleoctl.mapping.engine.linetable import Facts, LineTable
from pleoctl.mapping.engine.work import hundredths
from pleoctl.mapping.failures import invalid, missing

if TYPE_CHECKING:
    from pleoctl.mapping.engine.accounts import Accounts
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Line, Tag, Tax
    from pleoctl.mapping.rules.model import LineRow, Rules

_TAX_TYPES = frozenset({"inclusive", "exclusive", "reverse"})


class Share(msgspec.Struct, gc=False):
    """What one line puts on the expense side; ``amount`` and ``tax`` in hundredths, without sign."""

    line: Line
    account: str
    amount: int
    row: LineRow | None
    tax_code: str | None = None
    tags: dict[str, str] = {}  # msgspec copies an empty default for each share
    tax: int = 0


class ExpenseSide:
    """Works out the shares of an item's lines, and their postings."""

    def __init__(self, rules: Rules, accounts: Accounts) -> None:
        """``accounts`` resolves and checks."""
        self._accounts = accounts
        self._split = rules.tax_shape == "split"
        self._fail = rules.otherwise == "fail"

    def shares(self, work: Work, table: LineTable) -> list[Share]:
        """One share for each line that is not zero (N6). Raises `ItemFailure`."""
        lines = work.item.accounting_entry_lines
        return [
            self._share(work, table, number, lines[number], abs(value))
            for number, value in enumerate(work.values)
            if value
        ]

    def _share(self, work: Work, table: LineTable, number: int, line: Line, amount: int) -> Share:
        accounts = self._accounts
        given = accounts.of_reference(line.account, "the line's account") if line.account is not None else None
        row = table.find(Facts(work.item, line, given, amount)) if table else None
        share = Share(line, self._account(number, given, row), amount, row)
        accounts.check(share.account, work, line.account.name if row is None and line.account else None)
        if line.tax is not None:
            self._tax(share, line.tax, work, number)
        if line.tags:
            self._tags(share)
        return share

    def _account(self, number: int, given: str | None, row: LineRow | None) -> str:
        if row is not None:
            return row.account
        if self._fail:
            raise missing(f"line {number + 1}: no line rule matches, and lines.otherwise is fail")
        if given is None:
            raise missing(
                f"line {number + 1} has no expense account; give its category an account in Pleo, or add a line rule"
            )
        return given

    def _tags(self, share: Share) -> None:
        seen: dict[str, Tag] = {}
        for tag in share.line.tags or ():
            if tag is None:
                continue
            first = seen.setdefault(tag.group_code.casefold(), tag)
            if first.code.casefold() != tag.code.casefold():
                raise invalid(f"the line has two tags of the group {tag.group_code}")
            if first is tag:
                share.tags[tag.group_code] = tag.code
                self._accounts.check_tag(tag.group_code, tag.code)

    def _tax(self, share: Share, tax: Tax, work: Work, number: int) -> None:
        self._accounts.check_tax_code(tax.code)
        share.tax_code = tax.code
        money = tax.amount.in_wallet_currency
        value = hundredths(money, "line %d: tax", number + 1)
        if self._split:
            share.tax = abs(value)
            _check_tax(tax, money.currency, value, work, number)

    # --- postings ----------------------------------------------------------------------------------------------

    def postings(self, share: Share, side: Side, work: Work) -> list[Posting]:
        """A share's postings: the line, and the tax where it gets postings of its own (X5, X6)."""
        if self._split and share.tax:
            return self._split_postings(share, side, work)
        # Where nothing is split off, as with a rate of zero, the line itself carries the code (D2).
        return [self._line_posting(share, side, work, share.amount, share.tax_code)]

    @staticmethod
    def _line_posting(share: Share, side: Side, work: Work, amount: int, tax_code: str | None) -> Posting:
        rule, branch = (None, "line") if share.row is None else (share.row.id, "rule")
        return Posting(
            side, share.account, "line", amount, work.currency or "", share.line.accounting_entry_line_id, tax_code,
            share.tags, rule, branch,
        )  # fmt: skip

    def _split_postings(self, share: Share, side: Side, work: Work) -> list[Posting]:
        tax = share.line.tax
        reverse = tax is not None and tax.type == "reverse"
        base = share.amount if reverse else share.amount - share.tax
        made = [self._line_posting(share, side, work, base, None)] if base else []
        made.append(self._tax_posting(share, side, work, "ingoing"))
        if reverse:
            made.append(self._tax_posting(share, OTHER_SIDE[side], work, "outgoing"))
        return made

    def _tax_posting(self, share: Share, side: Side, work: Work, which: str) -> Posting:
        account = getattr(share.line.tax, f"{which}_tax_account")
        if not account:
            code = share.tax_code or "without code"
            raise missing(f"tax {code} has no {which}TaxAccount; set the accounts of the tax code in Pleo")
        self._accounts.check(account, work)
        return Posting(
            side, account, "tax", share.tax, work.currency or "", share.line.accounting_entry_line_id, share.tax_code,
            branch=f"{which}TaxAccount",
        )  # fmt: skip


def _check_tax(tax: Tax, currency: str, value: int, work: Work, number: int) -> None:
    """What a tax must be before it can be posted on its own. Raises `ItemFailure`."""
    whole = work.values[number]
    if tax.type not in _TAX_TYPES:
        raise invalid(f"line {number + 1}: unknown tax type {tax.type[:40]!r}")
    if currency != work.currency:
        raise invalid(f"line {number + 1}: the tax is in {currency[:20]}, the item in {work.currency}")
    if value * whole < 0:
        raise invalid(f"line {number + 1}: the tax and the line have opposite signs")
    if tax.type != "reverse" and abs(value) > abs(whole):
        raise invalid(f"line {number + 1}: the tax is larger than the line")
