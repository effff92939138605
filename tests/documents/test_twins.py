"""The writer and its two readers: what is written is read back by both, to the character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from awkward import TEXT
from pleoctl.desired.comments import from_nodes, render
from pleoctl.desired.digest import digest_of
from pleoctl.desired.entries import NotSimple
from pleoctl.desired.quick import QuickReader
from pleoctl.desired.read import checked, read_state, state_of
from pleoctl.documents.load import parse
from pleoctl.errors import InvalidFile
from pleoctl.model.records import DesiredState, Dimension, Row

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from shapes import Value

# --- any desired state -----------------------------------------------------------------------------------------------

_FILLED = TEXT.filter(lambda t: bool(t.strip()))
_SHORT = _FILLED.map(lambda t: t[:255]).filter(lambda t: bool(t.strip()))


@st.composite
def accounts(draw: DrawFn) -> Row:
    """An account row as every producer makes them."""
    hold = draw(st.one_of(st.none(), st.none(), _FILLED))
    key = draw(_SHORT if hold is None else st.one_of(st.none(), _FILLED))
    # An empty code or tax code is none.
    code = draw(st.one_of(st.none(), TEXT.map(lambda t: t[:255]) if hold is None else TEXT)) or None
    fields = {"code": code}
    name = draw(_SHORT if hold is None else st.one_of(st.none(), TEXT))
    if name is not None:
        fields["name"] = name
    if draw(st.booleans()):
        fields["taxCodeExternalId"] = draw(st.one_of(st.none(), TEXT)) or None
    currency = draw(st.one_of(st.none(), st.sampled_from(["EUR", "SEK"])))
    return Row(key, fields, draw(st.booleans()), hold, {"currency": currency} if currency else {})


@st.composite
def values(draw: DrawFn, *, expires: bool = True) -> Row:
    """A dimension or a value."""
    hold = draw(st.one_of(st.none(), st.none(), _FILLED))
    key = draw(_FILLED if hold is None else st.one_of(st.none(), _FILLED))
    fields = {"code": key}
    name = draw(_FILLED if hold is None else st.one_of(st.none(), TEXT))
    if name is not None:
        fields["name"] = name
    day = draw(st.one_of(st.none(), st.dates().map(str))) if expires else None
    return Row(key, fields, draw(st.booleans()), hold, {"expires": day} if day else {})


_DIMENSIONS = st.builds(Dimension, values(expires=False), st.one_of(st.none(), st.lists(values(), max_size=4)))
states = st.builds(
    DesiredState,
    st.one_of(st.none(), st.lists(accounts(), max_size=5)),
    st.one_of(st.none(), st.lists(_DIMENSIONS, max_size=3)),
)


def plain(row: Row) -> Row:
    """The row without where it stands."""
    return replace(row, file="", line=0, column=0)


def said(state: DesiredState) -> Value:
    """What a state says, in the order of files."""

    def order(row: Value) -> tuple[bool, str, str]:
        return row.key is not None, row.key or "", repr((dict(row.fields), row.active, row.hold, dict(row.local)))

    accounts = None if state.accounts is None else sorted(map(plain, state.accounts), key=order)
    dimensions = None
    if state.dimensions is not None:
        dimensions = [(plain(d.row), d.values and sorted(map(plain, d.values), key=order)) for d in state.dimensions]
        dimensions.sort(key=lambda pair: (order(pair[0]), repr(pair[1] and list(map(order, pair[1])))))
    return accounts, dimensions


def slow(text: str) -> DesiredState:
    """The state as ruamel.yaml and the schema read it."""
    return state_of(parse(text, "f.yaml", "desired-state"))


ODD = DesiredState(
    [Row("a", {"code": None, "name": "\ud800"})],
    [
        Dimension(
            Row("D", {"code": "D", "name": 'x\udc00", values: '}, active=False),
            [Row("v", {"code": "v", "name": "\ud83d"})],
        )
    ],
)


# Two rows without a key, of which only one has a field that pleoctl alone reads.
KEYLESS = DesiredState(
    [Row(None, {"code": "1", "name": "One"}, hold="0", local=local) for local in ({}, {"currency": "EUR"})]
)


@given(states)
@example(ODD)
@example(KEYLESS)
def test_what_is_written_is_read_back(state: DesiredState) -> None:
    """Any state survives writing and reading to the character, by both readers, and writes the same text again."""
    text = render(state)
    by_slow = slow(text)
    assert said(by_slow) == said(state)
    reader = QuickReader(text, "f.yaml")
    try:
        by_fast = reader.read()
    except NotSimple:
        by_fast = by_slow
    assert by_fast == by_slow
    assert render(by_slow) == text


_ORDINARY = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn", "Cf"]), min_size=1, max_size=255)


@given(st.lists(_ORDINARY.filter(str.strip), unique=True, max_size=6), st.booleans())
def test_ordinary_rows_take_the_fast_path(names: list[str], active: bool) -> None:
    """Whatever letters, quotes and marks: rows that pleoctl wrote never need the slow reader."""
    rows = [Row(name, {"code": name, "name": name}, active) for name in names]
    text = render(
        DesiredState(
            [replace(r, local={"currency": "EUR"}) for r in rows],
            [Dimension(Row("D", {"code": "D", "name": '"'}), rows)],
        )
    )
    assert said(QuickReader(text, "f.yaml").read()) == said(slow(text))


@given(states.filter(lambda s: bool(s.accounts)))
def test_rows_are_sorted_by_code_points(state: DesiredState) -> None:
    """The order of the file depends neither on the order of the source nor on any locale."""
    text = render(state)
    for rows in (slow(text).accounts or [], *(d.values or [] for d in slow(text).dimensions or [])):
        keys = [row.key for row in rows if row.key is not None]
        assert keys == sorted(keys)
    # Two dimensions of one key are refused before anything is written.
    assume(len({d.row.key for d in state.dimensions or []}) == len(state.dimensions or []))
    turned = DesiredState(
        (state.accounts or [])[::-1],
        None
        if state.dimensions is None
        else [Dimension(d.row, d.values and d.values[::-1]) for d in state.dimensions[::-1]],
    )
    assert render(turned) == text


_PIECES = st.sampled_from(
    [
        "",
        " ",
        "  ",
        "\n",
        "# c",
        " # c",
        "\n# c\n",
        "\n  # c\n",
        "\t",
        "\r",
        "\u2028",
        "\x85",
        "\xa0",
        "\ufeff",
        "\x07",
        "\\",
        "\\u0041",
        "\\ud800",
        "\\/",
        "\\x41",
        '"',
        '""',
        "'",
        "null",
        "true",
        "false",
        "~",
        "[]",
        "{}",
        "- ",
        ":",
        ", ",
        "x",
        '" "',
        "2030-02-31",
        "EUR",
        ', hold: "h"',
        ", active: false",
        "code: ",
        '"\u3000"',
        "accounts: []\n",
        "dimensions: []\n",
        "  values: []\n",
    ]
)


@given(states, st.data())
def test_whatever_the_fast_reader_accepts_the_slow_one_reads_alike(state: DesiredState, data: st.DataObject) -> None:
    """Canonical text, changed at random: rows, places and comments agree, or the fast reader gives up."""
    text = render(state)
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 0, 1, 2, 5]))
        text = text[:start] + data.draw(_PIECES) + text[start + length :]
    _agree(text)


@given(st.data())
def test_readers_agree_on_every_single_change(data: st.DataObject) -> None:
    """The same on one small file, where each change meets something."""
    text = (
        "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
        '- {externalId: "a", code: "1", name: "A", active: false, '
        'taxCodeExternalId: null, currency: "EUR", hold: "x"}\n'
        '- {externalId: "b", name: "B"}\n'
        'dimensions:\n- code: "D"\n  name: "D"\n  hold: "h"\n  values:\n'
        '  - {code: "v", name: "V", expires: "2030-01-31"}\n'
        '- {code: "E", name: "E", active: false}\n'
    )
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 0, 1, 2, 3, 5, 10]))
        text = text[:start] + data.draw(_PIECES) + text[start + length :]
    _agree(text)


HELD_BLANK = 'apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n- {externalId: " ", name: "", hold: "blank"}\n'


def test_a_blank_key_of_a_held_row_is_no_key_to_both_readers() -> None:
    """A key of blanks identifies nothing."""
    _agree(HELD_BLANK)
    _agree(HELD_BLANK.replace("accounts", "dimensions").replace("externalId", "code"))
    assert (read_state(HELD_BLANK, "f")[0].accounts or [])[0].key is None


def _agree(text: str) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as both get it, see `read_state`
    try:
        reader = QuickReader(text, "f.yaml")
        fast = reader.read()
    except NotSimple:
        return
    document = parse(text, "f.yaml", "desired-state")
    assert fast == state_of(document)
    by_lines = render(fast, reader.comments())
    assert by_lines == render(fast, from_nodes(document.root, document.text))


@given(states)
def test_formatting_twice_is_formatting_once(state: DesiredState) -> None:
    """What the writer wrote, the writer leaves alone; half a character, which nobody may have written, is refused."""
    text = render(state)
    assume("\\ud" not in text)
    again, comments = read_state(text, "f.yaml")
    assert render(again, comments) == text


@given(states)
def test_the_digest_depends_on_rows_and_not_on_places(state: DesiredState) -> None:
    """Comments and line numbers do not change the digest; rows do."""
    try:
        first = digest_of(checked(slow(render(state))))
    except InvalidFile:
        return
    text = "# moved\n\n" + render(state)
    assert digest_of(checked(slow(text))) == first
    state.flat["account"] = [*(state.accounts or []), Row("never there before", {"code": None, "name": "x"})]
    assert digest_of(checked(slow(render(state)))) != first


# --- scalars ---------------------------------------------------------------------------------------------------------
