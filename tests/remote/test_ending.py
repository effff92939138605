"""Credentials that end soon are told of ahead of time, with the date, wherever somebody looks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from auth_server import AuthServer, kept, section
from collecting import Collector
from sign_ins import read, token_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace, Said

DAY = 86_400


def day(distance: int) -> str:
    """So many days from now."""
    return (datetime.now(UTC) + timedelta(days=distance)).date().isoformat()


def older(path: Path, days: float) -> None:
    """A kept refresh token that is so many days older."""
    data = kept(path.read_text())
    for name in ("refreshIssued", "refreshExpires"):
        data[name] -= days * DAY
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("settings", "life", "lasts"),
    [
        ({"refreshDays": 60}, {}, 60),
        ({}, {"refresh_token_expires_in": 31 * DAY}, 31),
        ({"refreshDays": 60}, {"x_refresh_token_expires_in": str(100 * DAY)}, 100),
    ],
)
def test_doctor_tells_when_a_sign_in_ends(
    pleo: Sandbox,
    server: AuthServer,
    workspace: MakeWorkspace,
    login: Callable[..., Said],
    cli: Cli,
    environment: Path,
    settings: dict[str, int],
    life: Json,
    lasts: int,
) -> None:
    """By the server's word or the setting; a warning ahead of it, and none after a run has renewed it."""
    server.refresh_life = life
    workspace(pleo, source=section(server, **settings))
    login()
    said = cli("doctor")
    assert (said.code, "expiring" in said.stderr) == (0, False)
    assert f"if it is used until {day(lasts)}" in said.stdout
    older(token_file(environment), lasts - 9)
    warned = cli("doctor", "--format", "json")
    assert warned.code == 0
    (finding,) = warned.json["findings"]
    assert (finding["code"], finding["level"]) == ("expiring", "warning")
    assert f"the sign-in of source ends at {day(9)}" in finding["message"]
    assert finding["hint"] == "run `pleoctl login --target source`"
    assert warned.json["result"]["sourceSignIn"]["endsSoon"] is True
    server.expire()
    assert read(cli).code == 0
    assert "expiring" not in cli("doctor").stderr


def test_a_short_life_is_told_of_in_its_last_third(
    pleo: Sandbox, server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """Seven days in all are no warning for seven days; a server that does not rotate renews nothing by a refresh."""
    server.rotates = False
    workspace(pleo, source=section(server, refreshDays=7))
    login()
    older(token_file(environment), 3)
    assert "ends at" not in cli("doctor").stderr
    older(token_file(environment), 2)
    server.expire()
    assert read(cli).code == 0
    assert f"ends at {day(2)}" in cli("doctor").stderr


def test_what_nothing_renews_ends_with_its_access_token(
    pleo: Sandbox, server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """A refresh token that may be spent, in text and JSON."""
    workspace(pleo, source=section(server))
    login()
    server.lost = ["after"]
    server.expire()
    assert read(cli).code == 1
    said = cli("doctor")
    assert "source    until" in said.stdout
    assert "cannot be renewed" in said.stdout
    assert "the sign-in of source ends at" in said.stderr


def test_doctor_tells_of_each_sign_in(
    pleo: Sandbox, server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """The source's and the sink's too: nobody, one that lives, one that the server has ended."""
    workspace(pleo, source=section(server))
    said = cli("doctor", "--format", "json")
    assert [one["code"] for one in said.json["findings"]] == ["signed-out"]
    assert said.code == 0
    assert said.json["result"]["sinkSignIn"] is None
    login()
    assert "source    until" in cli("doctor").stdout
    server.revoke()
    assert read(cli).code == 1
    said = cli("doctor")
    assert "source    ended (invalid_grant)" in said.stdout
    assert "run `pleoctl login --target source`" in said.stderr


def test_days_are_told_of_where_no_server_tells(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`expires` of an API key: doctor, gauges, and a notice once a day."""
    folder = workspace(pleo, expires={"pleo": day(10), "source": day(40)}, notify=[{"to": "env:NOTICES"}])
    desired(folder)
    with Collector() as service:
        monkeypatch.setenv("NOTICES", f"json://127.0.0.1:{service.port}/hook")
        said = cli("doctor", "--metrics", "doctor.prom")
        assert cli("drift").code == 0
        (posted,) = service.posted
    assert f"the credential of pleo ends at {day(10)}T00:00:00+00:00" in said.stderr
    message = json.loads(posted.body)
    assert message["title"] == "pleoctl doctor: expiring"
    assert f"the credential of pleo ends at {day(10)}" in message["message"]
    assert "source" not in message["message"]
    gauges = (folder / "doctor.prom").read_text()
    assert gauges.count("\npleoctl_credential_ends_timestamp_seconds{") == 2


@pytest.mark.parametrize("wrong", ["2026-02-30", "soon", 20270101])
def test_a_day_is_a_day(workspace: MakeWorkspace, cli: Cli, wrong: object) -> None:
    """Anything else is refused with its place."""
    workspace(expires={"pleo": wrong})
    said = cli("validate")
    assert (said.code, "pleoctl.yaml:" in said.stdout + said.stderr) == (78, True)
