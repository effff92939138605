"""Checkouts with CRLF line ends say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli, MakeWorkspace

SOURCE = {"type": "csv", "accounts": {"path": "as.csv"}}
ACCOUNTS = "externalId,code,name\na,1,Alpha\nb,2,Beta\n"


@pytest.fixture
def folder(workspace: MakeWorkspace, cli: Cli) -> Path:
    """An exported workspace with a comment, all of whose text files got CRLF."""
    folder: Path = workspace(None, source=SOURCE)
    (folder / "as.csv").write_text(ACCOUNTS)
    assert cli("export").code == 0
    state = folder / "desired-state.yaml"
    state.write_text(state.read_text().replace("accounts:\n", "accounts:\n# ours\n"))
    for name in ("pleoctl.yaml", "as.csv", "desired-state.yaml"):
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    return folder


@pytest.mark.parametrize("command", [("export",), ("export", "--check"), ("fmt",), ("fmt", "--check"), ("validate",)])
def test_line_ends_are_no_change(folder: Path, cli: Cli, command: tuple[str, ...]) -> None:
    """Nothing would change, and nothing is written."""
    before = (folder / "desired-state.yaml").read_bytes()
    assert cli(*command).code == 0
    assert (folder / "desired-state.yaml").read_bytes() == before


def test_a_change_is_written_as_ever(folder: Path, cli: Cli) -> None:
    """With line feeds, and with the comments that stood there."""
    (folder / "as.csv").write_text(ACCOUNTS.replace("Beta", "Gamma"))
    assert cli("export", "--check").code == 2
    assert cli("export").code == 0
    written = (folder / "desired-state.yaml").read_bytes()
    assert b"# ours\n" in written
    assert b'name: "Gamma"}\n' in written
    assert b"\r" not in written


def test_the_scaffold_keeps_bytes_alike_in_every_checkout(cli: Cli, tmp_path: Path) -> None:
    """`init` writes the attributes that git needs for it."""
    assert cli("init", str(tmp_path / "books")).code == 0
    assert "*.yaml text eol=lf" in (tmp_path / "books" / ".gitattributes").read_text()
