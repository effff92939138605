"""The quick validators and the careful one agree about every part of every schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.documents.gate import keeps, quick
from pleoctl.documents.load import parse
from pleoctl.documents.published import schema_names, schema_of
from pleoctl.documents.scalars import Ambiguous
from pleoctl.documents.schemas import validator
from pleoctl.documents.small import Shape, Unsure
from pleoctl.model.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

VALUES: tuple[Value, ...] = (
    *(None, True, False, 0, 1, -1, 2, 20, 255, 1000, 10**6, 2**53 + 1, 2**63, 2**64, 10**30),
    *(0.0, 1.0, 0.2, -0.5, 1.5, 500.00, 1e300, 20.0),
    *("", " ", "a", "x\n", "\n", "\x1c", "\x85", "\xa0", "\u3000", "\ufeff", "\u200b", "é", "٣", "A" * 255, "B" * 256),
    *(
        "2026-01-31",
        "2026-01-31\n",
        "70",
        "33.5",
        "5m",
        "env:A_B",
        "env:A\n",
        "file:x",
        "EUR",
        "EÜR",
        "sha256:" + "0" * 64,
    ),
    *("https://api.example.com", "https://a b", "https://a\u2003b", "/v1", "../x", "account:ext-1", "tag:a/b", "tag:a"),
    *(
        "12abc3d4-e567-4890-8234-abc56e78fabc",
        "active",
        "pleoctl/v1",
        "fail",
        "any",
        "journal",
        "items",
        "@",
        "💸" * 128,
    ),
    *([], [1], [1, 1], [1, 1.0], [1, True], ["a", "a"], ["a"], [{}], [[]], ["a", 1, None]),
    *({}, {"a": 1}, {"a": "b"}, {"A_B": 1.0}, {"A_B\n": 1}, {"code": "a"}, {"name": "a", "code": None}, {"when": {}}),
    *({"id": "x"}, {"from": "2026-01-01"}, {"any": []}, {"not": None}, {"range": [1, 2]}, {"range": [1.0, None]}),
    *({"type": "csv"}, {"type": "http", "baseUrl": "https://a"}, {"hold": "why"}, {"path": "a.csv"}, {"regex": "a"}),
)


def nodes(schema: Value) -> Iterator[Json]:
    """Every schema within a schema."""
    if isinstance(schema, list):
        for part in schema:
            yield from nodes(part)
    elif isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            if name in {"properties", "patternProperties", "definitions"}:
                yield from nodes(list(value.values()))
            elif name not in {"enum", "const", "default", "examples", "type", "required"}:
                yield from nodes(value)


def careful(name: str, node: Json, definitions: Json) -> Value:
    """The careful validator of a part of a schema."""
    return validator(name).evolve(schema={"definitions": definitions, "allOf": [node]})


@pytest.mark.parametrize("name", schema_names())
def test_every_part_of_a_schema_means_the_same_to_both(name: str) -> None:
    """Whole numbers, blanks, ends of texts, equal values, keys: whatever JSON can say."""
    schema = schema_of(name, tuple(KINDS))
    definitions = schema.get("definitions", {})
    parts = {json.dumps(node, sort_keys=True): node for node in nodes(schema)}
    for part in parts.values():
        whole = {"definitions": definitions, "allOf": [part]}
        fast, slow, small = quick(whole), careful(name, part, definitions), Shape.whole(whole)
        said = [(value, slow.is_valid(value)) for value in VALUES]
        assert [(value, fast.is_valid(value)) for value in VALUES] == said, part
        assert [(value, told_of_small(small, value, says)) for value, says in said] == said, part


def told_of_small(small: Shape, value: Value, says: bool) -> bool:
    """What the validator of small documents says, which may leave it to others."""
    try:
        return small.holds(value)
    except Unsure:
        return says


@pytest.mark.parametrize("name", ["desired-state", "mapping", "workspace"])
def test_files_that_people_write_need_no_other_validator_while_they_are_small(name: str) -> None:
    """Every part of their schemas is known; the one list with a schema for each item is in pages of other sources."""
    schema = schema_of(name, tuple(KINDS))
    unsure = set()
    for part in nodes(schema):
        try:
            Shape.whole({"definitions": schema["definitions"], "allOf": [part]}).holds([])
        except Unsure:
            unsure.add(json.dumps(part, sort_keys=True))
    assert all("additionalItems" in part for part in unsure)


def test_a_small_file_loads_no_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes longer to load than a small file takes to read."""
    for module in ("jsonschema", "jsonschema_rs"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    text = "apiVersion: pleoctl/v1\nkind: ExportMapping\nlines:\n  rows:\n  - {id: a, when: {note: b}, account: '1'}\n"
    assert parse(text, "mapping.yaml", "mapping").data["lines"]["rows"][0]["id"] == "a"


def patterns() -> list[str]:
    """Every pattern of every schema."""
    found = {
        part["pattern"] for name in schema_names() for part in nodes(schema_of(name, tuple(KINDS))) if "pattern" in part
    }
    return sorted(found)


@given(st.data())
def test_every_pattern_means_the_same_to_both(data: st.DataObject) -> None:
    """Also at line breaks, blanks of all scripts, and digits that are none."""
    pattern = data.draw(st.sampled_from(patterns()))
    alike = st.from_regex(pattern.replace("$", r"\Z"))
    odd = st.text(
        st.sampled_from("a:/\\#%.- \t\n\r\x0b\x1c\x1f\x85\xa0\u1680\u180e\u2003\u2028\u200b\ufeff\u3000é٣0Z{}[]@")
    )
    text = data.draw(alike | odd | st.tuples(alike, odd).map("".join))
    schema = {"type": "string", "pattern": pattern}
    try:
        said = quick(schema).is_valid(text)
    except ValueError:  # a lone surrogate, of which the careful validator is asked
        return
    assert said == validator("plan").evolve(schema=schema).is_valid(text) == Shape.whole(schema).holds(text)


@pytest.mark.parametrize(
    "value", [Ambiguous("NO"), {1: "a"}, float("nan"), float("inf"), {"a": {"b": Ambiguous("1e3")}}]
)
def test_what_json_cannot_say_gets_no_quick_yes(value: Value) -> None:
    """The careful validator decides, and has words for it."""
    document = {
        "apiVersion": "pleoctl/v1",
        "kind": "DesiredState",
        "accounts": [{"externalId": "a", "name": "n", "code": value}],
    }
    assert not keeps(document, "desired-state")
    assert not keeps(document, "desired-state", size=1)


@pytest.mark.parametrize("size", [1, 10**6])
def test_each_file_is_held_to_the_sections_that_it_has(size: int) -> None:
    """Whatever the files before it had: what one lacks is not looked at, what the next has is."""
    head: Json = {"apiVersion": "pleoctl/v1", "kind": "DesiredState"}
    assert keeps(head, "desired-state", size)
    assert not keeps({**head, "accounts": [{"externalId": 1}]}, "desired-state", size)
    assert not keeps({**head, "acounts": []}, "desired-state", size)
    assert keeps({**head, "accounts": []}, "desired-state", size)


def test_a_document_that_keeps_to_its_schema_needs_no_careful_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is wrong is worth the import."""
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)
    text = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n- {name: 'Cash', externalId: 'a'}  # by hand\n"
    assert parse(text, "f.yaml", "desired-state").data["accounts"] == [{"name": "Cash", "externalId": "a"}]
