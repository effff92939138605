"""Test files and inline tests: find them, and rewrite what they expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import decode, read_bytes, write_atomically
from pleoctl.documents.load import parse
from pleoctl.documents.scalars import plain_value, yaml_string
from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.build import load_rules, relative
from pleoctl.mapping.suites.run import Result, run_tests

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pleoctl.documents.document import Document
    from pleoctl.documents.nodes import Node
    from pleoctl.mapping.rules.model import Rules

_RULE_PARTS: Final = ("accounts", "expenseTypes", "include", "lines", "vendors")


@dataclass(slots=True)
class Suite:
    """The tests of one file, the rules that they test, and the folder that file names start from."""

    rules: Rules
    tests: Rules
    folder: Path


def suites(mapping: Path, root: Path, files: Iterable[Path]) -> list[Suite]:
    """The inline tests of the mapping, or those of the files given.

    A file with rules of its own is tested against them, any other against the mapping. Raises `InvalidFile`.
    """
    listed = list(files)
    if not listed:
        own = load_rules(mapping, root)
        return [Suite(own, own, root)]
    found = []
    rules: Rules | None = None
    for file in listed:
        folder = root if file.resolve().is_relative_to(root.resolve()) else file.parent
        tests = load_rules(file, folder)
        if any(part in _data(file, folder) for part in _RULE_PARTS):
            found.append(Suite(tests, tests, folder))
        else:
            rules = load_rules(mapping, root) if rules is None else rules
            found.append(Suite(rules, tests, folder))
    return found


def _data(file: Path, root: Path) -> dict[str, Any]:
    name = relative(file, root)
    data = parse(decode(read_bytes(file, name), name), name).data
    return data if isinstance(data, dict) else {}


def run_suite(suite: Suite) -> list[Result]:
    """Run the tests of a suite, in order."""
    return run_tests(suite.rules, suite.tests.tests)


# --- rewriting -------------------------------------------------------------------------------------------------


def update(results: Iterable[Result], folder: Path) -> list[str]:
    """Write what came out of a suite's failed tests into its files; the names of the files that changed.

    Everything else in the files stays as it is, comments too. Raises `PleoctlError`.
    """
    by_file: dict[str, list[Result]] = {}
    for result in results:
        if not result.passed:
            by_file.setdefault(result.case.place.file, []).append(result)
    for name, failed in by_file.items():
        path = folder / name
        document = parse(decode(read_bytes(path, name), name), name)
        write_atomically(path, _rewritten(document, failed).encode())
    return sorted(by_file)


def _rewritten(document: Document, failed: list[Result]) -> str:
    spans = []
    for result in failed:
        test = document.node(result.case.path)
        pair = None if test is None else test.child("expect")
        if pair is not None:
            # From behind the colon, since one line of flow style may not start where a block did.
            start = document.text.index(":", pair[0].end) + 1
            spans.append((start, _end(pair[1], document.text), f" {_flow(result.actual)}"))
    parts, at = [], 0
    for start, end, written in sorted(spans):
        parts += [document.text[at:start], written]
        at = end
    text = "".join([*parts, document.text[at:]])
    _verify(text, document.shown, failed)
    return text


def _end(node: Node, text: str) -> int:
    """Where a node's own text ends; a block collection ends with its last value, not at the next key."""
    if not node.items or text[node.start] in "[{":
        return node.end
    return _end(node.items[-1], text)


def _verify(text: str, shown: str, failed: list[Result]) -> None:
    document = parse(text, shown)
    for result in failed:
        value: Any = document.data
        for step in (*result.case.path, "expect"):
            value = value[step]
        if value != result.actual:
            raise InvalidFile(
                "the expectation cannot be rewritten in place", file=shown, line=result.case.place.line,
                hint="write it by hand",
            )  # fmt: skip


def _flow(value: Any) -> str:
    """YAML on one line, as people write expectations."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(v) for v in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str):
        is_word = value.replace("_", "").isalpha() and plain_value(value) == value
        return value if is_word else yaml_string(value)
    return str(value)
