"""Many rows that search texts: what a text may match is found at once, and nothing that it matches is left out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.mapping.engine import sieve
from pleoctl.mapping.engine.sieve import Sieve, beginning, ending
from pleoctl.mapping.rules.predicates import folded, predicate
from pleoctl.mapping.rules.regex import Refused
from pleoctl.place import Place

from .conftest import HEAD, engine, item, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Letters of which some are others in another case, or several; what is no letter, and what no text should have.
_SIGNS = "aAkK\u212asS\u017f\xdf\u1e9e\u0130i\u0131\xe5\xc5\u212b\u03c3\u03c2 -._1\u0661\U0001f600\ud800\0"
_TEXTS = st.text(_SIGNS, max_size=6)
_REGEXES = ["^%s", "%s$", r"\b%s\b", "%s?a", "(?:%s|k)s", r"\s*%s\w", "[%s]", "(?i)%s", r"\d%s", "", "%s{0,3}"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sieve is made for the first text."""
    monkeypatch.setattr(sieve, "TRIED", 0)


def _listed(texts: list[str], escaped: list[str]) -> Iterator[dict[str, str]]:
    yield from ({kind: text} for kind in ("contains", "endsWith") for text in texts)
    yield from ({"regex": form.replace("%s", text)} for form, text in itertools.product(_REGEXES, escaped))


@pytest.mark.parametrize("field", ["note", "mcc"])
@given(st.lists(_TEXTS, min_size=1, max_size=3), st.lists(_TEXTS, min_size=1, max_size=6))
def test_nothing_that_a_text_matches_is_left_out(field: str, wanted: list[str], texts: list[str]) -> None:
    """Whatever it is spelt like, in either case."""
    made = []
    for one in _listed(wanted, [text.replace(".", r"\.") for text in wanted]):
        try:
            made.append(predicate(field, one, Place("f")))
        except Refused:
            continue
    filed: dict[str, list[int]] = {}
    for number, asked in enumerate(made):
        pattern = {"contains": beginning, "endsWith": ending}.get(asked.kind, str)
        for text in map(str, asked.values):
            filed.setdefault(pattern(text), []).append(number)
    sieved = Sieve(filed)
    for text in (*texts, *wanted):
        value = folded(field, text)
        matched = {number for number, asked in enumerate(made) if asked.test()(value)}
        assert value is None or matched <= {*sieved.pick(value)}


def test_the_first_row_of_many_counts(tmp_path: Path) -> None:
    """In the order of the rows, whatever they search for, also where no one pass has memory for all of them."""
    long = "x{900}" * 2
    asked = ['{regex: "^lunch.*9$"}', *(f"{{contains: [word{n}x, other{n}x]}}" for n in range(40)), "{endsWith: z}"]
    asked += [f'{{regex: "{long}{n}"}}' for n in range(60)]
    rows = "".join(f'  - {{id: r{n}, when: {{note: {when}}}, account: "7{n:03}"}}\n' for n, when in enumerate(asked))
    made = engine(tmp_path, HEAD + "lines:\n  rows:\n" + rows)
    notes = {"lunch word3x 9": "7000", "other12x Word11X": "7012", "word7xz": "7008", "z": "7041", "none": "6540"}
    for note, account in {**notes, "a" + "x" * 1800 + "17": "7043", "x" * 1801 + "5": "7047"}.items():
        assert mapped(made, item(note=note)).entries[0].postings[0].account == account
