"""Items that are alike, decided once.

    kind      what of an item decides about its entry: type, vendor, accounts, tags, tax codes, …
    outline   what follows of it: accounts, roles, rules, tax codes; see `pleoctl.mapping.engine.outline`
    its own   figures, ids, days and texts, which the outline is filled with

Invariant: an outline is used only for an item of which the engine would make the very same one. All that the engine
reads of an item is in its kind; or is asked anew (the line table, where its rows ask for suppliers, amounts, days or
texts that no kind has, and the description); or is in order, as `figures_of` says and a day of the calendar is. An item
of which that cannot be said goes the engine's way, which alone knows why items fail. So does the first of each kind,
and the second, which leaves its outline.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import Entry, OriginalOf
from pleoctl.mapping.engine.figures import base, figures_of, tax
from pleoctl.mapping.engine.linetable import Facts, LineTable
from pleoctl.mapping.engine.outline import Outline
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import LedgerEntry
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Account, Item, Supplier, Tax
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.mapping.rules.vendors import Vendors

#: Kinds and outlines that are kept; where there are more, all are forgotten.
MOST: Final = 4096
#: Suppliers of kinds whose rows are kept; where there are more, all are forgotten.
MOST_SUPPLIERS: Final = 8192

Kind = tuple[Any, ...]
#: The line rows that hold, one for each line, by identity.
Rows = tuple[int, ...]


#: Fields of line rules that follow from an item's kind, beside those of tags; all others are asked anew.
_IN_KIND: Final = frozenset(
    {
        *("vendor", "vendorTaxNumber"),
        *("user", "team", "account", "taxCode", "taxType", "currency"),
    }
)
#: Those that follow from an item's supplier, of whom there are many more than kinds.
_OF_SUPPLIER: Final = frozenset({"supplier", "supplierCode", "mcc", "country"})
_NEVER: Final = ...


class Group(msgspec.Struct):
    """Items of a kind. Their line rows are asked anew in ``table``, with the lines' accounts in ``given``.

    ``table`` None: the kind says all. Where kind and supplier do, ``known`` keeps rows by the group's number and these.
    """

    number: int
    table: LineTable | None
    given: list[str | None]
    outlines: dict[Rows, Outline]
    known: dict[tuple[int, Supplier | None], Rows] | None = None

    def rows(self, item: Item, figures: list[int]) -> Rows:
        """What the line table says of an item. Raises `ItemFailure` as it does."""
        if self.table is None:
            return ()
        known, key = self.known, (self.number, item.supplier)
        if known is None:
            return self._asked(self.table, item, figures)
        rows = known.get(key)
        if rows is None:
            if len(known) >= MOST_SUPPLIERS:
                known.clear()
            rows = known[key] = self._asked(self.table, item, figures)
        return rows

    def _asked(self, table: LineTable, item: Item, figures: list[int]) -> Rows:
        lines = item.accounting_entry_lines
        return tuple(
            [
                id(table.find(Facts(item, line, given, amount)))
                for line, given, amount in zip(lines, self.given, figures[1::3], strict=True)
            ]
        )


class Lesson(msgspec.Struct, gc=False):
    """What is to be kept of an item that the engine maps: its outline. ``group`` None: it is the second of its kind."""

    kind: Kind
    figures: list[int]
    group: Group | None


_APART: Final = Outline("", None, None, None, None, [])


class Alike:
    """The kinds that have come, with their outlines; never more than `MOST`."""

    def __init__(self, rules: Rules, vendors: Vendors, lines: Lines) -> None:
        """Nothing has come yet."""
        asked = {predicate.field for row in rules.lines for predicate in row.when.predicates()}
        self._asks_user, self._asks_team = "user" in asked, "team" in asked
        self._describe = rules.describe
        self._vendors, self._lines = vendors, lines
        self._known: dict[Kind, Group | None] = {}
        self._kept = 0
        self._numbers = count()
        self._rows: dict[tuple[int, Supplier | None], Rows] = {}

    def meet(self, item: Item) -> Entry | Lesson | None:
        """The entry of an item whose outline is known; a lesson where its outline is wanted, else None."""
        figures, day = figures_of(item), item.date[:10]
        if figures is None or not is_day(day):
            return None
        kind = self._kind(item, figures)
        group = self._known.get(kind, _NEVER)
        if group is _NEVER:
            self._keep(kind, None)
            return None
        try:
            rows = () if group is None or group.table is None else group.rows(item, figures)
            outline = None if group is None else group.outlines.get(rows)
            if outline is None:
                return Lesson(kind, figures, group)
            return None if outline is _APART else self._entry(item, day, outline, figures)
        except ItemFailure:
            return None  # as the engine finds and tells

    def learn(self, lesson: Lesson, work: Work, outline: Outline, entries: list[LedgerEntry]) -> None:
        """Keep the outline of an item, which became ``entries``."""
        group = lesson.group or self._group(work)
        if work.common:
            outline.seat(entries, work.figures)
        group.outlines[group.rows(work.item, lesson.figures)] = outline if work.common else _APART
        self._keep(lesson.kind, group)

    def _kind(self, item: Item, figures: list[int]) -> Kind:
        user, supplier, money = item.user, item.supplier, item.amount.in_wallet_currency
        # Who the employee is counts only where a row asks, or where a vendor stands for this one (T36).
        if user is not None and not self._asks_user and self._vendors.of_employee(user.code) is None:
            user = None
        # Who the supplier is, beside what line rows ask, where it is one of the vendors (B3).
        if supplier is not None and self._vendors.of_supplier(supplier) is None:
            supplier = None
        own: list[Any] = []
        for number, line in enumerate(item.accounting_entry_lines):
            taxed = None if line.tax is None else _taxed(line.tax, figures[tax(number)], figures[base(number)])
            own += (_account(line.account), line.tags, taxed)
        return (
            item.type,
            item.sub_type,
            money.currency,
            money.value > 0,
            item.bookkeeping,
            _account(item.contra_account),
            item.vendor,
            supplier,
            user,
            item.team if self._asks_team else None,
            *own,
        )

    def _keep(self, kind: Kind, group: Group | None) -> None:
        if self._kept >= MOST:
            self._known.clear()
            self._kept = 0
        self._known[kind] = group
        self._kept += 1

    def _group(self, work: Work) -> Group:
        table, number = None, next(self._numbers)
        if work.row is not None and work.cell is not None and work.row.uses_line:
            table = self._lines.table(work.cell)
        if table is None or table.fields <= _IN_KIND:
            return Group(number, None, [], {})
        given = [self._lines.given(line, at)[0] for at, line in enumerate(work.item.accounting_entry_lines)]
        return Group(number, table, given, {}, self._rows if table.fields <= _IN_KIND | _OF_SUPPLIER else None)

    def _entry(self, item: Item, day: str, outline: Outline, figures: list[int]) -> Entry | None:
        paid = item.amount.paid
        original = None if paid is None else OriginalOf(paid.currency, hundredths(paid, "amount"))
        description = self._describe(item)
        if outline.template is not None:
            description = outline.template.render(item)
        entry = outline.frame(item, day, description, original)
        entry.status, entry.entries = "mapped", outline.filled(item, figures)
        return entry


def _account(given: Account | None) -> Kind | None:
    """What of an account decides; its name is told where it fails, and of its id alone whether it means none."""
    return None if given is None else (given.code, given.identifier, given.id == NO_ACCOUNT_ID)


def _taxed(given: Tax, part: int, rest: int) -> Kind:
    """What of a tax decides; whether there is any, and anything beside it, tells how many postings it makes."""
    return given.type, given.code, given.ingoing_tax_account, given.outgoing_tax_account, part > 0, rest > 0
