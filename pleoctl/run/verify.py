"""Prove the chains of receipts: none changed, none missing, none put in between, and every journal as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pleoctl.documents.load import load_json
from pleoctl.errors import Finding, InvalidFile
from pleoctl.run.chain import file_digest, has_receipt, head_of, sealed
from pleoctl.run.places import JOURNAL, RECEIPT, run_places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pleoctl.run.chain import Head


@dataclass(frozen=True, slots=True)
class Chain:
    """A company's receipts, first to last; ``head`` is the last one's id."""

    company: str
    receipts: int
    head: str | None


@dataclass(slots=True)
class Proof:
    """What the kept runs prove: a chain a company, and every break of one, first to last.

    ``unchained`` are receipts of earlier versions, which have no id; ``unfinished`` runs that left no receipt and that
    none names yet.
    """

    chains: list[Chain] = field(default_factory=list)
    breaks: list[Finding] = field(default_factory=list)
    unchained: int = 0
    unfinished: list[str] = field(default_factory=list)


def verify_chains(places: Sequence[Path], head: str | None = None) -> Proof:
    """Prove what lies in the places for runs; ``head`` is an id that was kept elsewhere and must be among them."""
    runs = {run: place / run for run, place in run_places(places).items()}
    return _Verifier(runs, _journals(places)).go(head)


def _journals(places: Sequence[Path]) -> Callable[[str], str | None]:
    """The digest of a run's journal, which may lie in another place than its receipt."""

    def of(run: str) -> str | None:
        return next(filter(None, (file_digest(place / run / JOURNAL) for place in places)), None)

    return of


class _Verifier:
    def __init__(self, runs: dict[str, Path], journal: Callable[[str], str | None]) -> None:
        self._runs, self._journal = runs, journal
        self._proof = Proof()
        self._breaks = self._proof.breaks

    def go(self, wanted: str | None) -> Proof:
        heads = {run: head for run, folder in self._runs.items() if (head := head_of(folder)) is not None}
        chained = {run: head for run, head in heads.items() if isinstance(head.id, str)}
        self._proof.unchained = len(heads) - len(chained)
        for company in sorted({str(head.company).lower() for head in chained.values()}):
            self._company(company, {run: head for run, head in chained.items() if head.is_of(company)})
        self._rest(heads, chained)
        self._outside(heads, chained)
        if wanted is not None and wanted not in {head.id for head in chained.values()}:
            self._breaks.append(
                Finding("receipt-missing", f"no receipt has the id {wanted}: the newest receipts are missing")
            )
        return self._proof

    def _company(self, company: str, heads: dict[str, Head]) -> None:
        following: dict[str | None, list[str]] = {}
        for name, head in heads.items():
            following.setdefault(head.previous or None, []).append(name)
        seen = self._beside(heads, following)
        for side in sorted(seen):
            self._receipt(side, heads[side])
        last: str | None = None
        run = self._next(None, following, seen)
        while run is not None:
            seen.add(run)
            self._receipt(run, heads[run])
            last = str(heads[run].id)
            run = self._next(last, following, seen)
        for lost in sorted(heads.keys() - seen):
            self._lost(lost, heads)
        self._proof.chains.append(Chain(company, len(heads), last))

    def _beside(self, heads: dict[str, Head], following: dict[str | None, list[str]]) -> set[str]:
        """The runs of branches whose last receipt another one names beside itself."""
        by_id = {head.id: run for run, head in heads.items()}
        branches: set[str] = set()
        for namer, name in [(run, name) for run, head in heads.items() for name in head.beside or ()]:
            if name not in by_id:
                words = f"the receipt {name} is missing, which that of run {namer} names beside it"
                self._breaks.append(Finding("receipt-missing", words))
            side = None if following.get(name) else by_id.get(name)
            while side is not None and side not in branches:
                branches.add(side)
                before = heads[side].previous or None
                side = by_id.get(before) if before is not None and len(following[before]) == 1 else None
        return branches

    def _next(self, previous: str | None, following: dict[str | None, list[str]], seen: set[str]) -> str | None:
        runs = [run for run in following.get(previous, ()) if run not in seen]  # forged ids may go in circles
        if len(runs) > 1:
            after = "the beginning" if previous is None else previous
            self._breaks.append(
                Finding("receipt-forked", f"after {after} come several receipts: those of the runs {', '.join(runs)}")
            )
        return runs[0] if runs else None

    def _lost(self, run: str, heads: dict[str, Head]) -> None:
        """A receipt that the chain does not reach: what it names is not there, or it stands beside another."""
        previous = heads[run].previous
        if previous and previous not in {head.id for head in heads.values()}:
            self._breaks.append(
                Finding("receipt-missing", f"the receipt {previous} is missing, which that of run {run} comes after")
            )
        elif not self._is_sealed(run):
            self._changed(run)

    def _receipt(self, run: str, head: Head) -> None:
        if not self._is_sealed(run):
            self._changed(run)
        if head.journal and self._journal(run) != head.journal:
            self._breaks.append(
                Finding("journal-changed", f"the journal of run {run} is not the one that its receipt names")
            )
        for died in head.died or ():
            if died.run_id not in self._runs:
                words = f"the run {died.run_id}, which ended without a receipt, is missing; that of run {run} names it"
                self._breaks.append(Finding("run-missing", words))
            elif has_receipt(self._runs[died.run_id]):
                continue  # it had been kept elsewhere, and fixes the journal itself
            elif self._journal(died.run_id) != died.journal:
                self._breaks.append(
                    Finding("journal-changed", f"the journal of run {died.run_id} is not the one that run {run} saw")
                )

    def _is_sealed(self, run: str) -> bool:
        try:
            data: Any = load_json(self._runs[run] / RECEIPT)
        except InvalidFile:
            return False
        return bool(sealed(data) == data)

    def _rest(self, heads: dict[str, Head], chained: dict[str, Head]) -> None:
        """Receipts that cannot be read, and runs without one."""
        named = {died for head in chained.values() for died in head.named}
        for run, folder in self._runs.items():
            if has_receipt(folder) and run not in heads:
                self._breaks.append(Finding("receipt-changed", f"the receipt of run {run} cannot be read"))
            elif not has_receipt(folder) and run not in named:
                self._proof.unfinished.append(run)

    def _outside(self, heads: dict[str, Head], chained: dict[str, Head]) -> None:
        """Receipts in another run's folder, and ones without an id although the chain had begun."""
        first = min(chained, default=None)
        for run, head in heads.items():
            if head.run_id != run:
                words = f"the receipt in the folder of run {run} is that of run {head.run_id}"
                self._breaks.append(Finding("receipt-changed", words))
            if run not in chained and first is not None and run > first:
                words = f"the receipt of run {run} was changed: it has no id, which each has since run {first}"
                self._breaks.append(Finding("receipt-changed", words))

    def _changed(self, run: str) -> None:
        self._breaks.append(
            Finding("receipt-changed", f"the receipt of run {run} was changed: its id is not that of its content")
        )
