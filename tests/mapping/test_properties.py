"""Laws for every input: no item raises, every entry balances or says why, every shortcut equals the long way."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.documents.schemas import validator
from pleoctl.mapping.engine.entries import Entry, encode
from pleoctl.mapping.engine.explain import explain
from pleoctl.mapping.io.outputs import FORMATS, writer
from pleoctl.mapping.items import Item, convert, decode
from pleoctl.mapping.rules.template import compile_template, initials, renderer
from pleoctl.mapping.vocabulary import SUBTYPES
from pleoctl.place import Place
from pleoctl.report.mapping import explanation_text, graph
from pleoctl.text import terminal

from .conftest import HEAD, catalog, dimension, engine, money

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.engine.engine import Engine
    from shapes import Json, Value

# More than usual, since an example is cheap; the thorough profile may ask for more still.
MANY = max(400, settings().max_examples)
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["", "ACME", "E-1", "figma", "FIGMA Inc", "S-9", "6540", "ext-6540", "Straße"]),
    st.text(max_size=8),
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.lists(st.none(), max_size=2),
    st.just({}),
)
CODES = st.sampled_from(["6540", "6541", "6542", "9999", "", None])
CURRENCIES = st.sampled_from(["EUR"] * 6 + ["SEK", "JPY", "UNDEFINED"])
TYPES = st.sampled_from(
    [(kind, sub) for kind, subs in SUBTYPES.items() for sub in subs] * 3
    + [("overdraft", None), ("refund", "interest"), ("", "")]
)

ROWS = """lines:
  rows:
  - {id: a, when: {supplier: {startsWith: fig}, tag.DEPT: "20"}, account: "6541"}
  - {id: b, when: {supplier: [Figma, ACME]}, account: "6542"}
  - {id: c, when: {amount: {range: [500, 900]}, type: [fee, refund]}, account: "6541"}
"""


@cache
def engines() -> list[Engine]:
    """Both tax shapes, both policies, with and without a catalogue."""
    made = []
    with TemporaryDirectory() as name:
        for number, (shape, policy) in enumerate((("code", "fail"), ("split", "fallback"))):
            folder = Path(name) / str(number)
            folder.mkdir()
            text = (
                HEAD.replace("unmatched: fail", f"unmatched: {policy}")
                + ROWS
                + f"tax: {{shape: {shape}, taxCodes: [I25]}}\n"
            )
            held = (
                catalog("6540", "6541", "6542", "1940", "-2890", dimensions=[dimension("DEPT", "20")])
                if number
                else None
            )
            made.append(engine(folder, text + "failureTypes: v3\n", held))
    return made


@st.composite
def lines(draw: st.DrawFn, currency: str) -> Json:
    """Lines that fit Pleo's schema, but not always each other."""
    value = draw(st.sampled_from([0, 1, 100, 700, -100, 5.0]))
    tax = draw(st.sampled_from([None, "inclusive", "exclusive", "reverse", "other"]))
    account = draw(st.one_of(st.none(), st.fixed_dictionaries({"code": CODES, "identifier": TEXTS, "name": TEXTS})))
    return {
        "accountingEntryLineId": draw(TEXTS),
        "lineAmount": money(value, currency),
        "account": account,
        "tags": draw(
            st.lists(
                st.one_of(
                    st.none(),
                    st.fixed_dictionaries({"groupCode": st.just("DEPT"), "code": st.sampled_from(["20", "30"])}),
                ),
                max_size=2,
            )
        ),
        "tax": tax
        and {
            "type": tax,
            "code": draw(st.sampled_from(["I25", "I99", None])),
            "amount": money(draw(st.sampled_from([0, 20, 9999, -3])), currency),
            "ingoingTaxAccount": draw(CODES),
            "outgoingTaxAccount": draw(CODES),
        },
    }


@st.composite
def items(draw: st.DrawFn) -> Value:
    """Items that fit Pleo's schema, some of them with a defect planted somewhere."""
    kind, sub = draw(TYPES)
    currency = draw(CURRENCIES)
    listed = draw(st.lists(lines(currency), min_size=1, max_size=3))
    total = sum(one["lineAmount"]["inWalletCurrency"]["value"] for one in listed)
    person = st.one_of(st.none(), st.fixed_dictionaries({"name": TEXTS, "code": TEXTS}))
    made: Json = {
        "accountingEntryId": draw(st.text(max_size=5)),
        "type": kind,
        "subType": sub,
        "date": draw(st.sampled_from(["2026-03-04T09:12:31Z", "2026-03-04", "2026-13-01", "x"])),
        "amount": money(total + draw(st.sampled_from([0] * 9 + [1])), currency),
        "accountingEntryLines": listed,
        "additionalInformation": {
            "reconciliationId": "1",
            "attendees": draw(st.one_of(st.none(), st.lists(TEXTS, max_size=2))),
        },
        "bookkeeping": draw(
            st.sampled_from(
                [None, {"method": "journal"}, {"method": "none"}, {"method": "accounts_payable"}, {"method": "?"}]
            )
        ),
        "contraAccount": draw(st.one_of(st.none(), st.fixed_dictionaries({"code": CODES, "identifier": TEXTS}))),
        "vendor": draw(
            st.one_of(
                st.none(), st.fixed_dictionaries({"code": TEXTS, "externalId": TEXTS, "taxRegistrationNumber": TEXTS})
            )
        ),
        "supplier": draw(
            st.one_of(st.none(), st.fixed_dictionaries({"name": TEXTS, "code": TEXTS, "categoryCode": TEXTS}))
        ),
        "user": draw(person),
        "team": draw(person),
        "note": draw(TEXTS),
    }
    if draw(st.integers(0, 4)) == 0:
        holder = draw(
            st.sampled_from(
                [
                    made,
                    made["amount"],
                    listed[0],
                    listed[0]["lineAmount"]["inWalletCurrency"],
                    made["additionalInformation"],
                ]
            )
        )
        holder[draw(st.sampled_from(sorted(holder)))] = draw(JUNK)
    return draw(st.sampled_from([made] * 20 + [None, [made], "x"]))


def check_entry(entry: Entry) -> None:
    """Balanced in every entry, in one currency; or failed with a reason, and without postings."""
    assert bool(entry.failure_reason_type) == bool(entry.failure_reason) == entry.failed == (not entry.entries)
    for ledger in entry.entries:
        totals: dict[str, int] = defaultdict(int)
        for posting in ledger.postings:
            assert type(posting.amount) is int
            assert posting.amount > 0
            totals[posting.currency] += posting.amount if posting.side == "debit" else -posting.amount
        assert set(totals.values()) == {0}
        assert list(totals) == [entry.currency]


@given(items())
@settings(max_examples=MANY)
def test_every_item_ends_balanced_or_with_a_reason(given_item: Value) -> None:
    """The entry fits its schema; explanation and every output format take whatever comes."""
    for made in engines():
        entry = made.entry(convert(given_item))
        check_entry(entry)
        again = made.entry(decode(encode_json(given_item)))
        assert encode(again) == encode(entry)


@given(items())
@settings(max_examples=60)
def test_every_entry_can_be_shown(given_item: Value) -> None:
    """Schema, explanation, graph and all formats hold for mapped and failed items alike."""
    import json

    check = validator("entry")
    for made in engines():
        item = decode(encode_json(given_item))
        entry = made.entry(item)
        assert [error.message for error in check.iter_errors(json.loads(encode(entry)))] == []
        explained = explain(made, item)
        trace = explained.pop("trace")
        assert explained == json.loads(encode(entry))
        assert isinstance(trace, list)
        text = str(explanation_text({**explained, "trace": trace}, made.rules))
        assert terminal(text.replace("\n", "")) == text.replace("\n", "")
        assert str(graph({**explained, "trace": trace}, made.rules)).startswith("flowchart")
        assert all(writer(name, made.rules).entries([entry]) for name in FORMATS)


def encode_json(data: Value) -> bytes:
    """JSON as an API sends it."""
    import msgspec

    return msgspec.json.encode(data)


@pytest.mark.parametrize(
    "text",
    [
        *("{{ supplier.name }} {{ user.name }} {{ note }}", "x{{ vendor.code }}y {{ type }}", "{{ team.code }}"),
        "{{ user.name | initials }} {{supplier.name|upper}}{{ note | lower }}-{{ team.code |trim}}",
        "{{ note | trim }} {{ user.name | initials }}",
        "{{ supplier.name | upper }}{% if vendor %}{{ vendor.name | default('-') }}{% endif %}{{ team.name ~ note }}",
    ],
)
@given(items())
def test_templates_equal_jinja(text: str, given_item: Value) -> None:
    """The direct joining of plain values, and what is given to others, come to what jinja2 makes of the whole item."""
    made = convert(given_item)
    if isinstance(made, Item):
        assert compile_template(text, Place("f", 1, 1)).render(made) == by_jinja(text)(made)


@cache
def by_jinja(text: str) -> Callable[[Item], str]:
    """A template as jinja2 fills it, made once: that takes longer than anything else here."""
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=ChainableUndefined, finalize=lambda v: "" if v is None else v)
    environment.filters["initials"] = initials
    return renderer(environment.from_string(text))
