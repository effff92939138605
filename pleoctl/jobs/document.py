"""The posting plan as a file: what `jobs plan` writes, people review and `apply` carries out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from pleoctl.documents.kept import check_identity, kept
from pleoctl.documents.load import json_data, placed
from pleoctl.documents.parts import Parts, numbers
from pleoctl.documents.versions import Wrong, check_version
from pleoctl.errors import InvalidFile
from pleoctl.mapping.engine.entries import Entry
from pleoctl.model.shape import Strict
from pleoctl.place import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KIND: Final = "PostingPlan"
Action = Literal["book", "refuse", "report"]
ClosedPeriod = Literal["fail", "today", "nextOpen"]
Attachments = Literal["store", "best", "skip"]


def address_of(item: str) -> str:
    """How plans, receipts and findings name the export item with this id."""
    return f"item:{item}"


def item_at(address: str) -> str:
    """The id of the export item with this address."""
    return address.removeprefix("item:")


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
    ``item_marks`` tell which of Pleo's fields has changed where ``item_digest`` tells that one has.
    """

    address: str
    kind: Literal["item"]
    action: Action
    item_digest: str
    item_marks: str
    entry: Entry | None
    attachments: list[AttachmentRef]
    reason_type: str | None
    reason: str | None
    external_id: str | None
    external_url: str | None
    place: int
    origin: str
    warnings: list[str]

    @property
    def item(self) -> str:
        """The id of its item."""
        return item_at(self.address)


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
    def by_item(self) -> dict[str, ItemChange]:
        """Its changes by the ids of their items."""
        return {change.item: change for change in self.changes}

    @property
    def bytes(self) -> bytes:
        """The file's content: canonical, so that the same job, books and rules give the same bytes."""
        return self.parts.sealed().bytes

    @property
    def parts(self) -> Parts:
        """The document as its id is taken of it."""
        few = msgspec.to_builtins(msgspec.structs.replace(self, changes=[]))
        return Parts({"changes": self.changes}, {key: few[key] for key in few if key not in {"changes", "id"}}, numbers)

    def seal(self) -> None:
        """Give it its id: the digest of everything else."""
        self.id = self.parts.id


def posting_plan_of(content: bytes, name: str) -> PostingPlan:
    """Read a posting plan back: of this version and shape, unchanged, and doing what it tells. Raises `InvalidFile`."""
    found = _as_written(content) or _careful(content, name)
    problem = next(_problems(found), None)
    if problem is not None:
        with placed(content, name):
            raise InvalidFile.of([problem.finding(name, "make a new plan: `pleoctl jobs plan -o FILE`")])
    return found


def _as_written(content: bytes) -> PostingPlan | None:
    """The plan whose bytes these are; None where they are not what pleoctl writes, which the careful way judges."""
    try:
        found = msgspec.json.decode(content, type=PostingPlan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.parts.id_in(content) == found.id else None


def _careful(content: bytes, name: str) -> PostingPlan:
    with placed(content, name):
        data = json_data(content, name)
        check_version(data, KIND, name)
        found = kept(data, PostingPlan, name, schema="posting-plan")
        check_identity(data, name, "pleoctl jobs plan -o FILE")
        return found


def _problems(plan: PostingPlan) -> Iterator[Wrong]:
    """What no plan says that pleoctl made: whoever edits one may give it a new id, but not other sums than it shows."""
    seen: set[str] = set()
    for number, change in enumerate(plan.changes):
        at = Setting("changes", number)
        if change.address in seen:
            yield Wrong(f"{change.address} has two changes", at)
        seen.add(change.address)
        if change.action == "book" and not _bookable(change):
            yield Wrong(f"{change.address}: what is booked is no balanced entry of this item", at)
    if plan.summary != summary_of(plan.changes, final=plan.summary.final):
        yield Wrong("its totals are not those of the changes", Setting("summary"))


def _bookable(change: ItemChange) -> bool:
    entry = change.entry
    if entry is None or entry.failed or change.address != address_of(entry.accounting_entry_id or ""):
        return False
    for leg in entry.entries:
        balance: Counter[str] = Counter()
        for posting in leg.postings:
            balance[posting.currency] += posting.amount if posting.side == "debit" else -posting.amount
        if any(balance.values()):
            return False
    return bool(entry.entries)


def summary_of(changes: Sequence[ItemChange], *, final: int) -> Summary:
    """What changes come to; ``final`` items have none."""
    count = Counter(change.action for change in changes)
    debit: Counter[tuple[str, str]] = Counter()
    credit: Counter[tuple[str, str]] = Counter()
    for change in changes:
        if change.action == "book" and change.entry is not None:
            for leg in change.entry.entries:
                for posting in leg.postings:
                    side = debit if posting.side == "debit" else credit
                    side[posting.account, posting.currency] += posting.amount
    totals = [
        Total(account, currency, debit[account, currency], credit[account, currency])
        for account, currency in sorted({*debit, *credit})
    ]
    return Summary(count["book"], count["refuse"], count["report"], final, totals)
