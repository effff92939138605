"""Plans and receipts that come through a pipe are what they are as files."""

from __future__ import annotations

import io
import itertools
import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from export_pleo import JOB, item_id
from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from job_outcomes import MakeSandboxBooks
    from tests.conftest import Cli, MakeDesired


@pytest.fixture
def kept(pleo: Sandbox, sandbox_books: MakeSandboxBooks, desired: MakeDesired, cli: Cli) -> dict[str, bytes]:
    """A plan, a posting plan and the receipts of both."""
    items = [{"accountingEntryId": item_id(1), "amount": 100, "account": "6820"}]
    accounts = [{"externalId": "ext-1000", "code": "1000", "name": "Office Supplies"}]
    pleo.reset(Seed(accounts=accounts, export_jobs=[{"id": JOB, "items": items}]))
    folder = sandbox_books()
    desired(folder, accounts=[{"externalId": "ext-1000", "code": "1000", "name": "Desks"}])
    assert cli("plan", "-o", "plan").code == 0
    assert cli("jobs", "plan", "-o", "posting").code == 0
    assert cli("apply", "plan", "--receipt", "receipt").code == 0
    assert cli("apply", "posting", "--receipt", "job-receipt").code == 5
    return {name: (folder / name).read_bytes() for name in ("plan", "posting", "receipt", "job-receipt")}


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, bytes], str]:
    """Gives content under a name that can be read once: standard input, or a pipe in a folder."""
    numbers = itertools.count()

    def pipe(how: str, content: bytes) -> str:
        if how == "-":
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
            return "-"
        path = tmp_path / f"pipe-{next(numbers)}"
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=[content], daemon=True).start()
        return str(path)

    return pipe


@pytest.mark.parametrize("how", ["-", "pipe"])
def test_what_comes_through_a_pipe_is_what_the_file_is(
    how: str, kept: dict[str, bytes], cli: Cli, piped: Callable[[str, bytes], str]
) -> None:
    """`show` in every format, `apply` and `undo` say of a pipe what they say of the file, of every kind."""
    for name, content in kept.items():
        for form in ("text", "json", "markdown"):
            expected = cli("show", name, "--format", form)
            assert expected.code == 0
            source = piped(how, content)
            said = cli("show", source, "--format", form)
            assert said.code == 0
            assert said.stdout.replace(f"apply {source}", f"apply {name}") == expected.stdout
    for name in ("plan", "posting"):
        expected = cli("apply", name, "--format", "json")
        said = cli("apply", piped(how, kept[name]), "--format", "json")
        assert (said.code, said.json["outcome"]) == (expected.code, expected.json["outcome"])
        assert said.json["planId"] == expected.json["planId"] == json.loads(kept[name])["id"]
    expected = cli("undo", "receipt", "--format", "json").json
    assert cli("undo", piped(how, kept["receipt"]), "--format", "json").json["changes"] == expected["changes"]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_pipe_with_something_else_is_named(command: str, cli: Cli, piped: Callable[[str, bytes], str]) -> None:
    """Exit 78, and the name that people know."""
    said = cli(command, piped("-", b"{}"))
    assert said.code == 78
    assert "<stdin>" in said.stderr


def test_an_empty_queue_goes_through_a_pipe(
    pleo: Sandbox, sandbox_books: MakeSandboxBooks, cli: Cli, piped: Callable[[str, bytes], str]
) -> None:
    """What `jobs plan` tells as JSON where no job waits is shown, and leaves nothing to apply."""
    pleo.reset(Seed())
    folder = sandbox_books()
    said = cli("jobs", "plan", "--format", "json").stdout.encode()
    for command in ("show", "apply"):
        done = cli(command, piped("-", said))
        assert (done.code, done.stdout) == (0, "There is no export job.\n")
        assert cli(command, piped("-", said), "--format", "json").json["exitCode"] == 0
    (folder / "posting.json").write_bytes(said)
    for refused in (cli("apply", "posting.json", "--expect-id", "sha256:0"), cli("approve", "posting.json")):
        assert refused.code == 78
        assert "is not a plan but the answer of `pleoctl jobs plan`, which ended with exit code 0" in refused.stderr


@pytest.mark.usefixtures("kept")
def test_an_answer_in_place_of_a_document_says_what_went_wrong(
    cli: Cli, piped: Callable[[str, bytes], str], tmp_path: Path
) -> None:
    """A plan, posting plan or receipt that was never made: whoever reads the pipe sees the command, its end and why."""
    (tmp_path / "mapping.yaml").write_text("kind: ExportMapping\n")
    (tmp_path / "desired-state.yaml").unlink()
    for asked, place in (("jobs plan", "mapping.yaml "), ("plan", "desired-state.yaml file does not exist")):
        answer = cli(*asked.split(), "--format", "json")
        words = f"but the answer of `pleoctl {asked}`, which ended with exit code {answer.code}: {place}"
        for command in ("show", "apply", "undo"):
            said = cli(command, piped("-", answer.stdout.encode()))
            assert said.code == 78
            assert words in said.stderr
