"""Whether any text is left: the automata against brute force."""

from __future__ import annotations

import random
from itertools import product

import pytest

from pleoctl.mapping.analysis import texts
from pleoctl.mapping.analysis.texts import DIGITS, Question, is_empty

TEXTS = ["".join(signs) for n in range(1, 7) for signs in product("!abc ", repeat=n)]
COMPARED = [text for text in TEXTS if text == " ".join(text.split())]


def question(chance: random.Random) -> Question:
    """A random one about short texts."""
    low, high = sorted("".join(chance.choices("ab", k=chance.randint(0, 3))) for _ in range(2))
    atoms = [
        (
            chance.choice(("contains", "endsWith")),
            "".join(chance.choices("ab ", weights=(4, 4, 1), k=chance.randint(1, 2))),
        )
        for _ in range(chance.randint(1, 3))
    ]
    held = [atom for atom in atoms if chance.random() < 0.5]
    return Question(low, high or None, frozenset(held), frozenset(atoms) - frozenset(held))


def test_a_text_is_left_exactly_where_brute_force_finds_one() -> None:
    """Intervals, contents and ends that hold or do not."""
    chance = random.Random(5)
    empty = 0
    for _ in range(500):
        asked = question(chance)
        if asked.high is not None and asked.low >= asked.high:
            continue
        found = any(asked.admits(text) for text in COMPARED)
        assert is_empty(asked) is not found, asked
        empty += not found
    assert empty > 50


@pytest.mark.parametrize(
    ("low", "high", "pos", "neg", "empty"),
    [
        ("3000", "3300", [("contains", "99"), ("endsWith", "0")], [(DIGITS, "4")], False),
        ("3000", "3001", [(DIGITS, "4")], [("contains", "a")], False),
        ("3000", "3300", [("contains", "99"), ("endsWith", "0")], [], False),
        ("", None, [("endsWith", "ltd"), ("endsWith", "inc")], [], True),
        ("", None, [("endsWith", "ab"), ("endsWith", "b ab")], [], False),
        ("", None, [("contains", "taxi")], [("contains", "a")], True),
        ("uber", "ubes", [], [("contains", "ube")], True),
        ("", None, [("regex", "x")], [("contains", "b")], False),
        ("", None, [("regex", "x"), ("contains", "ab")], [("contains", "b")], True),
    ],
)
def test_what_people_write(
    low: str, high: str | None, pos: list[tuple[str, str]], neg: list[tuple[str, str]], empty: bool
) -> None:
    """A regex is not looked into, but what stands beside it is."""
    assert is_empty(Question(low, high, frozenset(pos), frozenset(neg))) is empty


@pytest.mark.parametrize("form", ["{} ", " {}", " {} "])
def test_whole_words_are_told_apart_by_guesses(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Automata of dozens of words together would have states without number."""
    monkeypatch.delattr(texts, "_reachable")
    words = [("contains", form.format(f"word{number}")) for number in range(64)]
    for held in ([words[0]], words[:2], [words[0], ("endsWith", " ltd")]):
        for low, high in (("", None), ("taxi", "taxj")):
            assert not is_empty(Question(low, high, frozenset(held), frozenset(words[2:])))
