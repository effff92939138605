"""Tests of rules: what is given becomes an item, what comes out is compared with what is expected.

Tests see the rules alone, not the accounting system, so that they say the same on every day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.items import convert
from pleoctl.mapping.rules.model import Target
from pleoctl.mapping.suites.pairing import CARRIED, carried, met_by, paired, target_of
from pleoctl.mapping.vocabulary import ROLES
from pleoctl.text import closest, perhaps

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.mapping.rules.model import Rules, TestCase

_ID: Final = "00000000-0000-4000-8000-000000000001"

#: The key that a short form stands for: ``vendor: ACME`` is ``vendor: {code: ACME}``.
_SHORT: Final = {"contraAccount": "code", "vendor": "code", "supplier": "name", "user": "code", "team": "code"}


@dataclass(slots=True)
class Result:
    """The outcome of one test; ``expected`` and ``actual`` in the form of ``expect``."""

    case: TestCase
    expected: Any
    actual: Any
    reason: str | None = None
    differences: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether what came out is what was expected."""
        return not self.differences


def run_tests(rules: Rules, cases: list[TestCase]) -> list[Result]:
    """Run tests against rules, in their order."""
    engine = Engine(rules)
    return [_run(engine, case) for case in cases]


def _run(engine: Engine, case: TestCase) -> Result:
    entry = engine.entry(convert(item_of(case.given)))
    expected, actual = _comparable(case.expect, entry)
    result = Result(case, case.expect, outcome(entry, case.expect), entry.failure_reason)
    result.differences = _differences(expected, actual)
    return result


# --- what is given ---------------------------------------------------------------------------------------------


def item_of(given: dict[str, Any]) -> dict[str, Any]:
    """The export item that a test gives, in Pleo's shape."""
    if "item" in given:
        return dict(given["item"])
    currency = given.get("currency", "EUR")
    lines = [_line(line, currency) for line in given.get("lines", [])]
    item: dict[str, Any] = {
        "accountingEntryId": _ID,
        "type": given.get("type"),
        "subType": given.get("subType"),
        "date": given.get("date", "2026-01-31"),
        "amount": _money(sum(line["amount"] for line in given.get("lines", [])), currency),
        "note": given.get("note"),
        "additionalInformation": {"reconciliationId": "test", "attendees": _people(given.get("attendees"))},
        "files": [{}] * given.get("files", 0),
        "accountingEntryLines": lines,
    }
    if "original" in given:
        original = given["original"]
        item["amount"]["inSupplierCurrency"] = {"currency": original["currency"], "value": original["amount"]}
    if given.get("method") is not None:
        item["bookkeeping"] = {"method": given["method"]}
    return item | {name: _reference(given.get(name), key) for name, key in _SHORT.items()}


def _people(given: int | list[str] | None) -> list[str]:
    """Names, made up where a test only counts them."""
    return [f"Guest {number}" for number in range(1, given + 1)] if isinstance(given, int) else given or []


def _money(value: int, currency: str) -> dict[str, Any]:
    return {"inWalletCurrency": {"currency": currency, "value": value}}


def _reference(value: Any, key: str) -> Any:
    return {key: value} if isinstance(value, str) else value


def _line(given: dict[str, Any], currency: str) -> dict[str, Any]:
    tags = [{"groupCode": group, "code": code} for group, code in given.get("tags", {}).items()]
    return {
        "lineAmount": _money(given["amount"], currency),
        "account": _reference(given.get("account"), "code"),
        "tax": _tax(given.get("tax"), currency),
        "tags": tags,
    }


def _tax(given: dict[str, Any] | None, currency: str) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "code": given.get("code"),
        "type": given["type"],
        "amount": _money(given["amount"], currency),
        "ingoingTaxAccount": given.get("ingoing"),
        "outgoingTaxAccount": given.get("outgoing"),
    }


# --- what comes out --------------------------------------------------------------------------------------------


def outcome(entry: Entry, like: Any = None) -> Any:
    """An entry as a test's ``expect`` writes it.

    A plain list where there is one entry or ``like`` is a list; roles only where ``like`` names them, so that an
    expectation never gets weaker.
    """
    if entry.failed:
        return {"fails": entry.failure_reason_type}
    roles, names = _roles(like), _carried_names(like)
    written = [(e.kind, [_posting(p, roles) | carried(p, names) for p in e.postings]) for e in entry.entries]
    if isinstance(like, list) or (len(written) == 1 and not (isinstance(like, dict) and "entries" in like)):
        return [posting for _, postings in written for posting in postings]
    return {"entries": [{"kind": kind, "postings": postings} for kind, postings in written]}


def _postings_of(expect: Any) -> list[dict[str, Any]]:
    parts = expect.get("entries", []) if isinstance(expect, dict) else expect or []
    return [posting for part in parts for posting in part.get("postings", [part])]


def _roles(expect: Any) -> set[str]:
    """The roles that an expectation names."""
    return {role for posting in _postings_of(expect) if (role := target_of(posting).role) is not None}


def _carried_names(expect: Any) -> set[str]:
    """What an expectation asks of postings beside accounts and amounts."""
    return {name for posting in _postings_of(expect) for name in posting.keys() & set(CARRIED)}


def _posting(posting: Posting, roles: Container[str | None] = ()) -> dict[str, Any]:
    return {posting.side: posting.role if posting.role in roles else _code(posting.account), "amount": posting.amount}


def _code(account: str) -> str:
    """An account as rules write it."""
    return account if Target.of(account, _NOWHERE).role is None else f"account:{account}"


def _unexpected(posting: Posting, names: Iterable[str] = ()) -> dict[str, Any]:
    """A posting that no expectation meets: its account, the role that led there, and what is asked of it beside."""
    role = None if posting.role == "line" else posting.role
    return {posting.side: _code(posting.account), "amount": posting.amount, "role": role, **carried(posting, names)}


_NOWHERE: Any = None


def _comparable(expect: Any, entry: Entry) -> tuple[Any, Any]:
    """Expectation and outcome in one form, matching postings written alike, both in one order."""
    if entry.failed:
        return expect, outcome(entry)
    if "fails" in expect:
        return expect, [_unexpected(p) for ledger in entry.entries for p in ledger.postings]
    if isinstance(expect, list):
        postings = [p for ledger in entry.entries for p in ledger.postings]
        return _aligned(expect, postings)
    expected = [{"kind": e["kind"], "postings": e["postings"]} for e in expect["entries"]]
    ledgers = paired(expected, entry.entries)
    actual = [{"kind": e.kind, "postings": [_unexpected(p) for p in e.postings]} for e in ledgers]
    for one, other, ledger in zip(expected, actual, ledgers, strict=False):
        one["postings"], other["postings"] = _aligned(one["postings"], ledger.postings)
    return expected, actual


def _aligned(expected: list[dict[str, Any]], postings: list[Posting]) -> tuple[list[Any], list[Any]]:
    """Expected and actual postings, each that is met written as it was expected."""
    met, names = met_by(expected, postings), _carried_names(expected)
    actual = [expected[met[n]] if n in met else _unexpected(p, names) for n, p in enumerate(postings)]
    return _sorted(expected), _sorted(actual)


def _sorted(postings: list[Any]) -> list[Any]:
    return sorted(postings, key=lambda p: sorted((k, str(v)) for k, v in p.items()))


def _differences(expected: Any, actual: Any) -> list[str]:
    """What is missing as ``- debit wallet 10000``, what is there instead as ``+ …``; nothing where both are alike."""
    if expected == actual:
        return []
    wanted, found = _readable(expected), _readable(actual)
    missing = [f"- {line}{_role_meant(line, wanted, expected)}" for line in _beyond(wanted, found)]
    return [*missing, *(f"+ {line}" for line in _beyond(found, wanted))]


def _role_meant(line: str, wanted: list[str], expected: Any) -> str:
    """What a code that nothing was posted to may be a slip of: a role is written as a code is."""
    postings = _postings_of(expected)
    if len(postings) != len(wanted):
        return ""
    posting = postings[wanted.index(line)]
    written = posting["debit" if "debit" in posting else "credit"]
    meant = None if written in ROLES or written.startswith("account:") else closest(written, ROLES)
    return "" if meant is None else f" ({perhaps(meant)})"


def _beyond(lines: list[str], others: list[str]) -> list[str]:
    """The lines that are not among the others as often, in their order."""
    left = Counter(lines) - Counter(others)
    return [line for line in dict.fromkeys(lines) for _ in range(left[line])]


def _readable(outcome: Any) -> list[str]:
    """A line for each posting, with the number and kind of its entry where entries are given."""
    if isinstance(outcome, dict) and "fails" in outcome:
        return [f"fails {outcome['fails']}"]
    parts = outcome["entries"] if isinstance(outcome, dict) else outcome
    lines = []
    for number, part in enumerate(parts, 1):
        head, postings = (f"{number} {part['kind']}: ", part["postings"]) if "postings" in part else ("", [part])
        lines += [f"{head}{_line_of(posting)}" for posting in postings]
    return lines


def _line_of(posting: dict[str, Any]) -> str:
    side = "debit" if "debit" in posting else "credit"
    role = f" ({posting['role']})" if posting.get("role") else ""
    told = [f"tax code {posting['taxCode'] or 'none'}"] if "taxCode" in posting else []
    told += [f"tags {_tags_text(posting['tags']) or 'none'}"] if "tags" in posting else []
    return f"{side} {posting[side]}{role} {posting['amount']}{''.join(f', {one}' for one in told)}"


def _tags_text(tags: dict[str, str]) -> str:
    """``DEPT=20, PROJ=7``."""
    return ", ".join(f"{group}={code}" for group, code in tags.items())
