"""What every kind's operations stand on: one company, one transport, lists that are complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import PleoError
from pleoctl.pleo.paging import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pleoctl.model.records import Live
    from pleoctl.remote.transport import Counts, Transport

NAME: Final = "Pleo"
"""What the service is called in sentences."""


class Client:
    """Speaks for one company. Ids are UUIDs."""

    def __init__(self, transport: Transport, company: str) -> None:
        """``company`` is the UUID every call names."""
        self._http = transport
        self.company = company

    @property
    def http(self) -> Transport:
        """The connection, for the operations of a kind's own module."""
        return self._http

    @property
    def counts(self) -> Counts:
        """Requests sent so far."""
        return self._http.counts

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def wait(self, seconds: float) -> None:
        """Sleep as the transport does."""
        self._http.budget.wait(seconds, "look")

    def _own(self, raw: dict[str, Any]) -> dict[str, Any]:
        company = raw.get("companyId")
        if company != self.company and isinstance(company, str) and company.lower() != self.company:
            raise PleoError(f"Pleo answered with a record of another company ({company})")
        return raw


def by_hundreds(ids: Sequence[str], read: Callable[[list[str]], list[Live]]) -> list[Live]:
    """The records with these ids and no others, read in parts."""
    wanted = set(ids)
    return [record for part in hundreds(sorted(wanted)) for record in read(part) if record.id in wanted]


def hundreds(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in parts of at most a hundred."""
    for start in range(0, len(ids), PAGE_SIZE):
        yield list(ids[start : start + PAGE_SIZE])
