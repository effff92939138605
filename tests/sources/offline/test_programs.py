from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import Refused, SourceError

if TYPE_CHECKING:
    from fake_books import Books
    from shapes import Json


def program(books: Books, text: str) -> Json:
    """A source that runs a Python program."""
    (books.folder / "rows.py").write_text(text, encoding="utf-8")
    return {"type": "exec", "accounts": {"command": [sys.executable, "rows.py"]}}


def test_a_program_prints_rows(books: Books) -> None:
    """One JSON object per line, named like the fields; it runs in the workspace's folder."""
    rows = [
        {"externalId": "1", "name": "Cash", "code": "0100", "active": True, "taxCodeExternalId": None},
        {"externalId": "2", "name": "Ünï", "code": "", "active": False, "currency": "EUR"},
        {"externalId": "3", "name": 7},
    ]
    source = program(books, "print(open('rows.jsonl').read(), end='')")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (books.folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    state = books.read(source)
    assert [(row.key, row.fields, row.active, row.hold) for row in state.accounts or []] == [
        ("1", {"code": "0100", "name": "Cash", "taxCodeExternalId": None}, True, None),
        ("2", {"code": None, "name": "Ünï"}, False, None),
        ("3", {"name": None}, True, "name is not text"),
    ]
    source["accounts"]["command"] = f"{sys.executable} rows.py"
    assert len(books.read(source).accounts or []) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('print(\'{"externalId": "1", "name": "A"}\'); raise SystemExit(3)', "ended with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with signal 9"),
        ('print(\'{"externalId": "1", "name": "A"}\', end="")', "the last line has no end"),
        ("print('{\"externalId\": ')", "is not JSON"),
        ("print('[1]')", "is not an object"),
        ('print(\'{"externalId": "1", "name": "A", "name": "B"}\')', "key 'name' stands twice"),
        ('print(\'{"externalID": "1"}\')', "unknown field 'externalID'"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\n')", "is not UTF-8"),
        ("import time; time.sleep(60)", "did not end within 0.5 s"),
    ],
)
def test_a_program_that_fails_gives_nothing(books: Books, text: str, words: str) -> None:
    """What it printed before it failed is not used."""
    source = program(books, text)
    if "0.5" in words:
        source["accounts"]["timeoutSeconds"] = 0.5
    with pytest.raises(SourceError) as caught:
        books.read(source)
    assert words in str(caught.value)


def test_a_program_that_is_not_there(books: Books) -> None:
    """One line, not a traceback."""
    with pytest.raises(SourceError, match="could not be run"):
        books.read({"type": "exec", "accounts": {"command": "no-such-program-here --rows"}})


def test_a_program_runs_only_where_it_may(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """PLEOCTL_ALLOW_EXEC=1 is the person's word, not the file's."""
    source = program(books, "open('ran', 'w')")
    monkeypatch.delenv("PLEOCTL_ALLOW_EXEC")
    with pytest.raises(Refused, match="would run a program"):
        books.read(source)
    assert not (books.folder / "ran").exists()


def test_a_program_does_not_see_the_key_of_pleo(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the environment is there."""
    monkeypatch.setenv("PLEO_API_KEY", "other")
    monkeypatch.setenv("BOOKS_USER", "ann")
    names = "[n for n in ('THE_PLEO_KEY', 'PLEO_API_KEY', 'BOOKS_USER') if n in os.environ]"
    text = f"import json, os\nprint(json.dumps({{'externalId': '1', 'name': ','.join({names})}}))"
    assert [row.fields["name"] for row in books.read(program(books, text)).accounts or []] == ["BOOKS_USER"]
