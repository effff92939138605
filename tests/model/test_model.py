"""Keys and addresses: what is the same record, and how outputs name it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.model.addresses import Address, Bucket, Named
from pleoctl.model.kind import loose
from pleoctl.model.kinds import ACCOUNT, TAG, TAG_GROUP

_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(_KEYS, _KEYS, st.none() | st.uuids().map(str))
def test_every_key_has_its_own_address(one: str, other: str, pleo_id: str | None) -> None:
    """Spelling is reversible, so that two keys never share an address."""
    for address in (Address("account", one, None, pleo_id), Address("tag", one, other, pleo_id)):
        read = Address.parse(str(address))
        assert read == address
        assert (read.kind, read.key, read.group, read.duplicate) == (
            address.kind,
            address.key,
            address.group,
            address.duplicate,
        )
    assert (Address("account", one) == Address("account", other)) == (one == other)
    assert Bucket.parse(str(Bucket("tag", one))) == Bucket("tag", one)


@given(_KEYS, _KEYS, st.uuids().map(str))
def test_an_address_is_one_word_for_machines(group: str, code: str, pleo_id: str) -> None:
    """Slash and hash only where the address itself has them; no control characters."""
    address = str(Address("tag", code, group, pleo_id))
    assert address.count("/") == 1
    assert address.count("#") == 1
    assert all(ord(c) >= 32 and not 127 <= ord(c) < 160 for c in address)


def test_addresses_are_spelt_as_published() -> None:
    """Percent-encoded are %, /, # and control characters, as UTF-8; everything else is left readable."""
    assert str(Address("account", "ext-1000")) == "account:ext-1000"
    assert str(Address("account", "a/b#c%d\n\x85é ")) == "account:a%2Fb%23c%25d%0A%C2%85é "
    assert str(Address("tagGroup", "DEPT")) == "tagGroup:DEPT"
    assert str(Address("tagGroup", "DEPT", None, "id")) == "tagGroup:DEPT#id"
    assert str(Address("tag", "1", "D/x")) == "tag:D%2Fx/1"


@pytest.mark.parametrize(
    "text",
    [
        "account:acc%2D9",
        "account:a%2fb",
        "account:a/b",
        "account:a#",
        "account:100%",
        "account:a%00b%0",
        "tag:a",
        "tag:a/b/c",
        "tagGroup:a/b",
        "supplier:a",
        "account",
        "",
        "account:a\n",
        "account:%C3%A9",
        "account:a#b#c",
        " account:a",
        "account:a%7f",
        "account:%2",
        "tag:a/b#c%23",
    ],
)
def test_one_record_has_one_spelling(text: str) -> None:
    """Whatever else would be read as some address is refused."""
    with pytest.raises(ValueError, match="canonical"):
        Address.parse(text)


@given(st.text(max_size=12))
def test_what_parses_is_spelt_the_same_again(text: str) -> None:
    """A text is an address or none; there is no second way to write one."""
    for kind in ("account:", "tagGroup:", "tag:"):
        try:
            read = Address.parse(kind + text)
        except ValueError:
            continue
        assert str(Address(read.kind, read.key, read.group, read.duplicate)) == kind + text


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("account:bank/1930 #1", Address("account", "bank/1930 #1")),
        ("account:bank%2F1930 %231", Address("account", "bank/1930 #1")),
        ("account:100%", Address("account", "100%")),
        ("account:acc%2D9", Address("account", "acc-9")),
        ("account:acc%2D9", Address("account", "acc%2D9")),
        ("tag:a/b/c", Address("tag", "c", "a/b")),
        ("tag:a/b/c", Address("tag", "b/c", "a")),
        ("tag:a%2Fb/c", Address("tag", "C", "A/B")),
        ("tagGroup:dept", Address("tagGroup", "DEPT", None, "some-id")),
        ("tag:DEPT/x#id", Address("tag", "X", "dept", "id")),
    ],
)
def test_people_may_write_an_address_plainly(entry: str, address: Address) -> None:
    """Each reading of an entry counts; a key's case where its kind says so."""
    named = Named.by_address([entry])
    assert address in named
    assert named.unmatched(lambda reading: reading.identity == address.identity) == []
    assert Address(address.kind, address.key + "!", address.group) not in named
    assert named.unmatched(lambda _: False) == [entry]


def test_an_entry_with_an_id_names_one_duplicate() -> None:
    """The other duplicates are not named, nor is the record without a suffix."""
    named = Named.by_address(["tagGroup:DEPT#one"])
    assert Address("tagGroup", "DEPT", None, "one") in named
    assert Address("tagGroup", "DEPT", None, "two") not in named
    assert Address("tagGroup", "DEPT") not in named


def test_keys_name_records_of_their_kind() -> None:
    """Written as they are, escaped, or with the kind before them."""
    named = Named.by_key({"account": ["a/b", "account:c"], "tagGroup": ["Dept"]})
    for address in (
        Address("account", "a/b"),
        Address("account", "c"),
        Address("account", "account:c"),
        Address("tagGroup", "DEPT"),
    ):
        assert address in named
    assert Address("account", "Dept") not in named
    assert None not in named


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
