"""`pleoctl schema items`: what an export item must be, as `map` reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import msgspec
import pytest

from pleoctl.documents.published import schema_text
from pleoctl.mapping.items import Defect, Item, convert

from .conftest import Cli, item, line, money

if TYPE_CHECKING:
    from shapes import Json, Value

SCHEMA: Value = json.loads(schema_text("items"))
ROOT = Path(__file__).parents[2]


def fits(data: Value) -> bool:
    """Whether data is as the schema says."""
    return not list(jsonschema.Draft7Validator(SCHEMA).iter_errors(data))


def shape(kind: Value, found: dict[str, tuple[set[str], set[str]]]) -> dict[str, tuple[set[str], set[str]]]:
    """Keys and required keys of each struct that an item is made of."""
    if isinstance(kind, msgspec.inspect.StructType):
        fields = kind.fields
        names = {f.encode_name for f in fields}
        if found.setdefault(kind.cls.__name__, (names, {f.encode_name for f in fields if f.required}))[0] is names:
            for field in fields:
                shape(field.type, found)
    for part in getattr(kind, "types", ()):
        shape(part, found)
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        shape(kind.item_type, found)
    return found


def written(schema: Value, found: list[tuple[set[str], set[str]]]) -> list[tuple[set[str], set[str]]]:
    """The same of each object of the schema."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict) and "data" not in schema["properties"]:
            found.append((set(schema["properties"]), set(schema.get("required", ()))))
        for part in schema.values():
            written(part, found)
    return found


def test_the_schema_has_the_fields_that_are_read() -> None:
    """Each object, its keys and the keys that must be there."""
    structs = shape(msgspec.inspect.type_info(Item), {})
    listed = written(SCHEMA, [])
    assert [name for name, keys in structs.items() if keys not in listed] == []
    assert [keys for keys in listed if keys not in structs.values()] == []


def test_items_of_the_example_fit() -> None:
    """As a list, in an answer of the API, one by one."""
    items = json.loads((ROOT / "examples/company/items.json").read_text(encoding="utf-8"))
    listed = items["data"] if isinstance(items, dict) else items
    assert fits(listed)
    assert fits({"data": listed, "pagination": {"hasNextPage": False}})
    assert fits(listed[0])


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"subType": None, "note": None, "files": None, "vendor": None, "_links": {}}, True),
        ({"date": None}, False),
        ({"accountingEntryLines": []}, False),
        ({"amount": money(1.5)}, False),
        ({"amount": {"inWalletCurrency": {"currency": "euro", "value": 1}}}, False),
        ({"accountingEntryLines": [line(tags=[{"groupCode": "A"}])]}, False),
        ({"user": "E-1"}, False),
    ],
)
def test_what_cannot_be_an_item_does_not_fit(change: Json, good: bool) -> None:
    """And what fits is read."""
    given = item(**change)
    assert fits(given) is good
    if good:
        assert not isinstance(convert(given), Defect)


def test_the_command_prints_it(workspace: Path, cli: Cli) -> None:
    """As JSON."""
    assert cli("schema", "items") == 0
    assert json.loads(cli.out)["definitions"]["item"]["required"] == SCHEMA["definitions"]["item"]["required"]
