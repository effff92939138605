"""From rule files to `Rules`: settings, vendors, and the rows of all files together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from pleoctl.documents.canonical import digest
from pleoctl.documents.files import decode
from pleoctl.errors import MOST_ALIKE, Finding, InvalidFile
from pleoctl.mapping.rules import template
from pleoctl.mapping.rules.desired import DESIRED
from pleoctl.mapping.rules.dialect import Dialect, unknown_columns
from pleoctl.mapping.rules.files import STANDARD_FILE, Source, Sources, folder_reader, relative
from pleoctl.mapping.rules.model import RULES, Given, LineRow, Rules, TaxCode, TestCase, TypeRow, VendorRow, literal
from pleoctl.mapping.rules.rows import KEEP, Rows
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.rules.vendors import doubles, read_csv, vendor_row
from pleoctl.mapping.vocabulary import ROLES
from pleoctl.model.kinds import TAX_CODE, VENDOR
from pleoctl.text import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pleoctl.documents.document import Steps

_WORDS: Final = (*ROLES, KEEP)
_SECTIONS: Final = ("accounts", "expenseTypes", "lines", "tax", "vendors")


def load_rules(path: Path, root: Path, read: Callable[[str], bytes] | None = None) -> Rules:
    """The rules of a mapping file below the workspace folder ``root``, or as ``read`` gives them.

    Raises `InvalidFile` with every problem at once, unknown names (MAP001) among them.
    """
    rules, names = read_rules(relative(path, root), read or folder_reader(root))
    if names:
        raise InvalidFile.of(names)
    return rules


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
        self._tables: list[str] = []
        self._contents: list[list[dict[str, Any]]] = []
        self.names = list(sources.names)
        self.problems: list[Finding] = []
        self._rows = Rows(self.problems, self.names)

    def rules(self) -> Rules:
        rules = self._rules
        for source in self._sources:
            self._settings(source)
            rules.lines += self._rows.lines(source)
            rules.lines += self._table(source)
            rules.types += self._rows.types(source)
            rules.tests += _tests(source)
            rules.vendors += self._vendors(source)
        self.problems += doubles(rules.vendors)
        self._check_ids()
        self._replace()
        self._template()
        rules.files = [*(s.document.shown for s in self._sources if not s.standard), *self._tables]
        rules.digest = digest(
            [{k: v for k, v in s.data.items() if k != "tests"} for s in self._sources]
            + [[[getattr(v, f) for f in VendorRow.__struct_fields__ if f != "place"] for v in rules.vendors]]
            + self._contents
        )
        return rules

    # --- settings ----------------------------------------------------------------------------------------------

    def _settings(self, source: Source) -> None:
        rules, data = self._rules, source.data
        for name in _SECTIONS:
            if name in data:
                rules.sections.setdefault(name, source.place(name))
        for name, code in data.get("accounts", {}).items():
            self._no_role(source, ("accounts", name), code)
            rules.accounts.setdefault(name, Given(literal(code), source.place("accounts", name)))
        for currency, divisor in data.get("amounts", {}).get("divisor", {}).items():
            rules.divisors.setdefault(currency, divisor)
        self._tax_codes(source, data.get("tax", {}).get("taxCodes"))
        table = data.get("outputs", {}).get("csv", {})
        self.names += unknown_columns(source, ("outputs", "csv", "columns"), table.get("columns", []))
        for attribute, path in _SINGLE.items():
            self._single(source, attribute, path)

    def _tax_codes(self, source: Source, given: str | list[Any] | None) -> None:
        rules = self._rules
        if given is None or rules.tax_codes is not None or TAX_CODE.name in rules.wants:
            return
        if given == DESIRED:
            rules.wants[TAX_CODE.name] = source.place("tax", "taxCodes")
            return
        known = [_tax_code(one) for one in given]
        rules.tax_table = {code.code: code for code in known}
        rules.tax_codes = frozenset(rules.tax_table)

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

    def _no_role(self, source: Source, path: Steps, given: str | None) -> None:
        """A setting gives codes; what stands for others elsewhere is no code here."""
        if given in _WORDS:
            message, hint = f"{given!r} is no code of an account", f"write account:{given} for a code that is spelt so"
            self.problems.append(source.finding(path, message, hint))

    # --- other files -------------------------------------------------------------------------------------------

    def _table(self, source: Source) -> Iterator[LineRow]:
        name = source.data.get("lines", {}).get("file")
        if name is None:
            return
        from pleoctl.mapping.rules.table import Table  # only where there is one

        try:
            table = Table(decode(self._read(name), name), name)
        except InvalidFile as error:
            self._sort(_pointed(source, ("lines", "file"), error))
            return
        self._tables.append(name)
        self._contents.append(table.rows)
        self.names += table.names
        self.problems += table.problems
        yield from self._rows.table(table, source)

    def _vendors(self, source: Source) -> Iterator[VendorRow]:
        section = source.data.get("vendors", {})
        given = section.get("rows", [])
        if given == DESIRED:
            self._rules.wants.setdefault(VENDOR.name, source.place("vendors", "rows"))
        for index, row in enumerate(given if given != DESIRED else ()):
            self._no_role(source, ("vendors", "rows", index, "account"), row.get("account"))
            yield vendor_row(row, source.place("vendors", "rows", index))
        if "file" in section:
            try:
                yield from read_csv(decode(self._read(section["file"]), section["file"]), section["file"])
            except InvalidFile as error:
                self._sort(_pointed(source, ("vendors", "file"), error))

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
        hint = did_you_mean(name, known, "known") if known else "remove `replaces`: there is no other row"
        self.names.append(Finding(UNKNOWN, f"replaces unknown row {name!r}", place=row.place, hint=hint, rule=row.id))
        return closest(name, known)


_SINGLE: Final = {
    "unmatched": ("vendors", "unmatched"),
    "match": ("vendors", "match"),
    "tax_shape": ("tax", "shape"),
    "description": ("description",),
    "unexpected_contra": ("unexpectedContraAccount",),
    "failure_types": ("failureTypes",),
    "otherwise": ("lines", "otherwise"),
    "dialect": ("outputs", "csv"),
}


_SHAPES: Final[dict[str, Callable[[Any], Any]]] = {"match": tuple, "dialect": Dialect.of}


def _tax_code(given: str | dict[str, Any]) -> TaxCode:
    if isinstance(given, str):
        return TaxCode(given)
    from fractions import Fraction  # 0.5 ms that few rules need

    rate = given.get("rate")
    return TaxCode(
        given["code"],
        None if rate is None else Fraction(rate),
        given.get("type"),
        given.get("ingoingTaxAccount"),
        given.get("outgoingTaxAccount"),
    )


def _pointed(source: Source, path: Steps, error: InvalidFile) -> Iterator[Finding]:
    """What is wrong with a file that rules name: where it stands in the file, else where the file is named."""
    for finding in error.findings:
        message, hint = f"{finding.file}: {finding.message}", finding.hint or "paths are relative to the workspace"
        has_line = finding.place is not None and finding.place.line
        yield finding if has_line else source.finding(path, message, hint)


def _tests(source: Source) -> Iterator[TestCase]:
    for index, data in enumerate(source.data.get("tests", [])):
        path = ("tests", index)
        yield TestCase(data["name"], data["given"], data["expect"], source.place(*path), path)
