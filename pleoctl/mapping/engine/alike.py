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

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import Entry, OriginalOf
from pleoctl.mapping.engine.facts import Facts
from pleoctl.mapping.engine.figures import A_LINE, figures_of, gross, tax
from pleoctl.mapping.engine.outline import Outline
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import LedgerEntry
    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.engine.linetable import LineTable
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Account, Item
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.mapping.rules.vendors import Vendors

#: Kinds and outlines that are kept; where there are more, all are forgotten.
MOST: Final = 4096

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
_NEVER: Final = ...


class Group(msgspec.Struct):
    """Items of a kind. Their line rows are asked anew in ``table``, with the lines' accounts in ``given``.

    ``table`` None: the kind says all.
    """

    table: LineTable | None
    given: list[str | None]
    outlines: dict[Rows, Outline]

    def rows(self, item: Item, figures: list[int]) -> Rows:
        """What the line table says of an item. Raises `ItemFailure` as it does."""
        if self.table is None:
            return ()
        found, find, at = [], self.table.find, gross(0)
        for line, given in zip(item.accounting_entry_lines, self.given, strict=True):
            found.append(id(find(Facts(item, line, given, figures[at]))))
            at += A_LINE
        return tuple(found)


class Lesson(msgspec.Struct, gc=False):
    """What is to be kept of an item that the engine maps: its outline. ``group`` None: it is the second of its kind."""

    kind: Kind
    figures: list[int]
    group: Group | None


_NO_ACCOUNT: Final[Kind] = (None, None, None)
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
        own = [
            item.type,
            item.sub_type,
            money.currency,
            money.value > 0,
            item.bookkeeping,
            item.vendor,
            supplier,
            user,
            item.team if self._asks_team else None,
            *_account(item.contra_account),
        ]
        at = tax(0)
        for line in item.accounting_entry_lines:
            given = line.tax
            own += _account(line.account)
            own.append(line.tags)
            if given is None:
                own.append(None)
            else:
                # Whether there is any, and anything beside it, tells how many postings a tax makes.
                own += given.type, given.code, given.ingoing_tax_account, given.outgoing_tax_account
                own += figures[at] > 0, figures[at + 1] > 0
            at += A_LINE
        return tuple(own)

    def _keep(self, kind: Kind, group: Group | None) -> None:
        if self._kept >= MOST:
            self._known.clear()
            self._kept = 0
        self._known[kind] = group
        self._kept += 1

    def _group(self, work: Work) -> Group:
        table = None
        if work.row is not None and work.cell is not None and work.row.uses_line:
            table = self._lines.table(work.cell)
        if table is None or table.fields <= _IN_KIND:
            return Group(None, [], {})
        given = [self._lines.given(line, at)[0] for at, line in enumerate(work.item.accounting_entry_lines)]
        return Group(table, given, {})

    def _entry(self, item: Item, day: str, outline: Outline, figures: list[int]) -> Entry | None:
        paid = item.amount.paid
        original = None if paid is None else OriginalOf(paid.currency, hundredths(paid, "amount"))
        description = self._describe(item)
        if outline.template is not None:
            description = outline.template.render(item)
        entry = outline.frame(item, day, description, original)
        entry.status, entry.entries = "mapped", outline.filled(item, figures)
        return entry


def _account(given: Account | None) -> Kind:
    """What of an account decides; its name is told where it fails, and of its id alone whether it means none."""
    return _NO_ACCOUNT if given is None else (given.code, given.identifier, given.id == NO_ACCOUNT_ID)
