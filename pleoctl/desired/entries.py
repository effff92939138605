"""How rows look where people write them: regular expressions over the whole text, a row or an entry in one step each.

Only what says the same to every YAML reader is matched: a row is a block of lines ``key: value`` or stands in braces,
in any layout, with comments and empty lines anywhere. What does not match needs a YAML parser, be it valid or not.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

# Characters that readers refuse, skip or take for line breaks; of blanks a tab. In comments a tab is a letter. Those
# beyond Latin-1 are looked for in the whole text: patterns that name them take three times as long to compile.
_REFUSED: Final = r"\x00-\x08\x0a-\x1f\x7f-\x9f"
_REFUSED_BEYOND: Final = "\u2028\u2029\ufeff\ufffe\uffff"
_OUT: Final = rf"\t{_REFUSED}"
# Raw characters that JSON and YAML read alike; escapes that both know; no half of a character.
_RAW: Final = rf'[^"\\{_OUT}]*+'
_HEX: Final = "[0-9a-fA-F]"
_PAIR: Final = rf"[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_ESCAPED: Final = rf'\\(?:["\\/bfnrt]|u(?:{_PAIR}|(?![dD][89a-fA-F]){_HEX}{{4}}))'
PLAIN: Final = rf'[^\s"\\{_OUT}][^"\\{_OUT}]*+'
"""What stands between double quotes without an escape, and does not begin with a blank."""
WRITTEN: Final = rf'(?:[^\s"\\{_OUT}]|\\["\\])[^"\\{_OUT}]*+(?:\\["\\][^"\\{_OUT}]*+)*+'
"""The same with quotes and backslashes, which are escaped."""

# No run is looked at twice, or long lines would take their square; nothing that is captured stands in such a run.
_FIRST: Final = rf"""[^\s{_OUT}\-?:,\[\]{{}}#&*!|>'"%@`]"""
_IN_BLOCK: Final = rf"{_FIRST}[^:#{_OUT}]*+(?:(?::(?![ \t\n])|(?<! )#)[^:#{_OUT}]*+)*+"
_IN_BRACES: Final = rf"{_FIRST}[^:#,\[\]{{}}?{_OUT}]*+"
_NOTE: Final = rf"#[^{_REFUSED}]*+"
_NAME: Final = "[A-Za-z0-9_-]++"
# What may stand before a value.
_NAMED: Final = rf"&{_NAME} ++|!!str ++"
TAIL: Final = rf"[ \t]*+(?:(?<=[ \t]){_NOTE})?+\n"
"""The end of a line, with the comment in it."""
GAP: Final = rf"(?:[ \t]*+(?:{_NOTE})?+\n)*+"
"""Empty lines and lines of comments."""
LOOSE: Final = rf" *+(?:{TAIL}{GAP} *+)?+"
"""What may stand between the parts of a row in braces, whatever its depth."""
_DEEPER: Final = r"\n(?: *\n)*+{} ++"
_ALIAS: Final = rf"\*{_NAME}(?=[ \n,}}])"
KEY: Final = r"""(?:([A-Za-z]++)|"([A-Za-z]++)"|'([A-Za-z]++)') *+:"""
"""A key, in one of its three groups."""
KEY_IN_BRACES: Final = r"""(?:([A-Za-z]++) *+:(?=[ \n])|(?:"([A-Za-z]++)"|'([A-Za-z]++)') *+:)"""
"""The same in braces, where a blank need not follow quotes."""
OPENED: Final = r"(?:[&!]\S+ +)?[|>]"
"""How the value of a key begins that is a text of several lines."""
OPENS: Final = r"[|>][-+0-9]*[ \t]*(?:#.*)?"
"""What stands at the end of a line that opens such a text."""


class NotSimple(Exception):
    """The text needs a YAML parser."""


def is_sound(text: str) -> bool:
    """Whether a text has none of the characters beyond Latin-1 that no pattern here may meet, nor half of one."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(one in text for one in _REFUSED_BEYOND)


compiled = cache(re.compile)
"""A pattern, once a file needs it: most never do."""


def _quoted(break_: str) -> str:
    return rf'"{_RAW}(?:(?:{_ESCAPED}|{break_}){_RAW})*+"' + rf"|'[^'{_OUT}]*+(?:(?:''|{break_})[^'{_OUT}]*+)*+'"


def _block_value(inner: str) -> str:
    """A value of a block of which each line begins with ``inner``, or nothing."""
    break_ = _DEEPER.format(inner)
    plain = rf"{_IN_BLOCK}(?:{break_}{_IN_BLOCK})*+"
    lines = rf"[|>][+-]?+(?!\t){TAIL}(?:(?: *\n)*+{inner} ++[^{_OUT}]*+\n)++(?: *\n)*+"
    # It may begin in the next line, which is deeper.
    below = rf"(?:{TAIL}{GAP}{inner} ++(?=[^\s#\-]))?+"
    some = rf"(?:{_NAMED})?+(?:{_quoted(break_)}|{lines}|{plain})|{_ALIAS}"
    return rf"[ \t]*+{below}((?<=[ \t])(?:{some})|)(?:(?<=\n)|{TAIL})"


_BREAK: Final = _DEEPER.format("")
BRACES_VALUE: Final = rf"((?:{_NAMED})?+(?:{_quoted(_BREAK)}|{_IN_BRACES}(?:{_BREAK}{_IN_BRACES})*+)|{_ALIAS})"
"""A value in braces."""


def _either(names: tuple[str, ...], before: int, spelt: str, value: str) -> str:
    """One of some keys, each with a group of its own for its value, and each but once."""
    each = (spelt.format(name=name) + f"(?({number})(?!)|{value})" for number, name in enumerate(names, before + 1))
    return "|".join(each)


@cache
def block_of(names: tuple[str, ...], depth: int) -> re.Pattern[str]:
    """A row of lines with these keys, whose dash stands behind ``depth`` blanks, and what stands before it.

    Its groups are the blanks behind the dash and the anchor of its first key, or else its own anchor and the blanks
    before its first key; then the values.
    """
    dash = " " * depth
    inner = rf"(?(1){dash} \1|\4)"
    keys = _either(names, 4, """(?:{name}|"{name}"|'{name}') *+:""", _block_value(inner))
    begin = rf"(?:( ++)(?=[^\s#])(?:(&{_NAME}) ++)?|(?: ++(&{_NAME}))?{TAIL}{GAP}({dash} ++))"
    # A key stands behind blanks: those of its line, or those behind the dash.
    return re.compile(rf"{GAP}{dash}-{begin}(?:(?:{GAP}{inner})?+(?<= )(?:{keys}))+(?!{GAP}{dash} )")


@cache
def braces_of(names: tuple[str, ...], depth: int | None) -> re.Pattern[str]:
    """A row in braces with these keys whose dash stands behind ``depth`` blanks; without, it is one of a list.

    Its groups are its anchor and its brace; then the values.
    """
    dash = " " * (depth or 0)
    begin = LOOSE if depth is None else rf"{GAP}{dash}-(?: ++|{TAIL}{GAP}{dash} ++)"
    end = rf"{LOOSE}(?:,|(?=\]))" if depth is None else TAIL
    keys = _either(names, 2, """(?:{name} *+:(?=[ \n])|(?:"{name}"|'{name}') *+:)""", LOOSE + BRACES_VALUE)
    return re.compile(rf"{begin}(&{_NAME} ++)?(\{{){LOOSE}(?:(?:{keys}){LOOSE}(?:,{LOOSE}|(?=\}})))+\}}{end}")


@cache
def entry_of(depth: int) -> re.Pattern[str]:
    """An entry of a block whose keys stand behind ``depth`` blanks, from its key on; group 4 is its value."""
    return re.compile(KEY + _block_value(" " * depth))


def simple_entry_of(depth: int) -> re.Pattern[str]:
    """The same of an entry that has a line of its own, as most have: a word, or a text without an escape in quotes."""
    value = rf'("{PLAIN}"|[A-Za-z][A-Za-z0-9/]*+)'
    # A word may go on in a line that is deeper.
    return compiled(rf"{KEY} {value}\n(?=(?: *\n)*+(?: *+#| {{,{depth}}}\S|\Z))")


def dash_of(depth: int) -> re.Pattern[str]:
    """A dash behind ``depth`` blanks, up to what it begins.

    Its groups are the blanks behind it, or else those before what stands below it.
    """
    dash = " " * depth
    return compiled(rf"{dash}-(?:( ++)(?=[^\s#])|{TAIL}{GAP}({dash} ++)(?=[^\s\-]))")


def form_of(depth: int) -> re.Pattern[str]:
    """A dash behind ``depth`` blanks, and what stands before it; its group is the brace of a row in braces."""
    dash = " " * depth
    return compiled(rf"{GAP}{dash}-(?: ++|{TAIL}{GAP}{dash} ++)?+(?:&{_NAME} ++)?+(\{{)?")


def odd_of(depth: int) -> re.Pattern[str]:
    """Whatever begins with a dash behind ``depth`` blanks, as far as its lines are deeper."""
    dash = " " * depth
    return compiled(rf"{dash}-(?:[ \t].*+)?+\n(?:(?:{dash} .*+|[ \t]*+(?:#.*+)?+)\n)*+")
