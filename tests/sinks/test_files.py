"""Book files: whole, never changed, found again by file or by ledger alone, read back to the hundredth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clocks import FakeTime
from pleoctl.machine import on
from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
from pleoctl.mapping.rules.model import Rules
from pleoctl.place import Place
from pleoctl.sinks.base import Booking, File, Held, Key, Refusal
from pleoctl.sinks.files.make import folder_sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.vocabulary import Side
    from pleoctl.sinks.files.folder import FolderSink
    from shapes import Json, Value

JOB = "6b1f2c1e-0000-4000-8000-000000000001"
SECTIONS: dict[str, Json] = {
    "beancount": {},
    "hledger": {},
    "csv": {},
    "sie": {"currency": "EUR", "company": "Böcker & Co", "series": "P", "dimensions": {"DEPT": "1"}},
    "datev": {
        "consultant": 1001,
        "client": 1,
        "fiscalYearStart": "07-01",
        "taxKeys": {"V19": 9},
        "costCentres": ["DEPT"],
    },
}
Make = "Callable[[str], FolderSink]"


def item_id(number: int) -> str:
    """A UUID."""
    return f"00000000-0000-4000-8000-{number:012d}"


def entry(number: int, *, legs: int = 1, description: str = "Taxi to the fair", **changes: Value) -> Entry:
    """A mapped entry of two legs at most."""
    postings = [
        Posting("debit", "6540", "line", 8830 + number, "EUR", tags={"DEPT": "20"}),
        Posting("credit", "1940", "wallet", 8830 + number, "EUR"),
    ]
    made = [LedgerEntry("journal", postings)]
    if legs > 1:
        made.append(
            LedgerEntry(
                "payment",
                [Posting("debit", "2440", "accountsPayable", 5, "EUR"), Posting("credit", "1940", "wallet", 5, "EUR")],
            )
        )
    fields: Json = {
        "accounting_entry_id": item_id(number),
        "status": "mapped",
        "type": "card_purchase",
        "sub_type": None,
        "method": "journal",
        "rule": "standard/card_purchase",
        "rules_digest": "sha256:x",
        "posting_date": "2026-03-15",
        "currency": "EUR",
        "description": description,
        "reconciliation_id": f"R{number}",
        "reconciled_entries": [],
        "attendees": [],
        "vendor": None,
        "invoice": None,
        "original": None,
        "service_period": None,
        "company": None,
        "entries": made,
        "warnings": [],
    }
    return Entry(**{**fields, **changes})


def booking(number: int, job: str = JOB, date: str = "2026-03-15", **changes: Value) -> Booking:
    """What is to be booked for an item."""
    return Booking(Key(item_id(number), item_id(number), job, number), entry(number, **changes), date, False, "once")


def sums(held: Held) -> Counter[tuple[str, str, str]]:
    """Amounts by side, account and currency."""
    total: Counter[tuple[str, str, str]] = Counter()
    for posting in held.postings or ():
        total[posting.side, posting.account, posting.currency] += posting.amount
    return total


def expected(one: Booking) -> Counter[tuple[str, str, str]]:
    """The same of a booking."""
    total: Counter[tuple[str, str, str]] = Counter()
    for leg in one.legs:
        for posting in leg.postings:
            total[posting.side, posting.account, posting.currency] += posting.amount
    return total


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """The folder of the books."""
    return tmp_path / "books"


@pytest.fixture
def sink(books: Path) -> Callable[[str], FolderSink]:
    """Factory of sinks on that folder."""

    def made(kind: str) -> FolderSink:
        section = {"type": kind, "path": "books", **SECTIONS[kind]}
        return folder_sink(section, books, Rules(Place("mapping.yaml", 1, 1)))

    return made


@pytest.mark.parametrize("kind", SECTIONS)
@pytest.mark.parametrize("lost", ["nothing", "ledger", "files"])
def test_what_was_booked_is_found_by_file_or_ledger_alone(
    kind: str, lost: str, sink: Callable[[str], FolderSink], books: Path
) -> None:
    """Date, sides, accounts, sums and id come back, whichever of the two is left."""
    made = [booking(n, legs=1 + n % 2) for n in range(1, 6)]
    sink(kind).book(made)
    if lost == "ledger":
        shutil.rmtree(books / ".booked")
    if lost == "files":
        for path in books.glob("[!.]*.*"):
            path.unlink()
    found = sink(kind).find([one.key for one in made])
    for one in made:
        (held,) = found[one.key.stored]
        assert (held.id, held.date, held.void) == (f"{JOB}/{one.key.place}", "2026-03-15", False)
        assert sums(held) == expected(one)


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_file_is_never_changed_again(kind: str, sink: Callable[[str], FolderSink], books: Path) -> None:
    """What the same job books later goes into a further file; both are found."""
    sink(kind).book([booking(1)])
    before = {path.name: path.read_bytes() for path in books.glob("[!.]*.*")}
    sink(kind).book([booking(2)])
    after = {path.name: path.read_bytes() for path in books.glob("[!.]*.*")}
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
    assert any(f"{JOB}-2" in name for name in after)
    assert set(sink(kind).find([booking(1).key, booking(2).key, booking(3).key])) == {item_id(1), item_id(2)}


@pytest.mark.parametrize("kind", SECTIONS)
def test_an_item_that_stands_in_two_files_is_told_twice(
    kind: str, sink: Callable[[str], FolderSink], books: Path
) -> None:
    """A copy of a book file in the folder is a second booking."""
    sink(kind).book([booking(1)])
    (path,) = books.glob("[!.]*.*")
    shutil.copy(path, books / f"copy{path.suffix}")
    assert len(sink(kind).find([booking(1).key])[item_id(1)]) == 2


@pytest.mark.parametrize("kind", SECTIONS)
@pytest.mark.parametrize(
    "words", ["Zoë's “Café” 50€", 'a"b;c\\d', "=1+1", "x\ny\r#VER", "日本の本", "a [b] {c} ; 2026-01-01 * x"]
)
def test_no_words_of_people_break_a_file(kind: str, words: str, sink: Callable[[str], FolderSink]) -> None:
    """Whatever a description holds, the entries beside it are read back."""
    made = [booking(1, description=words), booking(2)]
    sink(kind).book(made)
    found = sink(kind).find([one.key for one in made])
    assert [sums(found[one.key.stored][0]) for one in made] == [expected(one) for one in made]


def test_datev_has_a_file_for_each_month(sink: Callable[[str], FolderSink], books: Path) -> None:
    """A row's date has no year, so months do not meet in one file; the header says the fiscal year."""
    sink("datev").book([booking(1), booking(2, date="2026-08-02"), booking(3, date="2026-03-31")])
    names = sorted(path.name for path in books.glob("*.csv"))
    assert names == [f"EXTF_{JOB}_202603.csv", f"EXTF_{JOB}_202608.csv"]
    march, august = ((books / name).read_bytes().decode("cp1252").split("\r\n") for name in names)
    assert march[0].split(";")[12:16] == ["20250701", "4", "20260301", "20260331"]
    assert august[0].split(";")[12:16] == ["20260701", "4", "20260801", "20260831"]
    assert len(march) == 5
    assert {len(line.split(";")) for line in march[1:4]} == {125}
    assert march[2].split(";")[:10] == ["88,31", '"S"', '"EUR"', "", "", '""', "6540", "1940", '""', "1503"]


def line(account: str, side: Side = "debit", **more: Value) -> Posting:
    """Five öre on an account."""
    return Posting(side, account, None, 5, "EUR", **more)


@pytest.mark.parametrize(
    ("postings", "words"),
    [
        ([line("ABC"), line("1940", "credit")], "is not a number"),
        ([line("6540", tax_code="X"), line("1940", "credit")], "taxKeys"),
        ([line("6540"), line("6541"), line("1940", "credit"), line("1941", "credit")], "one counter account"),
    ],
)
def test_datev_refuses_what_its_rows_cannot_say(
    postings: list[Posting], words: str, sink: Callable[[str], FolderSink]
) -> None:
    """Nothing is dropped or guessed: the item is refused with the reason."""
    with pytest.raises(Refusal, match=words):
        sink("datev").refuse(booking(1, entries=[LedgerEntry("journal", postings)]))


def test_datev_turns_the_automatic_of_an_account_off_where_tax_is_split(books: Path) -> None:
    """Under split the tax has a row of its own; BU 40 keeps DATEV from making it again."""
    section = {"type": "datev", "path": "books", **SECTIONS["datev"], "automaticAccounts": ["6540"]}
    rules = Rules(Place("mapping.yaml", 1, 1), tax_shape="split")
    folder_sink(section, books, rules).book([booking(1)])
    (path,) = books.glob("*.csv")
    assert path.read_bytes().decode("cp1252").split("\r\n")[2].split(";")[8] == '"40"'


def test_sie_vouchers_are_in_codepage_437_and_balanced(sink: Callable[[str], FolderSink], books: Path) -> None:
    """A voucher has its date, its objects and signed amounts; letters are those of the codepage."""
    sink("sie").book([booking(1, description="Möte på café")])
    text = (books / f"{JOB}.si").read_bytes().decode("cp437")
    assert '#FNAMN "Böcker & Co"\r\n' in text
    assert f'#VER "P" "" 20260315 "Möte på café [{item_id(1)} {JOB}/1]"\r\n{{\r\n' in text
    assert '#TRANS "6540" {1 "20"} 88.31\r\n#TRANS "1940" {} -88.31\r\n}\r\n' in text


@pytest.mark.parametrize("kind", ["beancount", "hledger"])
def test_journals_pass_the_judges_of_their_programs(kind: str, sink: Callable[[str], FolderSink], books: Path) -> None:
    """`bean-check` and `hledger check -s` find nothing."""
    sink(kind).book([booking(n, legs=2, description='a "b" ; c') for n in range(1, 4)])
    (path,) = books.glob("[!.]*.*")
    program = {"beancount": ["bean-check"], "hledger": ["hledger", "check", "-s", "-f"]}[kind]
    # What the tests' own environment brings lies beside its interpreter, which need not be on the path.
    found = shutil.which(program[0], path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"{program[0]} is not installed")
    done = subprocess.run([found, *program[1:], str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", SECTIONS)
def test_attachments_lie_below_the_item(
    kind: str, sink: Callable[[str], FolderSink], books: Path, tmp_path: Path
) -> None:
    """An attachment is stored under the item's id and its own name."""
    receipt = tmp_path / "1.pdf"
    receipt.write_bytes(b"%PDF")
    one = booking(1)
    (held,) = sink(kind).book([one])
    sink(kind).attach(held, one.key, File(receipt, "1.pdf", "application/pdf"))
    assert (books / "attachments" / item_id(1) / "1.pdf").read_bytes() == b"%PDF"


def test_a_file_without_its_ledger_gets_one(sink: Callable[[str], FolderSink], books: Path) -> None:
    """A process that died behind the rename: before the status is reported the ledger proves the booking, too."""
    made, key = sink("beancount"), booking(1).key
    made.book([booking(1)])
    (books / ".booked" / JOB).unlink()
    made.confirm([(key, held) for held in made.find([key])[key.stored]])
    for path in books.glob("*.beancount"):
        path.unlink()
    assert [held.id for held in made.find([key])[key.stored]] == [f"{JOB}/{key.place}"]


@pytest.mark.parametrize("name", SECTIONS)
def test_files_are_read_again_where_they_may_hold_what_is_asked_for(
    books: Path, sink: Callable[[str], FolderSink], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue asks the books for job after job. One that has not changed is read once; any change shows."""
    read: list[Path] = []

    def noted(path: Path, _shown: str = "") -> bytes:
        read.append(path)
        return path.read_bytes()

    monkeypatch.setattr("pleoctl.sinks.files.folder.read_bytes", noted)
    one, two = booking(1), booking(2)
    made, time = sink(name), FakeTime()
    made.book([one])
    (file,) = (path for path in books.iterdir() if path.is_file())
    with on(time):
        assert made.find([two.key]) == {}
        times = len(read)
        assert made.find([two.key]) == {}
        assert len(read) == 2 * times  # so young a file may have changed unseen
        time.seconds = file.stat().st_mtime + 10
        assert made.find([two.key]) == made.find([two.key]) == {}
        assert len(read) == 3 * times
        assert made.find([one.key]).keys() == {one.key.stored}
        before = file.stat()
        file.write_bytes(file.read_bytes().replace(item_id(1).encode(), item_id(2).encode()))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert made.find([two.key]).keys() == {two.key.stored}
