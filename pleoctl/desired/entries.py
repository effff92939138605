"""How rows look where people write them: regular expressions over the whole text, a row or an entry in one step each.

Only what says the same to every YAML reader is matched: a row is a block of lines ``key: value`` or stands in braces,
in any layout, with comments and empty lines anywhere. What does not match needs a YAML parser, be it valid or not.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


_SOUND: Final = sys.version_info >= (3, 11, 5)


def _held(part: str, times: str) -> str:
    """A part that comes so many times (``*``, ``+``, ``?``), none of which is tried again.

    Before 3.11.5 possessive repeats of groups go on in the middle of what did not match.
    """
    return f"(?:{part}){times}+" if _SOUND else f"(?>(?:{part}){times})"


# Characters that readers refuse, skip or take for line breaks; of blanks a tab. In comments a tab is a letter.
_REFUSED: Final = r"\x00-\x08\x0a-\x1f\x7f-\x9f"
# Those beyond Latin-1 are replaced in the whole text: patterns that name them take three times as long to compile.
_REFUSED_BEYOND: Final = "\u2028\u2029\ufffe\uffff"
_OUT: Final = rf"\t{_REFUSED}"
_RAW: Final = rf'[^"\\{_OUT}]*+'
PLAIN: Final = rf'[^\s"\\{_OUT}][^"\\{_REFUSED}]*+'
"""What stands between double quotes in a line without an escape, and does not begin with a blank."""
WRITTEN: Final = rf'(?:[^\s"\\{_OUT}]|\\["\\])[^"\\{_OUT}]*+' + _held(rf'\\["\\][^"\\{_OUT}]*+', "*")
"""The same with quotes and backslashes, which are escaped."""

# No run is looked at twice, or long lines would take their square; nothing that is captured stands in such a run.
_FIRST: Final = rf"""[^\s{_OUT}\-?:,\[\]{{}}#&*!|>'"%@`]"""
_FURTHER: Final = rf"[^\s{_OUT}:#,\[\]{{}}?]"
_IN_BLOCK: Final = rf"[^:#{_OUT}]*+" + _held(rf"(?::(?![ \t\n])|(?<! )#)[^:#{_OUT}]*+", "*")
_IN_BRACES: Final = rf"[^:#,\[\]{{}}?{_OUT}]*+"
_NOTE: Final = rf"#[^{_REFUSED}]*+"
_NAME: Final = "[A-Za-z0-9_-]++"
# What may stand before a value, which begins with neither of these signs.
_NAMED: Final = rf"(?:&{_NAME} ++|!!str ++|)"
TAIL: Final = r"[ \t]*+" + _held(rf"(?<=[ \t]){_NOTE}", "?") + r"\n"
"""The end of a line, with the comment in it."""
GAP: Final = _held(rf"[ \t]*+{_held(_NOTE, '?')}\n", "*")
"""Empty lines and lines of comments."""
LOOSE: Final = r"[ \t]*+" + _held(rf"{TAIL}{GAP}[ \t]*+", "?")
"""What may stand between the parts of a row in braces, whatever its depth, tabs too: they indent nothing there."""
_EMPTY: Final = _held(r" *\n", "*")
_DEEPER: Final = rf"\n{_EMPTY}{{}} ++"
_ALIAS: Final = rf"\*{_NAME}(?=[ \n,}}])"


def _key(group: int) -> str:
    return rf"""(["'])?([A-Za-z]++)(?({group})\{group}) *+:"""


KEY: Final = _key(1)
"""A key, in its second group; in the first is the quote before it."""
OPENED: Final = r"(?:[&!]\S+ +)?[|>]"
"""How the value of a key begins that is a text of several lines."""
OPENS: Final = r"[|>][-+0-9]*[ \t]*(?:#.*)?"
"""What stands at the end of a line that opens such a text."""


AT_ONCE: Final = 3
"""How many entries of a row are read in a step."""


class NotSimple(Exception):
    """The text needs a YAML parser."""


def matched(text: str) -> str:
    """A text as patterns see it: characters beyond Latin-1 that they may not meet are others that they refuse.

    Raises `NotSimple` for half of a character.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotSimple from None
    for one in _REFUSED_BEYOND:
        if one in text:
            text = text.replace(one, "\0")
    return text


compiled = cache(re.compile)
"""A pattern, once a file needs it: most never do."""


def _quoted(break_: str) -> str:
    # Whether an escape means anything is seen when it is read.
    escaped = rf"\\[^{_OUT}]|\\?+{break_}"
    double, single = _held(f"(?:{escaped}){_RAW}", "*"), _held(rf"(?:''|{break_})[^'{_OUT}]*+", "*")
    return f'"{PLAIN}"|"{_RAW}{double}"' + rf"|'[^'{_OUT}]*+{single}'"


def _block_value(inner: str) -> str:
    """A value of a block of which each line begins with ``inner``, or nothing, in a group."""
    break_ = _DEEPER.format(inner)
    plain = _FIRST + _IN_BLOCK + _held(break_ + _FURTHER + _IN_BLOCK, "*")
    lines = rf"[|>][+-]?+(?!\t){TAIL}" + _held(rf"{_EMPTY}{inner} ++[^{_OUT}]*+\n", "+") + _EMPTY
    # It may begin in the next line, which is deeper.
    below = _held(rf"{TAIL}{GAP}{inner} ++(?=[^\s#\-])", "?")
    some = rf"{_NAMED}(?:{_quoted(break_)}|{lines}|{plain})|{_ALIAS}"
    return rf"(?: ++(?=[^\s#])|[ \t]*+{below})((?<=[ \t])(?:{some})|)(?:(?<=\n)|{TAIL})"


_BREAK: Final = _DEEPER.format("")
_WORDS: Final = _FIRST + _IN_BRACES + _held(_BREAK + _FURTHER + _IN_BRACES, "*")
BRACES_VALUE: Final = rf"({_NAMED}(?:{_quoted(_BREAK)}|{_WORDS})|{_ALIAS})"
"""A value in braces, as it stands there, in a group."""


@cache
def entry_of(depth: int) -> re.Pattern[str]:
    """An entry of a block whose keys stand behind ``depth`` blanks, from its key on.

    Its groups are the quote before the key, the key, and the value as it stands there.
    """
    return re.compile(KEY + _block_value(" " * depth))


def _row(begin: str, entry: Callable[[int], str], between: str, end: str) -> re.Pattern[str]:
    """A row, or the rest of one, as far as `AT_ONCE` entries of it.

    The first group is its anchor, or nothing, and stands where the row does; then come three for each entry, as in
    `entry_of`; the last is for more of them.
    """
    text = ""
    for number in reversed(range(AT_ONCE)):
        text = entry(3 * number + 2) + (_held(between + text, "?") if text else "")
    return re.compile(f"{_held(begin, '?')}{text}(?:{end})")


def _named(below: str) -> str:
    """An anchor, or nothing, with what is between it and what it names, be that on its line or ``below``."""
    return rf"({_held(f'&{_NAME}', '?')})" + _held(rf"(?<=[A-Za-z0-9_-])(?: ++|{below})", "?")


@cache
def block_of(dash: int, depth: int) -> re.Pattern[str]:
    """A row of lines whose dash stands behind ``dash`` blanks, and its keys behind ``depth``; as `_row` says."""
    inner, blanks = " " * depth, " " * (depth - dash - 1)
    below = f"{TAIL}{GAP}{inner}"
    before = "|".join([*filter(None, [blanks]), below, f" ++(?=&{_NAME}{TAIL})"])
    begin = f"{' ' * dash}-(?:{before}){_named(below)}(?=[^\\s&#])"
    value = _block_value(inner) + GAP
    return _row(begin, lambda group: _key(group) + value, inner, f"{inner}()|")


@cache
def braces_of(depth: int | None) -> re.Pattern[str]:
    """A row in braces whose dash stands behind ``depth`` blanks; without, it is one of a list; as `_row` says."""
    dash, value = " " * (depth or 0), LOOSE + BRACES_VALUE + LOOSE
    below = f"{TAIL}{GAP}{dash} ++"
    before, end = (LOOSE, rf"{LOOSE}(?:,|(?=\]))") if depth is None else (rf"{dash}-(?: ++|{below})", TAIL + GAP)
    more = rf",{LOOSE}(?!\}})()|{_held(f',{LOOSE}', '?')}\}}{end}"
    key = r"(?({group})|(?=[ \n]))"
    begin = rf"{before}{_named(below)}\{{{LOOSE}"
    return _row(begin, lambda group: _key(group) + key.format(group=group) + value, f",{LOOSE}", more)


@cache
def form_of(depth: int) -> re.Pattern[str]:
    """A dash behind ``depth`` blanks, up to what it begins, or up to its brace in a group."""
    dash = " " * depth
    below = f"{_held(f' ++&{_NAME}', '?')}{TAIL}{GAP}{dash} ++"
    brace = _held(rf"{_held(f'&{_NAME} ++', '?')}(\{{)", "?")
    return re.compile(f"{dash}-(?:{below}| ++){brace}")


@cache
def simple_entry_of(depth: int) -> re.Pattern[str]:
    """The same of an entry that has a line of its own, as most have: a word, or a text without an escape in quotes."""
    value = rf'("{PLAIN}"|[A-Za-z][A-Za-z0-9/]*+)'
    # A word may go on in a line that is deeper.
    return re.compile(rf"{KEY} {value}\n(?={_EMPTY}(?: *+#| {{,{depth}}}\S|\Z))")


@cache
def dash_of(depth: int) -> re.Pattern[str]:
    """A dash behind ``depth`` blanks, up to what it begins.

    Its groups are the blanks behind it, or else those before what stands below it.
    """
    dash = " " * depth
    return re.compile(rf"{dash}-(?:( ++)(?=[^\s#])|{TAIL}{GAP}({dash} ++)(?=[^\s\-]))")


@cache
def odd_of(depth: int) -> re.Pattern[str]:
    """Whatever begins with a dash behind ``depth`` blanks, as far as its lines are deeper."""
    dash = " " * depth
    begun, further = _held(r"[ \t].*+", "?"), rf"(?:{dash} .*+|[ \t]*+{_held('#.*+', '?')})\n"
    return re.compile(rf"{dash}-{begun}\n{_held(further, '*')}")
