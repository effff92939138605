"""From a type row and shares to balanced postings (N3, N5, M22, X5, X6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.mapping.engine.entries import LedgerEntry, Posting
from pleoctl.mapping.engine.record import NOBODY
from pleoctl.mapping.failures import missing
from pleoctl.mapping.items import said
from pleoctl.mapping.vocabulary import OTHER_SIDE, Side

if TYPE_CHECKING:
    from pleoctl.mapping.engine.accounts import Accounts
    from pleoctl.mapping.engine.check import Checks
    from pleoctl.mapping.engine.share import Share
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.rules.model import Leg

#: The role of tax accounts.
TAX_ROLE: Final = "tax"


class Poster:
    """Makes the entry of each leg."""

    def __init__(self, accounts: Accounts, checks: Checks) -> None:
        """``accounts`` know the accounts of roles, ``checks`` what the accounting system has."""
        self._accounts = accounts
        self._checks = checks

    def leg(self, leg: Leg, side: Side | None, work: Work) -> LedgerEntry:
        """The entry of a leg, whose ``side`` has the item's shares (None: neither). Raises `ItemFailure`.

        What stands against the whole item comes last.
        """
        if side is None:
            amount = abs(work.amount)
            return LedgerEntry(
                leg.kind, [self._counter("debit", leg, amount, work), self._counter("credit", leg, amount, work)]
            )
        if leg.line_side is None:
            work.recorder.account(leg.kind, side, self._accounts.resolve(leg.on(side), work))
        postings: list[Posting] = []
        for share in work.shares:
            postings += self.share(share, side, work)
        # The counter posting is the exact sum of the lines, so an entry cannot be out of balance (N3, N5, M22).
        total = sum([share.amount for share in work.shares])
        postings.append(self._counter(OTHER_SIDE[side], leg, total, work))
        return LedgerEntry(leg.kind, postings)

    def share(self, share: Share, side: Side, work: Work) -> list[Posting]:
        """The postings of a share on a side, and those of its tax. Raises `ItemFailure`."""
        if share.tax:
            return self._split(share, side, work)
        # Where nothing is split off, as with a rate of zero, the line itself carries the code (D2).
        return [_line_posting(share, side, work, share.amount, share.tax_code)]

    def _counter(self, side: Side, leg: Leg, amount: int, work: Work) -> Posting:
        found = self._accounts.resolve(leg.on(side), work)
        if work.recorder is not NOBODY:
            work.recorder.account(leg.kind, side, found)
        return Posting(side, found.account, found.role, amount, work.currency or "", branch=found.branch)

    def _split(self, share: Share, side: Side, work: Work) -> list[Posting]:
        """The line, and the tax with postings of its own (X5, X6)."""
        given = share.line.tax
        reverse = given is not None and given.type == "reverse"
        amount = share.amount if reverse else share.amount - share.tax
        made = []
        if amount:
            made.append(_line_posting(share, side, work, amount, None))
        made.append(self._tax(share, side, work, "ingoing"))
        if reverse:
            made.append(self._tax(share, OTHER_SIDE[side], work, "outgoing"))
        return made

    def _tax(self, share: Share, side: Side, work: Work, which: str) -> Posting:
        account = said(getattr(share.stands_for or share.line.tax, f"{which}_tax_account"))
        if account is None:
            code = share.tax_code or "without code"
            raise missing(f"tax {code} has no {which}TaxAccount; set the accounts of the tax code in Pleo")
        self._checks.account(account, work, share.tax_code or "without code")
        return Posting(
            side,
            account,
            TAX_ROLE,
            share.tax,
            work.currency or "",
            share.line.accounting_entry_line_id,
            share.tax_code,
            branch=f"{which}TaxAccount",
        )


def _line_posting(share: Share, side: Side, work: Work, amount: int, tax_code: str | None) -> Posting:
    rule, branch = (None, "line") if share.row is None else (share.row.id, "rule")
    return Posting(
        side,
        share.account,
        None if share.stands_in else "line",
        amount,
        work.currency or "",
        share.line.accounting_entry_line_id,
        tax_code,
        share.tags,
        rule,
        None if share.stands_in else branch,
    )
