"""One sandbox per module of laws; every example resets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running
