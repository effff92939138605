"""Hostile and mistaken files: a finding with place and fix, never a traceback, a hang or a changed file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from desired_rows import HEAD, ROWS
from findings import column_of, line_of
from pleoctl.desired.read import load_desired, read_state
from pleoctl.documents.load import parse
from pleoctl.errors import ExitCode, Finding, InvalidFile

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Value


def findings(text: str) -> list[Finding]:
    """What is wrong with a desired-state file."""
    with pytest.raises(InvalidFile) as caught:
        read_state(text, "f.yaml")
    assert caught.value.exit_code == ExitCode.INVALID
    return caught.value.findings


STRUCTURE = {
    "duplicate key in a row": (
        'accounts:\n- {externalId: "a", name: "b", name: "c"}\n',
        "f.yaml:4:32",
        "twice",
        "remove",
    ),
    "duplicate key at the top": ("kind: DesiredState\n", "f.yaml:3:1", "twice (first in line 2)", "remove"),
    "python tag": ("accounts: !!python/object:os.system []\n", "f.yaml:3:11", "tag", "remove the tag"),
    "local tag": ("accounts: !secret []\n", "f.yaml:3:11", "tag !secret", "remove the tag"),
    "merge key": ("<<: {accounts: []}\n", "f.yaml:3:1", "merge keys", "write the values out"),
    "alias to nothing": ("accounts: *b\n", "f.yaml:3:11", "alias *b", None),
    "recursive alias": ("accounts: &a [*a]\n", "f.yaml:3:15", "alias *a", None),
    "list as key": ("? [a, b]\n: c\n", "f.yaml:3:3", "key must be text", None),
    "map as key": ("? {a: b}\n: c\n", "f.yaml:3:3", "key must be text", None),
    "number as key": ("1: a\n", "f.yaml:3:1", "key 1 is not text", 'write "1"'),
    "yes as key": ("yes: a\n", "f.yaml:3:1", "key yes is not text", 'write "yes"'),
    "null as key": ("~: a\n", "f.yaml:3:1", "key ~ is not text", 'write "~"'),
    "second document": ("---\n" + HEAD, "f.yaml:3:1", "second document", "one document per file"),
    "NUL": ("acc\0ounts: []\n", "f.yaml:3:4", "NUL", "remove it"),
    "control character": ("acc\x07ounts: []\n", "f.yaml:3:4", "U+0007", "escaped"),
    "tab before a row": ("accounts:\n\t- {}\n", "f.yaml:4:1", "not valid YAML", "not with tabs"),
    "tab before a key": (
        'accounts:\n- externalId: "a"\n\tname: "b"\n',
        "f.yaml:5:1",
        "not valid YAML",
        "not with tabs",
    ),
    "tab behind a dash": ('accounts:\n-\texternalId: "a"\n', "f.yaml:4:2", "not valid YAML", "not with tabs"),
    "tab behind a bar": ("accounts: |\t# x\n  a\n", "f.yaml:3:12", "not valid YAML", "not tabs"),
    "colon in a plain text": ("accounts:\n- name: Rent: office\n", "f.yaml:4:13", "mapping values", "double quotes"),
    "unseen line break in a comment": (
        "# a\u2028 b\naccounts: []\n",
        "f.yaml:3:6",
        "not valid YAML",
        "invisible U+2028",
    ),
    "unseen line break behind a row": (
        'accounts:\n- {externalId: "a", name: "b"}  # c\x85d\n',
        "f.yaml:4:37",
        "not valid YAML",
        "invisible U+0085",
    ),
    "at sign": ("accounts: @x\n", "f.yaml:3:11", "cannot start", "double quotes"),
    "open quote": ('accounts: "abc\n', "f.yaml:4:1", "end of stream", "close the quote"),
    "open bracket": ("accounts: [b\n", "f.yaml:4:1", "stream end", "close the bracket"),
    "unknown escape": ('accounts: "\\q"\n', "f.yaml:3:13", "escape", "backslash"),
    "escape beyond Unicode": ('accounts: "\\U00110000"\n', "f.yaml:3:9", "not valid YAML", "does not exist"),
    "half of a character": (
        'accounts:\n- {externalId: "a\\ud800", name: "b"}\n',
        "f.yaml:4:16",
        "half of",
        "the whole",
    ),
    "half of a character in a name": (
        'accounts:\n- {externalId: "a", name: "\\udfff"}\n',
        "f.yaml:4:27",
        "half of",
        "the whole",
    ),
    "long key": ("x" * 5000 + ": 1\n", "f.yaml:3:5001", "':'", "1024"),
    "deep flow nesting": ("accounts: " + "[" * 900 + "]" * 900 + "\n", "f.yaml:3:50", "nested deeper", None),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_a_malformed_file_is_told_with_its_place_and_a_fix(name: str) -> None:
    """Each kind of broken YAML: one finding, the exact place, words for people."""
    text, where, message, hint = STRUCTURE[name]
    (finding,) = findings(HEAD + text)
    assert finding.where == where
    assert message in finding.message
    assert hint is None or hint in (finding.hint or "")


WHOLE = {
    "empty": ("", "file is empty"),
    "blank": ("\n \n", "file is empty"),
    "only comments": ("# nothing\n", "file is empty"),
    "only a marker": ("---\n", "must be a mapping, not null"),
    "a text": ("hello\n", "must be a mapping, not a single value"),
    "a number": ("3\n", "must be a mapping, not a single value"),
    "a list": ("- a\n", "must be a mapping, not a list"),
    "unknown YAML": ("%YAML 3.0\n---\n" + HEAD, "version 1.*"),
    "directive twice": ("%YAML 1.2\n%YAML 1.2\n---\n" + HEAD, "duplicate"),
    "other version": (HEAD.replace("v1", "v2"), 'apiVersion is "pleoctl/v2"'),
    "other kind": (HEAD.replace("DesiredState", "Workspace"), 'kind is "Workspace"'),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_something_else_is_told(name: str) -> None:
    """Files that are no desired state at all; what they hold is not told: it may be a secret that a link led to."""
    text, message = WHOLE[name]
    (finding,) = findings(text)
    assert finding.file == "f.yaml"
    assert line_of(finding) is not None
    assert message in finding.message


ACCEPTED = {
    "CRLF": ROWS.replace("\n", "\r\n"),
    "CR": ROWS.replace("\n", "\r"),
    "explicit start and end": "---\n" + ROWS + "...\n",
    "version directive": "%YAML 1.2\n---\n" + ROWS,
    "no newline at the end": ROWS.removesuffix("\n"),
    "blank lines and comments": ROWS.replace("\n", "\n\n# why\n"),
    "explicit text tags": ROWS.replace('code: "1"', "code: !!str 1"),
    "finished aliases": ROWS.replace('code: "1"', 'code: &one "1"').replace('- {code: "1"', "- {code: *one"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_honest_spelling_gives_the_same_rows(name: str) -> None:
    """Line ends, markers, comments, aliases make no difference to what a file says."""
    expected, _ = read_state(ROWS, "f.yaml")
    state, _ = read_state(ACCEPTED[name], "f.yaml")
    assert _rows(state) == _rows(expected)


def _rows(state: Value) -> Value:
    dimensions = [(_row(d.row), d.values and [_row(v) for v in d.values]) for d in state.dimensions]
    return [_row(r) for r in state.accounts], dimensions


def _row(row: Value) -> Value:
    return (row.key, row.fields, row.active, row.hold, row.expires, row.currency)


AMBIGUOUS = [
    "0100",
    "1e3",
    "NO",
    "y",
    "on",
    "2024-01-01",
    "12:30",
    "0x1F",
    "0o17",
    "1_000",
    ".5",
    "+1",
    "-0",
    ".inf",
    "=",
]


TYPED = {"1": "1 is not text", "1.50": "1.50 is not text", "true": "true is not text", "null": "null where text is due"}


RATES = {
    "25": ("taxCodes.0.rate: 25 is not a rate", 'write a fraction from "0" to "1", "0.25" for 25 %'),
    "0.25": ("taxCodes.0.rate: 0.25 is not text", 'write "0.25"'),
    ".25": (".25 is not a rate", "write a fraction"),
    "true": ("true is not a rate", "write a fraction"),
    "null": ("is null where text is due", "write a fraction"),
}


@pytest.mark.parametrize("scalar", RATES)
def test_quotes_are_not_advised_where_they_mend_nothing(scalar: str) -> None:
    """What would be refused in quotes with other words is told in those at once."""
    (finding,) = findings(HEAD + f"taxCodes:\n- {{code: A, name: b, rate: {scalar}, type: inclusive}}\n")
    message, hint = RATES[scalar]
    assert message in finding.message
    assert (finding.hint or "").startswith(hint)


@pytest.mark.parametrize("scalar", AMBIGUOUS)
@pytest.mark.parametrize("field", ["externalId", "code", "name", "taxCodeExternalId"])
def test_a_scalar_that_readers_disagree_on_is_refused_with_the_quoted_form(scalar: str, field: str) -> None:
    """An unquoted 0100 is never guessed at: the finding says how to write it."""
    row = {"externalId": '"a"', "name": '"b"'} | {field: scalar}
    (finding,) = findings(HEAD + f"accounts:\n- {{{', '.join(f'{k}: {v}' for k, v in row.items())}}}\n")
    assert f"{scalar} is not read alike" in finding.message
    assert finding.hint == f'write "{scalar}"'
    assert line_of(finding) == 4


@pytest.mark.parametrize("scalar", TYPED)
def test_a_typed_scalar_where_text_is_due_is_refused_with_the_quoted_form(scalar: str) -> None:
    """Numbers, booleans and null are no codes."""
    (finding,) = findings(HEAD + f"accounts:\n- {{externalId: {scalar}, name: b}}\n")
    assert TYPED[scalar] in finding.message
    assert (finding.hint or "").startswith(f'write "{scalar}"')
    assert ("or leave it out" in (finding.hint or "")) == (scalar == "null")
    assert finding.where == "f.yaml:4:16"


def test_a_number_that_readers_disagree_on_gets_a_number_as_fix() -> None:
    """Where a number is due, quoting it would be the wrong advice."""
    text = (
        "apiVersion: pleoctl/v1\nkind: Workspace\ncompany: 12abc3d4-e567-4890-8234-abc56e78fabc\n"
        "pleo: {url: https://external.pleo.io, auth: {apiKey: env:A}}\nguard: {maxShrink: .2}\n"
    )
    with pytest.raises(InvalidFile) as caught:
        parse(text, "f.yaml", "workspace")
    (finding,) = caught.value.findings
    assert (finding.where, finding.hint) == ("f.yaml:5:20", "write a plain number, e.g. 20 or 0.2")


@pytest.mark.parametrize("part", ["code", "currency", "expires", "apiVersion"])
def test_a_line_break_at_the_end_never_slips_past_a_pattern(part: str) -> None:
    """JSON Schema's $ means the end of the text, and nothing else."""
    value = {"code": '"1"', "currency": '"EUR"', "expires": '"2030-01-31"', "apiVersion": "pleoctl/v1"}[part]
    broken = value[:-1] + '\\n"' if value.endswith('"') else f'"{value}\\n"'
    if part == "code":
        read_state(ROWS.replace(f'code: {value}, name: "Ä', f'code: {broken}, name: "Ä'), "f.yaml")
    else:
        assert findings(ROWS.replace(f"{part}: {value}", f"{part}: {broken}"))


def test_all_violations_come_at_once_in_file_order() -> None:
    """One run tells everything that is wrong, from top to bottom, with did-you-mean for unknown keys."""
    text = HEAD + (
        "acounts: []\n"
        "accounts:\n"
        "- {externalID: a, Name: b, naem: c}\n"
        "- {externalId: '', name: ' '}\n"
        f"- {{externalId: b, name: {'x' * 256}, currency: eur}}\n"
        "dimensions:\n"
        "- {code: D, values: {}, active: maybe}\n"
        "- {code: E, name: E, values: [{code: x}]}\n"
    )
    told = findings(text)
    assert [(line_of(f), column_of(f)) for f in told] == sorted((line_of(f) or 0, column_of(f) or 0) for f in told)
    words = [str(f) for f in told]
    expected = (
        "3:1: unknown key 'acounts' (did you mean 'accounts'?)",
        "5:3: accounts.0 lacks externalId, name",
        "5:4: unknown key 'externalID' (did you mean 'externalId'?)",
        "unknown key 'Name' (did you mean 'name'?)",
        "unknown key 'naem' (did you mean 'name'?)",
        "6:16: accounts.1.externalId",
        "6:26: accounts.1.name is blank",
        "7:25: accounts.2.name has 256 characters",
        "accounts.2.currency is not a three-letter currency code",
        "9:3: dimensions.0 lacks name",
        "9:21: dimensions.0.values must be a list",
        "dimensions.0.active",
        "10:31: dimensions.1.values.0 lacks name",
    )
    for part in expected:
        assert any(part in word for word in words), (part, words)


def test_a_key_twice_and_a_day_that_is_none_are_told_with_their_places(tmp_path: Path) -> None:
    """Ids are compared byte for byte, codes ignoring case; both rows are named; also across files."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(HEAD + "accounts:\n- {externalId: a, name: xx}\n- {externalId: A, name: xx}\n")
    two.write_text(
        HEAD + "accounts:\n- {externalId: a, name: yy}\ndimensions:\n- code: D\n  name: D\n  values:\n"
        '  - {code: Straße, name: s, expires: "2025-02-29"}\n  - {code: STRASSE, name: s}\n'
    )
    with pytest.raises(InvalidFile) as caught:
        load_desired([(one, "one.yaml"), (two, "two.yaml")])
    assert [str(f) for f in caught.value.findings] == [
        "two.yaml:4:3: externalId 'a' stands twice, first in one.yaml:4 (keep one row)",
        "two.yaml:9:5: expires '2025-02-29' is no day of the calendar (write \"YYYY-MM-DD\", the last valid day)",
        (
            "two.yaml:10:5: code 'STRASSE' stands twice, first in two.yaml:9 (as 'Straße'; case makes no difference) "
            "(keep one row)"
        ),
    ]


BOMBS = {
    "aliases": HEAD
    + "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)),
    "chain of aliases": HEAD + "a0: &a0 x\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(3000)),
    "brackets": "[" * 1_000_000,
    "braces": "{" * 1_000_000,
    "dashes": "- " * 500_000,
    "question marks": "? " * 500_000,
    "brackets on lines": "[\n" * 500_000,
    "quotes": '"' * 1_000_000,
    "tag": "!" * 1_000_000,
    "tag with letters": "a: !" + "a" * 1_000_000,
    "anchor": "&" * 1_000_000,
    "documents": "---\n" * 300_000,
    "percent": "%" * 1_000_000,
    "blanks": " " * 1_000_000,
    "indentation": "\n".join(" " * i + "a:" for i in range(2000)),
    "unknown keys": HEAD + "".join(f"k{i}: 1\n" for i in range(5000)),
    "huge unknown key": HEAD + '? "' + "x" * 1_000_000 + '"\n: 1\n',
    "mixed list": "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: [" + "[],{},1,a," * 1000 + "]\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(name: str) -> None:
    """Bounded work: each of these would take minutes or gigabytes if it were taken at its word."""
    began = time.process_time()
    told = findings(BOMBS[name])
    assert time.process_time() - began < 5
    assert line_of(told[0]) is not None
    assert all(len(f.message) < 400 for f in told)


def test_a_huge_but_honest_scalar_is_read() -> None:
    """A long text is no attack: it is told to be too long."""
    (finding,) = findings(HEAD + f'accounts:\n- {{externalId: "a", name: "{"x" * 500_000}"}}\n')
    assert "500000 characters" in finding.message
