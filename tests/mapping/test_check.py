"""`mapping check`: what is planted is found, with its line, and nothing else; the set algebra is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from findings import line_of
from pleoctl.mapping.analysis.folding import fold
from pleoctl.mapping.catalog import CatalogAccount
from pleoctl.mapping.vocabulary import CELLS, Cell

from .checked_rules import found, report, with_rows
from .conftest import HEAD, Cli, catalog, dimension

if TYPE_CHECKING:
    from pathlib import Path


ACCOUNTS = ("1940", "2890", "1930", "2440", "2901", "2822", "6541", "6542", "6543")


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
    assert [(f.code, line_of(f)) for f in findings] == [
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
        (with_rows('id: a, when: {}, account: keep, set: {description: "{{ nte }}"}'), [("MAP001", 15)]),
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


def test_an_account_that_is_several_is_told_where_rules_name_it(tmp_path: Path) -> None:
    """MAP032, a warning: two in use have the code; one in use and an archived one are no doubt."""
    twins = [CatalogAccount("e1", "1940"), CatalogAccount("e2", "1940"), CatalogAccount("e3", "1930", active=False)]
    findings = report(tmp_path, HEAD, catalog(*ACCOUNTS, accounts=twins)).findings
    assert [(f.code, f.level, line_of(f)) for f in findings] == [("MAP032", "warning", 3)]
    assert (
        "accounts.wallet: code 1940 is that of 3 accounts in use, among them e1, e2 and ext-1940" in findings[0].message
    )


@pytest.mark.parametrize(("currency", "held"), [("EUR", False), (None, True)])
def test_accounts_that_are_told_apart_are_no_doubt(tmp_path: Path, currency: str | None, held: bool) -> None:
    """Of one code, but each in a currency of its own, or one of them a row that is held."""
    twin = CatalogAccount("e2", "1940", currency=currency, held=held)
    twins = [CatalogAccount("e1", "1940", currency="SEK"), twin]
    others = [code for code in ACCOUNTS if code != "1940"]
    assert report(tmp_path, HEAD, catalog(*others, accounts=twins)).findings == []


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
