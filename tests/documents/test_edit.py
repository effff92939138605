"""Changing one list of a file that people write leaves every other character as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.documents.edit import edit_list
from pleoctl.documents.load import parse

PATH = ("dimensions", "selected")
BLOCK = """\
company: x  # whose
dimensions:   # tags
  # which
  selected:   # at most five
    # the first
    - "DEPT"  # people
    - PROJ    # projects
    # the last
    - 'REGION'
  leave: [LEGACY]  # by hand
guard: {}  # none
"""
STYLES = {
    "block": BLOCK,
    "block at the same indent": "dimensions:\n  selected:\n  - DEPT\n  - PROJ\n  - REGION\nguard: {}\n",
    "block at the end": "dimensions:\n  selected:\n    - DEPT\n    - PROJ\n    - REGION",
    "flow": "dimensions: {leave: [A], selected: [DEPT, PROJ, 'REGION']}  # x\nguard: {}\n",
    "flow over lines": "dimensions:\n  selected: [\n    DEPT,  # d\n    PROJ, REGION,\n  ]  # end\nguard: {}\n",
    "CRLF": BLOCK.replace("\n", "\r\n"),
    "odd line separators": "# \x85 \u2028 \x0b".replace("\x0b", "") + "\n" + BLOCK,
}


def edited(text: str, *values: str) -> str:
    """The text after the edit."""
    return edit_list(parse(text, "f.yaml"), PATH, list(values))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "values",
    [["DEPT", "PROJ"], ["PROJ"], [], ["NEW"], ["REGION", "NEW"], ["DEPT", "PROJ", "REGION", "a: # b"]],
    ids=str,
)
def test_the_list_has_the_new_values_and_nothing_else_changes(style: str, values: list[str]) -> None:
    """Whatever the style of the list: the data are right, and so is everything else in the file."""
    before = parse(STYLES[style], "f.yaml").data
    after = parse(edited(STYLES[style], *values), "f.yaml").data
    assert sorted(after["dimensions"].pop("selected")) == sorted(values)
    del before["dimensions"]["selected"]
    assert after == before


def test_a_block_list_keeps_the_lines_and_notes_of_what_stays() -> None:
    """Only the line of the value that goes is gone."""
    assert edited(BLOCK, "DEPT", "REGION") == BLOCK.replace("    - PROJ    # projects\n", "")
    assert edited(BLOCK, "DEPT", "PROJ", "REGION", "NEW") == BLOCK.replace(
        "    - 'REGION'\n", "    - 'REGION'\n    - \"NEW\"\n"
    )
    assert edited(BLOCK, "DEPT", "PROJ", "REGION") == BLOCK


def test_an_emptied_block_list_keeps_every_note_around_it() -> None:
    """The list becomes [], the notes about the section stay."""
    result = edited(BLOCK)
    for note in ("# whose", "# tags", "# which", "# at most five", "# the first", "# the last", "# by hand", "# none"):
        assert note in result, note


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_flow_list_keeps_the_notes_in_it(line_end: str) -> None:
    """They stand above it then, since it is one line; one whose values stay is left alone."""
    text = """\
dimensions:  # tags
  leave: [A]
  selected: [ # five
    "DEPT",  # people, "all"
    # the next
    PROJ,#touching
    'a # b' ]  # end
""".replace("\n", line_end)
    wanted = """\
dimensions:  # tags
  leave: [A]
  # five
  # people, "all"
  # the next
  #touching
  selected: ["DEPT", "a # b"]  # end
""".replace("\n", line_end)
    assert edited(text, "DEPT", "a # b") == wanted
    assert edited(text, "DEPT", "PROJ", "a # b") == text


@pytest.mark.parametrize("listed", ["    [DEPT, PROJ]", "  - DEPT\n  - PROJ"])
def test_a_note_behind_an_anchor_stays(listed: str) -> None:
    """It stands between the key and its list."""
    result = edited(f"dimensions:\n  selected: &b # why\n{listed}  # end\n", "DEPT")
    assert parse(result, "f.yaml").data == {"dimensions": {"selected": ["DEPT"]}}
    assert "&b # why\n" in result


ABSENT = {
    "no section": "company: x  # whose\n",
    "no section, no newline": "company: x",
    "empty section": "dimensions:\nguard: {}\n",
    "empty section with a note": "dimensions:  # none yet\nguard: {}\n",
    "empty section at the end": "dimensions:",
    "null section": "dimensions: null\nguard: {}\n",
    "tilde section": "dimensions: ~  # none\nguard: {}\n",
    "empty flow section": "dimensions: {}\nguard: {}\n",
    "flow section": "dimensions: {leave: [A]}  # x\n",
    "block section": "dimensions:\n  # which\n  leave: [A]  # x\nguard: {}\n",
    "flow root": "{company: x, dimensions: {leave: [A]}}\n",
    "flow root without it": '{"company": "x"}\n',
    "end marker": "company: x\n...\n",
    "null list": "dimensions:\n  selected:\n  leave: [A]\n",
    "null list in flow": "dimensions: {selected: , leave: [A]}\n",
    "aliases": "other: &a [DEPT]\ndimensions: {selected: *a}\n",
    "comment at the end": "company: x\n# the end\n",
}


@pytest.mark.parametrize("style", ABSENT)
def test_a_list_that_is_not_there_is_added(style: str) -> None:
    """A missing or empty section, in every style."""
    text = ABSENT[style]
    before = parse(text, "f.yaml").data
    after = parse(edited(text, "DEPT", "é # x"), "f.yaml").data
    assert after["dimensions"].pop("selected") == ["DEPT", "é # x"]
    (before.get("dimensions") or {}).pop("selected", None)
    assert (after.pop("dimensions") or {}) == (before.pop("dimensions", None) or {})
    assert after == before
    for note in (line[line.index("#") :] for line in text.splitlines() if "#" in line):
        assert note in edited(text, "DEPT")


_CODES = st.lists(st.sampled_from(["A", "B", "C", "D e", "F # g", "1"]), unique=True, max_size=5)


@given(_CODES, _CODES, st.sampled_from(["", "    ", "  "]), st.booleans())
def test_any_selection_becomes_any_other(old: list[str], new: list[str], indent: str, notes: bool) -> None:
    """Edits follow on each other without wear."""
    note = "  # note" if notes else ""
    before = "".join(f'    {indent}- "{code}"{note}\n{"    # own" if notes else ""}\n' for code in old)
    text = f"dimensions:\n    selected:{note}{' []' if not old else ''}\n{before}".replace(f"{note} []", f" []{note}")
    once = edited(text, *new)
    assert sorted(parse(once, "f.yaml").data["dimensions"]["selected"]) == sorted(new)
    assert sorted(parse(edited(once, *old), "f.yaml").data["dimensions"]["selected"]) == sorted(old)
