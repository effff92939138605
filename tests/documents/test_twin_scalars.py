"""Scalars mean to each reader what they mean to the others, or are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from awkward import TEXT
from pleoctl.documents.load import parse
from pleoctl.documents.scalars import Ambiguous, plain_value, yaml_string

if TYPE_CHECKING:
    from shapes import Value

# SHARED AWKWARD PAIR TEXT


@given(TEXT)
def test_a_written_string_is_the_same_string_to_json_and_yaml(text: str) -> None:
    """Double-quoted scalars are JSON strings; every reader agrees on them."""
    import json

    scalar = yaml_string(text)
    assert json.loads(scalar) == text
    assert parse(f"{scalar}\n", "f.yaml").data == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-5", -5),
        ("1.5", 1.5),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("a", "a"),
        ("1a", "1a"),
        (".", "."),
        ("0x", "0x"),
        ("1.2.3", "1.2.3"),
        ("12-30", "12-30"),
        ("ext-1", "ext-1"),
        ("Yes please", "Yes please"),
    ],
)
def test_a_plain_scalar_on_which_all_readers_agree_keeps_its_meaning(text: str, value: Value) -> None:
    """Numbers, booleans, null and text that nobody doubts."""
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


@given(st.text("0123456789.-+eExXoObB_:nNaAfFyYsStTrRuUlL~=< ", min_size=1, max_size=10))
@example("-_")
def test_a_plain_scalar_is_text_only_if_every_reader_says_so(text: str) -> None:
    """Whatever ruamel.yaml reads as a non-string, in YAML 1.1 or 1.2, is never taken for text."""
    from ruamel.yaml.resolver import VersionedResolver

    assume(text == text.strip())
    if not isinstance(plain_value(text), str):
        return
    for version in ((1, 1), (1, 2)):
        resolver = VersionedResolver(version=version)
        tag = str(resolver.resolve(_scalar_node(), text, (True, False)))
        assert tag in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:value"}, (version, text, tag)


def _scalar_node() -> object:
    from ruamel.yaml.nodes import ScalarNode

    return ScalarNode


def test_an_ambiguous_scalar_is_equal_to_no_text() -> None:
    """So that no schema and no comparison takes it for what it may not mean."""
    assert plain_value("0100") == Ambiguous("0100")
    assert plain_value("0100") != "0100"
