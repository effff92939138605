"""SIE files as programs write them: in any encoding, with stray marks, and with accounts that nobody declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from findings import line_of
from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Value

HEAD = "#FLAGGA 0\n#FORMAT PC8\n#SIETYP 4\n"
NAMES = '#KONTO 5460 "Förbrukningsmaterial"\n#KONTO 6212 "Mobil på resa"\n#KONTO 7090 "Ändring ÅÄÖ"\n'
SOURCE = {"type": "sie", "path": "books.se"}


def read(books: Books, text: str | bytes, **more: Value) -> Value:
    """The desired state of a file."""
    content = text if isinstance(text, bytes) else (HEAD + text).encode("cp437")
    (books.folder / "books.se").write_bytes(content)
    return books.read({**SOURCE, **more})


def rows(found: Value) -> list[tuple[Value, Value, bool]]:
    """Key, name, and whether the row is held."""
    return [(row.key, row.fields.get("name"), row.hold is not None) for row in found]


@pytest.mark.parametrize(
    "encoding", ["cp437", "utf-8", "utf-8-sig", "utf-16", "cp1252", "iso8859-15", "latin-1", "mac_roman"]
)
def test_the_bytes_say_the_encoding(books: Books, encoding: str) -> None:
    """Whatever #FORMAT says: the names are those that stand in the file."""
    state = read(books, (HEAD + NAMES).encode(encoding))
    assert [name for _, name, _ in rows(state.accounts)] == ["Förbrukningsmaterial", "Mobil på resa", "Ändring ÅÄÖ"]


@pytest.mark.parametrize(
    "name",
    [
        b"\xf8",  # ø or the degree sign
        b"K\x94p \xf6st",  # code page 437 and Windows-1252 in one file
        b"F\xf6r\xe4ndring 100 \xa4",  # a currency sign or the euro
        b"F\x94rs\x84ljning K\x9bbenhavn",  # a cent, or the Danish letter of code page 850
        b"\x8fkeri",  # a large letter of code page 437, or a small one of Mac Roman
        b"100 \xe6m",  # a letter of Windows-1252, or the micro sign
    ],
)
def test_an_encoding_in_doubt_is_refused(books: Books, name: bytes) -> None:
    """The line, and the setting that ends the doubt; names in ASCII need none."""
    content = HEAD.encode() + b'#KONTO 1930 "' + name + b'"\n'
    with pytest.raises(SourceError, match="do not tell which") as caught:
        read(books, content)
    (found,) = caught.value.findings
    assert (line_of(found), "source.encoding" in str(found.hint)) == (4, True)
    assert "cp850" in str(found.hint)
    assert read(books, content, encoding="iso8859-15").accounts[0].fields["name"] == name.decode("iso8859-15")
    plain = HEAD.encode() + b'#FNAMN "' + name + b'"\n#KONTO 1930 "Bank"\n'
    assert rows(read(books, plain).accounts) == [("1930", "Bank", False)]


def test_one_letter_that_can_be_nothing_else_is_enough(books: Books) -> None:
    """Small letters inside a word; of beginnings two, which are letters in no other encoding."""
    for encoding, name in (
        ("cp437", "Idé"),
        ("cp1252", "Löner"),
        ("cp437", "Övrigt Åkeri"),
        ("cp437", "HYRESINTÄKTER"),
    ):
        state = read(books, (HEAD + f'#KONTO 3010 "{name}"\n').encode(encoding))
        assert rows(state.accounts) == [("3010", name, False)]


def test_a_stray_quotation_mark_holds_its_row(books: Books) -> None:
    """One bad name stops no company; a mark in the key leaves the row without one, one elsewhere is nothing."""
    state = read(
        books,
        '#FNAMN "Å "x" AB"\n#KONTO 1684 "Korta l"n"\n#KONTO 1685 "Korta "lån" x"\n#KONTO 1"6 "X"\n#KONTO 1930 "Bank"\n'
        '#VER A 1 20260101 "15" skärm"\n{\n#TRANS 1930 {} 1 20260101 "a"b"\n}\n',
    )
    assert rows(state.accounts) == [
        ("1684", None, True),
        ("1685", None, True),
        (None, None, True),
        ("1930", "Bank", False),
    ]


def test_a_line_that_lacks_something_holds_its_row(books: Books) -> None:
    """One bad line stops no company; as the last of a file without its end, it is where that was cut off."""
    state = read(books, "#KONTO 1684\n#KONTO 1930 Bank\n#DIM 1 Avd\n#OBJEKT 1 A\n#OBJEKT 1 B Norr\n")
    assert rows(state.accounts) == [("1684", None, True), ("1930", "Bank", False)]
    assert rows(state.dimensions[0].values) == [("A", None, True), ("B", "Norr", False)]
    with pytest.raises(SourceError, match="1 field where 2 are due"):
        read(books, "#KONTO 1930 Bank\n#KONTO 1684")


def test_two_bytes_a_letter_without_a_mark_are_named(books: Books) -> None:
    """The setting reads them."""
    content = (HEAD + NAMES).encode("utf-16-le")
    with pytest.raises(SourceError, match="as UTF-16 without its mark does"):
        read(books, content)
    assert len(read(books, content, encoding="utf-16-le").accounts) == 3


def test_lines_of_two_encodings_are_refused(books: Books) -> None:
    """No encoding is right for all of them."""
    with pytest.raises(SourceError, match="has a line in UTF-8") as caught:
        read(books, (HEAD + '#KONTO 1 "Förbrukning"\n').encode("cp437") + '#KONTO 2 "på resa"\n'.encode())
    assert line_of(caught.value.findings[0]) == HEAD.count("\n") + 2


def test_a_mark_that_is_open_at_the_end_is_a_file_cut_off(books: Books) -> None:
    """The last line of a file without its end."""
    with pytest.raises(SourceError, match="not closed"):
        read(books, '#KONTO 1930 "Bank"\n#KONTO 1940 "Gi')


def test_a_name_without_marks_is_read_whole(books: Books) -> None:
    """Blanks in it are no end; where marks stand beside it, nobody knows, and the row is held."""
    state = read(books, '#KONTO 1930 Bank  konto 1\n#KONTO 1940 "Giro" konto\n#DIM 1 Avd\n#OBJEKT 1 A Norra kontoret\n')
    assert rows(state.accounts) == [("1930", "Bank  konto 1", False), ("1940", "Giro", True)]
    assert rows(state.dimensions[0].values) == [("A", "Norra kontoret", False)]


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\x0b", "\x1c"])
def test_only_line_ends_end_a_line(books: Books, mark: str) -> None:
    """Not every character that Python takes for one."""
    state = read(books, (HEAD + f'#KONTO 1930 "Å{mark}B"\r#KONTO 1940 "Giro"\r\n').encode())
    assert rows(state.accounts) == [("1930", f"Å{mark}B", False), ("1940", "Giro", False)]


def test_a_reserved_dimension_may_be_declared_behind_its_objects(books: Books) -> None:
    """It stands once, with the name that the file gives; one that is never declared has the format's name."""
    state = read(books, '#KONTO 1 A\n#OBJEKT 6 P1 Ett\n#OBJEKT 1 K1 Två\n#DIM 6 "Uppdrag"\n')
    found = {d.row.key: (d.row.fields["name"], d.row.hold, len(d.values or [])) for d in state.dimensions}
    assert found == {"6": ("Uppdrag", None, 1), "1": ("Kostnadsställe", None, 1)}


def test_what_is_booked_to_and_not_declared_is_held(books: Books) -> None:
    """Accounts of entries and of this year's balances, and objects: in use, so nothing may archive them."""
    state = read(
        books,
        "#KONTO 1930 Bank\n#DIM 1 Avd\n#OBJEKT 1 A Norr\n#IB -1 1111 5\n#UB 0 2222 5\n#PSALDO -1 202501 1112 {} 5\n"
        '#PSALDO 0 202601 2223 {} 5\n#OIB 0 2224 {1 "0"} 5\n#OIB -1 1 {1 D} 5\n'
        "#OUB 0 1930 {1 C} 5\n#PBUDGET 0 202601 2225 {} 5\n"
        '#VER A 1 20260101 "x"\n{\n#TRANS 1930 {1 "A"} -10\n#TRANS 4599 {1 "B" 6 ""} 10\n#BTRANS 3333 {} 10\n}\n',
    )
    held = [(code, code, True) for code in ("2222", "2223", "2224", "2225", "4599")]
    assert rows(state.accounts) == [("1930", "Bank", False), *held]
    assert rows(state.dimensions[0].values) == [("A", "Norr", False), ("C", "C", True), ("B", "B", True)]
    told = [finding.message for finding in books.findings(SOURCE)]
    assert "'4599': is booked to and not declared" in told


def test_a_backslash_is_one_unless_it_escapes_a_mark(books: Books) -> None:
    """The format escapes quotation marks and nothing else."""
    state = read(books, '#KONTO 1 "Bank \\"SEB\\""\n#KONTO 2 "A\\B c:\\dir"\n#KONTO 3 "x\\\\y"\n#KONTO 4 a\\b\n')
    assert rows(state.accounts) == [
        ("1", 'Bank "SEB"', False),
        ("2", "A\\B c:\\dir", False),
        ("3", "x\\y", False),
        ("4", "a\\b", False),
    ]


def test_sie_5_is_named(books: Books) -> None:
    """Another format, which has nothing to do with quotation marks."""
    with pytest.raises(SourceError, match="is XML, as SIE 5 is"):
        read(books, '\ufeff<?xml version="1.0"?>\n<Sie><Account id="1" name="A"/></Sie>'.encode())


def test_entries_to_import_are_no_chart(books: Books) -> None:
    """A .si file holds entries alone, and would archive everything that they do not use."""
    (books.folder / "entries.SI").write_text(HEAD + NAMES, encoding="utf-8")
    with pytest.raises(SourceError, match="no chart of accounts"):
        books.read({"type": "sie", "path": "entries.SI"})


AS_WRITTEN = (
    '#FLAGGA\t0\n#PROGRAM\t"XE" 1.0\n#FORMAT\t"PC8"\n#GEN\t20151125 sys\n#SIETYP\t4\n#ORGNR  \n\n\n'
    '#DIM\t1 Kostnadställe\n#DIM\t6\t"Projekt"\n#OBJEKT\t1\t2\t"Försäljning"\n#OBJEKT\t6 0724 "2040  Åkes kund"\n'
    "#OBJEKT\t6 2014-IK k\n#OBJEKT\t6 9 a\n#OBJEKT\t6 9 b\n"
    '#KONTO\t0351 "Förs varor" \n#KTYP\t0351 T\n#SRU 0351 0\n\n\n#KONTO 1030 Varumärken\n#KONTO\t1502 1502\n'
    '#KONTO\t1288 "F"rskott till Lind" Park"\n#KONTO\t2941 Soc.avg.semesterl"n\n'
    '#IB 0  0351       499499.43\n#PSALDO 0 200801 0351 {1 "0"} -1.00\n#RES -1 3051       -9.74\n'
    '#VER A     1 20110104 "Köp" 20110224 SNI\n{\n   #TRANS  1030 {} -1.00\n'
    '   #TRANS 1502 {1 "2" 6 "0724"} 1.00 "" "" 0\n}\n'
)


def test_lines_as_programs_write_them(books: Books) -> None:
    """Tabs and runs of blanks, names with and without marks, blanks at the end, lines that are set in."""
    state = read(books, AS_WRITTEN.replace("\n", "\r\n").encode("cp437"))
    assert sorted(rows(state.accounts)) == [
        ("0351", "Förs varor", False),
        ("1030", "Varumärken", False),
        ("1288", None, True),
        ("1502", "1502", False),
        ("2941", None, True),
    ]
    found = {group.row.key: (group.row.fields["name"], rows(group.values)) for group in state.dimensions}
    assert found["1"] == ("Kostnadställe", [("2", "Försäljning", False)])
    assert found["6"][0] == "Projekt"
    assert [row for row in found["6"][1] if not row[2]] == [("0724", "2040  Åkes kund", False), ("2014-IK", "k", False)]
