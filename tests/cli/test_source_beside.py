"""`source init` beside a source that the workspace has: one file after the other, and what cannot be one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pleoctl.documents.load import parse
from workspace_text import SOURCELESS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli


def test_one_file_after_the_other(sourceless: Path, cli: Cli) -> None:
    """Each becomes a table of the one source, the values of a second dimension a part; what stood there stays."""
    files = {
        "chart.csv": ("Konto;Navn;Momskode\n1000;Kasse;\n1010;Bank;I25\n", ()),
        "centres.csv": ("Nr;Navn\n1;Salg\n", ("--dimension", "CC")),
        "projects.csv": ("Nr;Navn\n7;Hus\n8;Bro\n", ("--dimension", "P 1")),
        "suppliers.csv": ("Nr;Navn;Valuta\n100;Acme;EUR\n", ("--table", "vendors")),
    }
    own = "\n# mine\nguard: {maxShrink: 0.5}   # too\n"
    for name, (text, options) in files.items():
        (sourceless / "as" / name).write_text(text, encoding="utf-8")
        before = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
        said = cli("source", "init", f"as/{name}", *options)
        assert said.code == 0, said
        assert "wrote pleoctl.yaml" in said.stdout
        after = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
        lines = iter(after.splitlines())
        assert all(line in lines for line in before.splitlines())
        if name == "chart.csv":
            (sourceless / "pleoctl.yaml").write_text(f"{after}{own}", encoding="utf-8")
    assert after.endswith(own)
    assert after.index("# taxCodeExternalId: Momskode") < after.index("  dimensions:\n")
    assert cli("export").code == 0
    state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "d").data
    assert [row["externalId"] for row in state["accounts"] + state["vendors"]] == ["1000", "1010", "100"]
    values = {row["code"]: [value["code"] for value in row["values"]] for row in state["dimensions"]}
    assert values == {"CC": ["1"], "P 1": ["7", "8"]}


def test_two_sheets_of_one_workbook(sourceless: Path, cli: Cli) -> None:
    """The chart is the one with types and tax codes; values of a dimension are looked for in another."""
    book = openpyxl.Workbook()
    chart, centres = book.worksheets[0], book.create_sheet("Centres")
    for row in (
        ["Acme"],
        ["No", "Name", "Type", "VAT code"],
        [1000, "Bank", "Posting", "V25"],
        [1010, "Cash", "Posting", ""],
    ):
        chart.append(row)
    for row in (["Code", "Name"], ["01", "Sales"]):
        centres.append(row)
    book.save(sourceless / "as" / "books.xlsx")
    assert cli("source", "init", "as/books.xlsx").code == 0
    assert cli("source", "init", "as/books.xlsx", "--dimension", "CC").code == 0
    assert cli("export").code == 0
    state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "d").data
    assert [row["code"] for row in state["accounts"]] == ["1000", "1010"]
    assert state["dimensions"][0]["values"] == [{"code": "01", "name": "Sales"}]


BESIDE = {
    "the table is there": ("{type: csv, accounts: {path: x.csv}}", (), "the source has accounts already"),
    "another type": ("{type: hledger, path: x}", (), "is of type hledger, and this file is csv: a source has one type"),
    "one line": ("{type: csv, vendors: {path: x.csv}}", (), "nothing can be added to source in the style of this file"),
    "the dimension is there": (
        "\n  type: csv\n  dimensions: {rows: [{code: CC, name: C}]}\n  values: {path: x.csv}",
        ("--dimension", "CC"),
        "the source has dimension CC already",
    ),
    "dimensions of a file": (
        "\n  type: csv\n  dimensions: {path: x.csv}\n  values: {path: x.csv}",
        ("--dimension", "CC"),
        "lists its dimensions otherwise than by rows",
    ),
    "values of one file": (
        "\n  type: csv\n  dimensions: {rows: [{code: P, name: P}]}\n  values: {path: x.csv}",
        ("--dimension", "CC"),
        "reads its values from one file; nothing was written (put all",
    ),
}


@pytest.mark.parametrize("case", BESIDE)
def test_what_cannot_be_one_source_is_said(case: str, sourceless: Path, cli: Cli) -> None:
    """The place, why, and what to do; the section is shown and the workspace as it was."""
    source, options, words = BESIDE[case]
    text = f"{SOURCELESS}source: {source}\n"
    (sourceless / "pleoctl.yaml").write_text(text, encoding="utf-8")
    (sourceless / "chart.csv").write_text("Nr;Namn\n1930;Bank\n", encoding="utf-8")
    said = cli("source", "init", "chart.csv", *options)
    assert (said.code, words in said.stderr) == (0, True), said
    assert re.search(r"warning: pleoctl\.yaml:\d+:\d+: ", said.stderr)
    assert 'path: "chart.csv"' in said.stdout
    assert (sourceless / "pleoctl.yaml").read_text(encoding="utf-8") == text
    both = cli("source", "init", "chart.csv", "chart.csv")
    assert (both.code, "2 files at once" in both.stderr) == (64, True)
