"""People's comments survive a re-export, wherever they stand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.desired.comments import render
from pleoctl.desired.read import read_state
from pleoctl.model.records import DesiredState, Dimension, Row

HEAD = "apiVersion: pleoctl/v1\nkind: DesiredState\n"


def rewritten(text: str, *, without: str = "") -> str:
    """The text as a re-export writes it, after the accounts with these ids went away."""
    state, comments = read_state(text, "f.yaml")
    state.flat["account"] = [row for row in state.accounts or [] if row.key not in set(without)]
    return render(state, comments)


CANONICAL = """\
# on top
apiVersion: pleoctl/v1
# between
kind: DesiredState
# before accounts
accounts:
# before a
- {externalId: "a", name: "A # not a comment"}
# before b, 1
# before b, 2
- {externalId: "b", name: "B"}
# before dimensions
dimensions:
# before D
- code: "D"
  # before its name
  name: "D"
  # before its values
  values:
  # before v
  - {code: "v", name: "V"}
# before E
- {code: "E", name: "E"}
# at the end
""".replace("{{", "{").replace("}}", "}")


def test_a_canonical_file_with_comments_stays_as_it_is() -> None:
    """Comments before rows, sections, fields, on top and at the end: not a byte changes."""
    assert rewritten(CANONICAL) == CANONICAL


def test_comments_of_any_style_find_their_rows() -> None:
    """Block style, flow style over lines, comments behind values: each ends at the row it spoke of."""
    text = """\
# on top
kind: DesiredState  # the kind
apiVersion: pleoctl/v1
accounts:  # the chart
  # about b
  - externalId: "b"  # its id
    # about its name
    name: 'it''s # no comment'   # its name
  # about a
  - {externalId: "a",  # first
     name: "A#1 # no"}  # second
# about the dimensions
dimensions:
- code: D  # the code
  values:  # the values
  # about w
  - code: w
    name: |  # styled
      text # no comment
    # after the name of w
  name: Dim
  # the end of D
# at the end
"""
    expected = """\
apiVersion: pleoctl/v1
# on top
kind: DesiredState  # the kind
accounts:  # the chart
# about a
# second
- {externalId: "a", name: "A#1 # no"}  # first
# about b
# about its name
# its name
- {externalId: "b", name: "it's # no comment"}  # its id
# about the dimensions
dimensions:
- code: "D"  # the code
  name: "Dim"
  values:  # the values
  # about w
  # after the name of w
  - {code: "w", name: "text # no comment\\n"}  # styled
"""
    result = rewritten(text)
    assert result.startswith(expected)
    assert result.endswith("# the end of D\n# at the end\n")
    assert rewritten(result) == result


def test_a_comment_below_a_text_over_lines_stays_above_the_next_row() -> None:
    """Unless it stands as deep as the text's key; whichever reader sees the file."""
    text = "accounts:\n- externalId: a\n  name: >-\n    A\n  # of a\n# of b\n- externalId: b\n  name: B\n"
    for odd in ("", '- externalId: "c\x85c"\n  name: C\n', 'dimensions:\n- {code: "D\x85D", name: D}\n'):
        rows = rewritten(HEAD + text + odd).partition("accounts:\n")[2].splitlines()
        assert rows[:4] == ["# of a", '- {externalId: "a", name: "A"}', "# of b", '- {externalId: "b", name: "B"}']


SPACED = f"""
# ours
{HEAD}
# income
#
# of the year

accounts:

- {{externalId: "c", name: "C"}}


# about a


- {{externalId: "a", name: "A"}}  # behind

  # about b
- externalId: "b"

  # inside
  name: "B"

# the end

"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_empty_lines_that_set_comments_apart_stay(line_end: str) -> None:
    """One beside each comment, with its row; none where the file begins or ends, or between rows without comments."""
    expected = f"""\
# ours
{HEAD}
# income
#
# of the year

accounts:

# about a

- {{externalId: "a", name: "A"}}  # behind

# about b

# inside
- {{externalId: "b", name: "B"}}
- {{externalId: "c", name: "C"}}

# the end
"""
    for text in (SPACED, SPACED.replace('"a"', "&k a")):  # as each of the readers finds them
        assert rewritten(text.replace("\n", line_end)) == expected
    assert rewritten(expected) == expected


def test_tabs_stand_before_comments() -> None:
    """Tabs separate as blanks do: before comments, at the ends of lines, behind colons, within plain texts."""
    blanks = f"""{HEAD}accounts: # ours
 # about a
- externalId:  "a" # its id
  name: Cash in hand # its name
- {{externalId: b,  name: "B" }} # b
# the end
"""
    tabs = blanks.replace(" #", "\t#").replace(":  ", ":\t").replace("Cash in", "Cash\tin").replace(" }", "\t}")
    assert rewritten(tabs) == rewritten(blanks).replace("Cash in", "Cash\\tin")


@pytest.mark.parametrize("closing", ["}", ",\n  }"])
def test_a_comment_behind_a_brace_that_closes_stays_with_its_row(closing: str) -> None:
    """A row over lines ends with its brace, wherever that stands and whatever the next row is."""
    text = f"""{HEAD}accounts:
- {{externalId: "z",
  name: "Z"{closing}  # of z
- {{externalId: "b", name: "B"}}
"""
    rows = '- {externalId: "b", name: "B"}\n- {externalId: "z", name: "Z"}  # of z\n'
    assert rewritten(text) == f"{HEAD}accounts:\n{rows}"


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ('{externalId: "a", name: "A"}#c', '{externalId: "a", name: "A"}  #c'),
        ('{externalId: "a", name: "A",#c\n  }', '{externalId: "a", name: "A"}  #c'),
        ('{#c\n  externalId: "a", name: "A"}', '{externalId: "a", name: "A"}  #c'),
        ("externalId: 'a'#c\n  name: A", '{externalId: "a", name: "A"}  #c'),
        ('externalId: "a"#c\n  name: A', '{externalId: "a", name: "A"}  #c'),
        ('{externalId: a#c, name: "A, #b"}', '{externalId: "a#c", name: "A, #b"}'),
        ("externalId: a,#c\n  name: '\"#b'", '{externalId: "a,#c", name: "\\"#b"}'),
    ],
)
@pytest.mark.parametrize("more", ["", "- &k {externalId: z, name: Z}\n"])
def test_a_comment_that_touches_what_stands_before_it_stays(row: str, kept: str, more: str) -> None:
    """Parsers pass over it as over any comment; in a plain text a hash is a letter."""
    rows = f"- {kept}\n" + ('- {externalId: "z", name: "Z"}\n' if more else "")
    assert rewritten(f"{HEAD}accounts:\n- {row}\n{more}") == f"{HEAD}accounts:\n{rows}"


@pytest.mark.parametrize("text", ['"A"', "A", "'A'", "|- #2\n    A", ">- #2\n    A"])
@pytest.mark.parametrize("properties", ["&k", "!!str", "!!str &k", "&k #1\n    !!str", "!!str\n    #1\n    &k"])
def test_a_comment_between_an_anchor_and_its_text_stays(properties: str, text: str) -> None:
    """An anchor or a tag is no part of the text, nor is what stands between them."""
    given = f"{HEAD}accounts:\n- externalId: a\n  name: {properties} #3\n    {text} #4\n"
    if "#2" in text:
        given = given.replace(" #4", "").replace(" #3\n    ", " ")
    result = rewritten(given)
    assert '- {externalId: "a", name: "A"}' in result
    assert sorted(re.findall(r"#\d", result)) == sorted(re.findall(r"#\d", given))


def test_an_alias_behind_a_text_with_a_hash_makes_no_comment_of_it() -> None:
    """What a key that is an alias names stands where it was named first, not behind the text before that key."""
    given = f'{HEAD}accounts:\n- {{externalId: a, &k name: Hotel}}\n- {{externalId: "b #1", *k : Hotel}}  #2\n'
    rows = '- {externalId: "a", name: "Hotel"}\n- {externalId: "b #1", name: "Hotel"}  #2\n'
    assert rewritten(given) == f"{HEAD}accounts:\n{rows}"


@pytest.mark.parametrize("row", ['{externalId: "a", name: "A"}', 'name: A\n  externalId: "a"'])
@pytest.mark.parametrize("line_end", ["\r", "\r\n", "\n"])
def test_a_comment_ends_with_its_line_whatever_ends_the_line(row: str, line_end: str) -> None:
    """A lone carriage return is a line break of YAML, too: nothing behind it becomes part of the comment."""
    text = f"{HEAD}accounts:  # ours\n- {row}  # of a\n".replace("\n", line_end)
    expected = f'{HEAD}accounts:  # ours\n- {{externalId: "a", name: "A"}}  # of a\n'
    assert rewritten(text) == expected


def test_the_comment_of_a_row_that_went_away_moves_to_the_next() -> None:
    """A note is never lost with its row: it moves down, at last to the end."""
    text = (
        HEAD + 'accounts:\n# on a\n- {externalId: "a", name: "A"}  # behind a\n# on b\n- {externalId: "b", name: "B"}\n'
    )
    assert rewritten(text, without="a") == (
        HEAD + 'accounts:\n# on a\n# behind a\n# on b\n- {externalId: "b", name: "B"}\n'
    )
    assert rewritten(text, without="ab") == HEAD + "accounts: []\n# on a\n# behind a\n# on b\n"


def test_comments_stay_at_their_rows_when_others_come_between() -> None:
    """New rows do not take over the notes of their neighbours."""
    state, comments = read_state(CANONICAL, "f.yaml")
    state.flat["account"] = [Row("aa", {"code": None, "name": "new"}), *(state.accounts or [])]
    assert render(state, comments) == CANONICAL.replace(
        "# before b, 1", '- {externalId: "aa", name: "new"}\n# before b, 1'
    )


def test_the_notes_of_a_dimension_survive_the_loss_of_its_values() -> None:
    """A block becomes one line; every note in it is still there."""
    state, comments = read_state(CANONICAL, "f.yaml")
    state.dimensions = [Dimension(d.row, None) for d in state.dimensions or []]
    result = render(state, comments)
    assert [line for line in result.splitlines() if "#" in line and "{" not in line] == [
        line.strip() for line in CANONICAL.splitlines() if line.strip().startswith("#")
    ]


@pytest.mark.parametrize("name", ["# x", "a # b", "#", "a #", '"#"', "# '", "a: # b"])
@pytest.mark.parametrize("quote", ["'", '"', "|"])
def test_a_hash_inside_a_text_is_no_comment(name: str, quote: str) -> None:
    """Only what YAML takes for a comment is one."""
    scalar = {
        "'": "'" + name.replace("'", "''") + "'",
        '"': '"' + name.replace('"', '\\"') + '"',
        "|": f"|-\n    {name}",
    }[quote]
    state, comments = read_state(HEAD + f"accounts:\n- name: {scalar}\n  externalId: a\n", "f.yaml")
    assert (state.accounts or [])[0].fields["name"] == name
    assert not comments.before
    assert not comments.behind


def test_held_rows_without_a_key_keep_their_notes() -> None:
    """Rows that have no key are told apart by their number."""
    text = HEAD + 'accounts:\n# one\n- {name: "A", hold: "no id"}\n# two\n- {name: "B", hold: "no id"}\n'
    assert rewritten(text) == text


_ROW = st.sampled_from(["a", "b", "c", "d", "e"])
_NOTE = st.text("ab #:\"'{-\t", max_size=6).map(lambda t: f"# {t}x")


@given(
    st.lists(st.tuples(_ROW, st.lists(_NOTE, max_size=2), st.booleans(), st.booleans()), unique_by=lambda r: r[0]),
    st.sets(_ROW),
    st.lists(_NOTE, max_size=2),
)
def test_no_comment_is_ever_lost(
    rows: list[tuple[str, list[str], bool, bool]], gone: set[str], last: list[str]
) -> None:
    """Any rows in any order and style, any of them gone: every note is there once, and a second pass is idle."""
    text, notes = HEAD + ("accounts:\n" if rows else "accounts: []\n"), []
    for key, before, behind, block in rows:
        text += "".join(f"{note}\n" for note in before)
        tail = f"  # behind {key}" if behind else ""
        text += f"- externalId: {key}{tail}\n  name: x\n" if block else f'- {{externalId: "{key}", name: "x"}}{tail}\n'
        notes += [*before, *([tail.strip()] if behind else [])]
    text += "".join(f"{note}\n" for note in last)
    result = rewritten(text, without="".join(gone))
    found = [line[line.index("#") :].rstrip() for line in result.splitlines() if "#" in line]
    assert sorted(found) == sorted(note.rstrip() for note in [*notes, *last])
    assert rewritten(result) == result


def test_a_new_file_has_no_comments() -> None:
    """Without an old file there is nothing to keep."""
    assert render(DesiredState(accounts=[])) == HEAD + "accounts: []\n"
