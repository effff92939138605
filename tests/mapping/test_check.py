"""`mapping check`: what is planted is found, with its line, and nothing else; the set algebra is exact."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.errors import InvalidFile
from pleoctl.mapping.analysis import lines
from pleoctl.mapping.analysis.check import Report, check
from pleoctl.mapping.analysis.folding import fold
from pleoctl.mapping.analysis.index import BoxIndex
from pleoctl.mapping.analysis.regions import Box, box, region, universe
from pleoctl.mapping.rules.build import read_rules
from pleoctl.mapping.rules.files import folder_reader
from pleoctl.mapping.rules.predicates import folded, predicate
from pleoctl.mapping.vocabulary import CELLS, Cell
from pleoctl.place import Place

from .conftest import HEAD, Cli, catalog, dimension

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.catalog import Catalog

ACCOUNTS = ("1940", "2890", "1930", "2440", "2901", "2822", "6541", "6542", "6543")


def report(folder: Path, text: str, held: Catalog | None = None) -> Report:
    """The report of rules."""
    (folder / "mapping.yaml").write_text(text)
    rules, names = read_rules("mapping.yaml", folder_reader(folder))
    return check(rules, names, held)


def found(folder: Path, text: str, held: Catalog | None = None) -> list[tuple[str, int | None]]:
    """Codes and lines of the findings."""
    return [(f.code, f.line) for f in report(folder, text, held).findings]


def with_rows(*rows: str, types: tuple[str, ...] = (), more: str = "") -> str:
    """Rules with line rows (the first in line 14 + len(types)) and type rows (from line 13)."""
    listed = "".join(f"- {{{row}}}\n" for row in types)
    section = f"expenseTypes:\n{listed}" if types else "expenseTypes: []\n"
    lines = "lines:\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in rows) if rows else ""
    return HEAD + section + lines + more


def test_a_clean_file_has_no_findings(tmp_path: Path) -> None:
    """The standard table with settings, vendors and disjoint rows is clean, with and without a catalogue."""
    text = with_rows(
        'id: a, when: {supplier: {startsWith: "Figma"}, tag.DEPT: "20"}, account: "6541"',
        'id: b, when: {supplier: {startsWith: "Figma"}}, account: "6542"',
        'id: c, when: {note: {contains: "taxi"}}, account: "6543"',
        types=("id: t, when: {type: wallet_topup}, debit: wallet, credit: contra, replaces: standard/wallet_topup",),
    )
    assert found(tmp_path, text) == []
    assert found(tmp_path, text, catalog(*ACCOUNTS, dimensions=[dimension("DEPT", "20")])) == []


def test_planted_mistakes_are_each_found_once(tmp_path: Path) -> None:
    """An overlap, a shadow, a gap, a typo and an archived target: one finding each, with its line."""
    text = with_rows(
        'id: a, when: {supplier: {startsWith: "fig"}}, account: "6541"',
        'id: shadow, when: {supplier: "FIGMA", mcc: "5734"}, account: "6542"',
        'id: typo, when: {suplier: "Miro"}, account: "6542"',
        'id: archived, when: {supplier: "Slack"}, account: "6543"',
        types=(
            "id: overlap, when: {type: refund}, debit: wallet, credit: line, replaces: standard/refund",
            (
                "id: gap, when: {type: [fee], subType: null, method: journal}, debit: line, credit: wallet, "
                "replaces: [standard/fee, standard/fee/interest]"
            ),
        ),
    )
    held = catalog(*(f"-{c}" if c == "6543" else c for c in ACCOUNTS))
    findings = report(tmp_path, text, held).findings
    assert [(f.code, f.line) for f in findings] == [
        ("MAP010", 13),
        ("MAP020", 14),
        ("MAP011", 18),
        ("MAP001", 19),
        ("MAP031", 20),
    ]
    assert [f.rule for f in findings] == ["overlap", "gap", "shadow", None, "archived"]
    assert "refund by accounts_payable" in findings[0].message
    assert "fee with subtype interest by journal" in findings[1].message
    assert "'a' (mapping.yaml:17)" in findings[2].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD.replace('contra: "1930"', 'contra: "1940"'), [("MAP037", 3)]),
        (HEAD.replace(', accountsPayable: "2440"', ""), [("MAP038", 3)]),
        (HEAD.replace('wallet: "1940", outOfPocket: "2890", ', ""), [("MAP038", 3), ("MAP038", 3)]),
        (HEAD.replace("include: [standard]\n", ""), [("MAP020", 1)]),
        (with_rows('id: a, when: {taxCode: I9}, account: "6541"', more="tax: {taxCodes: [I25]}\n"), [("MAP034", 15)]),
        (with_rows('id: a, when: {type: wallet_topup}, account: "6541"'), [("MAP011", 15)]),
        (with_rows('id: a, when: {currency: null}, account: "6541"'), [("MAP011", 15)]),
        (with_rows('id: a, when: {subType: interest, type: refund}, account: "6541"'), [("MAP011", 15)]),
        (
            with_rows(
                types=("id: a, when: {type: fee, subType: reimbursement_to_company}, debit: line, credit: wallet",)
            ),
            [("MAP011", 13)],
        ),
        (
            with_rows(
                types=(
                    "id: a, when: {type: wallet_topup}, debit: walet, credit: contra, replaces: standard/wallet_topup",
                )
            ),
            [("MAP001", 13)],
        ),
    ],
)
def test_single_mistakes(tmp_path: Path, text: str, expected: list[tuple[str, int]]) -> None:
    """Each rule of the analysis on its own."""
    assert found(tmp_path, text) == expected


def test_targets_and_dimensions_against_the_catalogue(tmp_path: Path) -> None:
    """MAP030, MAP031, MAP034: settings, vendors, rows, tags."""
    text = with_rows(
        'id: a, when: {tag.DEPT: ["20", "99"]}, account: "9999"',
        'id: b, when: {tag.NONE: "1"}, account: "6541"',
        'id: c, when: {tag.LEGACY: "1"}, account: "6541"',
    )
    held = catalog(
        "1940",
        "-2890",
        "1930",
        "2440",
        "2822",
        "6541",
        dimensions=[dimension("dept", "20")],
        unchecked=frozenset({"legacy"}),
    )
    assert found(tmp_path, text, held) == [("MAP031", 3), ("MAP030", 7), ("MAP030", 15), ("MAP034", 15), ("MAP034", 16)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # A union of earlier rows can cover a later one that none of them covers alone.
        (
            [
                'id: a, when: {amount: {range: [null, 500]}}, account: "1"',
                'id: b, when: {amount: {range: [501, null]}}, account: "2"',
                'id: c, when: {country: SE}, account: "3"',
            ],
            {"c": "MAP011"},
        ),
        (
            [
                'id: a, when: {amount: {range: [null, 500]}}, account: "1"',
                'id: b, when: {amount: {range: [502, null]}}, account: "2"',
                'id: c, when: {country: SE}, account: "3"',
            ],
            {},
        ),
        (
            [
                'id: a, when: {team: null}, account: "1"',
                'id: b, when: {team: {startsWith: "a"}}, account: "2"',
                'id: c, when: {team: [null, "ab"]}, account: "3"',
            ],
            {"c": "MAP011"},
        ),
        (
            [
                'id: a, when: {note: {contains: "ax"}}, account: "1"',
                'id: b, when: {note: {contains: "TAXI"}}, account: "2"',
            ],
            {"b": "MAP011"},
        ),
        (
            [
                'id: a, when: {note: {contains: "taxi"}}, account: "1"',
                'id: b, when: {note: {startsWith: "a taxi"}}, account: "2"',
            ],
            {"b": "MAP011"},
        ),
        (
            [
                'id: a, when: {note: {contains: "taxi"}}, account: "1"',
                'id: b, when: {note: {contains: "ax"}}, account: "2"',
            ],
            {},
        ),
        (
            [
                'id: a, when: {note: {regex: "x+"}}, account: "1"',
                'id: b, when: {note: {regex: "x+"}, mcc: "1"}, account: "2"',
            ],
            {"b": "MAP011"},
        ),
        (
            ['id: a, when: {note: {regex: "x+"}}, account: "1"', 'id: b, when: {note: "xx"}, account: "2"'],
            {"b": "MAP011"},
        ),
        (
            ['id: a, when: {note: {regex: "x+"}}, account: "1"', 'id: b, when: {note: {contains: "xx"}}, account: "2"'],
            {},
        ),
        (
            ['id: a, when: {mcc: {range: ["3000", "3299"]}}, account: "1"', 'id: b, when: {mcc: "3100"}, account: "2"'],
            {"b": "MAP011"},
        ),
        (['id: a, when: {tag.DEPT: "x"}, account: "1"', 'id: b, when: {tag.dept: "X"}, account: "2"'], {"b": "MAP011"}),
        # Removing the first would bring the second to life, so the first is not redundant.
        (
            [
                'id: a, when: {mcc: ["1", "2"]}, account: "1"',
                'id: b, when: {mcc: "1"}, account: "2"',
                'id: c, when: {}, account: "1"',
            ],
            {"b": "MAP011"},
        ),
        # Redundant: a later row, or the line itself, gives the same account.
        (
            ['id: a, when: {mcc: "1", country: SE}, account: "1"', 'id: b, when: {mcc: "1"}, account: "1"'],
            {"a": "MAP012"},
        ),
        (
            [
                'id: a, when: {mcc: "1"}, account: "1"',
                'id: x, when: {country: SE}, account: "2"',
                'id: b, when: {mcc: ["1", "2"]}, account: "1"',
            ],
            {},
        ),
        (['id: a, when: {account: "1"}, account: "1"'], {"a": "MAP012"}),
        (['id: a, when: {account: ["1", "2"]}, account: "1"'], {}),
        (['id: a, when: {}, account: "1"', 'id: b, when: {}, account: "1"'], {"b": "MAP011"}),
    ],
)
def test_shadows_and_redundancy(tmp_path: Path, rows: list[str], expected: dict[str, str]) -> None:
    """Rows that cannot win, by one row or several, and rows that change nothing."""
    assert {f.rule: f.code for f in report(tmp_path, with_rows(*rows)).findings} == expected


def test_regexes_are_told_apart(tmp_path: Path) -> None:
    """What the analysis cannot look into is named, but is no finding."""
    made = report(tmp_path, with_rows('id: a, when: {note: {regex: "x|y"}}, account: "1"'))
    assert made.findings == []
    assert [(u.rule, u.place.line) for u in made.unanalysed] == [("a", 15)]


def test_a_row_with_an_unknown_condition_draws_no_conclusions(tmp_path: Path) -> None:
    """A typo without an obvious correction is one finding, not a cascade of overlaps and gaps."""
    text = with_rows(types=("id: t, when: {zzz: refund}, debit: wallet, credit: line, replaces: standard/refund",))
    assert found(tmp_path, text) == [("MAP001", 13)]


def test_levels_and_exit_codes(workspace: Path, cli: Cli) -> None:
    """Errors refuse (3), warnings do not, unreadable files are 78; SARIF and JUnit come along."""
    assert cli("mapping", "check", "--format", "json") == 0
    assert cli.json["findings"] == []
    (workspace / "mapping.yaml").write_text(with_rows('id: a, when: {account: "1"}, account: "1"'))
    assert cli("mapping", "check", "--sarif", "f.sarif", "--junit", "f.xml") == 0
    assert b"warning" in cli.err
    assert '"ruleId": "MAP012"' in (workspace / "f.sarif").read_text()
    assert 'failures="0"' in (workspace / "f.xml").read_text()
    (workspace / "mapping.yaml").write_text(with_rows("id: a, when: {type: wallet_topup}, account: '1'"))
    assert cli("mapping", "check", "--format", "json", "--junit", "f.xml") == 3
    assert [f["code"] for f in cli.json["findings"]] == ["MAP011"]
    assert 'failures="1"' in (workspace / "f.xml").read_text()
    (workspace / "mapping.yaml").write_text("kind: [")
    assert cli("mapping", "check", "--format", "json", "--sarif", "f.sarif") == 78
    assert '"invalid-file"' in (workspace / "f.sarif").read_text()


def test_check_uses_the_desired_state(workspace: Path, cli: Cli) -> None:
    """Targets are compared with the desired state at hand."""
    (workspace / "desired-state.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
        + "".join(f'- {{externalId: "e{c}", code: "{c}", name: "n"}}\n' for c in ACCOUNTS if c != "2822")
    )
    assert cli("mapping", "check", "--format", "json") == 3
    assert [(f["code"], f["line"]) for f in cli.json["findings"]] == [("MAP030", 10)]


def test_folding_names_exactly_the_cells() -> None:
    """Whole types by name alone, parts with subtype and method."""
    assert fold([c for c in CELLS if c.type in {"refund", "fee"}]) == ["fee, refund"]
    assert fold([Cell("refund", None, "journal"), Cell("cashback", None, "journal")]) == ["refund, cashback by journal"]
    assert fold([Cell("fee", "interest", "journal")]) == ["fee with subtype interest by journal"]


# --- soundness -------------------------------------------------------------------------------------------------

WORDS = ["", "a", "ab", "abc", "b", "ba", "bab", "c", "A", "Ab"]
PLACE = Place("f", 1, 1)


def text_predicates() -> st.SearchStrategy[Any]:
    """Every kind of predicate over a few words."""
    word = st.sampled_from(WORDS[1:])
    bounds = st.tuples(word, word).map(sorted)
    return st.one_of(
        word,
        st.none(),
        st.lists(st.one_of(word, st.none()), min_size=1, max_size=3),
        word.map(lambda w: {"startsWith": w}),
        word.map(lambda w: {"contains": w}),
        bounds.map(lambda b: {"range": b}),
        word.map(lambda w: {"range": [w, None]}),
        word.map(lambda w: {"range": [None, w]}),
        st.sampled_from(["a", "^b", "c$"]).map(lambda w: {"regex": w}),
    )


def amounts() -> st.SearchStrategy[Any]:
    """Predicates of small amounts."""
    number = st.integers(0, 6)
    return st.one_of(
        number, st.lists(number, min_size=1, max_size=3), st.tuples(number, number).map(lambda b: {"range": sorted(b)})
    )


CONDITIONS = st.fixed_dictionaries(
    {}, optional={"supplier": text_predicates(), "mcc": text_predicates(), "amount": amounts()}
)
POINTS = [(s, m, n) for s in (None, *WORDS) for m in (None, "a", "ab", "b") for n in range(1, 8)]


def as_box(conditions: dict[str, Any]) -> Box:
    """What a row with these conditions matches."""
    return box([predicate(k, v, PLACE) for k, v in conditions.items()], frozenset(CELLS))


def accepts(conditions: dict[str, Any], point: tuple[Any, Any, Any]) -> bool:
    """Whether the row matches an input."""
    values = dict(zip(("supplier", "mcc", "amount"), point, strict=True))
    return all(predicate(k, v, PLACE).test()(folded(k, values[k])) for k, v in conditions.items())


@given(st.lists(CONDITIONS, max_size=6), CONDITIONS)
def test_the_index_finds_every_box_that_meets_another(listed: list[dict[str, Any]], asked: dict[str, Any]) -> None:
    """It may name more, and keeps the order of the table."""
    boxes = [as_box(conditions) for conditions in listed]
    near = BoxIndex(boxes).near(as_box(asked))
    assert near == sorted(set(near))
    assert {n for n, one in enumerate(boxes) if one and as_box(asked) and one.meets(as_box(asked))} <= set(near)


def holds(one: Box, point: tuple[Any, Any, Any]) -> bool:
    """Whether an input lies in a box."""
    values = dict(zip(("supplier", "mcc", "amount"), point, strict=True))
    for name, area in one.regions.items():
        value = folded(name, values[name])
        exact = region(predicate(name, value, PLACE)) if value is not None else None
        if not (area.absent if exact is None else bool(area & exact)):
            return False
    return True


@given(CONDITIONS, CONDITIONS)
@settings(max_examples=150)
def test_rows_that_do_not_meet_never_match_together(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Boxes that do not meet share no input."""
    if not as_box(one).meets(as_box(other)):
        assert not any(accepts(one, p) and accepts(other, p) for p in POINTS)


@given(st.lists(CONDITIONS, min_size=2, max_size=4))
@settings(max_examples=150)
def test_what_is_left_is_what_only_the_last_row_matches(rows: list[dict[str, Any]]) -> None:
    """After all earlier rows are taken out, exactly the inputs that they do not match are left."""
    *earlier, last = rows
    left = [as_box(last)]
    for conditions in earlier:
        left = [part for piece in left for part in piece.minus(as_box(conditions))]
    for point in random.Random(1).sample(POINTS, 60):
        only_last = accepts(last, point) and not any(accepts(e, point) for e in earlier)
        assert any(holds(piece, point) for piece in left) == only_last


@given(text_predicates())
def test_regions_accept_what_predicates_accept(given_predicate: Any) -> None:
    """A region of text has exactly the values that its predicate accepts."""
    made = predicate("mcc", given_predicate, PLACE)
    for word in (None, *WORDS):
        point = region(predicate("mcc", word, PLACE))
        assert bool(region(made) & point) == made.test()(folded("mcc", word))
    assert not region(made) - universe("mcc")


def test_a_required_word_that_does_not_exist_is_told_alone(tmp_path: Path) -> None:
    """Not also as missing."""
    assert found(tmp_path, HEAD.replace("unmatched: fail", "unmatched: qqq")) == [("MAP001", 5)]


def test_a_supplier_code_that_two_vendors_have_is_told(tmp_path: Path) -> None:
    """As a supplierCode that two have; one that equals another's code alone meets nobody by chance."""
    vendor = '  - {code: "NEW", supplierCode: "ACME"}\n'
    assert report(tmp_path, HEAD.replace("include:", f"{vendor}include:")).findings == []
    vendor += '  - {code: "OTHER", supplierCode: "ACME"}\n'
    findings = report(tmp_path, HEAD.replace("include:", f"{vendor}include:")).findings
    assert ["share supplierCode 'ACME'" in f.message for f in findings] == [True]


def test_an_id_of_the_standard_table_is_told_at_the_own_row(tmp_path: Path) -> None:
    """The row that a person can change."""
    with pytest.raises(InvalidFile) as caught:
        report(tmp_path, with_rows(types=("id: standard/fee, when: {type: fee}, debit: line, credit: wallet",)))
    finding = caught.value.findings[0]
    assert (finding.file, finding.line) == ("mapping.yaml", 13)


def test_a_misspelt_replaces_is_told_alone(tmp_path: Path) -> None:
    """The row stands in for what was meant; where nothing was, no conclusion is drawn from it."""
    near = with_rows(
        types=("id: t, when: {type: wallet_topup}, debit: wallet, credit: contra, replaces: standard/walet_topup",)
    )
    assert found(tmp_path, near) == [("MAP001", 13)]
    far = with_rows(types=("id: t, when: {type: wallet_topup}, debit: wallet, credit: contra, replaces: qqq",))
    assert found(tmp_path, far) == [("MAP001", 13)]


def test_a_missing_setting_without_a_section_is_told_where_it_is_used(tmp_path: Path) -> None:
    """Not at the beginning of the file."""
    text = HEAD.replace("include: [standard]\n", "").replace("accounts: {", "amounts: {}\n# {")
    text += "expenseTypes:\n- {id: t, when: {type: wallet_topup}, debit: wallet, credit: '1'}\n"
    assert ("MAP038", 13) in found(tmp_path, text)


def test_vendors_in_use_that_share_a_key_are_told(tmp_path: Path) -> None:
    """As a warning at the later one, since the key finds neither; a blocked one is no rival."""
    vendor = '  - {code: "NEW", externalId: "ven-1", taxRegistrationNumber: "SE2"}\n'
    findings = report(tmp_path, HEAD.replace("include:", f"{vendor}include:")).findings
    assert [(f.code, f.level, f.line) for f in findings] == [("duplicate-id", "warning", 11)] * 2
    assert "'ACME' and 'NEW' share externalId 'ven-1'" in findings[0].message
    assert (
        found(tmp_path, HEAD.replace("include:", vendor.replace("ven-1", "ven-3").replace("SE2", "SE9") + "include:"))
        == []
    )


@pytest.mark.parametrize("sides", ["debit: wallet, credit: wallet", 'debit: "1", credit: "account:1"'])
def test_a_row_that_posts_to_itself_is_refused(workspace: Path, cli: Cli, sides: str) -> None:
    """Debit and credit of one entry are two accounts; exit 78 with the line."""
    (workspace / "mapping.yaml").write_text(with_rows(types=(f"id: a, when: {{type: wallet_topup}}, {sides}",)))
    assert cli("mapping", "check") == 78
    assert "mapping.yaml:13:3: debit and credit are both" in cli.err.decode()


def test_codes_stand_in_the_text(workspace: Path, cli: Cli) -> None:
    """The code that the documents explain stands behind the level."""
    (workspace / "mapping.yaml").write_text(HEAD.replace('contra: "1930"', 'contra: "1940"'))
    assert cli("mapping", "check") == 3
    assert "error MAP037: mapping.yaml:3:" in cli.err.decode()


def test_a_table_beyond_all_effort_is_left_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that would take for ever are named as not analysed; what is said of the others stays true."""
    chance = random.Random(3)
    rows = [
        f'id: r{n}, when: {{supplier: {{startsWith: "{"ab"[n % 2]}"}}, note: {{contains: "{chance.choice("xyz")}"}}, '
        f'amount: {{range: [{n}, {n + chance.randrange(60)}]}}}}, account: "65{n % 3}"'
        for n in range(40)
    ]
    full = report(tmp_path, with_rows(*rows))
    assert full.unanalysed == []
    monkeypatch.setattr(lines, "MAX_STEPS", 2000)
    hasty = report(tmp_path, with_rows(*rows))
    assert "too many pieces" in hasty.unanalysed[0].reason
    assert {(f.code, f.line) for f in hasty.findings} <= {(f.code, f.line) for f in full.findings}
