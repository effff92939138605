"""The expense side of items that are alike, made of their lines; what lines have in common is found out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import Posting
from pleoctl.mapping.engine.facts import Facts
from pleoctl.mapping.engine.figures import GROSS, NET, TAX
from pleoctl.mapping.engine.outline import Expense, ShareOutline
from pleoctl.mapping.engine.own import OwnAccounts, OwnTags
from pleoctl.mapping.engine.record import NOBODY
from pleoctl.mapping.engine.work import Work
from pleoctl.mapping.rules.model import NOTHING

if TYPE_CHECKING:
    from pleoctl.mapping.engine.figures import Figures
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.engine.post import Poster
    from pleoctl.mapping.items import Item, Tax
    from pleoctl.mapping.rules.model import LineRow
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.vocabulary import Side

#: Outlines that are kept, and codes; where there are more, all are forgotten.
MOST: Final = 4096

Kind = tuple[Any, ...]
#: Type and code of a line's tax, if it has any, and what its row sets in place of the code.
Taxed = tuple[str | None, str | None, tuple[str | None, ...]]


class Expenses:
    """Postings of lines.

    A line's kind is all that decides what it puts on an expense side, but what is asked anew of each line: its row, its
    own account, its tags, and the code of its tax where that is not split off.
    """

    def __init__(self, lines: Lines, poster: Poster, *, split: bool) -> None:
        """``split``: tax has postings of its own."""
        self._lines, self._poster, self._split = lines, poster, split
        self._accounts, self._tags = OwnAccounts(lines), OwnTags(lines)
        self._known: dict[Kind, ShareOutline | None] = {}
        self._codes: dict[Taxed, str | None] = {}

    def of(self, side: Side, work: Work) -> Expense:
        """Where the lines of an item stand, on which side is known, and which became shares."""
        share, table = work.shares[0], None
        if not share.stands_in and work.cell is not None:
            table = self._lines.table(work.cell)
        return Expense(
            side,
            work.currency or "",
            share.account if share.stands_in else None,
            table if table is not None and table.has_rows else None,
        )

    def postings(
        self, item: Item, figures: list[Figures], expense: Expense
    ) -> tuple[list[Posting], list[Template]] | None:
        """What the lines of an item become, and what describes it by their rows.

        None where that is for the engine to find out. Raises `ItemFailure` as the engine does.
        """
        made: list[Posting] = []
        described: list[Template] = []
        own, usable, row = None, None, None
        on, currency, account, table = expense.side, expense.currency, expense.account, expense.table
        known, codes, split, day = self._known, self._codes, self._split, item.date[:10]
        for number, line in enumerate(item.accounting_entry_lines):
            amounts, taxed = figures[number], line.tax
            if account is None:
                own, usable = self._accounts.of(line, currency)
                if table is not None:
                    row = table.find(Facts(item, line, own, amounts[GROSS]))
            changes = NOTHING if row is None else row.changes
            kind: Kind = on, currency, account, id(row)
            tax: Taxed = (None, None, changes.tax_code)
            if taxed is not None:
                if split:
                    kind += _split(taxed, amounts)
                else:
                    tax = taxed.type, taxed.code, changes.tax_code
            try:
                outline, code = known[kind], codes[tax]
            except KeyError:
                outline, code = self._learn((kind, tax), item, number, row, expense)
            if outline is None or (outline.needs_own and usable is None):
                return None
            tags = self._tags.of(line, changes, number, day) if line.tags or changes.tags else {}
            for figure, side, fixed, role, tax_code, rule, branch, tagged in outline.seats:
                made.append(
                    Posting(
                        side,
                        fixed or own or "",
                        role,
                        amounts[figure],
                        currency,
                        line.accounting_entry_line_id,
                        tax_code or code,
                        tags if tagged else {},
                        rule,
                        branch,
                    )
                )
            if changes.description is not None:
                described.append(changes.description)
        return made, described

    def _learn(
        self, keys: tuple[Kind, Taxed], item: Item, number: int, row: LineRow | None, expense: Expense
    ) -> tuple[ShareOutline | None, str | None]:
        """The outline of a line as the engine posts it, and its code where tax is not split off.

        None where others of its kind become something else.
        """
        for kept in (self._known, self._codes):
            if len(kept) >= MOST:
                kept.clear()
        kind, tax = keys
        # Parts are rounded, each amount in its own way.
        if row is not None and (row.parts or row.refuse):
            self._known[kind] = None
            return None, None
        work, code = Work(item, NOBODY, expense.currency), None
        work.values = [hundredths(one.line_amount.in_wallet_currency, "") for one in item.accounting_entry_lines]
        if expense.account is None:
            own = self._lines.given(item.accounting_entry_lines[number], number)
            (share,) = self._lines.of_row(work, number, row, own)
        else:
            share = self._lines.on(expense.account, work, number)
        if not self._split:
            code, share.tax_code = share.tax_code, None
        self._codes[tax] = code
        outline = self._known[kind] = ShareOutline.of(share, self._poster.share(share, expense.side, work))
        return outline, code


def _split(tax: Tax, amounts: Figures) -> Kind:
    """What of a tax decides its postings; whether there is any, and anything beside it, tells how many there are."""
    accounts = tax.ingoing_tax_account, tax.outgoing_tax_account
    return tax.type, tax.code, *accounts, amounts[TAX] > 0, amounts[NET] > 0
