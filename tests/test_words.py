"""Counts agree with their nouns, wherever there is one."""

from __future__ import annotations

import pytest

from pleoctl.words import many, short_of, spoken, tally


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "company", "2 companies"),
        (1, "entry", "1 entry"),
        (3, "day", "3 days"),
    ],
)
def test_a_count_has_the_form_of_its_noun(number: int, noun: str, told: str) -> None:
    """One is one; a y becomes ies unless a vowel stands before it."""
    assert many(number, noun) == told


def test_the_verb_agrees_as_well() -> None:
    """With the count, and in what was announced."""
    assert (many(1, "vendor", "is", "are"), many(2, "vendor", "is", "are")) == ("1 vendor is", "2 vendors are")
    assert (short_of(1, 2), short_of(2, 1, "item")) == ("1 row came, 2 were announced", "2 items came, 1 was announced")


def test_what_files_call_in_one_word_is_told_in_words() -> None:
    """Words of receipts and of Pleo: no capitals inside, no low lines."""
    told = {name: spoken(name) for name in ("done", "alreadyDone", "notAttempted", "completed_with_errors")}
    assert [*told.values()] == ["done", "already done", "not attempted", "completed with errors"]
    assert tally({"notAttempted": 2, "done": 1, "alreadyDone": 4, "failed": 0}) == (
        "4 already done, 1 done, 2 not attempted"
    )
