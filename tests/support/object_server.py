"""Object stores for tests of their lock: one of S3's shape in memory, and a door to any, where answers get lost."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import requests

from answering import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Answer = tuple[int, bytes, dict[str, str]]
    Store = Callable[[str, str, dict[str, str], bytes], Answer]


@dataclass
class MemoryStore:
    """What a lock needs of S3 and of Google, one bucket; ``obeys`` False: it knows no conditional writes."""

    obeys: bool = True
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Carry a request out."""
        url = urlsplit(path)
        with self._lock:
            if "list-type" in (asked := parse_qs(url.query)):
                return self._listed(asked.get("prefix", [""])[0])
            if method == "PUT":
                return self._put(url.path, headers, body)
            content, tag = self.objects.get(url.path, (b"", ""))
            dated = {**_versions(tag), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
            return (200, content, dated) if tag else _error(404, "NoSuchKey")

    def _put(self, key: str, headers: dict[str, str], body: bytes) -> Answer:
        tag = self.objects.get(key, (b"", ""))[1]
        absent, match = headers.get("if-none-match"), headers.get("if-match")
        if (generation := headers.get("x-goog-if-generation-match")) is not None:
            absent, match = ("*", None) if generation == "0" else (None, f'"{generation}"')
        if self.obeys and ((absent and tag) or (match and match != tag)):
            return _error(412, "PreconditionFailed")
        made = f'"{next(self._numbers)}"'
        self.objects[key] = (body, made)
        return 200, b"", _versions(made)

    def _listed(self, prefix: str) -> Answer:
        keys = [key.split("/", 2)[2] for key in sorted(self.objects)]
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
            if key.startswith(prefix)
        )
        return 200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode(), {}


def _versions(tag: str) -> dict[str, str]:
    return {"ETag": tag, "x-goog-generation": tag.strip('"')}


def _error(status: int, code: str) -> Answer:
    return status, f"<Error><Code>{code}</Code></Error>".encode(), {}


def forward(port: int) -> Store:
    """A real store on loopback."""

    def carry(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        got = requests.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, data=body, timeout=20)
        kept = {name: value for name, value in got.headers.items() if name.lower() not in _HOPS}
        return got.status_code, got.content, kept

    return carry


_HOPS = {"transfer-encoding", "content-length", "connection", "keep-alive", "date", "server"}


@dataclass
class Door:
    """What clients speak to. ``faults``: what becomes of the next writes of locks, in order.

    ``before``: it is not carried out; ``after``: it is; neither is answered. ``shut``: nobody is answered any more.
    """

    store: Store
    url: str = ""
    faults: deque[str] = field(default_factory=deque)
    shut: bool = False

    @property
    def memory(self) -> MemoryStore:
        """The store, where it is in memory."""
        assert isinstance(self.store, MemoryStore)
        return self.store

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """Carry a request out, if it comes through."""
        lock = method == "PUT" and path.partition("?")[0].endswith(".json")
        fault = self.faults.popleft() if lock and self.faults else ""
        if self.shut or fault == "before":
            return None
        answer = self.store(method, path, headers, body)
        return None if fault == "after" else answer


@contextmanager
def open_door(store: Store) -> Iterator[Door]:
    """A door for the block."""
    door = Door(store)
    with answering(door.answer) as door.url:
        yield door


def s3_environment(door: Door) -> Iterable[tuple[str, str]]:
    """How a client is led to a store of S3's shape."""
    yield "AWS_ENDPOINT_URL", door.url
    yield "AWS_ACCESS_KEY_ID", "key"
    yield "AWS_SECRET_ACCESS_KEY", "s3cret-word"
    yield "AWS_REGION", "eu-north-1"
