"""Regions of cells, and what a check tells of settings and vendors."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from findings import line_of
from pleoctl.errors import InvalidFile
from pleoctl.mapping.analysis import lines, points, texts
from pleoctl.mapping.analysis.boxes import Box, box
from pleoctl.mapping.analysis.index import BoxIndex
from pleoctl.mapping.analysis.regions import region, universe
from pleoctl.mapping.rules.predicates import folded, predicate
from pleoctl.mapping.vocabulary import CELLS
from pleoctl.place import Place

from .checked_rules import found, report, with_rows
from .conftest import HEAD, Cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapes import Json, Value


WORDS = ["", "a", "ab", "abc", "b", "ba", "bab", "c", "A", "Ab"]


PLACE = Place("f", 1, 1)


def text_predicates() -> st.SearchStrategy[Value]:
    """Every kind of predicate over a few words."""
    word = st.sampled_from(WORDS[1:])
    bounds = st.tuples(word, word).map(sorted)
    return st.one_of(
        word,
        st.none(),
        st.lists(st.one_of(word, st.none()), min_size=1, max_size=3),
        word.map(lambda w: {"startsWith": w}),
        word.map(lambda w: {"contains": w}),
        st.lists(word, min_size=1, max_size=3).map(lambda w: {"contains": w}),
        st.tuples(word, word, word).map(lambda w: {"any": [w[0], {"startsWith": w[1]}, {"endsWith": w[2]}]}),
        bounds.map(lambda b: {"range": b}),
        word.map(lambda w: {"range": [w, None]}),
        word.map(lambda w: {"range": [None, w]}),
        st.sampled_from(["a", "^b", "c$"]).map(lambda w: {"regex": w}),
    )


def amounts() -> st.SearchStrategy[Value]:
    """Predicates of small amounts."""
    number = st.integers(0, 6)
    return st.one_of(
        number, st.lists(number, min_size=1, max_size=3), st.tuples(number, number).map(lambda b: {"range": sorted(b)})
    )


CONDITIONS = st.fixed_dictionaries(
    {}, optional={"supplier": text_predicates(), "mcc": text_predicates(), "amount": amounts()}
)


POINTS = [(s, m, n) for s in (None, *WORDS) for m in (None, "a", "ab", "b") for n in range(1, 8)]


def as_box(conditions: Json) -> Box:
    """What a row with these conditions matches."""
    return box([predicate(k, v, PLACE) for k, v in conditions.items()], frozenset(CELLS))


def accepts(conditions: Json, point: tuple[Value, Value, Value]) -> bool:
    """Whether the row matches an input."""
    values = dict(zip(("supplier", "mcc", "amount"), point, strict=True))
    return all(predicate(k, v, PLACE).test()(folded(k, values[k])) for k, v in conditions.items())


@given(st.lists(CONDITIONS, max_size=6), CONDITIONS)
def test_the_index_finds_every_box_that_meets_another(listed: list[Json], asked: Json) -> None:
    """It may name more, and keeps the order of the table."""
    boxes = [as_box(conditions) for conditions in listed]
    near = list(BoxIndex([one] for one in boxes).near([as_box(asked)]))
    assert near == sorted(set(near))
    assert {n for n, one in enumerate(boxes) if one and as_box(asked) and one.meets(as_box(asked))} <= set(near)


@given(st.lists(CONDITIONS, max_size=6))
def test_the_index_finds_every_box_that_takes_a_point(listed: list[Json]) -> None:
    """Also those that ask for a text inside or at the end of a value."""
    boxes = [as_box(conditions) for conditions in listed]
    index = BoxIndex([one] for one in boxes)
    for point in (point for one in boxes for point in points.points(one)):
        assert {n for n, one in enumerate(boxes) if points.holds(one, point)} <= set(index.at(point))


@pytest.mark.parametrize(
    "conditions",
    [
        lambda n: {"amount": {"range": [10 * n, 10 * n + 9]}},
        lambda n: {"supplier": "Figma", "amount": {"range": [10 * n, 10 * n + 9]}},
        lambda n: {"mcc": {"range": [f"{2 * n:04d}", f"{2 * n + 1:04d}"]}},
        lambda n: {f"tag.G{n}": "x"},
    ],
)
def test_rows_of_one_kind_are_not_looked_at_one_by_one(conditions: Callable[[int], Json]) -> None:
    """However many there are, the index names few for a point of one of them."""
    boxes = [as_box(conditions(n)) for n in range(300)]
    index = BoxIndex([one] for one in boxes)
    assert all(len(list(index.at(point))) == 1 for one in boxes for point in points.points(one))


def test_a_long_list_of_words_takes_room_in_proportion() -> None:
    """Also where another list leaves something of it."""
    one, other = (region(predicate("note", {"contains": [f"{k}word{n}x" for n in range(300)]}, PLACE)) for k in "ab")
    assert one.weight <= 600
    assert (one - other).weight <= 300 * 302
    assert not (one - one)


def test_rows_with_regexes_are_not_held_against_each_other(tmp_path: Path) -> None:
    """What one takes of another is never known, so the questions do not grow with their pairs."""
    asked = texts.is_empty.cache_info().misses
    made = report(
        tmp_path, with_rows(*(f'id: r{n}, when: {{note: {{regex: "^a.*{n}$"}}}}, account: "{n}"' for n in range(60)))
    )
    assert not made.findings
    assert texts.is_empty.cache_info().misses - asked < 4 * 60


def holds(one: Box, point: tuple[Value, Value, Value]) -> bool:
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
def test_rows_that_do_not_meet_never_match_together(one: Json, other: Json) -> None:
    """Boxes that do not meet share no input."""
    if not as_box(one).meets(as_box(other)):
        assert not any(accepts(one, p) and accepts(other, p) for p in POINTS)


@given(st.lists(CONDITIONS, min_size=2, max_size=4))
@settings(max_examples=150)
def test_what_is_left_is_what_only_the_last_row_matches(rows: list[Json]) -> None:
    """After all earlier rows are taken out, exactly the inputs that they do not match are left."""
    *earlier, last = rows
    left = [as_box(last)]
    for conditions in earlier:
        left = [part for piece in left for part in piece.minus(as_box(conditions))]
    for point in random.Random(1).sample(POINTS, 60):
        only_last = accepts(last, point) and not any(accepts(e, point) for e in earlier)
        assert any(holds(piece, point) for piece in left) == only_last


@given(text_predicates())
def test_regions_accept_what_predicates_accept(given_predicate: Value) -> None:
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
    assert (finding.file, line_of(finding)) == ("mapping.yaml", 13)


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
    assert [(f.code, f.level, line_of(f)) for f in findings] == [("duplicate-id", "warning", 11)] * 2
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
    monkeypatch.setattr(lines, "MAX_STEPS", 20)
    hasty = report(tmp_path, with_rows(*rows))
    assert "too many pieces" in hasty.unanalysed[0].reason
    assert {(f.code, line_of(f)) for f in hasty.findings} <= {(f.code, line_of(f)) for f in full.findings}
