"""From rule files to `Rules`: rows, settings, vendors, replacements, tests."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.canonical import digest
from pleoctl.documents.files import decode
from pleoctl.errors import MOST_ALIKE, Finding, InvalidFile
from pleoctl.mapping.rules import template
from pleoctl.mapping.rules.files import STANDARD_FILE, Source, Sources, folder_reader
from pleoctl.mapping.rules.model import (
    NOTHING,
    RULES,
    Changes,
    Given,
    Leg,
    LineRow,
    Part,
    Rules,
    Target,
    TestCase,
    TypeRow,
    VendorRow,
    literal,
)
from pleoctl.mapping.rules.predicates import Predicate, digits, folded, predicate
from pleoctl.mapping.rules.regex import MAX_SIZE, Refused, compiled
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.rules.vendors import doubles, read_csv, vendor_row
from pleoctl.mapping.vocabulary import DATE, ROLES
from pleoctl.text import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pleoctl.documents.document import Steps

KEEP: Final = "keep"
_SECTIONS: Final = ("accounts", "expenseTypes", "lines", "tax", "vendors")


def load_rules(path: Path, root: Path) -> Rules:
    """The rules of a mapping file below the workspace folder ``root``.

    Raises `InvalidFile` with every problem at once, unknown names (MAP001) among them.
    """
    rules, names = read_rules(relative(path, root), folder_reader(root))
    if names:
        raise InvalidFile.of(names)
    return rules


def relative(path: Path, root: Path) -> str:
    """A path as rules name it: relative to the workspace folder."""
    return Path(os.path.relpath(path, root)).as_posix()


def read_rules(name: str, read: Callable[[str], bytes]) -> tuple[Rules, list[Finding]]:
    """The rules as far as they can be understood, and the unknown names in them (MAP001).

    ``name`` is the mapping file's path relative to the workspace, ``read`` gives a file's bytes by such a path.
    Raises `InvalidFile` for everything else that is wrong with the files.
    """
    sources = Sources(read)
    sources.load(name)
    if sources.problems:
        raise InvalidFile.of(_in_order([*sources.problems, *sources.names]))
    build = _Build(sources, Rules(sources.listed[0].place(), sources.listed[0].data.get("kind", RULES)))
    rules = build.rules()
    if build.problems:
        raise InvalidFile.of(_in_order([*build.problems, *build.names]))
    return rules, _in_order(build.names)


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(set(findings), key=lambda f: (f.sort_key, f.message))


class _Build:
    """Turns checked documents into rules, collecting what schemas cannot say."""

    def __init__(self, sources: Sources, rules: Rules) -> None:
        self._sources = sources.listed
        self._read = sources.read
        self._rules = rules
        self._regexes = 0
        self.names = list(sources.names)
        self.problems: list[Finding] = []

    def rules(self) -> Rules:
        rules = self._rules
        for source in self._sources:
            self._settings(source)
            rules.lines += self._line_rows(source)
            rules.types += self._type_rows(source)
            rules.tests += _tests(source)
            rules.vendors += self._vendors(source)
        self.problems += doubles(rules.vendors)
        self._check_ids()
        self._replace()
        self._template()
        rules.files = [s.document.shown for s in self._sources if not s.standard]
        rules.digest = digest(
            [{k: v for k, v in s.data.items() if k != "tests"} for s in self._sources]
            + [[[getattr(v, f) for f in VendorRow.__slots__ if f != "place"] for v in rules.vendors]]
        )
        return rules

    # --- settings ----------------------------------------------------------------------------------------------

    def _settings(self, source: Source) -> None:
        rules, data = self._rules, source.data
        for name in _SECTIONS:
            if name in data:
                rules.sections.setdefault(name, source.place(name))
        for name, code in data.get("accounts", {}).items():
            rules.accounts.setdefault(name, Given(literal(code), source.place("accounts", name)))
        for currency, divisor in data.get("amounts", {}).get("divisor", {}).items():
            rules.divisors.setdefault(currency, divisor)
        for attribute, path in _SINGLE.items():
            self._single(source, attribute, path)

    def _single(self, source: Source, attribute: str, path: tuple[str, ...]) -> None:
        value: Any = source.data
        for step in path:
            if step not in value:
                return
            value = value[step]
        if attribute not in self._rules.sections:
            self._rules.sections[attribute] = source.place(*path)
            setattr(self._rules, attribute, _SHAPES.get(attribute, lambda v: v)(value))

    def _template(self) -> None:
        rules = self._rules
        given: Any = rules.description
        place = rules.sections.get("description", rules.place)
        try:
            rules.description = template.compile_template(template.DEFAULT if given is None else given, place)
        except InvalidFile as error:
            self._sort(error.findings)

    def _sort(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            (self.names if finding.code == UNKNOWN else self.problems).append(finding)

    # --- rows --------------------------------------------------------------------------------------------------

    def _when(self, source: Source, path: tuple[str | int, ...], when: dict[str, Any]) -> tuple[Predicate, ...]:
        found = []
        for name, given in when.items():
            step = (*path, "when", name)
            problem = _range_problem(name, given)
            try:
                found.append(predicate(name, given, source.place(*step)))
            except Refused as error:
                problem = f"regex cannot be used: {error}"
            if problem:
                self.problems.append(source.finding(step, problem))
            else:
                for part in found[-1].all():
                    if part.kind == "regex":
                        self._count_regex(str(part.values[0]), source, step)
        return tuple(found)

    def _days(self, source: Source, path: tuple[str | int, ...], data: dict[str, Any]) -> tuple[Predicate, ...]:
        """What ``from`` and ``until`` ask of the posting date."""
        given = {name: data[name] for name in ("from", "until") if name in data}
        for name, day in given.items():
            if not is_day(day):
                self.problems.append(source.finding((*path, name), f"{day!r} is no day", 'write "2026-12-31"'))
                return ()
        first, last = (folded(DATE, given.get(name)) for name in ("from", "until"))
        if None not in (first, last) and first > last:
            self.problems.append(source.finding((*path, "until"), "until is before from", "exchange the two"))
        place = source.place(*path, *list(given)[:1])
        return (Predicate(DATE, "range", (first, last), DATE, given, place),) if given else ()

    def _count_regex(self, written: str, source: Source, step: Steps) -> None:
        """End here where many regexes, each of which is small enough, take too long to make."""
        self._regexes += compiled(written).size
        if self._regexes > MAX_SIZE:
            message = "the regexes up to here are too large together"
            raise InvalidFile.of([source.finding(step, message, "use startsWith or contains")])

    def _type_rows(self, source: Source) -> Iterator[TypeRow]:
        for index, data in enumerate(source.data.get("expenseTypes", [])):
            path = ("expenseTypes", index)
            replaces = data.get("replaces", [])
            yield TypeRow(
                data["id"],
                self._when(source, path, data["when"]),
                tuple(self._legs(source, path, data)),
                source.place(*path),
                source.standard,
                (replaces,) if isinstance(replaces, str) else tuple(replaces),
                source.spelling.is_lost(path),
            )

    def _legs(self, source: Source, path: tuple[str | int, ...], data: dict[str, Any]) -> Iterator[Leg]:
        short = [name for name in ("debit", "credit") if name in data]
        if ("entries" in data) == bool(short) or len(short) == 1:
            self.problems.append(
                source.finding(
                    path,
                    f"row {data['id']!r} needs debit and credit, or entries",
                    "give one of the two forms",
                )
            )
            return
        listed = [((*path, "entries", i), e) for i, e in enumerate(data.get("entries", []))]
        for place, leg in listed or [(path, {"kind": "journal", **data})]:
            made = Leg(leg["kind"], *(Target.of(leg[s], source.place(*place, s)) for s in ("debit", "credit")))
            if (made.debit.role, made.debit.code) == (made.credit.role, made.credit.code):
                self.problems.append(
                    source.finding(
                        place,
                        f"debit and credit are both {made.debit}",
                        "an entry needs two accounts",
                    )
                )
            yield made

    def _line_rows(self, source: Source) -> Iterator[LineRow]:
        for index, data in enumerate(source.data.get("lines", {}).get("rows", [])):
            path = ("lines", "rows", index)
            if len(data.keys() & {"account", "split", "refuse"}) != 1:
                message = f"row {data['id']!r} needs one of account, split and refuse"
                self.problems.append(source.finding(path, message, "write account: CODE, or account: keep", "schema"))
                continue
            if "refuse" in data and "set" in data:
                message = f"row {data['id']!r} refuses the item, so that nothing can be set"
                self.problems.append(source.finding((*path, "set"), message, "remove `set`"))
            replaces, changes = data.get("replaces", []), self._changes(source, (*path, "set"), data.get("set", {}))
            yield LineRow(
                data["id"],
                self._when(source, path, data["when"]) + self._days(source, path, data),
                self._account(source, path, data.get("account", KEEP)),
                source.place(*path),
                source.spelling.is_lost(path),
                source.within,
                tuple(self._parts(source, path, data.get("split", []), changes)),
                data.get("refuse"),
                changes,
                (replaces,) if isinstance(replaces, str) else tuple(replaces),
            )

    def _account(self, source: Source, path: Steps, given: str) -> str | None:
        """The code that a row or a part gives, None for the line's own."""
        if given in ROLES:
            message = f"account {given!r} is a role, where a line row gives a code or keep"
            hint = f"write account:{given} for a code that is spelt so"
            self.problems.append(source.finding((*path, "account"), message, hint))
        return None if given == KEEP else literal(given)

    def _changes(self, source: Source, path: Steps, data: dict[str, Any]) -> Changes:
        made = None
        if "description" in data:
            try:
                made = template.compile_template(data["description"], source.place(*path, "description"))
            except InvalidFile as error:
                self._sort(error.findings)
        if not data:
            return NOTHING
        tax_code = (data["taxCode"],) if "taxCode" in data else ()
        return Changes(tax_code, tuple(data.get("tags", {}).items()), made)

    def _parts(self, source: Source, path: Steps, listed: list[Any], beside: Changes) -> Iterator[Part]:
        shares = [Fraction(data["share"]) / 100 for data in listed]
        if listed and (sum(shares) != 1 or min(shares) <= 0):
            message = f"the shares add up to {float(sum(shares) * 100):g}, or one of them is zero"
            self.problems.append(source.finding((*path, "split"), message, "write shares that add up to 100"))
        for index, (share, data) in enumerate(zip(shares, listed, strict=True)):
            step = (*path, "split", index)
            own = self._changes(source, step, {k: data[k] for k in ("taxCode", "tags") if k in data})
            yield Part(share, self._account(source, step, data["account"]), own.over(beside))

    def _vendors(self, source: Source) -> Iterator[VendorRow]:
        section = source.data.get("vendors", {})
        for index, row in enumerate(section.get("rows", [])):
            yield vendor_row(row, source.place("vendors", "rows", index))
        if "file" in section:
            try:
                yield from read_csv(decode(self._read(section["file"]), section["file"]), section["file"])
            except InvalidFile as error:
                path, hint = ("vendors", "file"), "paths are relative to the workspace"
                self._sort(
                    finding
                    if finding.place is not None and finding.place.line
                    else source.finding(path, f"{finding.file}: {finding.message}", hint)
                    for finding in error.findings
                )

    # --- the rows together -------------------------------------------------------------------------------------

    def _check_ids(self) -> None:
        seen: dict[str, TypeRow | LineRow] = {}
        rows: list[TypeRow | LineRow] = [*self._rules.types, *self._rules.lines]
        for row in rows:
            first = seen.setdefault(row.id, row)
            if first is not row:
                # The row that a person can change is the one to point at.
                place, other = (first.place, row.place) if row.place.file == STANDARD_FILE else (row.place, first.place)
                message = f"id {row.id!r} stands twice, also in {other}"
                self.problems.append(
                    Finding("duplicate-id", message, place=place, hint="ids name rows in every output", rule=row.id)
                )

    def _replace(self) -> None:
        rows = {row.id: row for row in self._rules.types}
        lost = set()
        for row in self._rules.types:
            for name in row.replaces:
                meant = self._meant(name, row, rows)
                if meant is None:
                    lost.add(row.id)
                else:
                    self._rules.replaced.append((rows[meant], row))
        gone = {old.id for old, _ in self._rules.replaced}
        self._replace_lines()
        self._rules.types = [
            replace(row, doubtful=True) if row.id in lost else row for row in self._rules.types if row.id not in gone
        ]

    def _replace_lines(self) -> None:
        rows = {row.id: row for row in self._rules.lines}
        gone = {self._meant(name, row, rows) for row in self._rules.lines for name in row.replaces}
        self._rules.lines = [row for row in self._rules.lines if row.id not in gone]

    def _meant(self, name: str, row: TypeRow | LineRow, rows: dict[str, TypeRow] | dict[str, LineRow]) -> str | None:
        """The row that a name in ``replaces`` means; an unknown one is told, and corrected where that is obvious."""
        if name in rows and name != row.id:
            return name
        known = [i for i in rows if i != row.id] if len(self.names) < MOST_ALIKE else []
        hint = did_you_mean(name, known, "known")
        self.names.append(Finding(UNKNOWN, f"replaces unknown row {name!r}", place=row.place, hint=hint, rule=row.id))
        return closest(name, known)


_SINGLE: Final = {
    "unmatched": ("vendors", "unmatched"),
    "match": ("vendors", "match"),
    "tax_shape": ("tax", "shape"),
    "tax_codes": ("tax", "taxCodes"),
    "description": ("description",),
    "unexpected_contra": ("unexpectedContraAccount",),
    "failure_types": ("failureTypes",),
    "otherwise": ("lines", "otherwise"),
}


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, year first."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_SHAPES: Final[dict[str, Callable[[Any], Any]]] = {"match": tuple, "tax_codes": frozenset}


def _range_problem(name: str, given: Any) -> str | None:
    if isinstance(given, dict) and given.keys() & {"not", "any"}:
        parts = [given["not"]] if "not" in given else given["any"]
        return next((problem for part in parts if (problem := _range_problem(name, part))), None)
    if not isinstance(given, dict) or "range" not in given:
        return None
    low, high = (folded(name, bound) for bound in given["range"])
    if low is None and high is None:
        return "range has no bound"
    if None not in (counts := (digits(low), digits(high))) and counts[0] != counts[1]:
        return f"range has bounds of different length, and no number lies between {low} and {high}"
    return f"range ends below its start: {low} … {high}" if None not in (low, high) and low > high else None


def _tests(source: Source) -> Iterator[TestCase]:
    for index, data in enumerate(source.data.get("tests", [])):
        path = ("tests", index)
        yield TestCase(data["name"], data["given"], data["expect"], source.place(*path), path)
