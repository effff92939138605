"""Keys and addresses: what is the same record, and how outputs name it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.model import (
    ACCOUNT,
    TAG,
    TAG_GROUP,
    account_address,
    base_address,
    escape_part,
    group_address,
    tag_address,
)
from pleoctl.model.addresses import unescape_part
from pleoctl.model.kinds import loose

_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(_KEYS, _KEYS)
def test_every_key_has_its_own_address(one: str, other: str) -> None:
    """Escaping is reversible, so that two keys never share an address."""
    assert unescape_part(escape_part(one)) == one
    assert (account_address(one) == account_address(other)) == (one == other)
    assert (tag_address("G", one) == tag_address("G", other)) == (one == other)


@given(_KEYS, _KEYS, st.uuids().map(str))
def test_an_address_is_one_word_for_machines(group: str, code: str, pleo_id: str) -> None:
    """Slash and hash only where the address itself has them; no control characters."""
    address = tag_address(group, code, pleo_id)
    assert address.count("/") == 1
    assert address.count("#") == 1
    assert all(ord(c) >= 32 and not 127 <= ord(c) < 160 for c in address)
    assert base_address(address) == tag_address(group, code)


def test_addresses_are_spelt_as_published() -> None:
    """Percent-encoded are %, /, # and control characters, as UTF-8; everything else is left readable."""
    assert account_address("ext-1000") == "account:ext-1000"
    assert account_address("a/b#c%d\n\x85é ") == "account:a%2Fb%23c%25d%0A%C2%85é "
    assert group_address("DEPT") == "tagGroup:DEPT"
    assert group_address("DEPT", "id") == "tagGroup:DEPT#id"
    assert tag_address("D/x", "1") == "tag:D%2Fx/1"


@pytest.mark.parametrize(("one", "other"), [("DEPT", "dept"), ("Straße", "STRASSE"), ("Ä", "ä"), ("ς", "Σ")])
def test_codes_ignore_case_and_ids_do_not(one: str, other: str) -> None:
    """T3 by full case folding; A6 byte for byte."""
    assert TAG.normalise(one) == TAG.normalise(other) == TAG_GROUP.normalise(other)
    assert ACCOUNT.normalise(one) != ACCOUNT.normalise(other)


@pytest.mark.parametrize(("one", "other"), [("a", " a "), ("é", "e\u0301"), ("a\u00a0", "A")])
def test_what_only_looks_the_same_is_doubtful_and_not_equal(one: str, other: str) -> None:
    """Blanks and composition are never folded away, only reported."""
    assert TAG.normalise(one) != TAG.normalise(other)
    assert loose(one) == loose(other)
