"""init, validate, config show, schema, fmt, completion, log and lock."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from pleoctl.documents.published import schema_names
from pleoctl.sandbox import Credential, Fault, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

HEAD = "apiVersion: pleoctl/v1\nkind: DesiredState\n"


# --- init ----------------------------------------------------------------------------------------------------------


def test_the_scaffold_is_a_valid_workspace(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """init, export, validate: nothing to repair by hand."""
    said = cli("init", str(tmp_path / "books"))
    assert said.code == 0
    monkeypatch.chdir(tmp_path / "books")
    for command in (["source", "check"], ["export"], ["validate"], ["fmt", "--check"], ["config", "show"]):
        said = cli(*command)
        assert said.code == 0, said
    assert ".pleoctl/" in (tmp_path / "books" / ".gitignore").read_text()


def test_a_scaffold_without_an_export_says_what_is_next(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first export there is no desired state: that is told, with the command that makes it."""
    monkeypatch.chdir(tmp_path)
    cli("init")
    said = cli("validate")
    assert said.code == 0
    assert "desired-state.yaml" in said.stderr
    assert "pleoctl export" in said.stderr


def test_init_never_overwrites(cli: Cli, tmp_path: Path) -> None:
    """Each file that exists stays, to the byte; the others are written."""
    (tmp_path / "pleoctl.yaml").write_text("mine")
    said = cli("init", str(tmp_path), "--format", "json")
    assert said.code == 0
    assert said.json["result"]["kept"] == ["pleoctl.yaml"]
    assert (tmp_path / "pleoctl.yaml").read_text() == "mine"
    assert (tmp_path / "as" / "accounts.csv").exists()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert cli("init", str(tmp_path), "--format", "json").json["result"]["wrote"] == []
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_init_below_a_file_is_an_error(cli: Cli, tmp_path: Path) -> None:
    """No traceback where no folder can be."""
    (tmp_path / "file").write_text("x")
    said = cli("init", str(tmp_path / "file" / "books"))
    assert (said.code, "Traceback" in said.stderr) == (1, False)


# --- validate, config, schema --------------------------------------------------------------------------------------


def test_validate_tells_the_problems_of_every_file(cli: Cli, workspace: MakeWorkspace) -> None:
    """Not only those of the first one."""
    folder = workspace(None, desired=["one.yaml", "two.yaml", "three.yaml"], dimensions={"selected": ["A", "a"]})
    (folder / "one.yaml").write_text(HEAD + "acounts: []\n")
    (folder / "two.yaml").write_bytes(b"\xff\xfe")
    said = cli("validate", "--format", "json")
    assert said.code == 78
    assert [f["file"] for f in said.json["findings"]] == ["pleoctl.yaml", "one.yaml", "two.yaml", "three.yaml"]


def test_config_show_tells_every_setting(cli: Cli, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key, value and origin; text and JSON agree."""
    workspace(source={"type": "csv", "accounts": {"path": "a.csv"}})
    monkeypatch.setenv("PLEOCTL_URL", "http://127.0.0.1:1234")
    told = {row["key"]: row for row in cli("config", "show", "--format", "json").json["result"]}
    assert told["pleo.url"] == {
        "key": "pleo.url",
        "value": "http://127.0.0.1:1234",
        "origin": "environment PLEOCTL_URL",
    }
    assert told["pleo.auth.apiKey"]["value"] == "env:PLEO_API_KEY"
    assert (told["source.badRows"]["value"], told["source.badRows"]["origin"]) == ("hold", "default")
    text = cli("config", "show").stdout
    assert all(key in text for key in told)


@pytest.mark.parametrize("name", schema_names())
def test_every_schema_is_valid_draft_7(name: str, cli: Cli) -> None:
    """Printed as it is, ready for yaml-language-server."""
    said = cli("schema", name)
    data = json.loads(said.stdout)
    assert said.code == 0
    assert data["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(data)
    assert cli("schema", name, "--format", "json").json["result"] == data


def test_schema_without_a_name_lists_them(cli: Cli) -> None:
    """One per line."""
    assert cli("schema").stdout.split() == schema_names()


# --- fmt -----------------------------------------------------------------------------------------------------------

LOOSE = HEAD + (
    "accounts:\n  # about b\n  - externalId: b\n    name: 'B'\n"
    "  - {name: A, externalId: a, active: true, code: null}  # behind a\n"
)
TIGHT = HEAD + ('accounts:\n- {externalId: "a", name: "A"}  # behind a\n# about b\n- {externalId: "b", name: "B"}\n')


def test_fmt_writes_as_export_does_and_once_is_enough(cli: Cli, workspace: MakeWorkspace) -> None:
    """Sorted, one row one line, comments kept; --check only tells."""
    folder = workspace()
    path = folder / "desired-state.yaml"
    path.write_text(LOOSE)
    assert cli("fmt", "--check").code == 2
    assert path.read_text() == LOOSE
    assert cli("fmt").code == 0
    assert path.read_text() == TIGHT
    assert cli("fmt", "--check").code == 0
    assert cli("fmt", "--format", "json").json["result"] == {"changed": []}


def test_fmt_leaves_every_file_alone_if_one_is_invalid(cli: Cli, workspace: MakeWorkspace) -> None:
    """Exit 78 before anything is written, whatever the order of the files."""
    folder = workspace(None, desired=["one.yaml", "two.yaml", "three.yaml"])
    files = {"one.yaml": LOOSE, "two.yaml": HEAD + "accounts: [\n", "three.yaml": HEAD + "acounts: []\n"}
    for name, text in files.items():
        (folder / name).write_text(text)
    said = cli("fmt", "--format", "json")
    assert said.code == 78
    assert [f["file"] for f in said.json["findings"]] == ["two.yaml", "three.yaml"]
    assert {name: (folder / name).read_text() for name in files} == files


def test_fmt_removes_marks_and_foreign_line_ends(cli: Cli, workspace: MakeWorkspace) -> None:
    """The canonical file is UTF-8 without a mark, with line feeds."""
    folder = workspace()
    (folder / "desired-state.yaml").write_bytes(b"\xef\xbb\xbf" + TIGHT.replace("\n", "\r\n").encode())
    assert cli("fmt").code == 0
    assert (folder / "desired-state.yaml").read_bytes() == TIGHT.encode()


def test_fmt_keeps_the_permissions_of_a_file(cli: Cli, workspace: MakeWorkspace) -> None:
    """Written beside and renamed, but still readable by whom it was."""
    folder = workspace()
    path = folder / "desired-state.yaml"
    path.write_text(LOOSE)
    path.chmod(0o640)
    cli("fmt")
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in folder.iterdir()) == ["desired-state.yaml", "pleoctl.yaml"]


# --- completion ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_come_out(shell: str, cli: Cli) -> None:
    """The shell itself finds no fault with its script, where it is at hand."""
    said = cli("completion", shell)
    assert said.code == 0
    assert "_PLEOCTL_COMPLETE" in said.stdout
    assert cli("completion", shell, "--format", "json").json["result"] == said.stdout
    if shell == "bash" and (found := shutil.which("bash")):
        done = subprocess.run([found, "-n"], input=said.stdout, text=True, capture_output=True, check=False, timeout=10)
        assert (done.returncode, done.stderr) == (0, "")


# --- log and lock ---------------------------------------------------------------------------------------------------


def test_log_lists_the_runs(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> None:
    """Newest first, with outcome and counts; a killed run shows as one without a receipt."""
    folder = workspace(pleo)
    assert cli("log").stdout == "No runs yet.\n"
    desired(folder, accounts=[{"externalId": k, "code": k, "name": "N"} for k in ("ext-1000", "ext-2000", "new")])
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0
    (folder / ".pleoctl" / "runs" / "00000000-killed").mkdir()
    runs = cli("log", "--format", "json").json["result"]
    assert [run["outcome"] for run in runs] == ["done", "no receipt"]
    assert runs[0]["counts"] == {"done": 3}
    assert (folder / runs[0]["receipt"]).is_file()
    page = cli("show", folder / runs[0]["receipt"], "--format", "html").stdout
    assert ("<h1>done: 3 done</h1>" in page, "default-src &#39;none&#39;" in page) == (True, True)
    assert len(cli("log", "-n", "1", "--format", "json").json["result"]) == 1
    assert "3 done" in cli("log").stdout


def test_release_takes_away_what_a_killed_run_left(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, environment: Path
) -> None:
    """The note of a dead process; the lock itself died with it."""
    from pleoctl.state.lock import FileLock, Holder, note_path

    workspace(pleo)
    assert cli("lock", "release").stdout == "nothing to release\n"
    with FileLock(pleo.url, pleo.company).hold(Holder.me(pleo.url, pleo.company, "apply"), 0):
        (lock,) = (environment / "locks").glob("*.lock")
        note = note_path(lock).read_bytes()
    note_path(lock).write_bytes(note)
    assert cli("lock", "list").stdout == "No locks are held.\n"
    assert cli("lock", "release").stdout == "released\n"
    assert not note_path(lock).exists()


# --- doctor ----------------------------------------------------------------------------------------------------------


def test_doctor_tells_who_the_credential_is(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Company, method, scopes and both lists, in text and JSON; reads only."""
    workspace(pleo)
    said = cli("doctor", "--format", "json")
    assert said.code == 0
    result = said.json["result"]
    assert (result["company"], result["readable"]) == (pleo.company, {"accounts": True, "tags": True})
    assert pleo.company in cli("doctor").stdout
    assert pleo.stats()["writes"] == 0


def test_doctor_tells_what_is_missing(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """A lacking scope is named; one that only applying needs is a warning."""
    workspace(pleo)
    for scopes, code, level in ((("accounts:read",), 0, "warning"), (("tag-group:read",), 1, "error")):
        pleo.use(Settings(credentials=(Credential(scheme="apiKey", secret="sandbox-key", scopes=scopes),)))
        said = cli("doctor", "--format", "json")
        assert said.code == code, said
        found = [f for f in said.json["findings"] if f["code"] == "missing-scope"]
        assert (found[0]["level"], "accounts:" in found[0]["message"]) == (level, True)


@pytest.mark.parametrize(("scopes", "fault", "code"), [(None, True, 1), (("accounts:read",), False, 0)])
def test_doctor_fails_where_a_list_cannot_be_read(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, scopes: Value, fault: bool, code: int
) -> None:
    """Also a list that the workspace does not manage, unless all that lacks is a permission."""
    workspace(pleo)
    if scopes:
        pleo.use(Settings(credentials=(Credential(scheme="apiKey", secret="sandbox-key", scopes=scopes),)))
    if fault:
        pleo.add_fault(Fault(kind="status", status=404, path="tag-group"))
    said = cli("doctor", "--format", "json")
    assert said.code == code, said
    assert said.json["result"]["readable"] == {"accounts": True, "tags": False}
    found = [f["level"] for f in said.json["findings"] if f["code"] == "no-read"]
    assert found == ["error"] * code


def test_doctor_asks_for_what_bookings_need(cli: Cli, pleo: Sandbox, workspace: MakeWorkspace) -> None:
    """Where there is a sink: a list of jobs that can be read, and the scopes of jobs and items."""
    workspace(pleo, sink={"type": "beancount", "path": "books"})
    readable = cli("doctor", "--format", "json").json["result"]["readable"]
    assert readable == {"accounts": True, "tags": True, "jobs": True}
    scopes = ("accounts:read", "accounts:write")
    pleo.use(Settings(credentials=(Credential(scheme="apiKey", secret="sandbox-key", scopes=scopes),)))
    said = cli("doctor", "--format", "json")
    assert (said.code, said.json["result"]["readable"]["jobs"]) == (1, False)
    told = [(f["code"], f["level"], f["message"].split()[-1]) for f in said.json["findings"]]
    assert [one for one in told if one[0] == "missing-scope"] == [
        ("missing-scope", "error", "export-jobs:read"),
        ("missing-scope", "error", "export-items:read"),
        ("missing-scope", "warning", "export-jobs:write"),
    ]
    assert [one[0] for one in told].count("no-read") == 1


def test_doctor_tells_another_company_and_a_wrong_key(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 3 for the credential of another company, 1 for one that Pleo does not know."""
    workspace(pleo, company="99999999-e567-4890-8234-abc56e78fabc")
    said = cli("doctor")
    assert said.code == 3
    assert pleo.company in said.stderr
    workspace(pleo)
    monkeypatch.setenv("PLEO_API_KEY", "wrong")
    said = cli("doctor")
    assert (said.code, "401" in said.stderr, "wrong" in said.stderr.replace("is wrong", "")) == (1, True, False)
