"""The posting plan as a file: what `jobs plan` writes, people review and `apply` carries out."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from pleoctl.documents.canonical import canonical_bytes
from pleoctl.documents.kept import check_identity, identity, kept
from pleoctl.documents.load import json_data
from pleoctl.documents.versions import check_version
from pleoctl.mapping.engine.entries import Entry
from pleoctl.model.shape import Strict

KIND: Final = "PostingPlan"
Action = Literal["book", "refuse", "report"]
ClosedPeriod = Literal["fail", "today", "nextOpen"]
Attachments = Literal["store", "best", "skip"]


class JobHead(Strict):
    """The job as the plan saw it; ``created_at`` is an ISO timestamp."""

    id: str
    status: str
    items: int
    created_at: str


class SinkHead(Strict):
    """The sink's type, and the digest of its section of the workspace."""

    type: str
    digest: str


class PostingHead(Strict):
    """``posting`` of the workspace with its defaults (O3, P1-P3, H6)."""

    draft: bool = True
    closed_period: ClosedPeriod = "fail"
    attachments: Attachments = "store"


class RulesHead(Strict):
    """The rules that made the entries."""

    digest: str
    files: list[str]


class ItemsHead(Strict):
    """The digest over all items of the job."""

    digest: str


class Total(Strict):
    """What the plan books on an account, in hundredths."""

    account: str
    currency: str
    debit: int
    credit: int


class Summary(Strict):
    """``book``, ``refuse`` and ``report`` count changes, ``final`` the items that Pleo has as final."""

    book: int
    refuse: int
    report: int
    final: int
    totals: list[Total]


class Requests(Strict):
    """Requests to Pleo: those that planning took, and those that applying takes at least."""

    read: int
    write: int


class Warned(Strict):
    """Something that a reviewer should know; ``address`` is empty where it is about the whole job."""

    code: str
    address: str
    message: str


class AttachmentRef(Strict):
    """One file of an item (H2): ``<accountingEntryId>/<n>`` and ``<n>.<ext>``. Never its link, which is signed anew."""

    id: str
    name: str


class ItemChange(Strict):
    """What becomes of one open item.

    ``entry`` is what the rules made of it, failed ones included; None for an item whose payload is missing.
    """

    address: str
    kind: Literal["item"]
    action: Action
    item_digest: str
    entry: Entry | None
    attachments: list[AttachmentRef]
    reason_type: str | None
    reason: str | None
    external_id: str | None
    external_url: str | None
    place: int
    origin: str
    warnings: list[str]


class PostingPlan(Strict):
    """The whole artifact; ``id`` is the digest of everything else."""

    company: str
    url: str
    job: JobHead
    sink: SinkHead
    posting: PostingHead
    rules: RulesHead
    items: ItemsHead
    summary: Summary
    requests: Requests
    warnings: list[Warned]
    changes: list[ItemChange]
    pleoctl_version: str
    id: str = ""
    format_version: Literal[1] = 1
    kind: Literal["PostingPlan"] = "PostingPlan"

    @property
    def bytes(self) -> bytes:
        """The file's content: canonical, so that the same job, books and rules give the same bytes."""
        return canonical_bytes(msgspec.to_builtins(self))

    def seal(self) -> None:
        """Give it its id: the digest of everything else."""
        self.id = identity(msgspec.to_builtins(self))


def posting_plan_of(content: bytes, name: str) -> PostingPlan:
    """Read a posting plan back and check version, shape and digest. Raises `InvalidFile`."""
    data = json_data(content, name)
    check_version(data, KIND, name)
    found = kept(data, PostingPlan, name)
    check_identity(data, name, "pleoctl jobs plan -o FILE")
    return found
