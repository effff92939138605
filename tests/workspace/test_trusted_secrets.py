"""What references to secrets and databases may lead to: variables, files, urls, programs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Books, FakeServer, Reply
from findings import line_of
from pleoctl.errors import InvalidFile, PleoctlError, Refused, SourceError
from pleoctl.workspace.trust import RUN_CREDENTIALS
from trusted import database, http

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json
    from tests.conftest import Cli, MakeWorkspace


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "CI_JOB_TOKEN", "AWS_SESSION_TOKEN", "NPM_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_NEW"],
)
def test_credentials_of_the_machine_are_no_accounting_systems(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also on loopback, also as pleo.auth, unless the environment names them."""
    monkeypatch.setenv(name, "run-time-credential")
    for auth in (
        {"bearer": f"env:{name}"},
        {"headers": {"X": f"env:{name}"}},
        {"basic": {"user": f"env:{name}", "password": "env:BOOKS_TOKEN"}},
    ):
        with pytest.raises(Refused) as caught:
            books.read(http(server.url, auth=auth))
        finding = caught.value.findings[0]
        assert f"PLEOCTL_TRUSTED_ENV={name} " in str(finding)
        assert line_of(finding)
    pleo = books.workspace(http(server.url), pleo={"url": "http://127.0.0.1:9", "auth": {"apiKey": f"env:{name}"}})
    with pytest.raises(Refused, match="credential of the machine"):
        pleo.auth[1].reveal()
    assert server.calls == []
    monkeypatch.setenv("PLEOCTL_TRUSTED_ENV", f"OTHER, {name}")
    books.read(http(server.url, auth={"bearer": f"env:{name}"}))
    assert server.calls[0].headers["Authorization"] == "Bearer run-time-credential"


def test_no_honest_name_falls_under_the_list(server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that begin as forges' do are nobody's but the user's."""
    for name in ("GITHUB_BOOKS_TOKEN", "CI_BOOKS_TOKEN", "AWS_BOOKS", "GITLAB_AS_TOKEN", "TOKEN", "API_KEY"):
        assert name not in RUN_CREDENTIALS
        monkeypatch.setenv(name, TOKEN)
        books.read(http(server.url, auth={"bearer": f"env:{name}"}))


@pytest.mark.parametrize("name", ["PLEO_API_KEY", "PLEOCTL_DATABASE", "PLEOCTL_TRUSTED_HOSTS"])
def test_pleos_and_pleoctls_own_variables_are_no_sources(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever the branch has made of pleo.auth."""
    monkeypatch.setenv(name, "own.example")
    with pytest.raises(Refused, match="Pleo's own credential"):
        books.read(http(server.url, auth={"bearer": f"env:{name}"}))
    assert server.calls == []


def outside(books: Books) -> Path:
    """A secret beside the workspace."""
    path = books.folder.parent / "vault" / "token.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("outside-secret\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("how", ["up", "absolute", "link", "folder link", "home", "git", "proc"])
def test_a_file_outside_is_no_secret_of_the_workspace(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """By no spelling and through no link; the message names the variable. In git's own folder neither."""
    path = outside(books)
    monkeypatch.setenv("HOME", str(path.parent))
    (books.folder / "link").symlink_to(path)
    (books.folder / "folder").symlink_to(path.parent)
    (books.folder / ".git").mkdir()
    (books.folder / ".git" / "token").write_text("t0ken", encoding="utf-8")
    reference = {
        "up": "../vault/token.txt",
        "absolute": str(path),
        "link": "link",
        "folder link": "folder/token.txt",
        "home": "~/token.txt",
        "git": "x/../.git/token",
        "proc": "/proc/self/environ",
    }[how]
    with pytest.raises(Refused) as caught:
        books.read(http(server.url, auth={"bearer": f"file:{reference}"}))
    told = str(caught.value.findings[0])
    assert ("is git's own" if how == "git" else "PLEOCTL_SECRETS_DIR=") in told
    assert server.calls == []


def test_a_folder_of_secrets_is_named_by_the_environment(
    server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below it files may lie, also behind links within it, as a mounted volume makes them; inside the workspace too."""
    path = outside(books)
    (path.parent / "link.txt").symlink_to(path)
    (books.folder / "inner.txt").write_text("inner-secret", encoding="utf-8")
    (books.folder / "inner-link.txt").symlink_to("inner.txt")
    monkeypatch.setenv("PLEOCTL_SECRETS_DIR", str(path.parent))
    for name, secret in {
        str(path): "outside-secret",
        "../vault/link.txt": "outside-secret",
        "inner-link.txt": "inner-secret",
    }.items():
        books.read(http(server.url, auth={"bearer": f"file:{name}"}))
        assert server.calls[-1].headers["Authorization"] == f"Bearer {secret}"


QUERY = {"query": 'SELECT id AS "externalId", name FROM chart'}


def sql(books: Books, url: str) -> Json:
    """A source whose url stands in a file of the workspace."""
    (books.folder / "url.txt").write_text(url, encoding="utf-8")
    return {"type": "sql", "url": "file:url.txt", "accounts": QUERY}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:hunter22@db.example/books", "PLEOCTL_TRUSTED_HOSTS=db.example:5432 "),
        ("mysql+pymysql://u:hunter22@db.example:3307/books", "PLEOCTL_TRUSTED_HOSTS=db.example:3307 "),
        ("postgresql:///books?host=db.example", "the option 'host'"),
        ("postgresql://127.0.0.1/books?passfile=/etc/passwd", "the option 'passfile'"),
        ("postgresql://127.0.0.1/books?sslkey=/root/key", "the option 'sslkey'"),
        ("postgresql://127.0.0.1/books?service=x", "the option 'service'"),
        ("mysql+pymysql://127.0.0.1/books?read_default_file=/etc/my.cnf", "the option 'read_default_file'"),
        ("mysql+pymysql://127.0.0.1/books?local_infile=1", "the option 'local_infile'"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3D/tmp/evil.so", "the driver 'mssql+pyodbc'"),
        ("postgresql+psycopg://127.0.0.1/host%3Devil.example", "a database name"),
        ("sqlite:///books.db?vfs=evil", "the option 'vfs'"),
        ("sqlite:////etc/passwd", "leads outside the workspace"),
        ("sqlite:///../vault/books.db", "leads outside the workspace"),
        ("shillelagh://", "the driver 'shillelagh'"),
        ("oracle://u:hunter22@0x7f.1/x", "no plain host name"),
    ],
)
def test_a_url_of_the_branch_obeys_the_rules(books: Books, url: str, words: str) -> None:
    """Known drivers, trusted hosts, files below, no option that reads, loads or leads elsewhere."""
    database(books.folder.parent / "vault" / "books.db")
    with pytest.raises(Refused) as caught:
        books.read(sql(books, url))
    told = str(caught.value.findings[0])
    assert words in told
    assert "hunter22" not in told


def test_a_url_of_the_environment_may_name_any_file(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one below the folder of secrets; a file below the workspace needs nobody's word."""
    there = database(books.folder.parent / "vault" / "books.db")
    monkeypatch.setenv("BOOKS_URL", f"sqlite:///{there}")
    assert books.read({"type": "sql", "url": "env:BOOKS_URL", "accounts": QUERY}).accounts
    (there.parent / "url.txt").write_text(f"sqlite:///{there}", encoding="utf-8")
    monkeypatch.setenv("PLEOCTL_SECRETS_DIR", str(there.parent))
    assert books.read({"type": "sql", "url": f"file:{there.parent}/url.txt", "accounts": QUERY}).accounts
    database(books.folder / "as" / "books.db")
    assert books.read(sql(books, "sqlite:///as/books.db")).accounts


def test_a_folder_of_secrets_around_the_workspace_vouches_for_nothing_in_it(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in the workspace is the branch's, wherever the environment says that secrets lie."""
    there = database(books.folder.parent / "vault" / "books.db")
    monkeypatch.setenv("PLEOCTL_SECRETS_DIR", str(books.folder.parent))
    with pytest.raises(Refused, match="leads outside the workspace"):
        books.read(sql(books, f"sqlite:///{there}"))


def test_a_database_file_is_relative_to_the_workspace_and_never_made(
    books: Books, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wherever the command is run from; a file that is not there stays away."""
    database(books.folder / "books.db")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("BOOKS_URL", "sqlite:///books.db")
    assert books.read({"type": "sql", "url": "env:BOOKS_URL", "accounts": QUERY}).accounts
    for url in ("sqlite:///none.db", "sqlite:///file:none.db?mode=rwc&uri=true"):
        monkeypatch.setenv("BOOKS_URL", url)
        with pytest.raises(SourceError, match="unable to open"):
            books.read({"type": "sql", "url": "env:BOOKS_URL", "accounts": QUERY})
    for url in ("sqlite://", "sqlite:///:memory:"):
        monkeypatch.setenv("BOOKS_URL", url)
        with pytest.raises(SourceError, match="names no database file"):
            books.read({"type": "sql", "url": "env:BOOKS_URL", "accounts": QUERY})
    assert list(elsewhere.iterdir()) == []
    assert not (books.folder / "none.db").exists()


@pytest.mark.parametrize("key", ["desired", "mapping"])
def test_no_file_of_the_workspace_lies_outside(books: Books, key: str) -> None:
    """Neither by its spelling nor through a link in the branch."""
    outside(books)
    (books.folder / "folder").symlink_to(books.folder.parent / "vault")
    workspace = books.workspace({"type": "csv"}, **{key: "folder/token.txt"})
    with pytest.raises(Refused, match="leads outside"):
        _ = workspace.desired_files if key == "desired" else workspace.mapping
    with pytest.raises(InvalidFile, match="problem"):
        books.workspace({"type": "csv"}, **{key: "../vault/token.txt"})


def test_programs_need_the_environments_word(books: Books) -> None:
    """Neither a source nor a secret runs one by the branch's word alone."""
    for source in (
        {"type": "exec", "accounts": {"command": "touch ran"}},
        http("http://127.0.0.1:9", auth={"bearer": "cmd:touch ran"}),
    ):
        with pytest.raises(Refused, match="would run a program"):
            books.read(source)
    assert not (books.folder / "ran").exists()


def test_a_basic_password_that_a_server_repeats_is_masked(server: FakeServer, books: Books) -> None:
    """Whatever a source tells passes one door."""
    encoded = base64.b64encode(f"{TOKEN}:{TOKEN}".encode()).decode()
    server.app = lambda _call: Reply({"message": f"no {encoded} {TOKEN}"}, 400)
    with pytest.raises(PleoctlError) as caught:
        books.read(http(server.url, auth={"basic": {"user": "env:BOOKS_TOKEN", "password": "env:BOOKS_TOKEN"}}))
    assert "no *** ***" in str(caught.value.findings[0])


def test_validate_tells_of_each_reference_what_a_run_would_say(workspace: MakeWorkspace, cli: Cli) -> None:
    """Wherever the schema has one, with its line: warnings, since the machine that runs it may allow them."""
    run, outside = "env:GITHUB_TOKEN", "file:../key"
    accounts = {"path": "/a", "records": "@", "paginate": {"type": "none"}, "fields": {"externalId": "i", "name": "n"}}
    tryton = {"type": "tryton", "baseUrl": "http://127.0.0.1:9", "database": "d", "user": "u", "journal": "J"}
    workspace(
        pleo={"url": "http://127.0.0.1:9", "auth": {"apiKey": outside}},
        source={"type": "http", "baseUrl": "http://127.0.0.1:9", "auth": {"basic": {"user": run, "password": outside}}}
        | {"accounts": accounts},
        sink={**tryton, "password": run},
        state=run,
        notify=[{"to": run, "on": ["drift"]}],
    )
    said = cli("validate", "--format", "json")
    told = [(f["line"], f["message"]) for f in said.json["findings"] if f["code"] == "refused"]
    credential = "env:GITHUB_TOKEN is a credential of the machine that runs this, not of an accounting system"
    leads = "file:../key leads outside the workspace"
    own = "a source may not use Pleo's own credential"
    assert told == [(4, leads), (5, credential), (5, own), (6, credential), (7, credential), (8, credential)]
    assert (said.code, {f["message"] for f in said.json["findings"] if f["level"] == "error"}) == (78, {own})
