"""From what a file says of a row to the row: of expense types, of lines, and what line rows set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules import template
from pleoctl.mapping.rules.conditions import Conditions
from pleoctl.mapping.rules.model import NOTHING, Changes, Leg, LineRow, Part, Target, TypeRow, literal
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.vocabulary import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.documents.document import Steps
    from pleoctl.errors import Finding
    from pleoctl.mapping.rules.conditions import Origin
    from pleoctl.mapping.rules.files import Source
    from pleoctl.mapping.rules.table import Table

KEEP: Final = "keep"


class Rows:
    """Makes rows of checked documents; findings go into ``problems``, those about unknown names into ``names``."""

    def __init__(self, problems: list[Finding], names: list[Finding]) -> None:
        """Nothing is read yet."""
        self._problems = problems
        self._names = names
        self._conditions = Conditions(problems)

    # --- expense types -----------------------------------------------------------------------------------------

    def types(self, source: Source) -> Iterator[TypeRow]:
        """The rows of expense types of a file."""
        for index, data in enumerate(source.data.get("expenseTypes", [])):
            path = ("expenseTypes", index)
            yield TypeRow(
                data["id"],
                self._conditions.read(source, path, data),
                tuple(self._legs(source, path, data)),
                source.place(*path),
                source.standard,
                _listed(data.get("replaces", [])),
                source.spelling.is_lost(path),
            )

    def _legs(self, source: Source, path: Steps, data: dict[str, Any]) -> Iterator[Leg]:
        short = [name for name in ("debit", "credit") if name in data]
        if ("entries" in data) == bool(short) or len(short) == 1:
            message = f"row {data['id']!r} needs debit and credit, or entries"
            self._problems.append(source.finding(path, message, "give one of the two forms"))
            return
        listed = [((*path, "entries", i), e) for i, e in enumerate(data.get("entries", []))]
        for step, leg in listed or [(path, {"kind": "journal", **data})]:
            made = Leg(leg["kind"], *(self._target(source, (*step, s), leg[s]) for s in ("debit", "credit")))
            if (made.debit.role, made.debit.code) == (made.credit.role, made.credit.code):
                message = f"debit and credit are both {made.debit}"
                self._problems.append(source.finding(step, message, "an entry needs two accounts"))
            yield made

    def _target(self, source: Source, path: Steps, given: str) -> Target:
        if given == KEEP:
            self._problems.append(_not_kept(source, path))
        return Target.of(given, source.place(*path))

    # --- lines -------------------------------------------------------------------------------------------------

    def lines(self, source: Source) -> Iterator[LineRow]:
        """The line rows of a file."""
        for index, data in enumerate(source.data.get("lines", {}).get("rows", [])):
            path = ("lines", "rows", index)
            made = self._line(source, path, data, source, doubtful=source.spelling.is_lost(path))
            if made is not None:
                yield made

    def table(self, table: Table, source: Source) -> Iterator[LineRow]:
        """The line rows of a table that a rule file names."""
        for index, data in enumerate(table.rows):
            made = self._line(table, (index,), data, source, doubtful=index in table.doubtful)
            if made is not None:
                yield made

    def _line(
        self, origin: Origin, path: Steps, data: dict[str, Any], owner: Source, *, doubtful: bool
    ) -> LineRow | None:
        said = [key for key in ("account", "split", "refuse") if key in data]
        if len(said) != 1:
            message = f"row {data['id']!r} needs one of account, split and refuse"
            message += f", and has {' and '.join(said)}" if said else ""
            hint = f"keep {' or '.join(said)}" if said else "write account: CODE, or account: keep"
            self._problems.append(origin.finding(path, message, hint, "schema"))
            return None
        if "refuse" in data and "set" in data:
            message = f"row {data['id']!r} refuses the item, so that nothing can be set"
            self._problems.append(origin.finding((*path, "set"), message, "remove `set`"))
        known = len(self._names)
        changes = self._changes(origin, (*path, "set"), data.get("set", {}))
        doubtful = doubtful or len(self._names) > known
        return LineRow(
            data["id"],
            self._conditions.read(origin, path, data),
            self._account(origin, path, data.get("account", KEEP)),
            origin.place(*path),
            doubtful,
            owner.document.shown,
            owner.within,
            tuple(self._parts(origin, path, data.get("split", []), changes)),
            data.get("refuse"),
            changes,
            _listed(data.get("replaces", [])),
        )

    def _account(self, origin: Origin, path: Steps, given: str) -> str | None:
        """The code that a row or a part gives, None for the line's own."""
        if given in ROLES:
            message = f"account {given!r} is a role, where a line row gives a code or keep"
            hint = f"write account:{given} for a code that is spelt so"
            self._problems.append(origin.finding((*path, "account"), message, hint))
        return None if given == KEEP else literal(given)

    def _changes(self, origin: Origin, path: Steps, data: dict[str, Any]) -> Changes:
        made = None
        if "description" in data:
            try:
                made = template.compile_template(data["description"], origin.place(*path, "description"))
            except InvalidFile as error:
                for finding in error.findings:
                    (self._names if finding.code == UNKNOWN else self._problems).append(finding)
        if not data:
            return NOTHING
        tax_code = (data["taxCode"],) if "taxCode" in data else ()
        return Changes(tax_code, tuple(data.get("tags", {}).items()), made)

    def _parts(self, origin: Origin, path: Steps, listed: list[Any], beside: Changes) -> Iterator[Part]:
        if not listed:
            return
        from fractions import Fraction  # 0.5 ms that few rules need

        shares = [Fraction(data["share"]) / 100 for data in listed]
        if sum(shares) != 1 or min(shares) <= 0:
            wrong = sum(shares) != 1
            message = f"the shares add up to {float(sum(shares) * 100):g}" if wrong else "one of the shares is zero"
            hint = "write shares that add up to 100" if wrong else "leave that part out"
            self._problems.append(origin.finding((*path, "split"), message, hint))
        for index, (share, data) in enumerate(zip(shares, listed, strict=True)):
            step = (*path, "split", index)
            own = self._changes(origin, step, {k: data[k] for k in ("taxCode", "tags") if k in data})
            yield Part(share, self._account(origin, step, data["account"]), own.over(beside))


def _listed(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _not_kept(origin: Origin, path: Steps) -> Finding:
    message = "keep stands for a line's own account, which only line rows can give"
    return origin.finding(path, message, "write a code; account:keep is a code that is spelt so")
