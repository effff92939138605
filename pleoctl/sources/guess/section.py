"""What was understood, as the lines of a ``source:`` section with its guesses as comments."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pleoctl.documents.scalars import yaml_string
from pleoctl.sources.csv_files import ACTIVE as DEFAULT_ACTIVE
from pleoctl.sources.csv_files import INACTIVE as DEFAULT_INACTIVE
from pleoctl.sources.days import day_of
from pleoctl.sources.guess.words import ACTIVE, CONTRARY, HEADINGS, INACTIVE, NO, YES, plain
from pleoctl.text import obeyed_by_nobody, terminal
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.sources.guess.columns import Sheet

COLUMNS: Final = "    columns:"
"""The line below which a table's columns stand."""
TAX_FIELD: Final = "taxCodeExternalId"
_SHOWN: Final = 5
_COLUMNS: Final = 40
_LONGEST: Final = 40
_WORDS: Final = 12
_FORMS: Final = ("D.M.YYYY", "D/M/YYYY", "M/D/YYYY", "D-M-YYYY", "D.M.YY", "D/M/YY", "M/D/YY")


def word(text: str) -> str:
    """A text as a value: quoted unless it can be nothing else."""
    return (
        text
        if text.isascii() and text.isidentifier() and plain(text) not in YES | NO | {"null"}
        else terminal(yaml_string(text))
    )


def shown(texts: Iterable[str], most: int = _SHOWN) -> str:
    """Some texts for a comment, each on its line, however long and whatever they hold."""
    listed = [terminal(obeyed_by_nobody(yaml_string(text[:_LONGEST]))) for text in texts]
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")


def said(key: str, value: str, why: str = "", indent: int = 2) -> str:
    """One line of the section, with what speaks for it."""
    line = f"{' ' * indent}{key}: {value}".rstrip()
    return f"{line}   # {why}" if why else line


def table_lines(sheet: Sheet, settings: Iterable[str], *, dimension: bool = False) -> Iterator[str]:
    """The settings of one table below its name; ``settings`` are those of its file."""
    yield from settings
    if sheet.line > 1:
        yield said("headerRow", str(sheet.line), "the lines before it are no rows", 4)
    dropped = _dropped(sheet)
    kept = _without(sheet, dropped)
    yield COLUMNS
    yield from _columns(kept, dimension=dimension)
    if dimension and "end" in kept.roles:
        yield from _ends(kept)
    yield from state_lines(kept)
    yield from _headings(kept, dropped)
    if not all(cell.strip() for cell in kept.cells("name")):
        column = word(kept.name("name"))
        yield f'    # whereNot: {{{column}: [""]}}   # if rows without a name are none, as a last line is'


def _columns(sheet: Sheet, *, dimension: bool) -> Iterator[str]:
    key = key_of(sheet)
    number = "number" if "number" in sheet.roles else key
    if not dimension:
        yield said("externalId", word(sheet.name(key)), about_key(sheet, key) or guessed(sheet, key), 6)
    about = about_key(sheet, number) if dimension else ""
    yield said("code", word(sheet.name(number)), about or guessed(sheet, number), 6)
    yield said("name", word(sheet.name("name")), _about_names(sheet) or guessed(sheet, "name"), 6)
    state = state_role(sheet)
    if state is not None:
        yield said("active", word(sheet.name(state)), "rows that are blocked are inactive" * (state == "blocked"), 6)
    if dimension:
        return
    if "currency" in sheet.roles and all(_is_currency(cell) for cell in sheet.cells("currency")):
        yield said("currency", word(sheet.name("currency")), "", 6)
    if "tax" in sheet.roles and sheet.title("tax") != TAX_FIELD:
        filled = sum(bool(cell.strip()) for cell in sheet.cells("tax"))
        if filled:
            line = said(TAX_FIELD, word(sheet.title("tax")), "", 0)
            rows, have = many(len(sheet.rows), "row"), "has one" if filled == 1 else "have one"
            yield f"      # {line}   # {filled} of {rows} {have}; an empty cell clears it in Pleo"


def _ends(sheet: Sheet) -> Iterator[str]:
    """Days as the system exchanges them need a column; in the one form that fits all cells they need to be told it."""
    days = [cell.strip() for cell in sheet.cells("end") if cell.strip()]
    if not days:
        return
    column = sheet.title("end")
    fitting = [form for form in (None, *_FORMS) if all(_is_day(day, form) for day in days)]
    if None in fitting and all(day_of(day) in {day, None} for day in days):
        yield said("expires", word(sheet.name("end")), "", 6)
    elif None in fitting or len(fitting) == 1:
        form = "" if None in fitting else f", '{fitting[0]}'"
        expression = f"date({json.dumps(sheet.name('end'), ensure_ascii=False)}{form})"
        yield said("fields", f"{{expires: {yaml_string(expression)}}}", "", 4)
    else:
        why = f"may be any of {', '.join(map(str, fitting))}" if fitting else "has no form that is known"
        yield f"    # fields: {{expires: date(…, 'DD.MM.YYYY')}}   # column {shown([column])} {why}: {shown(days)}"


def _is_day(text: str, form: str | None) -> bool:
    try:
        day_of(text, form)
    except ValueError:
        return False
    return True


def key_of(sheet: Sheet) -> str:
    """The id where every row has its own, else the number."""
    if "id" in sheet.roles and (_whole(sheet.cells("id")) or "number" not in sheet.roles):
        return "id"
    return "number"


def _whole(cells: list[str]) -> bool:
    return all(cell.strip() for cell in cells) and len(set(cells)) == len(cells)


def guessed(sheet: Sheet, role: str) -> str:
    """That no header says what a column is for; empty where one does."""
    return "guessed by its cells" if role in sheet.by_cells else ""


def about_key(sheet: Sheet, role: str) -> str:
    """What speaks against a column of keys; empty where nothing does."""
    cells = sheet.cells(role)
    blank = sum(not cell.strip() for cell in cells)
    twice = sum(number - 1 for cell, number in Counter(cells).items() if cell.strip() and number > 1)
    words = {f"none in {many(blank, 'row')}": blank, f"{many(twice, 'time')} that of another row": twice}
    return "; ".join(said for said, number in words.items() if number)


def _about_names(sheet: Sheet) -> str:
    blank = sum(not cell.strip() for cell in sheet.cells("name"))
    return f"none in {many(blank, 'row')}, held for that" if blank else ""


def _is_currency(cell: str) -> bool:
    return not cell or (len(cell) == len("EUR") and cell.isascii() and cell.isalpha() and cell.isupper())


# --- active ----------------------------------------------------------------------------------------------------------


def state_role(sheet: Sheet) -> str | None:
    """The column that says whether a row is active, if its words are known and some row is."""
    for role in ("active", "blocked"):
        if role in sheet.roles:
            active, inactive, unknown = _state_words(sheet, role)
            if active and not unknown and (inactive or role == "active" or _contrary(active)):
                return role
    return None


def _state_words(sheet: Sheet, role: str) -> tuple[list[str], list[str], list[str]]:
    """The cells of the column, each once, as words for active, for inactive, and neither."""
    found = list({cell.casefold(): cell for cell in sheet.cells(role)}.values())
    on, off = YES | ACTIVE, NO | INACTIVE
    if role == "blocked":
        on, off = NO | ACTIVE, YES | INACTIVE
    active = [cell for cell in found if plain(cell) in on]
    inactive = [cell for cell in found if plain(cell) in off - on]
    return active, inactive, [cell for cell in found if cell not in {*active, *inactive}]


def state_lines(sheet: Sheet) -> Iterator[str]:
    """The words of active and inactive where they are not the usual ones, or why the column is not used."""
    role = state_role(sheet)
    if role is None:
        for name in ("active", "blocked"):
            if name in sheet.roles:
                found = shown(cell for part in _state_words(sheet, name) for cell in part)
                # A column of the field's own name is read, and holds the rows whose word is not known.
                why = "neither active nor inactive" if sheet.title(name) == "active" else "not mapped to active"
                yield f"    # {why}: column {shown([sheet.title(name)])} has {found}"
        return
    active, inactive, _ = _state_words(sheet, role)
    known = {cell.casefold() for cell in active} <= set(DEFAULT_ACTIVE)
    if known and {cell.casefold() for cell in inactive} <= set(DEFAULT_INACTIVE):
        return
    yield said("activeValues", _list(active), "", 4)
    if inactive:
        yield said("inactiveValues", _list(inactive), "", 4)
    elif contrary := _contrary(active):
        yield said("inactiveValues", _list(contrary), "no row has one of these yet", 4)


def _contrary(active: list[str]) -> list[str]:
    """What an inactive row would say where none is; empty where that is not known."""
    found = (CONTRARY.get(plain(cell), "") for cell in active)
    return list(dict.fromkeys(word for words in found for word in words.split(",") if word))


def _list(texts: list[str]) -> str:
    return f"[{', '.join(terminal(yaml_string(text)) for text in texts)}]"


# --- headings --------------------------------------------------------------------------------------------------------


def _dropped(sheet: Sheet) -> list[str]:
    """The types of headings and sums, and no type at all where such rows have no name either."""
    if "type" not in sheet.roles:
        return []
    named = _names_by_type(sheet)
    headings = [cell for cell in named if plain(cell) in HEADINGS]
    empty = [cell for cell, names in named.items() if not cell.strip() and not any(name.strip() for name in names)]
    found = headings + empty
    return found if len(found) < len(named) else []


def _names_by_type(sheet: Sheet) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cell, name in zip(sheet.cells("type"), sheet.cells("name"), strict=True):
        found.setdefault(cell, []).append(name)
    return found


def _without(sheet: Sheet, dropped: list[str]) -> Sheet:
    """The rows that stay."""
    if not dropped:
        return sheet
    kinds = zip(sheet.rows, sheet.cells("type"), strict=True)
    return replace(sheet, rows=[row for row, kind in kinds if kind not in dropped])


def _headings(kept: Sheet, dropped: list[str]) -> Iterator[str]:
    """Rows that are headings or sums by their type; other types are listed for the reader."""
    if "type" not in kept.roles:
        return
    others = list(Counter(kept.cells("type")))
    if dropped:
        words = f"{{{word(kept.name('type'))}: {_list(dropped)}}}"
        yield said("whereNot", words, f"nobody books to these; left are {shown(others)}", 4)
    elif 1 < len(others) <= _WORDS:
        yield f"    # where: {{{word(kept.title('type'))}: [{shown(others[:1])}]}}   # the types are {shown(others)}"


def left_out(sheet: Sheet) -> str:
    """The columns that no line so far names, for a comment; empty where there are none."""
    columns = sheet.left_out
    return f"{many(len(columns), 'column', 'is', 'are')} not read: {shown(columns, _COLUMNS)}" if columns else ""
