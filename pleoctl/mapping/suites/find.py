"""Test files and inline tests: find them, and rewrite what they expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.edit import set_values
from pleoctl.documents.files import decode, read_bytes, write_atomically
from pleoctl.documents.load import parse
from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.rules.files import folder_reader, relative
from pleoctl.mapping.suites.run import Result, run_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

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
        read = folder_reader(folder, file)
        tests = load_rules(file, folder, read)
        if any(part in _data(relative(file, folder), read) for part in _RULE_PARTS):
            found.append(Suite(tests, tests, folder))
        else:
            rules = load_rules(mapping, root) if rules is None else rules
            found.append(Suite(rules, tests, folder))
    return found


def _data(name: str, read: Callable[[str], bytes]) -> dict[str, Any]:
    data = parse(decode(read(name), name), name).data
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
        expectations = {(*result.case.path, "expect"): result.actual for result in failed}
        write_atomically(path, set_values(document, expectations).encode())
    return sorted(by_file)
