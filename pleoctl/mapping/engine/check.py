"""What must hold before anything is posted: amounts, and what the accounting system has (M18, M21, D6, X7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.record import CONTRA_BRANCH, Resolved
from pleoctl.mapping.failures import ItemFailure, invalid, look, wrong
from pleoctl.mapping.rules.model import LineRow
from pleoctl.mapping.vocabulary import ABSENT_REASONS, CONTRA_TYPES, INVALID_CONFIGURATION, INVERTED

if TYPE_CHECKING:
    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Account, Tag, Tax
    from pleoctl.mapping.rules.model import Rules, TaxCode

    #: Who named an account: a row, the line's own category, the side of an entry, the code of a tax.
    Origin = LineRow | Account | Resolved | str | None

_REVERSE = "reverse"
#: What to do about a tax code whose tax would be another.
_INSTEAD = "the tax is booked as Pleo sends it, so set a code of the same rate and type, or `taxCode: null`"
_TAX_TYPES = frozenset({"inclusive", "exclusive", _REVERSE})


class Checks:
    """Checks of what an item leads to. Without a ``catalog`` nothing is checked against the accounting system."""

    def __init__(self, rules: Rules, catalog: Catalog | None) -> None:
        """``rules`` say how failures are called and which tax codes there are."""
        self.catalog = catalog
        self._contra_fails = rules.unexpected_contra == "fail"
        self._tax_codes = rules.tax_codes
        self._tax_table = rules.tax_table
        self._archived = rules.archived_tax_codes
        self._absent = ABSENT_REASONS[rules.failure_types]

    def contra(self, work: Work) -> None:
        """Fail an item whose type is not documented to carry a ``contraAccount``, or leave it aside (M11, M24)."""
        if work.item.contra_account is None or work.item.type in CONTRA_TYPES:
            return
        if self._contra_fails:
            raise look(f"{work.item.type} is not expected to carry a contraAccount")
        work.warnings.append(f"the contraAccount of this {work.item.type} was left aside")

    def account(self, account: str, work: Work, origin: Origin) -> None:
        """Raise `ItemFailure` where the accounting system cannot post to an account (M18, M20, M21).

        ``origin``: who named it, for the text.
        """
        if self.catalog is None or work.currency is None:
            return
        problem = self.catalog.account_problem(account, work.currency)
        if problem is not None:
            reason = self._absent["account"] if problem[0] == "absent" else INVALID_CONFIGURATION
            raise ItemFailure(reason, problem[1] + _origin(origin))

    def usable(self, account: str, currency: str) -> bool:
        """Whether the same finds nothing wrong."""
        return self.catalog is None or self.catalog.account_problem(account, currency) is None

    def ends(self, tag: Tag) -> bool:
        """Whether a tag can be posted on some days alone."""
        return self.catalog is not None and self.catalog.end_of(tag.group_code, tag.code) is not None

    def tag(self, group: str, code: str, day: str) -> None:
        """Raise `ItemFailure` for a tag that the accounting system does not have on a day (D6)."""
        problem = None if self.catalog is None else self.catalog.tag_problem(group, code, day)
        if problem is not None:
            kind, text = problem
            reason = self._absent["tag"] if kind == "absent" else INVALID_CONFIGURATION
            raise ItemFailure(reason, f"{text}; choose another in Pleo, or export the desired state again")

    def tax_code(self, code: str | None) -> None:
        """Raise `ItemFailure` for a tax code that is not among the listed ones (X7)."""
        if code in self._archived:
            raise wrong(f"tax code {code} is archived in the accounting system; choose another in Pleo")
        if code is not None and self._tax_codes is not None and code not in self._tax_codes:
            text = f"tax code {code} is not among tax.taxCodes; choose another in Pleo, or add it (desired: export)"
            raise ItemFailure(self._absent["taxCode"], text)

    def stand_in(self, code: str, tax: Tax, number: int, row: LineRow | None) -> TaxCode:
        """The tax code that a row sets in place of a line's own where the tax is split off, and whose accounts count.

        Raises `ItemFailure` where rate or type are not the same, or not known, since the amounts would be others.
        """
        given, own = self._tax_table.get(code), self._tax_table.get(tax.code or "")
        setter = "the row" if row is None else f"row {row.id!r} ({row.place.exact})"
        what = f"line {number + 1}: {setter} sets tax code {code}"
        if not tax.code:
            raise wrong(f"{what}, but the line has a tax without a code, so its rate is not known; {_INSTEAD}")
        if given is None or own is None or given.rate is None or own.rate is None:
            unknown = tax.code if own is None or own.rate is None else code
            raise wrong(
                f"{what} in place of {tax.code}, but the rate of {unknown} is not known: "
                "list both in tax.taxCodes with rate and type"
            )
        if (given.rate, given.type) != (own.rate, own.type):
            raise wrong(f"{what}, which is {_shown(given)}, but the line's {tax.code} is {_shown(own)}; {_INSTEAD}")
        if (tax.type == _REVERSE) != (given.type == _REVERSE):
            raise wrong(f"{what}, which is {_shown(given)}, but the line's tax is {tax.type}; {_INSTEAD}")
        return given


def _shown(code: TaxCode) -> str:
    return f"{float((code.rate or 0) * 100):g} % {code.type or 'of no type'}"


def _origin(origin: Origin) -> str:
    """Who named an account that cannot be posted to, and where that is mended."""
    if origin is None:
        return ""
    if isinstance(origin, Resolved):
        return _side(origin)
    if isinstance(origin, LineRow):
        return f" (row {origin.id!r}, {origin.place.exact}); name another account there"
    if isinstance(origin, str):
        return f" (tax code {origin}); correct the accounts of the tax code in Pleo, or in tax.taxCodes"
    return f"{f' (category {origin.name})' if origin.name else ''}; look at the category in Pleo"


def _side(found: Resolved) -> str:
    """The same of an account that a role led to."""
    if found.setting is not None:
        return f" ({found.branch}); name another account there, or export the desired state again"
    if found.branch == CONTRA_BRANCH:
        return f" ({found.branch} of the item); look at the contra accounts in Pleo"
    return f" (account of the {found.branch})" if found.branch else ""


def check_amounts(work: Work) -> None:
    """The lines must add up and point one way. Raises `ItemFailure` (N4, N6, T41)."""
    values = work.values
    if len(values) == 1 and values[0] == work.amount > 0:
        return  # as of almost every item
    if sum(values) != work.amount:
        raise look(f"the lines add up to {sum(values)}, the item's amount is {work.amount} (hundredths)")
    if work.amount == 0 and not any(values):
        raise look("the item's amount is zero")
    if min(values) < 0:
        if max(values) > 0:
            raise look("some lines are positive and some negative")
        if (work.item.type, work.item.sub_type) not in INVERTED:
            raise look(f"{work.item.type} takes money one way, but the amount is negative")


def check_tax_type(tax: Tax, number: int) -> None:
    """A tax of an unknown type cannot be split off. Raises `ItemFailure`."""
    if tax.type not in _TAX_TYPES:
        raise invalid(f"line {number + 1}: unknown tax type {tax.type[:40]!r}; look at the tax code in Pleo")


def check_tax(tax: Tax, value: int, work: Work, number: int) -> None:
    """What a tax of so many hundredths must be, under either shape. Raises `ItemFailure`."""
    whole, currency = work.values[number], tax.amount.in_wallet_currency.currency
    if not tax.type or tax.type != tax.type.strip():
        raise invalid(
            f"line {number + 1}: the tax has no type (inclusive, exclusive or reverse); look at the tax code in Pleo"
        )
    if currency != work.currency:
        raise look(f"line {number + 1}: the tax is in {currency[:20]}, the item in {work.currency}")
    if value * whole < 0:
        raise look(f"line {number + 1}: the tax and the line have opposite signs")
    if tax.type != "reverse" and abs(value) > abs(whole):
        raise look(f"line {number + 1}: the tax is larger than the line")
