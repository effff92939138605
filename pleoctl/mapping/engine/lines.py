"""What each line puts on the expense side: its account, tags and tax (M7-M9, N2-N6, X1-X7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.check import check_tax, check_tax_type
from pleoctl.mapping.engine.facts import Facts
from pleoctl.mapping.engine.linetable import LineTable
from pleoctl.mapping.engine.record import NOBODY
from pleoctl.mapping.engine.share import Share
from pleoctl.mapping.failures import ItemFailure, invalid, missing
from pleoctl.mapping.items import said
from pleoctl.mapping.rules.model import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.mapping.engine.accounts import Accounts
    from pleoctl.mapping.engine.check import Checks
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Line, Tag, Tax
    from pleoctl.mapping.rules.model import Changes, LineRow, Part, Rules
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.vocabulary import Cell

#: The account that rules take for a line's own, and why it must not stand, if so.
Own = tuple[str | None, ItemFailure | None]


class Lines:
    """Works out the shares of an item's lines, each checked before the next is looked at."""

    def __init__(self, rules: Rules, accounts: Accounts, checks: Checks) -> None:
        """The table of a cell is compiled when its first item comes, once for all cells that leave the same rows."""
        self._rows = rules.lines
        self._tables: dict[Cell, LineTable] = {}
        self._alike: dict[tuple[tuple[bool, ...], ...], LineTable] = {}
        self._accounts = accounts
        self._checks = checks
        self._split = rules.tax_shape == "split"
        self._fail = rules.otherwise == "fail"

    def table(self, cell: Cell) -> LineTable:
        """The line table of a cell."""
        found = self._tables.get(cell)
        if found is None:
            left = tuple(row.when.holding(cell) for row in self._rows)
            found = self._tables[cell] = self._alike.get(left) or LineTable(self._rows, cell)
            self._alike[left] = found
        return found

    def given(self, line: Line, number: int) -> Own:
        """The account that rules take for the line's own, and why it must not stand, if so."""
        try:
            return self._accounts.of_reference(line.account, "line %d", number + 1), None
        except ItemFailure as failure:
            # A rule on the code that the item carries may give the one that is right today.
            return line.account.code if line.account is not None else None, failure

    def own(self, line: Line, currency: str) -> tuple[str | None, str | None]:
        """The line's own account as `given` says, and again where it can be posted to in a currency, else None."""
        given, unclear = self.given(line, 0)
        usable = unclear is None and given is not None and self._checks.usable(given, currency)
        return given, given if usable else None

    def shares(self, work: Work, cell: Cell) -> list[Share]:
        """The shares of all lines that are not zero (N6). Raises `ItemFailure`."""
        table = self.table(cell)
        shares: list[Share] = []
        for number, line in enumerate(work.item.accounting_entry_lines):
            if work.values[number]:
                own = self.given(line, number)
                shares += self.of_row(work, number, self._row(work, number, table, own), own)
            else:
                work.recorder.zero_line(number)
        return shares

    def shares_on(self, account: str, work: Work) -> list[Share]:
        """The same, all on one account, which line rules have no say in. Raises `ItemFailure`."""
        shares = []
        for number in range(len(work.item.accounting_entry_lines)):
            if work.values[number]:
                shares.append(self.on(account, work, number))
            else:
                work.recorder.zero_line(number)
        return shares

    def on(self, account: str, work: Work, number: int) -> Share:
        """The share of a line that is not zero on an account in place of its own. Raises `ItemFailure`."""
        line = work.item.accounting_entry_lines[number]
        share = Share(line, account, abs(work.values[number]), None, stands_in=True)
        self._carried(share, work, number, NOTHING)
        return share

    def of_row(self, work: Work, number: int, row: LineRow | None, own: Own) -> list[Share]:
        """The shares of a line that is not zero as its row says, if it has any. Raises `ItemFailure`."""
        line, (given, unclear) = work.item.accounting_entry_lines[number], own
        if row is not None and row.refuse is not None:
            raise invalid(row.refuse)
        if unclear is not None and (row is None or row.needs_own):
            work.recorder.unclear_line(number, unclear.reason)
            raise unclear
        if row is not None and row.parts:
            return self._parts(work, number, line, given, row)
        account, changes = (None, NOTHING) if row is None else (row.account, row.changes)
        if account is None:
            account = self._own(number, given, row)
        share = Share(line, account, abs(work.values[number]), row)
        self._checks.account(account, work, line.account if row is None or row.account is None else row)
        if line.tax is not None or line.tags or changes is not NOTHING:
            self._carried(share, work, number, changes)
        return [share]

    def _row(self, work: Work, number: int, table: LineTable, own: Own) -> LineRow | None:
        """The row that holds for a line."""
        heard = work.recorder is not NOBODY
        if not (table.has_rows or heard):
            return None
        facts = Facts(work.item, work.item.accounting_entry_lines[number], own[0], abs(work.values[number]))
        row = table.find(facts)
        if heard:
            work.recorder.line(number, facts, row)
        return row

    def _parts(self, work: Work, number: int, line: Line, given: str | None, row: LineRow) -> list[Share]:
        """The parts of a line that are not zero, whose gross amounts and taxes add up to the line's."""
        made = []
        for index, part in enumerate(row.parts):
            account = part.account if part.account is not None else self._own(number, given, row)
            share = Share(line, account, 0, row)
            share.amount = portion(abs(work.values[number]), row.parts, index)
            self._checks.account(share.account, work, line.account if part.account is None else row)
            self._carried(share, work, number, part.changes)
            share.tax = portion(share.tax, row.parts, index)
            reverse = line.tax is not None and line.tax.type == "reverse"
            if share.tax > share.amount and not reverse:
                raise invalid(
                    f"line {number + 1}: row {row.id!r} ({row.place.exact}) splits it so that a part is smaller than "
                    "its tax; choose other shares there, or take the tax away with `taxCode: null`"
                )
            if share.amount or share.tax:
                made.append(share)
        return made

    def _carried(self, share: Share, work: Work, number: int, changes: Changes) -> None:
        """What a share takes over from its line beside the amount, and what is set in its place."""
        tax = share.line.tax
        if tax is not None:
            self._tax(share, tax, work, number, changes)
        elif changes.tax_code:
            share.tax_code = changes.tax_code[0]
            self._checks.tax_code(share.tax_code)
        if share.line.tags or changes.tags:
            share.tags = self.tags(share.line, changes, number, work.item.date[:10])
        if changes.description is not None:
            _describe(work, changes.description)

    def _own(self, number: int, given: str | None, row: LineRow | None) -> str:
        """The line's own account. Raises `ItemFailure` where it must not stand, or there is none."""
        if self._fail and row is None:
            raise missing(f"line {number + 1}: no line rule matches, and lines.otherwise is fail; add a row for it")
        if given is None:
            raise missing(
                f"line {number + 1} has no expense account; give its category an account in Pleo, or add a line rule"
            )
        return given

    def lasting(self, tag: Tag) -> bool:
        """Whether what is found out about a tag holds on each day."""
        return not self._checks.ends(tag)

    def tags(self, line: Line, changes: Changes, number: int, day: str) -> dict[str, str]:
        """The tags of a line on a day, and what is set in their place. Raises `ItemFailure`."""
        made: dict[str, str] = {}
        seen: dict[str, Tag] = {}
        changed = {group.casefold() for group, _ in changes.tags} if changes.tags else ()
        for tag in line.tags or ():
            if tag is None or said(tag.code) is None or (group := tag.group_code.casefold()) in changed:
                continue
            first = seen.setdefault(group, tag)
            if first is tag:
                made[tag.group_code] = tag.code
                self._checks.tag(tag.group_code, tag.code, day)
            elif first.code.casefold() != tag.code.casefold():
                codes = f"{first.code} and {tag.code}"
                raise invalid(
                    f"line {number + 1} has two tags of the group {tag.group_code}, {codes}; leave one in Pleo"
                )
        for name, code in changes.tags:
            if code is not None:
                made[name] = code
                self._checks.tag(name, code, day)
        return made

    def _tax(self, share: Share, tax: Tax, work: Work, number: int, changes: Changes) -> None:
        share.tax_code = changes.tax_code[0] if changes.tax_code else said(tax.code)
        self._checks.tax_code(share.tax_code)
        value = hundredths(tax.amount.in_wallet_currency, "line %d: tax", number + 1)
        check_tax(tax, value, work, number)
        if self._split and not (changes.tax_code and share.tax_code is None):
            check_tax_type(tax, number)
            share.tax = abs(value)
            if value and share.tax_code != said(tax.code):
                share.stands_for = self._checks.stand_in(share.tax_code or "", tax, number, share.row)


def portion(total: int, parts: Sequence[Part], index: int) -> int:
    """What of a total falls on a part: rounded toward zero, and the rest on the largest part, the first of equals."""
    amounts = [total * part.share.numerator // part.share.denominator for part in parts]
    largest = max(range(len(parts)), key=lambda i: parts[i].share)
    return amounts[index] + (total - sum(amounts) if index == largest else 0)


def _describe(work: Work, template: Template) -> None:
    """The first line that sets a description wins."""
    text = template.render(work.item)
    if work.template is None:
        work.description, work.template = text, template
        return
    if text != work.description:
        work.of_lines.append("several lines set a description; the first one counts")
