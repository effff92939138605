"""The files of export items: links that look signed, differ at every fetch and end, and what they lead to.

Published: url, type and size of a file, and that a link works for 24 hours. Assumed: everything else about a link; the
sandbox asks for no credential there and counts one that is sent as a violation.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.calls import Answer, Call, File
from pleoctl.sandbox.errors import ApiError, not_found
from pleoctl.sandbox.export_rows import ITEMS
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from pleoctl.sandbox.errors import Record

_BEGINS: Final = {
    "application/pdf": b"%PDF-1.4\n%",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/jpg": b"\xff\xd8\xff\xe0",
    "image/png": b"\x89PNG\r\n\x1a\n",
}
_USUAL: Final = {"type": "application/pdf", "size": 1200}


def linked(call: Call, entry: str, payload: Record) -> Record:
    """An export item with new links to its files; null entries stay."""
    files = payload.get("files")
    if not isinstance(files, list):
        return payload
    return payload | {"files": [_shown(call, entry, n, file) for n, file in enumerate(files, 1)]}


def serve(call: Call) -> Answer:
    """getFile: the bytes behind a link, for as long as it works."""
    entry, number = call.path["accountingEntryId"].lower(), call.path["number"]
    expires, version = call.parameter("expires") or "0", call.parameter("v") or ""
    if call.parameter("sig") != _signature(entry, number, expires, version):
        raise ApiError(403, "ACCESS_DENIED", "The link is not signed")
    if int(expires) <= call.world.clock.now().timestamp():
        raise ApiError(403, "ACCESS_DENIED", "The link has expired")
    where = Filter().where("accountingEntryId = ?", entry).where("payload IS NOT NULL")
    for row in call.store.select(ITEMS, where, "seq DESC", 1):
        files = row["payload"].get("files") or []
        if number.isdecimal() and 0 < int(number) <= len(files):
            return _answer(_USUAL | files[int(number) - 1])
    raise not_found(f"File {number} of {entry}")


def _shown(call: Call, entry: str, n: int, file: Any) -> Any:
    if not isinstance(file, dict):
        return file
    shown = {name: value for name, value in (_USUAL | file).items() if name != "content"}
    if "content" in file and "size" not in file:
        shown["size"] = len(file["content"].encode())
    if call.settings.file_links == "seeded" and "url" in file:
        return shown
    return shown | {"url": _link(call, entry, str(n))}


def _link(call: Call, entry: str, number: str) -> str:
    call.world.links += 1
    expires = str(int(call.world.clock.now().timestamp()) + call.settings.file_link_seconds)
    version = str(call.world.links)
    query = f"expires={expires}&v={version}&sig={_signature(entry, number, expires, version)}"
    return f"http://{call.host}/_files/{entry}/{number}?{query}"


def _signature(*parts: str) -> str:
    return hashlib.sha256("/".join(("sandbox", *parts)).encode()).hexdigest()[:40]


def _answer(file: Record) -> Answer:
    if "content" in file:
        return Answer(200, file=File(file["content"].encode(), file["type"]))
    begin = _BEGINS.get(file["type"], b"")
    return Answer(200, file=File(begin + b"." * max(0, file["size"] - len(begin)), file["type"]))
