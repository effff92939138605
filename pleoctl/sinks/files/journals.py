"""Plain-text ledgers as books: beancount and hledger, written by the mapping's own writers and read back line by line.

Only the lines that pleoctl writes are understood; a transaction that people wrote otherwise has no key of ours, or
postings that cannot be compared.
"""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.mapping.io.outputs.beancount import BeancountWriter
from pleoctl.mapping.io.outputs.hledger import HledgerWriter
from pleoctl.mapping.io.outputs.names import component
from pleoctl.sinks.base import HeldPosting, KeyRoom
from pleoctl.sinks.files.format import FILES, Roomy, Standing
from pleoctl.sinks.files.told import Line, tags_in

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.base import Booking

IDENTITY: Final = "externalId"
_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d) [*!](?: |$)")
_POSTING: Final = re.compile(r"\s+([^\s;\"]\S*)\s+(-?\d+(?:\.\d+)?) ([A-Z]\S*)(?:\s|$)")


class JournalFormat(Roomy, ABC):
    """What the two have in common."""

    _key: re.Pattern[str]
    _identity: re.Pattern[str]
    _tax_code: re.Pattern[str]
    _tags: re.Pattern[str]

    def __init__(self, rules: Rules) -> None:
        """``rules`` know the divisors and the accounts' top levels."""
        self._rules = rules
        key = KeyRoom("the transaction's accountingEntryId")
        self.capabilities = replace(FILES, key=key, tells_tax_codes=True, tells_tags=True)

    def render(self, bookings: Sequence[Booking]) -> bytes:
        """See `Format`."""
        writer = self._writer()
        parts = [writer.start()]
        for booking in bookings:
            entry = msgspec.structs.replace(booking.entry, posting_date=booking.date, entries=booking.legs)
            parts.append(writer.entry(entry, ((IDENTITY, f"{booking.key.job}/{booking.key.place}"),)))
        return b"".join([*parts, writer.end()])

    @abstractmethod
    def _writer(self) -> BeancountWriter | HledgerWriter:
        """A writer that has seen nothing yet."""

    # --- reading back ------------------------------------------------------------------------------------------

    def read(self, content: bytes, wanted: Container[str]) -> Iterator[Standing]:
        """See `Format`."""
        lines = content.decode("utf-8", "replace").splitlines()
        keyed = ((_first(self._key, block), block) for block in _transactions(lines))
        found = [(key, block) for key, block in keyed if key in wanted]
        codes = self._codes(lines) if found else {}
        for key, block in found:
            day = _DAY.match(block[0])
            identity, postings = _first(self._identity, block), self._postings(block, codes)
            told = [] if postings is None else self._lines(block, postings)
            yield Standing(str(key), identity, day[1] if day else None, postings, told)

    @abstractmethod
    def _codes(self, lines: list[str]) -> dict[str, str]:
        """Account names and the codes that their declarations give."""

    def _postings(self, block: list[str], codes: dict[str, str]) -> tuple[HeldPosting, ...] | None:
        postings = []
        for line in block[1:]:
            match = _POSTING.match(line)
            if match is None:
                continue
            code, amount = codes.get(match[1]), self._hundredths(match[2], match[3])
            if code is None or amount is None or component(code) != match[1].rpartition(":")[2]:
                return None
            postings.append(HeldPosting("debit" if amount > 0 else "credit", code, abs(amount), match[3]))
        return tuple(postings)

    def _lines(self, block: list[str], postings: Sequence[HeldPosting]) -> list[Line]:
        """The postings with their codes: on the line of a posting, or on those that follow until the next one."""
        starts = [number for number, line in enumerate(block) if number and _POSTING.match(line)]
        parts = itertools.pairwise([*starts, len(block)])
        return [
            self._line(posting.account, block[start:end]) for posting, (start, end) in zip(postings, parts, strict=True)
        ]

    def _line(self, account: str, part: list[str]) -> Line:
        tax_code, tags = _first(self._tax_code, part), _first(self._tags, part)
        return Line(account, [] if tax_code is None else [tax_code], tags_in(tags or ""))

    def _hundredths(self, text: str, currency: str) -> int | None:
        try:
            amount = Decimal(text) * self._rules.divisor(currency)
        except InvalidOperation:
            return None
        return int(amount) if amount == int(amount) else None


class BeancountFormat(JournalFormat):
    """A beancount journal."""

    suffix = ".beancount"
    _key = re.compile(r'\s+accountingEntryId: "((?:[^"\\]|\\.)*)"')
    _identity = re.compile(r'\s+externalId: "((?:[^"\\]|\\.)*)"')
    _tax_code = re.compile(r'\s+taxCode: "((?:[^"\\]|\\.)*)"')
    _tags = re.compile(r'\s+tags: "((?:[^"\\]|\\.)*)"')

    def _writer(self) -> BeancountWriter:
        return BeancountWriter(self._rules)

    def _codes(self, lines: list[str]) -> dict[str, str]:
        codes = {}
        for line, below in itertools.pairwise(lines):
            opened = re.match(r"\d{4}-\d\d-\d\d open (\S+)", line)
            code = re.match(r'\s+code: "((?:[^"\\]|\\.)*)"', below)
            if opened and code:
                codes[opened[1]] = re.sub(r"\\(.)", r"\1", code[1])
        return codes


class HledgerFormat(JournalFormat):
    """An hledger journal."""

    suffix = ".journal"
    _key = re.compile(r"\s+; accountingEntryId: (.*)")
    _identity = re.compile(r"\s+; externalId: (.*)")
    _tax_code = re.compile(r"[^;]+;.* ?taxCode: ([^:]*?)(?:, dimensions:.*)?$")
    _tags = re.compile(r"[^;]+;.*dimensions: ([^:]*)$")

    def _writer(self) -> HledgerWriter:
        return HledgerWriter(self._rules)

    def _codes(self, lines: list[str]) -> dict[str, str]:
        found = (re.match(r"account (\S+)  ; code (.*)", line) for line in lines)
        return {match[1]: match[2] for match in found if match}


def _transactions(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        if _DAY.match(line):
            if block:
                yield block
            block = [line]
        elif block and line[:1].isspace():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _first(pattern: re.Pattern[str], block: list[str]) -> str | None:
    return next((match[1] for line in block if (match := pattern.match(line))), None)
