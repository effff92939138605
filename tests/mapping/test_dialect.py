"""`outputs.csv`: the table of `map --format csv` in other forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile

from .conftest import HEAD, Cli, engine, item, line

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json


def table(folder: Path, cli: Cli, section: Json, *given: Json) -> list[str]:
    """The lines of the table."""
    (folder / "mapping.yaml").write_text(HEAD + f"outputs: {{csv: {json.dumps(section)}}}\n")
    (folder / "items.json").write_text(json.dumps(list(given)))
    cli("map", "items.json", "--format", "csv")
    return cli.out.decode().splitlines()


def test_a_german_table(workspace: Path, cli: Cli) -> None:
    """Semicolons, a decimal comma, days first, titles, amounts by side, a tag group as a column."""
    section = {
        "delimiter": ";",
        "decimal": ",",
        "dateFormat": "DD.MM.YYYY",
        "columns": [
            "postingDate",
            "account",
            "debit",
            "credit",
            {"column": "tag.dept", "title": "KOST1"},
            "signedAmount",
        ],
    }
    given = item("fee", line(123450, tags=[{"groupCode": "DEPT", "code": "20"}]))
    assert table(workspace, cli, section, given) == [
        "postingDate;account;debit;credit;KOST1;signedAmount",
        "04.03.2026;6540;1234,50;;20;1234,50",
        "04.03.2026;1940;;1234,50;;-1234,50",
    ]


@pytest.mark.parametrize(
    ("form", "day"), [("YYYYMMDD", "20260304"), ("DD/MM/YY", "04/03/26"), ("MM-DD-YYYY", "03-04-2026")]
)
def test_forms_of_dates(workspace: Path, cli: Cli, form: str, day: str) -> None:
    """Of every day of an entry."""
    section = {"delimiter": "tab", "dateFormat": form, "columns": ["postingDate", "status"]}
    assert table(workspace, cli, section, item("fee"))[1] == f"{day}\tmapped"


def test_a_failed_item_has_its_row(workspace: Path, cli: Cli) -> None:
    """As in the plain table."""
    section = {"columns": ["status", "amount", "failureReasonType", "postingDate"], "dateFormat": "DD.MM.YYYY"}
    made = table(workspace, cli, section, item("fee", line(account=None)), item("nope"))
    assert made[1:] == ["failed,,missing_configuration,04.03.2026", "failed,,validation_failure,04.03.2026"]


def test_cells_stay_safe(workspace: Path, cli: Cli) -> None:
    """No formula in a text or a title."""
    section = {"delimiter": "|", "columns": ["description", {"column": "status", "title": "=1+1"}]}
    assert table(workspace, cli, section, item("fee", note="=2+2"))[:2] == ["description|'=1+1", "'=2+2|mapped"]


@pytest.mark.parametrize("delimiter", [";", "|", "tab"])
@pytest.mark.parametrize(
    ("note", "cell"), [("a,=1+1", "a,'=1+1"), ("a, @x", "a,' @x"), ("=1,-2", "'=1,'-2"), ("a, b-c", "a, b-c")]
)
def test_no_formula_behind_a_comma(workspace: Path, cli: Cli, delimiter: str, note: str, cell: str) -> None:
    """Where commas do not separate cells, nothing is quoted for their sake, and a spreadsheet may split there."""
    section = {"delimiter": delimiter, "columns": ["description", "tag.DEPT", {"column": "status", "title": "a,=1"}]}
    given = item("fee", line(tags=[{"groupCode": "DEPT", "code": note}]), note=note)
    sign = {"tab": "\t"}.get(delimiter, delimiter)
    head, first = table(workspace, cli, section, given)[:2]
    assert head == sign.join(("description", "tag.DEPT", "a,'=1"))
    assert first == sign.join((cell, cell, "mapped"))


def test_no_formula_in_what_should_be_a_day(workspace: Path, cli: Cli) -> None:
    """Invoices have days of people's making."""
    section = {"delimiter": ";", "dateFormat": "DD.MM.YYYY", "columns": ["invoiceDate", "account"]}
    given = item(
        "fee", additionalInformation={"reconciliationId": "1", "invoiceInformation": {"invoiceDate": "1,=A-03-04"}}
    )
    assert table(workspace, cli, section, given)[1] == "04.03.1,'=A;6540"


def test_amounts_with_a_decimal_comma_are_left_alone(workspace: Path, cli: Cli) -> None:
    """A sign before an amount is no formula."""
    section = {"delimiter": ";", "decimal": ",", "columns": ["signedAmount"]}
    assert table(workspace, cli, section, item("fee"))[1:] == ["100,00", "-100,00"]


@pytest.mark.parametrize(("form", "cell"), [({}, "-136.05"), ({"delimiter": ";", "decimal": ","}, "-136,05")])
def test_what_came_back_from_a_supplier_is_a_number(workspace: Path, cli: Cli, form: Json, cell: str) -> None:
    """Without a quote in front of it, which programs that read the table could not take for one."""
    given = item("refund", line(-12500))
    given["amount"]["inSupplierCurrency"] = {"currency": "USD", "value": -13605}
    assert table(workspace, cli, {**form, "columns": ["originalAmount"]}, given)[1:] == [cell, cell]


def test_without_a_form_the_table_is_plain(workspace: Path, cli: Cli) -> None:
    """Byte for byte, also where the form says what is said anyway."""
    plain = table(workspace, cli, {}, item("fee"))
    assert table(workspace, cli, {"delimiter": ",", "decimal": "."}, item("fee"))[0] == plain[0]
    assert plain[0].startswith("accountingEntryId,status,type")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{columns: [acount]}", "did you mean 'account'"),
        ("{columns: [{column: tag., title: x}]}", "unknown column"),
        ("{delimiter: ' '}", "delimiter"),
        ("{dateFormat: '%d.%m.%Y'}", "DD.MM.YYYY"),
        ("{columns: []}", "columns"),
    ],
)
def test_forms_that_cannot_be_are_refused(tmp_path: Path, section: str, said: str) -> None:
    """At their line."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, HEAD + f"outputs: {{csv: {section}}}\n")
    assert said in " ".join(f"{f} {f.hint}" for f in caught.value.findings)
    assert "mapping.yaml:12" in str(caught.value.findings[0])
