"""Makes the files of `tests/sources/native` with the programs themselves; run by hand, see the README there.

python tests/support/native_files.py libreoffice FOLDER
LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/gnucash /usr/bin/python3 tests/support/native_files.py gnucash FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnucash import Account, Session

# Locale: text as somebody of that country types it, delimiter, LibreOffice's language, character set of the CSV.
TABLES = {
    "de": (
        (
            "Konto;Bezeichnung;Gesperrt;Gültig bis;Saldo\n420;Büroeinrichtung;nein;31.12.2026;1.234,50\n"
            '4930;"Bürobedarf; Papier";nein;;-10,00\n4990;Altes Konto;ja;31.12.2024;0,00\n'
        ),
        59,
        1031,
        1,
    ),
    "sv": (
        (
            "Konto;Benämning;Spärrad;Giltig till;Saldo\n1930;Företagskonto;nej;2026-12-31;1 234,50\n"
            "6110;Kontorsmateriel;nej;;-10,00\n6990;Övrigt gammalt;ja;2024-12-31;0,00\n"
        ),
        59,
        1053,
        76,
    ),
    "en": (
        (
            "Account Number,Account Name,Blocked,Valid until,Balance\n"
            '1000,Café & Catering,no,12/31/2026,"1,234.50"\n'
            '6110,"Office, supplies",no,,-10.00\n6990,Old one,yes,12/31/2024,0.00\n'
        ),
        44,
        1033,
        76,
    ),
}


def libreoffice(folder: Path) -> None:
    """A workbook and a CSV of each locale."""
    with tempfile.TemporaryDirectory() as scratch:
        office = ["soffice", f"-env:UserInstallation=file://{scratch}/profile", "--headless"]
        for name, (text, delimiter, language, charset) in TABLES.items():
            typed = Path(scratch) / f"{name}.csv"
            typed.write_text(text, encoding="utf-8")
            read = [f"--infilter=CSV:{delimiter},34,76,1,,{language},false,true", "--convert-to", "xlsx"]
            subprocess.run([*office, *read, "--outdir", str(folder), str(typed)], check=True)
            wrote = f"csv:Text - txt - csv (StarCalc):{delimiter},34,{charset},1,,{language},false,true"
            book = str(folder / f"{name}.xlsx")
            subprocess.run([*office, "--convert-to", wrote, "--outdir", str(folder), book], check=True)


def gnucash(folder: Path) -> None:
    """One book in XML and in SQLite, saved by GnuCash's own library."""
    from gnucash import Session, SessionOpenMode

    fill(Session(f"xml://{folder.absolute()}/book.gnucash", SessionOpenMode.SESSION_NEW_STORE))
    database = f"sqlite3://{folder.absolute()}/sqlite.gnucash"
    empty = Session(database, SessionOpenMode.SESSION_NEW_STORE)
    empty.save()
    empty.end()
    fill(Session(database))


def fill(session: Session) -> None:
    """Names of many letters, a code that begins with zero, a heading, and an account below a hidden one."""
    from gnucash import Account
    from gnucash.gnucash_core_c import ACCT_TYPE_BANK, ACCT_TYPE_EXPENSE

    root = session.book.get_root_account()
    euro = session.book.get_table().lookup("CURRENCY", "EUR")

    def account(name: str, code: str, parent: Account, kind: int = ACCT_TYPE_EXPENSE) -> Account:
        made = Account(session.book)
        parent.append_child(made)
        made.SetName(name)
        made.SetCode(code)
        made.SetType(kind)
        made.SetCommodity(euro)
        return made

    heading = account("Aufwand", "4", root)
    heading.SetPlaceholder(True)
    account("Bürobedarf", "4930", heading)
    account("Reise & Ünï", "0100", heading)
    old = account("Alt", "4999", heading)
    old.SetHidden(True)
    account("Benzin", "4998", old)
    account("Bank", "1930", root, ACCT_TYPE_BANK)
    session.save()
    session.end()


if __name__ == "__main__":
    {"libreoffice": libreoffice, "gnucash": gnucash}[sys.argv[1]](Path(sys.argv[2]))
