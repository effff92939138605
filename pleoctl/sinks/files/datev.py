"""DATEV's posting batch (EXTF 700, Buchungsstapel 13): codepage 1252, one file for each month of postings.

Written after the published field rules. A row's date has no year, so a file holds one month. Each posting of a leg is a
row against the leg's one counter account. The item's id stands in the first additional information of each row.
"""

from __future__ import annotations

import csv
import io
import re
from calendar import monthrange
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import HUNDREDTHS, HeldPosting, KeyRoom, Refusal
from pleoctl.sinks.files.format import BATCH, FILES, Standing, check_key
from pleoctl.sinks.files.told import Line
from pleoctl.sinks.words import SHORTENED, fit, was_changed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from pleoctl.mapping.engine.entries import LedgerEntry, Posting
    from pleoctl.sinks.base import Booking

ENCODING: Final = "cp1252"
TEXT_LENGTH: Final = 60
NO_AUTOMATIC: Final = "40"
_DOCUMENT: Final = re.compile(r"[a-zA-Z0-9$&%*+\-/]{1,36}")
_COST: Final = re.compile(r"[a-zA-Z0-9_\- äöüÄÖÜß.,/&+]{1,36}")
_LARGEST: Final = 10**12  # ten digits before the comma


def _pairs(first: str, second: str, count: int) -> list[str]:
    return [name for n in range(1, count + 1) for name in (f"{first} {n}", f"{second} {n}")]


COLUMNS: Final = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
    "Postensperre",
    "Diverse Adressnummer",
    "Geschäftspartnerbank",
    "Sachverhalt",
    "Zinssperre",
    "Beleglink",
    *_pairs("Beleginfo - Art", "Beleginfo - Inhalt", 8),
    "KOST1 - Kostenstelle",
    "KOST2 - Kostenstelle",
    "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart",
    "Sachverhalt L+L",
    "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
    *_pairs("Zusatzinformation - Art", "Zusatzinformation- Inhalt", 20),
    "Stück",
    "Gewicht",
    "Zahlweise",
    "Forderungsart",
    "Veranlagungsjahr",
    "Zugeordnete Fälligkeit",
    "Skontotyp",
    "Auftragsnummer",
    "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)",
    "Herkunft-Kz",
    "Buchungs GUID",
    "KOST-Datum",
    "SEPA-Mandatsreferenz",
    "Skontosperre",
    "Gesellschaftername",
    "Beteiligtennummer",
    "Identifikationsnummer",
    "Zeichnernummer",
    "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung",
    "Festschreibung",
    "Leistungsdatum",
    "Datum Zuord. Steuerperiode",
    "Fälligkeit",
    "Generalumkehr (GU)",
    "Steuersatz",
    "Land",
    "Abrechnungsreferenz",
    "BVV-Position",
    "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)
_PLACE: Final = {name: index for index, name in enumerate(COLUMNS)}
# Numbers and dates stand bare, everything else in quotes.
_BARE: Final = frozenset(
    {
        "Umsatz (ohne Soll/Haben-Kz)",
        "Kurs",
        "Basis-Umsatz",
        "Konto",
        "Gegenkonto (ohne BU-Schlüssel)",
        "Belegdatum",
        "Skonto",
        "Postensperre",
        "Geschäftspartnerbank",
        "Sachverhalt",
        "Zinssperre",
        "Festschreibung",
        "Leistungsdatum",
    }
)
_BLANK: Final = tuple("" if name in _BARE else '""' for name in COLUMNS)
COSTS: Final = ("KOST1 - Kostenstelle", "KOST2 - Kostenstelle")
KEY: Final = "Zusatzinformation- Inhalt 1"
IDENTITY: Final = "Zusatzinformation- Inhalt 2"


class Row(NamedTuple):
    """One posting against the leg's counter account."""

    posting: Posting
    counter: str


class DatevFormat:
    """Writes and reads back posting batches."""

    suffix = ".csv"

    def __init__(self, section: dict[str, Any], *, split: bool) -> None:
        """``section`` holds consultant, client, fiscalYearStart and more; ``split``: tax has postings of its own."""
        self._consultant, self._client = str(section["consultant"]), str(section["client"])
        self._year_start = str(section.get("fiscalYearStart", "01-01"))
        self._length = int(section.get("accountLength", 4))
        self._tax_keys = {code: str(key) for code, key in section.get("taxKeys", {}).items()}
        self._automatic = frozenset(section.get("automaticAccounts", ()))
        self._groups: list[str] = list(section.get("costCentres", ()))
        self._currency = str(section.get("currency", "EUR"))
        self._split = split
        self.capabilities = replace(
            FILES,
            key=KeyRoom("additional information 1 of each row"),
            currency=self._currency,
            dimensions=frozenset(self._groups),
            tells_tax_codes=bool(self._tax_keys) and not split,
            tells_tags=bool(self._groups),
            ignored=frozenset(section.get("ignoreTags", ())),
            tag_keys=("costCentres", "ignoreTags"),
        )

    def check(self, booking: Booking) -> list[str]:
        """See `Format`: numeric accounts of the right length, known tax codes, cost centres, one counter account."""
        check_key(booking, ENCODING)
        for leg in booking.legs:
            for row in _rows(leg):
                self._check_row(row)
        return [SHORTENED] if was_changed(booking.entry.description, TEXT_LENGTH, ENCODING) else []

    def _check_row(self, row: Row) -> None:
        for account in (row.posting.account, row.counter):
            problem = self.account_problem(account)
            if problem is not None:
                raise Refusal(f"account {account} {problem}", INVALID_CONFIGURATION)
        if row.posting.amount >= _LARGEST:
            raise Refusal("the amount has more than ten digits before the comma", INVALID_CONFIGURATION)
        self._tax_key(row.posting)
        for group in self._groups:
            code = row.posting.tags.get(group)
            if code is not None and not _COST.fullmatch(code):
                raise Refusal(f"{group} {code!r} does not fit into a cost centre", INVALID_CONFIGURATION)

    def account_problem(self, code: str) -> str | None:
        """See `Format`: a number of the length that the client has, or one digit more for people's accounts."""
        fits = code.isascii() and code.isdigit() and len(code) <= self._length + 1
        return None if fits else f"is not a number of at most {self._length + 1} digits"

    def names(self, job: str, number: int, booking: Booking) -> str:
        """See `Format`."""
        later = "" if number == 1 else f"-{number}"
        return f"{BATCH}{job}{later}_{booking.date[:7].replace('-', '')}.csv"

    @staticmethod
    def owns(name: str) -> bool:
        """See `Format`."""
        return name.startswith(BATCH)

    # --- writing -----------------------------------------------------------------------------------------------

    def render(self, bookings: Sequence[Booking]) -> bytes:
        """See `Format`; the moment of making is the last posting date: the same bookings give the same bytes."""
        lines = [self._header(bookings), ";".join(COLUMNS)]
        for booking in bookings:
            for leg in booking.legs:
                lines += [self._line(booking, row) for row in _rows(leg)]
        return ("\r\n".join(lines) + "\r\n").encode(ENCODING)

    def _header(self, bookings: Sequence[Booking]) -> str:
        year, month = (int(part) for part in bookings[0].date.split("-")[:2])
        start = self._year_start.replace("-", "")
        fiscal = year if f"{month:02d}01" >= start else year - 1
        last = monthrange(year, month)[1]
        made = max(booking.date for booking in bookings).replace("-", "") + "000000000"
        name = fit(f"Pleo {bookings[0].key.job}", 30, ENCODING)
        fields = [
            '"EXTF"',
            "700",
            "21",
            '"Buchungsstapel"',
            "13",
            made,
            "",
            '"PL"',
            '""',
            '""',
            self._consultant,
            self._client,
            f"{fiscal}{start}",
            str(self._length),
            f"{year}{month:02d}01",
            f"{year}{month:02d}{last}",
            f'"{name}"',
            '""',
            "1",
            "0",
            "0",
            f'"{self._currency}"',
            "",
            '""',
            "",
            "",
            '""',
            "",
            "",
            '""',
            '""',
        ]
        return ";".join(fields)

    def _line(self, booking: Booking, row: Row) -> str:
        entry, posting = booking.entry, row.posting
        cells = {
            "Umsatz (ohne Soll/Haben-Kz)": _decimal(posting.amount),
            "Soll/Haben-Kennzeichen": "S" if posting.side == "debit" else "H",
            "WKZ Umsatz": posting.currency,
            "Konto": posting.account,
            "Gegenkonto (ohne BU-Schlüssel)": row.counter,
            "BU-Schlüssel": self._tax_key(posting),
            "Belegdatum": f"{booking.date[8:10]}{booking.date[5:7]}",
            "Belegfeld 1": _document(entry.invoice.number if entry.invoice else None, entry.reconciliation_id),
            "Buchungstext": fit(entry.description, TEXT_LENGTH, ENCODING),
            "Zusatzinformation - Art 1": "accountingEntryId",
            KEY: booking.key.stored,
            "Zusatzinformation - Art 2": "externalId",
            IDENTITY: f"{booking.key.job}/{booking.key.place}",
            "Festschreibung": "0",
        }
        for group, column in zip(self._groups, COSTS, strict=False):
            cells[column] = posting.tags.get(group, "")
        written = [*_BLANK]
        for name, value in cells.items():
            written[_PLACE[name]] = _cell(name, value)
        return ";".join(written)

    def _tax_key(self, posting: Posting) -> str:
        """Under ``split`` the tax has postings of its own, so an account's automatic must not make it again."""
        if self._split:
            return NO_AUTOMATIC if posting.account in self._automatic else ""
        if posting.tax_code is None:
            return ""
        if posting.tax_code not in self._tax_keys:
            raise Refusal(f"tax code {posting.tax_code} has no key; add it to sink.taxKeys", INVALID_CONFIGURATION)
        return self._tax_keys[posting.tax_code]

    # --- reading back ------------------------------------------------------------------------------------------

    def read(self, content: bytes, wanted: Container[str]) -> Iterator[Standing]:
        """See `Format`; rows of other batches have no key and are passed over."""
        rows = list(csv.reader(io.StringIO(content.decode(ENCODING, "replace"), newline=""), delimiter=";"))
        if len(rows) < 2 or rows[0][:1] != ["EXTF"]:
            return
        year, month = rows[0][14][:4], rows[0][14][4:6]
        found: dict[tuple[str, str, str], list[list[str]]] = {}
        for row in rows[2:]:
            if len(row) > _PLACE[IDENTITY] and row[_PLACE[KEY]] in wanted:
                day = f"{year}-{month}-{row[_PLACE['Belegdatum']].zfill(4)[:2]}"
                found.setdefault((row[_PLACE[KEY]], row[_PLACE[IDENTITY]], day), []).append(row)
        for (key, identity, day), own in found.items():
            yield Standing(key, identity, day, _postings(own), [self._told(row) for row in own])

    def _told(self, row: list[str]) -> Line:
        """What a row says of its own account; of the counter account's it says nothing."""
        key = row[_PLACE["BU-Schlüssel"]]
        codes = [code for code, known in self._tax_keys.items() if known == key]
        costs = zip(self._groups, (row[_PLACE[column]] for column in COSTS), strict=False)
        return Line(row[_PLACE["Konto"]], codes, {group: code for group, code in costs if code})


def _postings(rows: Iterable[list[str]]) -> tuple[HeldPosting, ...]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        _add(sums, row)
    return tuple(HeldPosting(side, account, amount, currency) for (side, account, currency), amount in sums.items())


def _rows(leg: LedgerEntry) -> list[Row]:
    """The rows of a leg. Raises `Refusal` where no account stands against all the others."""
    for side in ("credit", "debit"):
        counters = [posting for posting in leg.postings if posting.side == side]
        if len(counters) == 1:
            return [Row(posting, counters[0].account) for posting in leg.postings if posting.side != side]
    raise Refusal(
        "it has several accounts on both sides, and DATEV's rows need one counter account", INVALID_CONFIGURATION
    )


def _add(sums: Counter[tuple[str, str, str]], row: list[str]) -> None:
    amount = int(Decimal(row[0].replace(",", ".")) * HUNDREDTHS)
    side, other = ("debit", "credit") if row[1] == "S" else ("credit", "debit")
    sums[side, row[_PLACE["Konto"]], row[2]] += amount
    sums[other, row[_PLACE["Gegenkonto (ohne BU-Schlüssel)"]], row[2]] += amount


def _document(invoice: str | None, reconciliation: str | None) -> str:
    """The first of the two that the field can hold unchanged; a number is never cut."""
    return next((text for text in (invoice, reconciliation) if text and _DOCUMENT.fullmatch(text)), "")


def _cell(name: str, value: str) -> str:
    if name in _BARE:
        return value
    escaped = value.replace('"', '""')
    return f'"{escaped}"'


def _decimal(amount: int) -> str:
    whole, rest = divmod(amount, HUNDREDTHS)
    return f"{whole},{rest:02d}"
