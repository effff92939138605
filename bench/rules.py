"""Break rules one by one and see whether a test notices: ``python bench/rules.py MODULE… -- TEST…``.

Each mutant changes one place of a module's syntax tree and runs the tests in a forked process. Survivors are printed
with their line; each is a missing test, or makes no difference.
"""

from __future__ import annotations

import ast
import copy
import importlib.abc
import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

SECONDS: Final = 60
QUIETLY: Final = ("-x", "-q", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "-W", "ignore")
SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """``(line, what, tree)`` of every mutant."""
    for number, node in enumerate(ast.walk(tree)):
        for what in _ways(node):
            copied = copy.deepcopy(tree)
            place = next(n for i, n in enumerate(ast.walk(copied)) if i == number)
            _change(copied, place, what)
            yield getattr(node, "lineno", 0), f"{what}: {ast.unparse(node).splitlines()[0][:70]}", copied


def _ways(node: ast.AST) -> list[str]:
    ways: list[str] = []
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.keyword(arg="frozen" | "slots"):
            pass
        case ast.Compare(ops=[op, *_]) if type(op) in SWAPS:
            ways = ["other comparison"]
        case ast.BoolOp(values=values):
            ways = ["and for or", *(f"without part {i}" for i in range(len(values)))]
        case ast.UnaryOp(op=ast.Not()):
            ways = ["without not"]
        case ast.Constant(value=bool()):
            ways = ["other truth"]
        case ast.Constant(value=int()):
            ways = ["one more"]
        case ast.If() | ast.IfExp():
            ways = ["always", "never"]
        case ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()) | ast.AugAssign() | ast.Continue():
            ways = ["left out"]
    return ways


def _change(tree: ast.Module, node: ast.AST, what: str) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = SWAPS[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp) and what == "and for or":
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.BoolOp):
        del node.values[int(what.rsplit(maxsplit=1)[-1])]
    elif isinstance(node, ast.Constant):
        node.value = not node.value if type(node.value) is bool else int(str(node.value)) + 1
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.Constant(what == "always")
    else:
        _replace(tree, node, node.operand if isinstance(node, ast.UnaryOp) else ast.Pass())
    ast.fix_missing_locations(tree)


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]


class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module as its mutant."""

    def __init__(self, module: str, tree: ast.Module, file: str) -> None:
        self._module, self._tree, self._file = module, tree, file

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """The mutant's, for its own name."""
        return importlib.util.spec_from_loader(name, self, origin=self._file) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        exec(compile(self._tree, self._file, "exec"), module.__dict__)


def survives(module: str, file: Path, tree: ast.Module, tests: list[str]) -> bool:
    """Whether all tests pass although the module is broken."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == 0
    signal.alarm(SECONDS)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.meta_path.insert(0, Broken(module, tree, str(file)))
    os._exit(pytest.main([*QUIETLY, *tests]))


def main(arguments: list[str]) -> int:
    """Print the survivors; exit 1 if there are any."""
    split = arguments.index("--")
    alive = tried = 0
    for name in arguments[:split]:
        file = Path(name)
        module = ".".join(file.with_suffix("").parts)
        whole = ast.parse(file.read_text(encoding="utf-8"))
        if not survives(module, file, whole, arguments[split + 1 :]):
            raise SystemExit(f"{file}: the tests fail already")
        for line, what, tree in mutants(whole):
            tried += 1
            if survives(module, file, tree, arguments[split + 1 :]):
                alive += 1
                print(f"{file}:{line}: {what}", flush=True)
    print(f"{tried} mutants, {alive} alive")
    return int(alive > 0)


if __name__ == "__main__":
    # What no mutant changes is loaded once, for all children.
    for warm in ("msgspec", "deepdiff", "requests", "jsonschema", "ruamel.yaml"):
        importlib.import_module(warm)
    raise SystemExit(main(sys.argv[1:]))
