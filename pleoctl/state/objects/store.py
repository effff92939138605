"""An object store as a lock needs it: read with a version, write only over that version, or only where there is none.

The url names a bucket and a prefix and nothing else. Where the store is and who asks (endpoint, account, credentials)
comes from the environment alone, as the store's own tools have it: a branch can lead no credentials anywhere.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pleoctl.errors import InvalidFile, MissingExtra, PleoctlError
from pleoctl.hosts import is_loopback
from pleoctl.state.base import StateLost, once_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import UpdateVersion
    from obstore.store import AzureStore, GCSStore, S3Store

# One request's and, with its repetitions, one question's deadline: shorter than what a lease has to spare.
_SECONDS: Final = 4
_RETRIES: Final[dict[str, Any]] = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=6),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}")
_PREFIX: Final = re.compile(r"[A-Za-z0-9._=/-]*")
_ENDPOINTS: Final = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
}
_OWNERS: Final = {"s3": "AWS", "az": "AZURE", "gs": "GOOGLE"}
_PROBE: Final = "conditional-writes"
_LEAST_OF_A_RACE: Final = 8


class Found(NamedTuple):
    """An object as it is now."""

    content: bytes
    version: UpdateVersion


class Changed(Exception):
    """The object is not what a conditional write was to replace; an earlier sending of the same may have been."""


class Objects:
    """Objects below a prefix. Whatever asks the store raises `StateLost`, or `InvalidFile` where it will never do."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet. Raises `InvalidFile` for an url that names more, or less, than bucket and prefix."""
        scheme, _, rest = url.partition("://")
        bucket, _, prefix = rest.partition("/")
        if not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix):
            words = "the url of an object store is bucket and prefix alone"
            raise InvalidFile(words, hint=f"e.g. {scheme}://my-bucket/pleoctl; the rest comes from the environment")
        self._scheme, self._bucket, self._prefix = scheme, bucket, prefix.strip("/")
        self._proving = threading.Lock()
        self._proven = False

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self._scheme}://{self._bucket}" + (f"/{self._prefix}" if self._prefix else "")

    def get(self, key: str) -> Found | None:
        """An object; None where there is none."""
        import obstore

        try:
            with self._asked():
                answer = obstore.get(self._store, key)
                meta = answer.meta
                return Found(bytes(answer.bytes()), self._version(meta["e_tag"], meta["version"]))
        except FileNotFoundError:
            return None

    def put(self, key: str, content: bytes, over: UpdateVersion | None) -> UpdateVersion:
        """Write an object over this version of it, or where there is none; its new version. Raises `Changed`."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with self._asked():
                done = obstore.put(self._store, key, content, mode="create" if over is None else over)
        except (AlreadyExistsError, PreconditionError) as error:
            raise Changed from error
        except FileNotFoundError as error:
            if over is not None and _code(error) != "NoSuchBucket":
                raise Changed from error  # somebody has removed it
            raise InvalidFile(f"{self.name} is not there", hint="make the bucket, or see its name") from error
        return self._version(done["e_tag"], done["version"])

    def keys(self, under: str) -> list[str]:
        """Every object's key below a prefix of ours."""
        import obstore

        root = f"{self._prefix}/" if self._prefix else ""
        with self._asked():
            found = [str(meta["path"]) for page in obstore.list(self._store, under) for meta in page]
        return sorted(key.removeprefix(root) for key in found)

    def require_conditional(self) -> None:
        """Raise `InvalidFile` where a conditional write is carried out although it must not be.

        Such a store cannot keep two runs apart. Asked once a process.
        """
        with self._proving:
            if not self._proven:
                self._prove()
                self._proven = True

    def _prove(self) -> None:
        for _ in range(_LEAST_OF_A_RACE):
            found = self.get(_PROBE)
            try:
                first = found.version if found else self.put(_PROBE, _nonce(), None)
                self.put(_PROBE, _nonce(), first)
            except Changed:
                continue  # somebody else asks the same
            for stale in (None, first):
                self._must_refuse(stale)
            return
        raise StateLost(f"{self.name} takes no writes: each time the object had changed", hint="try again")

    def _must_refuse(self, over: UpdateVersion | None) -> None:
        try:
            self.put(_PROBE, _nonce(), over)
        except Changed:
            return
        words = f"{self.name} writes although its condition does not hold: no lock can be kept there"
        raise InvalidFile(words, hint="use a store with conditional writes, or a PostgreSQL database")

    def _version(self, e_tag: str | None, version: str | None) -> UpdateVersion:
        made: UpdateVersion = {}
        if e_tag:
            made["e_tag"] = e_tag
        if version:
            made["version"] = version
        if not made:
            raise InvalidFile(f"{self.name} tells no versions of objects: no lock can be kept there")
        return made

    @contextmanager
    def _asked(self) -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            yield
        except (FileNotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, OSError) as error:
            hint = f"nothing is sent without it; see the {_OWNERS[self._scheme]}_… variables and the store's rights"
            raise StateLost(f"the shared state in {self.name} cannot be used: {_told(error)}", hint=hint) from None

    @cached_property
    def _store(self) -> S3Store | AzureStore | GCSStore:
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store

        shared: dict[str, Any] = {
            "prefix": self._prefix or None,
            "client_options": {"timeout": f"{_SECONDS}s", "connect_timeout": "3s", "allow_http": self._plain},
            "retry_config": _RETRIES,
        }
        try:
            if self._scheme == "s3":
                return S3Store(self._bucket, conditional_put="etag", **shared)
            return (AzureStore if self._scheme == "az" else GCSStore)(self._bucket, **shared)
        except BaseError as error:
            owner = _OWNERS[self._scheme]
            raise PleoctlError(f"{self.name}: {_told(error)}", hint=f"set the {owner}_… variables") from None

    @property
    def _plain(self) -> bool:
        """Whether the store may be asked without encryption: on loopback, or where the environment says so."""
        endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS[self._scheme])), "")
        allowed = os.environ.get(f"{_OWNERS[self._scheme]}_ALLOW_HTTP", "").lower() in {"1", "true"}
        return allowed or is_loopback(urlsplit(endpoint).hostname or "")


def _nonce() -> bytes:
    """Content that no object had before, so that its version is new also where a version is a digest."""
    return os.urandom(16).hex().encode()


def _code(error: BaseException) -> str:
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return {"ContainerNotFound": "NoSuchBucket"}.get(found[1], found[1]) if found else ""


def _told(error: BaseException) -> str:
    """Why, in the store's own terms, without urls (they may hold a signature) and without what it echoes."""
    words = str(error).partition("\n\nDebug source:")
    if status := re.search(r"non-2xx status code: (\d+ ?[A-Za-z ]*)", words[0]):
        return f"it answered {status[1].strip()} {_code(error)}".strip()
    for sign, meaning in (
        ("BadScheme", "its endpoint is not https"),
        ("kind: Connect", "it cannot be reached"),
        ("kind: Timeout", "it does not answer in time"),
        ("error sending request", "it went away"),
    ):
        if sign in str(error):
            return meaning
    return re.sub(r"https?://\S+", "…", words[0].rpartition(" - ")[2]).splitlines()[0][:160]


@once_each
def objects(url: str) -> Objects:
    """The objects of a url, one for the whole process. Raises `MissingExtra`, `InvalidFile`."""
    try:
        import obstore  # noqa: F401 - told before anything is asked
    except ImportError as error:
        raise MissingExtra("a lock in an object store needs obstore", hint="pip install 'pleoctl[objects]'") from error
    return Objects(url)
