"""Attachments: fetched once, without any credential, from public addresses only, within Pleo's limits (H2-H8)."""

from __future__ import annotations

import gzip
import ipaddress
import shutil
import socket
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError

from pleoctl.documents.files import lies_straight, writing
from pleoctl.hosts import is_loopback
from pleoctl.machine import this_machine
from pleoctl.remote.connections import named_certificates
from pleoctl.remote.deadline import Bounds, bound
from pleoctl.remote.errors import is_doubtful
from pleoctl.sinks.base import File, Refusal
from pleoctl.workspace.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pleoctl.jobs.items import Listed

MAX_BYTES: Final = 30 * 1000 * 1000
SECONDS: Final = 30.0
WHOLE_SECONDS: Final = 300.0
TRIES: Final = 3
REDIRECTS: Final = 3
DOWNLOAD: Final = "receipt_download_failure"
TOO_LARGE: Final = "receipt_file_size_limit_exceeded"
CONVERSION: Final = "receipt_conversion_failure"
FORMATS: Final = frozenset({".doc", ".docx", ".pdf", ".txt", ".jpg", ".jpeg", ".png", ".xls", ".xlsx"})
_CHUNK: Final = 1 << 16
_TOO_MANY: Final = 429


class Fetcher:
    """Puts attachments into a folder. ``loopback``: Pleo itself is on this machine, so its files may be, too."""

    def __init__(self, folder: Path, *, loopback: bool) -> None:
        """The folder is made with the first file."""
        self._folder, self._loopback = folder, loopback
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter())
        self._session.trust_env = not loopback
        # Requests itself knows two of the variables only, and none on this machine.
        self._session.verify = named_certificates()[1] or True
        # Of other packings, nobody tells whether the end of one is missing.
        self._session.headers["Accept-Encoding"] = "gzip"
        # Links are signed; no credential of ours, of a .netrc or of a cookie jar has any business there.
        self._session.auth = _no_auth

    def close(self, *, over: bool) -> None:
        """Give the connections back; what was fetched for a job that is ``over`` is taken away."""
        self._session.close()
        if over:
            shutil.rmtree(self._folder, ignore_errors=True)

    def files(self, item: Listed) -> tuple[File, ...]:
        """All attachments of an item, in Pleo's order. Raises `Refusal` with the ``receipt_…`` reason of the first.

        Raises `NotWritten` where this machine cannot keep one, which says nothing of the item.
        """
        made = []
        for sent, named in zip(item.files, item.attachments, strict=True):
            path, told = self._folder / item.id / named.name, _told_size(sent)
            if not all(lies_straight(one, self._folder) for one in (path, _beside(path))):
                raise Refusal(f"{named.name} cannot be kept: a link stands where it belongs", DOWNLOAD)
            if path.suffix not in FORMATS:
                raise Refusal(f"{named.name} is a {sent.get('type')}, which cannot be handed on", CONVERSION)
            if told is not None and told > MAX_BYTES:
                raise Refusal(f"{named.name} is larger than 30 MB", TOO_LARGE)
            if not path.exists() or told not in {None, path.stat().st_size}:
                self._fetch(str(sent.get("url") or ""), path, told)
            made.append(File(path, named.name, str(sent.get("type") or "application/octet-stream")))
        return tuple(made)

    def _fetch(self, url: str, path: Path, told: int | None) -> None:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                this_machine().sleep(2.0**attempt)
            try:
                self._once(url, path, told)
            except (requests.exceptions.RequestException, OSError) as error:
                problem = _words(error)
            except _Passing as passing:
                problem = str(passing)
            except ValueError as error:
                raise Refusal(f"{path.name} could not be fetched from Pleo: its link is no url", DOWNLOAD) from error
            else:
                return
        raise Refusal(f"{path.name} could not be fetched from Pleo: {problem}", DOWNLOAD)

    def _once(self, url: str, path: Path, told: int | None) -> None:
        for _ in range(REDIRECTS + 1):
            self._check(url)
            with self._session.get(url, stream=True, timeout=SECONDS, allow_redirects=False) as response:
                if response.is_redirect:
                    url = urljoin(url, response.headers["Location"])
                    continue
                if is_doubtful(response.status_code) or response.status_code == _TOO_MANY:
                    raise _Passing(f"HTTP {response.status_code}")
                if response.status_code != 200:
                    raise Refusal(f"{path.name} could not be fetched from Pleo: HTTP {response.status_code}", DOWNLOAD)
                self._store(response, path, told)
                return
        raise Refusal(f"{path.name} is redirected in circles", DOWNLOAD)

    def _store(self, response: requests.Response, path: Path, told: int | None) -> None:
        """Beside, then renamed, so that a file that exists is whole. Raises `NotWritten`."""
        beside = _beside(path)
        try:
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with beside.open("wb") as stream:
                    for chunk in _chunks(response, path.name, told):
                        stream.write(chunk)
                beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def _check(self, url: str) -> None:
        """Https to public addresses only: a link must not reach into the network that pleoctl runs in."""
        parts = urlsplit(url)
        port = parts.port or 443
        if self._loopback and parts.username is None and is_loopback(parts.hostname or ""):
            return
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            raise Refusal("an attachment's link is no https address", DOWNLOAD)
        for address in _addresses(parts.hostname, port):
            if not address.is_global:
                raise Refusal(f"an attachment's link leads to {parts.hostname}, which is no public address", DOWNLOAD)


def _beside(path: Path) -> Path:
    """Where a file lies while it is fetched."""
    return path.with_name(f".{path.name}.part")


def _told_size(sent: Mapping[str, Any]) -> int | None:
    """The bytes that Pleo says a file has (F5), where it says so."""
    told = sent.get("size")
    return told if isinstance(told, int) and told > 0 and told is not True else None


def _chunks(response: requests.Response, name: str, told: int | None) -> Iterator[bytes]:
    """A whole file, piece by piece. Raises `_Passing` where it does not arrive, `Refusal` where it is too large.

    ``told`` is how many bytes Pleo says that it has: a server that closes early, or serves another file, says nothing.
    """
    started, size = this_machine().monotonic(), 0
    try:
        for chunk in _unpacked(response):
            size += len(chunk)
            if size > MAX_BYTES:
                raise Refusal(f"{name} is larger than 30 MB", TOO_LARGE)
            if this_machine().monotonic() - started > WHOLE_SECONDS:
                raise _Passing("no end in time")
            yield chunk
    except (requests.exceptions.RequestException, HTTPError, OSError, EOFError, zlib.error) as error:
        raise _Passing(_words(error)) from error
    announced = response.headers.get("Content-Length")
    if announced and announced.isdigit() and not response.headers.get("Content-Encoding") and int(announced) != size:
        raise _Passing("it broke off")
    if told not in {None, size}:
        raise _Passing(f"{size} bytes came, and Pleo says that it has {told}")


def _unpacked(response: requests.Response) -> Iterator[bytes]:
    """The pieces of a file. Raises `EOFError` where a packed one lacks its end, which urllib3 does not miss."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing in {"", "identity"}:
        yield from response.iter_content(_CHUNK)
        return
    if packing not in {"gzip", "x-gzip"}:
        raise _Passing("it is packed in a way that nobody asked for")
    with gzip.GzipFile(fileobj=response.raw) as whole:
        while piece := whole.read(_CHUNK):
            yield piece


def _words(error: Exception) -> str:
    """What befell a download, as the people in Pleo read it."""
    packed = isinstance(error, (zlib.error, gzip.BadGzipFile, requests.exceptions.ContentDecodingError, DecodeError))
    if packed:
        return "it cannot be unpacked"
    if isinstance(error, (requests.exceptions.Timeout, TimeoutError)):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its server cannot prove who it is"
    if isinstance(error, socket.gaierror):
        return "its host is not known"
    broken = isinstance(error, (requests.exceptions.ChunkedEncodingError, HTTPError, EOFError))
    return "it broke off" if broken else "its server cannot be reached"


class _Adapter(HTTPAdapter):
    """Connections whose answers are bounded, and of which none is used again where more came than its answer."""

    def get_connection_with_tls_context(self, *given: Any, **options: Any) -> Any:
        """See `HTTPAdapter`."""
        pool: Any = super().get_connection_with_tls_context(*given, **options)
        if "bounds" not in pool.conn_kw:
            pool.ConnectionCls = bound(pool.ConnectionCls)
            pool.conn_kw = {**pool.conn_kw, "bounds": Bounds(Limits(SECONDS, answer_seconds=WHOLE_SECONDS))}
        return pool


class _Passing(Exception):
    """A fault that may pass."""


def _addresses(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _no_auth(request: Any) -> Any:
    return request
