"""What the conformance suites have in common."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

C = TypeVar("C")

COMPANY: Final = "12abc3d4-e567-4890-8234-abc56e78fabc"
PLEO_VARIABLE: Final = "PLEO_CONFORMANCE_KEY"
PLEO_KEY: Final = "key-of-pleo-that-no-plug-in-sees"


class Nonconformance(AssertionError):
    """Something does not do what everything of its kind must; the message says what."""


def require(holds: bool, words: str) -> None:
    """Raise `Nonconformance` with these words unless it holds."""
    if not holds:
        raise Nonconformance(words)


def run_all(checks: Mapping[str, Callable[[C, Path], None]], case: C, folder: Path) -> None:
    """Run checks of a case, each in a folder of its own. Raises `Nonconformance`."""
    for name, check in checks.items():
        below = folder / name
        below.mkdir()
        check(case, below)


def head() -> dict[str, object]:
    """The beginning of a workspace, whose Pleo nobody asks."""
    pleo = {"url": "http://127.0.0.1:9", "auth": {"apiKey": f"env:{PLEO_VARIABLE}"}}
    return {"apiVersion": "pleoctl/v1", "kind": "Workspace", "company": COMPANY, "pleo": pleo}


@contextmanager
def environment(more: Mapping[str, str]) -> Iterator[None]:
    """The environment with these variables, as it was afterwards."""
    before = dict(os.environ)
    os.environ.update({PLEO_VARIABLE: PLEO_KEY, **more})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
