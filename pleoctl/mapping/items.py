"""The export item as the mapping reads it: the parts of Pleo's ExportItemV3 that decide an entry.

Null and absent are the same, unknown keys and unknown words are kept out of the way, wrong types fail the item.
Amounts are hundredths of the unit in the wallet's currency (D7, D9), dates are ISO timestamps, ids are UUIDs. Parts
that items have in common are frozen: values that can be compared and looked up as a whole.
"""

import json
import re
from functools import cache
from typing import Any, Final

import msgspec

from pleoctl.documents.misfit import fitted, misfit

_CAPITAL: Final = re.compile("[A-Z]")


@cache
def attribute(name: str) -> str:
    """The attribute that holds what Pleo calls ``taxIdentifier``."""
    return _CAPITAL.sub(lambda match: f"_{match[0].lower()}", name)


def said(text: str | None) -> str | None:
    """A text that says something: an empty one, or one of blanks, is as good as none."""
    return text if text and not text.isspace() else None


class Money(msgspec.Struct, gc=False):
    """An amount in hundredths; a float is accepted only where it is integral (see the engine)."""

    currency: str
    value: int | float


class Amount(msgspec.Struct, rename="camel", gc=False):
    """An amount as Pleo sends it, of which only the wallet's currency is posted (D7)."""

    in_wallet_currency: Money


class Total(Amount, rename="camel", gc=False):
    """The item's amount, with what was paid at the supplier's."""

    in_supplier_currency: Money | None = None

    @property
    def paid(self) -> Money | None:
        """What was paid at the supplier's; None where no currency says what it is."""
        given = self.in_supplier_currency
        return given if given is not None and given.currency.strip() else None


class Account(msgspec.Struct, frozen=True, gc=False):
    """A ledger account on a line or as contra account (M8, M14)."""

    id: str | None = None
    name: str | None = None
    code: str | None = None
    identifier: str | None = None


class Tax(msgspec.Struct, rename="camel", gc=False):
    """The tax of one line (X2, X3)."""

    amount: Amount
    type: str
    code: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


class Tag(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A tag: ``group_code`` is the dimension, ``code`` its value (D5)."""

    code: str
    group_code: str


class Line(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """One of the item's lines."""

    accounting_entry_line_id: str | None = None
    line_amount: Amount
    account: Account | None = None
    tax: Tax | None = None
    tags: tuple[Tag | None, ...] | None = None


class Supplier(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The merchant as seen on the transaction."""

    name: str | None = None
    code: str | None = None
    account: str | None = None
    category_code: str | None = None
    country: str | None = None
    tax_identifier: str | None = None


class Vendor(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The vendor record that Pleo knows from the accounting system."""

    name: str | None = None
    code: str | None = None
    external_id: str | None = None
    tax_registration_number: str | None = None


class Person(msgspec.Struct, frozen=True, gc=False):
    """A user or a team."""

    name: str | None = None
    code: str | None = None


class Bookkeeping(msgspec.Struct, frozen=True, gc=False):
    """How the item is to be booked (B1-B6)."""

    method: str | None = None


class Invoice(msgspec.Struct, rename="camel", gc=False):
    """Invoice data (D10); dates as ISO dates or timestamps."""

    invoice_number: str | None = None
    invoice_date: str | None = None
    due_date: str | None = None


class Period(msgspec.Struct, gc=False):
    """The service period (ISO dates or timestamps)."""

    start: str | None = msgspec.field(default=None, name="from")
    end: str | None = msgspec.field(default=None, name="to")


class Information(msgspec.Struct, rename="camel", gc=False):
    """What links the item to other entries."""

    reconciliation_id: str
    reconciled_entries: list[str | None] | None = None
    attendees: list[str | None] | None = None
    invoice_information: Invoice | None = None


class Item(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """One export item, that is one expense (E1); keys in the order in which Pleo sends them are found the soonest."""

    accounting_entry_id: str
    company_id: str | None = None
    type: str
    sub_type: str | None = None
    date: str
    amount: Total
    note: str | None = None
    files: list[Any] | None = None
    bookkeeping: Bookkeeping | None = None
    contra_account: Account | None = None
    vendor: Vendor | None = None
    supplier: Supplier | None = None
    user: Person | None = None
    team: Person | None = None
    service_period: Period | None = None
    additional_information: Information
    accounting_entry_lines: list[Line]

    @property
    def currency(self) -> str:
        """The currency that is posted (D7)."""
        return self.amount.in_wallet_currency.currency

    @property
    def invoice(self) -> Invoice | None:
        """The invoice's data."""
        return self.additional_information.invoice_information

    @property
    def reconciliation_id(self) -> str:
        """What links the item to other entries."""
        return self.additional_information.reconciliation_id


class Defect(msgspec.Struct):
    """An item that cannot be read as one: why, and what is known of it all the same."""

    reason: str
    accounting_entry_id: str | None = None
    type: str | None = None
    sub_type: str | None = None
    company_id: str | None = None


#: What answers that tell of an error have and items have not.
_ERROR_KEYS: Final = ("message", "detail", "title", "error", "errors")
#: Without these there is no entry.
_REQUIRED: Final = ("accountingEntryId", "type", "date", "amount", "accountingEntryLines", "additionalInformation")
_ITEM_KEYS: Final = frozenset({"accountingEntryId", "accountingEntryLines", "amount"})
_DIGITS = 400
_DECODER: Final = msgspec.json.Decoder(Item)
#: The items of a text, one behind the other. Raises `msgspec.DecodeError` where anything else is in it.
decode_items: Final = _DECODER.decode_lines
#: The items of a list. Raises `msgspec.DecodeError` where anything else is in it.
decode_list: Final = msgspec.json.Decoder(list[Item]).decode
#: What `decode` raises.
NO_JSON: Final = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)
#: Texts, in which anything may stand, and what JSON has no word for though Python reads it.
_WORDS: Final = r'(?s)"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)'


def decode(content: bytes) -> Item | Defect:
    """The item that a JSON text holds, or its defect.

    Raises one of `NO_JSON`, the first two with the place, where it is not JSON at all.
    """
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError as error:
        # Wrong types end the typed reading, and so do broken surrogates and huge numbers, all of which are JSON.
        # Whether the rest is JSON too, and where it is not, shows only an untyped reading.
        return _defect(_untyped(content.decode()), error)


def _untyped(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_number)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        at = next(found.start(1) for found in re.finditer(_WORDS, text) if found[1])
        raise json.JSONDecodeError("expecting value", text, at) from error


def convert(data: Any) -> Item | Defect:
    """The item that parsed JSON holds, or its defect."""
    try:
        return fitted(data, Item)
    except msgspec.ValidationError as error:
        return _defect(data, error)


def _defect(data: Any, error: Exception) -> Defect:
    known = data if isinstance(data, dict) else {}
    said = next((known[name] for name in _ERROR_KEYS if known.get(name)), None)
    if said is not None and not known.keys() & _ITEM_KEYS:
        return Defect(
            f"this is an error that was answered in place of items: {json.dumps(said)[:200]}; fetch them again"
        )
    missing = [name for name in _REQUIRED if known.get(name) is None] if isinstance(data, dict) else []
    reason = f"the item lacks {', '.join(missing)}" if len(missing) > 1 else _reason(error)
    return Defect(reason, *(_text(known.get(name)) for name in ("accountingEntryId", "type", "subType", "companyId")))


def _number(text: str) -> int | None:
    # Python refuses to read thousands of digits; whatever they are, they are no text.
    return int(text) if len(text) < _DIGITS else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode()


def _reason(error: Exception) -> str:
    """``accountingEntryLines[].account.code: expected text, got a whole number``."""
    if not isinstance(error, msgspec.ValidationError):
        return "the item: holds a text or a number that cannot be represented"
    path, words = misfit(error)
    return f"{path.lstrip('.').replace('[...]', '[]') or 'the item'}: {words}"
