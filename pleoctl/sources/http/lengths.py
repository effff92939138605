"""How long a list was, what its answers say of that, and what is odd about it, which is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.sources.http.annotations import (
    announced,
    announced_beside,
    page_size,
    pages_announced,
    pages_announced_beside,
)
from pleoctl.sources.http.inner import told_of_inner
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.remote.transport import Answer

# Lengths that a first page has when more pages follow.
_PAGE_SIZES: Final = frozenset(
    {20, 25, 30, 40, 50, 60, 64, 75, 100, 128, 150, 200, 250, 256, 300, 400, 500, 512, 750}
    | {1000, 1024, 2000, 2500, 5000, 10_000, 20_000, 50_000}
)
_NOT_TOLD: Final = "give total or count where the system has one; else a page that it leaves out is not noticed"


@dataclass(slots=True)
class Lengths:
    """The rows and pages that came of a list, its total if one is known, and numbers that answers say beside."""

    rows: int = 0
    pages: int = 0
    total: int | None = None
    announced: tuple[str, int] | None = None
    paged: tuple[str, int] | None = None
    sized: str | None = None
    inner: tuple[int, str, int] | None = None

    def note(self, answer: Answer, rows: int) -> None:
        """Keep what an answer with so many rows says; of what earlier ones said, the larger number counts."""
        body = answer.body if isinstance(answer.body, dict) else {}
        said, paged = announced(body) or announced_beside(answer.headers), pages_announced(body)
        paged = paged or pages_announced_beside(answer.headers)
        self.announced = max(filter(None, (said, self.announced)), key=lambda one: one[1], default=None)
        self.paged = max(filter(None, (paged, self.paged)), key=lambda one: one[1], default=None)
        sized = page_size(body, rows) if rows and said is None else None
        self.sized = f"as many as its page has by {sized!r}" if sized is not None else None
        self.rows += rows

    def doubts(self, label: str, *, alone: bool, size: int | None) -> Iterator[Finding]:
        """What is odd. ``alone``: nothing is known that would name more pages.

        ``size`` is how many rows a page was to have, where the total is the answers' own word.
        """
        if self.pages > 1 and self.total is None:
            words = f"{label} came in several pages, and nothing says how many rows there are"
            yield Finding("unproven-list", words, "info", hint=_NOT_TOLD)
        if self.inner is not None:
            yield told_of_inner(label, *self.inner)
        if self.total is not None:
            if self.pages == 1 and size is not None and self.rows == size == self.total:
                yield self._exactly(label, "as a page was to have, and its total says so too", "name another total")
            return
        if self.announced is not None and self.announced[1] > self.rows:
            name, number = self.announced
            words = f"{label} gave {many(self.rows, 'row')}, and says {number} at {name!r}"
            hint = "if that is the number of all rows, give it as total, and describe the paging"
            yield Finding("full-page", words, "warning", hint=hint)
            return
        if self.paged is not None and self.paged[1] > self.pages:
            name, number = self.paged
            requests = "one request" if self.pages == 1 else many(self.pages, "request")
            words = f"{label} is read by {requests}, and the answer says {number} at {name!r}"
            hint = "if that is the number of pages, describe the paging; if not, give total"
            yield Finding("full-page", words, "warning", hint=hint)
        why = "as many as systems send unasked" if self.rows in _PAGE_SIZES else self.sized
        if alone and self.pages == 1 and why is not None:
            yield self._exactly(label, why, "describe its paging; if not, give total or count where the system has one")

    def _exactly(self, label: str, why: str, cure: str) -> Finding:
        words = f"{label} gave exactly {many(self.rows, 'row')}, {why}"
        return Finding("full-page", words, "warning", hint=f"if the list goes on, {cure}")
