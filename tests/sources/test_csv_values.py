"""Values of dimensions in CSV files, and files of any bytes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.desired.comments import render
from pleoctl.errors import PleoctlError
from pleoctl.sources import read_source
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapes import Value
    from tests.conftest import MakeWorkspace


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """No CSV gives a traceback."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "pleoctl.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: Workspace\ncompany: 12abc3d4-e567-4890-8234-abc56e78fabc\n"
        "pleo: {url: https://pleo.io, auth: {apiKey: env:A}}\nsource: {type: csv, accounts: {path: a.csv}}\n"
    )
    for head in (b"", b"externalId,name,code,active,currency,taxCodeExternalId\n"):
        (folder / "a.csv").write_bytes(head + content)
        try:
            state, _ = read_source(Workspace.find(str(folder)))
        except PleoctlError as error:
            assert error.findings  # noqa: PT017 - either way is right
        else:
            render(state)


@pytest.fixture
def tags(workspace: MakeWorkspace) -> Callable[..., Value]:
    """Reads dimensions and values: the lines of the desired state and the findings."""

    def call(dimensions: list[str], values: list[str] | None) -> tuple[list[str], list[str]]:
        section = {"type": "csv", "dimensions": {"path": "d.csv"}}
        folder: Path = workspace(None, source=section if values is None else {**section, "values": {"path": "v.csv"}})
        shuffled = random.sample(dimensions, len(dimensions))
        (folder / "d.csv").write_text("\n".join(["code,name,active", *shuffled]))
        (folder / "v.csv").write_text("\n".join(["dimension,code,name,active,expires", *(values or [])]))
        state, findings = read_source(Workspace.find())
        return render(state).splitlines()[3:], [str(f) for f in findings]

    return call


def test_values_stand_under_their_dimension(tags: Value) -> None:
    """Whatever the case of the code; inactive dimensions carry none, active ones without any carry an empty list."""
    rows, findings = tags(
        ["DEPT,Department,yes", "OLD,Old,no", "EMPTY,Empty,yes"],
        ["dept,2,Two,no,", "DEPT,1,One,yes,2030-01-31", "OLD,x,X,yes,"],
    )
    assert rows == [
        '- code: "DEPT"',
        '  name: "Department"',
        "  values:",
        '  - {code: "1", name: "One", expires: "2030-01-31"}',
        '  - {code: "2", name: "Two", active: false}',
        '- code: "EMPTY"',
        '  name: "Empty"',
        "  values: []",
        '- {code: "OLD", name: "Old", active: false}',
    ]
    assert findings == []


def test_an_end_may_be_a_date_time(tags: Value) -> None:
    """Its day counts as it is written; the days that mean no end do so with a time as well."""
    ends = ["2026-12-31T00:00:00", "2026-12-31 23:30:00.0000000+02:00", "9999-12-31 00:00:00", "2026-02-30 00:00"]
    ends += ["1900-01-01T12:00:00Z", "0000-00-00", "0000-00-00 00:00:00", "1753-01-01", "1970-01-01", "0001-01-01"]
    rows, _ = tags(["D,Dim,yes"], [f"D,{n},V,yes,{end}" for n, end in enumerate(ends)])
    assert rows[3:6] == [
        '  - {code: "0", name: "V", expires: "2026-12-31"}',
        '  - {code: "1", name: "V", expires: "2026-12-31"}',
        '  - {code: "2", name: "V"}',
    ]
    assert "is not a date" in rows[6]
    assert rows[7:] == [f'  - {{code: "{n}", name: "V"}}' for n in range(4, 10)]


def test_without_a_values_file_no_dimension_has_values(tags: Value) -> None:
    """An absent list is not an empty one."""
    assert tags(["DEPT,Department,yes"], None)[0] == ['- {code: "DEPT", name: "Department"}']


def test_values_that_cannot_be_used_are_held(tags: Value) -> None:
    """Bad days, codes twice in any case, missing codes."""
    rows, findings = tags(
        ["D,Dim,yes"],
        ["D,1,One,yes,2025-02-29", "D,2,Two,yes,soon", "D,x,X,yes,", "D,X,Y,yes,", "D,,Z,yes,", "D,3,,yes,"],
    )
    assert rows[3:] == [
        '  - {name: "Z", hold: "has no code"}',
        '  - {code: "1", name: "One", hold: "expires \'2025-02-29\' is not a date (YYYY-MM-DD)"}',
        '  - {code: "2", name: "Two", hold: "expires \'soon\' is not a date (YYYY-MM-DD)"}',
        '  - {code: "3", name: "", hold: "name is blank"}',
        '  - {code: "X", name: "Y", hold: "code stands 2 times in the accounting system"}',
    ]
    assert len(findings) == 6


def test_values_of_no_listed_dimension_hold_back_archives(tags: Value) -> None:
    """One of the two lists is short: the dimension is held, values without a dimension hold all of them back."""
    rows, findings = tags(["D,Dim,yes"], ["D,1,One,yes,", "GONE,1,One,yes,", ",1,One,yes,"])
    assert '- {code: "GONE", name: "GONE", hold: "has values, but is not in the list of dimensions"}' in rows
    assert rows[0] == '- {hold: "1 value has no dimension"}'
    assert len(findings) == 2


def test_a_dimension_twice_is_held(tags: Value) -> None:
    """Codes ignore case."""
    rows, _ = tags(["D,Dim,yes", "d,Dim,yes"], ["D,1,One,yes,"])
    assert rows[0] == '- code: "D"'
    assert '  hold: "code stands 2 times in the accounting system"' in rows
