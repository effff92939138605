"""``mapping check``: everything that can be said about rules without an item (MAP001-MAP039)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal

from pleoctl.errors import MOST_ALIKE, Finding
from pleoctl.mapping.analysis.lines import line_findings
from pleoctl.mapping.analysis.types import type_findings
from pleoctl.mapping.items import attribute
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.rules.targets import targets
from pleoctl.mapping.rules.vendors import KEYS
from pleoctl.mapping.vocabulary import ROLES, SETTING_CHAIN, tag_group
from pleoctl.text import Names, alike, closest, perhaps
from pleoctl.words import listed, many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.rules.model import LineRow, Rules, Target, TypeRow, VendorRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.rules.targets import AccountUse
    from pleoctl.place import Place

#: What each code means; docs/mapping.md tells what to do about it.
CODES: Final = {
    "MAP001": "unknown name",
    "MAP010": "two rows match the same items",
    "MAP011": "a row can never match",
    "MAP012": "a row changes nothing",
    "MAP013": "a row of an included file is overridden",
    "MAP014": "a row books lines on an account of its own, so that line rows do not apply",
    "MAP020": "no row matches some items",
    "MAP030": "an account does not exist",
    "MAP031": "an account is archived",
    "MAP032": "several accounts have one code",
    "MAP034": "a tax code or tag does not exist",
    "MAP037": "two account settings name the same account",
    "MAP038": "an account setting is missing",
    "MAP039": "the books have no tax codes",
}
_TAX_NUMBER: Final = "taxRegistrationNumber"
# Signs between the digits of these mean nothing.
_NUMBERS: Final = frozenset({_TAX_NUMBER, "supplierAccount"})
_ANY: Final = "*"
_MOST_IDS: Final = 3
_COLLIDING: Final = ("wallet", "outOfPocket", "contra")


@dataclass(frozen=True, slots=True)
class Unanalysed:
    """A row that the analysis could not look into, and why."""

    rule: str
    place: Place
    reason: str


@dataclass(slots=True)
class Report:
    """The outcome: ``findings`` in the order of the files, and what was not analysed."""

    findings: list[Finding] = field(default_factory=list)
    unanalysed: list[Unanalysed] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether the rules must not be used."""
        return any(f.level == "error" for f in self.findings)


def check(
    rules: Rules,
    names: list[Finding],
    catalog: Catalog | None = None,
    *,
    no_tax_codes: Literal["error", "warning"] | None = None,
) -> Report:
    """Analyse rules as `read_rules` gives them; without a ``catalog`` targets are not compared.

    ``no_tax_codes`` is how bad it is that the books are known to have no room for the tax code of a line.
    """
    undecided: list[LineRow] = []
    found = [
        *names,
        *type_findings(rules),
        *line_findings(rules, undecided),
        *_settings(rules),
        *(_tax_shape(rules, no_tax_codes) if no_tax_codes else ()),
        *_shared_keys(rules),
        *_twins(rules),
        *_targets(rules, catalog),
        *_dimensions(rules, catalog),
        *_set_values(rules, catalog),
    ]
    found.sort(key=lambda f: (f.sort_key, f.code, f.message))
    return Report(found, [*_regexes(rules), *_entangled(undecided)])


def _regexes(rules: Rules) -> Iterator[Unanalysed]:
    for row in rules.lines:
        for condition in row.when.predicates():
            if condition.kind == "regex":
                yield Unanalysed(row.id, condition.place, f"{condition.label} is matched by a regex")


def _entangled(rows: list[LineRow]) -> Iterator[Unanalysed]:
    for row in sorted(rows, key=lambda row: row.place):
        yield Unanalysed(row.id, row.place, "it falls into too many pieces")


# --- settings --------------------------------------------------------------------------------------------------


def _settings(rules: Rules) -> Iterator[Finding]:
    yield from _collisions(rules)
    yield from _missing(rules)


def _collisions(rules: Rules) -> Iterator[Finding]:
    """M5: what the three roles stand for would be mixed up for good."""
    given = [(name, rules.accounts[name]) for name in _COLLIDING if name in rules.accounts]
    for (one, first), (other, second) in combinations(given, 2):
        if first.value == second.value:
            yield Finding(
                "MAP037",
                f"accounts.{one} and accounts.{other} are both {first.value}",
                place=max(first.place, second.place),
                hint="give each its own account",
            )


def _missing(rules: Rules) -> Iterator[Finding]:
    used: dict[str, tuple[TypeRow, Target]] = {}
    for row in rules.types:
        for target in row.targets:
            if target.role in SETTING_CHAIN and row.cells and rules.setting(target.role) is None:
                used.setdefault(SETTING_CHAIN[target.role][-1], (row, target))
    for name, (row, target) in used.items():
        # Without the section there is nothing to point at but what needs it.
        place = rules.sections.get("accounts", rules.place if row.standard else target.place)
        message = f"accounts.{name} is not set, but {row.id!r} uses it"
        yield Finding("MAP038", message, place=place, hint=f"add accounts.{name}")


def _tax_shape(rules: Rules, level: Literal["error", "warning"]) -> Iterator[Finding]:
    if rules.tax_shape == "code":
        message = "the sink holds no tax codes, so every item that has one is refused"
        place = rules.sections.get("tax", rules.place)
        yield Finding("MAP039", message, level, place=place, hint="write tax: {shape: split}")


def _shared_keys(rules: Rules) -> Iterator[Finding]:
    """Vendors in use that a key cannot tell apart, so that it finds neither (A12)."""
    for label in ("code", *KEYS):
        first: dict[str, VendorRow] = {}
        for row in rules.vendors:
            key = getattr(row, attribute(label))
            if key and not row.blocked and (one := first.setdefault(key, row)) is not row:
                message = f"vendors {one.code!r} and {row.code!r} share {label} {key!r}, which finds neither"
                hint = "correct one of them, or block one"
                yield Finding("duplicate-id", message, place=row.place, hint=hint, level="warning")


def _twins(rules: Rules) -> Iterator[Finding]:
    """Vendors whose codes or numbers are one to people, while look-ups tell them apart (A12)."""
    for label in ("code", *KEYS):
        first: dict[str, VendorRow] = {}
        for row in rules.vendors:
            value = getattr(row, attribute(label))
            own, asked = _looks(label, value) if value and value.strip() else ([], [])
            one = next((first[look] for look in asked if look in first), row)
            for look in own:
                first.setdefault(look, row)
            other = getattr(one, attribute(label))
            if other != value:
                message = (
                    f"vendors {one.code!r} ({one.place}) and {row.code!r}: {label} {other!r} and {value!r} look alike"
                )
                yield Finding(
                    "doubtful-vendor", message, place=row.place, hint="correct or remove one", level="warning"
                )


def _looks(label: str, value: str) -> tuple[list[str], list[str]]:
    """What people take a code or number for, and what would be the same: a tax number may stand without its country."""
    plain = "".join(alike(value).split())
    if label not in _NUMBERS:
        return [plain], [plain]
    plain = "".join(filter(str.isalnum, plain)) or plain
    bare = plain[2:]
    if label == _TAX_NUMBER and plain[:2].isalpha() and bare.isdigit():
        return [plain, f"{_ANY}{bare}"], [plain, bare]
    return [plain], [plain, f"{_ANY}{plain}"]


# --- against the accounting system -----------------------------------------------------------------------------


def _targets(rules: Rules, catalog: Catalog | None) -> Iterator[Finding]:
    known, nothing = Names(() if catalog is None else catalog.by_code), Names(())
    told = 0
    for use in targets(rules):
        # What nobody reads needs no guess.
        found = _target(use, catalog, known if told < MOST_ALIKE else nothing)
        if found is not None:
            told += 1
            yield found


def _target(use: AccountUse, catalog: Catalog | None, known: Names) -> Finding | None:
    rule = use.rule
    account = catalog.by_code.get(use.code) if catalog is not None else None
    if account is None:
        role = closest(use.code, ROLES) if rule is not None and use.code.isalpha() else None
        if role is not None and use.code not in ROLES:
            return Finding(UNKNOWN, f"unknown role {use.code!r}", place=use.place, hint=perhaps(role), rule=rule)
        if catalog is None or catalog.accounts is None:
            return None
        # Numbers that look alike are different accounts, so only names get a suggestion.
        near = None if use.code.isdigit() else known.closest(use.code)
        hint = perhaps(near) if near else "export the desired state again, or name another account"
        return Finding(
            "MAP030", f"{use.what}: account {use.code} does not exist", place=use.place, hint=hint, rule=rule
        )
    if not account.active:
        message = f"{use.what}: account {use.code} is archived"
        return Finding("MAP031", message, place=use.place, hint="name another account", rule=rule)
    if catalog is not None and (shared := catalog.confused(use.code)):
        ids = listed(sorted(one.external_id for one in shared[:_MOST_IDS]))
        message = f"{use.what}: code {use.code} is that of {many(len(shared), 'account')} in use, among them {ids}"
        return Finding("MAP032", message, "warning", use.place, hint="give each a code of its own", rule=rule)
    return None


def _dimensions(rules: Rules, catalog: Catalog | None) -> Iterator[Finding]:
    for row in rules.lines:
        for condition in row.when.predicates():
            problem = _condition_problem(rules, catalog, condition)
            if problem is not None:
                hint = "correct the condition, or export the desired state again"
                yield Finding("MAP034", f"row {row.id!r}: {problem}", place=condition.place, hint=hint, rule=row.id)


def _set_values(rules: Rules, catalog: Catalog | None) -> Iterator[Finding]:
    """Tax codes and tags that line rows set."""
    for row in rules.lines:
        for changes in dict.fromkeys([row.changes, *(part.changes for part in row.parts)]):
            problems = [
                f"tax code {code} is not among tax.taxCodes"
                for code in changes.tax_code
                if code is not None and rules.tax_codes is not None and code not in rules.tax_codes
            ]
            if catalog is not None:
                problems += [p[1] for g, c in changes.tags if c is not None and (p := catalog.tag_problem(g, c))]
            for problem in problems:
                message = f"row {row.id!r} sets what cannot be: {problem}"
                yield Finding("MAP034", message, place=row.place, hint="set another, or add it there", rule=row.id)


def _condition_problem(rules: Rules, catalog: Catalog | None, condition: Predicate) -> str | None:
    """What of a condition does not exist: a tax code, a dimension or a value."""
    if condition.field == "taxCode" and condition.kind == "in" and rules.tax_codes is not None:
        absent = [str(v) for v in condition.values if v is not None and v not in rules.tax_codes]
        return f"tax code {', '.join(absent)} is not among tax.taxCodes" if absent else None
    group = tag_group(condition.field)
    if group is None or catalog is None or catalog.dimensions is None or group in catalog.unchecked:
        return None
    dimension = catalog.by_group.get(group)
    if dimension is None:
        return f"there is no dimension {tag_group(condition.label)}"
    if condition.kind != "in" or dimension.values is None:
        return None
    absent = [str(v) for v in condition.values if v is not None and str(v) not in dimension.values]
    return f"dimension {dimension.code} has no value {', '.join(absent)}" if absent else None
