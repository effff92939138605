"""Many texts to be searched for in one: which of them can be there at all, found in one pass over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.rules.regex import literal, loosened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Patterns that are worth a sieve.
WORTH: Final = 32
#: Texts that are tried with every pattern before one is made, which takes as long as so many take without.
TRIED: Final = 50
#: Signs of a text that are looked for: what it begins or ends with tells enough.
_TOLD: Final = 32
#: What stands behind each text that is searched, so that a pass that ends early is noticed.
_END: Final = "\0end\0"


#: What is filed under each of some patterns.
Filed = list[list[int]]


class Sieve:
    """Patterns with what is filed under each of them. Nothing that a text matches is ever left out."""

    def __init__(self, filed: dict[str, list[int]]) -> None:
        """``filed``: numbers by pattern, which a regex is itself, and `beginning` and `ending` make of other texts."""
        self._filed = filed
        self._all = _joined(filed.values())
        self._passes: list[tuple[Any, Filed]] | None = None
        self._tried = 0

    def pick(self, text: str) -> list[int]:
        """What is filed under the patterns that a text may match, and perhaps some more."""
        if self._passes is None:
            self._tried += 1
            if self._tried <= TRIED:
                return self._all
            self._passes = list(_passes(list(self._filed), list(self._filed.values())))
        content = (text + _END).encode("utf-8", "replace")
        found: list[int] = []
        for made, filed in self._passes:
            met = made and made.Match(content, potential=True)
            if not met or met.pop() != len(filed):
                found += _joined(filed)  # there was not memory enough to come to the end
            for index in met or ():
                found += filed[index]
        return found


def _passes(wanted: list[str], filed: Filed) -> Iterator[tuple[Any, Filed]]:
    """What finds patterns in as few passes as there is memory for; None finds each of them everywhere."""
    import re2  # type: ignore[import-untyped]  # 8 ms that few rules do not need

    options = re2.Options()
    options.log_errors = False
    made = re2.Filter()
    try:
        for pattern in (*wanted, literal(_END)):
            made.Add(loosened(pattern), options)
        made.Compile()
    except re2.error:
        half = len(wanted) // 2
        if not half:
            yield None, filed
            return
        yield from _passes(wanted[:half], filed[:half])
        yield from _passes(wanted[half:], filed[half:])
    else:
        yield made, filed


def _joined(filed: Iterable[list[int]]) -> list[int]:
    return [number for listed in filed for number in listed]


def beginning(text: str) -> str:
    """The pattern of what a text contains."""
    return literal(text[:_TOLD])


def ending(text: str) -> str:
    """The pattern of what a text ends with."""
    return literal(text[-_TOLD:])
