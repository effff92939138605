"""Everything that one kind of record differs in from another: the row that all rooms loop over.

| kind     | identity                     | compared                          | duplicates in Pleo        |
|----------|------------------------------|-----------------------------------|---------------------------|
| taxCode  | code, byte for byte (X10)    | name, rate, type, tax accounts    | held and reported         |
| account  | externalId, byte for byte    | code, name, taxCodeExternalId     | held and reported (A38)   |
| tagGroup | code, ignoring case (T3)     | name, only with renameGroups (K4) | one kept by fixed order   |
| tag      | code, ignoring case, a group | name                              | rule T44-T49              |
| vendor   | externalId, byte for byte    | code, name, currency, numbers     | held and reported         |

A *flat* kind is a list of its own: a section of the desired state, of the source and of a plan's scope. Tag groups hold
the tags. What a kind does in Pleo stands in the module of `pleoctl.pleo` that the row names (`Kind.module`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pleoctl.model.rates import spelt as spelt_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST: Final = 255


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A text of a record. ``says`` is its description; ``shape`` refines its JSON Schema; ``title`` is for people.

    What the settings of a source can do: ``cure`` about rows that lack it, ``unit`` about those that have another form.
    ``rated``: a rate, in the table's ``rateUnit``; ``general``: a table may say it for all rows that lack it, by the
    field's own name; ``telling``: a line about a new record shows it.
    ``nullable``: null, absent and "" are one value. ``optional``: absent from a file means that it is not managed.
    ``strict`` is the shape that only rows that are not held must have; ``spelt`` gives the one spelling of a value.
    """

    name: str
    nullable: bool = False
    optional: bool = False
    longest: int | None = None
    says: str = ""
    shape: Mapping[str, Any] = field(default_factory=dict)
    strict: Mapping[str, Any] = field(default_factory=dict)
    spelt: Callable[[str], str] | None = None
    title: str = ""
    cure: str | None = None
    unit: str | None = None
    rated: bool = False
    general: bool = False
    telling: bool = False

    def misfit(self, value: str | None) -> str | None:
        """Why a row that is not held cannot have this value, as the end of a sentence."""
        pattern = self.strict.get("pattern")
        fits = value is None or pattern is None or re.search(pattern[:-1] + r"\Z", value)
        return None if fits else str(self.strict["x-message"])


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of record.

    ``fields`` are what a plan shows of it, in the order of files; ``local`` are texts of rows that never go to Pleo.
    ``waves`` is when each action is written: smaller numbers first, equal ones side by side; its actions are those that
    the kind has. ``unique`` are fields of which Pleo may refuse the value that another record has; ``keyed``: records
    without a key are not ours, and stay as they are. Kinds with the action ``confirm`` may have drafts, born in Pleo,
    that a row is told to be by its key, or else by one of ``marks``.
    """

    name: str
    title: str
    section: str
    key: str
    fields: tuple[Field, ...]
    waves: Mapping[str, int]
    folds_case: bool = False
    longest: int | None = None
    says: str = ""
    local: tuple[Field, ...] = ()
    parent: str | None = None
    holds: str | None = None
    create_batch: int = 1
    archive_batch: int = 1
    most_archives: int | None = None
    unique: tuple[str, ...] = ()
    keyed: bool = False
    marks: tuple[str, ...] = ()

    def normalise(self, key: str) -> str:
        """The form in which two keys are the same record (A2, A6; T3 by full case folding)."""
        return key.casefold() if self.folds_case else key

    @property
    def plural(self) -> str:
        """The title for counts."""
        return f"{self.title}s"

    @property
    def noun(self) -> str:
        """What one row of its section is called where rows are counted."""
        return self.title if self.is_flat else self.section.removesuffix("s")

    @property
    def module(self) -> str:
        """The name of the module of its operations in Pleo: ``accounts``, ``tag_groups``."""
        return self.plural.replace(" ", "_")

    @property
    def heading(self) -> str:
        """The title over a list."""
        return self.plural.capitalize()

    @property
    def is_flat(self) -> bool:
        """Whether it is a list of its own: neither below another kind nor holding one."""
        return self.parent is None and self.holds is None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields that a plan shows."""
        return tuple(one.name for one in self.fields)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The fields that a difference is looked for in: what is the key already cannot differ."""
        return tuple(name for name in self.names if name != self.key)

    @property
    def has_drafts(self) -> bool:
        """Whether records may be born in Pleo, to be confirmed once the accounting system has them (V5)."""
        return "confirm" in self.waves

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """What a state may hold beside ``archived``: of drafts also their state, and the key that they lack."""
        return (*self.names, self.key, "state") if self.has_drafts else self.names

    @cached_property
    def always(self) -> tuple[str, ...]:
        """The fields that are always managed."""
        return tuple(one.name for one in self.fields if not one.optional)

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The fields that are managed only where a row has them."""
        return tuple(one.name for one in self.fields if one.optional)

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """The texts of its rows that never go to Pleo."""
        return tuple(one.name for one in self.local)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The fields that every usable row must have beside its key."""
        others = (one.name for one in self.fields if not (one.nullable or one.optional))
        return tuple(name for name in others if name != self.key)

    @cached_property
    def limited(self) -> tuple[Field, ...]:
        """The key and the fields beside it that may not be long or have a form, those that are needed first."""
        others = sorted(
            (one for one in self.fields if one.name != self.key), key=lambda one: one.name not in self.needed
        )
        return tuple(one for one in (Field(self.key, longest=self.longest), *others) if one.longest or one.strict)

    def problem(self, texts: Mapping[str, str | None]) -> str | None:
        """Why a row with these texts cannot be used, as a sentence about one of its fields; None where it can."""
        if self._is_plain(texts):
            return None
        return next((words for _, words in self._faults(texts)), None)

    def _is_plain(self, texts: Mapping[str, str | None]) -> bool:
        """Whether there is no need to look closer, as in nearly all rows."""
        for name in self.needed:
            value = texts.get(name)
            if not value or value.isspace():
                return False
        for name, longest in self._limits:
            value = texts.get(name)
            if value and (longest is None or len(value) > longest):
                return False
        return True

    @cached_property
    def _limits(self) -> tuple[tuple[str, int | None], ...]:
        """The fields that may be too long, None where they have a form."""
        return tuple((one.name, None if one.strict else one.longest) for one in self.limited)

    def cure(self, texts: Mapping[str, str | None]) -> str | None:
        """What the settings of a source can do about the `problem` of a row; None where nothing."""
        return next((cure for cure, _ in self._faults(texts)), None)

    def _faults(self, texts: Mapping[str, str | None]) -> Iterator[tuple[str | None, str]]:
        for one in self.fields:
            value = texts.get(one.name)
            if one.name in self.needed and (not value or value.isspace()):
                yield one.cure, f"{one.name} is blank"
        for one in self.limited:
            if value := texts.get(one.name):
                if one.longest is not None and len(value) > one.longest:
                    yield None, f"{one.name} has more than {one.longest} characters"
                if one.strict and (wrong := one.misfit(one.spelt(value) if one.spelt else value)):
                    yield one.unit, f"{one.name} {value!r} {wrong}"

    @cached_property
    def rated(self) -> tuple[str, ...]:
        """The fields that are rates."""
        return tuple(one.name for one in self.fields if one.rated)

    @cached_property
    def general(self) -> tuple[str, ...]:
        """The fields that a table of a source may say for all rows that lack them."""
        return tuple(one.name for one in self.fields if one.general)

    @cached_property
    def nullable(self) -> frozenset[str]:
        """The fields of which "" is null."""
        return frozenset(one.name for one in self.fields if one.nullable)


_CURRENCY: Final = {
    "pattern": "^[A-Z]{3}$",
    "x-message": "is not a three-letter currency code",
    "x-hint": 'write three capital letters, e.g. "SEK"',
}

TAX_CODE: Final = Kind(
    "taxCode",
    "tax code",
    "taxCodes",
    "code",
    fields=(
        Field("code"),
        Field("name"),
        Field(
            "rate",
            says="A fraction as an exact decimal: 25 % is 0.25.",
            strict={
                "pattern": r"^(0(\.[0-9]{1,15})?|1(\.0{1,15})?)$",
                "x-message": "is not a rate",
                "x-hint": 'write a fraction from "0" to "1", "0.25" for 25 %',
            },
            spelt=spelt_rate,
            rated=True,
            telling=True,
            unit="rateUnit: percent in source.taxCodes reads 25 as 0.25",
        ),
        Field(
            "type",
            says="inclusive or reverse.",
            strict={
                "pattern": "^(inclusive|reverse)$",
                "x-message": "is neither inclusive nor reverse; Pleo does not support exclusive at present",
                "x-hint": "correct it, or hold the row with hold",
            },
            telling=True,
            cure="mend it in the books, or give a list without types one in source.taxCodes: "
            "fixed: {type: inclusive}, or fields: {type: \"'inclusive'\"} of an API",
        ),
        Field(
            "ingoingTaxAccount",
            nullable=True,
            optional=True,
            says="Account of ingoing tax; absent: not managed.",
            title="ingoing tax account",
        ),
        Field(
            "outgoingTaxAccount",
            nullable=True,
            optional=True,
            says="Account of outgoing tax; absent: not managed.",
            title="outgoing tax account",
        ),
    ),
    waves={"create": 10, "unarchive": 11, "update": 11, "archive": 25},
    says="The accounting system's code; accounts name it as taxCodeExternalId.",
    keyed=True,
)
ACCOUNT: Final = Kind(
    "account",
    "account",
    "accounts",
    "externalId",
    fields=(
        Field("code", nullable=True, longest=LONGEST, says="Account number; absent means null."),
        Field("name", longest=LONGEST),
        Field(
            "taxCodeExternalId",
            nullable=True,
            optional=True,
            says="Default tax code; absent: not managed, null: cleared.",
            title="tax code",
            telling=True,
        ),
    ),
    waves={"create": 20, "unarchive": 21, "update": 21, "archive": 22},
    longest=LONGEST,
    says="The accounting system's permanent id; never changes.",
    local=(
        Field(
            "currency",
            says="Only the mapping reads it.",
            shape=_CURRENCY,
        ),
    ),
    create_batch=1000,
)
TAG_GROUP: Final = Kind(
    "tagGroup",
    "tag group",
    "dimensions",
    "code",
    fields=(Field("code"), Field("name")),
    waves={"create": 30, "unarchive": 30, "update": 30, "archive": 34},
    folds_case=True,
    holds="tag",
    most_archives=1,
)
TAG: Final = Kind(
    "tag",
    "tag",
    "values",
    "code",
    fields=(Field("code"), Field("name")),
    waves={"archive": 31, "unarchive": 32, "update": 32, "create": 33},
    folds_case=True,
    parent="tagGroup",
    local=(
        Field(
            "expires",
            shape={
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                "x-message": "is not a date",
                "x-hint": 'write "YYYY-MM-DD", the last valid day',
            },
        ),
    ),
    archive_batch=100,
)

VENDOR: Final = Kind(
    "vendor",
    "vendor",
    "vendors",
    "externalId",
    fields=(
        Field("code", nullable=True, says="Vendor number, by which exports find it; absent means null."),
        Field("name"),
        Field(
            "defaultCurrency",
            says="Three letters.",
            strict=_CURRENCY,
            title="currency",
            general=True,
            cure="defaultCurrency in source.vendors is that of rows whose own is empty",
        ),
        Field(
            "country",
            nullable=True,
            optional=True,
            says="Two letters; absent: not managed, null: cleared.",
            strict={
                "pattern": "^[A-Z]{2}$",
                "x-message": "is not a two-letter country code",
                "x-hint": 'write two capital letters, e.g. "SE"',
            },
        ),
        Field(
            "registrationNumber",
            nullable=True,
            optional=True,
            says="Absent: not managed, null: cleared.",
            title="registration number",
        ),
        Field(
            "taxRegistrationNumber",
            nullable=True,
            optional=True,
            says="Absent: not managed, null: cleared.",
            title="tax number",
        ),
    ),
    waves={"create": 40, "confirm": 41, "unarchive": 41, "update": 41, "archive": 42},
    says="The accounting system's permanent id; never changes.",
    local=(Field("payableAccount", says="Only the mapping reads it: the liability account of the vendor."),),
    unique=("code", "name"),
    keyed=True,
    marks=("code", "taxRegistrationNumber"),
)

KINDS: Final = {kind.name: kind for kind in (TAX_CODE, ACCOUNT, TAG_GROUP, TAG, VENDOR)}
"""Every kind by its name, in the order in which plans and reports list them."""


def flat_kinds() -> list[Kind]:
    """The kinds that are lists of their own, in their order."""
    return [kind for kind in KINDS.values() if kind.is_flat]


def kind_titles() -> dict[str, str]:
    """The heading of each kind by its name."""
    return {name: kind.heading for name, kind in KINDS.items()}


def loose(key: str) -> str:
    """The form under which two different keys look the same to people: NFC, case folded, blanks stripped (A6, T4)."""
    if key.isascii():
        return key.lower().strip()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold()).strip()
