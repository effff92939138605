"""A Pleo that requests-mock plays, and what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests_mock import Mocker


URL = "https://external.pleo.io"


SECRET = "plp_very-secret"


def sent(requests_mock: Mocker) -> Any:
    """The last request."""
    assert requests_mock.last_request is not None
    return requests_mock.last_request
