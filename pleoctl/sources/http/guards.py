"""What must hold of all rows together; a slip in the description of an API shows itself here, not in Pleo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Setting
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sources.base import Table
    from pleoctl.sources.http.rows import RowMaker
    from pleoctl.sources.http.spec import Resource

Problem = tuple[Setting, str]
"""A setting, and what is wrong with it."""

# No end is what most values have; a wrong name is found by the names themselves.
_MAY_BE_NULL: Final = ("expires",)
_PATH: Final = re.compile(r"[A-Za-z_][\w.]*")
_NEGATED_PATH: Final = re.compile(r"!\w+\.")


def check_table(spec: Resource, maker: RowMaker, table: Table) -> None:
    """Raise `SourceError` with a finding for everything that cannot be right."""
    problems = [*_unknown_names(spec, table), *_impossible_fields(spec, maker, table)] if maker.records else []
    problems += _unproven_end(spec, maker)
    problems += _several(spec, maker)
    if problems:
        findings = [Finding(SourceError.code, f"{key}{words}", setting=key) for key, words in problems]
        raise SourceError(f"{spec.key} does not fit the data", findings=findings)


def _unknown_names(spec: Resource, table: Table) -> Iterator[Problem]:
    # Fields are looked at only in the rows that where keeps.
    judged = [*spec.expressions(), *(spec.fields.values() if table.rows else ())]
    unseen = {name: one for one in judged for name in one.unseen if not spec.may_lack(name, one)}
    for name, expression in unseen.items():
        # JMESPath reads !a.b as (!a).b, which surprises everyone once.
        hint = "; write !(a.b), since ! binds tighter than the dot" if _NEGATED_PATH.search(expression.text) else ""
        yield expression.key, f": no record has {name!r} ({expression.text}){hint}"


def _unproven_end(spec: Resource, maker: RowMaker) -> Iterator[Problem]:
    """A slip in ``next`` looks like the end of the list, so a name that no answer had proves nothing."""
    expression = spec.next
    if expression is None or not maker.unproven:
        return
    unseen = [name for name in expression.unseen if not spec.may_lack(name, expression)]
    if unseen:
        name = expression.text if _PATH.fullmatch(expression.text) else unseen[0]
        words = (
            f": no answer has {unseen[0]!r} ({expression.text}), so nothing says that the list ended; "
            f"check the name, give total, count or size, or name it: optional: [{name}]"
        )
        yield expression.key, words


def _several(spec: Resource, maker: RowMaker) -> Iterator[Problem]:
    """Rows of several companies in one list would all become this company's."""
    if spec.one is not None and len(maker.several) > 1:
        values = ", ".join(sorted(map(str, maker.several)))
        yield spec.one.key, f": the records have several values ({values}) of {spec.one.text}; ask for the rows of one"


def _impossible_fields(spec: Resource, maker: RowMaker, table: Table) -> Iterator[Problem]:
    number = len(table.rows)
    may_be_null = spec.optional.union(_MAY_BE_NULL)
    for name, expression in spec.fields.items() if number else ():
        if name in maker.all_null and name in maker.failed:
            yield expression.key, f" fails for every row: {maker.failed[name]}"
        elif name in maker.all_null and name not in may_be_null:
            rows = many(number, "row")
            yield expression.key, f" is null in all {rows}; leave the field out, or name it in optional"
        elif maker.not_text.get(name) == number:
            yield expression.key, f" is never text; write string({expression.text})"
        elif name == "active" and name not in may_be_null and not spec.may_be_empty and not _any_active(table):
            yield expression.key, " is true for no row; that would archive everything"


def _any_active(table: Table) -> bool:
    return any(row.cells.get("active") is True for row in table.rows)
