"""What a worker and a schedule decide by themselves: what is queued again, and which tick is due."""

from __future__ import annotations

from datetime import datetime

import pytest

from pleoctl.errors import ExitCode, Finding
from pleoctl.fleet.queue.app import Ask
from pleoctl.fleet.queue.schedule import due_now
from pleoctl.fleet.queue.worker import MOST_RETRIES, again
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.place import Place


def result(code: int, kind: str = "error", file: str | None = None) -> CompanyResult:
    """How a run ended."""
    return CompanyResult(path="p").ended(code, [Finding(kind, "words", place=Place.of(file))] if code else [])


@pytest.mark.parametrize(
    ("ended", "attempt", "wanted"),
    [
        (result(0), 0, None),
        (result(ExitCode.ERROR, "remote"), 0, (1, 60, 90)),
        (result(ExitCode.ERROR, "state-lost"), 3, (4, 480, 720)),
        (result(ExitCode.PARTIAL), 1, (2, 120, 180)),
        (result(ExitCode.ERROR), MOST_RETRIES, None),
        (result(ExitCode.ERROR, "unauthorised"), 0, None),
        (result(ExitCode.ERROR, "source"), 0, (1, 60, 90)),
        (result(ExitCode.ERROR, "source", "accounts.csv"), 0, None),
        (result(ExitCode.REFUSED), 0, None),
        (result(ExitCode.INVALID), 0, None),
        (result(ExitCode.CHANGES), 0, None),
        (result(ExitCode.LOCKED), 2, (2, 30, 30)),
        (result(ExitCode.TERMINATED), 2, (2, 0, 0)),
    ],
)
def test_what_may_pass_is_tried_again(ended: CompanyResult, attempt: int, wanted: tuple[int, int, int] | None) -> None:
    """Later each time, five times at most; a refusal or a wrong file is not."""
    more = again(Ask("f", "p", "sync", attempt), ended)
    if wanted is None:
        assert more is None
    else:
        assert more is not None
        assert more.attempt == wanted[0]
        assert wanted[1] <= more.seconds <= wanted[2]


@pytest.mark.parametrize(
    ("line", "moment", "due"),
    [
        ("17 * * * *", "2026-03-01 10:16:59", "2026-03-01 09:17"),
        ("17 * * * *", "2026-03-01 10:17:00", "2026-03-01 10:17"),
        ("17 * * * *", "2026-03-01 10:17:40", "2026-03-01 10:17"),
        ("0 3 * * 1", "2026-03-01 10:00:00", "2026-02-23 03:00"),
    ],
)
def test_the_last_tick_is_due(line: str, moment: str, due: str) -> None:
    """The one that is not after the moment."""
    assert due_now(line, datetime.fromisoformat(moment)) == datetime.fromisoformat(due)
