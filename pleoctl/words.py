"""Counts with their nouns, for every sentence that has one, and what files and Pleo call in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def many(number: int, noun: str, one: str = "", more: str = "") -> str:
    """A count with its noun, given as for one, and with the verb that agrees: ``1 vendor is``, ``2 entries are``."""
    if number == 1:
        return f"1 {noun} {one}".rstrip()
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{number} {plural} {more}".rstrip()


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: ``path, parts and rows``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def short_of(came: int, announced: int, noun: str = "row") -> str:
    """That a list has not as many as were announced."""
    return f"{many(came, noun)} came, {announced} {'was' if announced == 1 else 'were'} announced"


def spoken(name: str) -> str:
    """A status as people read it: ``alreadyDone`` is ``already done``, ``in_progress`` is ``in progress``."""
    apart = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.replace("_", " "))
    return apart.strip()


def tally(counts: Mapping[str, int]) -> str:
    """How many there are of each status: ``1 already done, 3 done``; empty where there are none."""
    return ", ".join(f"{number} {spoken(status)}" for status, number in sorted(counts.items()) if number)
