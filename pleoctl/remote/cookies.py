"""The cookies of one service, as browsers and ``requests`` keep them; most services send none."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from http.cookiejar import CookieJar

    from urllib3 import HTTPHeaderDict


class Cookies:
    """A jar that is made when the first cookie comes."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._jar: CookieJar | None = None
        self._making = threading.Lock()

    def take(self, url: str, headers: HTTPHeaderDict) -> None:
        """Keep the cookies of an answer."""
        from http.cookiejar import CookieJar
        from urllib.request import Request

        with self._making:
            self._jar = CookieJar() if self._jar is None else self._jar
        self._jar.extract_cookies(_answered(headers), Request(url))  # noqa: S310 - nothing is opened

    def give(self, url: str, headers: dict[str, str]) -> None:
        """Put those that a server is to see on a request that has none of its own."""
        if not self._jar or any(name.lower() == "cookie" for name in headers):
            return
        from urllib.request import Request

        asking = Request(url)  # noqa: S310 - nothing is opened
        self._jar.add_cookie_header(asking)
        if (found := asking.get_header("Cookie")) is not None:
            headers["Cookie"] = found


def _answered(headers: HTTPHeaderDict) -> HTTPResponse:
    """What a jar asks an answer for."""
    answer: Any = SimpleNamespace(info=lambda: headers)
    return cast("HTTPResponse", answer)
