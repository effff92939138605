"""What a kind of record is made of: its fields and its row, which `pleoctl.model.kinds` fills in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator, Mapping


class Cure(NamedTuple):
    """What the settings of a source can do about a row; ``setting`` is the key of its table that does it."""

    words: str
    setting: str | None = None


class Field(NamedTuple):
    """A text of a record. ``says`` is its description; ``shape`` refines its JSON Schema; ``title`` is for people.

    What the settings of a source can do: ``cure`` about rows that lack it, ``unit`` about those that have another form.
    ``rated``: a rate, in the table's ``rateUnit``; ``general``: a table may say it for all rows that lack it, by the
    field's own name; ``telling``: a line about a new record shows it.
    ``nullable``: null, absent and "" are one value. ``optional``: absent from a file means that it is not managed.
    ``strict`` is the shape that only rows that are not held must have; ``spelt`` gives the one spelling of a value.
    """

    name: str
    nullable: bool = False
    optional: bool = False
    longest: int | None = None
    says: str = ""
    shape: Mapping[str, Any] = MappingProxyType({})
    strict: Mapping[str, Any] = MappingProxyType({})
    spelt: Callable[[str], str] | None = None
    title: str = ""
    cure: Cure | None = None
    unit: Cure | None = None
    rated: bool = False
    general: bool = False
    telling: bool = False

    def misfit(self, value: str | None) -> str | None:
        """Why a row that is not held cannot have this value, as the end of a sentence."""
        pattern = self.strict.get("pattern")
        fits = value is None or pattern is None or re.search(pattern[:-1] + r"\Z", value)
        return None if fits else str(self.strict["x-message"])


# Commands that name kinds in their help load this: nothing is made that nobody uses, and no msgspec loaded.
@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """One kind of record.

    ``fields`` are what a plan shows of it, in the order of files; ``local`` are texts of rows that never go to Pleo.
    ``waves`` is when each action is written: smaller numbers first, equal ones side by side; its actions are those that
    the kind has. ``unique`` are fields of which Pleo may refuse the value that another record has; ``keyed``: records
    without a key are not ours, and stay as they are. Kinds with the action ``confirm`` may have drafts, born in Pleo,
    that a row is told to be by its key, or else by one of ``marks``.
    """

    name: str
    title: str
    section: str
    key: str
    fields: tuple[Field, ...]
    waves: Mapping[str, int]
    folds_case: bool = False
    longest: int | None = None
    says: str = ""
    local: tuple[Field, ...] = ()
    parent: str | None = None
    holds: str | None = None
    create_batch: int = 1
    archive_batch: int = 1
    most_archives: int | None = None
    unique: tuple[str, ...] = ()
    keyed: bool = False
    marks: tuple[str, ...] = ()

    def normalise(self, key: str) -> str:
        """The form in which two keys are the same record (A2, A6; T3 by full case folding)."""
        return key.casefold() if self.folds_case else key

    def normalised(self, keys: list[str]) -> list[str]:
        """`normalise` of many keys, in their order."""
        return [key.casefold() for key in keys] if self.folds_case else keys

    @property
    def plural(self) -> str:
        """The title for counts."""
        return f"{self.title}s"

    @property
    def noun(self) -> str:
        """What one row of its section is called where rows are counted."""
        return self.title if self.is_flat else self.section.removesuffix("s")

    @property
    def module(self) -> str:
        """The name of the module of its operations in Pleo: ``accounts``, ``tag_groups``."""
        return self.plural.replace(" ", "_")

    @property
    def heading(self) -> str:
        """The title over a list."""
        return self.plural.capitalize()

    @property
    def is_flat(self) -> bool:
        """Whether it is a list of its own: neither below another kind nor holding one."""
        return self.parent is None and self.holds is None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields that a plan shows."""
        return tuple(one.name for one in self.fields)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The fields that a difference is looked for in: what is the key already cannot differ."""
        return tuple(name for name in self.names if name != self.key)

    @property
    def has_drafts(self) -> bool:
        """Whether records may be born in Pleo, to be confirmed once the accounting system has them (V5)."""
        return "confirm" in self.waves

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """What a state may hold beside ``archived``: of drafts also their state, and the key that they lack."""
        return (*self.names, self.key, "state") if self.has_drafts else self.names

    @cached_property
    def always(self) -> tuple[str, ...]:
        """The fields that are always managed."""
        return tuple(one.name for one in self.fields if not one.optional)

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The fields that are managed only where a row has them."""
        return tuple(one.name for one in self.fields if one.optional)

    @cached_property
    def beside(self) -> tuple[str, ...]:
        """The fields beside the key, in the order in which a line of the desired state has them."""
        return tuple(name for name in (*self.always, *self.optional) if name != self.key)

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """The texts of its rows that never go to Pleo."""
        return tuple(one.name for one in self.local)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The fields that every usable row must have beside its key."""
        others = (one.name for one in self.fields if not (one.nullable or one.optional))
        return tuple(name for name in others if name != self.key)

    @cached_property
    def limited(self) -> tuple[Field, ...]:
        """The key and the fields beside it that may not be long or have a form, those that are needed first."""
        others = sorted(
            (one for one in self.fields if one.name != self.key), key=lambda one: one.name not in self.needed
        )
        return tuple(one for one in (Field(self.key, longest=self.longest), *others) if one.longest or one.strict)

    def problem(self, texts: Mapping[str, str | None]) -> str | None:
        """Why a row with these texts cannot be used, as a sentence about one of its fields; None where it can."""
        if self._is_plain(texts):
            return None
        return next((words for _, words in self._faults(texts)), None)

    def _is_plain(self, texts: Mapping[str, str | None]) -> bool:
        """Whether there is no need to look closer, as in nearly all rows."""
        for name in self.needed:
            value = texts.get(name)
            if not value or value.isspace():
                return False
        for name, longest in self._limits:
            value = texts.get(name)
            if value and (longest is None or len(value) > longest):
                return False
        return True

    @cached_property
    def _limits(self) -> tuple[tuple[str, int | None], ...]:
        """The fields that may be too long, None where they have a form."""
        return tuple((one.name, None if one.strict else one.longest) for one in self.limited)

    def cure(self, texts: Mapping[str, str | None], given: Container[str]) -> str | None:
        """What the settings of a source can do about the `problem` of a row; None where nothing, or it is ``given``."""
        cure = next((cure for cure, _ in self._faults(texts)), None)
        return None if cure is None or cure.setting in given else cure.words

    def _faults(self, texts: Mapping[str, str | None]) -> Iterator[tuple[Cure | None, str]]:
        for one in self.fields:
            value = texts.get(one.name)
            if one.name in self.needed and (not value or value.isspace()):
                yield one.cure, f"{one.name} is blank"
        for one in self.limited:
            if value := texts.get(one.name):
                if one.longest is not None and len(value) > one.longest:
                    yield None, f"{one.name} has more than {one.longest} characters"
                if one.strict and (wrong := one.misfit(one.spelt(value) if one.spelt else value)):
                    yield one.unit, f"{one.name} {value!r} {wrong}"

    @cached_property
    def rated(self) -> tuple[str, ...]:
        """The fields that are rates."""
        return tuple(one.name for one in self.fields if one.rated)

    @cached_property
    def general(self) -> tuple[str, ...]:
        """The fields that a table of a source may say for all rows that lack them."""
        return tuple(one.name for one in self.fields if one.general)

    @cached_property
    def nullable(self) -> frozenset[str]:
        """The fields of which "" is null."""
        return frozenset(one.name for one in self.fields if one.nullable)


def all_loose(keys: Collection[str]) -> list[str]:
    """`loose` of many keys, in their order."""
    text = "\0".join(keys)
    if text.isascii() and text.count("\0") == len(keys) - 1:
        lowered = text.lower().split("\0")
        return lowered if text.split(None, 1) == [text] else [key.strip() for key in lowered]
    return [loose(key) for key in keys]


def loose(key: str) -> str:
    """The form under which two different keys look the same to people: NFC, case folded, blanks stripped (A6, T4)."""
    if key.isascii():
        return key.lower().strip()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold()).strip()
