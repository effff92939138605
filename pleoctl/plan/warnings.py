"""What a reviewer should know about a plan beyond its changes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar

from pleoctl.model.addresses import Address
from pleoctl.model.kind import all_loose, loose
from pleoctl.model.kinds import ACCOUNT, TAX_CODE
from pleoctl.model.records import Row, told_apart
from pleoctl.plan.document import Warned
from pleoctl.sources.doubts import doubtful_text
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import DesiredState, Live
    from pleoctl.reconcile.changes import Held, LiveState, Reconciliation

# A code as a spreadsheet may write it: 0100, 100, 100.0, 1,00E+02.
_NUMBER: Final = re.compile(r"[0-9]{1,40}(?:[.,][0-9]{1,20})?(?:[eE][+]?[0-9]{1,2})?")
_Account = TypeVar("_Account", bound="Row | Live")
_NAMES_TAX: Final = "taxCodeExternalId"


def warning(code: str, address: Address | None, message: str) -> Warned:
    """One entry of a plan's ``warnings``."""
    return Warned(code=code, address=None if address is None else str(address), message=message)


def in_order(warnings: list[Warned]) -> list[Warned]:
    """Warnings by code, address and text."""
    return sorted(warnings, key=lambda w: (w.code, w.address or "", w.message))


def held_warnings(result: Reconciliation) -> Iterator[Warned]:
    """Held rows and the notes of the reconciliation."""
    for item in (*result.held, *result.notes):
        yield warning(item.code, item.address, _words(item))


def _words(item: Held) -> str:
    return f"{item.reason} ({item.origin})" if item.origin else item.reason


def account_warnings(
    desired: DesiredState,
    changes: list[Change],
    in_use: Callable[[list[str], str], set[str]],
) -> Iterator[Warned]:
    """C4, A20, A39, A35 and A29; marks the changes they are about."""
    mine = [c for c in changes if c.kind == ACCOUNT.name]
    archives = [c for c in mine if c.action == "archive"]
    yield from in_use_warnings(archives, in_use)
    for change in archives:
        if change.origin is None:
            yield _mark(
                change,
                "never-in-source",
                "the accounting system does not list it, not even as inactive; "
                "it was removed there, or made by hand in Pleo",
            )
    yield from _same_code(mine, archives)
    for change in mine:
        if change.action != "archive" and change.after.get("code") is None:
            yield _mark(change, "code-null", "has no account number; exports that use it will lack one")
    yield from _tax_mixed(desired)


def renumbered_warnings(changes: list[Change]) -> Iterator[Warned]:
    """Records to be made beside the archive of one whose key is the same number: a spreadsheet has written the file."""
    gone: dict[tuple[str, Address | None, Decimal], Change] = {}
    made: list[tuple[tuple[str, Address | None, Decimal], Change]] = []
    for change in changes:
        if change.action not in {"archive", "create", "unarchive"} or not _NUMBER.fullmatch(key := change.key.strip()):
            continue
        group = None if change.parent is None else change.parent.address
        number = change.kind, group, Decimal(key.replace(",", ".")).normalize()
        if change.action == "archive":
            gone[number] = change
        else:
            made.append((number, change))
    for number, change in made:
        twin = gone.get(number)
        if twin is not None and twin.key.strip() != change.key.strip():  # else they differ by blanks, which is told
            yield _mark(
                change,
                "doubtful-code",
                f"{twin.address}, which is archived, is the same number written otherwise, as spreadsheets do; "
                "look at the file before you apply",
            )


def text_warnings(changes: list[Change]) -> Iterator[Warned]:
    """Names that a file in another encoding would bring to Pleo; a name that is so in Pleo already is nobody's slip."""
    for change in changes:
        name = change.after.get("name")
        if change.action == "archive" or not isinstance(name, str) or name.isascii():
            continue
        words = doubtful_text(name)
        if words is not None and (change.before or {}).get("name") != name:
            yield _mark(change, "doubtful-text", f"its name {name!r} has {words}; check the encoding of the source")


def tax_code_warnings(desired: DesiredState, live: LiveState, changes: list[Change]) -> Iterator[Warned]:
    """Tax codes to be archived that accounts name (A24, X6); tax accounts that the chart does not have."""
    named = _naming(desired, live)
    for change in changes:
        if change.kind == TAX_CODE.name and change.action == "archive" and (users := named.get(change.key)):
            more = f" and {len(users) - 1} more" if len(users) > 1 else ""
            yield _mark(change, "tax-code-in-use", f"{users[0]}{more} {'name' if more else 'names'} it")
    for row, words in unknown_tax_accounts(desired):
        yield warning("tax-account-unknown", Address(TAX_CODE.name, row.key or ""), words)


def _naming(desired: DesiredState, live: LiveState) -> dict[str, list[Address]]:
    """Active accounts by the tax code that they name: as the desired state says it, else as Pleo has it."""
    found: dict[str, list[Address]] = defaultdict(list)
    rows = {row.key: row for row in desired.accounts or ()}
    for row in rows.values():
        if row.key and row.active and (code := row.fields.get(_NAMES_TAX)):
            found[code].append(Address(ACCOUNT.name, row.key))
    for record in live.flat.get(ACCOUNT.name, ()):
        wanted = rows.get(record.key)
        stays = not record.archived if desired.accounts is None else wanted is not None and wanted.active
        unsaid = wanted is None or _NAMES_TAX not in wanted.fields
        if stays and unsaid and (code := record.fields.get(_NAMES_TAX)):
            found[code].append(Address(ACCOUNT.name, record.key))
    return found


def unknown_tax_accounts(desired: DesiredState) -> Iterator[tuple[Row, str]]:
    """Active tax codes whose accounts are none of the active ones of the chart, where the state has one."""
    chart = {row.fields.get("code") or row.key for row in desired.accounts or () if row.active}
    for row in desired.flat.get(TAX_CODE.name, ()) if desired.accounts is not None else ():
        for name in ("ingoingTaxAccount", "outgoingTaxAccount"):
            code = row.fields.get(name)
            if row.active and row.hold is None and code and code not in chart:
                yield row, f"{name} {code!r} is no active account of the desired state"


def code_warnings(desired: DesiredState, live: LiveState, left: Iterable[Address]) -> Iterator[Warned]:
    """Codes that several accounts will have when the plan is done (A37), or that look alike, each kind once.

    ``left`` are records that are left alone; a held row leaves its record as it is.
    """
    accounts: list[Row | Live] = [row for row in desired.accounts or () if row.active and row.hold is None]
    stays = {address.key for address in left if address.kind == ACCOUNT.name}
    if stays := stays | {row.key for row in desired.accounts or () if row.hold is not None and row.key}:
        records = (record for record in live.flat.get(ACCOUNT.name, ()) if not record.archived)
        accounts = [row for row in accounts if row.key not in stays]
        accounts += [record for record in records if record.key in stays]
    if found := _shared(accounts):
        code, (first, *others) = min(found.items())
        words = f"code {code!r} is also that of {', '.join(map(_account, others))}, {_APART}{_more(len(found))}"
        yield warning("shared-code", Address(ACCOUNT.name, first), words)
    if alike := _alike(accounts):
        one, words = alike[0]
        yield warning("doubtful-code", Address(ACCOUNT.name, one.key or ""), words + _more(len(alike)))


_APART: Final = "which rules and export items cannot tell apart: they name accounts by code"


def _more(number: int) -> str:
    return f"; so it is with {many(number - 1, 'more code')}" if number > 1 else ""


def shared_codes(desired: DesiredState) -> Iterator[tuple[Row, str]]:
    """Active accounts of the desired state whose code another one has before them (A37)."""
    rows = {row.key: row for row in desired.accounts or () if row.active and row.hold is None}
    for code, (first, *others) in _shared(list(rows.values())).items():
        for key in others:
            yield rows[key], f"code {code!r} is also that of {_account(first)}, {_APART}"


def doubtful_codes(desired: DesiredState) -> list[tuple[Row, str]]:
    """Active accounts of the desired state whose code looks like that of one before them."""
    return _alike([row for row in desired.accounts or () if row.active and row.hold is None])


def _shared(accounts: Sequence[Row | Live]) -> dict[str, list[str]]:
    """The keys of accounts by the codes that several of them have, and that no currencies tell apart."""
    coded = [code for account in accounts if (code := account.fields.get("code"))]
    if len({*coded}) == len(coded):  # as almost always
        return {}
    twice = {code for code, number in Counter(coded).items() if number > 1}
    found: dict[str, dict[str, str | None]] = {}
    for account in accounts:
        if (code := account.fields.get("code")) in twice and account.key:
            found.setdefault(code, {})[account.key] = account.currency if isinstance(account, Row) else None
    return {code: sorted(keys) for code, keys in found.items() if not told_apart([*keys.values()])}


def _alike(accounts: Sequence[_Account]) -> list[tuple[_Account, str]]:
    """Accounts whose code differs from an earlier one's in what people do not see; of ids that do the table tells."""
    coded = {code: account for account in accounts if (code := account.fields.get("code"))}
    looks = all_loose(coded)
    if len({*looks}) == len(looks):  # as almost always
        return []
    found: list[tuple[_Account, str]] = []
    first: dict[str, str] = {}
    for look, (code, account) in zip(looks, coded.items(), strict=True):
        seen = first.setdefault(look, code)
        key = coded[seen].key or ""
        if seen != code and loose(key) != loose(account.key or ""):
            words = f"code {code!r} differs from {seen!r} of {_account(key)} only in case, blanks or Unicode form"
            found.append((account, words))
    return found


def _account(key: str) -> str:
    return str(Address(ACCOUNT.name, key))


def in_use_warnings(archives: list[Change], in_use: Callable[[list[str], str], set[str]]) -> Iterator[Warned]:
    """Accounts to be archived that a category or a contra account uses (C4)."""
    ids = [c.id for c in archives if c.id is not None]
    for code, flag, what in (
        ("in-use-category", "excludeIfAssignedToCategory", "a category"),
        ("in-use-contra", "excludeIfAssignedToContraAccount", "a contra account"),
    ):
        used = in_use(ids, flag) if ids else set()
        for change in archives:
            if change.id in used:
                yield _mark(change, code, f"{what} in Pleo uses it")


def _same_code(mine: list[Change], archives: list[Change]) -> Iterator[Warned]:
    by_code: dict[str, Address] = {}
    for change in archives:
        if change.before and change.before.get("code") is not None:
            by_code[change.before["code"]] = change.address
    for change in mine:
        twin = by_code.get(change.after.get("code") or "") if change.action == "create" else None
        if twin is not None:
            yield _mark(
                change,
                "same-code-other-id",
                f"{twin}, which is archived, has the same code under another id; "
                "categories mapped to it keep pointing there",
            )


def _tax_mixed(desired: DesiredState) -> Iterator[Warned]:
    rows = [r for r in desired.accounts or () if r.active and r.hold is None]
    managed = [r for r in rows if "taxCodeExternalId" in r.fields]
    if managed and len(managed) < len(rows):
        first = next(r for r in rows if "taxCodeExternalId" not in r.fields)
        without = len(rows) - len(managed)
        have = "has" if without == 1 else "have"
        words = f"{without} of {many(len(rows), 'row')} {have} no taxCodeExternalId, which is not managed there"
        yield warning("tax-code-mixed", Address(ACCOUNT.name, first.key or ""), words)


def _mark(change: Change, code: str, message: str) -> Warned:
    change.warnings.append(code)
    return warning(code, change.address, message)
