"""Items that are alike, decided once.

    kind      what of an item decides about its entry: type, vendor, tax codes, … and which line rows hold
    outline   what follows of it: roles, rules, tax codes, accounts; see `pleoctl.mapping.engine.outline`
    its own   figures, ids, days, texts, people, accounts and tags of its lines, which the outline is filled with

Invariant: an outline is used only for an item of which the engine would make the very same one. All that the engine
reads of an item is in its kind; or is asked anew (the line table, where its rows ask for anything that no kind has, the
accounts and tags of lines, and the description); or is in order, as `figures_of` says and a day of the calendar is. An
item of which that cannot be said goes the engine's way, which alone knows why items fail. So does the first of each
kind, which leaves its outline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import Entry, OriginalOf
from pleoctl.mapping.engine.facts import Facts
from pleoctl.mapping.engine.figures import A_LINE, figures_of, gross, tax
from pleoctl.mapping.engine.outline import Outline, vendor_of
from pleoctl.mapping.engine.own import OwnAccounts
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import LedgerEntry
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.engine.linetable import LineTable
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Item
    from pleoctl.mapping.rules.model import Rules, VendorRow
    from pleoctl.mapping.rules.vendors import Vendors

#: Outlines that are kept; where there are more, all are forgotten.
MOST: Final = 4096

Kind = tuple[Any, ...]
#: The line rows that hold, one for each line, by identity.
Rows = tuple[int, ...]
#: Fields of line rules that follow from an item's kind; all others are asked anew.
_IN_KIND: Final = frozenset({"taxCode", "taxType", "currency"})


class Group(msgspec.Struct):
    """Items of a kind. Their line rows are asked anew in ``table``; where it is None the kind says all.

    ``asks_account``: some row asks for the line's own account.
    """

    table: LineTable | None
    asks_account: bool
    outlines: dict[Rows, Outline]

    def rows(self, item: Item, figures: list[int], own: OwnAccounts) -> Rows:
        """What the line table says of an item. Raises `ItemFailure` as it does."""
        if self.table is None:
            return ()
        find, lines = self.table.find, item.accounting_entry_lines
        given: list[str | None] = []
        if self.asks_account:
            given = [own.of(line, item.amount.in_wallet_currency.currency)[0] for line in lines]
        if len(lines) == 1:  # as almost every item has
            return (id(find(Facts(item, lines[0], given[0] if given else None, figures[gross(0)]))),)
        amounts = figures[gross(0) :: A_LINE]
        facts = [Facts(item, lines[at], given[at] if given else None, amount) for at, amount in enumerate(amounts)]
        return tuple([id(find(one)) for one in facts])


class Lesson(msgspec.Struct, gc=False):
    """What is to be kept of an item that the engine maps: its outline. ``group`` None: it is the first of its kind."""

    kind: Kind
    figures: list[int]
    group: Group | None


_APART: Final = Outline("", None, None, None, None, [])


class Alike:
    """The kinds that have come, with their outlines; never more than `MOST`."""

    def __init__(self, rules: Rules, vendors: Vendors, lines: Lines) -> None:
        """Nothing has come yet."""
        self._describe = rules.describe
        self._vendors, self._lines = vendors, lines
        self._has_vendors = bool(rules.vendors)
        self._own = OwnAccounts(lines)
        self._known: dict[Kind, Group] = {}
        self._kept = 0

    def meet(self, item: Item) -> Entry | Lesson | None:
        """The entry of an item whose outline is known; a lesson where its outline is wanted, else None."""
        figures, day = figures_of(item), item.date[:10]
        if figures is None or not is_day(day):
            return None
        kind = self._kind(item, figures)
        group = self._known.get(kind)
        if group is None:
            return Lesson(kind, figures, None)
        try:
            outline = group.outlines.get(group.rows(item, figures, self._own))
            if outline is None:
                return Lesson(kind, figures, group)
            return None if outline is _APART else self._entry(item, day, outline, figures)
        except ItemFailure:
            return None  # as the engine finds and tells

    def learn(self, lesson: Lesson, work: Work, outline: Outline, entries: list[LedgerEntry]) -> None:
        """Keep the outline of an item, which became ``entries``."""
        if self._kept >= MOST:
            self._known.clear()
            self._kept = 0
        group = self._known[lesson.kind] = lesson.group or self._group(work)
        if work.common:
            outline.seat(entries, work)
        rows = group.rows(work.item, lesson.figures, self._own)
        group.outlines[rows] = outline if work.common else _APART
        self._kept += 1

    def _kind(self, item: Item, figures: list[int]) -> Kind:
        money, contra, vendor = item.amount.in_wallet_currency, item.contra_account, item.vendor
        # Of a vendor that is found counts its account; warnings name one that is not.
        payable: Any = vendor
        if vendor is not None and (row := self._vendors.of_item(item)) is not None:
            payable = (row.account,)
        # Who employee and supplier are counts, beside what line rows ask, where a vendor stands for them (T36, B3).
        employee = supplier = None
        if self._has_vendors:
            employee = None if item.user is None else self._vendors.of_employee(item.user.code)
            supplier = None if item.supplier is None else self._vendors.of_supplier(item.supplier)
        kind: list[Any] = [
            item.type,
            item.sub_type,
            money.currency,
            money.value > 0,
            item.bookkeeping,
            contra and (contra.code, contra.identifier, contra.id == NO_ACCOUNT_ID),
            payable,
            supplier and (supplier.account,),
            employee and (employee.account,),
        ]
        at = tax(0)
        for line in item.accounting_entry_lines:
            taxed = line.tax
            # Whether there is any, and anything beside it, tells how many postings a tax makes.
            kind.append(
                taxed
                and (
                    taxed.type,
                    taxed.code,
                    taxed.ingoing_tax_account,
                    taxed.outgoing_tax_account,
                    figures[at] > 0,
                    figures[at + 1] > 0,
                )
            )
            at += A_LINE
        return tuple(kind)

    def _group(self, work: Work) -> Group:
        table = None
        if work.row is not None and work.cell is not None and work.row.uses_line:
            table = self._lines.table(work.cell)
        if table is None or table.fields <= _IN_KIND:
            return Group(None, asks_account=False, outlines={})
        return Group(table, "account" in table.fields, {})

    def _entry(self, item: Item, day: str, outline: Outline, figures: list[int]) -> Entry | None:
        entries = outline.filled(item, figures, self._own, self._lines)
        if entries is None:
            return None
        paid = item.amount.paid
        original = None if paid is None else OriginalOf(paid.currency, hundredths(paid, "amount"))
        template = outline.template
        # Both are asked, since either may fail.
        description = self._describe(item)
        if template is not None:
            description = template.render(item)
        entry = outline.frame(item, day, description, original)
        entry.status, entry.entries = "mapped", entries
        if outline.vendor is not None:
            entry.vendor = vendor_of(item, self._row(item, outline), outline.found)
        return entry

    def _row(self, item: Item, outline: Outline) -> VendorRow | None:
        """The row of the vendor of an item that has the outline."""
        if outline.found == "employee":
            return None if item.user is None else self._vendors.of_employee(item.user.code)
        if outline.found is None:
            return None
        legacy = None if item.supplier is None else self._vendors.of_supplier(item.supplier)
        return legacy if item.vendor is None else self._vendors.of_item(item)
