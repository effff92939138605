"""Checkouts with CRLF line ends say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = {"type": "csv", "accounts": {"path": "as.csv"}}
ACCOUNTS = "externalId,code,name\na,1,Alpha\nb,2,Beta\n"


@pytest.fixture
def folder(workspace: Any, cli: Any) -> Path:
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
def test_line_ends_are_no_change(folder: Path, cli: Any, command: tuple[str, ...]) -> None:
    """Nothing would change, and nothing is written."""
    before = (folder / "desired-state.yaml").read_bytes()
    assert cli(*command).code == 0
    assert (folder / "desired-state.yaml").read_bytes() == before


def test_a_change_keeps_the_line_ends(folder: Path, cli: Any) -> None:
    """An export writes the file as the checkout has it, comments included."""
    (folder / "as.csv").write_text(ACCOUNTS.replace("Beta", "Gamma"))
    assert cli("export", "--check").code == 2
    assert cli("export").code == 0
    written = (folder / "desired-state.yaml").read_bytes()
    assert b"# ours\r\n" in written
    assert b'name: "Gamma"}\r\n' in written
    assert written.count(b"\n") == written.count(b"\r\n")
    assert cli("export", "--check").code == 0


def test_line_ends_that_differ_within_a_file_are_a_change(folder: Path, cli: Any) -> None:
    """No checkout makes them."""
    state = folder / "desired-state.yaml"
    state.write_bytes(state.read_bytes().replace(b"\r\n", b"\n", 1))
    assert cli("fmt", "--check").code == 2


def test_the_scaffold_keeps_bytes_alike_in_every_checkout(cli: Any, tmp_path: Path) -> None:
    """`init` writes the attributes that git needs for it."""
    assert cli("init", str(tmp_path / "books")).code == 0
    assert "*.yaml text eol=lf" in (tmp_path / "books" / ".gitattributes").read_text()
