"""The sandbox as an authorisation server, by plain HTTP: what is published, and each setting of what is not."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from pleoctl.sandbox import Fault, Sandbox, Settings
from pleoctl.sandbox.authority import CODE_SECONDS
from sandbox_client import SetClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

CLIENT = ("sandbox-client", "sandbox-client-secret")
REDIRECT = "http://127.0.0.1:1/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def clock() -> SetClock:
    """The sandbox's clock."""
    return SetClock()


@pytest.fixture
def own(clock: SetClock) -> Iterator[Sandbox]:
    """A sandbox whose time a test sets."""
    with Sandbox(clock=clock) as running:
        yield running


def authorised(pleo: Sandbox, **changed: str | None) -> dict[str, str]:
    """The query of the address at which a person ends."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": REDIRECT,
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changed
    answer = requests.get(f"{pleo.url}/oauth/authorize", params=asked, allow_redirects=False, timeout=5)
    if answer.status_code != 302:
        return {"error": answer.json()["error"]}
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def token(pleo: Sandbox, grant: str, **fields: str) -> Json:
    """A token answer, with its status."""
    form = {"grant_type": grant, **fields}
    answer = requests.post(f"{pleo.url}/oauth/token", data=form, auth=CLIENT, timeout=5)
    return {"status": answer.status_code, **answer.json()}


def exchanged(pleo: Sandbox, **changed: str) -> Json:
    """The first pair."""
    fields = {"code": authorised(pleo)["code"], "redirect_uri": REDIRECT, "code_verifier": VERIFIER} | changed
    return token(pleo, "authorization_code", **fields)


def refreshed(pleo: Sandbox, pair: Json) -> Json:
    """The next pair."""
    return token(pleo, "refresh_token", refresh_token=pair["refresh_token"])


def status(pleo: Sandbox, access: str) -> int:
    """What a call with an access token gets."""
    headers = {"Authorization": f"Bearer {access}"}
    return requests.get(f"{pleo.url}/v1/introspect", headers=headers, timeout=5).status_code


def test_a_code_becomes_a_pair_that_is_let_in(own: Sandbox) -> None:
    """The answer names state and server; the access token works, and introspection knows it."""
    consent = authorised(own)
    assert (consent["state"], consent["iss"]) == ("s", own.url)
    pair = exchanged(own)
    assert (pair["status"], pair["token_type"], pair["expires_in"]) == (200, "Bearer", 900)
    assert status(own, pair["access_token"]) == 200
    where = f"{own.url}/oauth/token/introspect"
    told = requests.post(where, data={"token": pair["access_token"]}, auth=CLIENT, timeout=5).json()
    assert told["active"] is True
    assert requests.post(where, data={"token": "x"}, auth=CLIENT, timeout=5).json() == {"active": False}
    assert own.stats()["violations"] == []


def test_a_token_has_the_scopes_that_were_asked_for(own: Sandbox) -> None:
    """A call that needs another one gets 403."""
    code = authorised(own, scope="accounts:read")["code"]
    pair = token(own, "authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    answer = requests.get(f"{own.url}/v0/tag-groups?company_id={own.company}", headers=headers, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example.com/"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "accounts:everything"}, "invalid_scope"),
    ],
)
def test_what_an_authorisation_is_refused_for(own: Sandbox, changed: dict[str, str | None], error: str) -> None:
    """Unknown clients and addresses get no redirect; PKCE with S256 is required."""
    assert authorised(own, **changed)["error"] == error


@pytest.mark.parametrize(
    "changed", [{"code": "x"}, {"redirect_uri": "http://127.0.0.1:2/"}, {"code_verifier": "w" * 43}]
)
def test_a_code_is_bound(own: Sandbox, changed: dict[str, str]) -> None:
    """To its address and its verifier."""
    assert exchanged(own, **changed)["error"] == "invalid_grant"


def test_a_code_works_once_and_for_a_minute(own: Sandbox, clock: SetClock) -> None:
    """Used or old, it is refused."""
    fields = {"code": authorised(own)["code"], "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    assert token(own, "authorization_code", **fields)["status"] == 200
    assert token(own, "authorization_code", **fields)["error"] == "invalid_grant"
    fields["code"] = authorised(own)["code"]
    clock.sleep(CODE_SECONDS)
    assert token(own, "authorization_code", **fields)["error"] == "invalid_grant"


def test_a_client_proves_itself(own: Sandbox) -> None:
    """By header or form, and not with another secret."""
    assert token(own, "client_credentials")["status"] == 200
    form = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    assert requests.post(f"{own.url}/oauth/token", data=form, timeout=5).status_code == 200
    refused = requests.post(f"{own.url}/oauth/token", data=form | {"client_secret": "wrong"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_a_refresh_ends_the_old_pair_at_once(own: Sandbox) -> None:
    """N6: both tokens are new, and the old access token gets 401."""
    pair = exchanged(own)
    new = refreshed(own, pair)
    assert status(own, pair["access_token"]) == 401
    assert status(own, new["access_token"]) == 200
    assert new["refresh_token"] != pair["refresh_token"]


@pytest.mark.parametrize(
    ("reuse", "again", "alive"), [("revoke", 400, False), ("refuse", 400, True), ("same", 200, True)]
)
def test_a_spent_refresh_token(own: Sandbox, reuse: Value, again: int, *, alive: bool) -> None:
    """It ends the grant, is refused, or gives the same pair, as `refreshReuse` says."""
    own.use(Settings(refresh_reuse=reuse))
    pair = exchanged(own)
    new = refreshed(own, pair)
    answer = refreshed(own, pair)
    assert answer["status"] == again
    assert again == 200 or answer["error_description"] == "invalid_refresh_token"
    assert (status(own, new["access_token"]) == 200) == alive


def test_grace_ends(own: Sandbox, clock: SetClock) -> None:
    """After `refreshReuseSeconds` a spent token ends the grant."""
    own.use(Settings(refresh_reuse="same", refresh_reuse_seconds=30))
    pair = exchanged(own)
    new = refreshed(own, pair)
    clock.sleep(30)
    assert refreshed(own, pair)["status"] == 400
    assert status(own, new["access_token"]) == 401


def test_tokens_end(own: Sandbox, clock: SetClock) -> None:
    """An access token after its seconds; a refresh token after its own, which ends the grant."""
    own.use(Settings(access_token_seconds=10, refresh_token_seconds=60))
    pair = exchanged(own)
    clock.sleep(10)
    assert status(own, pair["access_token"]) == 401
    new = refreshed(own, pair)
    clock.sleep(60)
    assert refreshed(own, new)["error"] == "invalid_grant"


def test_a_refresh_token_may_stay(own: Sandbox) -> None:
    """Without `refreshRotates` it is the same one."""
    own.use(Settings(refresh_rotates=False))
    pair = exchanged(own)
    assert refreshed(own, pair)["refresh_token"] == pair["refresh_token"]
    assert refreshed(own, pair)["status"] == 200


def test_a_person_may_refuse(own: Sandbox) -> None:
    """`oauthConsent: refuse` sends back `access_denied`; `oauthIssuer: false` leaves the server's name out."""
    own.use(Settings(oauth_consent="refuse", oauth_issuer=False))
    assert authorised(own) == {"error": "access_denied", "state": "s"}


def test_a_device_code_is_asked_for_until_somebody_agrees(own: Sandbox) -> None:
    """As often as `deviceCodePolls` says."""
    own.use(Settings(device_code_polls=2))
    code = requests.post(f"{own.url}/oauth/device", auth=CLIENT, timeout=5).json()["device_code"]
    kind = "urn:ietf:params:oauth:grant-type:device_code"
    answers = [token(own, kind, device_code=code) for _ in range(3)]
    assert [answer.get("error") for answer in answers] == ["authorization_pending"] * 2 + [None]


def test_faults_of_tokens(own: Sandbox) -> None:
    """A lost answer has spent the token; `revokeGrant` takes every consent back."""
    pair = exchanged(own)
    own.add_fault(Fault(kind="lostAnswer", path="oauth/token", times=1))
    with pytest.raises(requests.ConnectionError):
        refreshed(own, pair)
    assert status(own, pair["access_token"]) == 401
    new = exchanged(own)
    own.add_fault(Fault(kind="revokeGrant", path="introspect$", times=1))
    assert status(own, new["access_token"]) == 401
    assert refreshed(own, new)["error"] == "invalid_grant"


def test_no_secret_of_a_client_is_shown(own: Sandbox) -> None:
    """The settings at run time show clients without their secrets."""
    answer = requests.get(f"{own.url}/_sandbox/settings", timeout=5)
    assert CLIENT[1] not in answer.text
    assert answer.json()["oauthClients"][0]["id"] == CLIENT[0]
