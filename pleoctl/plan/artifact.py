"""The plan as a file: canonical JSON whose id is the digest of everything else.

What pleoctl wrote is read at parser speed: decoded into its types and checked against the bytes that these give again.
Any other file (reformatted, damaged, of another version) takes the careful way, which names each place.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.documents.canonical import canonical_bytes
from pleoctl.documents.files import read_bytes
from pleoctl.documents.kept import check_identity, kept
from pleoctl.documents.load import json_data, placed
from pleoctl.documents.parts import Parts
from pleoctl.documents.versions import Wrong, check_version, made_by
from pleoctl.errors import InvalidFile
from pleoctl.model.addresses import Bucket
from pleoctl.model.shape import value_of
from pleoctl.plan.check import change_problems, head_problem, totals_problem
from pleoctl.plan.document import Head, PlanFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.model.changes import Change


@dataclass(frozen=True)
class Plan:
    """A frozen plan: its id, everything but the changes, the changes, and its bytes."""

    id: str
    head: Head
    changes: list[Change]
    bytes: bytes

    @classmethod
    def of(cls, head: Head, changes: list[Change]) -> Plan:
        """Seal a plan; the same contents give the same bytes."""
        identity, content = _parts(head, changes).sealed()
        return cls(identity, head, changes, content)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole artifact as plain data."""
        changes = msgspec.to_builtins(self.changes, enc_hook=str)
        return {**msgspec.to_builtins(self.head, enc_hook=str), "id": self.id, "changes": changes}

    @property
    def active(self) -> dict[Bucket, int]:
        """Active live records per bucket of the guard, as the plan saw them."""
        context = self.head.context
        return {} if not context else {Bucket.parse(text): number for text, number in context.active.items()}

    @property
    def staying(self) -> dict[str, list[str]]:
        """Tags that stay archived, by the ids of their groups, which are unarchived."""
        context = self.head.context
        return context.archived or {} if context else {}

    @property
    def guard_passed(self) -> bool:
        """Whether the plan may be applied as far as its own guard is concerned."""
        return self.head.guard.passed

    @property
    def acknowledged(self) -> int | None:
        """The number of archives that was approved with ``--allow-archive``."""
        return self.head.guard.acknowledged


def _parts(head: Head, changes: list[Change]) -> Parts:
    few = msgspec.to_builtins(msgspec.structs.replace(head, warnings=[]), enc_hook=str)
    return Parts({"changes": changes, "warnings": head.warnings}, few)


def read_plan(path: Path, shown: str | None = None) -> Plan:
    """Read a plan back that may come through a pipe, and check version, shape and digest. Raises `InvalidFile`."""
    name = shown or str(path)
    return plan_of(read_bytes(path, name, given=True), name)


def plan_of(content: bytes, name: str) -> Plan:
    """The plan that a document holds, checked as `read_plan` does."""
    return _canonical(content) or _careful(content, name)


def _canonical(content: bytes) -> Plan | None:
    """The plan whose bytes these are; None where they are not what pleoctl writes, or not sound."""
    with _without_collecting():
        try:
            found = msgspec.json.decode(content, type=PlanFile, dec_hook=value_of)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if _problem(found):
            return None
        head = _head_of(found)
        identity = _parts(head, found.changes).id_in(content)
        return None if identity is None else Plan(identity, head, found.changes, content)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing that a document becomes is garbage; looking for it takes three times as long as decoding."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # All that is there becomes old: else the next object that is made would have all of it looked through.
        gc.freeze()
        gc.unfreeze()
        if collects:
            gc.enable()


def _careful(content: bytes, name: str) -> Plan:
    with placed(content, name):
        data = json_data(content, name)
        check_version(data, "Plan", name)
        found = kept(data, PlanFile, name, schema="plan", dec_hook=value_of)
        problem = _problem(found)
        if problem is not None:
            raise InvalidFile.of([problem.finding(name, made_by(data))])
        check_identity(data, name, "pleoctl plan -o FILE")
        return Plan(found.id, _head_of(found), found.changes, canonical_bytes(data))


def _problem(found: PlanFile) -> Wrong | None:
    return head_problem(found) or next(change_problems(found.changes), None) or totals_problem(found)


def _head_of(found: PlanFile) -> Head:
    return Head(**{name: getattr(found, name) for name in Head.__struct_fields__})
