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

from typing import Final

from pleoctl.model.kind import Cure, Field, Kind
from pleoctl.model.rates import spelt as spelt_rate

LONGEST: Final = 255
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
            unit=Cure("rateUnit: percent in source.taxCodes reads 25 as 0.25", "rateUnit"),
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
            cure=Cure(
                "mend it in the books, or give a list without types one in source.taxCodes: "
                "fixed: {type: inclusive}, or fields: {type: \"'inclusive'\"} of an API"
            ),
        ),
        Field(
            "ingoingTaxAccount",
            nullable=True,
            optional=True,
            says="Account of ingoing tax; absent: not managed.",
            title="ingoing tax account",
            telling=True,
        ),
        Field(
            "outgoingTaxAccount",
            nullable=True,
            optional=True,
            says="Account of outgoing tax; absent: not managed.",
            title="outgoing tax account",
            telling=True,
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
            telling=True,
            general=True,
            cure=Cure("defaultCurrency in source.vendors is that of rows whose own is empty", "defaultCurrency"),
        ),
        Field(
            "country",
            nullable=True,
            optional=True,
            says="Two letters; absent: not managed, null: cleared.",
            title="country",
            telling=True,
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
            telling=True,
        ),
        Field(
            "taxRegistrationNumber",
            nullable=True,
            optional=True,
            says="Absent: not managed, null: cleared.",
            title="tax number",
            telling=True,
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
