"""Desired states as people write them: what the quick reader takes, the careful one reads alike, comments and all."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from by_hand import BY_HAND, ENDS, HEAD, KEPT, KEYS, NASTY, NOTES, ODD_KEYS, as_json, disturbed, written
from pleoctl.desired.comments import from_nodes
from pleoctl.desired.entries import NotSimple, block_of, braces_of, entry_of
from pleoctl.desired.quick import QuickReader
from pleoctl.desired.read import load_desired, read_state, state_of
from pleoctl.documents.load import parse
from pleoctl.documents.nodes import compose
from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.documents.nodes import Node


def agree(text: str) -> bool:
    """Whether the quick reader takes the text, which the careful one then reads alike."""
    text = text.replace("\r\n", "\n")
    try:
        reader = QuickReader(text, "f.yaml")
        state = reader.read()
    except NotSimple:
        return False
    document = parse(text, "f.yaml", "desired-state")
    assert state == state_of(document)
    assert list(state.flat) == list(state_of(document).flat)
    assert reader.comments() == from_nodes(document.root, document.text)
    return True


@given(st.one_of(written(), written(), disturbed(), as_json()))
@example(f"{HEAD}accounts:\n- \n")
@example(f'{HEAD}accounts:\n- externalId: "\\""\n  name: "|#"\n- {{externalId: "|#", name: "> # a"}}\n')
@example("\nkind: DesiredState # c\napiVersion: pleoctl/v1\naccounts: []\n")
def test_what_the_quick_reader_takes_the_careful_one_reads_alike(text: str) -> None:
    """Rows, their lines and columns, and what each comment speaks of; nothing that the careful reader refuses."""
    agree(text)


def test_comments_are_remembered_for_those_alone_who_ask_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan does not, and has as many rows."""
    (tmp_path / "f.yaml").write_text(BY_HAND, encoding="utf-8")
    expected = read_state(BY_HAND, "f.yaml")[0]
    monkeypatch.setattr("pleoctl.desired.cursor.Cursor.mark", None)
    assert load_desired([(tmp_path / "f.yaml", "f.yaml")]) == expected


def test_what_people_write_takes_the_quick_way() -> None:
    """Blocks and braces, any order and indentation, plain and quoted texts, comments and empty lines anywhere."""
    assert agree(BY_HAND)


@pytest.mark.parametrize("text", [r"\"a\" b", r"a \"b\"", r"\\", r"a\\\"", r"\" # a", "a # b"])
def test_quotes_and_backslashes_stand_in_rows_as_the_writer_writes_them(text: str) -> None:
    """Beside other rows, at either end of a text, and before comments; other escapes are read alike, too."""
    names = ("a", rf"{text}\t", text)
    rows = [
        f'- {{externalId: "{n}{text}", name: "{name}"}}{end}\n' for n, name in enumerate(names) for end in ("", " # c")
    ]
    assert agree(f"{HEAD}accounts:\n{''.join(rows[::2])}")
    assert agree(f"{HEAD}accounts:\n{''.join(rows[1::2])}")


def test_what_the_writer_writes_needs_no_pattern_of_what_people_write() -> None:
    """Each takes longer to compile than a small file to read."""
    patterns = (block_of, braces_of, entry_of)
    for one in patterns:
        one.cache_clear()
    rows = "".join(
        f'- {{externalId: "{key}", code: "1", name: "\\"a\\"", active: false}}\n# one more\n' for key in "abc"
    )
    values = '- code: "A"\n  name: "A"\n  values:\n  - {code: "1", name: "x"}\n- code: "B"\n  name: "B"\n'
    assert agree(f"{HEAD}# by export\naccounts:\n{rows}dimensions:\n{values}")
    assert [one.cache_info().misses for one in patterns] == [0, 0, 0]


_ESCAPES = [
    "a\tb\t",
    r"\x41\xe9",
    r"\u00e9",
    r"\U0001F600",
    r"\ud83d\ude00",
    r"\U0000D83D\U0000DE00",
    r"a\0\a\b\t\n\v\f\r\e\"\/\\",
]
_ESCAPES += [
    r"a\N\_\L\P\ b",
    "a\\\n    b",
    "a \\\n    \\\n      b",
    "a \n    \\ b",
    "a\\\\\n    b",
    "\\x41\n\n    b",
]
_NO_ESCAPES = [
    r"\q",
    r"\'",
    r"\x4",
    r"\u004",
    r"\U0001F60",
    r"\U00110000",
    r"\ud83d",
    r"\ude00\ud83d",
    r"\ud83dx\ude00",
]
_NO_ESCAPES += ["a\\\n\n    b", "a\\ \n    b", "a\\  \n    b", "a\\\nb"]


@pytest.mark.parametrize("row", ['- externalId: a\n  name: "{}"\n', '- {{externalId: a, name: "{}"}}\n'])
def test_escapes_are_read_as_every_yaml_reader_reads_them(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no parser, also where a break is escaped; what means nothing, or half of a character, is left to one."""
    rows = f"{HEAD}accounts:\n- externalId: b\n  name: B\n{row}# c\n- externalId: c\n  name: C\n"
    for text in _NO_ESCAPES:
        agree(rows.format(text))
    monkeypatch.setattr("pleoctl.desired.odd.compose", None)
    assert all(agree(rows.format(text)) for text in _ESCAPES)


def test_a_line_that_goes_on_may_begin_with_any_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no list, no name, no quote there: PyYAML breaks long texts at any blank."""
    monkeypatch.setattr("pleoctl.desired.odd.compose", None)
    for text in ("- b", "-b", '"b" c', "'b", "&b", "*b", "!b", "@b", "%b", "|", "> b", "`b`"):
        assert agree(f"{HEAD}accounts:\n- externalId: a\n  name: a\n    {text}\n")
        assert agree(f"{HEAD}accounts:\n- {{externalId: a, name: a\n    {text}}}\n")


_ODD_ROWS = {
    "a tab": '- {{{0}: "a\\x41\tb", name: x}}  # c\n',
    "a line separator": '- {0}: a\n  name: "x\u2028y"  # c\n',
    "a next line": '- {0}: a\n  # c\n  name: "x\x85y"\n',
    "lines that are deeper": "- &row\n  {0}: a\n  name: >-\n    x\n      y\n    z\n",
    "a comment that ends unseen": "- {0}: a # x\u2028# y\n  name: x\n",
    "a mark": "- ? {0}\n  : a # c\n  ? name\n  : x\n",
    "an indentation": "- name: |2-\n       x\n     y # none\n  {0}: a\n  # c\n",
    "a tag in full": "-\n  {0}: !<tag:yaml.org,2002:str> 1\n  name: x\n",
}


@pytest.mark.parametrize("odd", _ODD_ROWS.values(), ids=_ODD_ROWS)
@pytest.mark.parametrize("end", ["", "\n# c\n", "\n...\n"])
def test_what_only_a_parser_reads_is_read_by_it_alone(odd: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row, or a dimension, be it the last of a file that ends without a line break or not, and with its comments."""
    seen: list[str] = []

    def noted(text: str, shown: str) -> Node:
        seen.append(text)
        return compose(text, shown)

    monkeypatch.setattr("pleoctl.desired.odd.compose", noted)
    row, dimension = odd.format("externalId"), odd.format("code")
    other = "- externalId: {0}  # c\n  name: other\n# \ufeff of all\n"
    last = row.replace("&row", "&last").removesuffix("\n")
    assert agree(f"{HEAD}accounts:\n{other.format('O')}{row}{other.format('P')}{last}{end}")
    others = [f"- code: {key}\n  values: []\n  # c\n  name: other\n" for key in "OP"]
    assert agree(f"{HEAD}dimensions:\n{others[0]}{dimension}{others[1]}{end}")
    if "{" not in dimension:
        dimension += "  values: # of it\n  - {code: v, name: V} # v\n  # of its end\n"
        assert agree(f"{HEAD}dimensions:\n{dimension}{others[0]}")
    assert seen
    assert not any("other" in text for text in seen)


def test_where_a_document_begins_and_ends_may_be_told() -> None:
    """With comments or without; what tells of another document, or of another version of YAML, is left to a parser."""
    rows = "accounts:\n- externalId: a\n  name: x # c\n# d\n- {externalId: b, name: x}\n  # e\n"
    braces = "{apiVersion: pleoctl/v1, kind: DesiredState, accounts: []}\n"
    begins = ["", "---\n", "# c\n--- # c\n\n", "%YAML 1.2\n---\n", "%YAML 1.2 # c\n# d\n---\t# e\n"]
    ends = ["...", "...\n", "# c\n... # c\n# d", "\n...  \n\n"]
    for begin in (*begins, "%YAML 1.1\n---\n", "%YAML 1.2\n", "---\n---\n", "...\n---\n", "--- x\n"):
        for end in ("", *ends, "...\n...\n", "...\n---\n", "... x\n", "..\n", "---\n"):
            for body in (HEAD + rows, HEAD + rows.replace("x # c", "|\n    x"), braces):
                try:
                    taken = agree(begin + body + end)
                except InvalidFile:
                    pytest.fail(f"{begin + body + end!r} was taken")
                assert taken == (begin in begins and end in ("", *ends))


def test_a_comment_behind_the_dash_needs_no_careful_look() -> None:
    """A row goes on with its first key below, as where nothing stands behind the dash."""
    row = "- # of the shop\n  code: '1'\n  name: x\n"
    found = block_of(0, 2).match(row)
    assert found is not None
    assert found.end() == len(row)


def test_rows_that_begin_in_many_depths_take_few_patterns() -> None:
    """Nobody writes a row that is deeper, and each depth takes as long as a hundred rows."""
    block_of.cache_clear()
    rows = "".join(f"-{' ' * blanks}externalId: {blanks}a\n {' ' * blanks}name: x # c\n" for blanks in range(59, 0, -1))
    assert agree(f"{HEAD}accounts:\n{rows}")
    assert block_of.cache_info().misses < 30


@pytest.mark.parametrize("value", ["a", "null", "yes", '"a # b"', '"a"', "a/b", "a b", "a: b", '"', r'"\""'])
@pytest.mark.parametrize(
    "end", ["", " ", " # c", "\n", "\n# c", "\n    # c", "\n    d", "\n\n    d", "\n \n", "\n    # c\n    d"]
)
def test_an_entry_ends_where_no_deeper_line_goes_on(value: str, end: str) -> None:
    """A word may go on, behind empty lines as well; a text in quotes may not."""
    taken = agree(f"{HEAD}dimensions:\n- code: A\n  name: {value}{end}\n  active: true\n")
    assert taken or value != "a" or end.endswith("c\n    d")
    agree(f"apiVersion: pleoctl/v1\nkind: DesiredState{end}\naccounts: []\n")
    if "d" not in end:
        assert agree(f'{HEAD}dimensions:\n- code: A\n  name: "x"{end}\n  active: true\n')


def _one_by_one() -> Iterator[str]:
    """A small file for each thing that may stand in each place."""
    block, braces = "- externalId: a\n  name: x\n", '- {externalId: a, name: "n"}\n'
    for value in (*KEPT, *NASTY):
        for end in ENDS:
            yield f"accounts:\n- externalId: a\n  name: {value}{end}\n  code: '1'\n"
            yield f"accounts:\n- {{externalId: a, name: {value}}}{end}\n"
        yield f"accounts:\n- name: x\n  externalId: {value}\n"
        for key in ("code", "active", "taxCodeExternalId", "currency", "hold", "code: 1\n  code"):
            yield f"accounts:\n{block}  {key}: {value}\n"
            yield f"accounts:\n- {{externalId: a, name: x, {key}: {value}}}\n"
        yield f"taxCodes:\n- {{code: c, name: x, rate: {value}, type: {value}}}\n"
    for key in (*KEYS, *ODD_KEYS):
        yield f"accounts:\n{block}  {key}: x\n"
        yield f"accounts:\n- {{externalId: a, name: x, {key}: x}}\n"
        yield f"dimensions:\n- code: a\n  name: x\n  {key}: []\n"
    for note in NOTES:
        yield f"accounts:\n{note}\n- externalId: a\n{note}\n  name: x\n{note}\n{braces}{note}\n"
    for blanks in map(" ".__mul__, range(6)):
        for begin in ("", "- "):
            yield f"accounts:\n{blanks}{block}{begin}{block}"
            yield f"accounts:\n- externalId: a\n{blanks}{begin}name: x\n"
            yield f"accounts:\n{begin}{blanks}{braces}  {braces}"
            yield f"dimensions:\n  - code: a\n    name: x\n    values:\n{blanks}{begin}{{code: b, name: x}}\n"
            yield f"{blanks}{begin}accounts:\n{block}"
    for section in (
        "accounts: []\n",
        "accounts:\n",
        "accounts: x\n",
        "accounts: [] # c\n",
        "kind: DesiredState\n",
        "...\n",
    ):
        yield f"accounts: []\n{section}"
        yield f"{section}{block}"


def _over_lines() -> Iterator[str]:
    """The same for a dash alone in its line, and for braces over several lines."""
    block, braces = "- externalId: a\n  name: x\n", '- {externalId: a, name: "n"}\n'
    for end in ENDS:
        for note in ("", *(f"{note}\n" for note in NOTES)):
            yield f"accounts:\n-{end}\n{note}  externalId: a\n  name: x\n{braces}"
            yield f"accounts:\n-{end}\n{note}  {{externalId: a, name: x}}\n{braces}"
            for sign in ("{", "{externalId: a,", '{externalId: "a"', "{externalId: a", "{externalId: a,,"):
                yield f"accounts:\n- {sign}{end}\n{note}  name: x}}{end}\n{braces}"
                yield f"accounts:\n- {sign}{end}\n{note}  ,name: x}}\n{braces}"
                yield f"accounts:\n- {{name: x, {sign[1:]}{end}\n{note}  }}{end}\n{braces}"
    for blanks in map(" ".__mul__, range(6)):
        yield f"accounts:\n{blanks}-{braces[2:]}"
        yield f"accounts:\n-\n{blanks}- externalId: a\n{blanks}  name: x\n{braces}"
        for lone in ("-", "- ", "-\t", "--", "-#", "- -", "- |", "- &a", "- !!map", "-{", "- ''", "- x", "-\n-", "---"):
            yield f"accounts:\n{lone}\n{blanks}externalId: a\n{blanks}name: x\n{braces}"
            yield f"accounts:\n  {lone}\n{blanks}{{externalId: a,\n{blanks}name: x\n{blanks}}}\n  {braces}"
            yield f"dimensions:\n- code: a\n  name: x\n  values:\n  {lone}\n{blanks}code: b\n{blanks}name: x\n"
        for begin in ("", "- "):
            yield f"accounts:\n-\n{blanks}{block}{blanks}{begin}code: c\n"
            yield f"accounts:\n-\n{blanks}{begin}{braces[2:]}{block}"
            yield f"accounts:\n- {{externalId: a,\n{blanks}{begin}name: x }}\n{blanks}{begin}{braces}"


def test_each_thing_in_each_place_is_read_alike_or_not_taken() -> None:
    """What YAML versions read differently, what is refused, and what only looks like a comment, a key or a row."""
    taken = [agree(HEAD + text) for text in chain(_one_by_one(), _over_lines())]
    assert 300 < sum(taken) < len(taken) / 2


_NAMES = {
    "given twice": "- externalId: &x a\n  name: A\n- externalId: &x b\n  name: *x\n",
    "of a row": "- &x\n  externalId: a\n  name: A\n- externalId: b\n  name: *x\n",
    "of a key": "- &x externalId: a\n  name: A\n- externalId: b\n  name: *x\n",
    "before it is given": "- externalId: a\n  name: *x\n- externalId: &x b\n  name: B\n",
    "within a row": "- name: *x\n  externalId: &x a\n",
    "of an odd row": '- externalId: &x "A\x85A"\n  name: A\n- externalId: b\n  name: *x\n',
    "of an odd row, then another": '- externalId: &x "A\x85A"\n  name: A\n- externalId: &x b\n  name: B\n'
    '- externalId: "C\x85C"\n  name: *x\n',
    "used by an odd row": '- externalId: &x a\n  name: A\n- externalId: "B\x85B"\n  name: *x\n',
    "of too many": "- externalId: a\n  name: &x A\n" + "- {externalId: b, name: *x}\n" * 21,
}


@pytest.mark.parametrize("text", _NAMES.values(), ids=_NAMES)
def test_names_mean_what_was_named_last(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever reader saw the row that has a name, and however many refer to it, up to the limit."""
    for limited in ("documents.nodes", "desired.values"):
        monkeypatch.setattr(f"pleoctl.{limited}.MAX_EXPANDED", 20)
    whole = f"{HEAD}accounts:\n{text}"
    try:
        parse(whole, "f.yaml", "desired-state")
    except InvalidFile:
        with pytest.raises(InvalidFile):
            read_state(whole, "f.yaml")
        return
    agree(whole)
    assert read_state(whole, "f.yaml")[0] == state_of(parse(whole, "f.yaml", "desired-state"))


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n  # c", "\n\n# c", "\n...\n"])
@pytest.mark.parametrize("mark", ["|", "|-", "|+", ">", ">-", ">+", "|2", "|  # c"])
def test_a_text_over_lines_ends_as_its_file_does(mark: str, end: str) -> None:
    """With a line break or without, and with empty lines or comments behind it."""
    for row in (
        f"- externalId: a\n  name: {mark}\n    text{end}",
        f"- name: {mark}\n    x\n    y{end}",
        f"- externalId: a\n  name: {mark}\n    x\n      y\n     z  \n\n    a{end}",
        f"- externalId: a\n  name: {mark}\n      \n    x{end}",
    ):
        agree(f"{HEAD}accounts:\n{row}")
        agree(f"{HEAD}accounts:\n- externalId: a\n  name: A\n  # c\n{row}")
        agree(f"{HEAD}dimensions:\n- code: a\n  values: []\n  name: {mark}\n    text{end}")


@pytest.mark.parametrize("values", ["x", '""', "'x'", "null", "~", "true", "1.5"])
def test_values_in_braces_must_be_a_list(values: str) -> None:
    """A dimension in one line whose values are no list is refused where they stand, whichever reader sees it."""
    text = f'{HEAD}dimensions:\n- {{code: "D", name: "D", values: {values}}}\n'
    with pytest.raises(InvalidFile) as refused:
        read_state(text, "f.yaml")
    (finding,) = refused.value.findings
    assert finding.message.startswith("dimensions.0.values must be a list")
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (4, 34)
