"""What beancount and hledger say of an account beside its name: metadata and tags."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json, Value

needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed (apt)")


def written(books: Books, kind: str, text: str) -> Json:
    """A ledger of a kind, and the section that reads it."""
    (books.folder / "main").write_text(text, encoding="utf-8")
    return {"type": kind, "path": "main"}


def accounts(books: Books, source: Json) -> dict[str | None, tuple[Value, Value, bool]]:
    """Key → code, name, active."""
    rows = books.read(source).accounts or []
    return {row.key: (row.fields.get("code"), row.fields["name"], row.active) for row in rows}


def test_metadata_says_what_beancount_lets_it_say(books: Books) -> None:
    """TRUE and FALSE, NULL for nothing, texts over several lines; one without a word is active, a closed one is not."""
    text = (
        '2020-01-01 open A:No\n  use: FALSE\n2020-01-01 open A:Yes\n  use: TRUE\n  code: NULL\n  name: "two\nlines"\n'
        '2020-01-01 open A:Silent\n  code: "NULL"\n2020-01-01 open A:Shut\n  use: "yes"\n2021-01-01 close A:Shut\n'
        '2020-01-01 open A:Odd\n  use: "maybe"\n'
    )
    source = {**written(books, "beancount", text), "metadata": {"active": "use"}}
    assert accounts(books, source) == {
        "A:No": (None, "No", False),
        "A:Yes": (None, "two\nlines", True),
        "A:Silent": ("NULL", "Silent", True),
        "A:Shut": (None, "Shut", False),
        "A:Odd": (None, "Odd", True),
    }
    (held,) = books.findings(source)
    assert "'A:Odd': active is 'maybe', neither an active nor an inactive value" in held.message


@pytest.mark.parametrize("kind", ["beancount", pytest.param("hledger", marks=needs_hledger)])
def test_metadata_gives_fields_that_there_are(books: Books, kind: str) -> None:
    """The identity as well: names may change, and a prefix is one of names. A slip of a field is told."""
    texts = {
        "beancount": '2020-01-01 open Expenses:B\n  id: "x1"\n2020-01-01 open Assets:D\n  id: "x2"\n',
        "hledger": "account Expenses:B  ; id:x1\naccount Assets:D  ; id:x2\n",
    }
    source = {**written(books, kind, texts[kind]), "prefix": ["Expenses"], "metadata": {"externalId": "id"}}
    assert accounts(books, source) == {"x1": (None, "B", True)}
    with pytest.raises(InvalidFile) as caught:
        books.read({**source, "metadata": {"Code": "id"}})
    assert "source.metadata.Code: unknown field 'Code'" in str(caught.value.findings[0])


@needs_hledger
def test_an_account_has_the_tags_of_those_above_it(books: Books) -> None:
    """As hledger itself says (`accounts tag:active`): what is closed is closed with all below; a code is one's own."""
    text = (
        "account Expenses:Old  ; active:no, vat:V7, code:50, name:Old\n  ; area:N\n"
        "account Expenses:Old:Car:Fuel  ; vat:V0\naccount Expenses:Old:Van\n  ; active:yes\n"
        "account Expenses:Older  ; code:60\n"
    )
    source = {**written(books, "hledger", text), "metadata": {"taxCodeExternalId": "vat"}}
    found = books.read(source).accounts or []
    assert [(row.key, row.fields.get("code"), row.fields["name"], row.active) for row in found] == [
        ("Expenses:Old", "50", "Old", False),
        ("Expenses:Old:Car:Fuel", None, "Old:Car:Fuel", False),
        ("Expenses:Old:Van", None, "Old:Van", True),
        ("Expenses:Older", "60", "Older", True),
    ]
    assert [row.fields["taxCodeExternalId"] for row in found] == ["V7", "V0", "V7", None]


@needs_hledger
def test_blanks_of_a_name_are_those_of_hledger(books: Books) -> None:
    """A tab is one blank, of which two end a name; other marks are letters to it, and end no line."""
    text = (
        "account A:Tab\t; code:1\naccount B\t\t; code:2\naccount C\xa0D \t; code:3\r\naccount E\u2028F ;x\n"
        "account G\x0b\x0c; code:4\naccount\tH\x85  ; code:5\n"
    )
    held = "has one blank before its comment, which hledger takes for a part of the name; write two"
    rows = books.read(written(books, "hledger", text)).accounts or []
    assert {row.key: row.hold or row.fields["code"] for row in rows} == {
        "A:Tab ; code:1": held,
        "B": "2",
        "C D": "3",
        "E\u2028F ;x": held,
        "G": "4",
        "H\x85": "5",
    }
