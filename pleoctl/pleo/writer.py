"""Everything pleoctl writes to Pleo: creates and full-record PUTs, never a DELETE (S5, law 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pleoctl.errors import PleoError
from pleoctl.pleo import wire
from pleoctl.pleo.reader import ACCOUNTS, ACCOUNTS_WRITE, GROUPS, TAGS, TAGS_WRITE, PleoReader
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Answer of a batch create: what was created, and the reasons per externalId that was not (A43)."""

    created: list[Live]
    failed: dict[str, list[str]]


class PleoWriter(PleoReader):
    """Writes one company. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_account(self, body: dict[str, Any]) -> Live:
        """Operation ``createAccountV1``; 200 and 201 both give the account (K8)."""
        sent = {"companyId": self.company, **body}
        answer = self._http.write("POST", ACCOUNTS, json=sent, scope=ACCOUNTS_WRITE)
        return _understood(lambda: wire.account(wire.data_of(answer.body, dict), keep=True))

    def create_accounts(self, items: list[dict[str, Any]]) -> BatchResult:
        """Operation ``createAccountsBatchV1``, 1 to 1000 items; matched by externalId, never by position."""
        sent = {"companyId": self.company, "items": items}
        answer = self._http.write("POST", f"{ACCOUNTS}/batch", json=sent, scope=ACCOUNTS_WRITE)
        return _understood(lambda: _batch(wire.data_of(answer.body, dict)))

    def put_account(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateAccountV1``."""
        answer = self._http.write("PUT", f"{ACCOUNTS}/{quote(record, safe='')}", json=body, scope=ACCOUNTS_WRITE)
        return _understood(lambda: wire.account(wire.data_of(answer.body, dict), keep=True))

    def create_group(self, body: dict[str, Any]) -> Live:
        """Operation ``createTagGroup``."""
        params = {"company_id": self.company}
        answer = self._http.write("POST", GROUPS, params=params, json=body, scope=TAGS_WRITE)
        return _understood(lambda: wire.group(wire.data_of(answer.body, dict)))

    def put_group(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTagGroup``; the body must hold all four fields (T59)."""
        answer = self._http.write("PUT", f"{GROUPS}/{quote(record, safe='')}", json=body, scope=TAGS_WRITE)
        return _understood(lambda: wire.group(wire.data_of(answer.body, dict)))

    def create_tag(self, group: str, body: dict[str, Any]) -> Live:
        """Operation ``createTag``."""
        answer = self._http.write("POST", f"{GROUPS}/{quote(group, safe='')}/tags", json=body, scope=TAGS_WRITE)
        return _understood(lambda: wire.tag(wire.data_of(answer.body, dict), keep=True))

    def put_tag(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTag``."""
        answer = self._http.write("PUT", f"{TAGS}/{quote(record, safe='')}", json=body, scope=TAGS_WRITE)
        return _understood(lambda: wire.tag(wire.data_of(answer.body, dict), keep=True))

    def archive_tags(self, ids: list[str], *, archived: bool) -> dict[str, Live]:
        """Operation ``bulkArchiveTags`` for 1 to 100 tags; the answer by id, as far as Pleo gives one."""
        sent = {"companyId": self.company, "archived": archived, "tagIds": ids}
        answer = self._http.write("POST", f"{TAGS}/archive", json=sent, scope=TAGS_WRITE)
        rows = answer.body.get("data") if isinstance(answer.body, dict) else None
        if not isinstance(rows, list):
            raise LostAnswer("the bulk answer lists no tags", answer.status)
        return _understood(lambda: {r.id: r for r in (wire.tag(row, keep=True) for row in rows)})


def _batch(data: dict[str, Any]) -> BatchResult:
    created, failed = data.get("created"), data.get("failed")
    if not isinstance(created, list) or not isinstance(failed, list):
        raise PleoError("the batch answer lacks created or failed")
    reasons: dict[str, list[str]] = {}
    for item in failed:
        key = str(item["request"]["externalId"])
        reasons[key] = [str(reason) for reason in item.get("reasons") or ["OTHER"]]
    return BatchResult([wire.account(row, keep=True) for row in created], reasons)


def _understood(read: Callable[[], T]) -> T:
    """A write that answered 2xx was carried out; if the answer cannot be read, what it did is not known."""
    try:
        return read()
    except (PleoError, KeyError, TypeError, AttributeError) as error:
        raise LostAnswer(f"the answer is not understood: {error}") from error
