"""Lines of csv files as programs write them: delimiters too many, and quotation marks where none may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from shapes import Json, ReadAccounts

BOTH = ['- {externalId: "1", code: "10", name: "Cash"}', '- {externalId: "2", code: "20", name: "Bank"}']


@pytest.mark.parametrize(
    "content",
    [
        "externalId,code,name,\n1,10,Cash,\n2,20,Bank,\n",
        "externalId,code,name,,\n1,10,Cash\n2,20,Bank,\n",
        "externalId,code,name\n1,10,Cash,\n2,20,Bank,\n",
        "externalId,code,name\r\n1,10,Cash,\r\n\r\n2,20,Bank,",
    ],
)
def test_a_delimiter_that_ends_each_line_separates_nothing(content: str, read: ReadAccounts) -> None:
    """At the end of the header it names no column, and behind every row alike it has nothing to say."""
    assert read(content) == (BOTH, [])


@pytest.mark.parametrize("tail", ["2,20,Bank", "2,20,Bank,x", "2,20,Bank, x,", '2,20,"Bank",'])
def test_a_delimiter_behind_single_rows_holds_them(tail: str, read: ReadAccounts) -> None:
    """A cell too many may have moved the others."""
    rows, told = read(f"externalId,code,name\n1,10,Cash,\n{tail}\n")
    assert "has 4 cells where the header has 3" in rows[0]
    assert told


def test_rows_without_the_last_delimiter_are_chosen_as_others_are(read: ReadAccounts) -> None:
    """A condition asks for the cells that it names, not for all."""
    rows, _ = read("externalId,name,kind,\n1,A,posting\n2,B,sum\n3,C\n", where="kind == 'posting'")
    assert [row[:18] for row in rows] == ['- {externalId: "1"', '- {externalId: "3"']


@pytest.mark.parametrize("asks", [{}, {"where": {"kind": ["posting"]}}, {"where": "kind == 'posting'"}])
def test_a_stray_quotation_mark_holds_its_row(asks: Json, read: ReadAccounts) -> None:
    """One bad row stops no company: what stands before the mark is known, and what is behind it is not."""
    rows, told = read(
        'externalId,code,name,kind\n1,10,Cash "A",posting\n2,20,"Ba"nk,sum\n"3"x,30,Giro,posting\n4,"4,0"0,D,posting\n',
        **asks,
    )
    held = 'hold: "a quotation mark stands in the middle of a cell"}'
    assert rows == [
        f"- {{{held}",
        '- {externalId: "1", code: "10", name: "Cash \\"A\\""}',
        f'- {{externalId: "2", code: "20", {held}',
        f'- {{externalId: "4", {held}',
    ]
    assert len(told) == 3


@pytest.mark.parametrize("content", ['1,"Cash\n2,Ba"nk\n3,C\n', '1,A\n2,"Bank\n', '1,A\n2,"Bank', '1,A\n2,"Ba"n"k'])
def test_a_mark_that_may_go_on_is_refused(content: str, read: ReadAccounts) -> None:
    """Nobody knows which of the lines are one row, or whether there were more."""
    with pytest.raises(SourceError, match="is not readable as CSV"):
        read("externalId,name\n" + content)


def test_a_header_behind_the_end_is_told(read: ReadAccounts) -> None:
    """The file is not empty; the setting is wrong."""
    with pytest.raises(SourceError, match="has no line 9, where headerRow says"):
        read("externalId,name\n1,A\n", headerRow=9)


@pytest.mark.parametrize("again", ["externalId,code,name", "\ufeffexternalId,code,name"])
def test_a_header_that_comes_again_is_no_account(again: str, read: ReadAccounts) -> None:
    """Reports repeat it on each page, and files are put together: nothing may make a record of it."""
    rows, told = read(f"externalId,code,name\n1,10,Cash\n{again}\n2,20,Bank\n")
    assert rows[:2] == BOTH
    assert "is the header once more" in rows[2]
    assert any("a.csv:3" in one for one in told)


def test_an_error_in_a_part_of_a_field_holds_its_row(read: ReadAccounts) -> None:
    """An expression would make a code of it that stands nowhere."""
    fields = {"code": "join('-', [a, b])"}
    rows, told = read("externalId,name,a,b\n1,A,1,2\n2,B,#REF!,3\n3,C,#1,#2\n", fields=fields)
    assert ["hold" in row for row in rows] == [False, True, False]
    assert told == ["a.csv:3: '2': code shows the error '#REF!'; mend it in the spreadsheet, and export it again"]
