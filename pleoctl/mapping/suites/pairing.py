"""Which posting meets which expectation of a test.

An expectation names a side, an amount, and a role or a code; a posting of that side and amount meets it by its role or
by its account. So a posting may meet several, and the pairs are chosen so that most expectations are met.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.rules.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.mapping.engine.entries import LedgerEntry, Posting

_TAX_ROLE: Final = "tax"
_NOWHERE: Any = None
#: With more expectations of one side and amount than this, the first pair that fits is taken.
MAX_EXACT: Final = 100

Wanted = dict[str, Any]


def target_of(wanted: Wanted) -> Target:
    """The role or code that an expectation names."""
    return Target.of(wanted[_side(wanted)], _NOWHERE)


def _side(wanted: Wanted) -> str:
    return "debit" if "debit" in wanted else "credit"


#: What an expectation may say of a posting beside side, amount, and role or code.
CARRIED: Final = ("taxCode", "tags")


def carried(posting: Posting, names: Iterable[str]) -> dict[str, Any]:
    """What a posting carries, of the names given."""
    known: dict[str, Any] = {"taxCode": posting.tax_code, "tags": posting.tags}
    return {name: known[name] for name in CARRIED if name in names}


def _carries(wanted: Wanted, posting: Posting) -> bool:
    """Whether a posting carries what an expectation asks for; groups of tags have no case."""
    if "taxCode" in wanted and wanted["taxCode"] != posting.tax_code:
        return False
    return "tags" not in wanted or _folded(wanted["tags"]) == _folded(posting.tags)


def _folded(tags: dict[str, str]) -> dict[str, str]:
    return {group.casefold(): code.casefold() for group, code in tags.items()}


def paired(expected: list[Wanted], entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The entries in the order of the expectations they meet; order is free, so kind and postings decide."""
    left = list(entries)
    found = []
    for wanted in expected:
        if not left:
            break
        best = max(left, key=lambda ledger: _likeness(wanted, ledger))
        left.remove(best)
        found.append(best)
    return found + left


def _likeness(wanted: Wanted, ledger: LedgerEntry) -> tuple[bool, int]:
    names = {name for posting in ledger.postings for name in _names_of(posting)}
    return wanted["kind"] == ledger.kind, sum(_name(posting) in names for posting in wanted["postings"])


def met_by(expected: list[Wanted], postings: Sequence[Posting]) -> dict[int, int]:
    """For each posting that meets an expectation, which one."""
    alike: dict[tuple[str, int], _Alike] = defaultdict(_Alike)
    for number, posting in enumerate(postings):
        alike[posting.side, posting.amount].add(number, posting)
    wanted: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, one in enumerate(expected):
        wanted[_side(one), one["amount"]].append(index)
    for key, indexes in wanted.items():
        exact = len(indexes) <= MAX_EXACT
        # A code is met by few postings, a role by many.
        for index in sorted(indexes, key=lambda i: target_of(expected[i]).role is not None):
            alike[key].meet(index, expected, set(), exact=exact)
    return {number: index for part in alike.values() for number, index in part.met.items()}


class _Alike:
    """Postings of one side and amount, by the roles and codes that mean them."""

    def __init__(self) -> None:
        self.met: dict[int, int] = {}
        self._postings: dict[int, Posting] = {}
        self._numbers: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)

    def add(self, number: int, posting: Posting) -> None:
        self._postings[number] = posting
        for role, code in _meanings(posting):
            self._numbers[role, code].append(number)

    def meet(self, index: int, expected: list[Wanted], tried: set[int], *, exact: bool) -> bool:
        """Find a posting for an expectation; ``exact``: also by moving others to further ones that they match too."""
        target = target_of(expected[index])
        numbers = self._numbers[target.role, target.code]
        wanted = expected[index]
        if not wanted.keys().isdisjoint(CARRIED):
            numbers = [number for number in numbers if _carries(wanted, self._postings[number])]
        if not exact:
            while numbers and numbers[-1] in self.met:
                numbers.pop()
            if numbers:
                self.met[numbers.pop()] = index
            return True
        for number in numbers:
            if number not in tried:
                tried.add(number)
                if number not in self.met or self.meet(self.met[number], expected, tried, exact=True):
                    self.met[number] = index
                    return True
        return False


def _meanings(posting: Posting) -> list[tuple[str | None, str | None]]:
    found: list[tuple[str | None, str | None]] = [(None, posting.account)]
    if posting.role == _TAX_ROLE and posting.account != _TAX_ROLE:
        return [*found, (None, _TAX_ROLE)]
    return found if posting.role is None else [*found, (posting.role, None)]


Name = tuple[str, int, str | None, str | None]


def _names_of(posting: Posting) -> list[Name]:
    return [(posting.side, posting.amount, *meaning) for meaning in _meanings(posting)]


def _name(wanted: Wanted) -> Name:
    target = target_of(wanted)
    return (_side(wanted), wanted["amount"], target.role, target.code)
