"""The closed words of the mapping: Pleo's types, the feasible cells, roles, fields and failure reasons.

A *cell* is one (type, subType, method) that an export item can have; ``method`` is the route that the bookkeeping
rules B1-B6 lead to. The pairs of type and subtype are those of table T; any other pair fails (T26).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

JOURNAL: Final = "journal"
Side = Literal["debit", "credit"]
OTHER_SIDE: Final[dict[str, Side]] = {"debit": "credit", "credit": "debit"}
ACCOUNTS_PAYABLE: Final = "accounts_payable"
METHODS: Final = (JOURNAL, ACCOUNTS_PAYABLE)

_REIMBURSEMENTS: Final = (
    "reimbursement_to_employee",
    "reimbursement_to_employee_refund",
    "reimbursement_to_company",
)

#: Subtypes of each type as table T lists them; None stands for an absent subtype (T29 for personal_spend).
SUBTYPES: Final[dict[str, tuple[str | None, ...]]] = {
    "card_purchase": (None,),
    "card_invoice": (None,),
    "fee": (None, "interest"),
    "out_of_pocket": (None,),
    "mileage": (None,),
    "per_diem": (None,),
    "direct_reimbursement": _REIMBURSEMENTS,
    "external_reimbursement": _REIMBURSEMENTS,
    "invoice": (None,),
    "invoice_payment": (None, "invoice_payment_sent", "invoice_payment_returned"),
    "refund": (None,),
    "chargeback": (None,),
    "cashback": (None,),
    "atm_withdrawal": (None,),
    "personal_spend": (None, "reimbursement_to_company"),
    "wallet_topup": (None,),
    "wallet_unload": (None,),
}
TYPES: Final = tuple(SUBTYPES)

#: Always journal entries, whatever ``bookkeeping.method`` says (B1, T38, T39).
JOURNAL_ONLY: Final = frozenset({"wallet_topup", "wallet_unload", "atm_withdrawal", "personal_spend"})

#: Types on which a vendor may be tagged, hence those of the legacy supplier match (B3, B7).
VENDOR_TYPES: Final = frozenset(
    {"card_purchase", "fee", "chargeback", "refund", "cashback", "invoice", "invoice_payment"}
)

#: Types for which Pleo sends ``contraAccount`` (M11).
CONTRA_TYPES: Final = frozenset(
    {
        "card_purchase",
        "fee",
        "cashback",
        "refund",
        "chargeback",
        "direct_reimbursement",
        "invoice_payment",
        "card_invoice",
        "atm_withdrawal",
        "personal_spend",
        "wallet_topup",
        "wallet_unload",
    }
)

#: Pairs whose money flows back, the only ones whose amounts may be negative (T9, T10, T12, T13, T16-T19, T41).
INVERTED: Final = frozenset(
    {
        *((t, s) for t in ("direct_reimbursement", "external_reimbursement") for s in _REIMBURSEMENTS[1:]),
        ("invoice_payment", "invoice_payment_returned"),
        ("refund", None),
        ("chargeback", None),
        ("cashback", None),
    }
)


class Cell(NamedTuple):
    """One feasible combination of type, subtype (None: absent) and route."""

    type: str
    sub_type: str | None
    method: str

    def __str__(self) -> str:
        pair = self.type if self.sub_type is None else f"{self.type}/{self.sub_type}"
        return f"{pair} by {self.method}"


#: Every feasible cell, in the order of table T.
CELLS: Final = tuple(
    Cell(kind, sub, method)
    for kind, subs in SUBTYPES.items()
    for sub in subs
    for method in (METHODS[:1] if kind in JOURNAL_ONLY else METHODS)
)

#: The side of the lines in the standard table, for every type that has such a side (T1-T7, T14, T17-T19).
LINE_SIDES: Final[dict[str, Literal["debit", "credit"]]] = {
    **dict.fromkeys(
        ("card_purchase", "card_invoice", "fee", "out_of_pocket", "mileage", "per_diem", "invoice"), "debit"
    ),
    **dict.fromkeys(("refund", "chargeback", "cashback"), "credit"),
}

#: The leg of the standard table that has the lines, by route and side (T30, T33-T36).
LINE_KINDS: Final = {
    (JOURNAL, "debit"): "journal",
    (JOURNAL, "credit"): "journal",
    (ACCOUNTS_PAYABLE, "debit"): "invoice",
    (ACCOUNTS_PAYABLE, "credit"): "creditNote",
}

ROLES: Final = (
    "line",
    "wallet",
    "outOfPocket",
    "contra",
    "externalReimbursement",
    "accountsPayable",
    "employeePayable",
)

#: The account setting a role falls back to, then that setting's own default (C-24).
SETTING_CHAIN: Final[dict[str, tuple[str, ...]]] = {
    "wallet": ("wallet",),
    "outOfPocket": ("outOfPocket",),
    "contra": ("contra",),
    "externalReimbursement": ("externalReimbursement", "contra"),
    "accountsPayable": ("accountsPayable",),
    "employeePayable": ("employeePayable", "accountsPayable"),
}

#: Text fields of a line rule that compare by casefold; ``tag.<group>`` fields do too.
FOLDED_FIELDS: Final = frozenset({"supplier", "note"})
_TAG_PREFIX: Final = "tag."
#: The posting date, as rows ask for it by ``from`` and ``until``.
DATE: Final = "date"
CELL_FIELDS: Final = ("type", "subType", "method")
#: Fields whose values are whole numbers: hundredths without a sign, or how many there are.
NUMBERS: Final = frozenset({"amount", "itemAmount", "netAmount", "originalAmount", "attendees", "files"})
#: The item's amount by its attendees, which need not be a whole number.
PER_ATTENDEE: Final = "perAttendee"
WEEKDAY: Final = "weekday"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Fields that every item or line has, so that ``null`` never matches them.
NEVER_NULL: Final = frozenset(
    {"type", "method", "currency", "amount", "itemAmount", "netAmount", "attendees", "files", WEEKDAY, DATE}
)

VALIDATION_FAILURE: Final = "validation_failure"
MISSING_CONFIGURATION: Final = "missing_configuration"
INVALID_CONFIGURATION: Final = "invalid_configuration"
VENDOR_UNKNOWN: Final = "vendor_unknown"

#: Reason types of things absent in the accounting system, by ``failureTypes`` (C-7).
ABSENT_REASONS: Final[dict[str, dict[str, str]]] = {
    "design": dict.fromkeys(("account", "taxCode", "tag"), INVALID_CONFIGURATION),
    "v3": {"account": "account_unknown", "taxCode": "tax_code_unknown", "tag": "tag_unknown"},
}

NO_ACCOUNT_ID: Final = "00000000-0000-0000-0000-000000000000"


def tag_group(field: str) -> str | None:
    """The group of a field ``tag.<group>``; None for any other field."""
    return field.removeprefix(_TAG_PREFIX) if field.startswith(_TAG_PREFIX) else None


def is_folded(field: str) -> bool:
    """Whether the field compares by casefold."""
    return field in FOLDED_FIELDS or tag_group(field) is not None
