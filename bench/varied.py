"""Export items each of which is another than the rest, as a company of many people and projects has them.

400 suppliers in five spellings, 400 merchant codes, 60 accounts, 30 departments and 400 projects, ids of their own for
everything, taxes, one item in seven with two lines; 100 rows of ``supplier`` exactly, by its beginning and by a part of
it, and of ``mcc``. About 2 KB an item.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from mapping import COMPANY, WORKSPACE, identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 5
_SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ka",
    "le",
    "mi",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
    "tro",
    "stra",
    "plen",
    "gor",
)
_ACCOUNTS = [str(5000 + 10 * n) for n in range(60)]
_SETTINGS = ["1930", "1940", "2440", "2890"]
_DEPARTMENTS = [f"{n:02}" for n in range(30)]
_PROJECTS = [f"P-{n}" for n in range(400)]
_MAPPING = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {{wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}}
vendors: {{unmatched: fail}}
tax: {{shape: code, taxCodes: [I25]}}
include: [standard]
lines:
  otherwise: keep
  rows:
{rows}
"""
_WORKSPACE = f"{WORKSPACE}dimensions: {{selected: [DEPT, PROJ]}}\n"


def _suppliers() -> list[str]:
    chance, names = random.Random(SEED), dict[str, None]()
    while len(names) < 400:
        names["".join(chance.choices(_SYLLABLES, k=3)).capitalize()] = None
    return list(names)


def _amount(value: int) -> dict[str, Any]:
    money = {"currency": "SEK", "value": value}
    return {"inSupplierCurrency": money, "inWalletCurrency": money}


def _line(chance: random.Random, value: int) -> dict[str, Any]:
    code = chance.choice(_ACCOUNTS)
    tags = [{"id": identity(chance), "code": chance.choice(_DEPARTMENTS), "groupCode": "DEPT"}]
    if chance.random() < 0.5:
        tags.append({"id": identity(chance), "code": chance.choice(_PROJECTS), "groupCode": "PROJ"})
    return {
        "accountingEntryLineId": identity(chance),
        "lineAmount": _amount(value),
        "netAmount": _amount(value - value // 5),
        "account": {"id": identity(chance), "name": f"Account {code}", "code": code, "identifier": f"acc-{code}"},
        "tax": {
            "id": identity(chance),
            "code": "I25",
            "rate": 0.25,
            "type": "inclusive",
            "amount": _amount(value // 5),
        },
        "tags": tags,
    }


def _item(number: int, suppliers: list[str]) -> dict[str, Any]:
    chance = random.Random(SEED * 1_000_000 + number)
    # Every other item is at one of the 100 whom rows are about.
    name = suppliers[chance.randrange(chance.choice([100, 400]))]
    value, person = chance.randrange(500, 900_000), chance.randrange(200)
    kind = chance.choice(["card_purchase"] * 8 + ["out_of_pocket", "fee"])
    contra = {"id": identity(chance), "name": "Pleo SEK Account", "code": "1940", "identifier": "acc-1940"}
    parts = [value] if chance.random() < 0.85 else [value - value // 3, value // 3]
    return {
        "_links": {"web": {"exportItem": f"https://app.example.com/export/{number}"}},
        "accountingEntryId": identity(chance),
        "companyId": COMPANY,
        "type": kind,
        "date": f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T09:12:31Z",
        "amount": _amount(value),
        "note": chance.choice(["Team day", "Kaffe till mötet", None]),
        "files": [{"url": f"https://files.example.com/{identity(chance)}", "type": "application/pdf", "size": 1000}],
        "bookkeeping": {"method": "journal"},
        "contraAccount": None if kind == "out_of_pocket" else contra,
        "vendor": None,
        "supplier": {
            "name": chance.choice(
                [name, name.upper(), f"{name} AB", f"{name} MONTHLY {chance.randrange(99)}", f"The {name}"]
            ),
            "code": None,
            "account": None,
            "categoryCode": str(3000 + chance.randrange(400)),
            "country": "SE",
            "taxIdentifier": None,
        },
        "user": {"id": identity(chance), "name": f"Marie Jensen {person}", "code": f"E-{person}"},
        "team": None,
        "servicePeriod": None,
        "additionalInformation": {
            "reconciliationId": str(5_000_000 + number),
            "reconciledEntries": None,
            "attendees": None,
            "invoiceInformation": None,
        },
        "accountingEntryLines": [_line(chance, part) for part in parts],
    }


def _rows(suppliers: list[str]) -> Iterator[str]:
    for number, name in enumerate(suppliers[:100]):
        when = (
            f"{{supplier: {{startsWith: {name}}}}}",
            f"{{supplier: {{contains: {name}}}}}",
            f"{{supplier: {name}}}",
            f'{{mcc: "{3000 + number}"}}',
        )[number % 4]
        yield f'  - {{id: r{number}, when: {when}, account: "{6000 + number}"}}'


def _desired() -> str:
    codes = sorted([*_SETTINGS, *_ACCOUNTS, *(str(6000 + n) for n in range(100))])
    accounts = [f'- {{externalId: "acc-{code}", code: "{code}", name: "Account {code}"}}' for code in codes]
    groups = []
    for group, values in (("DEPT", _DEPARTMENTS), ("PROJ", _PROJECTS)):
        groups += [f"- code: {group}", f"  name: {group}", "  values:"]
        groups += [f'  - {{code: "{value}", name: "Value {value}"}}' for value in values]
    return "\n".join(
        ["apiVersion: pleoctl/v1", "kind: DesiredState", "accounts:", *accounts, "dimensions:", *groups, ""]
    )


def prepare(folder: Path, items: int) -> None:
    """Write a workspace, and the items as JSON lines, as one answer of the API, and as pages one behind the other."""
    suppliers = _suppliers()
    (folder / "mapping.yaml").write_text(_MAPPING.format(rows="\n".join(_rows(suppliers))))
    (folder / "pleoctl.yaml").write_text(_WORKSPACE)
    (folder / "desired-state.yaml").write_text(_desired())
    lines = [json.dumps(_item(number, suppliers), ensure_ascii=False) for number in range(items)]
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n")
    for name, size in (("page.json", items), ("pages.json", 100)):
        pages = (lines[at : at + size] for at in range(0, items, size))
        (folder / name).write_text("\n".join(f'{{"data": [{", ".join(one)}], "pagination": {{}}}}' for one in pages))
