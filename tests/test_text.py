"""Text for one destination: whatever goes into it, nobody obeys it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pleoctl
from live_text import BAD, CONTROLS, OURS, tame
from pleoctl.markup import Markdown
from pleoctl.text import Shown


@given(st.lists(st.text() | st.sampled_from([BAD, "::x::y", " ::x::", "\u3000::x", "#", "#[x]"]), max_size=5))
def test_any_parts_are_tame_together(parts: list[str]) -> None:
    """However text is put together, styled or not, no line of it is obeyed; markdown neither."""
    styled = [Shown.styled(part, colour="red", bold=True) for part in parts]
    made = Shown.lines([Shown(*parts), Shown.joined([*styled, *parts], ""), *parts, *styled])
    tame(made.plain)
    assert not CONTROLS.search(OURS.sub("", made.coloured))
    tame(str(Markdown.lines([Markdown("{}", part) for part in parts] + [Markdown.fence("sh", parts)])))


def test_every_template_is_a_literal() -> None:
    """What type checkers without PEP 675 do not see: no markdown is made of text that was put together before."""
    calls = [
        (path, call)
        for path in Path(pleoctl.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Markdown" and call.args
    ]
    assert len(calls) > 20
    assert [f"{path}:{call.lineno}" for path, call in calls if not _literal(call.args[0])] == []


def _literal(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _literal(node.body) and _literal(node.orelse)
    return isinstance(node, ast.Constant)


def test_plain_text_is_no_output(tmp_path: Path) -> None:
    """A text that is put together does not type-check where a command's words are wanted."""
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text("from pleoctl.cli.boundary import Output\nname = input()\nOutput(f'hello {name}')\n")
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", str(program)]
    folder = Path(pleoctl.__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder)
    assert 'incompatible type "str"; expected "Shown"' in done.stdout
