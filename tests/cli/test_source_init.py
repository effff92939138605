"""`source init`: a section from a sample file, tried on it before it is written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from pleoctl.documents.load import parse
from workspace_text import SOURCELESS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

DANISH = (
    "Kontonr.;Navn;Type;Momskode;Spærret;Saldo\r\n1000;RESULTAT;Overskrift;;Nej;0,00\r\n"
    "1010;Salg af varer;Drift;U25;Nej;-1.234,50\r\n1050;Salg gammel;Drift;U25;Ja;0,00\r\n"
    "2999;I alt;Sum;;Nej;0,00\r\n5820;Bank;Status;;Nej;1,00\r\n"
)
DATEV = (
    '"EXTF";700;20;"Kontenbeschriftungen";3;20260105101530000;;"RE";"";"";29098;55003;20260101;4;;;"";"";;0\r\n'
    'Konto;Kontenbeschriftung;SprachId;Kontenbeschriftung lang\r\n0420;"Büroeinrichtung";"de-DE";""\r\n'
    '4930;"Bürobedarf";"de-DE";""\r\n'
)
# Text, its encoding, and (key, name, active) of what comes out.
SAMPLES: dict[str, tuple[str, str, list[tuple[str, str, bool]]]] = {
    "da": (DANISH, "cp1252", [("1010", "Salg af varer", True), ("1050", "Salg gammel", False), ("5820", "Bank", True)]),
    "de": (DATEV, "cp1252", [("0420", "Büroeinrichtung", True), ("4930", "Bürobedarf", True)]),
    "en": (
        "*Code,Report Code,*Name,*Type,*Tax Code,Status\n200,R,Sales,Revenue,20%,Active\n201,,Old,Revenue,,Archived\n",
        "utf-8-sig",
        [("200", "Sales", True), ("201", "Old", False)],
    ),
    "es": (
        "Código;Descripción;Estado\n6290;Otros servicios;Activo\n6291;Años;Bloqueada\n",
        "cp850",
        [("6290", "Otros servicios", True), ("6291", "Años", False)],
    ),
    "fi": (
        "Tilikartta 2026\n\nTilinumero;Tilin nimi;Estetty;ALV\n1700;Pankkitili;ei;\n4999;Yhtiö;kyllä;24\n",
        "utf-16",
        [("1700", "Pankkitili", True), ("4999", "Yhtiö", False)],
    ),
    "fr": (
        "Société\tN° compte\tLibellé\tActif\nA\t606100\tÉlectricité\toui\nA\t606200\tGaz\tnon\n",
        "utf-8",
        [("606100", "Électricité", True), ("606200", "Gaz", False)],
    ),
    "it": (
        "Codice conto;Descrizione;Bloccato\n60.01;Acquisti;no\n60.02;Città;sì\n",
        "cp1252",
        [("60.01", "Acquisti", True), ("60.02", "Città", False)],
    ),
    "nl": (
        "Grootboekrekening,Omschrijving,Actief\n4000,Kantoorkosten,Ja\n4100,Vervallen,Nee\n",
        "utf-8",
        [("4000", "Kantoorkosten", True), ("4100", "Vervallen", False)],
    ),
    "no": (
        "Kontonummer|Kontonavn|Sperret\n6800|Kontorrekvisita|\n6890|Nedlagt, på sikt|x\n",
        "utf-8",
        [("6800", "Kontorrekvisita", True), ("6890", "Nedlagt, på sikt", False)],
    ),
    "sv": (
        "Konto;Benämning;Aktiv\n1930;Företagskonto;Ja\n6990;Övrigt;Nej\n",
        "cp1252",
        [("1930", "Företagskonto", True), ("6990", "Övrigt", False)],
    ),
}


def exported(sourceless: Path, cli: Cli) -> list[tuple[str, str, bool]]:
    """What the section in the workspace exports."""
    said = cli("export")
    assert said.code == 0, said
    state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "desired-state.yaml").data
    return [(row["externalId"], row["name"], row.get("active", True)) for row in state["accounts"] if "hold" not in row]


@pytest.mark.parametrize("language", SAMPLES)
def test_charts_in_ten_languages_are_understood(language: str, sourceless: Path, cli: Cli) -> None:
    """Encoding, delimiter, header line, columns, headings and states; the section exports the chart as it is meant."""
    text, encoding, rows = SAMPLES[language]
    (sourceless / "as" / "chart.csv").write_bytes(text.encode(encoding))
    said = cli("source", "init", "as/chart.csv")
    assert said.code == 0, said
    assert "wrote pleoctl.yaml" in said.stdout
    assert exported(sourceless, cli) == rows


@pytest.mark.parametrize(
    ("encoding", "name", "told"),
    [
        ("iso8859-15", "Pris på kött 5 €", "cp1252 would be '¤'"),
        ("mac_roman", "Mobil på resa, Fjällräven", ""),
        ("cp850", "Tømrer", ""),
        ("cp1252", "Løn ½", "iso8859-15 would be 'œ'"),
    ],
)
def test_the_encoding_that_has_the_usual_letters_is_taken(
    encoding: str, name: str, told: str, sourceless: Path, cli: Cli
) -> None:
    """What another one would make of it stands beside it, at the first word that they read otherwise."""
    (sourceless / "chart.csv").write_bytes(f'Konto;Namn\n1930;"{name}"\n'.encode(encoding))
    said = cli("source", "init", "chart.csv", "-o", "-")
    assert f"    encoding: {encoding}   # not UTF-8; read so, it has " in said.stdout
    assert told in said.stdout


def test_the_rest_of_the_file_stays(sourceless: Path, cli: Cli) -> None:
    """The section stands behind what was there, with its guesses as comments; one for the same table is only shown."""
    (sourceless / "as" / "chart.csv").write_bytes(DANISH.encode("cp1252"))
    assert cli("source", "init", "as/chart.csv").code == 0
    text = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert text.startswith(SOURCELESS)
    assert 'whereNot: {Type: ["Overskrift", "Sum"]}   # nobody books to these; left are "Drift", "Status"' in text
    assert "# taxCodeExternalId: Momskode   # 2 of 3 rows have one" in text
    assert "encoding: cp1252   # not UTF-8; read so, it has 'Spærret'" in text
    again = cli("source", "init", "as/chart.csv")
    assert again.code == 0
    assert "pleoctl.yaml:" in again.stderr
    assert "the source has accounts already; nothing was written" in again.stderr
    assert "whereNot" in again.stdout
    assert (sourceless / "pleoctl.yaml").read_text(encoding="utf-8") == text


def test_the_source_of_a_new_workspace_is_replaced(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `init` wrote is nobody's choice; once somebody changed it, it is theirs."""
    monkeypatch.chdir(tmp_path)
    assert cli("init").code == 0
    scaffold = (tmp_path / "pleoctl.yaml").read_text(encoding="utf-8")
    (tmp_path / "chart.csv").write_text("Konto;Namn\n1930;Bank\n", encoding="utf-8")
    assert "wrote pleoctl.yaml" in cli("source", "init", "chart.csv").stdout
    assert exported(tmp_path, cli) == [("1930", "Bank", True)]
    changed = scaffold.replace("path: as/accounts.csv", "path: as/accounts.csv, delimiter: ','")
    (tmp_path / "pleoctl.yaml").write_text(changed, encoding="utf-8")
    assert cli("source", "init", "chart.csv").code == 0
    assert (tmp_path / "pleoctl.yaml").read_text(encoding="utf-8") == changed


def test_values_of_a_dimension(sourceless: Path, cli: Cli) -> None:
    """`--dimension` makes a file the values of one dimension."""
    (sourceless / "as" / "centres.csv").write_text(
        "Nr;Bezeichnung;Aktiv\nK1;Vertrieb;ja\nK2;Einkauf;nein\n", encoding="utf-8"
    )
    said = cli("source", "init", "as/centres.csv", "--dimension", "CC", "--format", "json")
    assert said.code == 0, said
    assert said.json["result"]["counts"] == {"accounts": 0, "dimensions": 1, "values": 2, "held": 0}
    assert said.json["result"]["wrote"] == "pleoctl.yaml"
    assert cli("export").code == 0


@pytest.mark.parametrize(
    ("options", "indent", "columns"),
    [
        ([], 4, ['"Art"', '"Saldo"', '"Notiz"', '"MwSt"', '"column 7 (no header)"']),
        (["--dimension", "CC"], 8, ['"Art"', '"Saldo"', '"Notiz"', '"MwSt"', '"column 7 (no header)"']),
        (["--table", "vendors"], 4, ['"Art"', '"Saldo"', '"Notiz"', '"MwSt"', '"column 7 (no header)"']),
    ],
)
def test_columns_that_are_not_read_are_named(
    options: list[str], indent: int, columns: list[str], sourceless: Path, cli: Cli
) -> None:
    """In the section and on standard error; one without header and cells is none."""
    text = "Nr;Name;Art;Saldo;Notiz;MwSt;;\n1;Kasse;a;1,0;;V1;x;\n2;Bank;b;2,0;;;y;\n"
    (sourceless / "list.csv").write_text(text, encoding="utf-8")
    words = f"{len(columns)} columns are not read: {', '.join(columns)}"
    said = cli("source", "init", "list.csv", *options)
    assert f"\n{' ' * indent}# {words}\n" in (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert said.stderr.splitlines()[0] == f"note: list.csv:1: {words}"
    (sourceless / "list.csv").write_text("Nr;Name\n1;Kasse\n", encoding="utf-8")
    assert "not read" not in "".join(map(str, cli("source", "init", "list.csv", *options, "-o", "-")))


@pytest.mark.parametrize(
    ("table", "head", "cells", "read"),
    [
        ("accounts", "externalId,code,name,taxCodeExternalId", ["V25", ""], ["taxCodeExternalId"]),
        ("accounts", "Nr,Name,active,currency", ["offen,?", "zu,12"], ["active", "currency"]),
        ("accounts", "Nr,Name,Active,Currency", ["offen,?", "zu,12"], []),
        ("vendors", "Nr,Name,registrationNumber,payableAccount", ["1,2440", ","], ["payableAccount"]),
        ("taxCodes", "Code,Name,Rate,ingoingTaxAccount", ["0.1,2641", "0.2,"], ["ingoingTaxAccount"]),
    ],
)
def test_a_column_of_a_fields_own_name_is_not_called_unread(
    table: str, head: str, cells: list[str], read: list[str], sourceless: Path, cli: Cli
) -> None:
    """It is read whether the section names it or not, so the section names it; nothing else becomes of its rows."""
    lead = ["1,1000,A" if head.startswith("ext") else "1,A", "2,2000,B" if head.startswith("ext") else "2,B"]
    rows = "".join(f"{begun},{rest}\n" for begun, rest in zip(lead, cells, strict=True))
    (sourceless / "list.csv").write_text(f"{head}\n{rows}", encoding="utf-8")
    said = cli("source", "init", "list.csv", "--table", table)
    written = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    columns = parse(written, "pleoctl.yaml", "workspace").data["source"][table]["columns"]
    assert columns.items() >= dict(zip(read, read, strict=True)).items()
    unread = re.search(r"not read: (.*)", said.stderr)
    named = json.loads(f"[{unread[1]}]") if unread else []
    assert sorted(named) == sorted(set(head.split(",")) - {*columns.values()})


def test_a_header_that_stands_twice_is_named_twice(sourceless: Path, cli: Cli) -> None:
    """Nobody reads either, and one that looks like them is another column."""
    (sourceless / "list.csv").write_text("externalId,code,name,name,NAME\n1,1000,A,x,y\n", encoding="utf-8")
    assert '2 columns are not read: "name", "name"' in cli("source", "init", "list.csv").stderr


def test_a_last_line_is_no_account(sourceless: Path, cli: Cli) -> None:
    """A row with neither type nor name goes with the headings, whose cells say nothing about what is active."""
    head, rest = "No;Name;Type;Active\n1;A;Heading;\n", "2;B;Posting;Yes\n3;C;Posting;No\n"
    (sourceless / "chart.csv").write_text(f"{head}{rest}2 accounts;;;\n", encoding="utf-8")
    assert cli("source", "init", "chart.csv").code == 0
    text = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert 'whereNot: {Type: ["Heading", ""]}   # nobody books to these; left are "Posting"' in text
    assert "activeValues" not in text
    assert exported(sourceless, cli) == [("2", "B", True), ("3", "C", False)]
    (sourceless / "other.csv").write_text("No;Name\n2;B\n2 accounts;\n", encoding="utf-8")
    assert '# whereNot: {Name: [""]}   # if rows' in cli("source", "init", "other.csv", "-o", "-").stdout


def test_one_bad_row_stops_no_section(sourceless: Path, cli: Cli) -> None:
    """It is held, as the export holds it."""
    (sourceless / "chart.csv").write_text('No;Name\n2;B\n3;"C"x\n4;D\n', encoding="utf-8")
    said = cli("source", "init", "chart.csv")
    assert said.code == 0
    assert "a quotation mark stands in the middle of a cell" in said.stderr


def test_a_hidden_sheet_is_not_guessed(sourceless: Path, cli: Cli) -> None:
    """Nobody sees it, though it fits best."""
    book = openpyxl.Workbook()
    book["Sheet"].append(["externalId", "code", "name"])
    book["Sheet"].append([9, 9, "Old"])
    chart = book.create_sheet("Chart")
    chart.append(["No", "Name"])
    chart.append([1, "A"])
    book["Sheet"].sheet_state, book.active = "hidden", 1
    book.save(sourceless / "chart.xlsx")
    assert cli("source", "init", "chart.xlsx").code == 0
    assert "sheet:" not in (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert exported(sourceless, cli) == [("1", "A", True)]


# Table, text, and what the export makes of it.
ENDS = [
    ("2026-12-31", "2026-12-31"),
    ("2026-12-31T00:00:00", "2026-12-31"),
    ("31.12.2026", "2026-12-31"),
    ("31/12/26", "2026-12-31"),
    ("12/31/2026", "2026-12-31"),
    ("01/02/2026", None),
    ("soon", None),
]


@pytest.mark.parametrize(("written", "expires"), ENDS)
def test_ends_of_values_are_days(written: str, expires: str | None, sourceless: Path, cli: Cli) -> None:
    """A form that only one reading fits is written down; where two do, or none, the person is told."""
    text = f"Nr;Bezeichnung;Gültig bis\nK1;Vertrieb;{written}\nK2;Einkauf;\n"
    (sourceless / "as" / "centres.csv").write_text(text, encoding="utf-8")
    assert cli("source", "init", "as/centres.csv", "--dimension", "CC").code == 0
    assert cli("export").code == 0
    values = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "d").data["dimensions"][0]["values"]
    assert [row.get("expires") for row in values] == [expires, None]
    assert [row for row in values if "hold" in row] == []
    told = f'column "Gültig bis" {"may be any of" if written[:1] == "0" else "has no form"}'
    assert (told in (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")) == (expires is None)


def test_a_file_of_its_own_is_never_overwritten(sourceless: Path, cli: Cli) -> None:
    """`-o` writes a new file, or standard output; without a workspace the section is shown."""
    (sourceless / "chart.csv").write_text("Konto,Namn\n1930,Bank\n", encoding="utf-8")
    assert cli("source", "init", "chart.csv", "-o", "section.yaml").code == 0
    written = (sourceless / "section.yaml").read_text(encoding="utf-8")
    assert parse(written, "section.yaml").data["source"]["accounts"]["columns"]["externalId"] == "Konto"
    assert cli("source", "init", "chart.csv", "-o", "section.yaml").code == 64
    assert cli("source", "init", "chart.csv", "-o", "-").stdout == written
    (sourceless / "pleoctl.yaml").unlink()
    shown = cli("source", "init", "chart.csv")
    assert shown.code == 0
    assert "there is no workspace here" in shown.stderr
    assert shown.stdout.endswith(written)


def test_a_hostile_chart_is_only_text(sourceless: Path, cli: Cli) -> None:
    """Headers and words that would end a comment or a value, or move a cursor, stay what they are."""
    text = '"Konto\n#: {x","Namn","Typ"\n1,"a\x1b[2J","x\n  type: exec\u2028"\n2,b,"\u202e{{%"\n3,c,"::warning::x"\n'
    (sourceless / "as" / "chart.csv").write_text(text, encoding="utf-8")
    said = cli("source", "init", "as/chart.csv")
    assert said.code == 0, said
    written = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert not {*"\x1b\u202e\u2028"} & {*said.stdout, *said.stderr, *written}
    source = parse(written, "pleoctl.yaml", "workspace").data["source"]
    assert source["type"] == "csv"
    assert source["accounts"]["columns"]["code"] == "Konto\n#: {x"


WRONG = [
    (b"1000;Kasse\n1010;Bank\n", "chart.csv:1: has no header"),
    (b"", "has no line with two cells"),
    (b"Konto;Namn\n", "has a header and no rows"),
    (b"Saldo;Wert\n1,5;2\n1,5;3\n", "no column looks like"),
    (b'Konto;Namn\n1;"a\n', "is not readable as CSV"),
    (b"\xd0\xcf\x11\xe0 old", "is an old Excel file"),
    (b"PK\x03\x04 cut", "is not a readable workbook"),
    (b"#FLAGGA 0\n#SIETYP 4\n", "gives no accounts"),
    (b"#FLAGGA 0\n#KONTO 1930 F\x94\xf6\n", "set source.encoding to cp437"),
]


@pytest.mark.parametrize(("content", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_no_section_would_read_is_said(content: bytes, words: str, sourceless: Path, cli: Cli) -> None:
    """One sentence, exit 1, nothing written."""
    (sourceless / "chart.csv").write_bytes(content)
    said = cli("source", "init", "chart.csv")
    assert said.code == 1, said
    assert words in said.stderr
    assert (sourceless / "pleoctl.yaml").read_text(encoding="utf-8") == SOURCELESS


def test_files_elsewhere_are_not_named(sourceless: Path, cli: Cli) -> None:
    """A section names files of the workspace, and only those that are there."""
    outside = sourceless.parent / "outside.csv"
    outside.write_text("Konto;Namn\n1;a\n", encoding="utf-8")
    said = cli("source", "init", str(outside))
    assert said.code == 64
    assert "lies outside the workspace" in said.stderr
    assert cli("source", "init", "nowhere.csv").code == 64
    (sourceless / "pleoctl.yaml").write_text("{apiVersion: pleoctl/v1", encoding="utf-8")
    assert cli("source", "init", "nowhere.csv").code == 78


def test_a_file_in_flow_style_is_left_alone(sourceless: Path, cli: Cli) -> None:
    """Where the section has no place, it says so."""
    (sourceless / "chart.csv").write_text("Konto;Namn\n1;a\n", encoding="utf-8")
    pleo = '{url: "http://127.0.0.1:9", auth: {apiKey: env:X}}'
    company = "12abc3d4-e567-4890-8234-abc56e78fabc"
    flow = f"{{apiVersion: pleoctl/v1, kind: Workspace, company: {company}, pleo: {pleo}}}\n"
    (sourceless / "pleoctl.yaml").write_text(flow, encoding="utf-8")
    said = cli("source", "init", "chart.csv")
    assert said.code == 1
    assert "source cannot be added in the style of this file" in said.stderr
    assert (sourceless / "pleoctl.yaml").read_text(encoding="utf-8") == flow
