"""What a branch may not do with secrets: only the environment and the user say where they go and which they are."""

from __future__ import annotations

import base64
import socket
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fake_books import TOKEN, Books, FakeServer, Reply
from findings import line_of
from pleoctl.errors import InvalidFile, PleoctlError, Refused, SourceError, UsageError
from pleoctl.hosts import Endpoint
from pleoctl.workspace.trust import RUN_CREDENTIALS, TrustedHosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import MakeWorkspace, Said

ACCOUNTS = {
    "path": "/a",
    "paginate": {"type": "none"},
    "records": "@",
    "fields": {"externalId": "id", "name": "name"},
}
ROWS = [{"id": "1", "name": "Cash"}]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server with one account."""
    fake = FakeServer()
    fake.app = lambda _call: Reply(ROWS)
    yield fake
    fake.close()


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """A workspace folder in a folder of its own, with both sides' secrets."""
    monkeypatch.setenv("BOOKS_TOKEN", TOKEN)
    monkeypatch.setenv("THE_PLEO_KEY", "the-key-of-pleo")
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    (tmp_path / "books").mkdir()
    return Books(tmp_path / "books")


@contextmanager
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A proxy of the environment that writes down whom it is asked for, and connects nobody."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(4096).decode("latin-1").split("\r\n")[0])
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield asked
    # Closing alone wakes nobody who waits in accept.
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def http(url: str, **more: Any) -> dict[str, Any]:
    """A source with one list and one secret."""
    return {"type": "http", "baseUrl": url, "auth": {"bearer": "env:BOOKS_TOKEN"}, "accounts": ACCOUNTS, **more}


# --- hosts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["export"], ["source", "check"], ["sync"], ["export", "--check"]])
def test_a_host_of_the_branch_gets_nothing(
    command: list[str], workspace: MakeWorkspace, cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 before any connection, with the place and both lines that say otherwise; then it goes there."""
    monkeypatch.setattr("pleoctl.remote.transport.BACKOFF_BASE", 0.0)
    monkeypatch.setenv("BOOKS_TOKEN", TOKEN)
    workspace(source=http("https://books.example.net/api"))
    with proxy(monkeypatch) as asked:
        said = cli(*command)
        assert said.code == 3
        assert "pleoctl.yaml:5:" in said.stderr
        assert "PLEOCTL_TRUSTED_HOSTS=books.example.net " in said.stderr
        assert "`pleoctl trust books.example.net`" in said.stderr
        assert asked == []
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "other.example, Books.Example.NET:443")
        assert cli(*command).code == 1
        assert {" ".join(line.split()[:2]) for line in asked} == {"CONNECT books.example.net:443"}


def test_the_line_to_set_keeps_what_is_set(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that are trusted already stay in it, and a port that is not the usual one belongs to the host."""
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "one.example")
    with pytest.raises(Refused) as caught:
        books.read(http("https://books.example:8443"))
    assert "PLEOCTL_TRUSTED_HOSTS=one.example,books.example:8443 " in str(caught.value.findings[0])


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (http("https://evil.example"), "evil.example"),
        (http("https://[2001:db8::1]:8443"), "[2001:db8::1]:8443"),
        (http("https://10.0.0.1"), "10.0.0.1"),
        (http("https://xn--bcher-kva.example"), "xn--bcher-kva.example"),
        (http("https://api.xero.com.evil.example"), "api.xero.com.evil.example"),
        (
            {"type": "http", "preset": "xero", "variables": {"tenant": "t"}, "baseUrl": "https://evil.example"},
            "evil.example",
        ),
        (
            {"type": "http", "preset": "xero", "variables": {"tenant": "t"}, "baseUrl": "https://api.xero.com:8443"},
            "api.xero.com:8443",
        ),
        (
            {"type": "http", "preset": "netsuite", "variables": {"account": "1234567"}},
            "1234567.suitetalk.api.netsuite.com",
        ),
        ({"type": "http", "preset": "netsuite", "variables": {"account": "evil.example/"}}, "evil.example"),
        ({"type": "http", "preset": "odoo", "baseUrl": "https://company.odoo.com"}, "company.odoo.com"),
        (
            {
                "type": "tryton",
                "baseUrl": "https://evil.example",
                "database": "d",
                "user": "u",
                "password": "env:BOOKS_TOKEN",
            },
            "evil.example",
        ),
    ],
)
def test_only_a_literal_host_of_a_preset_needs_no_trust(
    books: Books, monkeypatch: pytest.MonkeyPatch, source: dict[str, Any], host: str
) -> None:
    """A preset whose host is given anew, or holds a variable, needs the line as any other source does."""
    for name in ("XERO_TOKEN", "NETSUITE_TOKEN", "ODOO_API_KEY"):
        monkeypatch.setenv(name, "token")
    with proxy(monkeypatch) as asked:
        with pytest.raises(Refused) as caught:
            books.read(source)
        assert f"names {host}, which" in str(caught.value.findings[0])
        assert asked == []


@pytest.mark.parametrize("preset", ["xero", "fortnox", "e-conomic"])
def test_a_presets_own_host_needs_no_trust(books: Books, monkeypatch: pytest.MonkeyPatch, preset: str) -> None:
    """Nobody who uses a preset as it is has anything to set."""
    for name in ("XERO_TOKEN", "FORTNOX_TOKEN", "ECONOMIC_APP_SECRET", "ECONOMIC_AGREEMENT_GRANT"):
        monkeypatch.setenv(name, "token")
    variables = {"variables": {"tenant": "t"}} if preset == "xero" else {}
    with proxy(monkeypatch) as asked:
        with pytest.raises(SourceError, match="could not be reached"):
            books.read({"type": "http", "preset": preset, **variables})
        assert asked


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://127.1",
        "https://books.example.",
        "https://bücher.example",
        "https://books.example\\@evil.example",
        "https://books.example%2f.evil.example",
        "https://books.example/{x}",
        "https://{x}.example",
        "https://books.example:0",
        "https://[::1",
        "https://[a]",
    ],
)
def test_a_spelling_that_readers_disagree_about_is_no_url(
    books: Books, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Also where somebody trusts the host that it seems to name."""
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "books.example,127.0.0.1")
    with proxy(monkeypatch) as asked:
        with pytest.raises((InvalidFile, SourceError)):
            books.read(http(url))
        assert asked == []


@pytest.mark.parametrize("account", ["evil.example#", "evil.example?", "u@evil.example", "evil.example\\", "a b", "ü"])
def test_a_variable_cannot_make_a_url_that_is_none(books: Books, monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """What fills in a host is judged together with it."""
    monkeypatch.setenv("NETSUITE_TOKEN", "token")
    with proxy(monkeypatch) as asked:
        with pytest.raises((InvalidFile, SourceError, Refused)):
            books.read({"type": "http", "preset": "netsuite", "variables": {"account": account}})
        assert asked == []


@pytest.mark.parametrize("name", ["Host", "x-forwarded-host", "Transfer-Encoding", "X-HTTP-Method-Override"])
def test_a_branch_cannot_route_past_the_host(server: FakeServer, books: Books, name: str) -> None:
    """Neither a resource nor the credential may set a header that says where a request ends."""
    (books.folder / "host.txt").write_text("evil.example", encoding="utf-8")
    for source in (
        http(server.url, accounts={**ACCOUNTS, "headers": {name: "evil.example"}}),
        http(server.url, auth={"headers": {name: "file:host.txt"}}),
    ):
        with pytest.raises((InvalidFile, Refused)) as caught:
            books.read(source)
        assert "source.baseUrl alone says" in str(caught.value.findings[0])
    assert server.calls == []


def test_a_redirect_takes_no_secret_elsewhere(server: FakeServer, books: Books) -> None:
    """Another host gets no request, and neither does another port of this machine."""
    with closing(FakeServer()) as other:
        server.app = lambda _call: Reply({}, 302, {"Location": f"{other.url}/steal"})
        with pytest.raises(SourceError, match="redirects to"):
            books.read(http(server.url))
        assert other.calls == []


def test_entries_are_hosts_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern, a url or a suffix trusts nobody: it is told as the mistake that it is."""
    there = Endpoint.parse("https://books.example")
    assert there is not None
    for text in ("*.example", "https://books.example", "books.example/x", ".example"):
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", text)
        with pytest.raises(UsageError, match="is no host"):
            TrustedHosts().trust(there)
    for text in ("example", "a.books.example", "books.example:80", ""):
        monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", text)
        assert not TrustedHosts().trust(there)


# --- pleoctl trust -------------------------------------------------------------------------------------------------


def test_a_user_trusts_a_host_once(cli: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, books: Books) -> None:
    """`trust HOST` stores it for this user alone; `trust list` shows it with who says so."""
    assert cli("trust", "list").stdout == "No hosts are trusted.\n"
    assert cli("trust", "Books.example:8443").code == 0
    assert "as before" in cli("trust", "books.example:8443").stdout
    monkeypatch.setenv("PLEOCTL_TRUSTED_HOSTS", "one.example")
    listed = cli("trust", "list", "--format", "json").json["result"]
    assert [(one["host"], one["origin"] == "PLEOCTL_TRUSTED_HOSTS") for one in listed] == [
        ("one.example", True),
        ("books.example:8443", False),
    ]
    path = listed[1]["origin"]
    assert Path(path).stat().st_mode & 0o077 == 0
    with proxy(monkeypatch) as asked, pytest.raises(SourceError):
        books.read(http("https://books.example:8443"))
    assert asked


@pytest.mark.parametrize("host", ["*.example", "https://a.example", "a.example/x", "2130706433", "a b", "ü.example"])
def test_only_an_exact_host_can_be_trusted(cli: Callable[..., Said], host: str) -> None:
    """Anything else is a usage error, and nothing is stored."""
    assert cli("trust", host).code == 64
    assert cli("trust", "list").stdout == "No hosts are trusted.\n"


def test_init_prints_the_line_of_a_workspace_that_is_there(workspace: MakeWorkspace, cli: Callable[..., Said]) -> None:
    """A newcomer to a repository learns what to set from `init`."""
    workspace(source=http("https://books.example.net"))
    said = cli("init")
    assert said.code == 0
    assert "PLEOCTL_TRUSTED_HOSTS=books.example.net " in said.stderr
    assert "kept pleoctl.yaml" in said.stdout


# --- env: ----------------------------------------------------------------------------------------------------------


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


# --- file: ---------------------------------------------------------------------------------------------------------


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


# --- databases -----------------------------------------------------------------------------------------------------

QUERY = {"query": 'SELECT id AS "externalId", name FROM chart'}


def database(path: Path) -> Path:
    """A database with one account."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE chart (id TEXT, name TEXT); INSERT INTO chart VALUES ('1', 'Cash');")
    return path


def sql(books: Books, url: str) -> dict[str, Any]:
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


# --- paths ---------------------------------------------------------------------------------------------------------


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
