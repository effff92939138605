from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath import compile as parse

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sources.http.expressions import OPTIONS, Expression, ExpressionError

if TYPE_CHECKING:
    from shapes import Json, Value

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b", " A "]) | st.floats(0, 2)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2)
RECORDS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
TEXTS = [
    "a",
    "!a",
    "string(a)",
    "!string(a)",
    "a == 'a'",
    "a == ''",
    "!(a == 'b')",
    "a == b",
    "a != 'a'",
    "a.b",
    "!a.b",
    "a == `1`",
    "a && b",
    "a || b",
    "!a && (b || c)",
    "a[0]",
    "a[?@ == 'a']",
    "@",
    "length(a)",
    "trim(a)",
    "c == 'a' && !d",
    "!(a.b)",
]


def outcome(work: Value, record: Value) -> Value:
    """The value, or that there is none."""
    try:
        return work(record)
    except Exception:  # noqa: BLE001 - both sides have errors of their own
        return "error"


def _scalars(value: Value) -> list[Value]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inner is None else [one for part in inner for one in _scalars(part)]


@settings(max_examples=300, deadline=None)
@given(text=st.sampled_from(TEXTS), records=st.lists(RECORDS, min_size=1, max_size=6))
def test_every_way_of_evaluating_gives_what_jmespath_gives(text: str, records: list[Json]) -> None:
    """Watching for names and the short forms change nothing about the value, for any data."""
    expression, plain = Expression(text, Setting("key")), parse(text)
    for record in [{"a": {"b": 1}, "b": 1, "c": "a", "d": 1}, *records]:
        if text == "a[0]" and isinstance(record.get("a"), str):
            continue  # refused, where JMESPath gives null
        zeros = [value for value in _scalars(record) if value == 0 and ("string" in text or value is not False)]
        if zeros and ("!" in text or "&&" in text):
            continue  # refused, where JMESPath takes zero, and the text "false", for true
        ours, theirs = outcome(expression, record), outcome(lambda data: plain.search(data, OPTIONS), record)
        assert (type(ours), ours) == (type(theirs), theirs)


@pytest.mark.parametrize("text", ["!a", "!(a.b)", "b && !a", "!(a || b)", "a && b"])
@pytest.mark.parametrize("no", [0, 0.0, "false", "0", "False ", "Nej", "no"])
def test_a_no_in_words_or_numbers_is_not_taken_for_yes(text: str, no: Value) -> None:
    """Neither while names are watched nor by the short forms; a yes, and what && may take for a code, is as ever."""
    expression = Expression(text, Setting("key"))
    record: Json = {"a": {"b": no} if "." in text else no, "b": True}
    if text == "a && b" and no not in {0, "false"}:
        assert expression(record) is True
        return
    for _ in range(2):
        with pytest.raises(ExpressionError, match=r"is true to (!|&&), as all texts and numbers are; compare it"):
            expression(record)
    for value, expected in ((1, False), ("true", False), ("x", False), ("", True), (None, True), (False, True)):
        assert Expression("!a", Setting("key"))({"a": value}) is expected


def test_names_are_seen_on_both_sides() -> None:
    """A name behind a false && or a true || is looked for as well; one that never occurs stays unseen."""
    expression = Expression("a && b || c && !(d.e)", Setting("key"))
    expression({"a": False, "c": False})
    assert expression.unseen == ["b", "d", "e"]
    expression({"a": True, "b": None, "d": {}})
    assert expression.unseen == ["e"]
    expression({"d": {"e": 1}})
    assert expression.unseen == []


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("string(a)", 1000, "1000"),
        ("string(a)", 1000.0, "1000"),
        ("string(a)", 10.5, "10.5"),
        ("string(a)", True, "true"),
        ("string(a)", None, None),
        ("pad(a, `6`)", 100, "000100"),
        ("pad(a, `4`, ' ')", "x", "   x"),
        ("pad(a, `2`)", "12345", "12345"),
        ("pad(a, `2`)", None, None),
        ("trim(a)", "  x ", "x"),
        ("lower(a)", "ÄB", "äb"),
        ("upper(a)", "äb", "ÄB"),
        ("upper(a)", None, None),
        ("date(a)", "2026-12-31", "2026-12-31"),
        ("date(a)", "20261231", "2026-12-31"),
        ("date(a)", "2026-12-31T00:00:00", "2026-12-31"),
        ("date(a)", "2026-12-31T23:59:59.999+02:00", "2026-12-31"),
        ("date(a)", "2026-12-31 00:00", "2026-12-31"),
        ("date(a)", "/Date(1798675200000)/", "2026-12-31"),
        ("date(a)", "2026-12-31+01:00", "2026-12-31"),
        ("date(a)", "2026-12-31Z", "2026-12-31"),
        ("date(a)", "9999-12-31Z", None),
        ("date(a)", "20261231T000000Z", "2026-12-31"),
        ("date(a)", "/Date(1798671600000+0100)/", "2026-12-31"),
        ("date(a)", "/Date(-62135596800000)/", None),
        ("date(a)", "0001-01-01T00:00:00", None),
        ("date(a)", "9999-12-31", None),
        ("date(a)", "1900-01-01T12:00:00Z", None),
        ("date(a)", "/Date(0)/", None),
        ("date(a)", "0000-00-00 00:00:00", None),
        ("date(a)", "00000000", None),
        ("date(a, 'DD.MM.YYYY')", "01.01.1753", None),
        ("date(a, 'DD.MM.YYYY')", "00.00.0000", None),
        ("date(a)", "1970-01-02", "1970-01-02"),
        ("date(a, 'DD.MM.YYYY')", "31.12.2026", "2026-12-31"),
        ("date(a, 'DD.MM.YYYY')", "31.12.2026 00:00:00", "2026-12-31"),
        ("date(a, 'D.M.YYYY')", "1.2.2026", "2026-02-01"),
        ("date(a, 'M/D/YY')", "12/31/26", "2026-12-31"),
        ("date(a, 'DD/MM/YYYY')", "31/12/9999", None),
        ("date(a, 'YYYYMMDD')", "20261231", "2026-12-31"),
        ("date(a, 'DD.MM.YYYY')", "", None),
        ("date(a)", "", None),
        ("date(a)", None, None),
    ],
)
def test_functions(text: str, value: Value, expected: Value) -> None:
    """Codes as people write them; null stays null."""
    assert Expression(text, Setting("key"))({"a": value}) == expected


@pytest.mark.parametrize("text", ["trim(a)", "string(a)", "pad(a, 'x')", "lower(a)"])
@pytest.mark.parametrize("value", [["x"], float("nan"), float("inf")])
def test_a_function_refuses_what_it_cannot_take(text: str, value: Value) -> None:
    """An error of the row, not a wrong value: "nan" is nobody's account."""
    with pytest.raises(ExpressionError):
        Expression(text, Setting("key"))({"a": value})


@pytest.mark.parametrize(
    "day", ["31.12.2026", "2026-02-30", "2026-12-31x", "2026", "/Date(x)/", "/Date(999999999999999)/"]
)
def test_a_date_is_a_day_or_an_error(day: str) -> None:
    """What is no day is an error of the row; a guess would end a value too early."""
    with pytest.raises(ExpressionError, match=r"date\(\)"):
        Expression("date(a)", Setting("key"))({"a": day})


@pytest.mark.parametrize(
    ("form", "day"),
    [
        ("DD.MM.YYYY", "12/31/2026"),
        ("DD.MM.YYYY", "31.13.2026"),
        ("DD.MM.YYYY", "1.2.2026"),
        ("DD.MM.YYYY", "2026-12-31"),
        ("DD.MM", "31.12"),
        ("DD.MM.YYYY MM", "31.12.2026 12"),
        ("(", "("),
        ("", "31.12.2026"),
    ],
)
def test_a_form_of_dates_is_meant_as_it_is_written(form: str, day: str) -> None:
    """A day in another form, or a form that is none, is an error of the row."""
    with pytest.raises(ExpressionError, match=r"date\(\)"):
        Expression(f"date(a, '{form}')", Setting("key"))({"a": day})


@pytest.mark.parametrize("text", ["a[:10]", "a[0]", "a[-1]", "trim(a)[:3]", "b || a[:10]"])
def test_a_text_has_no_parts(text: str) -> None:
    """JMESPath gives null for a slice or an index of a text: a cell would be empty by mistake, so it is an error."""
    expression = Expression(text, Setting("key"))
    for _ in range(2):
        with pytest.raises(ExpressionError, match="is a text"):
            expression({"a": "2026-12-31T00:00:00", "b": None})
    assert Expression("a[:2]", Setting("key"))({"a": [1, 2, 3]}) == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "pad(a, `2000000000`)",
        "pad(a, `-1`)",
        "pad(a, `1e999`)",
        "pad(a, `5`, `1`)",
        "pad(a, `5`, 'xy')",
        "ceil(`1e999`)",
    ],
)
def test_a_function_takes_no_value_that_swells_or_breaks_it(text: str) -> None:
    """Widths end at the longest code that Pleo takes; numbers without end are errors of the row."""
    with pytest.raises(ExpressionError):
        Expression(text, Setting("key"))({"a": "x"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(" * 900 + "a" + ")" * 900, "nested deeper than"),
        ("|".join("a" * 900), "nested deeper than"),
        ("!" * 900 + "a", "nested deeper than"),
        ("`" + "[" * 1900 + "]" * 1900 + "`", "nested deeper than"),
        ("|".join(["[@, @][]"] * 30), "may multiply its input"),
        ("|".join(["join('', [@, @])"] * 30), "may multiply its input"),
        ("to_string(" + "|".join(["{a: @, b: @}"] * 30) + ")", "may multiply its input"),
        ("map(&" + "|".join(["[@, @, @, @, @, @, @, @]"] * 5) + ", a)", "may multiply its input"),
        ("a" * 5000, "more than 4000 characters"),
    ],
)
def test_an_expression_is_bounded(text: str, reason: str) -> None:
    """What is nested too deep or grows by doubling is refused when the source is made, with its place."""
    with pytest.raises(SourceError, match=reason) as caught:
        Expression(text, Setting("source", "accounts", "where"))
    assert "source.accounts.where" in caught.value.message


def test_alternatives_inside_alternatives_are_looked_at_once() -> None:
    """Names are noted without asking every branch twice as often as the one around it."""
    text = "||".join(["(a"] * 40) + ")" * 40
    asked = Expression(text.replace("||", "&&"), Setting("key"))
    assert asked({"a": 1}) == 1
    assert asked({"a": None}) is None
    assert asked.unseen == []


@pytest.mark.parametrize("text", ["", "a ==", "a b", "`x`", "nope(a)"])
def test_what_is_no_expression_is_told_by_its_place(text: str) -> None:
    """The key of the workspace file stands in the message."""
    with pytest.raises(SourceError, match=r"source\.accounts\.where"):
        Expression(text, Setting("source", "accounts", "where"))
