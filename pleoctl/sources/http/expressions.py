"""JMESPath with the functions that accounting systems need, and a memory of the names that never occurred.

JMESPath gives null for a name that is not there, and ``Statuss == 'ACTIVE'`` is simply false: one slip would archive a
whole chart. So an expression remembers which of its names the data has had; what never occurred is an error.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

from jmespath import compile as parse
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.visitor import Options, TreeInterpreter

from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# JMESPath's own trees are plain dicts: {type, value, children}.
Node = Any

_TEXT: Final[Any] = {"types": ["string", "null"]}
_SCALAR: Final[Any] = {"types": ["string", "number", "boolean", "null"]}


class _Functions(Functions):
    """``trim``, ``lower``, ``upper``, ``pad`` and ``string``; null stays null."""

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
    def _func_pad(self, value: Any, width: int, fill: str = "0") -> str | None:
        return None if value is None else _text(value).rjust(int(width), fill)


def _text(value: str | float) -> str:
    """Numbers as people write account numbers: 1000, also where the API sends 1000.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_OPTIONS: Final = Options(custom_functions=_Functions())
_PLAIN: Final = TreeInterpreter(_OPTIONS)


class _Watching(TreeInterpreter):
    """Takes note of every name that occurs; both sides of ``&&`` and ``||`` are looked at."""

    def __init__(self, unseen: dict[int, str]) -> None:
        super().__init__(_OPTIONS)
        self._unseen = unseen

    def visit_field(self, node: Node, value: Any) -> Any:
        if isinstance(value, dict) and node["value"] in value:
            self._unseen.pop(id(node), None)
        return super().visit_field(node, value)

    def visit_or_expression(self, node: Node, value: Any) -> Any:
        self._look(node["children"][1], value)
        return super().visit_or_expression(node, value)

    def visit_and_expression(self, node: Node, value: Any) -> Any:
        self._look(node["children"][1], value)
        return super().visit_and_expression(node, value)

    def _look(self, node: Node, value: Any) -> None:
        with suppress(JMESPathError):
            self.visit(node, value)


class Expression:
    """One compiled expression; ``unseen`` are its names that no data has had so far."""

    def __init__(self, text: str, key: str) -> None:
        """``key`` is its place in the workspace file. Raises `SourceError` where it is not JMESPath."""
        self.text, self.key = text, key
        try:
            with catch_warnings():
                # Bare words in backticks: an old spelling that looks like a name.
                simplefilter("error")
                self._node: Node = parse(text).parsed
        except (JMESPathError, Warning) as error:
            reason = " ".join(str(error).split())
            raise SourceError(f"{key} is not a JMESPath expression: {reason}") from error
        _check_functions(self._node, key)
        self._unseen = {id(node): str(node["value"]) for node in _nodes(self._node) if node["type"] == "field"}
        self._watching = _Watching(self._unseen)
        self._short = _short(self._node)

    @property
    def unseen(self) -> list[str]:
        """Names that never occurred, each once."""
        return list(dict.fromkeys(self._unseen.values()))

    def __call__(self, data: Any) -> Any:
        """The value for one answer or record. Raises `ExpressionError`."""
        if not self._unseen and self._short is not None:
            return self._short(data)
        try:
            return (self._watching if self._unseen else _PLAIN).visit(self._node, data)
        except JMESPathError as error:
            raise ExpressionError(" ".join(str(error).split())) from error


class ExpressionError(Exception):
    """A function was given a value that it cannot take."""


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _nodes(child)


def _check_functions(node: Node, key: str) -> None:
    for found in _nodes(node):
        if found["type"] == "function_expression" and found["value"] not in _Functions.FUNCTION_TABLE:
            own = "own functions: trim, lower, upper, pad, string"
            raise SourceError(f"{key} calls {found['value']}(), which there is not", hint=own)


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


def _negated(value: Any) -> bool:
    """JMESPath's negation: every number is true, zero as well."""
    return False if isinstance(value, int | float) and not isinstance(value, bool) else not value


def _short_string(value: Any, node: Node, data: Any) -> Any:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return str(value)
    try:
        return _PLAIN.visit(node, data)
    except JMESPathError as error:
        raise ExpressionError(" ".join(str(error).split())) from error
