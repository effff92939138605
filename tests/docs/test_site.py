"""The pages as a site: links lead somewhere, nothing is loaded from elsewhere; the tutorial works as it stands."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, Said

ROOT = Path(__file__).parents[2]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Strictly: pages, anchors and files that pages link to are there; the browser asks nobody else."""
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site/ci/index.html").read_text(encoding="utf-8")
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', page)
    assert "files/examples/ci/github/plan.yml.txt" in page


def test_the_tutorial_works_as_it_stands(
    cli: Cli, pleo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands, one after another, lead from nothing to a plan that is empty, and to an expense that is booked."""
    pleo.reset(
        Seed(
            export_jobs=[
                {"items": [{"type": "card_purchase", "amount": 12500, "account": "6110", "contraAccount": "1940"}]}
            ]
        ),
        Settings(),
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEOCTL_URL", pleo.url)
    monkeypatch.delenv("PLEO_API_KEY")
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8").replace("your-key", "sandbox-key")
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    said: dict[str, Said] = {}
    for typed in re.findall(r"^cat >>? \S+ <<'END'\n(?:.*\n)*?END$|^.+$", script, re.MULTILINE):
        program, *words = shlex.split(typed.partition("\n")[0])
        if program == "pleoctl":
            said[typed] = cli(*words)
            assert said[typed].code == 0, (typed, said[typed])
        elif program == "cd":
            monkeypatch.chdir(words[0])
        elif program == "export":
            monkeypatch.setenv(*words[0].split("=", 1))
        else:
            with Path(words[1]).open("a" if words[0] == ">>" else "w", encoding="utf-8") as file:
                file.write(typed.partition("\n")[2].removesuffix("END"))
    assert json.loads(Path("plan.json").read_text(encoding="utf-8"))["summary"]["create"] == 6
    assert list(Path("books").rglob("*.beancount"))
    assert "No changes" in said["pleoctl plan"].stdout
