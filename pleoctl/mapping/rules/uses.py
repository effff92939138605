"""What the rules name of the records that a plan archives: accounts, tax codes, vendors."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.desired import filled
from pleoctl.mapping.rules.targets import targets
from pleoctl.model.kinds import ACCOUNT, TAX_CODE, VENDOR
from pleoctl.plan.warnings import warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState
    from pleoctl.plan.document import Warned

CODES: Final = {
    ACCOUNT.name: "mapping-target-archived",
    TAX_CODE.name: "tax-code-in-use",
    VENDOR.name: "vendor-in-use",
}


def archived_uses(rules: Rules, desired: DesiredState) -> Callable[[list[Change]], list[Warned]]:
    """What warns where a plan archives a record that the rules name, unless another active row has its code.

    What the rules take from the desired state is that of ``desired``; where that has no such rows, they name none.
    """
    with suppress(InvalidFile):
        rules = filled(rules, lambda: desired)
    uses = {
        ACCOUNT.name: {use.code: f"posts to {use.code}: {use.what} ({use.place})" for use in targets(rules)},
        TAX_CODE.name: dict(_tax_codes(rules)),
        VENDOR.name: dict(_vendors(rules)),
    }
    still = {
        kind: {row.fields.get("code") for row in desired.flat.get(kind, ()) if row.active and row.hold is None}
        for kind in uses
    }

    def warn(changes: list[Change]) -> list[Warned]:
        return [told for change in changes for told in _told(change, uses, still)]

    return warn


def _told(change: Change, uses: dict[str, dict[str, str]], still: dict[str, set[str | None]]) -> Iterator[Warned]:
    if change.action != "archive" or change.kind not in uses:
        return
    code = (change.before or {}).get("code")
    known = uses[change.kind]
    words = (code not in still[change.kind] and known.get(code or "")) or _by_id(change, known)
    if words:
        change.warnings.append(CODES[change.kind])
        yield warning(CODES[change.kind], change.address, f"the mapping {words}")


def _by_id(change: Change, known: dict[str, str]) -> str | None:
    return known.get(f"#{change.key}") if change.kind == VENDOR.name else None


def _asked(rules: Rules, field: str) -> Iterator[tuple[str, str]]:
    """What conditions of line rows name, exceptions included. What else names a code tells more, so it comes later."""
    for line in rules.lines:
        for one in line.when.predicates():
            if one.field == field and one.kind == "in":
                words = f"asks for it: row {line.id!r} ({one.place})"
                yield from ((str(value), words) for value in one.values if value is not None)


def _tax_codes(rules: Rules) -> Iterator[tuple[str, str]]:
    yield from _asked(rules, "taxCode")
    for line in rules.lines:
        for changes in (line.changes, *(part.changes for part in line.parts)):
            yield from ((code, f"sets it: row {line.id!r} ({line.place})") for code in changes.tax_code if code)
    place = rules.sections.get("tax", rules.place)
    yield from ((code, f"lists it: tax.taxCodes ({place})") for code in sorted(rules.tax_codes or ()))


def _vendors(rules: Rules) -> Iterator[tuple[str, str]]:
    """By code, and under ``#`` by externalId; vendors that are blocked count for nothing."""
    yield from _asked(rules, "vendor")
    for row in rules.vendors:
        if not row.blocked:
            words = f"has it: vendor {row.code} ({row.place})"
            yield row.code, words
            if row.external_id:
                yield f"#{row.external_id}", words
