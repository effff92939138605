"""The JSON API of a small accounting system, with a fault for any of its writes.

`api.faults = {2: "before"}` drops the connection of the second booking before it is carried out, "after" behind it;
"503" answers so behind it, as any other status does. `api.refusals = {2: (422, body)}` refuses it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from answering import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Json, Value

TOKEN = "t0ken-of-the-books"


class ApiBooks:
    """Vouchers that were booked, in their order; ``honours`` an idempotency key unless told otherwise."""

    def __init__(self) -> None:
        """Empty books."""
        self.url = ""
        self.vouchers: list[Json] = []
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: dict[int, str] = {}
        self.refusals: dict[int, tuple[int, Value]] = {}
        self.uploads: list[tuple[str, bytes]] = []
        self.once: dict[str, Json] = {}
        self.honours = True
        self.size = 100
        self.posts = 0
        self.other: Callable[[str, str, dict[str, list[str]], bytes], tuple[int, Value]] | None = None

    def answer(self, method: str, target: str, headers: dict[str, str], content: bytes) -> tuple[int, Value] | None:
        """Status and body; None drops the connection."""
        parts = urlsplit(target)
        self.requests.append((method, target))
        self.headers.append(headers)
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "who are you?"}
        if self.other is not None:
            return self.other(method, parts.path, parse_qs(parts.query), content)
        if parts.path.endswith("/attachments"):
            self.uploads.append((parts.path, content))
            self.vouchers[int(parts.path.split("/")[3]) - 1].setdefault("files", []).append("1.pdf")
            return 201, {}
        if parts.path.endswith("/post"):
            return self._post(int(parts.path.split("/")[3]))
        if method == "GET":
            return 200, self._page(parse_qs(parts.query))
        return self._book(headers, json.loads(content))

    def _page(self, query: dict[str, list[str]]) -> Json:
        wanted = query.get("reference", [""])[0].lower()
        rows = [one for one in self.vouchers if one["reference"].lower().startswith(wanted)]
        start = (int(query.get("page", ["1"])[0]) - 1) * self.size
        return {"items": rows[start : start + self.size], "pages": max(1, -(-len(rows) // self.size))}

    def _post(self, number: int) -> tuple[int, Value] | None:
        """A voucher is posted; as with any other write its answer may be lost, or it may be refused."""
        self.posts += 1
        fault = self.faults.get(self.posts)
        if self.posts in self.refusals:
            return self.refusals[self.posts]
        if fault == "before":
            return None
        self.vouchers[number - 1]["status"] = "posted"
        return None if fault == "after" else (int(fault), {}) if fault and fault.isdigit() else (200, {})

    def _book(self, headers: dict[str, str], body: Json) -> tuple[int, Value] | None:
        self.posts += 1
        fault = self.faults.get(self.posts)
        if self.posts in self.refusals:
            return self.refusals[self.posts]
        if fault == "before":
            return None
        once = headers.get("idempotency-key", "")
        made = self.once.get(once) if once and self.honours else None
        if made is None:
            made = {"number": len(self.vouchers) + 1, "status": "open", **body}
            made["self"] = f"{self.url}/v1/vouchers/{made['number']}"
            self.vouchers.append(made)
            self.once[once] = made
        return None if fault == "after" else (int(fault), {}) if fault and fault.isdigit() else (201, made)


@contextmanager
def serving(books: ApiBooks) -> Iterator[ApiBooks]:
    """The books on a port of this machine."""

    def answer(method: str, target: str, headers: dict[str, str], content: bytes) -> tuple[int, Value] | None:
        return books.answer(method, target, headers, content)  # which a test may have replaced by now

    with answering(answer) as books.url:
        yield books


def section(books: ApiBooks, **changes: Value) -> Json:
    """A sink that describes these books; ``find`` and ``book`` are laid over its own key by key."""
    made: Json = {
        "type": "http",
        "baseUrl": books.url,
        "auth": {"bearer": "env:AS_TOKEN"},
        "currency": "SEK",
        "check": {"path": "/v1/journals/PLEO"},
        "find": {
            "path": "/v1/vouchers",
            "query": {"reference": "{key}", "page": "{page}"},
            "paginate": {"type": "page", "pages": "pages"},
            "records": "items",
            "key": "reference",
            "id": "string(number)",
            "url": "self",
            "void": "status == 'void'",
            "date": "date",
            "lines": {"each": "lines", "as": {"account": "account", "side": "side", "amount": "amount"}},
        },
        "book": {
            "path": "/v1/vouchers",
            "headers": {"Idempotency-Key": "{once}"},
            "body": {
                "reference": "key",
                "date": "entry.postingDate",
                "draft": "draft",
                "moved": "entry.moved",
                "lines": {
                    "each": "leg.postings",
                    "as": {
                        "account": "posting.account",
                        "side": "posting.side",
                        "amount": "money(posting.amount, posting.currency)",
                    },
                },
            },
            "id": "string(number)",
            "url": "self",
        },
        "closedPeriod": {"when": "status == `422` && body.code == 'PERIOD_CLOSED'", "nextOpen": "body.nextOpen"},
        "reasons": {"account_unknown": "body.code == 'NO_ACCOUNT'"},
    }
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(made.get(name), dict)
        made[name] = {**made[name], **value} if both else value
    return made
