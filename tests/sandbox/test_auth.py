from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.sandbox import Credential
from pleoctl.sandbox.auth import ALL_SCOPES

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from sandbox_client import Client
    from shapes import Value

READ_GROUPS = "/v0/tag-groups?company_id={company}"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer sandbox-token", 200),
        ("bearer sandbox-token", 200),
        ("Basic c2FuZGJveC1rZXk6", 200),  # sandbox-key:
        ("Basic c2FuZGJveC1rZXk6cGFzc3dvcmQ=", 401),  # sandbox-key:password
        ("Basic c2FuZGJveC1rZXk=", 401),  # sandbox-key without a colon
        ("Basic !", 401),
        ("Bearer sandbox-key", 401),
        ("Bearer", 401),
        ("", 401),
    ],
)
def test_who_is_let_in(pleo: Sandbox, header: str, status: int) -> None:
    """A known token by Bearer, a known key by Basic with an empty password, and nobody else."""
    answer = requests.get(f"{pleo.url}/v1/introspect", headers={"Authorization": header}, timeout=5)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["type"] == "UNAUTHORIZED"


def test_a_missing_scope_is_named(client: Client) -> None:
    """403 says which permission on which resource is required, one scope at a time."""
    client.behave(credentials=(Credential(scheme="apiKey", secret="sandbox-key", scopes=("accounts:read",)),))
    assert client.search().status_code == 200
    assert client.account("new").json() == {
        "type": "ACCESS_DENIED",
        "message": "Required permission 'WRITE' on resource 'accounts'",
    }
    answer = client.call("GET", "/v0/tag-groups", company_id=client.pleo.company)
    assert answer.status_code == 403
    assert "Required permission 'READ' on resource 'tag-group'" in answer.text


def test_a_credential_may_expire_after_calls(client: Client) -> None:
    """It answers so many calls, then 401, until the sandbox is reset."""
    client.behave(credentials=(Credential(scheme="apiKey", secret="sandbox-key", expires_after_calls=2),))
    assert [client.search().status_code for _ in range(4)] == [200, 200, 401, 401]
    client.pleo.reset()
    assert client.search().status_code == 200


@pytest.mark.parametrize(
    ("headers", "method"),
    [({}, "API_KEY"), ({"Authorization": "Bearer sandbox-token"}, "OAUTH2")],
)
def test_introspect_describes_the_credential(client: Client, headers: dict[str, str], method: str) -> None:
    """Method, scopes separated by blanks, and the company as a URN, in a data envelope."""
    auth: Value = None if headers else (client.pleo.api_key, "")
    data = requests.get(f"{client.pleo.url}/v1/introspect", headers=headers, auth=auth, timeout=5).json()["data"]
    assert data["authMethod"] == method
    assert data["scope"] == " ".join(ALL_SCOPES)
    assert data["subjectURN"] == f"urn:pleo:company:{client.pleo.company}"


def test_an_installation_is_made_changed_and_activated(client: Client) -> None:
    """404 before it exists; then its status and metadata are what the integration sets, without envelope."""
    path = "/v1/installations/me"
    assert client.call("GET", path).status_code == 404
    assert client.call("POST", f"{path}:activate").status_code == 404
    made = client.call("POST", path, {"metadata": {"externalConfigurationId": "1"}}).json()
    assert (made["status"], made["resource"]) == ("AUTHORIZED", f"urn:pleo:company:{client.pleo.company}")
    failed = client.call("PUT", path, {"status": "ERROR", "errorCode": "AUTH_ERROR"}).json()
    assert (failed["status"], failed["errorCode"]) == ("ERROR", "AUTH_ERROR")
    assert failed["metadata"] == {"externalConfigurationId": "1"}
    active = client.call("POST", f"{path}:activate").json()
    assert active["status"] == "ACTIVATED"
    assert "errorCode" not in active
    assert client.call("GET", path, company_id=client.pleo.company).json() == active


def test_an_installation_has_known_statuses(client: Client) -> None:
    """A status that the contract does not list is refused, and so is a missing one."""
    assert client.call("POST", "/v1/installations/me", {"status": "DONE"}).status_code == 400
    assert client.call("PUT", "/v1/installations/me", {}).status_code == 400
