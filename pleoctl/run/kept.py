"""Receipts as they are read back: one definition for types, for decoding and (tested equal) for the JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pleoctl.documents.kept import kept
from pleoctl.documents.load import load_json
from pleoctl.documents.versions import Wrong, check_version
from pleoctl.errors import InvalidFile
from pleoctl.model.addresses import Address
from pleoctl.model.changes import Action, PleoId, State, is_state
from pleoctl.model.shape import Strict, Told, value_of
from pleoctl.place import Setting
from pleoctl.run.chain import Died
from pleoctl.run.places import RECEIPT, folders_in, plan_part
from pleoctl.run.receipt import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Sequence


class Problem(Strict):
    """Why a change did not end well."""

    code: str
    message: str
    http_status: int | None


class Ended(Strict, rename={"id": "pleoId"}):
    """How one change ended."""

    address: Address
    action: Action
    status: Status
    id: PleoId | None
    before: State | None
    after: State
    error: Problem | None


class Used(Strict):
    """Requests of a run."""

    read: int
    write: int
    retries: int


class KeptReceipt(Strict, kw_only=True):
    """A receipt as a file. Those of earlier versions do not say whose records the run wrote, and form no chain."""

    format_version: Literal[1]
    kind: Literal["Receipt"]
    plan_id: str
    run_id: str
    company: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    outcome: Outcome
    changes: list[Ended]
    requests: Used
    started_at: str
    finished_at: str
    findings: list[Told] | UnsetType = UNSET
    id: str | UnsetType = UNSET
    previous: str | UnsetType | None = UNSET
    journal: str | UnsetType | None = UNSET
    died: list[Died] | UnsetType = UNSET
    beside: list[str] | UnsetType = UNSET


def read_receipt(path: Path, shown: str | None = None) -> KeptReceipt:
    """A receipt, checked. Raises `InvalidFile`."""
    name = shown or str(path)
    return receipt_of(load_json(path, name), name)


def receipt_of(data: Any, name: str) -> KeptReceipt:
    """The receipt that a document's data say, checked as `read_receipt` does."""
    check_version(data, "Receipt", name)
    found = kept(data, KeptReceipt, name, schema="receipt", dec_hook=value_of)
    for number, change in enumerate(found.changes):
        if not all(
            is_state(state, change.address.kind) for state in (change.before, change.after) if state is not None
        ):
            raise InvalidFile.of([Wrong("its states are malformed", Setting("changes", number)).finding(name)])
    return found


class _Run(msgspec.Struct, rename="camel"):
    """What of a receipt says whether its plan is carried out."""

    plan_id: str
    outcome: str


def carried_out_by(plan_id: str, places: Sequence[Path]) -> str | None:
    """The name of the latest run that ended with all of a plan done."""
    named = {entry.name: entry.path for place in places for entry in folders_in(place)}
    for name in sorted((name for name in named if plan_part(plan_id) in name), reverse=True):
        try:
            run = msgspec.json.decode(Path(named[name], RECEIPT).read_bytes(), type=_Run)
        except (OSError, msgspec.MsgspecError):
            continue
        if (run.plan_id, run.outcome) == (plan_id, "done"):
            return name
    return None
