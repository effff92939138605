"""A rename that does not show is spelt out."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans import change, make_plan
from pleoctl.report.alike import apart
from pleoctl.report.html import plan_html
from pleoctl.report.markdown import plan_markdown
from pleoctl.report.text import plan_text

if TYPE_CHECKING:
    from shapes import Value

ALIKE = [
    ("Caf\u00e9", "Cafe\u0301", "Caf\\xe9", "Cafe\\u0301"),
    ("A B", "A\u00a0B", "A B", "A\\xa0B"),
    ("A B", "A  B", "A B", "A\\u0020\\u0020B"),
    ("A", " A ", "A", "\\u0020A\\u0020"),
    ("ﬁ", "fi", "\\ufb01", "fi"),
]


@pytest.mark.parametrize(("before", "after", "was", "becomes"), ALIKE)
def test_a_rename_that_does_not_show_is_spelt_out(before: str, after: str, was: str, becomes: str) -> None:
    """In every format that a reviewer reads; both sides, so that the difference can be seen."""
    plan = make_plan(change("update", "k", before, after={"name": after}))
    for shown in (str(plan_text(plan)), str(plan_markdown(plan)), str(plan_html(plan))):
        assert f"{becomes}" in shown
        assert f"{was}" in shown
    assert apart(before, after) == (was, becomes)


@pytest.mark.parametrize(("before", "after"), [("Café", "Cafe"), ("a", "A"), (None, ""), ("A B", "AB"), ("é", "é")])
def test_what_shows_is_left_as_it_is(before: str | None, after: str) -> None:
    """Names are for people."""
    assert apart(before, after) == (before, after)


@given(st.text(max_size=8), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.booleans())
def test_two_forms_of_one_text_never_look_the_same(text: str, form: Value, blank: bool) -> None:
    """However it is spelt: what differs is shown to differ."""
    other = unicodedata.normalize(form, text) + " " * blank
    was, becomes = apart(text, other)
    assert (was == becomes) == (text == other)
