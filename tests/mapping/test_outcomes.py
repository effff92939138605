"""What a line row does beside giving an account: split, set, refuse, stand in for another row."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile

from .conftest import HEAD, Cli, catalog, dimension, engine, item, line, mapped, money

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry
    from shapes import Json, Value


def rules(*rows: str, shape: str = "code", more: str = "") -> str:
    """Rules with line rows."""
    return f"{HEAD}tax: {{shape: {shape}{more}}}\nlines:\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in rows)


def split(*parts: tuple[str, str], more: str = "") -> str:
    """A row that splits every line."""
    listed = ", ".join(f'{{share: "{share}", account: {account}}}' for share, account in parts)
    return f"id: s, when: {{}}, split: [{listed}]{more}"


def taxed(value: int, tax: int, kind: str = "inclusive", **more: Value) -> Json:
    """A line with a tax."""
    given = {"code": "I25", "type": kind, "amount": money(tax), "ingoingTaxAccount": "2641"}
    return line(value, tax={**given, "outgoingTaxAccount": "2614"}, **more)


def booked(entry: Entry) -> list[tuple[str, str, int, str | None]]:
    """Side, account, amount and tax code of all postings."""
    assert entry.failure_reason is None, entry.failure_reason
    return [(p.side, p.account, p.amount, p.tax_code) for ledger in entry.entries for p in ledger.postings]


def test_each_part_is_rounded_toward_zero(tmp_path: Path) -> None:
    """The rest is on the largest share; keep is the line's own account; the row is named."""
    entry = mapped(engine(tmp_path, rules(split(("70", "keep"), ("30", '"4654"')))), item("fee", line(10001)))
    assert booked(entry)[:2] == [("debit", "6540", 7001, None), ("debit", "4654", 3000, None)]
    assert [(p.rule, p.branch, p.line_id) for p in entry.entries[0].postings[:2]] == [("s", "rule", "l-10001")] * 2


def test_of_equal_shares_the_first_has_the_rest(tmp_path: Path) -> None:
    """And a part of nothing has no posting."""
    text = rules(split(("33.3", "A1"), ("33.4", "A2"), ("33.3", "A3")))
    assert booked(mapped(engine(tmp_path, text), item("fee", line(1))))[0][:3] == ("debit", "A2", 1)
    text = rules(split(("25", "A1"), ("25", "A2"), ("25", "A3"), ("25", "A4")))
    found = booked(mapped(engine(tmp_path, text), item("fee", line(103))))
    assert [amount for _, _, amount, _ in found] == [28, 25, 25, 25, 103]


def test_the_tax_is_split_alike(tmp_path: Path) -> None:
    """Gross and tax by the same shares; the base is the difference; under `code` only the gross counts."""
    row = split(("70", "keep"), ("30", '"4654"'))
    given = item("fee", taxed(10001, 2001))
    assert booked(mapped(engine(tmp_path, rules(row, shape="split")), given)) == [
        ("debit", "6540", 7001 - 1401, None),
        ("debit", "2641", 1401, "I25"),
        ("debit", "4654", 2400, None),
        ("debit", "2641", 600, "I25"),
        ("credit", "1940", 10001, None),
    ]
    assert booked(mapped(engine(tmp_path, rules(row)), given))[:2] == [
        ("debit", "6540", 7001, "I25"),
        ("debit", "4654", 3000, "I25"),
    ]
    reverse = booked(mapped(engine(tmp_path, rules(row, shape="split")), item("fee", taxed(10001, 2001, "reverse"))))
    assert [found[:3] for found in reverse[:3]] == [
        ("debit", "6540", 7001),
        ("debit", "2641", 1401),
        ("credit", "2614", 1401),
    ]


def test_a_part_whose_base_changes_sign_refuses_the_item(tmp_path: Path) -> None:
    """By rounding a part may be smaller than its tax."""
    text = rules(split(("34", "A1"), ("33", "A2"), ("33", "A3")), shape="split")
    entry = mapped(engine(tmp_path, text), item("fee", taxed(5, 5)))
    assert entry.failure_reason is None
    entry = mapped(engine(tmp_path, rules(split(("50", "A1"), ("50", "A2")), shape="split")), item("fee", taxed(3, 3)))
    assert entry.failure_reason is None
    text = rules(split(("60", "A1"), ("40", "A2")), shape="split")
    assert mapped(engine(tmp_path, text), item("fee", taxed(4, 3))).failure_reason is None
    with_rest = rules(split(("40", "A1"), ("30", "A2"), ("30", "A3")), shape="split")
    entry = mapped(engine(tmp_path, with_rest), item("fee", taxed(10, 9)))
    assert entry.failure_reason_type == "validation_failure"
    assert "smaller than its tax" in (entry.failure_reason or "")


def test_splits_add_up_for_every_amount(tmp_path: Path) -> None:
    """Whatever the shares: parts add up, and each but the largest is the share rounded down."""
    chance = random.Random(3)
    for number in range(30):
        cuts = sorted(chance.sample(range(1, 1000), chance.randint(1, 4)))
        shares = [(b - a) / 10 for a, b in zip([0, *cuts], [*cuts, 1000], strict=True)]
        made = engine(tmp_path, rules(split(*[(f"{share:.1f}", f"A{n}") for n, share in enumerate(shares)])))
        value = chance.randint(1, 10 ** chance.randint(1, 9))
        found = {account: amount for _, account, amount, _ in booked(mapped(made, item("fee", line(value))))[:-1]}
        assert sum(found.values()) == value, number
        for index, share in enumerate(shares):
            if index != shares.index(max(shares)):
                exact = Fraction(f"{share:.1f}") * value / 100
                assert found.get(f"A{index}", 0) == exact.numerator // exact.denominator


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (split(("70", "A"), ("20", "B")), "add up to 90"),
        (split(("100", "A"), ("0", "B")), "one of the shares is zero (leave that part out)"),
        (split(("70", "wallet"), ("30", "B")), "is a role"),
        ("id: a, when: {}, account: A, refuse: x", "and has account and refuse (keep account or refuse)"),
        ("id: a, when: {}, set: {taxCode: X}", "needs one of"),
        ("id: a, when: {}, refuse: x, set: {taxCode: X}", "nothing can be set"),
        ("id: a, when: {}, split: [{share: 100, account: A}]", "share"),
        ('id: a, when: {}, account: keep, set: {description: "{{ nope }}"}', "nope"),
        ("id: a, when: {}, account: A, replaces: nope", "unknown row 'nope' (remove `replaces`"),
    ],
)
def test_rows_that_cannot_be_are_refused(tmp_path: Path, row: str, said: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, rules(row))
    assert said in " ".join(map(str, caught.value.findings))


def test_an_item_is_refused_by_a_rule(tmp_path: Path) -> None:
    """With the row's own text, also where the account would have failed."""
    made = engine(tmp_path, rules("id: r, when: {note: gift}, refuse: gifts need an approval"))
    entry = mapped(made, item("fee", line(account=None), note="Gift"))
    assert (entry.failure_reason_type, entry.failure_reason) == ("validation_failure", "gifts need an approval")
    assert mapped(made, item(note="x")).failure_reason is None


def test_tax_code_and_tags_are_set_and_taken_away(tmp_path: Path) -> None:
    """What is taken away is not looked up; what is set is."""
    tags = [{"groupCode": "dept", "code": "gone"}, {"groupCode": "dept", "code": "two"}]
    tags.append({"groupCode": "PROJ", "code": "7"})
    given = item("fee", taxed(12500, 2500, tags=tags))
    known = catalog("6540", "1940", dimensions=[dimension("DEPT", "20"), dimension("PROJ", "7")])
    codes = ", taxCodes: [OK]"
    row = "id: a, when: {}, account: keep, set: {taxCode: OK, tags: {DEPT: '20'}}"
    posting = mapped(engine(tmp_path, rules(row, more=codes), known), given).entries[0].postings[0]
    assert (posting.account, posting.tax_code, posting.tags) == ("6540", "OK", {"PROJ": "7", "DEPT": "20"})
    row = "id: a, when: {}, account: keep, set: {taxCode: null, tags: {dept: null}}"
    posting = mapped(engine(tmp_path, rules(row, more=codes), known), given).entries[0].postings[0]
    assert (posting.tax_code, posting.tags) == (None, {"PROJ": "7"})
    row = "id: a, when: {}, account: keep, set: {taxCode: OK, tags: {DEPT: '99'}}"
    assert "DEPT/99" in (mapped(engine(tmp_path, rules(row, more=codes), known), given).failure_reason or "")


def test_where_the_tax_is_split_off(tmp_path: Path) -> None:
    """Null puts the gross on the line; another code, whose accounts nobody knows, is refused; the same one is none."""

    def entry(code: str) -> Entry:
        row = f"id: a, when: {{}}, account: keep, set: {{taxCode: {code}}}"
        return mapped(engine(tmp_path, rules(row, shape="split")), item("fee", taxed(12500, 2500)))

    assert booked(entry("null")) == [("debit", "6540", 12500, None), ("credit", "1940", 12500, None)]
    assert len(booked(entry("I25"))) == 3
    assert entry("I12").failure_reason_type == "invalid_configuration"


def test_parts_have_their_own_tags_and_tax_codes(tmp_path: Path) -> None:
    """Over what the row sets for all."""
    parts = "{share: '60', account: A1, tags: {DEPT: '1'}}, {share: '40', account: A2, taxCode: null}"
    row = f"id: a, when: {{}}, split: [{parts}], set: {{taxCode: I25, tags: {{DEPT: '2', PROJ: '7'}}}}"
    entry = mapped(engine(tmp_path, rules(row, shape="split")), item("fee", taxed(1000, 200)))
    assert [(p.account, p.amount, p.tags, p.tax_code) for p in entry.entries[0].postings[:3]] == [
        ("A1", 480, {"DEPT": "1", "PROJ": "7"}, None),
        ("2641", 120, {}, "I25"),
        ("A2", 400, {"DEPT": "2", "PROJ": "7"}, None),
    ]


def test_of_several_descriptions_the_first_counts(tmp_path: Path) -> None:
    """And the item warns, unless they are the same."""
    listed = [
        f'id: r{n}, when: {{account: "{n}"}}, account: keep, set: {{description: "{n} {{{{ note }}}}"}}' for n in "12"
    ]
    made = engine(tmp_path, rules(*listed))
    entry = mapped(made, item("fee", line(1, "1"), line(2, "2"), note="x"))
    assert (entry.description, len(entry.warnings)) == ("1 x", 1)
    entry = mapped(made, item("fee", line(1, "2"), line(2, "2"), note="x"))
    assert (entry.description, entry.warnings) == ("2 x", [])


def test_a_row_stands_in_for_an_included_one(workspace: Path, cli: Cli) -> None:
    """It is as if the other were not there."""
    shared = "apiVersion: pleoctl/v1\nkind: ExportMapping\nlines:\n  rows:\n"
    (workspace / "shared.yaml").write_text(shared + "  - {id: old, when: {note: x}, account: '1'}\n")
    own = rules("id: new, when: {note: z}, account: '2', replaces: old")
    (workspace / "mapping.yaml").write_text(own.replace("[standard]", "[standard, shared.yaml]"))
    (workspace / "items.json").write_text(json.dumps([item(note="x"), item(note="z")]))
    assert cli("mapping", "check") == 0
    assert cli("map", "items.json") == 0
    assert [e["entries"][0]["postings"][0]["account"] for e in cli.lines] == ["6540", "2"]


def test_check_knows_what_rows_do(workspace: Path, cli: Cli) -> None:
    """Accounts of parts and codes that are set must exist; a row that sets something is no idle one."""
    tags = "account: keep, set: {taxCode: BAD}"
    listed = [f"id: a, when: {{note: x}}, {tags}", "id: b, when: {note: [x, z]}, account: keep"]
    (workspace / "mapping.yaml").write_text(rules(*listed, more=", taxCodes: [OK]"))
    assert cli("mapping", "check", "--format", "json") == 3
    assert [(f["code"], f["rule"]) for f in cli.json["findings"]] == [("MAP034", "a"), ("MAP012", "b")]


def test_explain_and_coverage_know_what_rows_do(workspace: Path, cli: Cli) -> None:
    """A split counts a line once, a refusal counts; both are told."""
    listed = ["id: r, when: {note: gift}, refuse: 'no gifts, we keep count'", split(("70", "keep"), ("30", '"4654"'))]
    (workspace / "mapping.yaml").write_text(rules(*listed))
    (workspace / "items.json").write_text(json.dumps([item(note="gift"), item("fee", line(5), line(5))]))
    assert cli("mapping", "coverage", "--items", "items.json", "--format", "json") == 0
    assert {r["rule"]: r["hits"] for r in cli.json["result"]["rules"] if r["table"] == "lines"} == {"r": 1, "s": 2}
    assert cli("mapping", "explain", "items.json") == 0
    assert "refuse: no gifts, we keep count" in cli.out.decode()
    assert "70 % keep 6540 + 30 % 4654" in cli.out.decode()
