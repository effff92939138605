"""Export items as a company of 300 vendors and 300 projects has them, under rules of many kinds.

Types and currencies of all sorts, three in ten at well-known suppliers and four in ten at one whose spelling is new;
departments, projects, regions, people, taxes, vendors where a liability is booked, one item in five with two to
four lines. 100 rows of eleven kinds: how a name begins, ends, what it contains or matches; merchant codes, tags,
accounts, amounts, people, notes, taxes, vendors; and several of these at once. About 2 KB an item. The same lines as
CSV, with the same rules as far as hledger has words for them.
"""

from __future__ import annotations

import csv
import json
import random
from itertools import islice
from typing import TYPE_CHECKING, Any

from mapping import COMPANY, WORKSPACE, identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 11
_KNOWN = (
    *("Adobe", "Airbnb", "Apoteket", "Aral", "Booking.com", "Bolt", "Canva", "Coolblue", "Dropbox", "DHL Express"),
    *("Elgiganten", "Espresso House", "Eurowings", "Figma", "FlixBus", "Flying Tiger", "Hertz", "IKEA", "Jysk", "KLM"),
    *("Lyft", "McDonald's", "Moss", "Netto", "Norwegian Air", "Notion", "Office Depot", "Parkman", "Rema 1000"),
    *("Ryanair", "Sixt", "Spotify", "Subway", "Telia", "Trello", "Viaplay", "Webhallen", "Wolt", "Zalando", "Zapier"),
)
_HEADS = ("Nord", "Blå", "Kron", "Stein", "Lux", "Mare", "Ost", "Fjord", "Alt", "Grün", "Vita", "Sol")
_TAILS = ("soft", "tech", "food", "hotel", "bank", "werk", "line", "pack", "media", "rail", "post", "lab")
_FORMS = ("AB", "A/S", "GmbH", "Oy", "Ltd", "SARL", "B.V.")
_TOWNS = ("Malmö", "Århus", "Köln", "Turku", "Leeds", "Nantes", "Utrecht", "Bergen", "Roma", "Wien")
_NOTES = ("Lunch with Parker", "Train to the fair", "Kaffe & kage", "Hotel, two nights", "Books", "Team day", "", None)
_WORDS = ("Parker", "Hotel", "Books", "Kaffe")
_TYPES = {
    "card_purchase": 66,
    "out_of_pocket": 12,
    "invoice": 6,
    "refund": 4,
    "mileage": 3,
    "card_invoice": 2,
    "per_diem": 2,
    "fee": 1,
    "cashback": 1,
    "wallet_topup": 1,
    "atm_withdrawal": 1,
    "personal_spend": 1,
}
_NO_CONTRA = {"out_of_pocket", "mileage", "per_diem", "invoice"}
_TAXES = ("I25", "I25", "I25", "I12", "I6", "OMV", None)
_CODES = [str(code) for code in range(5000, 5400)]
_DEPARTMENTS = [f"{10 * n}" for n in range(1, 25)]
_PROJECTS = [f"P{n:04}" for n in range(300)]
_GROUPS = {"DEPT": _DEPARTMENTS, "PROJ": _PROJECTS, "REGION": ["NORTH", "SOUTH", "EAST", "WEST"]}
_MCCS = [str(code) for code in range(4000, 8000, 41)]
_COUNTRIES = ("SE", "DK", "NO", "DE", "NL", "GB", "FR", "US")
_MAPPING = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {{wallet: "1001", outOfPocket: "1002", contra: "1003", accountsPayable: "1004"}}
vendors:
  unmatched: fail
  match: [code, externalId, taxRegistrationNumber]
  rows:
{vendors}
tax: {{shape: code}}
include: [standard]
lines:
  otherwise: keep
  rows:
{rows}
"""
_WORKSPACE = f"{WORKSPACE}dimensions: {{selected: [DEPT, PROJ, REGION]}}\n"


def _amount(currency: str, value: int) -> dict[str, Any]:
    money = {"currency": currency, "value": value}
    return {"inSupplierCurrency": money, "inWalletCurrency": money}


def _name(chance: random.Random) -> str:
    """A supplier: one that many rows know, one of some hundreds, or one in a spelling of its own."""
    kind = chance.random()
    if kind < 0.3:
        return chance.choice(_KNOWN)
    name = f"{chance.choice(_HEADS)}{chance.choice(_TAILS)} {chance.choice(_FORMS)}"
    if kind < 0.6:
        return chance.choice([name, name.upper()])
    return chance.choice([name, name.upper()]) + f" {chance.choice(_TOWNS)} {chance.randrange(100_000)}"


def _tax(chance: random.Random, currency: str, value: int) -> dict[str, Any] | None:
    code = chance.choice(_TAXES)
    if code is None:
        return None
    of = value * int(code[1:]) // (100 + int(code[1:])) if code != "OMV" else value // 4
    told = {"code": code, "type": "reverse" if code == "OMV" else "inclusive", "amount": _amount(currency, of)}
    return {"id": identity(chance), **told, "ingoingTaxAccount": "1020", "outgoingTaxAccount": "1021"}


def _line(chance: random.Random, currency: str, value: int) -> dict[str, Any]:
    code = chance.choice(_CODES)
    wanted = [group for group, share in (("DEPT", 0.9), ("PROJ", 0.5), ("REGION", 0.3)) if chance.random() < share]
    return {
        "accountingEntryLineId": identity(chance),
        "lineAmount": _amount(currency, value),
        "netAmount": _amount(currency, value),
        "account": {"id": identity(chance), "name": f"Account {code}", "code": code, "identifier": f"acc-{code}"},
        "tax": _tax(chance, currency, value),
        "tags": [{"id": identity(chance), "code": chance.choice(_GROUPS[one]), "groupCode": one} for one in wanted],
    }


def _parts(chance: random.Random, value: int) -> list[int]:
    """The amounts of as many lines as an item has."""
    cuts = sorted(chance.sample(range(1, value), chance.choice([0] * 12 + [1, 2, 3])))
    return [end - begin for begin, end in zip([0, *cuts], [*cuts, value], strict=True)]


def _vendor(number: int) -> dict[str, Any]:
    return {
        "name": f"Vendor {number}",
        "code": f"V{number:04}",
        "externalId": f"ven-{number}",
        "taxRegistrationNumber": f"SE55{number:06}01",
    }


def _item(number: int) -> dict[str, Any]:
    chance = random.Random(SEED * 1_000_000 + number)
    (kind,) = chance.choices([*_TYPES], [*_TYPES.values()])
    currency, value = chance.choice(["SEK", "SEK", "EUR", "DKK"]), chance.randrange(500, 900_000)
    payable = kind in {"invoice", "card_invoice"} or (kind == "card_purchase" and chance.random() < 0.15)
    person, day = chance.randrange(200), f"2026-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    contra = {"id": identity(chance), "name": f"Pleo {currency}", "code": "1001", "identifier": None}
    invoice = {"invoiceNumber": f"F-{chance.randrange(10**6)}", "invoiceDate": day, "dueDate": day}
    return {
        "_links": {"web": {"exportItem": f"https://app.example.com/export/{identity(chance)}"}},
        "accountingEntryId": identity(chance),
        "companyId": COMPANY,
        "type": kind,
        "subType": None,
        "date": f"{day}T09:12:31Z",
        "amount": _amount(currency, value),
        "note": chance.choice(_NOTES),
        "files": [],
        "bookkeeping": {"method": "accounts_payable" if payable else "journal"},
        "contraAccount": None if kind in _NO_CONTRA else contra,
        "vendor": _vendor(chance.randrange(300)) if payable else None,
        "supplier": {
            "name": _name(chance),
            "code": None,
            "account": None,
            "categoryCode": chance.choice(_MCCS),
            "country": chance.choice(_COUNTRIES),
            "taxIdentifier": None,
        },
        "user": {"id": identity(chance), "name": f"Marie Jensen {person}", "code": f"E-{person}"},
        "team": {"id": identity(chance), "name": "Team", "code": f"T{chance.randrange(8)}"},
        "servicePeriod": None,
        "additionalInformation": {
            "reconciliationId": str(5_000_000 + number),
            "reconciledEntries": [],
            "attendees": [],
            "invoiceInformation": invoice if payable else None,
        },
        "accountingEntryLines": [_line(chance, currency, part) for part in _parts(chance, value)],
    }


def _conditions() -> Iterator[tuple[str, list[str]]]:
    """What rows ask, each kind in its turn, and what hledger asks of its fields."""
    chance, known = random.Random(SEED), iter(_KNOWN)
    while True:
        form, tail, mcc = chance.choice(_FORMS), chance.choice(_TAILS), chance.choice(_MCCS)
        head, town, country = chance.choice(_HEADS), chance.choice(_TOWNS), chance.choice(_COUNTRIES)
        code, team, person = chance.choice(_CODES[:-4]), f"T{chance.randrange(8)}", f"E-{chance.randrange(200)}"
        department, projects = chance.choice(_DEPARTMENTS), chance.sample(_PROJECTS, 2)
        name, word, vendor = next(known, head), chance.choice(_WORDS), f"V{chance.randrange(300):04}"
        currency, least = chance.choice(["SEK", "DKK"]), chance.randrange(3, 40)
        yield f'supplier: {{startsWith: "{name}"}}', [f"supplier ^{name}"]
        yield f'supplier: {{contains: "{tail} {form}"}}', [f"supplier {tail} {form}"]
        yield f'mcc: "{mcc}", country: ["{country}", US]', [f"mcc ^{mcc}$", f"country ^({country}|US)$"]
        yield f'tag.DEPT: "{department}", account: "{code}"', [f"dept ^{department}$", f"category ^{code}$"]
        yield f"tag.PROJ: [{', '.join(projects)}]", [f"proj ^({'|'.join(projects)})$"]
        yield f"user: {person}, amount: {{range: [{least}00, null]}}", [f"user ^{person}$"]
        yield f"note: {{contains: {word}}}, team: {team}", [f"note {word}", f"team ^{team}$"]
        asked = [f"currency ^{currency}$", "tax ^I25$", f"mcc ^{mcc}$"]
        yield f'currency: {currency}, taxCode: I25, mcc: "{mcc}"', asked
        reach = f'account: {{range: ["{code}", "{int(code) + 4}"]}}'
        yield f'{reach}, supplier: {{endsWith: " {form}"}}', [f"category ^{code}$", f"supplier {form}$"]
        yield f'type: card_purchase, mcc: {{not: "{mcc}"}}, vendor: {vendor}', [f"vendor ^{vendor}$"]
        yield f'supplier: {{regex: "{head}(soft|tech) .*{town}"}}', [f"supplier {head}(soft|tech) .*{town}"]


def _rows() -> Iterator[tuple[str, str]]:
    """Rows for us and for hledger."""
    for number, (when, asked) in enumerate(islice(_conditions(), 100)):
        account = 5000 + 4 * number
        theirs = "\n& ".join(f"%{one}" for one in asked)
        yield (
            f'  - {{id: r{number}, when: {{{when}}}, account: "{account}"}}',
            f"if\n{theirs}\n  account1 expenses:{account}\n",
        )


def _vendors() -> Iterator[str]:
    """Two in three have an account of their own."""
    for number in range(300):
        known = _vendor(number)
        shown = ", ".join(f'{key}: "{known[key]}"' for key in ("code", "externalId", "taxRegistrationNumber"))
        own = f', account: "{5000 + number}"' if number % 3 else ""
        yield f"  - {{{shown}{own}}}"


def _desired() -> Iterator[str]:
    yield from ("apiVersion: pleoctl/v1", "kind: DesiredState", "accounts:")
    for code in sorted(["1001", "1002", "1003", "1004", *_CODES]):
        yield f'- {{externalId: "acc-{code}", code: "{code}", name: "Account {code}"}}'
    yield "dimensions:"
    for group, values in _GROUPS.items():
        yield from (f"- code: {group}", f"  name: {group}", "  values:")
        yield from (f'  - {{code: "{value}", name: "Value {value}"}}' for value in values)


def _cells(item: dict[str, Any]) -> Iterator[list[str]]:
    """A row of the table for each line."""
    supplier = item["supplier"]
    for line in item["accountingEntryLines"]:
        money, tags = line["lineAmount"]["inWalletCurrency"], {tag["groupCode"]: tag["code"] for tag in line["tags"]}
        yield [
            item["date"][:10],
            f"{money['value'] / 100:.2f}",
            money["currency"],
            supplier["name"],
            supplier["categoryCode"],
            supplier["country"],
            tags.get("DEPT", ""),
            tags.get("PROJ", ""),
            line["account"]["code"],
            item["user"]["code"],
            item["team"]["code"],
            item["note"] or "",
            (line["tax"] or {}).get("code", ""),
            (item["vendor"] or {}).get("code", ""),
        ]


_FIELDS = "date amount currency supplier mcc country dept proj category user team note tax vendor"
_CSV_RULES = f"""fields {", ".join(_FIELDS.split())}
description %supplier %user %note
date-format %Y-%m-%d
account1 expenses:%category
account2 assets:1001
"""


def prepare(folder: Path, items: int) -> None:
    """Write a workspace, the items as JSON lines, and their lines as a table with the rules of hledger."""
    rows = [*_rows()]
    ours = "\n".join(row for row, _ in rows)
    (folder / "mapping.yaml").write_text(_MAPPING.format(vendors="\n".join(_vendors()), rows=ours))
    (folder / "pleoctl.yaml").write_text(_WORKSPACE)
    (folder / "desired-state.yaml").write_text("\n".join([*_desired(), ""]))
    (folder / "items.rules").write_text("\n".join([_CSV_RULES, *(row for _, row in rows)]))
    with (folder / "items.jsonl").open("w") as lines, (folder / "items.csv").open("w") as table:
        for item in map(_item, range(items)):
            lines.write(json.dumps(item, ensure_ascii=False) + "\n")
            csv.writer(table).writerows(_cells(item))
