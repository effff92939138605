"""The quick reader and the careful one: where the quick one answers at all, the careful one gives the same tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from findings import line_of
from pleoctl.documents import nodes
from pleoctl.documents.events import Unsure, careful_events, quick_events
from pleoctl.documents.load import parse
from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from shapes import Value

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("examples", "pleoctl", ".github", "tests")
    for path in (ROOT / folder).rglob("*.y*ml")
    if "node_modules" not in path.parts
)
PIECES = [
    "\n",
    "\n\n",
    "\n  ",
    " ",
    "  ",
    ":",
    ": ",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "#",
    " # c",
    "-",
    "- ",
    "\n- ",
    "?",
    "? ",
    "|",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "k: &a x\n",
    "- &a\n",
    "*a ",
    "*a\n",
    "[*a]",
    "*é",
    "&a:b ",
    "&a,",
    "*b-_1",
    "!t ",
    "%",
    "%YAML 1.0\n",
    "---",
    "...",
    '"',
    "'",
    '"x"',
    "'y''z'",
    "{a: 1}",
    "[b]",
    "{x:y}",
    '{"x":y}',
    "é",
    "\U0001f600",
    "\t",
    "\r\n",
    "\x85",
    "\u2028",
    "\ufeff",
    "\\u00e9",
    "\\/",
    "\\ud83d",
    "~",
    "=",
    "k: v\n",
    "k:\n",
    "  - x\n",
    "text",
    "0100",
]


def tree(text: str, *, quick: bool) -> Value:
    """Everything that is known of a text's nodes; None where it is refused or needs the other reader."""
    events = quick_events(text) if quick else careful_events(text, "x.yaml")
    try:
        root = nodes.Composer("x.yaml").compose(events)
    except (InvalidFile, Unsure):
        return None
    return _shape(root)


def _shape(node: nodes.Node) -> Value:
    shape = (node.kind, node.line, node.column, node.start, node.end, node.text, node.plain)
    return (*shape, [_shape(item) for item in node.items])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_files_of_this_repository_are_read_alike(path: Path) -> None:
    """Every file here, node by node and to the character."""
    text = path.read_text()
    assert tree(text, quick=True) in (None, tree(text, quick=False))


def test_what_people_write_is_read_quickly() -> None:
    """The shipped rules, the example company and the presets need no second reader; manifests are not for pleoctl."""
    shipped = [
        path for path in FILES if path.suffix == ".yaml" and not {"tests", "sandbox", "kubernetes"} & set(path.parts)
    ]
    assert len(shipped) > 12
    for path in shipped:
        assert tree(path.read_text(), quick=True), path


_MIXED = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@st.composite
def _disturbed(draw: DrawFn) -> str:
    text: str = draw(st.sampled_from([p.read_text() for p in FILES if p.stat().st_size < 3000]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 2)) :]
    return text


@given(st.one_of(_MIXED, _disturbed()))
@example("a: \nb: [1, {c: }]\n")
@example("- a\n-\n- b\n")
@example("a: |\n  x\n\n y: >+\n  z\n\n")
def test_any_text_is_read_alike(text: str) -> None:
    """The quick reader gives up, or gives the careful reader's tree; only what that refuses may differ."""
    quick = tree(text, quick=True)
    if quick is not None:
        assert tree(text, quick=False) in (None, quick)


@pytest.mark.parametrize("empty", range(4))
def test_lines_are_counted_from_the_first_be_it_empty(empty: int) -> None:
    """Whatever the first word of a file stands below."""
    document = parse("\n" * empty + "a: b\nc: d\n", "f.yaml")
    assert [document.locate([key], key=True) for key in "ac"] == [(empty + 1, 1), (empty + 2, 1)]


def test_an_absent_value_stands_at_its_key() -> None:
    """Whichever reader reads it, and wherever its comments stand."""
    for text in ("a: 1\nb:\nc: 2\n", "a: 1\nb:  # later\n\nc: 2\n"):
        assert parse(text, "x.yaml").locate(["b"]) == (2, 1)


@pytest.mark.parametrize("text", ["%YAML 1.0\n---\na: 1\n", "%YAML 3.7\n---\na: 1\n", "%YAML x\n---\na: 1\n"])
def test_another_version_of_yaml_is_told(text: str) -> None:
    """A finding with a place and a fix."""
    with pytest.raises(InvalidFile) as caught:
        parse(text, "x.yaml")
    assert line_of(caught.value.findings[0]) is not None
