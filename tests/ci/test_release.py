"""What a release is made of: the commit in a wheel, the workflow, the image, the changelog's fragments."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from ruamel.yaml import YAML

from pleoctl import __version__, release
from pleoctl.machine import Machine, Ran, on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapes import Json

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CONTAINERFILE = ROOT / "Containerfile"
GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git says the commit")


def steps() -> list[Json]:
    """The steps of all workflows of the project."""
    loaded = [YAML(typ="safe").load(path) for path in WORKFLOWS]
    return [step for flow in loaded for job in flow["jobs"].values() for step in job["steps"]]


def git(folder: Path, *words: str) -> str:
    """What git says."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@GIT
def test_a_wheel_keeps_the_commit(tmp_path: Path) -> None:
    """A wheel that is built in a checkout tells its commit without git; a source that is built of it as well."""
    folder = tmp_path / "project"
    (folder / "pleoctl").mkdir(parents=True)
    for name in ("schemas", "examples"):
        (folder / name).mkdir()
        (folder / name / "kept").touch()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "pleoctl/__init__.py"):
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")
    head = git(folder, "rev-parse", "HEAD")
    build(folder, tmp_path / "out", "sdist")
    (source,) = (tmp_path / "out").glob("*.tar.gz")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", source, "-C", tmp_path / "unpacked"], check=True)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    (folder / "README.md").write_text("changed", encoding="utf-8")
    for where, wanted in ((folder, f"{head}-dirty"), (unpacked, head)):
        build(where, where / "out", "wheel")
        (wheel,) = (where / "out").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(where / "installed")
        assert release.commit(where / "installed/pleoctl") == wanted
    assert f"-{__version__}-" in wheel.name


def build(folder: Path, out: Path, target: str) -> None:
    """Build a package."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@GIT
def test_a_checkout_asks_git_and_anything_else_says_nothing(tmp_path: Path) -> None:
    """A package that somebody has copied into a repository of their own is not of its commit."""
    package = tmp_path / "pleoctl"
    package.mkdir()
    assert release.commit(package) is None
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "x")
    assert release.commit(package) is None
    (tmp_path / "pyproject.toml").touch()
    assert release.commit(package) == git(tmp_path, "rev-parse", "HEAD")


class _NoGit(Machine):
    """A machine on which nobody may ask git."""

    def git(self, arguments: Sequence[str], seconds: float, folder: Path) -> Ran:
        raise AssertionError(arguments, seconds, folder)


@GIT
def test_the_head_of_a_checkout_is_known_without_asking_git(tmp_path: Path) -> None:
    """On a branch, packed or not, on none, in a further working tree; where its files tell nothing, git is asked."""
    root, further = tmp_path / "one", tmp_path / "two"
    (root / "pleoctl").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    git(root, "init", "--quiet")
    assert release.head(root / "pleoctl") is None
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "x")
    wanted = git(root, "rev-parse", "HEAD")
    (root / "pyproject.toml").write_text("changed")
    assert release.commit(root / "pleoctl") == f"{wanted}-dirty"
    git(root, "worktree", "add", "--quiet", str(further))
    with on(_NoGit()):
        assert release.head(root / "pleoctl") == wanted
        assert release.head(further / "pleoctl") == wanted
    git(root, "pack-refs", "--all")
    git(further, "checkout", "--quiet", "--detach")
    with on(_NoGit()):
        assert release.head(root / "pleoctl") == wanted
        assert release.head(further / "pleoctl") == wanted


def test_the_workflows_keep_githubs_schema() -> None:
    """They are valid."""
    options = ["--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    done = CliRunner().invoke(check_jsonschema, options)
    assert done.exit_code == 0, done.output


def test_actions_are_pinned_and_nothing_of_an_event_is_run() -> None:
    """By whole commits; no script has an expression in it."""
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_a_job_may_do_what_it_needs() -> None:
    """No workflow has rights of its own; every package and image is attested, with what it consists of."""
    for path in WORKFLOWS:
        flow = YAML(typ="safe").load(path)
        assert flow["permissions"] == {}
        assert all("permissions" in job and "timeout-minutes" in job for job in flow["jobs"].values())
    names = [step["uses"].partition("@")[0] for step in steps() if "uses" in step]
    assert names.count("actions/attest-build-provenance") == names.count("actions/attest-sbom") == 2


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_scripts_of_the_workflows_are_sound(tmp_path: Path) -> None:
    """As shellcheck sees it."""
    for number, step in enumerate(steps()):
        if "run" in step:
            (tmp_path / f"{number}.sh").write_text(
                f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}", encoding="utf-8"
            )
    subprocess.run(["shellcheck", *tmp_path.glob("*.sh")], check=True)


@pytest.mark.skipif(not (Path(sys.executable).parent / "hadolint").exists(), reason="hadolint is not installed")
def test_the_image_is_sound() -> None:
    """As hadolint sees it; it ends as a user who is not root, by number."""
    program = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([program, "--no-color", CONTAINERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    users = re.findall(r"^USER (.*)$", CONTAINERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert users == ["65532:65532"]


def test_the_image_has_extras_that_there_are() -> None:
    """And the workflow's SBOM tells of the same."""
    known = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    texts = [
        CONTAINERFILE.read_text(encoding="utf-8"),
        (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"),
    ]
    wanted = {extras for text in texts for extras in re.findall(r"\[(sources[a-z,]*)\]", text)}
    assert len(wanted) == 1
    assert [name for name in wanted.pop().split(",") if f"\n{name} = [" not in known] == []


def test_fragments_become_a_chapter(tmp_path: Path) -> None:
    """Under the headings that the changelog has, after its introduction."""
    pytest.importorskip("towncrier")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d/+one.fixed.md").write_text("Mends one thing.", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--keep",
        "--version",
        "9.9",
        "--date",
        "2030-01-02",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    text = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [9.9] - 2030-01-02\n\n### Fixed\n\n- Mends one thing.\n" in text, done.stdout + done.stderr
    assert text.index("[Unreleased]") < text.index("[9.9]") < text.index("Chart of Accounts Sync")
