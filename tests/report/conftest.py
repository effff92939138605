"""A headless Chromium, where one is installed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from browser import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests of a process, with an empty profile; skips where there is none."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no browser to look at the page with (apt: chromium chromium-driver)")
    started = start(binary, driver, tmp_path_factory.mktemp("chromium"))
    yield started
    started.quit()
