"""Counts with their nouns, for every sentence that has one."""

from __future__ import annotations


def many(number: int, noun: str, one: str = "", more: str = "") -> str:
    """A count with its noun, given as for one, and with the verb that agrees: ``1 vendor is``, ``2 entries are``."""
    if number == 1:
        return f"1 {noun} {one}".rstrip()
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{number} {plural} {more}".rstrip()


def short_of(came: int, announced: int, noun: str = "row") -> str:
    """That a list has not as many as were announced."""
    return f"{many(came, noun)} came, {announced} {'was' if announced == 1 else 'were'} announced"
