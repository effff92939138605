"""The rules as data: what a mapping file and its includes say, each part with its place."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pleoctl.mapping.rules.dialect import PLAIN, Dialect
from pleoctl.mapping.vocabulary import CELLS, LINE_KINDS, LINE_SIDES, ROLES, SETTING_CHAIN, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from pleoctl.mapping.items import Item
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.rules.when import When
    from pleoctl.mapping.vocabulary import Side
    from pleoctl.place import Place

DEFAULT_DIVISOR: Final = 100
RULES: Final = "ExportMapping"
_LITERAL: Final = "account:"


def literal(text: str) -> str:
    """The code that a text gives: ``account:wallet`` is the code ``wallet``, wherever a code is due."""
    return text.removeprefix(_LITERAL)


class Target(msgspec.Struct, frozen=True):
    """One side of a rule: a role, or the code of an account."""

    role: str | None
    code: str | None
    place: Place

    @classmethod
    def of(cls, text: str, place: Place) -> Target:
        """``wallet`` is a role, ``6540`` a code, ``account:wallet`` the code of an account spelt like a role."""
        if text in ROLES:
            return cls(text, None, place)
        return cls(None, literal(text), place)

    def __str__(self) -> str:
        return self.role or self.code or ""


class Leg(msgspec.Struct, frozen=True, dict=True):
    """One entry that a type row makes."""

    kind: str
    debit: Target
    credit: Target

    def on(self, side: Side) -> Target:
        """What stands on a side."""
        return self.debit if side == "debit" else self.credit

    @cached_property
    def line_side(self) -> Side | None:
        """The side that takes the lines' accounts, None where the leg has no expense side."""
        if self.debit.role == "line":
            return "debit"
        return "credit" if self.credit.role == "line" else None


class TypeRow(msgspec.Struct, frozen=True, dict=True):
    """A row of the expense-type table (hit policy UNIQUE).

    ``when`` holds the conditions as written, ``cells`` the feasible cells they select. ``doubtful`` rows have a
    condition that could not be understood; analysis leaves them out.
    """

    id: str
    when: When
    legs: tuple[Leg, ...]
    place: Place
    standard: bool = False
    replaces: tuple[str, ...] = ()
    doubtful: bool = False

    @cached_property
    def cells(self) -> frozenset[Cell]:
        """The feasible cells of the row."""
        return frozenset(self.when.cells(CELLS))

    @cached_property
    def uses_line(self) -> bool:
        """Whether an entry of this row has an expense side, so that line rules apply."""
        return any(leg.line_side for leg in self.legs)

    @cached_property
    def stand_ins(self) -> dict[Cell, tuple[Leg, Side]]:
        """Where the row names a code in the place that the standard table gives to the lines: the leg and its side.

        The code takes the place of each line there, which keeps its tax and tags.
        """
        return {cell: found for cell in self.cells if not self.uses_line and (found := self._stand_in(cell))}

    def _stand_in(self, cell: Cell) -> tuple[Leg, Side] | None:
        side = LINE_SIDES.get(cell.type)
        if side is None:
            return None
        # No payment of the standard table has lines, so a bank's code there is not in their place beside other legs.
        legs = [leg for leg in self.legs if leg.kind != "payment"] or self.legs
        coded = [leg for leg in legs if leg.on(side).code is not None]
        coded.sort(key=lambda leg: leg.kind != LINE_KINDS[cell.method, side])
        return (coded[0], side) if coded else None

    @cached_property
    def needs_vendor(self) -> bool:
        """Whether a side is accountsPayable, whose account is the vendor's."""
        return any(target.role == "accountsPayable" for target in self.targets)

    @property
    def targets(self) -> Iterator[Target]:
        """Both sides of every leg."""
        for leg in self.legs:
            yield from (leg.debit, leg.credit)


class Changes(msgspec.Struct, frozen=True):
    """What a line row sets beside the account.

    ``tax_code`` is empty where the line's stays, else the one code (None: taken away). ``tags`` are pairs of group and
    code (None: taken away).
    """

    tax_code: tuple[str | None, ...] = ()
    tags: tuple[tuple[str, str | None], ...] = ()
    description: Template | None = None

    def over(self, other: Changes) -> Changes:
        """These where they say something, else the other ones."""
        own = {group.casefold() for group, _ in self.tags}
        tags = tuple((group, code) for group, code in other.tags if group.casefold() not in own)
        if self == NOTHING:
            return other
        return Changes(self.tax_code or other.tax_code, self.tags + tags, self.description or other.description)


NOTHING: Final = Changes()


class Part(msgspec.Struct, frozen=True):
    """A part of a split: ``share`` of the whole, its account (None: the line's own), and what is set on it."""

    share: Fraction
    account: str | None
    changes: Changes = NOTHING


class LineRow(msgspec.Struct, frozen=True):
    """A row of the line table (hit policy FIRST); ``account`` is the code it gives to the line, None keeps its own.

    In place of an account, ``parts`` split the line and ``refuse`` fails the item. ``owner`` is the rule file that has
    the row, or names its table; ``within`` are the files that include that one, directly or not.
    """

    id: str
    when: When
    account: str | None
    place: Place
    doubtful: bool = False
    owner: str = ""
    within: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = ()
    refuse: str | None = None
    changes: Changes = NOTHING
    replaces: tuple[str, ...] = ()

    @property
    def needs_own(self) -> bool:
        """Whether the line's own account counts."""
        return any(part.account is None for part in self.parts or (self,)) and self.refuse is None

    @property
    def outcome(self) -> tuple[Any, ...]:
        """What the row does to a line; rows that do the same have the same."""
        return self.account, self.parts, self.refuse, self.changes

    def shown(self, own: str | None) -> str:
        """What the row does to a line that has an account of its own."""
        if self.refuse is not None:
            return f"refuse: {self.refuse}"
        keep = f"keep {own}"
        parts = [f"{float(part.share * 100):g} % {part.account or keep}" for part in self.parts]
        return " + ".join(parts) or self.account or keep


class VendorRow(msgspec.Struct, frozen=True):
    """A vendor of the accounting system with its own accounts-payable account, or None for the general one."""

    code: str
    place: Place
    external_id: str | None = None
    tax_registration_number: str | None = None
    supplier_code: str | None = None
    supplier_account: str | None = None
    account: str | None = None
    blocked: bool = False


class TaxCode(msgspec.Struct, frozen=True):
    """A tax code of the accounting system; what is not known of it is None."""

    code: str
    rate: Fraction | None = None
    type: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


class Given(msgspec.Struct, frozen=True):
    """A setting with its place."""

    value: Any
    place: Place


class TestCase(msgspec.Struct):
    """One test of the rules; ``path`` are the steps to it in its file."""

    name: str
    given: dict[str, Any]
    expect: Any
    place: Place
    path: tuple[str | int, ...]


class Rules(msgspec.Struct, eq=False, dict=True):
    """Everything that a mapping file and its includes say. ``digest`` identifies it, wherever it lies.

    ``types`` are the rows in force; ``replaced`` lists the others, each with the row that stands in for it. ``wants``
    are the kinds of which the rows are those of the desired state, and where that is said.
    """

    place: Place
    kind: str = RULES
    accounts: dict[str, Given] = msgspec.field(default_factory=dict)
    unmatched: Literal["fail", "fallback"] = "fail"
    match: tuple[str, ...] = ("code", "externalId", "taxRegistrationNumber")
    vendors: list[VendorRow] = msgspec.field(default_factory=list)
    tax_shape: Literal["code", "split"] = "code"
    tax_codes: frozenset[str] | None = None
    tax_table: dict[str, TaxCode] = msgspec.field(default_factory=dict)
    archived_tax_codes: frozenset[str] = frozenset()
    wants: dict[str, Place] = msgspec.field(default_factory=dict)
    description: Template | None = None
    divisors: dict[str, int] = msgspec.field(default_factory=dict)
    dialect: Dialect = PLAIN
    unexpected_contra: Literal["fail", "ignore"] = "fail"
    failure_types: Literal["design", "v3"] = "design"
    types: list[TypeRow] = msgspec.field(default_factory=list)
    replaced: list[tuple[TypeRow, TypeRow]] = msgspec.field(default_factory=list)
    otherwise: Literal["keep", "fail"] = "keep"
    lines: list[LineRow] = msgspec.field(default_factory=list)
    tests: list[TestCase] = msgspec.field(default_factory=list)
    sections: dict[str, Place] = msgspec.field(default_factory=dict)
    files: list[str] = msgspec.field(default_factory=list)
    digest: str = ""

    @cached_property
    def by_cell(self) -> dict[Cell, list[TypeRow]]:
        """The rows that match each feasible cell; exactly one where the table is sound."""
        found: dict[Cell, list[TypeRow]] = {cell: [] for cell in CELLS}
        for row in self.types:
            for cell in row.cells:
                found[cell].append(row)
        return found

    @property
    def inputs(self) -> set[str]:
        """The files that these rules were read from, relative to the workspace: rule files and lists of vendors."""
        return {*self.files, *(vendor.place.file for vendor in self.vendors)}

    def setting(self, role: str) -> tuple[str, str] | None:
        """Name and account code of the setting that a role falls back to; None where it is missing."""
        for name in SETTING_CHAIN[role]:
            if name in self.accounts:
                return name, self.accounts[name].value
        return None

    @property
    def describe(self) -> Callable[[Item], str]:
        """What gives the description of an item (D2, D4)."""
        return (lambda _item: "") if self.description is None else self.description.render

    def divisor(self, currency: str) -> int:
        """What an amount of a currency is divided by when it is printed (D9)."""
        return self.divisors.get(currency, DEFAULT_DIVISOR)
