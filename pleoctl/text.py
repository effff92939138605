"""What may be shown where (law 9): text that was escaped for its destination, and its cells on a terminal.

Live text is all that pleoctl did not write itself: what Pleo and the books say, names of files and hosts, the
environment, the command line, words of exceptions. It reaches people as `Shown`, which escapes whatever goes into it,
as `Markdown` (`pleoctl.markup`) or in a template of ours (`pleoctl.report.html`). None of them can be made of text that
is put together already, so nobody has to remember to escape.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

COMMENT_BYTES: Final = 60_000
"""Most markdown in one place: a comment on a pull request, with some room left."""
# Control characters, line separators, bidi controls and other invisible characters, lone surrogates.
_HOSTILE: Final = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# CI systems take commands out of what a job prints: `::name::` at the start of a line, `##[name]`, `##vso[name]` and
# `##teamcity[name]` anywhere in it.
_ANYWHERE: Final = re.compile(r"#(?=#(?:vso|teamcity)?\[)")
_AT_START: Final = re.compile(r"(?m)^((?:\x1b\[[0-9;]*m|[^\S\n])*):(?=:)")
_STYLES: Final = re.compile(r"\x1b\[[0-9;]*m")
_PLAIN: Final = "\x1b[0m"
_COLOURS: Final = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}
_BMP: Final = 0x10000
_FORMULA: Final = "=+\\-@＝＋－＠"
# Where a spreadsheet may take a formula to begin: a cell, and what stands behind a semicolon or a tab, since it may
# split there whatever the file's own delimiter is; a comma as well in a file that does not quote for its sake.
_FORMULA_BEGINS: Final = rf"\A(?=\s*[{_FORMULA}])|(?<=[;\t])(?=(?:[^\S\t]|\")*[{_FORMULA}])"
_FORMULA_FOLLOWS: Final = rf"(?<=,)(?=(?:[^\S\t]|\")*[{_FORMULA}])"
_NARROWEST: Final = 20
# How far words are indented that stand below what they belong to.
_BELOW: Final = 6
_AT_ONCE: Final = 1 << 16


# Not at the import, which `--version` and `--help` wait for.
_compiled: Final = cache(re.compile)


def terminal(text: object) -> str:
    """Text that cannot move the cursor, change colours or reorder what people read."""
    shown = str(text)
    return shown if shown.isascii() and shown.isprintable() else _compiled(_HOSTILE).sub(_escaped, shown)


def _escaped(match: re.Match[str]) -> str:
    # As Python spells them.
    point = ord(match[0])
    return f"\\u{point:04x}" if point < _BMP else f"\\U{point:08x}"


def obeyed_by_nobody(text: str) -> str:
    """Whole lines, without what a CI system takes for a command; JSON stays the same data."""
    if "::" in text:
        text = _AT_START.sub(r"\1\\u003a", text)
    return _ANYWHERE.sub("\\\\u0023", text) if "##" in text else text


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces of whole lines."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _AT_ONCE) + 1 or len(text)
        yield text[start:end]
        start = end


class Shown:
    """Text for a terminal, a log or a file that people read. Whatever goes in is escaped, line breaks too."""

    __slots__ = ("_escaped",)

    def __init__(self, *parts: object) -> None:
        """The parts one after another; what is shown already stays as it is."""
        self._escaped: str = "".join(map(_shown, parts))

    @classmethod
    def styled(cls, *parts: object, colour: str | None = None, bold: bool = False) -> Self:
        """The parts in a colour (red, green, yellow, blue, cyan), in bold; where colours are off they are left out."""
        codes = [str(_COLOURS[colour])] if colour else []
        start = "".join(f"\x1b[{code}m" for code in [*codes, *(["1"] if bold else [])])
        return cls._of(f"{start}{''.join(map(_shown, parts))}{_PLAIN}")

    @classmethod
    def lines(cls, listed: Iterable[Shown | str]) -> Self:
        """Each on a line of its own that ends with a line break."""
        return cls._of("".join([f"{_shown(line)}\n" for line in listed]))

    @classmethod
    def joined(cls, listed: Iterable[Shown | str], between: Shown | str = ", ") -> Self:
        """One after another with something between them."""
        return cls._of(_shown(between).join(map(_shown, listed)))

    def padded(self, width: int) -> Shown:
        """With blanks up to so many cells."""
        return Shown(self, " " * (width - self.cells))

    def hanging(self, words: Shown | str, indent: int, width: int | None) -> Shown:
        """With words beside it, wrapped below themselves, or below it where it leaves them no room.

        ``indent`` is its own cells, ``width`` None never wraps.
        """
        if width is None or width < _NARROWEST + _BELOW:
            return Shown._of(self._escaped + _shown(words))
        if width - indent < _NARROWEST:
            return Shown._of(f"{self._escaped.rstrip(' ')}\n{' ' * _BELOW}").hanging(words, _BELOW, width)
        lines = _each_styled(_wrapped(_shown(words), width - indent))
        return Shown._of(self._escaped + f"\n{' ' * indent}".join(lines))

    @property
    def cells(self) -> int:
        """How many cells of a terminal it takes."""
        return cell_len(self._escaped)

    @property
    def plain(self) -> str:
        """As it stands in a file or pipe: without colours."""
        # What the lines of a large plan have in colours takes more memory in one piece than they do.
        bare = [_STYLES.sub("", piece) for piece in _pieces(self._escaped)]
        return obeyed_by_nobody("".join(bare))

    @property
    def coloured(self) -> str:
        """As it stands on a terminal."""
        return obeyed_by_nobody(self._escaped)

    def __add__(self, other: Shown | str) -> Shown:
        return Shown(self, other)

    def __radd__(self, other: str) -> Shown:
        return Shown(other, self)

    def __bool__(self) -> bool:
        return bool(self._escaped)

    def __str__(self) -> str:
        return self.plain

    @classmethod
    def _of(cls, escaped: str) -> Self:
        made = cls.__new__(cls)
        made._escaped = escaped
        return made


def _shown(part: object) -> str:
    return part._escaped if isinstance(part, Shown) else terminal(part)


def is_whole(text: str) -> bool:
    """Whether no half of a character stands alone in it: JSON can spell one, UTF-8 cannot hold it."""
    return text.isascii() or not _compiled("[\ud800-\udfff]").search(text)


def alike(text: str) -> str:
    """What people take a text for: without regard to case, blanks, forms of letters, and signs that nobody sees."""
    if text.isascii():
        return " ".join(text.split()).casefold()
    from unicodedata import normalize  # only where a text may be taken for another

    whole = normalize("NFKC", normalize("NFKC", text).casefold())
    return _compiled(_HOSTILE).sub("", " ".join(whole.split()))


def quoted(value: object) -> str:
    """A value for people: text in quotes, null and booleans bare."""
    if isinstance(value, str):
        return f'"{value}"'
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


#: Characters of a name, and names, that a guess looks at: it compares them all with one another.
_LONGEST_NAME: Final = 60
_MOST_NAMES: Final = 1000
_ALIKE: Final = 0.6
_LISTED: Final = 30


class Names:
    """Known names, made ready once for the guesses at many unknown ones."""

    def __init__(self, known: Iterable[str]) -> None:
        """Of names that differ by case the first is taken."""
        self._folded = {name.casefold(): name for name in reversed(list(known))}

    def closest(self, name: str) -> str | None:
        """The one known name that was probably meant; among very many, only one that differs by case."""
        wanted = name[:_LONGEST_NAME].casefold()
        if wanted in self._folded or len(self._folded) > _MOST_NAMES:
            return self._folded.get(wanted)
        found = self._alike(wanted)
        return None if found is None else self._folded[found]

    def _alike(self, wanted: str) -> str | None:
        """What `difflib.get_close_matches` puts first.

        Names never share more than their letters, so those with the most are compared first, and once what is left
        shares too few to be more alike than one that was, nothing of it is compared.
        """
        from difflib import SequenceMatcher  # only on a mistake

        matcher, best = SequenceMatcher(b=wanted), (_ALIKE, "")
        for most, name in sorted(self._shared(wanted), reverse=True):
            if most < best[0]:
                break
            matcher.set_seq1(name)
            best = max(best, (matcher.ratio(), name))
        return best[1] or None

    def _shared(self, wanted: str) -> Iterator[tuple[float, str]]:
        """How alike each name can be at most, by the letters that it shares."""
        letters = Counter(wanted).items()
        for name, own in self._letters.items():
            shared = sum([number if number < (have := own.get(one, 0)) else have for one, number in letters])
            yield 2.0 * shared / (len(name) + len(wanted)), name

    @cached_property
    def _letters(self) -> dict[str, Counter[str]]:
        return {name: Counter(name) for name in self._folded if name}


def closest(name: str, known: Iterable[str]) -> str | None:
    """See `Names.closest`."""
    return Names(known).closest(name)


def perhaps(meant: str) -> str:
    """A hint at what was probably meant."""
    return f"did you mean {meant!r}?"


def did_you_mean(name: str, known: Collection[str], listed: str = "known keys") -> str:
    """A hint for an unknown name: what was probably meant, else what is known (``known keys: a, b``)."""
    meant = closest(name, known)
    if meant is not None:
        return perhaps(meant)
    first = list(known)[:_LISTED]
    return f"{listed}: {', '.join(first)}{', …' if len(known) > len(first) else ''}"


def csv_cell(text: str) -> str:
    """A cell of which no spreadsheet takes any part for a formula."""
    if text[:1].isalnum() and text.isascii() and ";" not in text and "\t" not in text:
        return text
    return _compiled(_FORMULA_BEGINS).sub("'", text)


def bare_commas_cell(cell: str) -> str:
    """A `csv_cell` of a file in which commas stand unquoted, since something else separates its cells."""
    return _compiled(_FORMULA_FOLLOWS).sub("'", cell) if "," in cell else cell


# --- cells of a terminal ------------------------------------------------------------------------------------------


def cell_len(text: str) -> int:
    """How many cells of a terminal a text takes."""
    bare = _STYLES.sub("", text) if "\x1b" in text else text
    if bare.isascii():
        return len(bare)
    from rich.cells import cell_len as measure  # every command escapes, few lay out columns

    return measure(bare)


def _wrapped(text: str, width: int) -> list[str]:
    from rich.cells import chop_cells

    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line.rstrip(" "))
        *whole, line = chop_cells(word, width) or [""]
        lines += whole
    return [*lines, line]


def _each_styled(lines: Iterable[str]) -> Iterator[str]:
    """The lines, each with the styles that are on in it: no style goes over what stands before the next one."""
    on = ""
    for line in lines:
        styled = on + line
        on = "".join(_STYLES.findall(styled)).rpartition(_PLAIN)[2]
        yield styled + _PLAIN if on else styled
