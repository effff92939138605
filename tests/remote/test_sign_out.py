"""How a sign-in is ended, and how the urls of a server are found that it publishes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_server import AuthServer, section, shown_secrets
from sign_ins import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeWorkspace, Said

RFC = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def logout(cli: Cli, *arguments: str) -> Said:
    """The end of the source's sign-in."""
    return cli("logout", "--target", "source", "--debug", *arguments)


def described(server: AuthServer, **changed: str) -> dict[str, str]:
    """What the server tells of itself."""
    paths = {
        "authorization_endpoint": "authorize",
        "token_endpoint": "token",
        "device_authorization_endpoint": "device",
        "revocation_endpoint": "revoke",
    }
    return {"issuer": server.url, **{name: f"{server.url}/{path}" for name, path in paths.items()}, **changed}


def test_a_logout_gives_the_refresh_token_back(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """RFC 7009: the server ends it before it is forgotten; a second logout asks for nothing."""
    workspace(source=section(server, revocationUrl=f"{server.url}/revoke"))
    login()
    said = logout(cli)
    assert (said.code, "the server has ended the tokens" in said.stdout) == (0, True)
    ((token, kind),) = server.returned
    assert token.startswith("refresh-secret")
    assert kind == "refresh_token"
    assert shown_secrets(server, said.stdout, said.stderr) == []
    assert "nobody was signed in" in logout(cli).stdout
    assert len(server.returned) == 1
    assert read(cli).code == 1


def test_a_client_that_asks_for_itself_gives_its_access_token_back(
    server: AuthServer, workspace: MakeWorkspace, cli: Cli
) -> None:
    """It has no other."""
    workspace(source=section(server, grant="clientCredentials", revocationUrl=f"{server.url}/revoke"))
    assert read(cli).code == 0
    assert logout(cli).code == 0
    assert [kind for _, kind in server.returned] == ["access_token"]


def test_forgetting_here_asks_nobody(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """`--local`, or a server that takes no tokens back: the output says that they may live."""
    workspace(source=section(server, revocationUrl=f"{server.url}/revoke"))
    login()
    assert "end the connection at the server" in logout(cli, "--local").stdout
    workspace(source=section(server))
    login()
    assert "end the connection at the server" in logout(cli).stdout
    assert server.returned == []


@pytest.mark.parametrize(
    ("status", "url", "why"),
    [(400, "", "unsupported_token_type"), (503, "", "503"), (200, "http://127.0.0.1:9", "reached")],
)
def test_a_server_that_keeps_them_is_told_of(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, status: int, url: str, why: str
) -> None:
    """They are forgotten all the same, with a warning that names the cause."""
    server.revoking = status
    workspace(source=section(server, revocationUrl=f"{url or server.url}/revoke"))
    login()
    said = cli("logout", "--target", "source", "--format", "json")
    assert said.code == 0
    (finding,) = said.json["findings"]
    assert finding["code"] == "not-revoked"
    assert why in finding["message"] or why == "reached"
    assert said.json["result"]["revoked"] is False
    assert read(cli).code == 1


def test_a_token_that_may_be_spent_is_not_given_back(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """The answer to its refresh was lost: the access token goes back, and newer ones may live."""
    workspace(source=section(server, revocationUrl=f"{server.url}/revoke"))
    login()
    server.expire()
    server.lost = ["after"]
    assert read(cli).code == 1
    said = logout(cli)
    assert [kind for _, kind in server.returned] == ["access_token"]
    assert "newer tokens may live" in said.stderr


@pytest.mark.parametrize("path", [RFC, OPENID])
def test_a_server_tells_its_urls(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, path: str
) -> None:
    """With `issuer` alone: sign in, read, renew, sign out; the document is asked for where it is needed."""
    server.described[path] = described(server)
    source = section(server, issuer=server.url)
    for key in ("authorizeUrl", "tokenUrl", "deviceUrl"):
        del source["auth"]["oauth"][key]
    workspace(source=source)
    assert login().code == 0
    assert read(cli).code == 0
    server.expire()
    assert read(cli).code == 0
    assert len(server.refreshes) == 1
    assert "the server has ended" in logout(cli).stdout


def test_an_issuer_with_a_path_is_asked_where_the_standard_says(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]
) -> None:
    """RFC 8414, 3.1: the well-known part stands before the path."""
    issuer = f"{server.url}/tenants/one"
    server.described[f"{RFC}/tenants/one"] = described(server, issuer=issuer)
    source = section(server, issuer=issuer)
    del source["auth"]["oauth"]["tokenUrl"]
    workspace(source=source)
    assert login(iss=issuer).code == 0


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"issuer": "https://other.example.com"}, 78, "calls itself"),
        ({"token_endpoint": "https://evil.example.com/token"}, 3, "evil.example.com"),
        ({"token_endpoint": "http://auth.example.com/token"}, 78, "not https"),
        (None, 78, "lacks tokenUrl"),
    ],
)
def test_words_that_are_not_this_server_s_are_not_taken(
    server: AuthServer,
    workspace: MakeWorkspace,
    login: Callable[..., Said],
    changed: dict[str, str] | None,
    code: int,
    words: str,
) -> None:
    """Another issuer, a host without trust, no https, nothing at all: no code and no secret goes anywhere."""
    if changed is not None:
        server.described[RFC] = described(server, **changed)
    source = section(server, issuer=server.url)
    del source["auth"]["oauth"]["tokenUrl"]
    workspace(source=source)
    said = login()
    assert (said.code, words in said.stderr) == (code, True), said.stderr
    assert server.asked == []


def test_an_issuer_needs_trust(server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]) -> None:
    """A branch has nobody asked."""
    source = section(server, issuer="https://issuer.example.com")
    del source["auth"]["oauth"]["tokenUrl"]
    workspace(source=source)
    said = login()
    assert (said.code, "issuer.example.com" in said.stderr) == (3, True)


def test_the_sandbox_takes_tokens_back_and_tells_its_urls(
    pleo: Sandbox, workspace: MakeWorkspace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Pleo on loopback and as anybody's server."""
    import requests

    told = requests.get(f"{pleo.url}{RFC}", timeout=5).json()
    assert told["issuer"] == pleo.url
    monkeypatch.setenv("CLIENT_SECRET", "sandbox-client-secret")
    auth = {"oauth": {"clientId": "sandbox-client", "clientSecret": "env:CLIENT_SECRET"}}
    workspace(pleo, pleo={"url": pleo.url, "auth": auth})
    monkeypatch.setattr("pleoctl.machine.Machine.sleep", lambda _self, _seconds: None)
    assert cli("login", "--device").code == 0
    said = cli("logout")
    assert "the server has ended the tokens" in said.stdout
    basic = ("sandbox-client", "sandbox-client-secret")
    seen = requests.post(
        told["introspection_endpoint"], data={"token": "sandbox-access-1"}, auth=basic, timeout=5
    ).json()
    assert seen == {"active": False}
