"""A Pleo that requests-mock plays, and what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests_mock import Mocker
    from requests_mock.request import _RequestObjectProxy as Request

URL = "https://external.pleo.io"
SECRET = "plp_very-secret"


def sent(requests_mock: Mocker) -> Request:
    """The last request."""
    assert requests_mock.last_request is not None
    return requests_mock.last_request
