"""`validate` finds what the commands behind it would refuse."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

CSV = {"path": "as/a.csv"}
WRONG: list[tuple[str, Value, str]] = [
    ("source", {"type": "csv"}, "source names no table"),
    ("source", {"type": "exec"}, "source names no table"),
    ("source", {"type": "sql", "url": "env:BOOKS"}, "source names no table"),
    ("source", {"type": "csv", "accounts": {**CSV, "columns": {"external": "a"}}}, "unknown field 'external'"),
    ("source", {"type": "csv", "accounts": {**CSV, "fixed": {"nam": "a"}}}, "(did you mean 'name'?)"),
    ("source", {"type": "csv", "accounts": {**CSV, "fields": {"nam": "a"}}}, "(did you mean 'name'?)"),
    ("source", {"type": "csv", "accounts": {**CSV, "fields": {"name": "a ||"}}}, "is not a JMESPath expression"),
    ("source", {"type": "xlsx", "accounts": {**CSV, "where": "a =="}}, "is not a JMESPath expression"),
    ("source", {"type": "csv", "accounts": {**CSV, "delimiter": '"'}}, "cannot separate cells"),
    ("source", {"type": "csv", "accounts": {**CSV, "encoding": "latin-42"}}, "'latin-42' is unknown"),
    ("source", {"type": "csv", "accounts": {**CSV, "encoding": "hex"}}, "'hex' is unknown"),
    ("source", {"type": "csv", "accounts": {"columns": {}}}, "source.accounts needs one of path, parts and rows"),
    ("source", {"type": "csv", "values": {"parts": {"D": {}}}}, "parts.D needs one of path, parts and rows"),
    ("source", {"type": "csv", "dimensions": {"rows": [{"code": "D"}]}}, "lacks name"),
    ("source", {"type": "exec", "accounts": {"command": "say 'it"}}, "no closing quotation"),
    ("source", {"type": "exec", "accounts": {"command": " "}}, "is blank"),
    ("sink", {"type": "beancont"}, "there is no sink type 'beancont'"),
    ("sink", {"type": "http", "preset": "fortnoxx"}, "there is no preset 'fortnoxx'"),
]


@pytest.mark.parametrize(("section", "value", "words"), WRONG)
def test_a_section_that_no_run_could_use_is_told(
    workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, section: str, value: Value, words: str
) -> None:
    """With its place, exit 78, and what the command says that needs it."""
    desired(workspace(None, **{section: value}), accounts=[])
    said = cli("validate", "--format", "json")
    told = [(f["file"], f["line"], words in f"{f['message']} ({f['hint']})") for f in said.json["findings"]]
    assert (said.code, told) == (78, [("pleoctl.yaml", 5, True)])
    run = cli("export" if section == "source" else "jobs", *([] if section == "source" else ["run"]))
    assert (run.code, words in run.stderr) == (78, True)


def test_what_may_be_allowed_elsewhere_is_no_error(
    workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that a program prints is told where no program may run; a trusted host is for where the books are."""
    sink = {"type": "exec", "command": ["book"]}
    pleo = {"url": "http://127.0.0.1:9", "auth": {"apiKey": "cmd:pass show pleo"}}
    desired(workspace(None, pleo=pleo, sink=sink), accounts=[])
    (told,) = cli("validate", "--format", "json").json["findings"]
    assert (told["level"], told["line"], told["message"]) == (
        "warning",
        4,
        "the secret reference cmd:pass would run a program",
    )
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    assert cli("validate", "--format", "json").json["findings"] == []
    monkeypatch.delenv("PLEOCTL_ALLOW_EXEC")
    workspace(None, sink={"type": "http", "preset": "fortnox", "currency": "SEK", "variables": {"series": "A"}})
    assert cli("validate").code == 0


@pytest.mark.parametrize(
    ("make", "words"), [(os.mkfifo, "is a pipe or a device, not a file"), (os.mkdir, "is a folder, not a file")]
)
def test_a_secret_that_no_run_can_read_is_told(
    make: Callable[[str], None], words: str, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Where its reference stands, of Pleo's and of the books, without waiting for a writer; not what is yet to come."""
    login = {"user": "u", "password": "file:secret", "journal": "PLEO"}
    sink = {"type": "tryton", "baseUrl": "http://127.0.0.1:9", "database": "x", **login}
    desired(workspace(None, pleo={"url": "http://127.0.0.1:9", "auth": {"apiKey": "file:secret"}}), accounts=[])
    assert cli("validate").code == 0
    make("secret")
    said = cli("validate", "--format", "json")
    told = [(f["level"], f["line"], f["message"]) for f in said.json["findings"]]
    assert (said.code, told) == (78, [("error", 4, f"file:secret: {words}")])
    assert words in cli("plan").stderr
    workspace(None, sink=sink)
    said = cli("validate", "--format", "json")
    assert ("error", 5, f"file:secret: {words}") in [
        (f["level"], f["line"], f["message"]) for f in said.json["findings"]
    ]


def test_what_is_not_there_yet_is_no_fault_of_the_books(
    workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Neither rules, nor the vendors that rules take from a desired state before the first export."""
    sink = {"type": "csv", "path": "books"}
    desired(workspace(None, sink=sink), accounts=[])
    assert cli("validate", "--format", "json").json["findings"] == []
    folder = workspace(None, sink=sink, mapping="mapping.yaml", source={"type": "csv", "accounts": CSV})
    (folder / "desired-state.yaml").unlink()
    (folder / "mapping.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: ExportMapping\nvendors: {unmatched: fail, match: [code], rows: desired}\n"
    )
    assert [f["code"] for f in cli("validate", "--format", "json").json["findings"]] == ["not-ready"]


def test_rules_that_are_wrong_are_told_once(workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """Also where the books would be opened with them."""
    folder = workspace(None, mapping="mapping.yaml", sink={"type": "csv", "path": "books"})
    desired(folder, accounts=[])
    (folder / "mapping.yaml").write_text("apiVersion: pleoctl/v1\nkind: ExportMapping\nacounts: {}\n")
    told = [f["message"] for f in cli("validate", "--format", "json").json["findings"]]
    assert len(told) == len(set(told)) > 0
