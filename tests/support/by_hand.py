"""Desired states as people write them, by hypothesis: most of them sound, some nearly so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

HEAD = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
HEADS = [HEAD, HEAD.replace("kind", '"kind"'), "kind: DesiredState # k\napiVersion: 'pleoctl/v1'\n"]

_PLAIN = ["x", "Rent, office", "ext-1", "C#", "a:b", "it's", "é", 'a "b"', "A & B", "yes please", "1a", "0.25", "EUR"]
_QUOTED = ['"x"', "'x'", "'it''s'", '"\\u00e9"', '"a # b"', "'a: b'", "'a\\b'", '"\\\\"', '"0100"', "'x  '", '"[]"']
_QUOTED += ['"\\xe9\\U0001f600\\_"', '"\\e\\\\x"']
KEPT = [*_PLAIN, *_QUOTED, "''", '""', "null", "~", "true", "false", '"2030-01-31"', "inclusive", "''''"]
_IN_BRACES = [text for text in KEPT if text[:1] in "\"'" or not {*text} & {*",#:"}]
NASTY = [
    "",
    *["0123", "yes", "NO", "1e3", "1_000", "0x1f", "100", "1.5", "-0", "12:30", "2024-01-01", "=", "<<"],
    "a #b",
    "a: b",
    "a:",
    "a:\tb",
    "a\tb",
    "\ta",
    "x # y # z",
    '"a" b',
    "'a' b",
    '"a"#b',
    "'a'",
    "'it's'",
    *['"\\x41"', '"\\/"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u2028"', '"\\x4"', '"\\q"', '"\\U00110000"'],
    *['"x\u2028y"', "'x\ufeffy'", '"x\x85y"', '"x\ty"', "x\ufeff", "\ufffe"],
    "\u2028",
    "x\x85y",
    "\xa0",
    "\xa0x\xa0",
    "\ufeffx",
    "x\x7f",
    "'\x07'",
    "|\n      text",
    ">-\n      text # none\n",
    "a\n      b",
    '"a\n      b"',
    "'a\n\n  b'",
    "&a x",
    "*a",
    "!t x",
    "!!str 1",
    *["[]", "{}", "[x]", "-x", "?x", ":x", "x,", "x]", "x}", "{x", "x?", "@x", "%x", "`x`", "---", "..."],
    "{a: b}",
    "- x",
    "? x",
    '" "',
    "x" * 300,
]
KEYS = ["externalId", "code", "name", "active", "taxCodeExternalId", "currency", "hold", "expires", "rate", "type"]
ODD_KEYS = ['"name"', "'name'", "nam3", "values", "<<", "? name", "&k name", "name ", "Name", "name:name"]
NOTES = ["# c", "#", "# a # b", "#\tc", "# é\xa0", "# c  ", "  # c", "      #c", "\t# c", "#\x07", "", "  ", "\t"]
NOTES += ["# a\ufeff", "# a\u2028# b", "\ufeff# c", "# a\u2028b"]
ENDS = ["", "", "  # why", " #", " # a: b", "# no", "  ", "\t", " #\tt\xa0", "\t# c", " \t #"]


def _mostly(draw: DrawFn, usual: list[str], odd: list[str]) -> str:
    return draw(st.sampled_from(odd if draw(st.integers(0, 40)) == 9 else usual))


def _value(draw: DrawFn, key: str, kept: list[str]) -> str:
    usual = {
        "active": ["true", "false", "True"],
        "expires": ["'2030-01-31'"],
        "currency": ["EUR", "SEK"],
        "hold": ["why"],
        "rate": ["'0.25'", '"0.250"', "'00.25'"],
        "type": ["inclusive"],
    }
    return _mostly(draw, usual.get(key, kept), NASTY)


_WORDS = ["x", "Rent,", "it's", "a:b", "C#", "é", "null", "'q'", "1", "[]", "long enough"]
_ODD_WORDS = ["# c", "a: b", "- x", "x:", "#", "x  ", "\ttab", "? x", "\u2028", "&a", "*a", '"']
_ODD_WORDS += ["\\\\", "\\ud83d", "\\ ", "\ufeff"]


def _long_text(draw: DrawFn, depth: int) -> str:
    """A text over several lines, of an entry whose key stands behind so many blanks."""

    def words(most: int = 3) -> list[str]:
        return [_mostly(draw, _WORDS, _ODD_WORDS) for _ in range(draw(st.integers(1, most)))]

    def pad() -> str:
        deeper = draw(st.sampled_from([2, 2, 2, 2, 1, 4, 0] if draw(st.integers(0, 9)) == 4 else [2]))
        return "\n" * draw(st.sampled_from([1, 1, 1, 2, 3])) + " " * (depth + deeper)

    form = draw(st.sampled_from(["block", "block", "quoted", "plain", "below"]))
    lines = [" ".join(words()) for _ in range(draw(st.integers(1, 3)))]
    if form == "block":
        mark = _mostly(draw, ["|", ">", ">-", "|-", "|+", ">+"], ["|2", ">1-", "|\t", "|-2", ">x", "| x"])
        after = "\n" * draw(st.sampled_from([0, 0, 0, 1, 2]))
        return f"{mark}{_mostly(draw, ENDS[:4], ENDS)}" + "".join(f"{pad()}{line}" for line in lines) + after
    ends = ["", "", " ", "\\", " \\", "\\ "] if form == "quoted" else ["", "", " "]
    text = lines[0] + "".join(f"{draw(st.sampled_from(ends))}{pad()}{line}" for line in lines[1:])
    if form == "quoted":
        quote = draw(st.sampled_from("'\""))
        return quote + text.replace("'", "''" if quote == "'" else "'").replace('"', "") + quote
    return text if form == "plain" else f"{_mostly(draw, ENDS[:4], ENDS)}{pad()}{text}"


_ANCHORS = ["a", "b", "r-1"]


def _named(draw: DrawFn, value: str) -> str:
    """A value that has a name or a tag, or is given by a name."""
    name = draw(st.sampled_from(_ANCHORS))
    if draw(st.integers(0, 3)) == 1:
        return draw(st.sampled_from([f"!!str {value}", f"!!str  {value}", f"!!str &{name} {value}", f"!!int {value}"]))
    return draw(st.sampled_from([f"&{name} {value}", f"&{name}  {value}", f"*{name}", f"*{name}", f"&{name}{value}"]))


def _break(draw: DrawFn, depth: int) -> str:
    """The end of a line, what may stand before the next, and the blanks it begins with, now and then too few."""
    notes = "".join(f"{_mostly(draw, NOTES[:9], NOTES)}\n" for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))))
    blanks = depth - 2 if draw(st.integers(0, 40)) == 9 else depth
    return f"{_mostly(draw, ENDS[:4], ENDS)}\n{notes}{' ' * blanks}"


@st.composite
def _braces(draw: DrawFn, depth: int, pairs: list[str]) -> str:
    """Pairs in braces, on a line or several."""
    if draw(st.booleans()):
        comma = draw(st.sampled_from([", ", " , "] + [","] * draw(st.booleans())))
        return f"{{{comma.join(pairs)}}}"

    def gap(usual: list[str]) -> str:
        text = _mostly(draw, usual, ["", ",", " ", "\t", "\n,"])
        return text.replace("\n", _break(draw, depth + draw(st.integers(1, 4))))

    text = "{" + gap(["", " ", "\n"])
    commas = draw(st.sampled_from([[",\n", ", ", " ,\n"], ["\n, ", ",\n"], ["\n, "], [",\n\t", ",\t", "\t,\n"]]))
    for pair in pairs[:-1]:
        text += pair + gap(commas)
    return f"{text}{pairs[-1]}{gap(['', ' ', chr(10), f',{chr(10)}', ', '])}}}"


def _pairs(draw: DrawFn, keys: list[str]) -> list[str]:
    """Pairs as JSON has them, or nearly so."""
    colon = draw(st.sampled_from([": ", ":", " : ", ":\n ", ":\t", ":\n\t"]))
    quote = draw(st.sampled_from(['"', '"', '"', "'", ""]))
    return [f"{quote}{key}{quote}{colon}{_value(draw, key, _QUOTED)}" for key in keys]


def _bracketed(draw: DrawFn, items: list[str]) -> str:
    gap = draw(st.sampled_from(["", " ", "\n", "\n  ", "\n\t", "  # c\n# d\n "]))
    last = _mostly(draw, ["", ","], [",,", " x"])
    return f"BRACKETS[{gap}{f',{gap}'.join(items)}{last if items else ''}{gap}]\n"


@st.composite
def _row(draw: DrawFn, depth: int, needed: list[str], *, more: int = 2) -> str:
    keys = [*needed, *(_mostly(draw, KEYS[1:-2], ODD_KEYS) for _ in range(draw(st.integers(0, more))))]
    keys = draw(st.permutations(keys if draw(st.integers(0, 9)) == 5 else list(dict.fromkeys(keys))))
    braces = draw(st.booleans())
    kept = _IN_BRACES if braces and draw(st.integers(0, 9)) != 5 else KEPT
    indent = " " * depth
    gap = " " * draw(st.integers(1, 3))
    said = [(key, _value(draw, key.strip("\"'"), kept)) for key in keys]
    if draw(st.integers(0, 2)) == 1:
        changed = [*range(len(said))] if draw(st.booleans()) else [draw(st.integers(0, len(said) - 1))]
        for n in changed:
            key, value = said[n]
            named = draw(st.integers(0, 3)) == 2
            value = _long_text(draw, depth + 1 + len(gap)) if named and draw(st.booleans()) else value
            said[n] = key, _named(draw, value) if named else _long_text(draw, depth + 1 + len(gap))
    alone = draw(st.integers(0, 3)) == 2
    anchor = f" &{draw(st.sampled_from(_ANCHORS))}" if draw(st.integers(0, 7)) == 3 else ""
    begins = f"{indent}-{anchor}{_break(draw, depth + 1) + gap if alone else gap}"
    if braces:
        pairs = [f"{key}: {value}" for key, value in said]
        return f"{begins}{draw(_braces(depth, pairs))}{_mostly(draw, ENDS[:4], ENDS)}\n"
    text = ""
    for key, value in said:
        colon = f"\n{' ' * (depth + 1 + len(gap))}: " if draw(st.integers(0, 30)) == 9 else ": "
        text += f"{begins}{'? ' * (colon != ': ')}{key}{colon}{value}{_mostly(draw, ENDS[:4], ENDS)}\n"
        text += "".join(f"{note}\n" for note in draw(st.lists(st.sampled_from(NOTES[:9]), max_size=1)))
        begins = " " * (depth + 1 + len(gap) + (draw(st.integers(-1, 2)) if draw(st.integers(0, 30)) == 9 else 0))
    return text


@st.composite
def _listed(draw: DrawFn, least: int, needed: list[str]) -> str:
    depth = least + draw(st.integers(0, 3))
    if draw(st.integers(0, 9)) == 6:
        return _bracketed(draw, [draw(_braces(depth, _pairs(draw, needed))) for _ in range(draw(st.integers(0, 3)))])
    rows = draw(st.lists(_row(depth, needed), min_size=1, max_size=3))
    return "".join(f"{_mostly(draw, [''], [f'{note}{chr(10)}' for note in NOTES])}{row}" for row in rows)


@st.composite
def _dimensions(draw: DrawFn) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 2))):
        row = draw(_row(0, ["code", "name"], more=0))
        values = draw(st.one_of(st.just("  values: []\n"), _listed(2, ["code", "name"]).map("  values:\n{}".format)))
        text += row + (values if draw(st.booleans()) else "")
        text += "  active: false\n" if draw(st.integers(0, 5)) == 3 else ""
    return text


@st.composite
def written(draw: DrawFn) -> str:
    """A desired state by hand, most of it sound."""
    sections = [
        f"accounts:{draw(st.sampled_from(ENDS[:4]))}\n" + draw(_listed(0, ["externalId", "name"])),
        draw(st.sampled_from(["vendors: []\n", "taxCodes:\n" + draw(_listed(0, ["code", "name", "rate", "type"]))])),
        "dimensions:\n" + draw(_dimensions()),
        draw(st.sampled_from(HEADS)),
    ]
    chosen = sections[draw(st.integers(0, 2)) :]
    usual = ["", "", "# on top\n", "---\n", "\n", "--- # c\n", "%YAML 1.2\n# c\n---\n"]
    text = _mostly(draw, usual, ["%YAML 1.1\n---\n", "%YAML 1.2\n", "---\n---\n", "\ufeff", "...\n", "--- "])
    text += "".join(draw(st.permutations(chosen))).replace("\nBRACKETS", " ")
    usual = ["", "", "# end\n", "\n\n", "# no line end", "...\n", "# end\n... # c\n# d", "..."]
    text += _mostly(draw, usual, ["---\n", "...\n...\n", "...\n---\n", "... x\n", "accounts: []\n", "x"])
    return text.replace("\n", "\r\n") if draw(st.integers(0, 15)) == 4 else text


@st.composite
def as_json(draw: DrawFn) -> str:
    """A desired state in braces, most of it sound."""
    gap = draw(st.sampled_from(["", " ", "\t", "\n", "\n    ", "\n\t\t", "\n \t# c\n\t ", "\n  # c\n"]))
    colon = draw(st.sampled_from([":", ": ", ":\t"]))

    def listed(needed: list[str]) -> str:
        items = [f"{{{gap}{f',{gap}'.join(_pairs(draw, needed))}{gap}}}" for _ in range(draw(st.integers(0, 3)))]
        return f"[{gap}{f',{gap}'.join(items)}{gap}]"

    pairs = [f'"apiVersion"{colon}"pleoctl/v1"', f'"kind"{colon}"DesiredState"']
    pairs.append(f'"accounts"{colon}{listed(["externalId", "name"])}')
    values = f'"values"{colon}{listed(["code", "name"])}'
    pairs.append(f'"dimensions"{colon}[{gap}{{"code"{colon}"D",{gap}"name"{colon}"D",{gap}{values}}}{gap}]')
    chosen = draw(st.permutations(pairs[: draw(st.integers(2, 4))]))
    return f"{{{gap}{f',{gap}'.join(chosen)}{gap}}}{draw(st.sampled_from(['', chr(10), '  # end', ' x']))}"


BY_HAND = """\
# Our chart, kept by hand.
---
kind: DesiredState  # the kind

"apiVersion": 'pleoctl/v1'
accounts:  # the chart
    # about 1000
    -   externalId: ext-1000  # since 2019
        # its name
        name: 'Office ''n'' things'
        code: "1000"

    - code: '2000'
      name: R&D:tools, C#   # a colon
      externalId: "\u00e9"
      taxCodeExternalId: ~
      active: True
      currency: SEK
    - {externalId: "c", code: "3", name: "As exported"}
    - {externalId: "d", name: "As exported, with a comment", active: false}  # closed
    - { "externalId": e, "name": 'by hand' , code: null }
    - externalId: f
      name: held
      code:
      hold: why not # held
    -
      externalId: g
      # its number
      code:   "1001"   # tail
      name:   Hotel
    -  # alone
        # about h

        {"externalId": h, name: below}  # behind h
    - { externalId: "i",
        code: '1001',   # number
        # its name
        name: "Hotel" , active: false }  # behind i
    # about j
    - {
        externalId: j,

        name: one a line  # its name
      }
    -   {  # begins
      externalId: k, code: null,
          name: "with a last comma",
          # ends
        }
    -  externalId: kk
       name: behind two blanks, \ufeff and all
    - &row
      externalId: &same l
      code: *same
      name: >-  # folded
        Words that

        go on
    # about m
    - externalId: m
      name:
        a name
        - below it
      code: "quoted
        on two"
    - externalId: nn
      name: |
        # no comment
        as it stands

    # about o
    - { externalId: 'o'
      , 'name': a name
         over lines  # its name
      , "code":"7"
      }
    - !!str externalId: odd  # a tag
      name: odd
    - externalId: odder
      ? name
      : odd  # in two lines
      # below it
vendors: [
  {externalId: v, name: "in brackets", defaultCurrency: SEK},  # behind v
  # about w
  { externalId: w, name: too, defaultCurrency: EUR },
]
taxCodes:
- {code: V25, name: Standard, rate: "0.250", type: inclusive}
dimensions:
- code: D
  name: Department
  values:
  # about w
  - code: w
    name: W
    # below w

    expires: '2030-01-31'  # a day
  - {code: v, name: V}
  -
    code: u
    # its name
    name: U
  - {code: t,  # its code
     name: T}
  active: false  # behind its values
- code: E
  # about E
  name: no values
- {code: F, name: in braces}
-  # alone
  # about H
  code: H
  name: H
  values:
    -  # the first
      code: s
      name: S
- { code: I,
    name: I }  # behind I
- values: []
  name: G
  code: G
  # the end"""


_PIECES = [*"\n :{}'\"\ta\\", "", "# ", " #", ": ", "- ", ", ", "\n    ", *NASTY[:-1]]


@st.composite
def disturbed(draw: DrawFn) -> str:
    """A sound one, changed in a few places."""
    text = BY_HAND
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(_PIECES)) + text[at + draw(st.integers(0, 3)) :]
    return text
