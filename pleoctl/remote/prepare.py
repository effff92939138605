"""A request put together as ``requests`` puts it together, which is loaded for what is rare alone: forms, odd urls."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from urllib3.exceptions import LocationValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART: Final = r"[0-9A-Za-z_:-][0-9A-Za-z_.:-]*"
_PLAIN: Final = re.compile(rf"([^/?#]+//[^/?#]*/)({_PART}(?:/{_PART})*)")
"""A url up to its path, and a path of which nothing has to be spelt otherwise."""
_SERVER: Final = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]*)?/")
"""A url up to its path of which nothing has to be spelt otherwise."""
_NAME: Final = re.compile(r"[^:\s][^:\r\n]*")
_VALUE: Final = re.compile(r"(?:\S[^\r\n]*)?")
# As ``requests`` has it, but made once.
_JSON: Final = json.JSONEncoder(allow_nan=False).encode
_UNSIZED: Final = frozenset({"GET", "HEAD"})
"""Methods that say nothing of a body where there is none."""


class UnfitHeader(ValueError):
    """A header that none can be."""


def put(headers: dict[str, str], name: str, value: Any) -> None:
    """Put a header in the place of what has its name in any spelling. Raises `UnfitHeader`."""
    if not isinstance(value, str) or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise UnfitHeader(name)
    replace(headers, name, value)


def replace(headers: dict[str, str], name: str, value: str) -> None:
    """`put` for what is known to be fit."""
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def put_body(headers: dict[str, str], method: str, request: Mapping[str, Any]) -> Any:
    """The body of a request, whose length and kind are put among the headers. Raises `ValueError`."""
    if request.get("data") or request.get("files"):
        return _form(headers, method, request)
    data = request.get("json")
    if data is None:
        if method not in _UNSIZED:
            headers["Content-Length"] = "0"
        return None
    body = _JSON(data).encode()
    headers["Content-Length"] = str(len(body))
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return body


def _form(headers: dict[str, str], method: str, request: Mapping[str, Any]) -> Any:
    from requests import PreparedRequest
    from requests.structures import CaseInsensitiveDict

    prepared = PreparedRequest()
    prepared.method, prepared.headers = method, CaseInsensitiveDict(headers)
    prepared.prepare_body(request.get("data"), request.get("files"), request.get("json"))
    headers.clear()
    headers.update(prepared.headers)
    return prepared.body


def with_query(url: str, params: Mapping[str, Any] | None) -> str:
    """The url as requests would spell it. Raises `LocationValueError` where it is none."""
    plain = None if params else _PLAIN.fullmatch(url)
    if plain is not None:
        return _spelt(plain[1]) + plain[2]
    base = _spelt(url) if params else ""
    if not params or "?" in base or "#" in base or not all(isinstance(one, str | int) for one in params.values()):
        return _by_requests(url, params)
    return f"{base}?{urlencode(params)}"


@lru_cache(maxsize=16)
def _spelt(url: str) -> str:
    """The url of a list, which is the same for each of its pages, or the beginning that records share."""
    plain = _PLAIN.fullmatch(url)
    if _SERVER.fullmatch(plain[1] if plain else url):
        return url
    return _by_requests(url, None)


def _by_requests(url: str, params: Mapping[str, Any] | None) -> str:
    import requests

    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, params)
    except requests.RequestException as error:
        raise LocationValueError(str(error)) from error
    return prepared.url or ""
