"""`source init --table`: lists of vendors and of tax codes, whose columns, units and types are understood or told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.load import parse

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json
    from tests.conftest import Cli


UNSAID = "type '?' is neither inclusive nor reverse; Pleo does not support exclusive at present"
LISTS: dict[str, tuple[str, str, list[Json]]] = {
    "suppliers": (
        "vendors",
        """\
Leverantörslista

Leverantörsnr;Leverantör;Valuta;Land;Orgnr;Momsnr;Spärrad
100;Acme AB;SEK;SE;556677-8899;SE556677889901;nej
101;Beta;;DK;;;ja
""",
        [
            {
                "externalId": "100",
                "code": "100",
                "name": "Acme AB",
                "defaultCurrency": "SEK",
                "country": "SE",
                "registrationNumber": "556677-8899",
                "taxRegistrationNumber": "SE556677889901",
            },
            {"externalId": "101", "active": False, "hold": "defaultCurrency is blank"},
        ],
    ),
    "percentages": (
        "taxCodes",
        "Momskode;Navn;Sats;Spærret\nI25;Køb;25,0;Nej\nI00;Fri;0;Ja\n",
        [
            {"code": "I25", "name": "Køb", "rate": "0.25", "type": "inclusive"},
            {"code": "I00", "name": "Fri", "rate": "0", "type": "inclusive", "active": False},
        ],
    ),
    "fractions": (
        "taxCodes",
        "VAT code,Description,Rate,Type\nV20,Standard,0.2,Inclusive\nR20,Reverse,0.2,reverse\n",
        [
            {"code": "R20", "name": "Reverse", "rate": "0.2", "type": "reverse"},
            {"code": "V20", "name": "Standard", "rate": "0.2", "type": "inclusive"},
        ],
    ),
    "one of Pleo's words is not supported": (
        "taxCodes",
        "VAT code,Description,Rate,Type\nV20,Standard,20,Inclusive\nR20,Other,20,reverse\nE20,Net,20,exclusive\n",
        [
            {"code": "R20", "rate": "0.2", "type": "reverse"},
            {"code": "V20", "rate": "0.2", "type": "inclusive"},
            {"code": "E20", "rate": "0.2", "type": "exclusive"},
        ],
    ),
    "types of the system's own": (
        "taxCodes",
        "Code,Name,Rate,Type\n1,Ingoing,25,IN\n2,EU,25,RC\n",
        [{"code": "1", "hold": UNSAID}, {"code": "2", "hold": UNSAID}],
    ),
    "a name that says reverse charge": (
        "taxCodes",
        "Code,Name,Rate\n1,Ingående,25\n2,Omvänd skattskyldighet,25\n",
        [{"code": "1", "hold": UNSAID}, {"code": "2", "hold": UNSAID}],
    ),
}
EXAMPLES: dict[str, tuple[str, dict[str, str]]] = {
    "a word of the type": ("1,In,Input\n2,RC,Reverse charge\n", {"1": "inclusive", "2": "reverse"}),
    "in German": (
        "1,Vorsteuer,VSt\n2,Bau,VSt/§13b\n3,Frei,VSt\n",
        {"1": "inclusive", "2": "reverse", "3": "inclusive"},
    ),
    "two words": (
        "1,A,Omvänd EU\n2,B,Ingående\n3,C,Omvänd bygg\n",
        {"1": "reverse", "2": "inclusive", "3": "reverse"},
    ),
    "one that denies it": ("1,A,Not reverse charge\n2,B,Reverse charge\n", {"1": "inclusive", "2": "reverse"}),
    "the one word of all": ("1,A,Autoliquidation\n2,B,Autoliquidation\n", {"1": "reverse", "2": "reverse"}),
    "names where types do not say": ("1,A,x\n2,Moms verlegd,y\n", {"1": "inclusive", "2": "reverse"}),
    "nothing says it": ("1,A,IN\n2,B,RC\n", {"1": UNSAID, "2": UNSAID}),
}


@pytest.mark.parametrize("which", EXAMPLES)
def test_what_is_suggested_is_never_the_opposite(which: str, sourceless: Path, cli: Cli) -> None:
    """The words that say reverse charge make it; where none does, what is uncommented holds every row."""
    text, types = EXAMPLES[which]
    (sourceless / "as" / "list.csv").write_text("Code,Name,Type,Rate\n" + text.replace("\n", ",25\n"), encoding="utf-8")
    assert cli("source", "init", "as/list.csv", "--table", "taxCodes").code == 0
    section = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    lines = [line for line in section.splitlines() if "    fixed: {type:" not in line]
    (example,) = [line for line in lines if "&& 'reverse'" in line]
    told = "\n".join(line.replace("# ", "", 1) if line == example else line for line in lines)
    (sourceless / "pleoctl.yaml").write_text(told, encoding="utf-8")
    assert cli("export").code == 0
    rows = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "desired-state.yaml").data["taxCodes"]
    assert {row["code"]: row.get("hold", row["type"]) for row in rows} == types


@pytest.mark.parametrize("which", LISTS)
def test_vendors_and_tax_codes(which: str, sourceless: Path, cli: Cli) -> None:
    """`--table` says what a file lists; its columns, unit and missing currency are understood or told."""
    table, text, rows = LISTS[which]
    (sourceless / "as" / "list.csv").write_text(text, encoding="utf-8")
    said = cli("source", "init", "as/list.csv", "--table", table)
    assert said.code == 0, said
    assert cli("export").code == 0
    state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "desired-state.yaml").data
    by_key = {row.get("externalId", row["code"]): row for row in state[table]}
    for row in rows:
        assert row.items() <= by_key[row.get("externalId", row.get("code"))].items()
    section = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert ("# defaultCurrency: EUR   # of the 1 row that has none" in section) == (table == "vendors")
    assert ("    fixed: {type: inclusive}   # of all rows" in section) == (which == "percentages")
    unsaid = any(row.get("hold") == UNSAID for row in rows)
    assert ('    fixed: {type: "?"}   # inclusive or reverse' in section) == unsaid
    if unsaid:
        (example,) = [line.replace("# ", "", 1) for line in section.splitlines() if "&& 'reverse'" in line]
        fixed = next(line for line in section.splitlines() if 'fixed: {type: "?"}' in line)
        (sourceless / "pleoctl.yaml").write_text(section.replace(fixed, example), encoding="utf-8")
        assert cli("export").code == 0
        state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "desired-state.yaml").data
        wanted = ["?", "?"] if which == "types of the system's own" else ["inclusive", "reverse"]
        assert sorted(row["type"] for row in state[table]) == wanted
        return
    held = sum("hold" in row for row in state[table])
    assert (f", {held} held\n" in said.stdout.splitlines(keepends=True)[0]) == bool(held)


def test_a_file_lists_one_thing(sourceless: Path, cli: Cli) -> None:
    """`--table` is for tables, and no values of a dimension."""
    (sourceless / "as" / "list.csv").write_text("Konto;Namn\n1930;Bank\n", encoding="utf-8")
    assert cli("source", "init", "as/list.csv", "--table", "vendors", "--dimension", "CC").code == 64
    (sourceless / "as" / "chart.se").write_text('#FLAGGA 0\n#SIETYP 1\n#KONTO 1930 "Bank"\n', encoding="cp437")
    assert "--table is for tables, and this is sie" in cli("source", "init", "as/chart.se", "--table", "vendors").stderr


@pytest.mark.parametrize("column", ["Phone", "E-mail", "Saldo", "PLZ", "Bankgiro"])
def test_no_key_is_made_of_what_is_none(column: str, sourceless: Path, cli: Cli) -> None:
    """Phone numbers and amounts differ by row as well; what is guessed by its cells is called guessed."""
    text = f"Vendor,{column},Ref\nAcme,123,A1\nBolt,456,A2\n"
    (sourceless / "as" / "list.csv").write_text(text.replace("Ref", "Town").replace("A1", "Ayr").replace("A2", "Rye"))
    said = cli("source", "init", "as/list.csv", "--table", "vendors")
    assert (said.code, "no column looks like a number or an id" in said.stderr) == (1, True)
    (sourceless / "as" / "list.csv").write_text(text)
    assert cli("source", "init", "as/list.csv", "--table", "vendors").code == 0
    section = (sourceless / "pleoctl.yaml").read_text(encoding="utf-8")
    assert "externalId: Ref   # guessed by its cells" in section


def test_creditors_of_datev_are_vendors(sourceless: Path, cli: Cli) -> None:
    """Customers are none, whatever the length of account numbers; names are those of companies, else of people."""
    header = (
        "Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);Kurzbezeichnung;EU-Land;EU-UStID;Land"
    )
    rows = '700000;"Müller GmbH";;MUE;DE;123456789;DE\n800001;;Öz;OEZ;;;DE\n100000;Kunde;;KUN;;;DE\n'
    text = f'"EXTF";700;16;"Debitoren/Kreditoren";5;20260101\n{header}\n{rows}'
    (sourceless / "as" / "list.csv").write_text(text, encoding="cp1252")
    said = cli("source", "init", "as/list.csv", "--table", "vendors")
    assert said.stdout.startswith("as/list.csv: csv, 2 vendors, 2 held")
    path = sourceless / "pleoctl.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("# defaultCurrency", "defaultCurrency"), encoding="utf-8")
    assert cli("export").code == 0
    state = parse((sourceless / "desired-state.yaml").read_text(encoding="utf-8"), "desired-state.yaml").data
    assert [(row["code"], row["name"], row["taxRegistrationNumber"]) for row in state["vendors"]] == [
        ("700000", "Müller GmbH", "DE123456789"),
        ("800001", "Öz", None),
    ]


@pytest.mark.parametrize(
    ("rows", "code", "name"),
    [
        ("Projekt;Namn\nSol;Solceller\nVind;Vindkraft\n", "Projekt", "Namn"),
        ("Kostenstelle;Bezeichnung\nVB;Vertrieb\nEK;Einkauf\n", "Kostenstelle", "Bezeichnung"),
        ("Department;Code\nEngineering;ENG\nSales;SAL\n", "Code", "Department"),
        ("Projekt;Förkortning\nSolceller;S-1\nVindkraft;V-1\n", "Förkortning", "Projekt"),
        ("Kod;Namn\nSol;Solceller\nVind;Vindkraft\n", "Kod", "Namn"),
    ],
)
def test_codes_of_letters_are_found_by_what_the_dimension_is_called(
    rows: str, code: str, name: str, sourceless: Path, cli: Cli
) -> None:
    """Where neither a header nor digits say which column it is."""
    (sourceless / "v.csv").write_text(rows)
    section = parse(cli("source", "init", "v.csv", "--dimension", "D", "-o", "-").stdout, "x").data["source"]
    columns = section["values"]["parts"]["D"]["columns"]
    assert (columns["code"], columns["name"]) == (code, name)


def test_accounts_for_tax_are_columns_of_tax_codes(sourceless: Path, cli: Cli) -> None:
    """Else those that Pleo has would be nobody's."""
    (sourceless / "v.csv").write_text(
        "Kod;Namn;Procent;Ingående konto;Utgående konto\nIN;Moms;25;2641;\nOMV;Fri;0;2645;2614\n"
    )
    section = parse(cli("source", "init", "v.csv", "--table", "taxCodes", "-o", "-").stdout, "x").data["source"]
    columns = section["taxCodes"]["columns"]
    assert (columns["code"], columns["rate"]) == ("Kod", "Procent")
    assert (columns["ingoingTaxAccount"], columns["outgoingTaxAccount"]) == ("Ingående konto", "Utgående konto")


def test_the_contrary_is_known_before_a_row_says_it(sourceless: Path, cli: Cli) -> None:
    """The first account that is blocked is inactive, and not a row whose word nobody knows."""
    for header, says, contrary in (("Spärrad", "Nej", "Ja"), ("Aktiv", "Ja", "Nej"), ("Status", "Ja", "Nein")):
        (sourceless / "a.csv").write_text(f"Konto;Namn;{header}\n1;A;{says}\n2;B;{says}\n")
        section = parse(cli("source", "init", "a.csv", "-o", "-").stdout, "x").data["source"]["accounts"]
        assert (section["activeValues"], contrary in section["inactiveValues"]) == ([says], True)
        assert section["columns"]["active"] == header


def test_a_section_on_standard_output_is_not_called_written(sourceless: Path, cli: Cli) -> None:
    """It says where it goes."""
    (sourceless / "a.csv").write_text("Konto;Namn\n1;A\n")
    said = cli("source", "init", "a.csv", "-o", "-").stderr
    assert ("wrote" in said, "it goes into pleoctl.yaml" in said) == (False, True)
    assert "wrote s.yaml; it goes into pleoctl.yaml" in cli("source", "init", "a.csv", "-o", "s.yaml").stdout
