"""Receipts as a chain: each names the receipt that was kept before it for the same company.

    null ◀── receipt ◀── receipt (died: run 7) ◀── receipt = head

A receipt's ``id`` is the digest of everything else in it, so none can be changed, left out or put in between without
breaking what follows; ``journal`` fixes the run's journal in the same way. A run that died keeps no receipt: the next
run that holds the company's lock names it. Runs that were refused hold no lock, so the order is that of keeping, not
of starting, and the file ``.chain`` beside the runs is locked while a receipt joins.

While a shared state is away, a machine keeps a receipt that no other one knows of: the others' next receipt names the
same one before it. The first that knows of both comes after the one and names the other's id under ``beside``.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from pleoctl.documents.canonical import indented_bytes
from pleoctl.documents.kept import identity
from pleoctl.model.shape import Strict
from pleoctl.run.places import JOURNAL, RECEIPT, has, run_places
from pleoctl.run.shared import RECENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pleoctl.errors import Finding
    from pleoctl.run.shared import Runs
    from pleoctl.state.base import Note


class Died(Strict):
    """A run that ended without a receipt, and the digest of the journal it left."""

    run_id: str
    journal: str | None


class Links(msgspec.Struct, frozen=True):
    """What ties a receipt to what was before it, and to its run's journal."""

    previous: str | None = None
    journal: str | None = None
    died: tuple[Died, ...] = ()
    beside: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The links' part of a receipt."""
        told: dict[str, Any] = {"previous": self.previous, "journal": self.journal}
        if self.died:
            told["died"] = [msgspec.to_builtins(one) for one in self.died]
        return {**told, "beside": list(self.beside)} if self.beside else told


class Chained(Protocol):
    """A receipt that may join a chain."""

    company: str
    run_id: str
    findings: list[Any]

    def tell(self, *findings: Finding) -> None:
        """Note what there is to tell beside the changes."""

    def join(self, links: Links) -> None:
        """Take the links over."""

    def as_json(self) -> dict[str, Any]:
        """The content with its id (`sealed`)."""


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """A receipt's content with its ``id``."""
    return {**content, "id": identity(content)}


def file_digest(path: Path) -> str | None:
    """``sha256:<hex>`` of a file; None where there is none."""
    try:
        with path.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError:
        return None


class Head(msgspec.Struct, rename="camel"):
    """What of a kept receipt the chain needs; receipts of earlier versions have no id."""

    run_id: str
    id: str | UnsetType = UNSET
    company: str | UnsetType = UNSET
    previous: str | UnsetType | None = UNSET
    journal: str | UnsetType | None = UNSET
    died: list[Died] | UnsetType = UNSET
    beside: list[str] | UnsetType = UNSET

    @property
    def named(self) -> list[str]:
        """The runs that it names for having no receipt."""
        return [one.run_id for one in self.died or ()]

    def is_of(self, company: str) -> bool:
        """Whether it stands in the chain of a company (in lower case)."""
        return self.id is not UNSET and self.company is not UNSET and self.company.lower() == company


def has_receipt(folder: Path) -> bool:
    """Whether a run has left its receipt."""
    return has(folder, RECEIPT)


def head_of(folder: Path) -> Head | None:
    """The links of a run's receipt; None where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / RECEIPT).read_bytes(), type=Head)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


class _Looked(msgspec.Struct):
    """Which runs had a receipt or were named, when all were looked at: those up to ``last`` but for ``own``.

    ``names`` is the digest of their names; runs are never removed, so asking each again at every run would take longer
    and longer.
    """

    own: str
    last: str
    names: str

    def passes(self, names: list[str]) -> list[str]:
        """Those of the runs (oldest first) that it does not vouch for."""
        others = [name for name in names if name != self.own]
        count = bisect_right(others, self.last)
        if _digest(others[:count]) != self.names:
            return names
        return [*others[count:], *([self.own] if len(others) < len(names) else [])]

    @classmethod
    def at(cls, names: list[str], own: str) -> _Looked:
        """All of these runs but the own one, whose receipt is still to be kept."""
        others = [name for name in names if name != own]
        return cls(own, others[-1] if others else "", _digest(others))


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()


class _Tail(msgspec.Struct):
    """The receipt that joins or joined last: if its run has it, it is the last one, else ``before`` is.

    ``named`` are the runs without a receipt that the chain knew before, ``looked`` those that need no second look.
    """

    id: str
    run: str
    before: str | None
    named: list[str]
    looked: _Looked | None = None


@contextmanager
def joining(runs: Runs, place: Path, receipt: Chained, journal: Path, *, alone: bool) -> Iterator[bytes]:
    """Link a receipt; the block keeps its bytes in ``place``, and nobody else joins this chain meanwhile.

    ``alone``: the caller holds the company's lock, so what has no receipt by now will never have one. Where the chain's
    own note cannot be had, the last receipt is looked for.
    """
    with runs.chain(place) as note:
        tails, company = _tails(note), receipt.company.lower()
        kept = _Kept(runs.places, company)
        last = kept.last(tails.get(company))
        died = kept.without_receipt(receipt.run_id, last) if alone else ()
        beside = kept.beside(last.id) if alone and runs.store is not None else ()
        receipt.join(Links(last.id, file_digest(journal), died, beside))
        content = receipt.as_json()
        looked = _Looked.at(kept.names, receipt.run_id) if alone else last.looked
        tail = _Tail(content["id"], receipt.run_id, last.id, last.named, looked)
        note.write(msgspec.json.encode({**tails, company: tail}))
        yield indented_bytes(content)


class _End(NamedTuple):
    """Where a chain ends: the last receipt, the runs without one that the chain knows, and what `_Looked` says."""

    id: str | None
    named: list[str]
    looked: _Looked | None = None


class _Kept:
    """The kept runs of a company."""

    def __init__(self, places: Sequence[Path], company: str) -> None:
        self._company = company
        self._places = run_places(places)
        self.names = list(self._places)

    def last(self, tail: _Tail | None) -> _End:
        """The end of the chain, by its note or, where that cannot know, by all receipts.

        What the newest runs kept after it, while the note was out of reach, comes after it all the same.
        """
        last = self._noted(tail)
        known = {last.id}
        while (after := next((one for one in self._recent if one.previous == last.id), None)) and after.id not in known:
            last = _End(str(after.id), [*last.named, *after.named], last.looked)
            known.add(last.id)
        return last

    def beside(self, last: str | None) -> tuple[str, ...]:
        """The newest receipts but the last that nothing comes after or names: those of other machines."""
        followed = {last, *(head.previous for head in self._recent)}
        named = {one for head in self._recent for one in head.beside or ()}
        return tuple(str(head.id) for head in self._recent if head.id not in followed | named)

    @cached_property
    def _recent(self) -> list[Head]:
        heads = map(head_of, map(self._folder, self.names[-RECENT:]))
        return [head for head in heads if head is not None and head.is_of(self._company)]

    def _noted(self, tail: _Tail | None) -> _End:
        if tail is None or len(set(self._places.values())) > 1:
            return self._found()
        head = head_of(self._folder(tail.run)) if tail.run in self._places else None
        if head is None or head.id != tail.id:
            return _End(tail.before, tail.named)
        return _End(tail.id, [*tail.named, *head.named], tail.looked)

    def without_receipt(self, own: str, last: _End) -> tuple[Died, ...]:
        """Runs without a receipt that no receipt names yet."""
        known = {own, *last.named}
        names = self.names if last.looked is None else last.looked.passes(self.names)
        left = (run for run in names if run not in known and not has(f"{self._places[run]}/{run}", RECEIPT))
        return tuple(Died(run, file_digest(self._folder(run) / JOURNAL)) for run in left)

    def _folder(self, run: str) -> Path:
        return self._places[run] / run

    def _found(self) -> _End:
        read = filter(None, map(head_of, map(self._folder, self.names)))
        heads = [head for head in read if head.is_of(self._company)]
        followed = {head.previous for head in heads}
        ends = [head.id for head in heads if head.id not in followed]
        named = [run for head in heads for run in head.named]
        return _End(str(ends[-1]) if ends else None, named)


def _tails(note: Note) -> dict[str, _Tail]:
    """By company; what was not noted whole is looked for."""
    try:
        return msgspec.json.decode(note.read(), type=dict[str, _Tail])
    except msgspec.MsgspecError:
        return {}
