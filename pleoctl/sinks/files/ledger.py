"""The ledger of one job: what was handed over in its files, so that people may move the files away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.errors import InvalidFile
from pleoctl.model.shape import Strict
from pleoctl.place import Place
from pleoctl.sinks.base import HeldPosting

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER: Final = ".booked"


class LedgerLine(Strict, gc=False):
    """One item that was handed over; dates are ISO, amounts hundredths, None where its file does not say them."""

    key: str
    id: str
    file: str
    date: str | None
    postings: tuple[HeldPosting, ...] | None


class Ledger(Strict, tag_field="kind", tag="BookedLedger"):
    """The file ``.booked/<jobId>``."""

    job: str
    lines: list[LedgerLine]
    format_version: int = 1


def encode(job: str, lines: Iterable[LedgerLine]) -> bytes:
    """The ledger as a file, sorted by key."""
    ledger = Ledger(job, sorted(lines, key=lambda line: (line.key, line.file)))
    return msgspec.json.format(msgspec.json.encode(ledger, order="sorted"), indent=1) + b"\n"


def decode(content: bytes, shown: str) -> Ledger:
    """The ledger that a file holds. Raises `InvalidFile`: a ledger that cannot be read must not look empty."""
    try:
        ledger = msgspec.json.decode(content, type=Ledger)
    except msgspec.DecodeError as error:
        raise InvalidFile(
            f"is no ledger of booked entries: {error}",
            place=Place(shown),
            hint="restore it from version control; without it entries could be booked twice",
        ) from error
    if ledger.format_version != 1:
        raise InvalidFile(
            f"has format version {ledger.format_version}, which this pleoctl does not know", place=Place(shown)
        )
    return ledger
