"""SIE 4I, the Swedish file of vouchers for import: codepage 437, one voucher for each leg of an item.

Written after the published format description. A voucher's text ends with the item's id in brackets, since the format
has no field for a reference. SIE knows no tax codes; dimensions go by the number that the workspace gives each group.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import HUNDREDTHS, HeldPosting, KeyRoom, Refusal
from pleoctl.sinks.files.format import FILES, Standing, check_key, file_name
from pleoctl.sinks.files.told import Line
from pleoctl.sinks.words import SHORTENED, encodable, fit, was_changed

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from pleoctl.mapping.engine.entries import Posting
    from pleoctl.sinks.base import Booking

ENCODING: Final = "cp437"
_FIELD: Final = re.compile(r'"((?:\\"|[^"])*)"|\{((?:"(?:\\"|[^"])*"|[^}"])*)\}|(\S+)')
_KEY: Final = re.compile(r"(?:^| )\[([^\[\] ]+) ([^\[\] ]+)\]$")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f\\]")


class SieFormat:
    """Writes and reads back vouchers."""

    suffix = ".si"

    def __init__(self, section: dict[str, Any]) -> None:
        """``section`` holds company, series, dimensions ``{GROUP: NUMBER}``, currency, ignoreTags."""
        self._company = str(section.get("company", ""))
        self._series = str(section.get("series", ""))
        self._dimensions = {group: str(number) for group, number in section.get("dimensions", {}).items()}
        self._currency = str(section["currency"])
        self.capabilities = replace(
            FILES,
            key=KeyRoom("the voucher's text, in brackets at its end"),
            currency=self._currency,
            tax_codes=False,
            dimensions=frozenset(self._dimensions),
            tells_tags=bool(self._dimensions),
            ignored=frozenset(section.get("ignoreTags", ())),
            tag_keys=("dimensions", "ignoreTags"),
        )

    def check(self, booking: Booking) -> list[str]:
        """See `Format`: codes have to be in the codepage, words are transliterated."""
        check_key(booking, ENCODING)
        for leg in booking.legs:
            for posting in leg.postings:
                codes = [posting.account, *(posting.tags[group] for group in self._dimensions if group in posting.tags)]
                for code in codes:
                    problem = self.account_problem(code)
                    if problem is not None:
                        raise Refusal(f"{code!r} {problem}", INVALID_CONFIGURATION)
        return [SHORTENED] if was_changed(booking.entry.description, None, ENCODING) else []

    @staticmethod
    def account_problem(code: str) -> str | None:
        """See `Format`: its characters have to be in the codepage."""
        fits = encodable(code, ENCODING) and not _UNFIT.search(code)
        return None if fits else "has characters that SIE's codepage lacks"

    @staticmethod
    def names(job: str, number: int, booking: Booking) -> str:
        """See `Format`."""
        _ = booking
        return file_name(job, number, ".si")

    @staticmethod
    def owns(name: str) -> bool:
        """See `Format`."""
        return name.endswith(".si")

    # --- writing -----------------------------------------------------------------------------------------------

    def render(self, bookings: Sequence[Booking]) -> bytes:
        """See `Format`; ``#GEN`` is the last posting date, so that the same bookings give the same bytes."""
        made = max(booking.date for booking in bookings).replace("-", "")
        lines = ["#FLAGGA 0", f"#PROGRAM {_text('pleoctl')} {_text('1')}", "#FORMAT PC8", f"#GEN {made}", "#SIETYP 4"]
        lines += [f"#FNAMN {_named(self._company)}", f"#VALUTA {_text(self._currency)}"]
        lines += [f"#DIM {number} {_named(group)}" for group, number in self._dimensions.items()]
        for booking in bookings:
            lines += self._vouchers(booking)
        return ("\r\n".join(lines) + "\r\n").encode(ENCODING)

    def _vouchers(self, booking: Booking) -> Iterator[str]:
        day = booking.date.replace("-", "")
        mark = f"[{booking.key.stored} {booking.key.job}/{booking.key.place}]"
        for leg in booking.legs:
            words = " ".join(filter(None, (fit(booking.entry.description, None, ENCODING), mark)))
            yield f'#VER {_named(self._series)} "" {day} {_text(words)}'
            yield "{"
            for posting in leg.postings:
                yield f"#TRANS {_text(posting.account)} {{{self._objects(posting)}}} {_signed(posting)}"
            yield "}"

    def _objects(self, posting: Posting) -> str:
        return " ".join(
            f"{number} {_text(posting.tags[group])}"
            for group, number in self._dimensions.items()
            if group in posting.tags
        )

    # --- reading back ------------------------------------------------------------------------------------------

    def read(self, content: bytes, wanted: Container[str]) -> Iterator[Standing]:
        """See `Format`."""
        key, identity, day = "", None, ""
        postings: list[HeldPosting] = []
        lines: list[Line] = []
        for line in content.decode(ENCODING).split("\n"):
            fields = _fields(line)
            if fields[:1] == ["#VER"]:
                found = _KEY.search(fields[4]) if len(fields) > 4 else None
                key, identity = (found[1], found[2]) if found and found[1] in wanted else ("", None)
                day, postings, lines = f"{fields[3][:4]}-{fields[3][4:6]}-{fields[3][6:8]}", [], []
            elif key and fields[:1] == ["#TRANS"]:
                postings.append(self._posting(fields[1], Decimal(fields[3])))
                lines.append(Line(fields[1], (), self._tags(fields[2])))
            elif fields == ["}"] and key:
                yield Standing(key, identity, day, tuple(postings), lines)
                key = ""

    def _tags(self, objects: str) -> dict[str, str]:
        """The tags that an object list means, ``1 "20" 6 "7"``."""
        listed = _fields(objects)
        codes = dict(zip(listed[::2], listed[1::2], strict=False))
        return {group: codes[number] for group, number in self._dimensions.items() if number in codes}

    def _posting(self, account: str, amount: Decimal) -> HeldPosting:
        side = "debit" if amount > 0 else "credit"
        return HeldPosting(side, account, int(abs(amount) * HUNDREDTHS), self._currency)


def _named(words: str) -> str:
    """A quoted field of words that the codepage need not have."""
    return _text(words if encodable(words, ENCODING) else fit(words, None, ENCODING))


def _text(value: str) -> str:
    """A quoted field; only a quote can be escaped in SIE, so a backslash of people's words becomes a slash."""
    if value.isalnum():
        return f'"{value}"'
    escaped = _CONTROL.sub(" ", value).replace("\\", "/").replace('"', '\\"')
    return f'"{escaped}"'


def _fields(line: str) -> list[str]:
    """The fields of a line: quoted texts without their quotes, an object list as its inside."""
    return [
        match[1].replace('\\"', '"') if match[1] is not None else match[2] if match[2] is not None else match[3]
        for match in _FIELD.finditer(line.strip())
    ]


def _signed(posting: Posting) -> str:
    whole, rest = divmod(posting.amount, HUNDREDTHS)
    return f"{'' if posting.side == 'debit' else '-'}{whole}.{rest:02d}"
