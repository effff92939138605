"""JMESPath with the functions that accounting systems need, and a memory of the names that never occurred.

JMESPath gives null for a name that is not there, and ``Statuss == 'ACTIVE'`` is simply false: one slip would archive a
whole chart. So an expression remembers which of its names the data has had; what never occurred is an error.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

from jmespath import compile as parse
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.visitor import Options, TreeInterpreter

from pleoctl.errors import SourceError
from pleoctl.sources.days import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.place import Setting

# JMESPath's own trees are plain dicts: {type, value, children}.
Node = Any

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 100
#: How many times the size of its input the value of an expression may have.
MAX_GROWTH: Final = 10_000
#: Codes and names in Pleo are no longer.
MAX_WIDTH: Final = 255
_FAILURES: Final = (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError)

#: Words by which systems that know no booleans say no; to JMESPath each text is true, and so is zero.
_NO: Final = frozenset(
    {"false", "0", "no", "n", "off", "nej", "nei", "nein", "nee", "non", "ei", "falsch", "falsk", "faux"}
)

_TEXT: Final[Any] = {"types": ["string", "null"]}
_NUMBER: Final[Any] = {"types": ["number", "null"]}
_SCALAR: Final[Any] = {"types": ["string", "number", "boolean", "null"]}


class ExpressionError(Exception):
    """A function was given a value that it cannot take."""


class _Functions(Functions):
    """``trim``, ``lower``, ``upper``, ``pad``, ``string``, ``date``, ``money``, ``minus`` and ``pick``.

    Null stays null.
    """

    @signature(_TEXT)
    def _func_trim(self, text: str | None) -> str | None:
        return None if text is None else text.strip()

    @signature(_TEXT)
    def _func_lower(self, text: str | None) -> str | None:
        return None if text is None else text.lower()

    @signature(_TEXT)
    def _func_upper(self, text: str | None) -> str | None:
        return None if text is None else text.upper()

    @signature(_SCALAR)
    def _func_string(self, value: Any) -> str | None:
        return None if value is None else _text(value)

    @signature(_SCALAR, {"types": ["number"], "variadic": True})
    def _func_pad(self, value: Any, width: float, fill: Any = "0") -> str | None:
        if not 0 <= width <= MAX_WIDTH:
            raise ExpressionError(f"In function pad(), the width {width} is not from 0 to {MAX_WIDTH}")
        if not isinstance(fill, str) or len(fill) != 1:
            raise ExpressionError(f"In function pad(), {fill!r} is not one character to fill up with")
        return None if value is None else _text(value).rjust(int(width), fill)

    @signature(_NUMBER, _TEXT)
    def _func_money(self, hundredths: int | None, currency: str | None) -> float | None:
        """Hundredths as whole units, which is a number that JSON writes with two decimals at most."""
        if hundredths is None or currency is None:
            return None
        return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100

    @signature(_NUMBER)
    def _func_minus(self, number: float | None) -> float | None:
        return None if number is None else -number

    @signature({"types": ["object"]}, {"types": ["string", "array", "null"]})
    def _func_pick(self, records: dict[str, Any], ids: str | list[Any] | None) -> Any:
        """The records of a list beside this one that have these ids; one that is not there is no empty cell."""
        if ids is None:
            return None
        wanted = [ids] if isinstance(ids, str) else ids
        missing = [one for one in wanted if not isinstance(one, str) or one not in records]
        if missing:
            raise ExpressionError(f"In function pick(), there is no record {missing[0]!r}")
        return records[ids] if isinstance(ids, str) else [records[one] for one in wanted]

    @signature({"types": ["string", "null"], "variadic": True})
    def _func_date(self, text: str | None, written: str | None = None, *_more: Any) -> str | None:
        if text is None or not text.strip():
            return None
        try:
            return day_of(text.strip(), written)
        except ValueError as error:
            raise ExpressionError(f"In function date(), {error}") from error


def _text(value: str | float) -> str:
    """Numbers as people write account numbers: 1000, also where the API sends 1000.0.

    Raises `ExpressionError` for what JSON has no number for, and some servers send.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError(f"{value} is no number that has digits")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


OPTIONS: Final = Options(custom_functions=_Functions())


class _Interpreter(TreeInterpreter):
    """JMESPath gives null for a part of a text; that would be a cell that is empty by mistake.

    Of a no that is a text or a number it takes the opposite, as ``!blocked`` where ``blocked`` is ``"false"``.
    """

    def __init__(self) -> None:
        super().__init__(OPTIONS)

    def visit_slice(self, node: Node, value: Any) -> Any:
        self._refuse_text(value, "slice")
        return super().visit_slice(node, value)

    def visit_index(self, node: Node, value: Any) -> Any:
        self._refuse_text(value, "index")
        return super().visit_index(node, value)

    def visit_not_expression(self, node: Node, value: Any) -> Any:
        return _negated(self.visit(node["children"][0], value))

    def visit_and_expression(self, node: Node, value: Any) -> Any:
        first = self.visit(node["children"][0], value)
        return first if _ends_and(first) else self.visit(node["children"][1], value)

    @staticmethod
    def _refuse_text(value: Any, what: str) -> None:
        if isinstance(value, str):
            raise ExpressionError(f"{value[:40]!r} is a text, and a text has no {what}; for a day write date(…)")


_PLAIN: Final = _Interpreter()


class _Watching(_Interpreter):
    """Takes note of every name that occurs; both sides of ``&&`` and ``||`` are looked at."""

    def __init__(self, unseen: dict[int, str]) -> None:
        super().__init__()
        self._unseen = unseen

    def visit_field(self, node: Node, value: Any) -> Any:
        if isinstance(value, dict) and node["value"] in value:
            self._unseen.pop(id(node), None)
        return super().visit_field(node, value)

    def visit_or_expression(self, node: Node, value: Any) -> Any:
        return self._either(node, value, ends=lambda first: not _is_false(first))

    def visit_and_expression(self, node: Node, value: Any) -> Any:
        return self._either(node, value, ends=_ends_and)

    def _either(self, node: Node, value: Any, ends: Callable[[Any], bool]) -> Any:
        """Each side once, since a side may hold such expressions itself."""
        first = self.visit(node["children"][0], value)
        if ends(first):
            self._look(node["children"][1], value)
            return first
        return self.visit(node["children"][1], value)

    def _look(self, node: Node, value: Any) -> None:
        with suppress(ExpressionError, *_FAILURES):
            self.visit(node, value)


class Expression:
    """One compiled expression; ``unseen`` are its names that no data has had so far."""

    def __init__(self, text: str, key: Setting) -> None:
        """``key`` is its place in the workspace file. Raises `SourceError` where it is not JMESPath."""
        self.text, self.key = text, key
        self.node: Node = _parsed(text, key)
        _check_functions(self.node, key)
        self._unseen = {id(node): str(node["value"]) for node in _nodes(self.node) if node["type"] == "field"}
        self._watching = _Watching(self._unseen)
        self._short = _short(self.node)

    @property
    def unseen(self) -> list[str]:
        """Names that never occurred, each once."""
        return list(dict.fromkeys(self._unseen.values()))

    @property
    def paths(self) -> list[tuple[str, ...]]:
        """Its names as far as they follow each other: ``a.b || c`` has (a, b) and (c)."""
        return list(_paths(self.node))

    def __call__(self, data: Any) -> Any:
        """The value for one answer or record. Raises `ExpressionError`."""
        if not self._unseen and self._short is not None:
            return self._short(data)
        try:
            return (self._watching if self._unseen else _PLAIN).visit(self.node, data)
        except _FAILURES as error:
            raise ExpressionError(" ".join(str(error).split())) from error


def value_of(node: Node, data: Any) -> Any:
    """The value of a part of an expression; None where it has none, or fails."""
    if node["type"] == "field":
        return data.get(node["value"]) if isinstance(data, dict) else None
    try:
        return _PLAIN.visit(node, data)
    except (ExpressionError, *_FAILURES):
        return None


def _parsed(text: str, key: Setting) -> Node:
    if len(text) > MAX_LENGTH:
        raise SourceError(f"{key} has more than {MAX_LENGTH} characters", hint="compute less", setting=key)
    try:
        with catch_warnings():
            # Bare words in backticks: an old spelling that looks like a name.
            simplefilter("error")
            node: Node = parse(text).parsed
        deep = _depth(node) > MAX_DEPTH
    except (JMESPathError, Warning, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SourceError(f"{key} is not a JMESPath expression: {reason}", setting=key) from error
    except RecursionError:
        deep = True
    if deep:
        raise SourceError(
            f"{key} is nested deeper than {MAX_DEPTH} levels", hint="write a shorter expression", setting=key
        )
    if _growth(node) > MAX_GROWTH:
        raise SourceError(
            f"{key} may multiply its input by more than {MAX_GROWTH}", hint="write a shorter expression", setting=key
        )
    return node


def _depth(node: Node) -> int:
    if node["type"] == "literal":
        return _levels(node["value"])
    return 1 + max((_depth(child) for child in node.get("children", ()) if isinstance(child, dict)), default=0)


def _levels(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_levels, inside), default=0)


def _growth(node: Node) -> int:
    """At most how many times as large as its input a value is: ``[@, @] | [@, @]`` has it four times."""
    parts = [_growth(child) for child in node.get("children", ()) if isinstance(child, dict)]
    kind = node["type"]
    one_by_one = kind == "function_expression" and any(c["type"] == "expref" for c in node["children"])
    if kind in _SIDE_BY_SIDE and not one_by_one:
        return max(1, sum(parts))
    return math.prod(parts)


_SIDE_BY_SIDE: Final = {
    "multi_select_list",
    "multi_select_dict",
    "function_expression",
    "comparator",
    "or_expression",
    "and_expression",
}


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _nodes(child)


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    run: list[str] = []
    for step in _steps(node):
        if step["type"] == "field":
            run.append(str(step["value"]))
            continue
        if run:
            yield tuple(run)
            run = []
        for child in step.get("children", ()):
            if isinstance(child, dict):
                yield from _paths(child)
    if run:
        yield tuple(run)


def _steps(node: Node) -> Iterator[Node]:
    """What stands between the dots."""
    if node["type"] == "subexpression":
        for child in node["children"]:
            yield from _steps(child)
    else:
        yield node


def _check_functions(node: Node, key: Setting) -> None:
    for found in _nodes(node):
        if found["type"] == "function_expression" and found["value"] not in _Functions.FUNCTION_TABLE:
            own = "own functions: trim, lower, upper, pad, string, date, money, minus, pick"
            raise SourceError(f"{key} calls {found['value']}(), which there is not", hint=own, setting=key)


def _short(node: Node) -> Callable[[Any], Any] | None:
    """The commonest expressions without an interpreter: a name, ``string(name)``, ``!name`` and ``name == 'text'``."""
    kind, children = node["type"], node.get("children", ())
    if kind == "field":
        name = node["value"]
        return lambda data: data.get(name) if isinstance(data, dict) else None
    inner = _short(children[0]) if children and isinstance(children[0], dict) else None
    if inner is None:
        return None
    if kind == "function_expression" and node["value"] == "string":
        return lambda data: _short_string(inner(data), node, data)
    if kind == "not_expression":
        return lambda data: _negated(inner(data))
    if kind == "comparator" and node["value"] == "eq" and isinstance(children[1].get("value"), str):
        wanted = children[1]["value"]
        return (lambda data: inner(data) == wanted) if children[1]["type"] == "literal" else None
    return None


def _is_false(value: Any) -> bool:
    """What JMESPath takes for false: nothing, and what is empty, but not zero."""
    return value is None or value is False or value in ("", [], {})


def _ends_and(first: Any) -> bool:
    """Whether ``&&`` looks no further. Texts other than "false" may be codes, such as a tax code "0"."""
    if first in (0, "false") and first is not False:
        raise _opposite(first, "&&")
    return _is_false(first)


def _negated(value: Any) -> bool:
    """JMESPath's negation: every number is true, and every text that is not empty."""
    if value is not False and (value == 0 or (isinstance(value, str) and value.strip().casefold() in _NO)):
        raise _opposite(value, "!")
    return False if isinstance(value, int | float) and not isinstance(value, bool) else not value


def _opposite(value: Any, sign: str) -> ExpressionError:
    return ExpressionError(f"{value!r} is true to {sign}, as all texts and numbers are; compare it: name == '1'")


def _short_string(value: Any, node: Node, data: Any) -> Any:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return str(value)
    try:
        return _PLAIN.visit(node, data)
    except _FAILURES as error:
        raise ExpressionError(" ".join(str(error).split())) from error
