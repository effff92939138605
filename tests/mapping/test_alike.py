"""Items that are alike are decided once; nothing of that shows in what becomes of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from hypothesis import given
from hypothesis import strategies as st

from pleoctl.mapping.engine import alike, expense, own
from pleoctl.mapping.engine.entries import VendorOf, encode
from pleoctl.mapping.engine.outline import Outline, ShareOutline
from pleoctl.mapping.engine.record import Nobody
from pleoctl.mapping.items import Item, decode

from .conftest import HEAD, catalog, dimension, engine, item, line, mapped, money
from .test_properties import encode_json, items

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pleoctl.mapping.engine.engine import Engine
    from shapes import Json, Value

#: Rows of which each asks for something else that no kind of items has, or sets something.
ROWS = """lines:
  rows:
  - {id: team, when: {team: T2}, account: "6541"}
  - {id: user, when: {user: E-9}, account: "6542"}
  - {id: large, when: {amount: {range: [600, null]}, supplier: {startsWith: fig}}, account: "6541"}
  - {id: parts, when: {itemAmount: {range: [150, 400]}},
     split: [{share: "50", account: keep}, {share: "50", account: "6542"}]}
  - {id: noted, when: {note: {contains: lunch}}, account: keep, set: {description: "L {{ note }}", tags: {DEPT: "20"}}}
  - {id: told, when: {account: "6543"}, account: "6540", set: {description: "{{ note }}"}}
  - {id: other, when: {account: "6544"}, account: "6541", set: {description: x}}
  - {id: late, when: {supplier: ACME}, from: "2026-03-02", account: "6542", set: {taxCode: I25}}
  - {id: plain, when: {vendor: PLAIN}, account: "6542"}
  - {id: many, when: {attendees: {range: [2, null]}}, account: keep, set: {taxCode: null}}
"""


#: Rows that ask for suppliers and for what kinds have.
OF_SUPPLIERS = """lines:
  rows:
  - {id: acme, when: {supplier: ACME, account: "6543"}, account: "6541"}
  - {id: meals, when: {mcc: "5812", tag.DEPT: "20"}, account: "6542"}
  - {id: figma, when: {supplier: {startsWith: Fig}, taxCode: I25}, account: "6541"}
"""


@cache
def engines() -> list[Engine]:
    """Both tax shapes, with the rows above and without; three with a catalogue."""
    made = []
    with TemporaryDirectory() as name:
        for number, (shape, rows) in enumerate((s, r) for s in ("code", "split") for r in (ROWS, OF_SUPPLIERS, "")):
            folder = Path(name) / str(number)
            folder.mkdir()
            held = (
                catalog("6540", "6541", "6542", "1940", dimensions=[dimension("DEPT", "20")])
                if number in {1, 2, 3}
                else None
            )
            made.append(engine(folder, f"{HEAD}{rows}tax: {{shape: {shape}, taxCodes: [I25]}}\n", held))
    return made


#: Some are vendors where there is no bookkeeping, some are what rows ask for.
SUPPLIERS: Final[list[Value]] = [
    None,
    {"name": "ACME"},
    {"name": "Figma", "categoryCode": "5734", "country": "SE"},
    {"name": "Figma", "code": "S-9", "categoryCode": "5812"},
    {"name": "ACME", "code": "S-9"},
    {"name": "ACME", "taxIdentifier": "SE2"},
    {"name": "ACME", "code": "S-2"},
]
#: Some have an account of their own, some are not in use, or not there.
VENDORS: Final[list[Value]] = [
    None,
    {"name": "Acme AB", "externalId": "ven-1"},
    {"name": "Acme", "code": "X", "externalId": "ven-1"},
    {"name": "Plain", "code": "PLAIN", "taxRegistrationNumber": "SE2"},
    {"name": "Old", "externalId": "ven-3"},
    {"name": "Nobody", "code": "N-7"},
]
CONTRAS: Final[list[Value]] = [
    None,
    {"id": "1", "code": "1940"},
    {"id": "2", "code": "1940", "identifier": "acc-1940"},
    {"id": "00000000-0000-0000-0000-000000000000", "code": "1940"},
]


#: Accounts of lines: some are not there, or mean two, or none.
ACCOUNTS: Final[list[Value]] = [
    None,
    {"name": "Travel", "code": "6540"},
    {"id": "7", "code": "6542"},
    {"identifier": "ext-6541"},
    {"code": "6541", "identifier": "ext-6542"},
    {"id": "00000000-0000-0000-0000-000000000000", "code": "6541"},
    {"name": "Gone", "code": "6999"},
]
#: Tags of lines: some are not there, or two of a group.
TAGS: Final[list[Value]] = [
    None,
    [],
    [{"groupCode": "DEPT", "code": "20"}],
    [None, {"groupCode": "dept", "code": "20"}, {"groupCode": "DEPT", "code": "20"}],
    [{"groupCode": "DEPT", "code": "20"}, {"groupCode": "dept", "code": "30"}],
    [{"groupCode": "PROJ", "code": "1"}],
]


def varied(draw: st.DrawFn, one: Json) -> Json:
    """The item with other figures, days, texts and people, and other accounts and tags of its lines."""
    times = draw(st.sampled_from([1, 1, 2, 3, 7, -1]))
    more: Json = {
        "note": draw(st.sampled_from([None, "lunch", "x"])),
        "date": f"2026-03-0{draw(st.integers(0, 4))}",
    }
    more["supplier"] = draw(st.sampled_from(SUPPLIERS))
    more["vendor"] = draw(st.sampled_from(VENDORS))
    more["bookkeeping"] = draw(st.sampled_from([None, *({"method": one} for one in ("journal", "accounts_payable"))]))
    more["contraAccount"] = draw(st.sampled_from(CONTRAS))
    more["team"] = draw(st.sampled_from([None, {"code": "T2"}]))
    more["user"] = draw(st.sampled_from([None, {"code": "E-9"}, {"code": "E-1", "name": "Eva"}]))
    made = {**_scaled(one, times), **more}
    lines = made["accountingEntryLines"] if draw(st.booleans()) else []
    for sent in [sent for sent in lines if isinstance(sent, dict)] if isinstance(lines, list) else []:
        sent["account"], sent["tags"] = draw(st.sampled_from(ACCOUNTS)), draw(st.sampled_from(TAGS))
    return made


def _scaled(part: Value, times: int) -> Value:
    if isinstance(part, list):
        return [_scaled(one, times) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: value * times if name == "value" and isinstance(value, int | float) else _scaled(value, times)
        for name, value in part.items()
    }


@st.composite
def histories(draw: st.DrawFn) -> list[Json]:
    """A few items, each of which comes again and again, a little different every time."""
    few = [one for one in draw(st.lists(items(), min_size=1, max_size=2)) if isinstance(one, dict)]
    tags = draw(st.sampled_from([None, [{"groupCode": "DEPT", "code": "20"}]]))
    few.append(item("card_purchase", line(100, tags=tags)))
    few.append(item("card_purchase", *(line(10, account=draw(st.sampled_from(["6543", "6544"]))) for _ in range(2))))
    return [varied(draw, draw(st.sampled_from(few))) for _ in range(draw(st.integers(3, 12)))]


@given(histories())
def test_an_item_becomes_what_it_becomes_by_itself(history: list[Json]) -> None:
    """Whatever came before it: entries are those of an engine that is listened to, which decides about each item."""
    for made in engines():
        for one in history:
            raw = encode_json(one)
            assert encode(made.entry(decode(raw))) == encode(made.entry(decode(raw), Nobody()))


#: Rows that set something, beside those that ask for what kinds have, and types whose lines stand on one account each.
SETTING = """  - {id: told, when: {account: "6545"}, account: keep, set: {description: "{{ note }}"}}
  - {id: said, when: {account: "6540", taxType: reverse}, account: keep, set: {description: fair}}
  - {id: parts, when: {account: "6546"}, split: [{share: "50", account: keep}, {share: "50", account: "6542"}]}
  - {id: coded, when: {account: "6544"}, account: keep, set: {taxCode: I25}}
  - {id: bare, when: {account: "6542"}, account: keep, set: {taxCode: null}}
unexpectedContraAccount: ignore
expenseTypes:
- {id: a, when: {type: fee, subType: null, method: journal}, debit: "6571", credit: wallet, replaces: standard/fee}
- {id: b, when: {type: mileage, method: journal}, debit: "6572", credit: wallet, replaces: standard/mileage}
- id: twice
  when: {type: per_diem, method: journal}
  entries: [{kind: journal, debit: line, credit: wallet}, {kind: payment, debit: wallet, credit: line}]
  replaces: standard/per_diem
"""


def taxed(value: int, kind: str = "inclusive", **more: Value) -> Json:
    """A line of 100 of which so much is tax."""
    accounts = {"ingoingTaxAccount": "2641", "outgoingTaxAccount": "2614"}
    return line(100, tax={"type": kind, "code": "I25", "amount": money(value), **accounts, **more})


def test_what_differs_in_one_thing_that_decides_is_not_alike(tmp_path: Path) -> None:
    """Accounts with the id of none, vendors, methods, lines that rows tell apart, how much of a line is tax, tags."""
    acme, other = {"name": "ACME", "code": "S-1"}, {"name": "Other"}
    journal, payable = {"method": "journal"}, {"method": "accounts_payable"}
    told_apart: list[list[Json]] = [
        [item(contraAccount=CONTRAS[1]), item(contraAccount=CONTRAS[3])],
        [item("invoice", bookkeeping=journal, contraAccount=one) for one in CONTRAS],
        [item(bookkeeping=None, supplier=acme), item(bookkeeping=None, supplier=SUPPLIERS[4])],
        [item(bookkeeping=journal, supplier=SUPPLIERS[4]), item(bookkeeping=None, supplier=SUPPLIERS[4])],
        [item(bookkeeping=None, vendor={"code": "PLAIN"}), item(bookkeeping=None, supplier=SUPPLIERS[3])],
        [
            item("card_purchase", line(account=account), supplier=supplier)
            for account in ("6544", "6543")
            for supplier in (acme, other)
        ],
        # One has an account of its own, another one that is gone; those not found are named in warnings.
        [item(bookkeeping=payable, vendor=one) for one in (*VENDORS, {"code": "GONE"}, {"code": "N-8"})],
        [item(bookkeeping=None, supplier=SUPPLIERS[n]) for n in (3, 4, 6, 1)],
        [item("out_of_pocket", bookkeeping=payable, user={"code": code}) for code in ("E-1", "E-9", "GONE")],
        # What is all tax is posted on no account of its own, which must be one all the same.
        [item("card_purchase", line(50), taxed(100) | {"account": one}) for one in ({"code": "6540"}, None)],
        [item("card_purchase", line(50), taxed(100) | {"tags": one}) for one in (TAGS[2], TAGS[4])],
        [item("card_purchase", taxed(part, kind)) for part in (0, 20, 100) for kind in ("inclusive", "reverse")],
        [item("card_purchase", taxed(20, ingoingTaxAccount=one)) for one in ("2641", "2642", None)],
        [item(kind, line(100, account)) for kind in ("fee", "mileage", "card_purchase") for account in ("6540", None)],
        [item("per_diem", line(40), line(60)), item("per_diem", line(100))],
        [item("card_purchase", taxed(20, kind)) for kind in ("inclusive", "", "unheard of")],
        # Lines of a row have their own codes, or the one that it sets, also where they have no tax.
        [
            item("card_purchase", one | {"account": {"code": account}})
            for account in ("6540", "6544", "6542", "6546")
            for one in (line(100), *(taxed(20, code=code) for code in ("I25", "", None, "I6")))
        ],
        # Of two lines that describe the item one is left aside; odd amounts have odd halves.
        [
            item("card_purchase", *told)
            for told in (
                [line(50, "6545"), taxed(20, "reverse")],
                [line(50, "6545"), line(50, "6545")],
                [line(50, "6545")],
                [line(50)],
            )
        ],
        [item("card_purchase", line(value, account)) for account in ("6546", "6540") for value in (100, 101, 7)],
        [item("card_purchase", line(account=one)) for one in ({"code": "1940"}, CONTRAS[3])],
        [
            item("card_purchase", line(tags=[{"groupCode": group, "code": code} for group, code in tags]))
            for tags in ([("DEPT", "20")], [("DEPT", "30")], [("dept", "30")], [("DEPT", "20"), ("DEPT", "30")])
        ],
        [
            item("card_purchase", line(tags=[{"groupCode": group, "code": code} for group, code in tags]))
            for tags in ([("DEPT", "20")], [("dept", "30")], [("DEPT", "20"), ("dept", "30")])
        ],
    ]
    head = HEAD.replace("unmatched: fail", "unmatched: fallback").replace(
        "include", '  - {code: GONE, account: "2999"}\ninclude'
    )
    codes = ("1940", "2890", "1930", "2440", "2901", "2822", "2641", "2642", "2614", "6571", "6572")
    held = catalog(*codes, *(f"654{digit}" for digit in range(7)))
    # Whichever of them came first.
    told_apart += [apart[::-1] for apart in told_apart]
    for shape, apart in ((shape, apart) for shape in ("code", "split") for apart in told_apart):
        made = engine(tmp_path, f"{head}{OF_SUPPLIERS}{SETTING}tax: {{shape: {shape}, taxCodes: [I25]}}\n", held)
        for one in (*(one for one in apart for _ in range(3)), *apart, *apart):
            raw = encode_json(one)
            assert encode(made.entry(decode(raw))) == encode(made.entry(decode(raw), Nobody()))


def test_what_items_have_of_their_own_makes_no_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many vendors, suppliers, people, lines, accounts and tags: a few items are decided about, and few lines.

    A vendor has an account of its own or none; the lines are alike that have the same row, but for their taxes' codes.
    """
    decided: list[object] = []
    for kind in (Outline, ShareOutline):

        def heard(*known: object, of: Callable[..., object] = kind.of) -> object:
            decided.append(of(*known))
            return decided[-1]

        monkeypatch.setattr(kind, "of", heard)
    rows = 'lines:\n  rows:\n  - {id: r, when: {supplier: {startsWith: "S1"}, tag.P: {not: "x"}}, account: "6541"}\n'
    vendors = "".join(f"  - {{code: V{n}{f', account: {chr(34)}9{n}{chr(34)}' if n % 2 else ''}}}\n" for n in range(60))
    made = engine(tmp_path, HEAD.replace("include:", f"{vendors}include:") + rows)
    for number in range(60):
        sent = [
            taxed(20, code=f"T{number % 5}")
            | {
                "account": {"id": f"{at}", "code": f"7{number}{at}"},
                "tags": [{"groupCode": "P", "code": f"{number}{at}"}],
            }
            for at in range(1 + number % 4)
        ]
        who = {"name": f"N{number}", "code": f"U{number}"}
        supplier = {"name": f"S{number}", "categoryCode": f"{number}"}
        vendor = {"name": f"Vendor {number}", "code": f"V{number}"}
        payable = {"method": "accounts_payable"}
        entry = mapped(made, item("invoice", *sent, supplier=supplier, vendor=vendor, bookkeeping=payable, user=who))
        (*lines, against) = entry.entries[0].postings
        assert against.account == (f"9{number}" if number % 2 else "2440")
        assert entry.vendor == VendorOf(f"V{number}", f"Vendor {number}", f"V{number}")
        own = "6541" if f"{number}".startswith("1") else None
        assert [(one.account, one.tax_code, one.tags) for one in lines] == [
            (own or f"7{number}{at}", f"T{number % 5}", {"P": f"{number}{at}"}) for at in range(len(sent))
        ]
    # Five codes, and beside them the other one of the two rows.
    assert [type(one) for one in decided] == [Outline] * 2 + [ShareOutline] * (5 + 1)


def test_as_many_kinds_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more, all are forgotten and learnt anew, and entries stay the same."""
    monkeypatch.setattr(alike, "MOST", 5)
    monkeypatch.setattr(expense, "MOST", 2)
    monkeypatch.setattr(own, "MOST", 3)
    made = engine(tmp_path)
    for number in range(40):
        tags = [{"groupCode": "G", "code": f"{number % 7}"}]
        given = line(account=f"65{number // 3 % 4}0", tags=tags)
        raw = encode_json(
            item(("card_purchase", "fee", "out_of_pocket", "mileage", "per_diem", "card_invoice")[number % 6], given)
        )
        assert encode(made.entry(decode(raw))) == encode(made.entry(decode(raw), Nobody()))


def test_warnings_of_one_are_not_those_of_the_next(tmp_path: Path) -> None:
    """What is added to an entry stays with it."""
    made = engine(tmp_path)
    for _ in range(4):
        found = decode(encode_json(item()))
        assert isinstance(found, Item)
        entry = made.entry(found)
        assert entry.warnings == []
        entry.warnings.append("mine")
        entry.entries[0].postings[0].amount = 7
