"""What people mean by their rules, where it was once missed or dropped in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.cli import planning
from pleoctl.errors import InvalidFile
from pleoctl.mapping.engine.entries import InvoiceOf, PeriodOf, VendorOf

from .conftest import HEAD, Cli, catalog, engine, item, line, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

SHARED = """apiVersion: pleoctl/v1
kind: ExportMapping
lines:
  rows:
  - {id: taxi, when: {supplier: {startsWith: "Taxi"}}, account: "5810"}
  - {id: rail, when: {supplier: {startsWith: "Rail"}}, account: "5811"}
"""


def rows(*listed: str) -> str:
    """Rules with rows of the line table."""
    return HEAD + "lines:\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in listed)


def row(when: Json, account: str = "7000") -> str:
    """One row."""
    return f"id: a, when: {json.dumps(when, ensure_ascii=False)}, account: {json.dumps(account)}"


def account(folder: Path, text: str, given: Json, **more: Value) -> str:
    """The account of the first line of an item."""
    entry = mapped(engine(folder, text, **more), given)
    assert entry.failure_reason is None, entry.failure_reason
    return entry.entries[0].postings[0].account


@pytest.mark.parametrize("value", ["Café Åre", "Cafe\u0301 A\u030are", "Café  Åre", "Café\u00a0Åre", " café åre\t"])
@pytest.mark.parametrize(
    "predicate",
    ["Café Åre", "Cafe\u0301  A\u030are ", {"startsWith": "CAFÉ Å"}, {"contains": "é  å"}, {"regex": "^cafe\u0301 å"}],
)
def test_texts_that_look_the_same_are_the_same(tmp_path: Path, predicate: Value, value: str) -> None:
    """Whatever the Unicode form and the blanks, in rules and in items, also where case counts."""
    assert account(tmp_path, rows(row({"supplier": predicate})), item(supplier={"name": value})) == "7000"
    if isinstance(predicate, str):
        given = item(supplier={"name": "x", "code": value.strip().replace("c", "C", 1).replace("å", "Å")})
        assert account(tmp_path, rows(row({"supplierCode": predicate})), given) == "7000"


def test_blanks_at_the_ends_of_a_part_are_meant(tmp_path: Path) -> None:
    """`contains: " bar "` looks for a word."""
    text = rows(row({"note": {"contains": " bar "}}))
    assert account(tmp_path, text, item(note="the bar  bill")) == "7000"
    assert account(tmp_path, text, item(note="barber")) == "6540"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("note", {"note": ""}),
        ("note", {"note": " \u00a0"}),
        ("note", {"subType": ""}),
        ("user", {"user": {"code": ""}}),
        ("mcc", {"supplier": {"name": "x", "categoryCode": ""}}),
        ("supplier", {"supplier": {"name": " "}}),
        ("note", {"bookkeeping": {"method": ""}}),
        ("note", {"subType": " \u00a0"}),
        ("note", {"bookkeeping": {"method": "  "}}),
    ],
)
def test_an_empty_text_is_absent(tmp_path: Path, field: str, more: Json) -> None:
    """`null` catches it, and an empty subtype or method is none."""
    assert account(tmp_path, rows(row({field: None})), item(**more)) == "7000"


@pytest.mark.parametrize("nothing", ["", " ", "\u00a0\t"])
def test_empty_codes_are_absent(tmp_path: Path, nothing: str) -> None:
    """They match null, are not looked up and do not stand in the entry; nothing is booked on an account of blanks."""
    amount = {"inWalletCurrency": {"currency": "EUR", "value": 2000}}
    given = item(
        "card_purchase",
        line(
            tags=[{"groupCode": "DEPT", "code": nothing}], tax={"code": nothing, "type": "inclusive", "amount": amount}
        ),
    )
    text = rows(row({"tag.DEPT": None, "taxCode": None})) + "tax: {shape: code, taxCodes: [A]}\n"
    posting = mapped(engine(tmp_path, text), given).entries[0].postings[0]
    assert (posting.account, posting.tags, posting.tax_code) == ("7000", {}, None)
    blank = {"id": "a", "name": "A", "code": nothing, "identifier": nothing}
    taxed = {"code": "A", "type": "inclusive", "amount": amount, "ingoingTaxAccount": nothing}
    split = engine(tmp_path, HEAD + "tax: {shape: split}\n")
    for one in (
        item("fee", line(account=blank)),
        item("fee", line(), contraAccount=blank),
        item("fee", line(tax=taxed)),
    ):
        assert mapped(split, one).failure_reason_type == "missing_configuration"


@pytest.mark.parametrize("nothing", ["", " \u00a0", None])
def test_empty_texts_stand_in_no_entry(tmp_path: Path, nothing: str | None) -> None:
    """Neither those of the invoice and the vendor nor the service period, which is not doubted for them."""
    invoice = {"invoiceNumber": nothing, "invoiceDate": nothing, "dueDate": nothing}
    given = item(
        vendor={"code": nothing, "name": nothing},
        servicePeriod={"from": nothing, "to": nothing},
        additionalInformation={"reconciliationId": "R", "invoiceInformation": invoice},
    )
    made = engine(tmp_path)
    for entry in (mapped(made, given), mapped(made, given)):
        assert entry.vendor == VendorOf(None, None, None)
        assert entry.invoice == InvoiceOf(None, None, None)
        assert entry.service_period == PeriodOf(None, None)
        assert entry.warnings == []


def test_an_exception_keeps_the_lines_own_account(tmp_path: Path) -> None:
    """`account: keep` ends the search, also where lines.otherwise is fail; what it keeps must be there."""
    text = rows(
        'id: cloud, when: {supplier: {startsWith: "Books Cloud"}}, account: keep',
        'id: books, when: {supplier: {startsWith: "Books"}}, account: "5410"',
    ).replace("lines:\n", "lines:\n  otherwise: fail\n")
    assert account(tmp_path, text, item(supplier={"name": "Books Cloud AB"})) == "6540"
    assert account(tmp_path, text, item(supplier={"name": "Books AB"})) == "5410"
    entry = mapped(engine(tmp_path, text), item("card_purchase", line(account=None), supplier={"name": "Books Cloud"}))
    assert (entry.failure_reason_type, "has no expense account" in (entry.failure_reason or "")) == (
        "missing_configuration",
        True,
    )
    posting = mapped(engine(tmp_path, text), item(supplier={"name": "Books Cloud"})).entries[0].postings[0]
    assert posting.rule == "cloud"


@pytest.mark.parametrize("role", ["line", "wallet", "accountsPayable"])
def test_a_role_is_no_account_of_a_line(tmp_path: Path, role: str) -> None:
    """It is refused with the way to write a code that is spelt so."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rows(row({"note": "x"}, role)))
    assert f"write account:{role}" in str(caught.value.findings[0])
    assert account(tmp_path, rows(row({"note": "x"}, f"account:{role}")), item(note="x")) == role


def test_an_including_file_overrides_the_rows_of_an_included_one(workspace: Path, cli: Cli) -> None:
    """It is told as information, and the rows that are left go on."""
    (workspace / "shared.yaml").write_text(SHARED)
    own = 'id: taxi-here, when: {supplier: {startsWith: "Taxi"}}, account: "2750"'
    (workspace / "mapping.yaml").write_text(rows(own).replace("[standard]", "[standard, shared.yaml]"))
    assert cli("mapping", "check", "--format", "json") == 0
    assert [(f["code"], f["level"], f["file"], f["rule"]) for f in cli.json["findings"]] == [
        ("MAP013", "info", "shared.yaml", "taxi")
    ]
    (workspace / "items.json").write_text(json.dumps([item(supplier={"name": n}) for n in ("Taxi 1", "Rail 2")]))
    assert cli("map", "items.json") == 0
    assert [e["entries"][0]["postings"][0]["account"] for e in cli.lines] == ["2750", "5811"]


@pytest.mark.parametrize(
    ("patience", "told"), [(0.0, ["items: 128 done", "items: 256 done", "items: 300 done"]), (3600.0, [])]
)
def test_long_maps_say_how_far_they_are(
    workspace: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, patience: float, told: list[str]
) -> None:
    """A line now and then on stderr, beside the entries; a map that is over soon says nothing on the way."""
    monkeypatch.setattr(planning, "PATIENCE", patience)
    (workspace / "items.json").write_text(json.dumps([item(accountingEntryId=f"e-{n}") for n in range(300)]))
    assert cli("map", "items.json", "--format", "json") == 0
    assert cli.err.decode().splitlines()[:-1] == [*told, "300 items: 300 mapped, 0 failed"]
    assert len(cli.lines) == 300


def test_a_file_beside_another_does_not_override_it(workspace: Path, cli: Cli) -> None:
    """Of two included files neither includes the other, so a dead row is a mistake."""
    (workspace / "one.yaml").write_text(SHARED)
    (workspace / "two.yaml").write_text(SHARED.replace("id: taxi", "id: t2").replace("id: rail", "id: r2"))
    (workspace / "mapping.yaml").write_text(HEAD.replace("[standard]", "[standard, one.yaml, two.yaml]"))
    assert cli("mapping", "check", "--format", "json") == 3
    assert {f["code"] for f in cli.json["findings"]} == {"MAP011"}


def test_a_rule_on_the_old_number_gives_the_new_one(tmp_path: Path) -> None:
    """Where code and identifier disagree since the account was renumbered; without a rule the cure is named."""
    given = item("card_purchase", line(account={"id": "a", "code": "6540", "identifier": "ext-6545"}))
    known = catalog("6545", "1940", "6540")
    assert account(tmp_path, rows(row({"account": "6540"}, "6545")), given, catalog=known) == "6545"
    for text in (HEAD, rows(row({"account": "6540"}, "keep"))):
        entry = mapped(engine(tmp_path, text, catalog=known), given)
        assert entry.failure_reason_type == "invalid_configuration"
        assert "plan and apply" in (entry.failure_reason or "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME ", "acme"),
        ("SE 5566 7788", "SE55667788"),
        ("Å", "A\u030a"),
        ("a\u00a0b", "a b"),
        ("\uff21", "A"),
        ("a\u200b", "a"),
    ],
)
@pytest.mark.parametrize("field", ["code", "taxRegistrationNumber", "externalId"])
def test_vendors_that_look_alike_are_told(workspace: Path, cli: Cli, field: str, one: str, other: str) -> None:
    """By code or number, with both rows; look-ups go on telling them apart."""
    pair = [{"code": f"V{n}", "account": "1", field: value} for n, value in enumerate((one, other))]
    vendors = json.dumps({"unmatched": "fail", "rows": pair})
    (workspace / "mapping.yaml").write_text(
        HEAD.partition("vendors:")[0] + f"vendors: {vendors}\ninclude: [standard]\n"
    )
    assert cli("mapping", "check", "--format", "json") == 0
    told = [f for f in cli.json["findings"] if f["code"] == "doubtful-vendor"]
    assert [f["level"] for f in told] == ["warning"]
    assert repr(one) in told[0]["message"]
    assert repr(other) in told[0]["message"]


@pytest.mark.parametrize(
    ("field", "numbers", "told"),
    [
        ("taxRegistrationNumber", ["SE556677-8899", "SE 5566 7788 99", "556677-8899", "DE5566778899"], 3),
        ("taxRegistrationNumber", ["556677-8899", "SE5566778899"], 1),
        ("supplierAccount", ["DE89 3704", "DE89-3704"], 1),
        ("code", ["A-1", "A1"], 0),
    ],
)
def test_numbers_are_the_same_however_people_write_them(
    workspace: Path, cli: Cli, field: str, numbers: list[str], told: int
) -> None:
    """Signs between digits say nothing, and neither does a country that one of them leaves out; in codes they do."""
    listed = [{"code": f"V{n}", "account": "1", field: number} for n, number in enumerate(numbers)]
    vendors = json.dumps({"unmatched": "fail", "rows": listed})
    (workspace / "mapping.yaml").write_text(
        HEAD.partition("vendors:")[0] + f"vendors: {vendors}\ninclude: [standard]\n"
    )
    assert cli("mapping", "check", "--format", "json") == 0
    assert [f["code"] for f in cli.json["findings"]] == ["doubtful-vendor"] * told


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_a_change_of_descriptions_is_an_impact(workspace: Path, cli: Cli, format_: str) -> None:
    """It counts as a change, and both texts are shown."""
    (workspace / "old.yaml").write_text(HEAD + 'description: "{{ note }}"\n')
    (workspace / "mapping.yaml").write_text(HEAD + 'description: "{{ supplier.name }} / {{ note }}"\n')
    (workspace / "items.json").write_text(json.dumps([item(note="Lunch", supplier={"name": "Acme"})]))
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json", "--format", format_) == 0
    assert b"Acme / Lunch" in cli.out
    if format_ == "json":
        result = cli.json["result"]
        assert (result["changed"], result["redescribed"]) == (1, 1)
        assert [(d["from"], d["to"]) for d in result["descriptions"]] == [("Lunch", "Acme / Lunch")]


@pytest.mark.parametrize("options", [(), ("-o", "out.json"), ("--format", "csv")])
@pytest.mark.parametrize(("before", "broken"), [(0, False), (300, False), (0, True)])
def test_an_item_of_another_company_refuses_the_file(
    workspace: Path, cli: Cli, before: int, broken: bool, options: tuple[str, ...]
) -> None:
    """Exit 3 and nothing written, wherever it stands and whatever it lacks; item and both companies are named."""
    other = "99999999-e567-4890-8234-abc56e78fabc"
    stray = item(companyId=other, accountingEntryId="e-1")
    if broken:
        del stray["date"]
    given = [*([item(note="x" * 500)] * before), stray, item()]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("map", "items.json", *options) == 3
    assert b"mapped" not in cli.out
    assert not (workspace / "out.json").exists()
    said = (cli.out + cli.err).decode()
    assert "e-1" in said
    assert other in said
    assert "12abc3d4-e567-4890-8234-abc56e78fabc" in said


def test_a_company_is_the_same_in_capitals(workspace: Path, cli: Cli) -> None:
    """UUIDs have no case; an item without a company is the workspace's."""
    given = [item(companyId="12ABC3D4-E567-4890-8234-ABC56E78FABC"), item(companyId=None), item(companyId=" ")]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("map", "items.json") == 0
