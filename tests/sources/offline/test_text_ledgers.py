from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from findings import line_of
from pleoctl.errors import InvalidFile, Refused, SourceError

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json, Value

needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed (apt)")

SIE = """#FLAGGA 0
#PROGRAM "Bokföring & Co" 2.1
#FORMAT PC8
#SIETYP 4
#FNAMN "Åkes \\"Ägg\\" AB"
#KONTO 1930 "Företagskonto / checkräkning"
#KONTO 0100 Balanserad
#KTYP 1930 T
#DIM 1 Avdelning
#OBJEKT 1 "0100" "Försäljning"
#OBJEKT 6 "P 1" "Brf Ekön"
#VER A 1 20260101 "Köp av #KONTO 9999 och {annat}"
{
#TRANS 1930 {1 "0100" 6 "P 1"} -100.00
#TRANS 0100 {} 100.00
}
"""

BEANCOUNT = """; the company's ledger
option "title" "Café \\"Süd\\" ; not a comment"
include "chart/*.beancount"
* 2020-01-01 open Expenses:Heading:Only
2020-01-01 open Assets:Bank EUR
  code: "1930"
2020-01-01 open Expenses:Reise:Bahn EUR,USD "STRICT" ; trains
  ; a note
  code: "0100"
  name: "Bahn & \\"Bus\\""
  vat: "V7"
2026-05-01 * "Payee" "a narration
2020-01-01 open Expenses:NotReal
over three lines"
  Expenses:Reise:Bahn  10 EUR
  Assets:Bank
2026-06-01 close Expenses:Alt
"""

JOURNAL = """include chart/more.journal
account Assets:Bank   ; code:1930
account Expenses:Reise:Bahn
  ; code:0100, name:Bahn und Bus
  ; a comment without a tag
account Expenses:Alt  ; active:no
comment
account Expenses:NotReal
end comment

2026-05-01 Café
  Expenses:Reise:Bahn  10 EUR
  Assets:Bank
"""


def accounts(books: Books, source: Json) -> dict[str | None, tuple[Value, Value, bool]]:
    """Key → code, name, active."""
    rows = books.read(source).accounts or []
    return {row.key: (row.fields.get("code"), row.fields["name"], row.active) for row in rows}


def test_an_sie_file_is_read_to_the_character(books: Books) -> None:
    """CP437 text, quoted fields, dimensions with objects, and the dimensions that the format itself names."""
    (books.folder / "books.se").write_bytes(SIE.replace("\n", "\r\n").encode("cp437"))
    state = books.read({"type": "sie", "path": "books.se"})
    assert [(row.key, row.fields, row.line) for row in state.accounts or []] == [
        ("1930", {"code": "1930", "name": "Företagskonto / checkräkning"}, 6),
        ("0100", {"code": "0100", "name": "Balanserad"}, 7),
    ]
    found = [(d.row.key, d.row.fields["name"], [v.fields for v in d.values or []]) for d in state.dimensions or []]
    assert found == [
        ("1", "Avdelning", [{"code": "0100", "name": "Försäljning"}]),
        ("6", "Projekt", [{"code": "P 1", "name": "Brf Ekön"}]),
    ]


def test_an_sie_file_in_another_encoding(books: Books) -> None:
    """Programs that write UTF-8 are read with encoding; a text that does not fit it is told by its line."""
    (books.folder / "books.se").write_text(SIE, encoding="utf-8")
    assert accounts(books, {"type": "sie", "path": "books.se", "encoding": "utf-8"})["0100"] == (
        "0100",
        "Balanserad",
        True,
    )
    with pytest.raises(SourceError, match="is not ascii") as caught:
        books.read({"type": "sie", "path": "books.se", "encoding": "ascii"})
    assert line_of(caught.value.findings[0]) == 2
    with pytest.raises(SourceError, match="unknown"):
        books.read({"type": "sie", "path": "books.se", "encoding": "cp9999"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SIE[: SIE.index("Försälj") + 3], "a quotation mark is not closed"),
        (SIE[: SIE.index("#TRANS 0100")], "ends inside { }"),
        ("#KSUMMA\n" + SIE, "announces a checksum and does not end with it"),
        ("id;name\n1;Cash\n", "is not an SIE file"),
        ("", "is not an SIE file"),
    ],
)
def test_an_sie_file_that_is_not_whole_is_refused(books: Books, text: str, words: str) -> None:
    """A file that was cut off must not archive what it no longer has."""
    (books.folder / "books.se").write_bytes(text.encode("cp437"))
    with pytest.raises(SourceError) as caught:
        books.read({"type": "sie", "path": "books.se"})
    assert words in str(caught.value)


def test_an_sie_file_with_its_checksum_is_whole(books: Books) -> None:
    """The closing checksum shows that the end is there."""
    (books.folder / "books.se").write_bytes(("#KSUMMA\n" + SIE + "#KSUMMA 1234567\n\x1a").encode("cp437"))
    assert set(accounts(books, {"type": "sie", "path": "books.se"})) == {"1930", "0100"}


def test_tables_of_an_sie_file_can_be_chosen(books: Books) -> None:
    """The key resources names the tables; without objects there are no dimensions, unless they are asked for."""
    plain = "\n".join(line for line in SIE.splitlines() if not line.startswith(("#DIM", "#OBJEKT")))
    (books.folder / "books.se").write_bytes(SIE.encode("cp437"))
    (books.folder / "plain.se").write_bytes(plain.encode("cp437"))
    assert books.read({"type": "sie", "path": "books.se", "resources": ["accounts"]}).dimensions is None
    assert books.read({"type": "sie", "path": "plain.se"}).dimensions is None
    with pytest.raises(Refused, match="no dimensions"):
        books.read({"type": "sie", "path": "plain.se", "resources": ["accounts", "dimensions"]})


def write_beancount(books: Books) -> None:
    """A ledger with an included file."""
    (books.folder / "chart").mkdir()
    (books.folder / "main.beancount").write_text(BEANCOUNT, encoding="utf-8")
    (books.folder / "chart" / "a.beancount").write_text(
        "2020-01-01 open Expenses:Alt\n2020-01-01 open Liabilities:Karte EUR\n", encoding="utf-8"
    )


def test_a_beancount_ledger_is_read_to_the_character(books: Books) -> None:
    """Directives inside strings, comments and headings are none; includes, metadata and close are read."""
    write_beancount(books)
    source = {"type": "beancount", "path": "main.beancount"}
    assert accounts(books, source) == {
        "Assets:Bank": ("1930", "Bank", True),
        "Expenses:Alt": (None, "Alt", False),
        "Expenses:Reise:Bahn": ("0100", 'Bahn & "Bus"', True),
        "Liabilities:Karte": (None, "Karte", True),
    }
    state = books.read({**source, "prefix": ["Expenses"], "metadata": {"taxCodeExternalId": "vat"}})
    assert {row.key: row.fields["taxCodeExternalId"] for row in state.accounts or []} == {
        "Expenses:Alt": None,
        "Expenses:Reise:Bahn": "V7",
    }
    assert {row.key: row.line for row in state.accounts or []}["Expenses:Reise:Bahn"] == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('2020-01-01 open Assets:Bank\n  code: "19', "a quotation mark is not closed"),
        ("2020-01-01 open\n", "open names no account"),
        ("2020-01-01 close Assets:Bank\n", "closes Assets:Bank, which is not open"),
        ('include "gone.beancount"\n', "finds no file"),
        ('include "/etc/passwd"\n', "must be relative"),
        ("pushmeta x: 1\n", "uses pushmeta"),
        ('plugin "beancount.plugins.auto_accounts"\n', "uses the plugin 'beancount.plugins.auto_accounts'"),
        ('plugin "beancount.plugins.auto"\n', "uses the plugin 'beancount.plugins.auto'"),
        ('plugin "beancount.plugins.close_tree" "x"\n', "uses the plugin 'beancount.plugins.close_tree'"),
        ('plugin   "company.accounts"\n', "source.plugins: [company.accounts]"),
        ('option "plugin" "beancount.plugins.auto_accounts:x"\n', "uses the plugin 'beancount.plugins.auto_accounts'"),
        ("2020-01-01 open Assets:Bank\n", "no account has 'nummer'"),
    ],
)
def test_what_cannot_be_read_completely_is_refused(books: Books, text: str, words: str) -> None:
    """A construct that would hide accounts is an error, and so is a metadata key that nothing has."""
    (books.folder / "main.beancount").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        books.read({"type": "beancount", "path": "main.beancount", "metadata": {"code": "nummer"}})
    assert words in str(caught.value) + str(caught.value.findings[0])


def test_plugins_that_make_no_accounts_are_nothing(books: Books) -> None:
    """Checks of beancount's own, and what the workspace names."""
    text = 'plugin "beancount.plugins.noduplicates"\nplugin "company.x" "auto"\n2020-01-01 open Assets:Bank\n'
    (books.folder / "main.beancount").write_text(text, encoding="utf-8")
    assert set(accounts(books, {"type": "beancount", "path": "main.beancount", "plugins": ["company.x"]})) == {
        "Assets:Bank"
    }


def test_an_account_that_opens_on_no_day_is_held(books: Books) -> None:
    """Beancount passes over such a line, so it does not know the account."""
    (books.folder / "main.beancount").write_text("2020-13-01 open A:B\n2020/1/31 open A:C\n", encoding="utf-8")
    found = {row.key: row.hold for row in books.read({"type": "beancount", "path": "main.beancount"}).accounts or []}
    assert found == {"A:B": "2020-13-01 is no day of the calendar", "A:C": None}


def test_an_account_that_is_used_and_not_opened_is_held(books: Books) -> None:
    """It is in use, so nothing may archive it; what stands in texts and comments uses nothing."""
    text = (
        "2020-01-01 open Assets:Bank\n2020-01-01 pad Assets:Bank Equity:Opening\n2020-02-01 balance Assets:Alt 1 EUR\n"
        '2020-02-01 * "x\n  Assets:Text 1 EUR\n" ; Assets:Comment\n  ! Expenses:Bahn  1 EUR ; Expenses:No\n'
        '    memo: "Expenses:Memo"\n  Assets:Bank\n'
    )
    (books.folder / "main.beancount").write_text(text, encoding="utf-8")
    source = {"type": "beancount", "path": "main.beancount"}
    found = {row.key: row.hold for row in books.read(source).accounts or []}
    undeclared = dict.fromkeys(["Assets:Alt", "Equity:Opening", "Expenses:Bahn"], "is booked to and not opened")
    assert found == {"Assets:Bank": None, **undeclared}
    state = books.read({**source, "prefix": ["Assets"]})
    assert [row.key for row in state.accounts or []] == ["Assets:Bank", "Assets:Alt"]


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        (["Expenses", "liabilities"], "source.prefix lists 'liabilities', which no account has"),
        (["Expenses:Alt", "Expenses:Rei"], "lists 'Expenses:Rei', which"),
        (["Expenses:", "Expenses:Reise"], None),
    ],
)
def test_a_prefix_that_nothing_lies_below_is_told(books: Books, prefix: list[str], words: str | None) -> None:
    """A slip would leave out all that was meant; a colon at its end changes nothing."""
    write_beancount(books)
    told = books.findings({"type": "beancount", "path": "main.beancount", "prefix": prefix})
    assert [(one.code, str(words) in one.message) for one in told] == ([] if words is None else [("near-miss", True)])


def test_an_include_stays_in_the_workspace(books: Books) -> None:
    """A ledger must not make pleoctl read files elsewhere."""
    inner = books.folder / "inner"
    inner.mkdir()
    (books.folder / "secret.beancount").write_text("2020-01-01 open Assets:Secret\n", encoding="utf-8")
    (inner / "main.beancount").write_text('include "../secret.beancount"\n', encoding="utf-8")
    with pytest.raises(Refused, match="leads outside the workspace"):
        type(books)(inner).read({"type": "beancount", "path": "main.beancount"})


def write_journal(books: Books, text: str = JOURNAL) -> Json:
    """A journal with an included file, and the section that reads it."""
    (books.folder / "chart").mkdir(exist_ok=True)
    (books.folder / "main.journal").write_text(text, encoding="utf-8")
    (books.folder / "chart" / "more.journal").write_text("account Liabilities:Karte\n", encoding="utf-8")
    return {"type": "hledger", "path": "main.journal"}


@needs_hledger
def test_an_hledger_journal_is_read_with_its_tags(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program names files and accounts; tags of the directives give code, name and state."""
    monkeypatch.setenv("LC_ALL", "C")  # as pipelines have it, and the journal is UTF-8 even so
    assert accounts(books, write_journal(books)) == {
        "Assets:Bank": ("1930", "Bank", True),
        "Expenses:Alt": (None, "Alt", False),
        "Expenses:Reise:Bahn": ("0100", "Bahn und Bus", True),
        "Liabilities:Karte": (None, "Karte", True),
    }


@needs_hledger
def test_what_a_journal_uses_and_does_not_declare_is_told(books: Books) -> None:
    """In one line, below the prefix; and a word for active that nobody knows holds its row."""
    text = (
        "account Expenses:A  ; active: nope\naccount Expenses:B ; code:1\n2026-01-01 x\n  Expenses:Bahn  1\n  Kasse\n"
    )
    source = {**write_journal(books, text), "prefix": ["Expenses"]}
    told, held, one_blank = books.findings(source)
    assert "'Expenses:B ; code:1': has one blank before its comment" in one_blank.message
    assert "'Expenses:A': active is 'nope'" in held.message
    assert (told.code, told.message) == (
        "undeclared-account",
        "1 account is booked to and not declared: 'Expenses:Bahn'",
    )
    del source["prefix"]
    assert books.findings(source)[0].message.startswith("2 accounts are booked to")


@needs_hledger
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-01-01 x\n  a  1\n", "hledger ended with exit code 1"),
        ("apply account Company\naccount Assets:Bank\nend apply account\n", "disagree"),
    ],
)
def test_a_journal_that_the_two_readers_see_differently_is_refused(books: Books, text: str, words: str) -> None:
    """A failing program and a directive that only one side understands are errors."""
    with pytest.raises(SourceError) as caught:
        books.read(write_journal(books, text))
    assert words in str(caught.value)


def test_hledger_runs_only_where_programs_may(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pushed workspace does not start programs by itself."""
    monkeypatch.delenv("PLEOCTL_ALLOW_EXEC")
    with pytest.raises(Refused, match="would run a program"):
        books.read(write_journal(books))


@pytest.mark.parametrize("kind", ["sie", "beancount", "hledger", "gnucash"])
def test_ledgers_are_read_below_the_workspace_only(books: Books, kind: str) -> None:
    """Neither by name nor by a link."""
    with pytest.raises(InvalidFile, match=r"problem"):
        books.read({"type": kind, "path": "../books"})
    (books.folder / "inner").mkdir()
    (books.folder / "books").write_text("x", encoding="utf-8")
    (books.folder / "inner" / "link").symlink_to(books.folder / "books")
    with pytest.raises(Refused, match="leads outside the workspace"):
        type(books)(books.folder / "inner").read({"type": kind, "path": "link"})


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("../**/*.beancount", "leads outside the workspace"),
        ("../../*.beancount", "leads outside the workspace"),
        ("link/*.beancount", "leads outside the workspace"),
        ("*/../../*.beancount", "looks through too much"),
        ("**/**/**/**/*.beancount", "looks through too much"),
    ],
)
def test_an_include_looks_through_the_workspace_alone(books: Books, pattern: str, words: str) -> None:
    """Not through what lies above it, not through a link, and not again and again."""
    (books.folder / "link").symlink_to(books.folder.parent)
    (books.folder / "b.beancount").write_text(f'include "{pattern}"\n', encoding="utf-8")
    with pytest.raises((SourceError, Refused), match=words):
        books.read({"type": "beancount", "path": "b.beancount"})


def test_includes_go_up_inside_and_only_so_deep(books: Books) -> None:
    """A folder's file may include one beside the folder; a chain without end is a sentence."""
    (books.folder / "chart").mkdir()
    (books.folder / "b.beancount").write_text("2020-01-01 open Assets:Bank\n", encoding="utf-8")
    (books.folder / "chart" / "main.beancount").write_text('include "../b.beancount"\n', encoding="utf-8")
    found = books.read({"type": "beancount", "path": "chart/main.beancount"})
    assert [row.key for row in found.accounts or []] == ["Assets:Bank"]
    for number in range(200):
        (books.folder / f"n{number}.beancount").write_text(f'include "n{number + 1}.beancount"\n', encoding="utf-8")
    with pytest.raises(SourceError, match="nested more than"):
        books.read({"type": "beancount", "path": "n0.beancount"})
