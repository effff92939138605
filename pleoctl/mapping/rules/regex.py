r"""Regexes of rule files: Python's syntax and meaning, matched in linear time by RE2.

Rules come from branches and texts from anyone, so nothing may take for ever; and two machines must never book
differently, so there is one engine. RE2 knows ASCII letters only and reads some signs differently. So a pattern is
read by Python's own parser and written anew for RE2, which leaves no room for two readings; what RE2 cannot say
(looking around, back references) is refused.

A search only asks whether there is a match, never where it is. So ``\b`` at either end of a pattern, which RE2 has for
ASCII only, becomes the neighbouring character or the end of the text.
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # has no stubs
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Parsed = tuple[Any, Any]

_WORD: Final = r"\p{L}\p{N}_"
_SPACE: Final = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
#: What a word has before it, and behind it.
_WORD_BEGINS: Final = rf"(?:\A|[^{_WORD}])"
_WORD_ENDS: Final = rf"(?:[^{_WORD}]|\z)"
_CLASSES: Final = {"CATEGORY_DIGIT": r"\p{Nd}", "CATEGORY_WORD": _WORD, "CATEGORY_SPACE": _SPACE}
#: Classes like ``[^\W_]``, the usual way to say letters; RE2 has no intersections.
_LESS_THAN_WORD: Final = {
    frozenset(): _WORD,
    frozenset("_"): r"\p{L}\p{N}",
    frozenset("d"): r"\p{L}\p{Nl}\p{No}_",
    frozenset("_d"): r"\p{L}\p{Nl}\p{No}",
}
_REFUSED: Final = {
    "GROUPREF": "a back reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ASSERT": "looking ahead or behind",
    "ASSERT_NOT": "looking ahead or behind",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}
_BEGINNINGS: Final = {"AT_BEGINNING", "AT_BEGINNING_STRING"}


#: What all regexes of a rule set may come to; each takes up to a tenth of a second to make, a second in all.
MAX_SIZE: Final = 5_000_000
MAX_LENGTH: Final = 2000


class Refused(ValueError):
    """A regex that is not one, or says what cannot be matched in linear time."""


def translate(pattern: str, *, folded: bool) -> str:
    """The pattern in RE2's syntax. Raises `Refused` with the reason.

    ``folded``: it is to meet folded texts, so case makes no difference, and letters that folding spells anew (``ß``)
    are spelt so in the pattern as well.
    """
    if len(pattern) > MAX_LENGTH:
        raise Refused(f"it has more than {MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            # Signs that Python will read differently one day.
            warnings.simplefilter("error")
            parsed = _parser.parse(pattern)
        flags = parsed.state.flags | (re.IGNORECASE if folded else 0)
        written = _Writer(folded=folded).sequence(list(parsed), flags, _Ends(first=True, last=True))
    except (re.error, Warning, OverflowError) as error:
        raise Refused(str(error)) from error
    except RecursionError as error:
        raise Refused("nested too deep") from error
    compiled(written)
    return written


class Compiled(NamedTuple):
    """``test`` tells whether a text holds a match; ``size`` is that of the program, which making it costs."""

    test: Callable[[str], bool]
    size: int


@cache
def compiled(written: str) -> Compiled:
    """What `translate` wrote, ready to be used. Raises `Refused` where it is too large."""
    import re2  # type: ignore[import-untyped]  # 8 ms that rules without regexes do not need

    options = re2.Options()
    options.log_errors = False
    try:
        made = re2.compile(written.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        raise Refused(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(error)) from error
    search = made.search
    return Compiled(lambda text: search(text.encode("utf-8", "replace")) is not None, made.programsize)


def literal(text: str) -> str:
    """The pattern, in RE2's syntax, of a text itself."""
    return "".join([_sign(ord(sign)) for sign in text.encode("utf-8", "replace").decode()])


def loosened(written: str) -> str:
    """A pattern that is found wherever this one is, and elsewhere, and is made much faster: without ends of words."""
    return written.replace(_WORD_BEGINS, "").replace(_WORD_ENDS, "")


class _Ends(NamedTuple):
    """Whether nothing can be matched before, or behind, in the whole pattern."""

    first: bool
    last: bool


class _Writer:
    """Writes what Python's parser has read."""

    def __init__(self, *, folded: bool) -> None:
        self._folded = folded

    def sequence(self, items: Sequence[Parsed], flags: int, ends: _Ends) -> str:
        """``ends`` are those of the whole pattern that the items reach."""
        written = []
        for index, (operation, argument) in enumerate(items):
            name = str(operation)
            own = _Ends(first=ends.first and index == 0, last=ends.last and index == len(items) - 1)
            if name == "AT":
                written.append(_position(str(argument), items, index, flags, own))
            else:
                written.append(self._one(name, argument, flags, own))
        return "".join(written)

    def _one(self, name: str, argument: Any, flags: int, ends: _Ends) -> str:
        if name in _REFUSED:
            raise Refused(f"{_REFUSED[name]} may take for ever and is not supported")
        if name == "LITERAL":
            return _cased(self._literal(argument), flags)
        if name == "NOT_LITERAL":
            return _cased(f"[^{_sign(argument)}]", flags)
        if name == "ANY":
            return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
        if name == "IN":
            return _cased(self._class(argument), flags)
        return self._group(name, argument, flags, ends)

    def _group(self, name: str, argument: Any, flags: int, ends: _Ends) -> str:
        if name == "BRANCH":
            return f"(?:{'|'.join(self.sequence(list(p), flags, ends) for p in argument[1])})"
        if name == "SUBPATTERN":
            _, added, removed, inner = argument
            return f"(?:{self.sequence(list(inner), (flags | added) & ~removed, ends)})"
        low, high, body = argument
        inner = self.sequence(list(body), flags, _Ends(first=False, last=False))
        return f"(?:{inner}){_times(int(low), int(high))}"

    def _literal(self, point: int) -> str:
        return "".join(_sign(ord(c)) for c in (chr(point).casefold() if self._folded else chr(point)))

    def _class(self, items: list[Parsed]) -> str:
        negated = str(items[0][0]) == "NEGATE"
        parts, others = [], []
        listed = items[1:] if negated else items
        for operation, argument in listed:
            name = str(operation)
            text = chr(argument).casefold() if name == "LITERAL" and self._folded else ""
            if name == "RANGE":
                parts.append(f"{_sign(argument[0])}-{_sign(argument[1])}")
            elif name == "LITERAL" and len(text) > 1:
                others.append(self._literal(argument))
            elif name == "LITERAL":
                parts.append(_sign(ord(text) if text else argument))
            elif str(argument) in _CLASSES:
                parts.append(_CLASSES[str(argument)])
            else:
                others.append(f"[^{_CLASSES[str(argument).replace('_NOT_', '_')]}]")
        if not negated:
            return "|".join([*([f"[{''.join(parts)}]"] if parts else []), *others]).join(("(?:", ")"))
        return self._all_but(listed, parts, [o for o in others if o.startswith("[")])

    @staticmethod
    def _all_but(items: list[Parsed], parts: list[str], inverted: list[str]) -> str:
        if not inverted:
            return f"[^{''.join(parts)}]"
        if not parts and len(inverted) == 1:
            return inverted[0].replace("[^", "[", 1)
        names = [_shorthand(item) for item in items]
        less = frozenset("".join(n for n in names if n != "W"))
        if names.count("W") and less in _LESS_THAN_WORD:
            return f"[{_LESS_THAN_WORD[less]}]"
        raise Refused(r"a class like [^\S…] takes one thing out of another; list what it shall match")


def _shorthand(item: Parsed) -> str:
    """The item of a class in one letter, where `_LESS_THAN_WORD` knows it."""
    operation, argument = str(item[0]), item[1]
    if operation == "LITERAL":
        return "_" if argument == ord("_") else "?"
    return {"CATEGORY_NOT_WORD": "W", "CATEGORY_DIGIT": "d"}.get(str(argument), "?")


def _sign(point: int) -> str:
    """A character that means itself, inside classes and outside."""
    sign = chr(point)
    return sign if sign.isalnum() and sign.isascii() else f"\\x{{{point:x}}}"


def _cased(written: str, flags: int) -> str:
    return f"(?i:{written})" if flags & re.IGNORECASE else written


def _times(low: int, high: int) -> str:
    if high == int(_parser.MAXREPEAT):
        return {0: "*", 1: "+"}.get(low, f"{{{low},}}")
    return "?" if (low, high) == (0, 1) else f"{{{low},{high}}}"


# --- positions -------------------------------------------------------------------------------------------------


def _position(name: str, items: Sequence[Parsed], index: int, flags: int, ends: _Ends) -> str:
    if name in _BEGINNINGS:
        return "(?m:^)" if flags & re.MULTILINE and name == "AT_BEGINNING" else r"\A"
    if name == "AT_END_STRING":
        return r"\z"
    if name == "AT_END":
        if flags & re.MULTILINE:
            return "(?m:$)"
        if not ends.last:
            raise Refused("$ is supported at the end only")
        return r"(?:\n?\z)"
    if name == "AT_NON_BOUNDARY":
        raise Refused(r"\B is not supported")
    return _boundary(items, index, ends)


def _boundary(items: Sequence[Parsed], index: int, ends: _Ends) -> str:
    r"""``\b``, written as the neighbour that makes it one; nothing where both neighbours are known."""
    before = _neighbours(reversed(items[:index]), back=True)
    after = _neighbours(items[index + 1 :], back=False)
    if {before, after} == {"word", "other"}:
        return ""
    if ends.first and after in _OPPOSITE:
        return _WORD_BEGINS if after == "word" else f"[{_WORD}]"
    if ends.last and before in _OPPOSITE:
        return _WORD_ENDS if before == "word" else f"[{_WORD}]"
    raise Refused(r"\b is supported beside a letter, digit or sign that is written out, at an end of the regex")


_OPPOSITE: Final = {"word": "other", "other": "word"}


def _neighbours(items: Iterable[Parsed], *, back: bool) -> str:
    """What stands beside a position: a ``word`` character, an ``other`` one (or an end), or either (``?``)."""
    kinds = _kinds(items, back=back)
    return kinds.pop() if len(kinds) == 1 else "?"


def _kinds(items: Iterable[Parsed], *, back: bool) -> set[str]:
    """The kinds of the characters that items can begin with (``back``: end with); ``""`` where they can be empty."""
    found: set[str] = set()
    for operation, argument in items:
        kinds = _kinds_of(str(operation), argument, back=back)
        found |= kinds - {""}
        if "" not in kinds:
            return found
    return found | {""}


def _kinds_of(name: str, argument: Any, *, back: bool) -> set[str]:
    if name == "LITERAL":
        return {_kind(chr(argument))}
    if name == "IN":
        return _class_kinds(argument)
    if name == "AT":
        edge = _BEGINNINGS if back else {"AT_END", "AT_END_STRING"}
        return {"other"} if str(argument) in edge else {""}
    if name in {"MAX_REPEAT", "MIN_REPEAT"} and not argument[0]:
        return {"?", ""}
    parts = [list(part) for part in _parts(name, argument)]
    inside = [_kinds(reversed(part) if back else part, back=back) for part in parts]
    return set().union(*inside) if inside else {"?"}


def _parts(name: str, argument: Any) -> list[Any]:
    if name == "BRANCH":
        return list(argument[1])
    return [argument[-1]] if name in {"SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"} else []


def _class_kinds(items: list[Parsed]) -> set[str]:
    kinds = set()
    for operation, argument in items:
        if str(operation) == "LITERAL":
            kinds.add(_kind(chr(argument)))
        elif str(operation) == "RANGE":
            kinds |= {_kind(chr(p)) for p in range(argument[0], argument[1] + 1)} if argument[1] < _SMALL else {"?"}
        else:
            kinds.add(_CATEGORY_KINDS.get(str(argument), "?"))
    return kinds


_SMALL: Final = 0x250
_CATEGORY_KINDS: Final = {
    "CATEGORY_WORD": "word",
    "CATEGORY_DIGIT": "word",
    "CATEGORY_SPACE": "other",
    "CATEGORY_NOT_WORD": "other",
}


def _kind(sign: str) -> str:
    return "word" if sign.isalnum() or sign == "_" else "other"
