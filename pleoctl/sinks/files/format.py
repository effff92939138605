"""What a kind of book file must know to be a sink: write bookings, read back what stands in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pleoctl.sinks.base import Capabilities, KeyRoom, Refusal
from pleoctl.sinks.words import encodable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from pleoctl.sinks.base import Booking, HeldPosting
    from pleoctl.sinks.files.told import Line

#: What every folder of book files can do; a format adds where its key stands and what it cannot hold.
FILES: Final = Capabilities(KeyRoom(""), attachments=True, lists_attachments=True, read_back=True, whole_jobs=True)
#: What the names of DATEV's batches begin with; they end like tables.
BATCH: Final = "EXTF_"


def file_name(job: str, number: int, suffix: str) -> str:
    """The file of a job; ``number`` counts what the same job books later, from 1."""
    return f"{job}{suffix}" if number == 1 else f"{job}-{number}{suffix}"


def check_key(booking: Booking, encoding: str) -> None:
    """Raise `Refusal` where a file cannot hold the id by which its records are found again."""
    if not encodable(booking.key.stored, encoding):
        raise Refusal(f"id {booking.key.stored!r} has characters that the file's codepage lacks")


class Standing(NamedTuple):
    """One transaction of a file: our key, its id (``<job>/<n>``, None where the format keeps none), date, postings.

    ``date`` and ``postings`` are None where a file does not say them in a way that can be compared; ``lines`` are its
    lines, where the format tells more of them than their sums.
    """

    key: str
    id: str | None
    date: str | None
    postings: tuple[HeldPosting, ...] | None
    lines: Sequence[Line] = ()


class Roomy:
    """What formats have in common that hold everything an entry says, a file a job."""

    suffix: str

    @staticmethod
    def check(booking: Booking) -> list[str]:
        """See `Format`."""
        _ = booking
        return []

    @staticmethod
    def account_problem(code: str) -> str | None:
        """See `Format`: any account can stand in it."""
        _ = code
        return None

    def names(self, job: str, number: int, booking: Booking) -> str:
        """See `Format`."""
        _ = booking
        return file_name(job, number, self.suffix)

    def owns(self, name: str) -> bool:
        """See `Format`."""
        return name.endswith(self.suffix)


class Format(Protocol):
    """A kind of book file."""

    @property
    def suffix(self) -> str:
        """What the names of its files end with."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can hold."""
        ...

    def check(self, booking: Booking) -> list[str]:
        """Codes of warnings about a booking. Raises `Refusal` for what it cannot hold beyond the capabilities."""
        ...

    def account_problem(self, code: str) -> str | None:
        """Why an account cannot stand in a file, as the end of a sentence that names it."""
        ...

    def names(self, job: str, number: int, booking: Booking) -> str:
        """The file that a booking belongs to; ``number`` counts what the same job books later, from 1."""
        ...

    def owns(self, name: str) -> bool:
        """Whether a file that `names` named is of this format."""
        ...

    def render(self, bookings: Sequence[Booking]) -> bytes:
        """A whole file."""
        ...

    def read(self, content: bytes, wanted: Container[str]) -> Iterator[Standing]:
        """The transactions of a file that carry one of the wanted keys; books hold many more than a job asks for."""
        ...
