"""Change the engine in one small place at a time and see whether its tests notice; interrupted, it goes on.

    python bench/mutate.py --state mutate.json                        # all targets
    python bench/mutate.py --state mutate.json pleoctl/plan/guard.py  # one
    python bench/mutate.py --state mutate.json --list                 # what has survived so far

A survivor is a rule without a test, or a change that makes no difference; bench/survivors.md says which.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
APPLY: Final = ["tests/apply/test_apply.py", "tests/apply/test_doubles.py", "tests/apply/test_faults.py"]
TARGETS: Final[dict[str, list[str]]] = {
    "pleoctl/plan/guard.py": ["tests/plan"],
    "pleoctl/plan/order.py": ["tests/plan", *APPLY],
    "pleoctl/run/settle.py": ["tests/run"],
    "pleoctl/run/doubts.py": ["tests/apply/test_doubles.py"],
    **{
        f"pleoctl/apply/{name}.py": APPLY
        for name in ("steps", "executor", "fresh", "verify", "cascade", "ledger", "state", "kinds", "run")
    },
    "pleoctl/reconcile/table.py": ["tests/reconcile", "tests/laws/test_converge.py"],
}
SECONDS: Final = 300
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


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """A name and the whole mutated source, for each place that can be changed."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            mutated = copy.deepcopy(tree)
            target = next(one for place, one in enumerate(ast.walk(mutated)) if place == number)
            if _apply(mutated, target, change):
                line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
                text = source.splitlines()[line - 1].strip() if line else ""
                yield f"{line}:{column}: {change}: {text}", ast.unparse(mutated)


def _changes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare | ast.BoolOp | ast.BinOp):
        operator = node.ops[0] if isinstance(node, ast.Compare) else node.op
        if type(operator) in _SWAPS:
            yield f"{type(operator).__name__} to {_SWAPS[type(operator)].__name__}"
    elif isinstance(node, ast.If | ast.IfExp | ast.comprehension) and (
        isinstance(node, ast.If | ast.IfExp) or node.ifs
    ):
        yield "condition true"
        yield "condition false"
    elif isinstance(node, ast.Constant) and type(node.value) in {int, float, bool}:
        yield "other constant"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call left out"
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "return None"


def _apply(tree: ast.AST, node: ast.AST, change: str) -> bool:
    if change.startswith("condition"):
        decided = ast.Constant(change.endswith("true"))
        if isinstance(node, ast.comprehension):
            node.ifs = [decided]
        elif isinstance(node, ast.If | ast.IfExp):
            if ast.unparse(node.test) == "TYPE_CHECKING":
                return False
            node.test = decided
    elif isinstance(node, ast.Compare):
        node.ops[0] = _SWAPS[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        node.op = _SWAPS[type(node.op)]()
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1  # type: ignore[operator]
    elif isinstance(node, ast.Expr | ast.Return):
        node.value = ast.Constant(None)
    ast.fix_missing_locations(tree)
    return True


class Copy:
    """A copy of the package beside links to everything else, in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(ROOT / "pleoctl", folder / "pleoctl", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("tests", "schemas", "examples", "docs", "bench", "pyproject.toml", "README.md"):
            (folder / name).symlink_to(ROOT / name)

    def is_noticed(self, file: str, source: str, tests: list[str]) -> bool:
        """Whether the tests fail, or do not end, with this source in place of the file."""
        place, before = self._folder / file, (ROOT / file).read_text(encoding="utf-8")
        place.write_text(source, encoding="utf-8")
        command = [
            sys.executable,
            "-B",
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *tests,
        ]
        try:
            return (
                subprocess.run(command, cwd=self._folder, capture_output=True, timeout=SECONDS, check=False).returncode
                != 0
            )
        except subprocess.TimeoutExpired:
            return True
        finally:
            place.write_text(before, encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=list(TARGETS))
    parser.add_argument("--state", type=Path, required=True, help="where to keep what was found")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    known: dict[str, bool] = json.loads(given.state.read_text(encoding="utf-8")) if given.state.exists() else {}
    if given.list:
        print(*sorted(name for name, noticed in known.items() if not noticed), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="pleoctl-mutate-") as folder:
        worker = Copy(Path(folder))
        for file in given.files:
            source = (ROOT / file).read_text(encoding="utf-8")
            stamp = hashlib.sha256(source.encode()).hexdigest()[:8]
            for name, mutated in mutants(source):
                key = f"{file}@{stamp}:{name}"
                if key not in known:
                    known[key] = worker.is_noticed(file, mutated, TARGETS[file])
                    given.state.write_text(json.dumps(known, indent=1), encoding="utf-8")
                    if not known[key]:
                        print(f"survived: {file}:{name}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
