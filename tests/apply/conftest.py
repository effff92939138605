"""One sandbox per module of tests that apply the mixed plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mixed
from pleoctl.sandbox import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from engine import Engine
    from pleoctl.sandbox import Sandbox


@pytest.fixture
def engine(shared_sandbox: Sandbox, tmp_path: Path) -> Engine:
    """The mixed plan's company and desired state."""
    shared_sandbox.reset(mixed.SEED, Settings(seed_ids=1))
    return mixed.engine(shared_sandbox, tmp_path)
