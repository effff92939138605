"""Signing in by OAuth as a user meets it: login, renewal, refusals; against a server that is not ours."""

from __future__ import annotations

import re
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auth_server import SECRET, AuthServer, kept, section
from raw_server import RawServer, serving
from sign_ins import age, read, token_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.text import Shown
    from shapes import Json
    from tests.conftest import Cli, MakeWorkspace, Said


def test_a_login_makes_the_books_readable(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """After `login --paste` the source reads with the token, and a logout forgets it."""
    workspace(source=section(server))
    before = read(cli)
    assert before.code == 1
    assert "pleoctl login --target source" in before.stderr
    assert login().code == 0
    said = read(cli)
    assert said.code == 0, said.stderr
    assert "2 accounts" in said.stdout
    assert cli("logout", "--target", "source").code == 0
    assert read(cli).code == 1


def test_a_browser_ends_at_this_machine(
    server: AuthServer, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`login` listens on loopback; an answer with another state is passed over, the right one signs in."""
    source = section(server)
    del source["auth"]["oauth"]["redirectUri"]
    workspace(source=source)
    told: list[str] = []
    seen = threading.Event()

    def browse() -> None:
        assert seen.wait(20)
        address = told[0]
        wrong = server.agree(address, state="somebody-else")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(wrong, timeout=10)  # another page of this machine
        with urllib.request.urlopen(server.agree(address), timeout=10) as answer:
            assert b"signed in" in answer.read()

    def heard(shown: Shown, **_how: object) -> None:
        told.extend(re.findall(r"http\S+/authorize\?\S+", shown.plain))
        seen.set()

    thread = threading.Thread(target=browse)
    thread.start()
    monkeypatch.setattr("pleoctl.cli.login.tell", heard)
    said = cli("login", "--target", "source", "--no-browser")
    thread.join()
    assert said.code == 0, said.stderr
    assert read(cli).code == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "other"}, "state differs"),
        ({"iss": "https://mixed-up.example.com"}, "iss differs"),
        ({"code": None, "error": "access_denied"}, "access_denied"),
        ({"code": None}, "no code"),
        ({"code": "made-up"}, "invalid_grant"),
    ],
)
def test_an_answer_that_is_not_this_login_s_signs_nobody_in(
    server: AuthServer,
    workspace: MakeWorkspace,
    login: Callable[..., Said],
    cli: Cli,
    changed: dict[str, str | None],
    words: str,
) -> None:
    """State, issuer and consent are checked before anything is kept."""
    workspace(source=section(server))
    said = login(**changed)
    assert said.code == 1
    assert words in said.stderr
    assert read(cli).code == 1


def test_a_server_that_names_no_issuer_is_fine(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]
) -> None:
    """Most servers send no iss."""
    workspace(source=section(server))
    assert login(iss=None).code == 0


def test_a_device_code_signs_in(
    server: AuthServer, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`login --device` shows where to enter which code, and asks until somebody agreed."""
    monkeypatch.setattr("pleoctl.machine.Machine.sleep", lambda _self, _seconds: None)
    workspace(source=section(server))
    said = cli("login", "--target", "source", "--device")
    assert said.code == 0, said.stderr
    assert "ABCD" in said.stderr
    assert read(cli).code == 0


def test_client_credentials_need_nobody(server: AuthServer, workspace: MakeWorkspace, cli: Cli) -> None:
    """Without a login a token is asked for, kept, used again, and asked for anew once it is not accepted."""
    workspace(source=section(server, grant="clientCredentials", scopes=["all"]))
    assert read(cli).code == 0
    assert read(cli).code == 0
    assert [form["grant_type"] for form in server.asked] == ["client_credentials"]
    assert server.asked[0]["scope"] == "all"
    server.expire()
    assert read(cli).code == 0
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"answerSeconds": 0.3}, "did not end within 0.3 s (answerSeconds)"),
        ({"timeoutSeconds": 0.1}, "did not end within 0.2 s (answerSeconds)"),
        ({"answerBytes": 1024}, "larger than 1024 bytes (answerBytes)"),
    ],
)
def test_a_sign_in_has_limits_of_its_own(
    workspace: MakeWorkspace, server: AuthServer, cli: Cli, limit: Json, words: str
) -> None:
    """The same keys as under a source, for a token server that drips or floods."""

    def script(raw: RawServer, _request: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b" " * (1000000 if "answerBytes" in limit else 1)
        while not raw.over.is_set():
            raw.pause(0.02)
            yield b" "

    with serving(script) as raw:
        url = f"http://127.0.0.1:{raw.port}/token"
        workspace(source=section(server, grant="clientCredentials", tokenUrl=url, **limit))
        said = read(cli)
    assert (said.code, words in said.stderr) == (1, True), said.stderr


def test_a_token_is_renewed_before_it_ends(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """An hour's token is renewed in its last minute; the API never sees one that has ended."""
    workspace(source=section(server))
    login()
    age(token_file(environment), 3545)
    assert read(cli).code == 0
    assert read(cli).code == 0
    assert len(server.refreshes) == 1
    assert server.denied == 0


def test_a_401_renews_once_and_goes_on(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """A token that the server no longer takes is renewed in the middle of a run."""
    workspace(source=section(server))
    login()
    server.expire()
    assert read(cli).code == 0
    assert len(server.refreshes) == 1


def test_a_401_that_renewal_does_not_mend_is_told(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One renewal for one request, and then the refusal."""
    workspace(source=section(server))
    login()
    monkeypatch.setattr(server, "books", lambda _headers: (401, {}))
    said = read(cli)
    assert said.code == 1
    assert "401" in said.stderr
    assert len(server.refreshes) == 1


def test_a_server_that_does_not_rotate_keeps_its_refresh_token(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """A refresh token that the answer leaves out stays (RFC 6749, 6)."""
    server.rotates = False
    workspace(source=section(server))
    login()
    for _ in range(2):
        server.expire()
        assert read(cli).code == 0
    assert len(set(server.refreshes)) == 1
    assert server.spent_sent == 0


@pytest.mark.parametrize("spelling", ["basic", "post"])
def test_the_client_proves_itself_as_the_server_wants(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], spelling: str
) -> None:
    """In a header, or in the form."""
    workspace(source=section(server, clientAuth=spelling))
    assert login().code == 0
    assert ("client_secret" in server.asked[-1]) == (spelling == "post")


def test_a_refused_refresh_is_final_and_told_once(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """N8: one sentence with the cure, exit 1; the next run asks the server nothing."""
    workspace(source=section(server))
    login()
    server.revoke()
    said = cli("source", "check", "--offline")
    assert said.code == 1
    assert said.stderr.count("pleoctl login --target source") == 1
    assert "invalid_grant" in said.stderr
    again = read(cli)
    assert again.code == 1
    assert "pleoctl login --target source" in again.stderr
    assert len(server.refreshes) == 1
    assert login().code == 0
    assert read(cli).code == 0


def test_a_wrong_secret_does_not_end_the_sign_in(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses the client before it looks at the token: the tokens stay."""
    workspace(source=section(server))
    login()
    server.expire()
    monkeypatch.setenv("BOOKS_SECRET", "wrong")
    said = read(cli)
    assert said.code == 1
    assert "clientSecret" in said.stderr
    monkeypatch.setenv("BOOKS_SECRET", SECRET)
    assert read(cli).code == 0


# --- answers that are lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["before", "after", "503", "408"])
def test_a_lost_answer_is_never_followed_by_the_same_token(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, fault: str
) -> None:
    """Without refreshGrace the refresh token is sent once; then login is asked for, in this run and in the next."""
    workspace(source=section(server))
    login()
    server.expire()
    server.lost = [fault]
    for _ in range(2):
        said = read(cli)
        assert said.code == 1
        assert "pleoctl login --target source" in said.stderr
    assert len([form for form in server.asked if form.get("grant_type") == "refresh_token"]) == 1
    assert server.spent_sent == 0


@pytest.mark.parametrize("fault", ["before", "after", "503"])
def test_a_server_with_grace_is_asked_once_more(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, fault: str
) -> None:
    """With refreshGrace the same refresh token goes out a second time, and the run goes on."""
    server.grace = True
    workspace(source=section(server, refreshGrace=True))
    login()
    server.expire()
    server.lost = [fault]
    assert read(cli).code == 0
    assert len([form for form in server.asked if form.get("grant_type") == "refresh_token"]) == 2


def test_a_redirect_of_a_token_request_spends_nothing(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """No server gives tokens and sends elsewhere: the address is wrong, and the same token goes once that is mended."""
    workspace(source=section(server))
    login()
    server.expire()
    server.lost = ["302"]
    said = read(cli)
    assert (said.code, "redirects" in said.stderr) == (1, True)
    assert read(cli).code == 0


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "t\u00f6ken"])
def test_a_token_that_no_header_can_carry_is_not_taken(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, token: str
) -> None:
    """It is told of when it comes, and nothing of it is kept or shown."""
    workspace(source=section(server))
    server.refresh_life = {"access_token": token}
    said = login()
    assert (said.code, "no header can carry" in said.stderr, token[:4] in said.stderr) == (1, True, False)
    assert "nobody has signed in" in read(cli).stderr


def test_grace_is_once(server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli) -> None:
    """Two lost answers are the end, whatever the server honours."""
    server.grace = True
    workspace(source=section(server, refreshGrace=1800))
    login()
    server.expire()
    server.lost = ["after", "after"]
    assert read(cli).code == 1
    assert read(cli).code == 1
    assert len(server.refreshes) == 2


def test_a_token_that_lives_is_used_although_its_renewal_was_lost(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """In the last minute of a token a lost answer costs nothing yet."""
    workspace(source=section(server))
    login()
    age(token_file(environment), 3550)
    server.lost = ["before"]
    said = read(cli)
    assert said.code == 0, said.stderr
    assert read(cli).code == 0
    assert len(server.asked) == 2  # the code, and one refresh


def test_a_server_that_cannot_be_reached_costs_no_token(
    server: AuthServer,
    workspace: MakeWorkspace,
    login: Callable[..., Said],
    cli: Cli,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No connection: nothing was sent, so that the next run refreshes as if nothing had been."""
    monkeypatch.setattr("pleoctl.machine.Machine.sleep", lambda _self, _seconds: None)
    workspace(source=section(server))
    login()
    path = token_file(environment)
    age(path, 7200)
    away = "http://127.0.0.1:9"
    # Its own issuer is another one, so the file says so too.
    path.write_text(path.read_text().replace(server.url + '",\n "client"', away + '",\n "client"'))
    path.rename(path.with_name("away.json"))
    workspace(source=section(server, tokenUrl=f"{away}/token", tokens="file:tokens.json"))
    Path("tokens.json").write_bytes((path.with_name("away.json")).read_bytes())
    Path("tokens.json").chmod(0o600)
    said = read(cli)
    assert said.code == 1
    assert "could not be reached" in said.stderr
    assert kept(Path("tokens.json").read_text())["sent"] == 0
