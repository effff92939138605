"""What expressions compare with words: ``kind == 'posting'`` drops ``Posting`` and ``posting `` without a word.

In a field the same makes an account inactive, or a tax code one of another type.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.errors import Finding
from pleoctl.sources.http.expressions import value_of
from pleoctl.text import alike
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.place import Place, Setting
    from pleoctl.sources.http.expressions import Expression, Node

_LOGIC: Final = frozenset({"or_expression", "and_expression", "not_expression"})
_REMEMBERED: Final = 10_000
_MOST: Final = 100
_SHOWN: Final = 5
_IS, _NEAR, _ELSE = "is", "near", "else"
# What functions ask of a text.
_ENDS: Final[dict[str, Callable[[str, str], bool]]] = {"starts_with": str.startswith, "ends_with": str.endswith}


class Compared:
    """Comparisons with words and numbers: what came near one and is none, and words of conditions that no row has."""

    def __init__(self, conditions: Iterable[Expression], fields: Iterable[Expression] = ()) -> None:
        """Comparisons inside lists of a record are left alone: each of them sees another part of it."""
        self._parts = [
            _Part(one.key, found if asked else found._replace(equal=False))
            for expressions, asked in ((conditions, True), (fields, False))
            for one in expressions
            for found in _found(one.node)
        ]

    def note(self, record: Any) -> None:
        """One record, whether or not it is meant."""
        for part in self._parts:
            part.note(record)

    def findings(self, place: Place | None = None) -> Iterator[Finding]:
        """All that came near; where it was a text, the condition can be written so that it does not matter."""
        for part in self._parts:
            yield from part.findings(place)


class Filtered:
    """The same of the conditions of a list's ``records``, such as ``rows[?kind == 'posting']``, asked of each element.

    Words that none has are not told: other answers may have them.
    """

    def __init__(self, records: Expression) -> None:
        """Filters inside what a filter gave, or inside lists of elements, are left alone."""
        self._parts: list[tuple[Node, _Part]] = []
        node = records.node
        while node.get("children"):
            if node["type"] == "filter_projection":
                found = _found(node["children"][2])
                parts = [_Part(records.key, one._replace(equal=False)) for one in found]
                self._parts = [(node["children"][0], part) for part in parts]
            node = node["children"][0]

    def note(self, body: Any) -> None:
        """One answer."""
        for listed, part in self._parts:
            elements = value_of(listed, body)
            for element in elements if isinstance(elements, list) else ():
                part.note(element)

    def findings(self) -> Iterator[Finding]:
        """As of `Compared`."""
        for _, part in self._parts:
            yield from part.findings(None)


class _Comparison(NamedTuple):
    """``equal``: rows whose value is one of the literals are those that are meant, so some should be.

    ``end``: the function that asks for a text's beginning or end in place of the whole.
    """

    node: Node
    literals: list[Any]
    equal: bool
    end: str | None = None


class _Part:
    def __init__(self, key: Setting, one: _Comparison) -> None:
        self.key = key
        self._node, self._literals, self._equal, self._end = one
        self._alike = {_look(literal) for literal in one.literals}
        self._states: dict[tuple[type, Any], str] = {}
        self._near: Counter[str] = Counter()
        self._found: set[str] = set()
        self._any = False

    def note(self, record: Any) -> None:
        self._any = True
        value = value_of(self._node, record)
        if not isinstance(value, str | int | float):
            return
        state = self._states.get((type(value), value)) or self._judge(value)
        if state is _NEAR and (_written(value) in self._near or len(self._near) < _MOST):
            self._near[_written(value)] += 1

    def _judge(self, value: str | float) -> str:
        if any(self._holds(value, literal) for literal in self._literals):
            self._found.add(_written(value))
            state = _IS
        else:
            state = _NEAR if self._looks(_look(value)) else _ELSE
        if len(self._states) < _REMEMBERED:
            self._states[type(value), value] = state
        return state

    def _holds(self, value: str | float, literal: str | float) -> bool:
        if self._end is None:
            return _equal(value, literal)
        return isinstance(value, str) and _ENDS[self._end](value, str(literal))

    def _looks(self, look: str) -> bool:
        return look in self._alike if self._end is None else any(_ENDS[self._end](look, one) for one in self._alike)

    def findings(self, place: Place | None) -> Iterator[Finding]:
        """What `told` gives."""
        for words, hint in self.told():
            yield Finding("near-miss", words, "warning", place, setting=self.key, hint=hint)

    def _cure(self, name: str) -> str:
        texts = all(isinstance(literal, str) for literal in self._literals)
        return f"compare lower(trim({name}))" if texts else f"compare string({name}) with a text"

    def told(self) -> Iterator[tuple[str, str]]:
        name, words = _name(self._node), ", ".join(_written(literal) for literal in self._literals)
        if self._near:
            rows = many(self._near.total(), "row", "has", "have")
            near = [f"{word} ({number})" for word, number in self._near.most_common(_SHOWN)]
            asks = f"compares {name} with {words}" if self._end is None else f"asks for {self._end}({name}, {words})"
            yield (
                f"{self.key} {asks}, and {rows} what only looks like it: {', '.join(near)}",
                f"{self._cure(name)}, or mend them in the books",
            )
        missing = [text for text in self._literals if isinstance(text, str) and _written(text) not in self._found]
        if self._equal and self._any and missing:
            yield (
                f"{self.key} compares {name} with {', '.join(map(_written, missing))}, which no row has",
                "check how it is written",
            )


def _found(node: Node) -> Iterator[_Comparison]:
    kind, children = node["type"], node.get("children", ())
    if kind in _LOGIC:
        for child in children:
            for one in _found(child):
                yield one._replace(equal=one.equal and kind != "not_expression")
    elif kind == "comparator" and node["value"] in {"eq", "ne"}:
        for value, other in (children, children[::-1]):
            if _literals(value) is None and (literals := _literals(other)):
                yield _Comparison(value, literals, equal=node["value"] == "eq")
    elif kind == "function_expression" and node["value"] == "contains" and (words := _literals(children[0])):
        yield _Comparison(children[1], words, equal=True)
    elif kind == "function_expression" and node["value"] in _ENDS and (words := _ends(children[1])):
        yield _Comparison(children[0], words, equal=False, end=node["value"])


def _literals(node: Node) -> list[Any] | None:
    """The texts, numbers and truth values that a part consists of; None where it is none of these alone."""
    if node["type"] == "multi_select_list":
        parts = [_literals(child) for child in node["children"]]
        return None if None in parts else [one for part in parts if part for one in part]
    if node["type"] != "literal":
        return None
    value = node["value"]
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str | int | float)]


def _ends(node: Node) -> list[Any]:
    """The text of a beginning or an end; none where blanks at its ends are meant, since no look has them."""
    words = _literals(node) or []
    return [word for word in words if isinstance(word, str) and word and word == word.strip()]


def _equal(value: str | float, literal: str | float) -> bool:
    """As JMESPath compares them: 1 is not true, nor "1"."""
    return isinstance(value, bool) is isinstance(literal, bool) and value == literal


def _look(value: str | float) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return alike(value if isinstance(value, str) else str(value))


def _written(value: str | float) -> str:
    return repr(value) if isinstance(value, str) else json.dumps(value)


def _name(node: Node) -> str:
    """What people call a value: its path, or the innermost one of a function."""
    if node["type"] == "field":
        return str(node["value"])
    separator = "." if node["type"] == "subexpression" else ""
    return separator.join(name for child in node.get("children", ()) if (name := _name(child))) or str(node["value"])
