"""CONTRIBUTING.md names what exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATH: Final = r"`((?:pleoctl|tests|bench|docs|schemas|examples|\.ci)/[^`\s]*|[\w.-]+\.md)`"
NAMED: Final = sorted(set(re.findall(PATH, PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_every_file_that_it_names_exists(name: str) -> None:
    """A file or folder that was moved is moved on the page as well."""
    assert (ROOT / name).exists()


def test_it_tells_the_recipes_that_there_are() -> None:
    """The table of recipes is the Makefile's."""
    made = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.findall(r"^\| `make ([a-z]+)` \|", PAGE, re.MULTILINE) == made
