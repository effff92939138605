"""Books that are signed in to by OAuth, as sources are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from auth_server import AuthServer, section
from sign_ins import Typed

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Cli, MakeWorkspace


def test_a_sink_signs_in(
    server: AuthServer,
    workspace: MakeWorkspace,
    cli: Cli,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`login --target sink` makes the books usable; a consent that is taken back names the command again."""
    source = section(server)
    lines = {"each": "[]", "as": {"account": "a", "amount": "b"}}
    find = {
        "path": "/accounts",
        "query": {"q": "{key}"},
        "records": "rows",
        "key": "number",
        "id": "id",
        "date": "name",
    }
    sink = {
        "type": "http",
        "baseUrl": source["baseUrl"],
        "auth": source["auth"],
        "currency": "EUR",
        "check": {"path": "/accounts"},
        "find": {**find, "lines": lines},
        "book": {"path": "/accounts", "body": {"x": "key"}, "id": "id"},
    }
    workspace(sink=sink)
    monkeypatch.setattr(sys, "stdin", Typed(server, capsys))
    assert cli("login", "--target", "sink", "--paste").code == 0
    assert cli("sink", "check").code == 0
    server.expire()
    assert cli("sink", "check").code == 0
    server.revoke()
    said = cli("sink", "check")
    assert said.code == 1
    assert "run `pleoctl login --target sink`" in said.stderr
