"""The quick validator and the careful one agree about every part of every schema."""

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
        fast, slow = quick({"definitions": definitions, "allOf": [part]}), careful(name, part, definitions)
        told = [(value, fast.is_valid(value), slow.is_valid(value)) for value in VALUES]
        assert [(value, says) for value, says, _ in told] == [(value, says) for value, _, says in told], part


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
    assert said == validator("plan").evolve(schema=schema).is_valid(text)


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


def test_each_file_is_held_to_the_sections_that_it_has() -> None:
    """Whatever the files before it had: what one lacks is not looked at, what the next has is."""
    head: Json = {"apiVersion": "pleoctl/v1", "kind": "DesiredState"}
    assert keeps(head, "desired-state")
    assert not keeps({**head, "accounts": [{"externalId": 1}]}, "desired-state")
    assert not keeps({**head, "acounts": []}, "desired-state")
    assert keeps({**head, "accounts": []}, "desired-state")


def test_a_document_that_keeps_to_its_schema_needs_no_careful_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is wrong is worth the import."""
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)
    text = "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n- {name: 'Cash', externalId: 'a'}  # by hand\n"
    assert parse(text, "f.yaml", "desired-state").data["accounts"] == [{"name": "Cash", "externalId": "a"}]
