"""Signing in to Pleo and going on: login against the sandbox, plan and apply while tokens end."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.sandbox import Fault, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

AUTH = {
    "oauth": {
        "clientId": "sandbox-client",
        "clientSecret": "env:CLIENT_SECRET",
        "redirectUri": "http://127.0.0.1:1/callback",
    }
}


KEPT = [
    {"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"},
    {"externalId": "ext-2000", "code": "2000", "name": "Überweisungen"},
]


class Browser:
    """A standard input that gives the address at which a browser ends."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def readline(self, _size: int = -1) -> str:
        """The address."""
        found = re.search(r"http\S+/oauth/authorize\?\S+", self._capsys.readouterr().err)
        assert found is not None
        return requests.get(found[0], allow_redirects=False, timeout=5).headers["Location"] + "\n"


@pytest.fixture
def signed_in(
    pleo: Sandbox,
    workspace: MakeWorkspace,
    cli: Cli,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Path]:
    """A workspace that is signed in to the sandbox."""

    def sign_in(selected: list[str] | None = None, **oauth: Value) -> Path:
        monkeypatch.setenv("CLIENT_SECRET", "sandbox-client-secret")
        monkeypatch.delenv("PLEO_API_KEY")
        monkeypatch.setattr(sys, "stdin", Browser(capsys))
        more = {"dimensions": {"selected": selected, "leave": ["DEPT"]}} if selected else {}
        folder: Path = workspace(pleo, pleo={"url": pleo.url, "auth": {"oauth": AUTH["oauth"] | oauth}}, **more)
        said = cli("login", "--paste")
        assert said.code == 0, said.stderr
        return folder

    return sign_in


def refreshes(pleo: Sandbox) -> int:
    """How many refreshes were asked for."""
    return sum("grant_type=refresh_token" in entry["body"] for entry in pleo.stats()["log"])


def given_tokens() -> list[str]:
    """Every token that the sandbox may have given."""
    return [f"sandbox-{kind}-{number}" for kind in ("access", "refresh", "code") for number in range(1, 20)]


def test_doctor_shows_method_and_expiry(pleo: Sandbox, signed_in: Callable[..., Path], cli: Cli) -> None:
    """How Pleo sees the credential, and until when it lasts."""
    signed_in()
    said = cli("doctor")
    assert said.code == 0, said.stderr
    assert "method    OAUTH2" in said.stdout
    assert re.search(r"sign-in   until 20\d\d-\S+, renews itself", said.stdout)
    assert cli("doctor", "--format", "json").json["result"]["signIn"]["signedIn"] is True


def test_a_device_signs_in(
    pleo: Sandbox, signed_in: Callable[..., Path], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`login --device` works where the server has it."""
    signed_in()
    monkeypatch.setattr("pleoctl.machine.Machine.sleep", lambda _self, _seconds: None)
    assert cli("login", "--device").code == 0
    assert cli("doctor").code == 0


def test_an_apply_goes_on_when_its_token_ends(
    pleo: Sandbox, signed_in: Callable[..., Path], desired: MakeDesired, cli: Cli
) -> None:
    """A 401 to a write in the middle: one refresh, every change carried out once, nothing else told."""
    folder = signed_in()
    desired(folder, accounts=KEPT + [{"externalId": f"new-{n}", "code": f"{n}", "name": f"New {n}"} for n in range(3)])
    assert cli("plan", "-o", "plan.json").code == 0
    pleo.add_fault(Fault(kind="expireToken", method="POST", path="chart-of-accounts(/batch)?$", times=1))
    said = cli("apply", "plan.json", "--debug")
    assert said.code == 0, said.stderr
    assert refreshes(pleo) == 1
    own = [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    texts = "\n".join([said.stdout, said.stderr, *own])
    assert [one for one in given_tokens() if re.search(rf"{one}\b", texts)] == []
    names = [account["name"] for account in pleo.state()["accounts"]]
    assert sorted(name for name in names if name.startswith("New")) == ["New 0", "New 1", "New 2"]


@pytest.mark.parametrize(
    ("path", "written", "code", "outcome"),
    [
        ("(?!.*(token|introspect))", [], 1, None),
        ("chart-of-accounts$", [], 1, "partial"),
        ("tag-groups$", ["New"], 5, "partial"),
    ],
    ids=["re-read", "first write", "in the middle"],
)
def test_an_apply_whose_sign_in_ends_stops_before_further_writes(
    pleo: Sandbox,
    signed_in: Callable[..., Path],
    desired: MakeDesired,
    cli: Cli,
    path: str,
    written: list[str],
    code: int,
    outcome: str | None,
) -> None:
    """N9: nothing more is written; 1 where nothing was, else 5; the cure is named once, and a login mends it."""
    folder = signed_in(selected=["NEW"])
    group = {"code": "NEW", "name": "Group", "values": []}
    desired(folder, accounts=[*KEPT, {"externalId": "new-1", "code": "1", "name": "New"}], dimensions=[group])
    assert cli("plan", "-o", "plan.json").code == 0
    method = None if outcome is None else "POST"
    pleo.add_fault(Fault(kind="revokeGrant", path=path, method=method, times=1))
    said = cli("apply", "plan.json", "--receipt", "receipt.json")
    assert said.code == code, said
    assert (said.stdout + said.stderr).count("run `pleoctl login`") == 1, said
    assert [one["name"] for one in pleo.state()["accounts"] if one["name"] == "New"] == written
    receipt = json.loads((folder / "receipt.json").read_text()) if outcome else {"outcome": None}
    assert receipt["outcome"] == outcome
    assert cli("plan").code == 1
    assert refreshes(pleo) == 1
    pleo.clear_faults()
    assert cli("login", "--paste").code == 0
    assert cli("apply", "plan.json").code == 0
    assert cli("log", "verify").code == 0


def test_a_lost_answer_with_grace(pleo: Sandbox, signed_in: Callable[..., Path], cli: Cli) -> None:
    """Pleo's rule without grace: login; where the server honours a spent token again, the run goes on."""
    pleo.use(Settings(refresh_reuse="same"))
    signed_in(refreshGrace=30)
    pleo.add_fault(Fault(kind="lostAnswer", path="oauth/token", times=1))
    pleo.add_fault(Fault(kind="expireToken", path="introspect$", times=1))
    assert cli("doctor").code == 0
    assert refreshes(pleo) == 2


def test_a_plan_without_a_sign_in_names_the_cure(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """Nothing is asked of Pleo, and logout has nothing to forget."""
    workspace(pleo, pleo={"url": pleo.url, "auth": AUTH})
    said = cli("doctor", "--format", "json")
    assert said.code == 1
    finding = json.loads(said.stdout)["findings"][0]
    assert finding["code"] == "signed-out"
    assert finding["message"].endswith("run `pleoctl login`")
    assert cli("logout").code == 0
    assert pleo.stats()["total"] == 0


def test_a_key_needs_no_login(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """`login` says where OAuth would be set."""
    workspace(pleo)
    said = cli("login")
    assert said.code == 78
    assert "signing-in.md" in said.stderr
