"""Days as accounting systems write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

from pleoctl.sources.cells import NO_END

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = r"(?:[T ]\d{1,2}:\d{2}.*)?"
# With a time, or, as in XML, with a zone alone.
_DAY: Final = re.compile(r"(\d{4})(-?)(\d{2})\2(\d{2})(?:[T ]\d{2}:\d{2}.*|T\d{4}.*|Z|[+-]\d{2}:\d{2})?", re.DOTALL)
_ZERO: Final = re.compile(r"0000-00-00|00\D00\D0000|00000000$")  # no day of the calendar, and MySQL's none
_TICKS: Final = re.compile(r"\\?/Date\((-?\d{1,15})([+-]\d{4})?\)\\?/")
# Longest first. Two digits of a year are of this century: an end lies ahead, or not long ago.
_WORDS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
_CENTURY: Final = 2000


def day_of(text: str, written: str | None = None) -> str | None:
    """``YYYY-MM-DD`` of a date or date-time; None for the days that stand for no end.

    Without ``written`` it is ISO 8601 or ``/Date(…)/``, else as that says, such as ``DD.MM.YYYY``. Raises `ValueError`
    with a sentence.
    """
    if _ZERO.match(text):
        return None
    try:
        day = _iso(text) if written is None else _as_written(text, written)
    except OverflowError as error:
        raise ValueError(f"{text[:40]!r} is no day of the calendar") from error
    return None if day.isoformat() in NO_END else day.isoformat()


def _iso(text: str) -> date:
    ticks, iso = _TICKS.fullmatch(text), _DAY.fullmatch(text)
    if ticks is not None:
        return (_EPOCH + timedelta(milliseconds=int(ticks[1])) + _offset(ticks[2])).date()
    if iso is None:
        raise ValueError(
            f"{text[:40]!r} is no date (YYYY-MM-DD, with or without a time); other ones need their form: 'DD.MM.YYYY'"
        )
    return _calendar(text, int(iso[1]), int(iso[3]), int(iso[4]))


def _as_written(text: str, written: str) -> date:
    found = _pattern(written).fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not written as {written}")
    parts = found.groupdict()
    year = int(parts["year"]) if parts.get("year") else _CENTURY + int(parts["short"])
    return _calendar(text, year, int(parts["month"]), int(parts["day"]))


@cache
def _pattern(written: str) -> re.Pattern[str]:
    made = re.sub("YYYY|YY|MM|M|DD|D|.", lambda match: _WORDS.get(match[0], re.escape(match[0])), written)
    try:
        pattern = re.compile(made + _TIME, re.DOTALL)
    except re.error:
        pattern = re.compile("")
    names = pattern.groupindex.keys()
    if not ({"month", "day"} <= names and len(names) == 3):  # and one of the two years
        raise ValueError(f"{written[:40]!r} is no form of a date: write one year, month and day, e.g. DD.MM.YYYY")
    return pattern


def _calendar(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no day of the calendar") from error


def _offset(words: str | None) -> timedelta:
    sign = -1 if words and words[0] == "-" else 1
    return sign * timedelta(hours=int(words[1:3]), minutes=int(words[3:])) if words else timedelta()
