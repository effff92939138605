"""Small changes of a module, one at a time: what `bench/mutate.py` breaks on purpose."""

from __future__ import annotations

import ast
import copy
import inspect
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

_SWAPS: Final[dict[type[ast.AST], Any]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
_FLAGS: Final = ("frozen", "slots", "kw_only")
Node = Any


@dataclass(frozen=True)
class Mutant:
    """A module with one change: its name, the lines that the change touches, and its code.

    The name holds no line number, so that it stays what it is while the module is edited elsewhere. ``swaps`` are
    pairs of functions' code, as it was and as it is now; None where more than functions changed.
    """

    name: str
    lines: frozenset[int]
    code: CodeType
    swaps: list[tuple[CodeType, CodeType]] | None


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """Every mutant whose code differs from the module's, in the order of the source."""
    tree = ast.parse(source)
    whole = compile(tree, file, "exec")
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    names: Counter[str] = Counter()
    for scope, statement, node in _places(tree):
        for what in _ways(node):
            code = _mutated(tree, numbers[id(node)], what, file)
            if code is None or code == whole:
                continue
            name = f"{scope}: {what}: {ast.unparse(node).splitlines()[0][:100]}"
            names[name] += 1
            mark = f" #{names[name]}" if names[name] > 1 else ""
            yield Mutant(name + mark, _lines(statement) | _span(node), code, _swaps(whole, code))


def functions(code: CodeType, *, whole: bool) -> list[CodeType]:
    """The code of the functions in a module's code; ``whole``: of those inside functions, too."""
    mine = [code] if code.co_flags & inspect.CO_OPTIMIZED else []
    inner = [one for one in code.co_consts if inspect.iscode(one)] if whole or not mine else []
    return mine + [one for part in inner for one in functions(part, whole=whole)]


def _places(tree: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.stmt, ast.AST]]:
    """Every node with the name of what it stands in and its statement."""
    for statement in ast.iter_child_nodes(tree):
        if isinstance(statement, ast.stmt):
            name = getattr(statement, "name", "")
            yield from ((scope, statement, node) for node in _own(statement))
            yield from _places(statement, f"{scope}.{name}".strip(".") if name else scope)
        elif isinstance(statement, ast.ExceptHandler | ast.match_case):
            yield from _places(statement, scope)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what stands in it, but for statements of its own."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.ExceptHandler) and not _is_left_alone(child):
            yield from _own(child)


def _is_left_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg in _FLAGS


def _ways(node: Node) -> list[str]:
    match node:
        case ast.BoolOp(values=values):
            return ["and for or", *(f"without part {number}" for number in range(len(values)))]
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return []
        case ast.If() | ast.IfExp() | ast.comprehension(ifs=[_, *_]):
            return ["always", "never"]
        case ast.Return(value=ast.expr()):
            return ["return None"]
        case (
            ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()) | ast.AugAssign() | ast.Continue() | ast.Raise()
        ):
            return ["left out"]
    return [_other(node)] if _other(node) else []


def _other(node: Node) -> str:
    """What becomes of an operator or a constant."""
    match node:
        case ast.Compare(ops=[op, *_]) if type(op) in _SWAPS:
            return "other comparison"
        case ast.BinOp(op=op) if type(op) in _SWAPS:
            return "other operator"
        case ast.UnaryOp(op=ast.Not()):
            return "without not"
        case ast.Constant(value=bool()):
            return "other truth"
        case ast.Constant(value=int() | float()):
            return "one more"
    return ""


def _mutated(tree: ast.Module, number: int, what: str, file: str) -> CodeType | None:
    copied = copy.deepcopy(tree)
    node = next(one for place, one in enumerate(ast.walk(copied)) if place == number)
    _change(copied, node, what)
    ast.fix_missing_locations(copied)
    try:
        return compile(copied, file, "exec")
    except SyntaxError:
        return None


def _change(tree: ast.Module, node: Node, what: str) -> None:
    match node:
        case ast.Compare():
            node.ops[0] = _SWAPS[type(node.ops[0])]()
        case ast.BoolOp() if what != "and for or":
            del node.values[int(what.rsplit(maxsplit=1)[-1])]
            if len(node.values) == 1:
                _replace(tree, node, node.values[0])
        case ast.BoolOp() | ast.BinOp():
            node.op = _SWAPS[type(node.op)]()
        case ast.Constant():
            given: Node = node.value
            node.value = not given if isinstance(given, bool) else given + 1
        case ast.If() | ast.IfExp():
            node.test = ast.Constant(what == "always")
        case ast.comprehension():
            node.ifs = [ast.Constant(what == "always")]
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.UnaryOp():
            _replace(tree, node, node.operand)
        case _:
            _replace(tree, node, ast.Pass())


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, ast.copy_location(new, old))
            elif isinstance(value, list):
                value[:] = [ast.copy_location(new, old) if item is old else item for item in value]


def _lines(statement: Any) -> frozenset[int]:
    """The lines of a statement, of one with a body only its head."""
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not body or not isinstance(body[0], ast.stmt):
        return _span(statement) if not body else frozenset({statement.lineno})
    return frozenset(range(statement.lineno, max(body[0].lineno, statement.lineno + 1)))


def _span(node: Node) -> frozenset[int]:
    if isinstance(node, ast.stmt) and hasattr(node, "body"):
        return frozenset()
    return frozenset(range(node.lineno, node.end_lineno + 1)) if hasattr(node, "lineno") else frozenset()


def _swaps(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    if _outside(before) != _outside(after):
        return None
    # Inner functions are made anew by the outer ones; those that were made on import are changed where that can be.
    for whole in (True, False):
        was, now = functions(before, whole=whole), functions(after, whole=whole)
        if [one.co_freevars for one in was] == [one.co_freevars for one in now]:
            return [(one, other) for one, other in zip(was, now, strict=True) if one != other]
    return None


def _outside(code: CodeType) -> list[Any]:
    """What a module does when it is imported, the bodies of its functions left out."""
    inner = [one for one in code.co_consts if inspect.iscode(one)]
    values = [repr(one) for one in code.co_consts if not inspect.iscode(one)]
    bodies = [_outside(one) for one in inner if not one.co_flags & inspect.CO_OPTIMIZED]
    return [code.co_code, code.co_names, values, bodies]
