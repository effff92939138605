"""The house as its imports draw it: floors, no circles, nothing that outgrows its reader."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "pleoctl"

#: From the ground up. A room imports from the floors below its own; rooms on one floor know nothing of each other.
FLOORS: Final = (
    "place words",
    "errors",
    "hosts offspring streams text",
    "machine markup",
    "watch release",
    "telemetry",
    "model",
    "documents",
    "desired",
    "workspace",
    "notify",
    "state",
    "remote",
    "run",
    "pleo",
    "sources",
    "reconcile",
    "plan",
    "apply",
    "mapping.vocabulary mapping.items",
    "mapping.failures mapping.catalog",
    "mapping.rules",
    "mapping.engine",
    "mapping.analysis mapping.suites mapping.io",
    "mapping.context",
    "sinks",
    "jobs",
    "fleet",
    "sandbox",
    "report",
    "forge",
    "cli",
    "__main__ testing",
)
HEIGHT: Final = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
TOP_LEVEL: Final = """
.ci .dockerignore .github .gitignore .pre-commit-hooks.yaml CHANGELOG.md CONTRIBUTING.md Containerfile LICENSE Makefile
README.md action.yml bench changelog.d docs docs_site.py examples hatch_build.py mkdocs.yml pleoctl pyproject.toml
schemas tests
"""
PRIVATE: Final = re.compile(r"pleoctl\.[\w.]*\._[a-zA-Z]\w*")
LONGEST_MODULE: Final = 400
MOST_PARAMETERS: Final = 5
MEDIAN_FUNCTION: Final = 10


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name."""
    return {
        ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__"): tree
        for path, tree in trees("pleoctl").items()
    }


@cache
def imports() -> dict[str, frozenset[str]]:
    """The modules that each module imports, wherever in it and whatever for, types as well."""
    return {name: frozenset(_imported(tree)) - {name} for name, tree in modules().items()}


def _imported(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in modules() else name.rpartition(".")[0] for name in found if name.startswith("pleoctl.")]


def room(module: str) -> str:
    """The room of a module; mapping's rooms count one by one."""
    parts = module.split(".")[1:]
    return ".".join(parts[: 2 if parts[:1] == ["mapping"] else 1])


def test_a_room_imports_only_from_floors_below() -> None:
    """No arrow runs up, and none runs between two rooms of one floor."""
    wrong = [
        f"{module} imports {other}"
        for module, others in imports().items()
        for other in others
        if room(module) != room(other) and {room(module), room(other)} <= HEIGHT.keys()
        if HEIGHT[room(module)] <= HEIGHT[room(other)]
    ]
    assert wrong == []


def test_every_room_has_a_floor() -> None:
    """A new room is put into the table of floors."""
    assert {room(module) for module in modules()} - HEIGHT.keys() <= {"", "mapping"}


def test_no_module_imports_itself_through_others() -> None:
    """Modules form no circle, those imported for their types alone included."""
    standing = {name: set(others & imports().keys()) for name, others in imports().items()}
    while free := [name for name, others in standing.items() if not others & standing.keys()]:
        for name in free:
            del standing[name]
    assert sorted(standing) == [], "these stand in a circle, or import from one"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout")
def test_the_top_level_is_known() -> None:
    """What lies there beside these was left by mistake: a file of a test, or of somebody's try."""
    git = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    listed = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    there = {Path(name).parts[0] for name in listed if name and (ROOT / name).exists()}
    assert there - set(TOP_LEVEL.split()) == set()


@pytest.mark.parametrize("folder", ["pleoctl", "bench", "tests"])
def test_no_module_is_longer_than_one_reads(folder: str) -> None:
    """No module has more than 400 lines."""
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {path: number for path, number in lines.items() if number > LONGEST_MODULE} == {}


@pytest.mark.parametrize("folder", ["pleoctl", "bench", "tests"])
def test_no_class_asks_for_more_than_five_things(folder: str) -> None:
    """A constructor that is written out has at most five parameters; documents say their fields instead."""
    wide = {
        f"{path}: {node.name}": parameters
        for path, tree in trees(folder).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (parameters := _parameters(node)) > MOST_PARAMETERS
    }
    assert wide == {}


@cache
def trees(folder: str) -> dict[str, ast.Module]:
    """Every module below a folder of the project by its path."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def _parameters(node: ast.ClassDef) -> int:
    made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
    return max((len(one.args.args) - 1 + len(one.args.kwonlyargs) for one in made), default=0)


def _untyped(tree: ast.Module) -> Iterator[str]:
    """Parameters of which nothing is said but that they are something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            annotation = ast.unparse(node.annotation)
            if annotation in {"Any", "dict[str, Any]", "list[Any]"}:
                yield f"{node.arg}: {annotation}"


def test_parameters_of_tests_say_what_they_are() -> None:
    """What may be any JSON is `Json` or `Value` of `tests/support/shapes.py`; the rest has a type of its own."""
    assert {path: found for path, tree in trees("tests").items() if (found := list(_untyped(tree)))} == {}


def test_functions_are_short() -> None:
    """Half of all functions have at most ten lines, docstring and signature included."""
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_the_table_of_floors_names_each_room_once() -> None:
    """A room stands on one floor."""
    rooms = sorted(" ".join(FLOORS).split())
    assert all(one != other for one, other in pairwise(rooms))


def _private(tree: ast.Module) -> list[str]:
    """Private names of the package that a test imports or replaces."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pleoctl"):
            found += [alias.name for alias in node.names if alias.name.startswith("_") and alias.name != "__version__"]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and PRIVATE.fullmatch(node.value):
            found.append(node.value)
    return found


def test_no_test_reaches_into_private_names() -> None:
    """What a test needs of a room is what other rooms may use as well."""
    assert {path: names for path, tree in trees("tests").items() if (names := _private(tree))} == {}


def test_the_formatter_has_its_way() -> None:
    """No line asks it to look away: what reads badly is laid out anew."""
    mark = "# fmt" + ":"
    paths = [path for folder in ("pleoctl", "bench", "tests") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in paths if mark in path.read_text(encoding="utf-8")] == []


def test_who_is_let_off_says_why() -> None:
    """A check that is switched off for a line of the package has its reason beside it."""
    silent = re.compile(r"# (?:type: ignore\[[a-z, -]+\]|noqa: [A-Z0-9, ]+)\s*$")
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if silent.search(line)
    ] == []


def test_no_group_is_repeated_possessively() -> None:
    """Before Python 3.11.5 such a pattern goes on in the middle of what did not match; one place says it otherwise."""
    found = [
        path.name
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\)[*+?]\+", line)
    ]
    assert found == []


def _defined(tree: ast.Module) -> Iterator[str]:
    """The functions, classes and constants of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_what_is_a_modules_own_is_used_in_it() -> None:
    """A private function, class or constant that nothing of its module asks for is dead."""
    dead = []
    for module, tree in modules().items():
        asked = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        dead += [f"{module}.{name}" for name in _defined(tree) if re.match("_[a-zA-Z]", name) and name not in asked]
    assert dead == []


def _bare(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """In each f-string: what is filled in, and the word right behind it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for filled, text in zip(node.values, node.values[1:], strict=False):
                if isinstance(filled, ast.FormattedValue) and isinstance(text, ast.Constant):
                    word = re.match(r" ([a-z]+)\b", str(text.value))
                    yield node.lineno, ast.unparse(filled.value), word[1] if word else ""


def test_no_sentence_counts_by_itself() -> None:
    """Whatever `many` counts anywhere is counted by it everywhere; limits, which are never one, are written out."""
    calls = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    nouns = {
        many(2, str(call.args[1].value)).split()[-1]
        for call in calls
        if ast.unparse(call.func) == "many" and isinstance(call.args[1], ast.Constant)
    }
    assert {"rows", "vendors", "items", "companies"} <= nouns
    counted = [
        f"{name}:{line}: {filled} {word}"
        for name, tree in modules().items()
        if not name.startswith("pleoctl.testing")
        for line, filled, word in _bare(tree)
        if word in nouns and not filled.startswith("many(")
        if re.fullmatch(r"len\(.*\)|.*(number|count|total|rows|items|runs).*", filled)
    ]
    assert counted == []
