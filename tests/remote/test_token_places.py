"""Where tokens lie, who may read them, and where they may go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auth_server import CLIENT, AuthServer, section, shown_secrets
from pleoctl.remote.oauth.opening import warn_once
from sign_ins import read, token_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.conftest import Cli, MakeWorkspace, Said


def test_tokens_are_for_one_user_s_eyes(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """The file is 0600 from its first moment; one that others can read is refused with the command that mends it."""
    workspace(source=section(server))
    login()
    path = token_file(environment)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    said = read(cli)
    assert said.code == 3
    assert f"chmod 600 {path}" in said.stderr
    path.chmod(0o600)
    assert read(cli).code == 0


def test_tokens_go_to_their_own_server_alone(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """A file's tokens serve no other client, token endpoint or API; nothing is sent."""
    workspace(source=section(server, tokens="file:tokens.json"))
    assert login().code == 0
    served = server.served
    for changed in ({"clientId": "other"}, {"tokenUrl": f"{server.url.replace('127.0.0.1', 'localhost')}/token"}):
        workspace(source=section(server, tokens="file:tokens.json", **changed))
        assert read(cli).code == 3
    source = section(server, tokens="file:tokens.json")
    source["baseUrl"] = source["baseUrl"].replace("127.0.0.1", "localhost")
    workspace(source=source)
    assert read(cli).code == 3
    assert server.served == served


def test_a_token_file_is_no_pipe(server: AuthServer, workspace: MakeWorkspace, cli: Cli) -> None:
    """Nobody writes into it, and a run would wait for its words for ever."""
    folder = workspace(source=section(server, tokens="file:tokens.json"))
    os.mkfifo(folder / "tokens.json", 0o600)
    said = read(cli)
    assert (said.code, "tokens.json is a pipe or a device, not a file (name a plain file)" in said.stderr) == (3, True)


def test_no_reference_gives_a_token_file_away(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli
) -> None:
    """`file:` of a secret refuses a file that keeps tokens."""
    workspace(source=section(server, tokens="file:tokens.json"))
    login()
    source = section(server)
    source["auth"] = {"bearer": "file:tokens.json"}
    workspace(source=source)
    said = read(cli)
    assert said.code == 3
    assert "holds tokens of pleoctl" in said.stderr


def test_a_token_file_replaces_nothing_else(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]
) -> None:
    """A branch cannot have another file overwritten by naming it; nobody is asked for a consent that cannot be kept."""
    folder = workspace(source=section(server, tokens="file:notes.txt"))
    (folder / "notes.txt").write_text("mine")
    (folder / "notes.txt").chmod(0o600)
    assert login().code == 78
    assert (folder / "notes.txt").read_text() == "mine"
    assert server.asked == []


def test_a_token_file_outside_is_refused(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]
) -> None:
    """It lies below the workspace or below PLEOCTL_SECRETS_DIR."""
    workspace(source=section(server, tokens="file:../tokens.json"))
    assert login().code == 3


def test_git_must_ignore_a_token_file(server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said]) -> None:
    """Inside a work tree only what git ignores will do; the refusal says what to write where."""
    folder = workspace(source=section(server, tokens="file:tokens.json"))
    assert os.system("git init -q .") == 0
    said = login()
    assert said.code == 3
    assert "add tokens.json to" in said.stderr
    (folder / ".gitignore").write_text("tokens.json\n")
    assert login().code == 0


def test_a_runner_s_file_is_warned_about(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under CI without a shared state the next job may find spent tokens."""
    warn_once.cache_clear()
    workspace(source=section(server))
    login()
    monkeypatch.setenv("CI", "true")
    assert "tokens: state" in read(cli).stderr


def test_servers_need_trust(server: AuthServer, workspace: MakeWorkspace, cli: Cli) -> None:
    """A branch cannot have a client's secret sent to a server that nobody trusts."""
    workspace(source=section(server, tokenUrl="https://evil.example.com/token"))
    said = cli("login", "--target", "source", "--paste")
    assert said.code == 3
    assert "evil.example.com" in said.stderr
    assert cli("source", "check", "--offline").code == 3


def test_nothing_shows_a_token(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """No screen, log or debug output, whatever the server repeats of what it was sent."""
    folder = workspace(source=section(server))
    said = [login("--debug")]
    server.expire()
    said.append(read(cli))
    said.append(cli("config", "show"))
    server.revoke()
    said += [read(cli), cli("logout", "--target", "source", "--debug")]
    own = [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    assert shown_secrets(server, *(text for one in said for text in (one.stdout, one.stderr)), *own) == []
    assert CLIENT not in "".join(one.stdout for one in said)


def test_what_a_killed_run_left_of_tokens_goes(
    server: AuthServer, workspace: MakeWorkspace, login: Callable[..., Said], cli: Cli, environment: Path
) -> None:
    """The next holder takes away the half-written files beside its own, and no others."""
    workspace(source=section(server))
    login()
    path = token_file(environment)
    left, other = path.with_name(f".{path.name}.1a2b.tmp"), path.with_name(".other.json.1a2b.tmp")
    for file in (left, other):
        file.write_bytes(path.read_bytes())
    server.expire()
    assert read(cli).code == 0
    assert (left.exists(), other.exists()) == (False, True)
