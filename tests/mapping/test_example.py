"""The example company and the documentation keep what they promise."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.desired.read import load_desired
from pleoctl.documents.schemas import validator
from pleoctl.mapping.analysis.check import CODES, check
from pleoctl.mapping.catalog import Catalog
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.io.read import read_items
from pleoctl.mapping.rules.build import load_rules, read_rules
from pleoctl.mapping.rules.desired import filled
from pleoctl.mapping.rules.files import folder_reader
from pleoctl.mapping.rules.table import COLUMNS
from pleoctl.mapping.suites.run import run_tests
from pleoctl.mapping.vocabulary import CELLS, ROLES, TYPES

from .conftest import item, line

if TYPE_CHECKING:
    from shapes import Value

    from .conftest import Cli

ROOT = Path(__file__).parents[2]
COMPANY = ROOT / "examples/company"
PAGE = ROOT / "docs/mapping.md"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example, which is the current folder."""
    shutil.copytree(COMPANY, tmp_path / "company")
    monkeypatch.chdir(tmp_path / "company")
    return tmp_path / "company"


def test_all_items_are_mapped_against_the_exported_accounts(company: Path, cli: Cli) -> None:
    """200 items of every cell become entries, with the accounts and tags of the company's books."""
    assert cli("export") == 0
    desired = load_desired([(company / "desired-state.yaml", "desired-state.yaml")])
    rules = filled(load_rules(company / "mapping.yaml", company), lambda: desired)
    engine = Engine(rules, Catalog.from_desired(desired))
    with (company / "items.json").open("rb") as stream:
        entries = [engine.entry(item) for item in read_items(stream, "items.json")]
    assert [e.failure_reason for e in entries if e.failed] == []
    assert len(entries) == 200
    assert {(e.type, e.sub_type, e.method) for e in entries} == set(CELLS)


def test_rules_are_clean_and_their_tests_pass(company: Path, cli: Cli) -> None:
    """`mapping check` has nothing to say, every inline test passes, with the vendors that were exported."""
    assert cli("export") == 0
    rules, names = read_rules("mapping.yaml", folder_reader(COMPANY))
    filled(rules, lambda: load_desired([(company / "desired-state.yaml", "desired-state.yaml")]))
    report = check(rules, names)
    assert (report.findings, report.unanalysed) == ([], [])
    results = run_tests(rules, rules.tests)
    assert [r.case.name for r in results if not r.passed] == []
    assert len(results) >= 9


# --- documentation ---------------------------------------------------------------------------------------------


def test_every_code_type_and_role_is_documented() -> None:
    """docs/mapping.md names each check code, type and role; it names no code that does not exist."""
    text = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"MAP\d{3}", text)) == set(CODES)
    assert [name for name in (*TYPES, *ROLES) if f"`{name}`" not in text] == []


def cases() -> list[str]:
    """The worked cases of the page."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if block.startswith("- name:")]


def test_worked_cases_are_true(tmp_path: Path) -> None:
    """Each worked case of the page is a test that passes; each type has one."""
    head = re.search(r"```yaml\n(apiVersion.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert head is not None
    text = head[1] + ("" if "\ntests:" in head[1] else "tests:\n") + "".join(cases())
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    rules = load_rules(tmp_path / "mapping.yaml", tmp_path)
    results = run_tests(rules, rules.tests)
    assert [(r.case.name, r.differences) for r in results if not r.passed] == []
    assert {r.case.given["type"] for r in results if "type" in r.case.given} >= set(TYPES)


def test_every_field_is_documented_and_a_column() -> None:
    """docs/mapping.md names each field that line rows may ask for, and tables have a column for it."""
    schema: Value = validator("mapping").schema
    fields = set(schema["definitions"]["lineWhen"]["properties"]) - {"any"}
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []
    assert fields - {"account"} <= set(COLUMNS)


def test_the_table_of_the_page_is_read(tmp_path: Path) -> None:
    """The CSV example, and the rows with `any` and `unless`."""
    text = PAGE.read_text(encoding="utf-8")
    table = re.search(r"```csv\n(.*?)```", text, re.DOTALL)
    rows = re.search(r"```yaml\n(lines:\n  rows:\n  - id: taxi.*?)```", text, re.DOTALL)
    head = re.search(r"```yaml\n(apiVersion.*?)lines:", text, re.DOTALL)
    assert table is not None
    assert rows is not None
    assert head is not None
    (tmp_path / "lines.csv").write_text(table[1].replace("taxi,", "cab,"), encoding="utf-8")
    content = f"{head[1]}{rows[1]}".replace("lines:\n", "lines:\n  file: lines.csv\n")
    (tmp_path / "mapping.yaml").write_text(content, encoding="utf-8")
    rules, names = read_rules("mapping.yaml", folder_reader(tmp_path))
    assert [row.id for row in rules.lines] == ["taxi", "figma", "cab"]
    assert check(rules, names).findings == []


# --- the group --------------------------------------------------------------------------------------------------

GROUP = ROOT / "examples/group"


@pytest.mark.parametrize("country", ["de", "dk", "se"])
def test_the_group_shares_rules_that_are_sound(cli: Cli, monkeypatch: pytest.MonkeyPatch, country: str) -> None:
    """`mapping check` has no errors and nothing left open, and every test passes, in each of the companies."""
    monkeypatch.chdir(GROUP)
    assert cli("mapping", "check", "--workspace", f"{country}.yaml", "--format", "json") == 0
    assert [f["code"] for f in cli.json["findings"] if f["code"] != "MAP013"] == []
    assert cli.json["result"]["notAnalysed"] == []
    assert cli("mapping", "test", "--workspace", f"{country}.yaml", "--format", "json") == 0
    assert (cli.json["result"]["failed"], cli.json["result"]["passed"] >= 6) == (0, True)


def test_the_german_table_is_what_the_spreadsheet_reads(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Semicolons, decimal commas, German dates and titles."""
    monkeypatch.chdir(GROUP)
    given = item("card_purchase", line(2599), supplier={"name": "Viking 1"}, companyId=None)
    (tmp_path / "items.json").write_text(json.dumps(given), encoding="utf-8")
    assert cli("map", str(tmp_path / "items.json"), "--workspace", "de.yaml", "--format", "csv") == 0
    assert cli.out.decode().splitlines()[:2] == [
        "Belegdatum;Konto;Soll;Haben;BU-Schlüssel;KOST1;Buchungstext",
        "04.03.2026;4930;25,99;;;;Viking 1",
    ]
