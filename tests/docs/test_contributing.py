"""CONTRIBUTING.md names what exists."""

from __future__ import annotations

import ast
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


PLACED: Final = sorted(set(re.findall(r"`([\w.]+)`\s+in\s+`(pleoctl/[\w/]+\.py)`", PAGE)))


@pytest.mark.parametrize(("name", "file"), PLACED)
def test_what_it_places_stands_there(name: str, file: str) -> None:
    """A function or class that was moved or renamed is so on the page as well."""
    scope: ast.AST = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        inner = [node for node in ast.iter_child_nodes(scope) if getattr(node, "name", None) == part]
        assert len(inner) == 1, f"{file} has no {name}"
        scope = inner[0]


def test_the_walk_of_a_row_says_where_to_look() -> None:
    """Decided, sent, worded: each with a function and its file."""
    assert {file for _, file in PLACED} >= {
        "pleoctl/reconcile/table.py",
        "pleoctl/apply/steps.py",
        "pleoctl/pleo/tags.py",
        "pleoctl/report/text.py",
    }
