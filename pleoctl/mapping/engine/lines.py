"""What each line puts on the expense side: its account, tags and tax (M7-M9, N2-N6, X1-X7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pleoctl.mapping.engine.check import check_tax, check_tax_type
from pleoctl.mapping.engine.linetable import Facts, LineTable
from pleoctl.mapping.engine.record import NOBODY
from pleoctl.mapping.engine.work import hundredths
from pleoctl.mapping.failures import ItemFailure, invalid, missing

if TYPE_CHECKING:
    from pleoctl.mapping.engine.accounts import Accounts
    from pleoctl.mapping.engine.check import Checks
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Line, Tag, Tax
    from pleoctl.mapping.rules.model import LineRow, Rules
    from pleoctl.mapping.vocabulary import Cell


class Share(msgspec.Struct, gc=False):
    """What one line puts on the expense side; ``amount`` and ``tax`` in hundredths, without sign.

    ``tax`` is zero where it gets no postings of its own. ``stands_in``: the account is one that the type row names in
    the place of the line's.
    """

    line: Line
    account: str
    amount: int
    row: LineRow | None
    tax_code: str | None = None
    tags: dict[str, str] = {}  # msgspec copies an empty default for each share
    tax: int = 0
    stands_in: bool = False


class Lines:
    """Works out the shares of an item's lines, each checked before the next is looked at."""

    def __init__(self, rules: Rules, accounts: Accounts, checks: Checks) -> None:
        """The table of a cell is compiled when its first item comes."""
        self._rows = rules.lines
        self._tables: dict[Cell, LineTable] = {}
        self._accounts = accounts
        self._checks = checks
        self._split = rules.tax_shape == "split"
        self._fail = rules.otherwise == "fail"

    def shares(self, work: Work, cell: Cell) -> list[Share]:
        """One share for each line that is not zero (N6). Raises `ItemFailure`."""
        table = self._tables.get(cell)
        if table is None:
            table = self._tables[cell] = LineTable(self._rows, cell)
        shares = []
        for number, line in enumerate(work.item.accounting_entry_lines):
            value = work.values[number]
            if value:
                shares.append(self._share(work, table, number, line, abs(value)))
            else:
                work.recorder.zero_line(number)
        return shares

    def shares_on(self, account: str, work: Work) -> list[Share]:
        """The same, all on one account, which line rules have no say in. Raises `ItemFailure`."""
        shares = []
        for number, line in enumerate(work.item.accounting_entry_lines):
            value = work.values[number]
            if value:
                share = Share(line, account, abs(value), None, stands_in=True)
                self._carried(share, work, number)
                shares.append(share)
            else:
                work.recorder.zero_line(number)
        return shares

    def _share(self, work: Work, table: LineTable, number: int, line: Line, amount: int) -> Share:
        unclear = None
        try:
            given = self._accounts.of_reference(line.account, "the line's account")
        except ItemFailure as failure:
            # A rule on the code that the item carries may give the one that is right today.
            unclear, given = failure, line.account.code if line.account is not None else None
        row = None
        if table or work.recorder is not NOBODY:
            facts = Facts(work.item, line, given, amount)
            row = table.find(facts)
            if work.recorder is not NOBODY:
                work.recorder.line(number, facts, row)
        if unclear is not None and (row is None or row.account is None):
            work.recorder.unclear_line(number, unclear.reason)
            raise unclear
        share = Share(line, self._account(number, given, row), amount, row)
        self._checks.account(share.account, work, line.account.name if row is None and line.account else None)
        self._carried(share, work, number)
        return share

    def _carried(self, share: Share, work: Work, number: int) -> None:
        """What a share takes over from its line beside the amount."""
        if share.line.tax is not None:
            self._tax(share, share.line.tax, work, number)
        if share.line.tags:
            self._tags(share, share.line.tags)

    def _account(self, number: int, given: str | None, row: LineRow | None) -> str:
        if row is not None and row.account is not None:
            return row.account
        if self._fail and row is None:
            raise missing(f"line {number + 1}: no line rule matches, and lines.otherwise is fail")
        if given is None:
            raise missing(
                f"line {number + 1} has no expense account; give its category an account in Pleo, or add a line rule"
            )
        return given

    def _tags(self, share: Share, tags: list[Tag | None]) -> None:
        seen: dict[str, Tag] = {}
        for tag in tags:
            if tag is None or not tag.code:
                continue
            first = seen.setdefault(tag.group_code.casefold(), tag)
            if first.code.casefold() != tag.code.casefold():
                raise invalid(f"the line has two tags of the group {tag.group_code}")
            if first is tag:
                share.tags[tag.group_code] = tag.code
                self._checks.tag(tag.group_code, tag.code)

    def _tax(self, share: Share, tax: Tax, work: Work, number: int) -> None:
        share.tax_code = tax.code or None
        self._checks.tax_code(share.tax_code)
        value = hundredths(tax.amount.in_wallet_currency, "line %d: tax", number + 1)
        check_tax(tax, value, work, number)
        if self._split:
            check_tax_type(tax, number)
            share.tax = abs(value)
