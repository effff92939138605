"""Rows of files that are chosen by a word, and whose words only look like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from shapes import Json, ReadAccounts


def test_a_column_that_nearly_has_the_name_of_a_field_is_told(read: ReadAccounts) -> None:
    """Without it a field that may be null would be emptied in Pleo; one that another field reads is none."""
    content = "externalId,Code,name, ACTIVE \n1,10,A,no\n"
    _, told = read(content)
    assert [one.partition(" (")[0] for one in told] == [
        "a.csv:1: column 'Code' is not read as code",
        "a.csv:1: column ' ACTIVE ' is not read as active",
    ]
    assert read(content, columns={"externalId": "Code", "active": " ACTIVE "})[1] == []


NEAR: dict[str, str] = {
    "a blank": "sj\u00f6 ",
    "a capital": "Sj\u00f6",
    "a blank that does not break": "sj\u00f6\u00a0",
    "a decomposed letter": "sjo\u0308",
    "full width": "\uff53j\u00f6",
    "a sign that nobody sees": "sj\u00f6\u200b",
    "a soft hyphen": "s\u00adj\u00f6",
}


@pytest.mark.parametrize(
    "choice",
    [
        {"where": {"kind": ["sj\u00f6"]}},
        {"whereNot": {"kind": ["sj\u00f6"]}},
        {"where": "kind == 'sj\u00f6'"},
        {"where": "kind != 'sj\u00f6'"},
        {"where": "!(kind == 'sj\u00f6') && name != 'X'"},
        {"where": "contains(['sj\u00f6'], kind)"},
    ],
)
def test_words_that_look_like_those_asked_for_are_told(choice: Json, read: ReadAccounts) -> None:
    """In every spelling of the question; a word that is another one is not told."""
    lines = "".join(f"{n},A,{word}\n" for n, word in enumerate([*NEAR.values(), "sj\u00f6", "sjo"]))
    _, told = read(f"externalId,name,kind\n{lines}", **choice)
    (one,) = [finding for finding in told if "blanks at an end" not in finding]
    assert str(len(NEAR)) in one
    assert "'Sj\u00f6' (1)" in one


def test_words_of_where_not_are_told_as_those_of_where(read: ReadAccounts) -> None:
    """A heading that is written otherwise would become an account."""
    _, told = read("externalId,name,kind\n1,A,posting\n2,B,Sum\n3,C,sum\n", whereNot={"kind": ["sum", "heading"]})
    (one,) = told
    assert "whereNot.kind keeps 1 row that differs from a listed word by blanks, capitals or forms" in one
    assert "'Sum' (1)" in one
    _, told = read("externalId,name,kind\n1,A,posting\n", whereNot={"kind": ["sum"], "name": [""]})
    assert "whereNot.kind lists 'sum', which no row has" in told[0]
    assert len(told) == 1


def test_words_that_a_field_nearly_compares_with_are_told(read: ReadAccounts) -> None:
    """They make an account inactive without a word; one that is another word, or that no row has, says nothing."""
    rows, told = read(
        "id,name,state\n1,A,Open\n2,B,open \n3,C,Open\n4,D,closed\n",
        columns={"externalId": "id"},
        fields={"active": "state == 'Open' || state == 'Kept'"},
    )
    assert [", active: false" in row for row in rows] == [False, True, False, True]
    (one,) = told
    assert "source.accounts.fields.active compares state with 'Open', and 1 row has what only looks like it" in one
    assert "'open ' (1)" in one


def test_a_header_twice_that_nobody_reads_is_no_matter(read: ReadAccounts) -> None:
    """Only of a column that a field, an expression or a condition reads one must know which is meant."""
    text = "externalId,name,Note,Note\n1,A,x,y\n"
    assert read(text)[1] == []
    for settings in ({"fields": {"code": "Note"}}, {"whereNot": {"Note": ["z"]}}, {"where": "Note != 'z'"}):
        with pytest.raises(SourceError, match="column 'Note' stands twice"):
            read(text, **settings)
