"""Our own sinks pass the suite that plug-ins run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import books_program
import fake_tryton
from api_books import TOKEN, ApiBooks, section, serving
from pleoctl.testing.sinks import CHECKS, SinkCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Json

SECTIONS: dict[str, Json] = {
    "beancount": {},
    "hledger": {},
    "csv": {},
    "sie": {"currency": "EUR", "company": "Böcker & Co", "series": "P", "dimensions": {"DEPT": 1}},
    "datev": {
        "consultant": 1001,
        "client": 1,
        "fiscalYearStart": "07-01",
        "taxKeys": {"V25": 9},
        "costCentres": ["DEPT"],
    },
}


CODED: Any = {"tax_code": "V25", "tags": {"DEPT": "D1"}}
"""What books have that tell tax codes and tags of their lines."""


def blocked(folder: Path) -> None:
    """A file stands where the folder of the books is due."""
    (folder / "books").write_text("")


FILES = {
    kind: SinkCase({"type": kind, "path": "books", **more}, lambda _folder: None, {"unreachable": blocked}, **CODED)
    for kind, more in SECTIONS.items()
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", FILES)
def test_books_that_are_files_conform(kind: str, check: str, tmp_path: Path) -> None:
    """Each check by itself, so that a failure names what is not kept."""
    CHECKS[check](FILES[kind], tmp_path)


def program_case(folder: Path) -> SinkCase:
    """Books that a program keeps in a file."""

    def fault(mode: str) -> Callable[[Path], object]:
        return lambda below: (below / "fault").write_text(mode)

    command = [sys.executable, "-S", str(Path(books_program.__file__)), "books.jsonl", "ok", "0"]
    return SinkCase(
        {"type": "exec", "command": command},
        lambda _folder: None,
        {
            "unreachable": lambda below: (below / "gone").write_text(""),
            "refused": fault("refuse"),
            "closed": fault("closed"),
            "lost before": fault("die"),
            "lost after": fault("forget"),
        },
        {"PLEOCTL_ALLOW_EXEC": "1"},
        **CODED,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_of_a_program_conform(check: str, tmp_path: Path) -> None:
    """With its death before and behind a booking for answers that are lost."""
    CHECKS[check](program_case(tmp_path), tmp_path)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiBooks]:
    """Empty books behind an API."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    with serving(ApiBooks()) as running:
        yield running


def api_case(api: ApiBooks) -> SinkCase:
    """Books behind an API that honours keys of idempotency and looks references up by their beginning."""

    def closed(_folder: Path) -> None:
        api.refusals = {api.posts + 1: (422, {"code": "PERIOD_CLOSED", "nextOpen": "2026-04-01"})}

    def fault(how: str) -> Callable[[Path], object]:
        return lambda _folder: api.faults.update({api.posts + 1: how})

    def refused(_folder: Path) -> None:
        api.refusals = {api.posts + 1: (422, {"code": "NO_ACCOUNT", "message": "There is no account 6540"})}

    def denied(_folder: Path) -> None:
        api.other = lambda *_: (401, {"message": "who are you?"})

    told = section(api, currency="EUR", key={"guardedFor": "24h"})
    lines, body = told["find"]["lines"], told["book"]["body"]["lines"]["as"]
    lines |= {"as": lines["as"] | {"taxCode": "vat"}, "tags": {"DEPT": "dept"}}
    body |= {"vat": "posting.taxCode", "dept": "posting.tags.DEPT"}
    return SinkCase(
        told,
        lambda _folder: api.vouchers.clear(),
        {
            "unreachable": denied,
            "refused": refused,
            "closed": closed,
            "lost before": fault("before"),
            "lost after": fault("after"),
        },
        {"AS_TOKEN": TOKEN},
        **CODED,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_behind_an_api_conform(check: str, api: ApiBooks, tmp_path: Path) -> None:
    """The same suite with a server in place of files."""
    CHECKS[check](api_case(api), tmp_path)


@pytest.fixture
def tryton(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_tryton.TrytonBooks]:
    """Empty books of a Tryton."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    with fake_tryton.serving(fake_tryton.TrytonBooks()) as running:
        yield running


def tryton_case(tryton: fake_tryton.TrytonBooks) -> SinkCase:
    """Moves that are made and posted in two calls."""

    def empty(_folder: Path) -> None:
        for model in ("account.move", "account.move.line", "analytic_account.line", "ir.attachment"):
            tryton.tables[model].clear()

    def fault(how: str) -> Callable[[Path], object]:
        return lambda _folder: tryton.faults.update({tryton.changes + 1: how})

    return SinkCase(
        fake_tryton.section(tryton, dimensions=["DEPT"]),
        empty,
        {
            "unreachable": lambda _folder: tryton.row("account.journal", code="MISC").update(code="X", name="X"),
            "refused": lambda _folder: tryton.row("account.account", code="5810").update(closed=True),
            "closed": lambda _folder: tryton.row("account.period", id=3).update(state="closed"),
            "lost before": fault("before"),
            "lost after": fault("after"),
        },
        {"TRYTON_PASSWORD": fake_tryton.PASSWORD},
        accounts=("5810", "1940"),
        currency="SEK",
        tags={"DEPT": "20"},
    )


@pytest.mark.parametrize("check", CHECKS)
def test_books_in_tryton_conform(check: str, tryton: fake_tryton.TrytonBooks, tmp_path: Path) -> None:
    """The same suite over JSON-RPC, with a kill before each request."""
    CHECKS[check](tryton_case(tryton), tmp_path)
