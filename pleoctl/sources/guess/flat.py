"""The columns of a list of vendors or of tax codes, with what Pleo needs and the list does not say."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from pleoctl.documents.scalars import yaml_string
from pleoctl.sources.guess.section import (
    COLUMNS,
    about_key,
    guessed,
    key_of,
    said,
    shown,
    state_lines,
    state_role,
    word,
)
from pleoctl.text import obeyed_by_nobody
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.sources.guess.columns import Sheet

_OF_VENDORS: Final = {"country": "country", "registration": "registrationNumber", "tax": "taxRegistrationNumber"}
_TYPES: Final = frozenset({"inclusive", "exclusive", "reverse"})
# DATEV's list of debtors and creditors (format 16), whose names stand in one of two columns.
_DATEV: Final = frozenset(
    [
        "Konto",
        "Name (Adressattyp Unternehmen)",
        "Name (Adressattyp natürl. Person)",
        "Kurzbezeichnung",
        "EU-Land",
        "EU-UStID",
    ]
)
_DATEV_NAME: Final = '"Name (Adressattyp Unternehmen)" || "Name (Adressattyp natürl. Person)" || Kurzbezeichnung'
_DATEV_LINES: Final = (
    said("fields", "", "", 4),
    said("name", yaml_string(_DATEV_NAME), "", 6),
    said("taxRegistrationNumber", yaml_string('join(\'\', ["EU-Land", "EU-UStID"])'), "", 6),
    said(
        "where",
        yaml_string("starts_with(Konto, '7') || starts_with(Konto, '8') || starts_with(Konto, '9')"),
        "creditors; 1 to 6 are debtors",
        4,
    ),
)
# How names and types say reverse charge, in the languages of `words`, and how they say that it is none.
_REVERSE: Final = re.compile(
    r"reverse|omv[äe]nd|§ ?13 ?b|\b13b\b|käännet|verlegd|autoliquid|inversi[oó]n|verschuiving|steuerschuldnerschaft"
    r"|sujeto pasivo|snudd avregning",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"\b(no|non|not|without|nicht|kein|keine|ohne|ej|inte|ikke|ingen|ei|geen|niet|sans|pas|sin|senza)\b", re.IGNORECASE
)


def vendor_lines(sheet: Sheet, settings: Iterable[str]) -> Iterator[str]:
    """The settings of ``vendors``; ``settings`` are those of its file."""
    yield from _head(sheet, settings)
    key = key_of(sheet)
    number = "number" if "number" in sheet.roles else key
    yield said("externalId", word(sheet.name(key)), about_key(sheet, key) or guessed(sheet, key), 6)
    yield said("code", word(sheet.name(number)), guessed(sheet, number), 6)
    datev = {*sheet.header} >= _DATEV
    if datev:
        sheet.named |= {sheet.header.index(name) for name in _DATEV}
        yield said("payableAccount", "Konto", "", 6)
    else:
        yield said("name", word(sheet.name("name")), guessed(sheet, "name"), 6)
    yield from _active(sheet)
    if "currency" in sheet.roles:
        yield said("defaultCurrency", word(sheet.name("currency")), "", 6)
    for role, name in _OF_VENDORS.items():
        if role in sheet.roles and not (datev and role == "tax"):
            yield said(name, word(sheet.name(role)), "an empty cell clears it in Pleo", 6)
    if datev:
        yield from _DATEV_LINES
    without = (
        sum(not cell.strip() for cell in sheet.cells("currency")) if "currency" in sheet.roles else len(sheet.rows)
    )
    if without:
        rows = many(without, "row", "that has none", "that have none")
        yield f"    # defaultCurrency: EUR   # of the {rows}; without it they are held"
    yield from state_lines(sheet)


def tax_lines(sheet: Sheet, settings: Iterable[str]) -> Iterator[str]:
    """The settings of ``taxCodes``; ``settings`` are those of its file."""
    yield from _head(sheet, settings)
    key = "number" if "number" in sheet.roles else "id"
    about = about_key(sheet, key) or guessed(sheet, key) or "as accounts name it"
    yield said("code", word(sheet.name(key)), about, 6)
    yield said("name", word(sheet.name("name")), guessed(sheet, "name"), 6)
    if "rate" in sheet.roles:
        yield said("rate", word(sheet.name("rate")), "", 6)
    for role in ("ingoing", "outgoing"):
        if role in sheet.roles:
            yield said(f"{role}TaxAccount", word(sheet.name(role)), "an empty cell clears it in Pleo", 6)
    yield from _active(sheet)
    if "rate" in sheet.roles:
        yield _unit(sheet)
    yield from _type(sheet)
    yield from state_lines(sheet)


def _type(sheet: Sheet) -> Iterator[str]:
    """Whether a code is for reverse charge: by its column where that has Pleo's words, else a person has to say it.

    One type for all rows is written where nothing in the list speaks against it; where something does, rows are held.
    """
    why, held = "of all rows; reverse charge is `reverse`", "inclusive or reverse; until it is said, rows are held"
    reverse = _reverse(sheet.cells("name"))
    if "type" in sheet.roles:
        name, found = sheet.title("type"), list(dict.fromkeys(cell for cell in sheet.cells("type") if cell.strip()))
        if _TYPES & {cell.lower() for cell in found}:
            sheet.named.add(sheet.roles["type"])
            yield said("fields", f"{{type: {yaml_string(f'lower({_quoted(name)})')}}}", "", 4)
            return
        of_column = f"; column {shown([name])} has {shown(found)}"
        why += of_column
        of_type = _reverse(found)
        if len(found) > 1 or of_type:
            yield said("fixed", '{type: "?"}', held + of_column, 4)
            yield _example(sheet.name("name"), reverse) if reverse and not of_type else _example(name, of_type)
            return
    if reverse:
        yield said("fixed", '{type: "?"}', f"{held}; these may be reverse charge: {shown(reverse)}", 4)
        yield _example(sheet.name("name"), reverse)
        return
    yield said("fixed", "{type: inclusive}", why, 4)


def _reverse(cells: Iterable[str]) -> list[str]:
    """Those that say reverse charge, each once."""
    return [cell for cell in dict.fromkeys(cells) if _REVERSE.search(cell) and not _NONE.search(cell)]


def _example(column: str, cells: list[str]) -> str:
    """How a column's words say it, to be taken instead of ``fixed``; where none is known, it holds every row."""
    literals = [f"'{cell}'" for cell in (cell.replace("'", "\\'") for cell in cells)]
    if not literals:
        expression, why = f"{_quoted(column)} == '?' && 'reverse' || '?'", "   # its word for reverse charge; inclusive"
    elif len(literals) == 1:
        expression, why = f"{_quoted(column)} == {literals[0]} && 'reverse' || 'inclusive'", ""
    else:
        expression, why = f"contains([{', '.join(literals)}], {_quoted(column)}) && 'reverse' || 'inclusive'", ""
    return f"    # fields: {{type: {obeyed_by_nobody(yaml_string(expression))}}}{why}"


def _quoted(column: str) -> str:
    return json.dumps(column, ensure_ascii=False)


def _head(sheet: Sheet, settings: Iterable[str]) -> Iterator[str]:
    yield from settings
    if sheet.line > 1:
        yield said("headerRow", str(sheet.line), "the lines before it are no rows", 4)
    yield COLUMNS


def _active(sheet: Sheet) -> Iterator[str]:
    state = state_role(sheet)
    if state is not None:
        yield said("active", word(sheet.name(state)), "rows that are blocked are inactive" * (state == "blocked"), 6)


def _unit(sheet: Sheet) -> str:
    rates = [rate for cell in sheet.cells("rate") if (rate := _rate(cell)) is not None]
    if any(rate > 1 for rate in rates):
        return said("rateUnit", "percent", f"the highest is {max(rates)}", 4)
    return said("rateUnit", "fraction", "none is above 1", 4)


def _rate(cell: str) -> Decimal | None:
    try:
        return Decimal(cell.strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        return None
