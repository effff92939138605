"""Regexes of line rules: Python's syntax and meaning, in linear time."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from findings import line_of
from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.regex import Refused, compiled, translate

from .conftest import HEAD, engine, item, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value


def found(pattern: str, text: str, *, folded: bool = False) -> bool:
    """Whether rules find the pattern in a text."""
    return compiled(translate(pattern, folded=folded)).test(text)


def account(folder: Path, when: Json, **more: Value) -> str:
    """The account of a line under one rule that gives 7000, and the line's own is 6540."""
    rules = HEAD + f"lines: {{rows: [{{id: a, when: {json.dumps(when)}, account: '7000'}}]}}\n"
    return mapped(engine(folder, rules), item(**more)).entries[0].postings[0].account


@pytest.mark.parametrize("pattern", ["a*a*a*b", "(a*)*b", "(a|aa)+b", "(?:(?:a?){20}){10}b", "(a+a+)+b"])
def test_no_regex_takes_for_ever(tmp_path: Path, pattern: str) -> None:
    """What backtracking takes hours for is decided at once."""
    assert account(tmp_path, {"note": {"regex": pattern}}, note="a" * 100_000) == "6540"
    assert account(tmp_path, {"note": {"regex": pattern}}, note="a" * 100_000 + "b") == "7000"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(.)x\1", "a back reference may take for ever and is not supported"),
        ("foo(?=bar)", "looking ahead or behind may take for ever"),
        ("(?<!foo)bar", "looking ahead or behind may take for ever"),
        ("(?>a*)b", "an atomic group"),
        ("a*+b", "a possessive repeat"),
        ("(a)?(?(1)b|c)", "a conditional group"),
        (r"foo\Bbar", r"\B is not supported"),
        (r"\b.*", r"\b is supported beside"),
        (r"a.\b.b", r"\b is supported beside"),
        (r"(?:\bfoo)*bar", r"\b is supported beside"),
        (r"\b", r"\b is supported beside"),
        ("foo$bar", "$ is supported at the end only"),
        (r"[^\Sa]", "takes one thing out of another"),
        ("foo(?i)bar", "global flags not at the start"),
        ("[[a]", "Possible nested set"),
        ("(", "missing )"),
        ("a{1001}", "invalid repetition size"),
        ("(?:x{100}){100}", "invalid repetition size"),
        (r"(?:\w{900}){1,1}", "pattern too large"),
        ("a{99999999999999}", "the repetition number is too large"),
        ("(" * 900 + ")" * 900, "nested too deep"),
        ("a" * 2001, "more than 2000 characters"),
    ],
)
def test_what_cannot_be_linear_is_refused_with_its_reason(tmp_path: Path, pattern: str, reason: str) -> None:
    """The finding names the construct, and where it stands."""
    rules = HEAD + f"lines: {{rows: [{{id: a, when: {{note: {{regex: {json.dumps(pattern)}}}}}, account: '7000'}}]}}\n"
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rules)
    finding = caught.value.findings[0]
    assert "regex cannot be used: " in finding.message
    assert reason in finding.message
    assert line_of(finding) == HEAD.count("\n") + 1


def test_many_large_regexes_are_refused_together(tmp_path: Path) -> None:
    """Each takes a tenth of a second to make; the one that is too much is named."""
    rows = [
        f"{{id: r{n}, when: {{note: {{regex: '[åä{n}]\\w{{300}}'}}}}, account: '7000'}}" for n in range(10_000, 10_060)
    ]
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, HEAD + f"lines: {{rows: [{', '.join(rows)}]}}\n")
    assert [f.message for f in caught.value.findings] == ["the regexes up to here are too large together"]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\bÅhléns\b", "hos åhléns.", True),
        (r"\bÅhléns\b", "båhléns", False),
        (r"(?i)^(?:hotel|hôtel)\b", "HÔTEL Ritz", True),
        (r"hotel\b", "hotelë", False),
        (r"\b(?:uber|bolt)\b|taxi", "an uber ride", True),
        (r"\b(?:uber|bolt)\b|taxi", "tubers", False),
        (r"foo\b-\bbar", "xfoo-barx", True),
        (r"(?is)a.b", "A\nB", True),
        (r"(?im)^b$", "a\nB\nc", True),
        (r"(?x) a \s b  # with a comment", "a b", True),
        (r"foo$", "foo\n", True),
        (r"foo\Z", "foo\n", False),
        (r"^\w+$", "Grüße_9", True),
        (r"^[^\W\d_]+$", "Grüße", True),
        (r"^[^\W\d_]+$", "Grüße9", False),
        (r"^\d{3}$", "१२३", True),
        (r"a\sb", "a\u00a0b", True),
        (r"[\D]", "7", False),
        (r"x{,2}y", "xxy", True),
    ],
)
def test_signs_mean_what_they_mean_in_python(pattern: str, text: str, matches: bool) -> None:
    r"""Letters of all alphabets are letters, ``\b`` stands beside them, flags stand in front."""
    assert found(pattern, text.casefold(), folded=True) == matches
    if pattern.startswith("(?i") or text == text.casefold():
        assert (re.search(pattern, text.casefold(), re.IGNORECASE) is not None) == matches


@pytest.mark.parametrize(
    "pattern", [r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", "[^\\W_]", "[^\\W\\d]", "[^\\W\\d_]", "."]
)
def test_classes_hold_the_characters_that_they_hold_in_python(pattern: str) -> None:
    """For every character that this Python knows."""
    inside = "".join(re.findall(pattern, known()))
    outside = "".join(re.split(pattern, known()))
    assert len(inside) + len(outside) == len(known())
    # At one go, since a million single searches take seconds; what differs is then looked for one by one.
    if not found(rf"\A(?:{pattern})+\Z", inside) or found(pattern, outside):
        assert [c for c in inside if not found(pattern, c)] == []
        assert [c for c in outside if found(pattern, c)] == []


@cache
def known() -> str:
    """The characters that this Python knows."""
    return "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in {"Cn", "Cs"})


#: Letters that Python takes for an i or an s in any case; folded texts never hold them, and RE2 tells them apart.
_ODD = "İıſK"
_LETTERS = st.sampled_from("abAB åÅßΣςσ09_-.\n\u00a0é")
_ATOMS = st.one_of(
    _LETTERS.map(re.escape),
    st.sampled_from([r"\w", r"\d", r"\s", r"\W", ".", "[a-bÅ]", "[^a]", "[A-Å]", "[ß]", "[^ß_]", r"[\d_]", r"[\W\d]"]),
)
_PIECES = st.tuples(_ATOMS, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "*?"])).map("".join)
_SEQUENCES = st.lists(_PIECES, max_size=4).map("".join)
_PATTERNS = st.recursive(
    _SEQUENCES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"(?:{'|'.join(p)})"),
        st.tuples(inner, inner).map("".join),
        inner.map(lambda p: f"(?:{p})?"),
    ),
    max_leaves=4,
)
_WHOLE = st.tuples(
    st.sampled_from(["", "", "(?i)", "(?s)", "(?m)", "(?is)"]),
    st.sampled_from(["", "^", r"\b", r"\A"]),
    _PATTERNS,
    st.sampled_from(["", "$", r"\b", r"\Z"]),
).map("".join)


@settings(max_examples=400, deadline=None)
@given(_WHOLE, st.lists(_LETTERS, max_size=8).map("".join))
def test_a_regex_finds_what_python_finds(pattern: str, text: str) -> None:
    """Whatever is not refused decides as Python's own engine does, letters, classes and case included."""
    assume(not set(_ODD) & set(pattern + text))
    try:
        ours = found(pattern, text)
    except Refused:
        assume(False)
        return
    assert ours == (re.search(pattern, text) is not None)


@settings(max_examples=300, deadline=None)
@given(_WHOLE, st.lists(_LETTERS, max_size=8).map("".join))
def test_a_regex_of_a_folded_field_finds_what_python_finds_in_any_case(pattern: str, text: str) -> None:
    """As Python does with IGNORECASE on the folded text, apart from ß, which is ss there."""
    assume("ß" not in pattern)
    try:
        ours = found(pattern, text.casefold(), folded=True)
    except Refused:
        assume(False)
        return
    assert ours == (re.search(pattern, text.casefold(), re.IGNORECASE) is not None)
