"""Bodies as templates: objects and lists as they are written, every text in them a JMESPath expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from pleoctl.errors import SourceError
from pleoctl.mapping.engine.entries import Entry, InvoiceOf, LedgerEntry, OriginalOf, PeriodOf, Posting, VendorOf
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import BooksUnusable
from pleoctl.sinks.words import fit, was_changed
from pleoctl.sources.http.expressions import Expression, ExpressionError
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pleoctl.place import Setting
    from pleoctl.sources.http.spec import Resource

    Filler = Callable[[Mapping[str, Any]], Any]

_EACH: Final = frozenset({"each", "as"})
_WORDS: Final = frozenset({"text", "length"})
_STRUCTS: Final = (Entry, LedgerEntry, Posting, VendorOf, OriginalOf, PeriodOf, InvoiceOf)
#: What people wrote; anything else of an entry is a code, a date or an amount, and is never cut.
_OF_PEOPLE: Final = frozenset({"description", "attendees", "name"})
#: Beside what entries have: what a scope holds.
SCOPE: Final = frozenset(
    {
        "entry",
        "leg",
        "posting",
        "key",
        "draft",
        "moved",
        "from",
        "reason",
        "once",
        "index",
        "variables",
    }
)
ENTRY: Final = frozenset(field.encode_name for struct in _STRUCTS for field in structs.fields(struct)) | SCOPE
_CUTS: Final = ""  # no expression can name it
ELEMENT: Final = "posting"
"""What an element of ``each`` is called in its ``as``; ``index`` counts it from 1."""


class Template:
    """One body; what is null in an object is left out of it."""

    def __init__(self, body: Any, key: Setting) -> None:
        """``key`` is its place in the workspace file. Raises `SourceError`."""
        self.expressions: list[Expression] = []
        self._fill = self._compiled(body, key)

    def __call__(self, scope: Mapping[str, Any], cuts: list[str] | None = None) -> Any:
        """The body for one booking; ``cuts`` gets the words that had less room than they need.

        Raises `ExpressionError`, which names the place.
        """
        return self._fill({**scope, _CUTS: [] if cuts is None else cuts})

    def _compiled(self, value: Any, key: Setting) -> Filler:
        if isinstance(value, str):
            return self._leaf(value, key)
        if isinstance(value, list):
            parts = [self._compiled(item, key / n) for n, item in enumerate(value)]
            return lambda scope: [part(scope) for part in parts]
        if not isinstance(value, dict):
            return lambda _scope: value
        if value.keys() == _EACH:
            return self._repeated(self._leaf(value["each"], key / "each"), self._compiled(value["as"], key / "as"))
        if value.keys() == _WORDS and isinstance(value["length"], int):
            return self._words(value["text"], value["length"], key)
        fields = {name: self._compiled(item, key / name) for name, item in value.items()}
        return lambda scope: {name: filled for name, fill in fields.items() if (filled := fill(scope)) is not None}

    def _leaf(self, text: Any, key: Setting) -> Filler:
        if not isinstance(text, str):
            raise SourceError(f"{key} is not a JMESPath expression", setting=key)
        expression = Expression(text, key)
        self.expressions.append(expression)
        return lambda scope: value_of(expression, scope)

    def _words(self, text: Any, length: int, key: Setting) -> Filler:
        """People's words in the room that the books give them."""
        fill = self._leaf(text, key / "text")
        for path in self.expressions[-1].paths:
            if path[-1] not in _OF_PEOPLE:
                hint = "only what people wrote is cut: entry.description, entry.attendees, entry.vendor.name"
                raise SourceError(f"{key} would cut {'.'.join(path)}", hint=hint, setting=key)

        def filled(scope: Mapping[str, Any]) -> str | None:
            value = fill(scope)
            if value is None:
                return None
            if was_changed(str(value), length):
                scope[_CUTS].append(key)
            return fit(str(value), length)

        return filled

    @staticmethod
    def _repeated(elements: Filler, fill: Filler) -> Filler:
        return lambda scope: [
            fill({**scope, ELEMENT: element, "index": n}) for n, element in enumerate(elements(scope) or (), 1)
        ]


def value_of(expression: Expression, data: Any) -> Any:
    """Its value. Raises `ExpressionError`, which names the place in the workspace file."""
    try:
        return expression(data)
    except ExpressionError as error:
        raise ExpressionError(f"{expression.key}: {error}") from error


def refuse_unseen(listing: Resource, records: Sequence[Any], *expressions: Expression | None) -> None:
    """Raise `BooksUnusable` where records came and none of them has a name that one of the expressions reads.

    A misspelt one would hide a booking, or an account.
    """
    for expression in filter(None, expressions if records else ()):
        unseen = [name for name in expression.unseen if name not in listing.optional]
        if unseen:
            hint = f"correct the name; if a record may lack it, say optional: [{unseen[0]}]"
            words = f"{expression.key} reads {unseen[0]!r}, which no record has"
            raise BooksUnusable(words, INVALID_CONFIGURATION, hint=hint)


def check_names(expressions: Iterable[Expression], variables: set[str], known: frozenset[str] = ENTRY) -> None:
    """Raise `SourceError` for a name that nothing has of which a body is made: it would be null for ever."""
    for expression in expressions:
        for path in expression.paths:
            own, names = (path[: path.index("tags") + 1] if "tags" in path else path), known
            if own[0] == "variables":
                own, names = own[1:], frozenset(variables)
            unknown = next((name for name in own if name not in names), None)
            if unknown is not None:
                hint = did_you_mean(unknown, sorted(names))
                raise SourceError(
                    f"{expression.key} reads {unknown!r}, which no entry has", hint=hint, setting=expression.key
                )


def uses(expressions: list[Expression], name: str) -> bool:
    """Whether one of them reads something of that name."""
    return any(name in path for expression in expressions for path in expression.paths)


def tag_groups(expressions: list[Expression]) -> frozenset[str] | None:
    """The tag groups that they read: ``posting.tags.DEPT`` reads one, ``posting.tags`` all (None)."""
    paths = [path for expression in expressions for path in expression.paths if "tags" in path]
    if any(path[-1] == "tags" for path in paths):
        return None
    return frozenset(path[path.index("tags") + 1] for path in paths)
