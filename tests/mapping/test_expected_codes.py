"""Tests of rules that expect tax codes and tags of postings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json

    from .conftest import Cli

RULES = HEAD + "lines: {rows: [{id: s, when: {}, account: keep, set: {taxCode: I12, tags: {DEPT: IT}}}]}\n"
GIVEN = {
    "type": "fee",
    "lines": [
        {"account": "1", "amount": 100, "tags": {"PROJ": "7"}},
        {"account": "1", "amount": 100, "tags": {"PROJ": "8"}},
    ],
}


def outcome_of(folder: Path, cli: Cli, *expected: Json) -> int:
    """The exit code of a test that expects these postings, and the wallet's."""
    expect = [*expected, {"credit": "wallet", "amount": 200}]
    test = f"tests:\n- name: t\n  given: {json.dumps(GIVEN)}\n  expect: {json.dumps(expect)}\n"
    (folder / "mapping.yaml").write_text(RULES + test)
    return cli("mapping", "test")


SEVEN = {"debit": "1", "amount": 100, "tags": {"proj": "7", "DEPT": "it"}}
EIGHT = {"debit": "1", "amount": 100, "tags": {"PROJ": "8", "DEPT": "IT"}, "taxCode": "I12"}
PLAIN = {"debit": "1", "amount": 100}


@pytest.mark.parametrize("order", [(SEVEN, EIGHT), (EIGHT, SEVEN), (PLAIN, SEVEN), (PLAIN, EIGHT), (PLAIN, PLAIN)])
def test_what_is_expected_passes(workspace: Path, cli: Cli, order: tuple[Json, ...]) -> None:
    """In any order; groups and codes of tags have no case; what is not asked may be anything."""
    assert outcome_of(workspace, cli, *order) == 0, cli.out


def test_another_tax_code_or_tag_fails(workspace: Path, cli: Cli) -> None:
    """And is shown beside what came; --update writes what came."""
    assert outcome_of(workspace, cli, {**EIGHT, "taxCode": None}, SEVEN) == 1
    out = cli.out.decode()
    assert "- debit 1 100, tax code none, tags PROJ=8, DEPT=IT" in out
    assert "+ debit 1 100, tax code I12, tags PROJ=8, DEPT=IT" in out
    assert outcome_of(workspace, cli, {**EIGHT, "tags": {"PROJ": "8"}}, SEVEN) == 1
    assert cli("mapping", "test", "--update") == 0, cli.err
    assert cli("mapping", "test") == 0


@pytest.mark.parametrize(
    ("written", "meant"), [("walet", True), ("Wallet", True), ("account:wallet", False), ("7", False)]
)
@pytest.mark.parametrize("entries", [False, True])
def test_a_role_with_a_slip_is_recognised(
    workspace: Path, cli: Cli, written: str, *, meant: bool, entries: bool
) -> None:
    """It reads as the code of an account, so the line that is missing says which role is like it."""
    postings = [PLAIN, PLAIN, {"credit": written, "amount": 200}]
    expect = {"entries": [{"kind": "journal", "postings": postings}]} if entries else postings
    test = f"tests:\n- name: t\n  given: {json.dumps(GIVEN)}\n  expect: {json.dumps(expect)}\n"
    (workspace / "mapping.yaml").write_text(RULES + test)
    assert cli("mapping", "test") == 1
    assert (f"credit {written} 200 (did you mean 'wallet'?)" in cli.out.decode()) == meant


@pytest.mark.parametrize("wrong", [{"amount": 1}, {"debit": "1", "credit": "2", "amount": 1}])
def test_a_posting_has_one_side(workspace: Path, cli: Cli, wrong: Json) -> None:
    """Neither none nor both."""
    assert outcome_of(workspace, cli, wrong) == 78
    assert "needs one of debit and credit" in cli.err.decode()
