"""A whole pipeline on a local git repository, a sandbox and a fake forge."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fake_github import FakeGitHub
    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, Said

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

Books = dict[str, str]
START: Books = {"ext-1000": "Office Supplies", "ext-2000": "Überweisungen"}


class Repository:
    """A workspace under version control, with the two pipelines that its forge runs."""

    def __init__(self, folder: Path, cli: Cli, desired: Callable[..., Path]) -> None:
        self.folder, self._cli, self._desired = folder, cli, desired
        self.artifacts: dict[str, Path] = {}
        self.git("init", "--quiet", "--initial-branch=main")
        (folder / ".gitignore").write_text(".pleoctl/\nplan.json\nartifacts/\n")
        self.commit(START)

    def git(self, *arguments: str) -> str:
        """Run git here."""
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()

    def commit(self, books: Books) -> str:
        """Write the desired state and commit it."""
        rows = [{"externalId": i, "code": i[-4:], "name": name} for i, name in sorted(books.items())]
        self._desired(self.folder, accounts=rows)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Export")
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, books: Books) -> None:
        """A pull request's branch from main."""
        self.git("switch", "--quiet", "--create", name, "main")
        self.commit(books)

    def plan(self, number: int) -> str:
        """What the plan workflow does for a pull request; gives the plan's id."""
        assert self._cli("plan", "-o", "plan.json", "--detailed-exitcode").code == 2
        plan = json.loads((self.folder / "plan.json").read_bytes())
        assert self._cli("comment", "plan.json", "--github", "--pull-request", str(number)).code == 0
        kept = self.folder / "artifacts" / plan["id"].removeprefix("sha256:") / "plan.json"
        kept.parent.mkdir(parents=True)
        kept.write_bytes((self.folder / "plan.json").read_bytes())
        self.artifacts[plan["id"]] = kept
        return str(plan["id"])

    def merge(self, name: str) -> None:
        """Merge a branch into main."""
        self.git("switch", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "--strategy-option=theirs", "--message", f"Merge {name}", name)

    def apply(self, forge: FakeGitHub, number: int) -> Said:
        """What the apply workflow does: take the id from the comment, the artifact by its id, and apply just that."""
        body = next(c["body"] for c in forge.comments if c["number"] == number)
        found = re.search(r"<!-- pleoctl-plan-id (sha256:[0-9a-f]{64}) -->", body)
        assert found is not None
        return self._cli("apply", str(self.artifacts[found[1]]), "--expect-id", found[1], "--format", "json")


@pytest.fixture
def repository(pleo: Sandbox, workspace: Callable[..., Path], cli: Cli, desired: Callable[..., Path]) -> Repository:
    """A repository whose main branch is what Pleo has."""
    return Repository(workspace(pleo, guard={"maxArchive": {"count": 5, "share": 1}}), cli, desired)


def test_a_reviewed_change_reaches_pleo(repository: Repository, github: FakeGitHub, pleo: Sandbox, cli: Cli) -> None:
    """Branch, plan, comment, merge, apply of that artifact: Pleo has the change, and there is no drift."""
    assert cli("drift").code == 0
    repository.branch("rename", {**START, "ext-1000": "Stationery", "ext-4000": "Solar"})
    repository.plan(1)
    assert "Stationery" in github.comments[0]["body"]
    assert f"commit `{repository.git('rev-parse', 'HEAD')}`" in github.comments[0]["body"]
    repository.merge("rename")
    assert repository.apply(github, 1).json["outcome"] == "done"
    assert {a["name"] for a in pleo.state()["accounts"]} >= {"Stationery", "Solar"}
    assert cli("drift").code == 0


def test_a_merge_in_between_makes_the_older_plan_stale(
    repository: Repository, github: FakeGitHub, pleo: Sandbox, cli: Cli
) -> None:
    """Two pull requests touch one account; the second to be applied is refused with 4 and writes nothing."""
    repository.branch("first", {**START, "ext-1000": "First"})
    repository.plan(1)
    repository.branch("second", {**START, "ext-1000": "Second"})
    repository.plan(2)
    repository.merge("second")
    assert repository.apply(github, 2).code == 0
    repository.merge("first")
    before = pleo.state()
    stale = repository.apply(github, 1)
    assert stale.code == 4
    assert stale.json["outcome"] == "stale"
    assert pleo.state() == before
    assert cli("plan", "--detailed-exitcode").code == 2


def test_a_new_commit_updates_the_comment_and_the_plan_that_is_applied(
    repository: Repository, github: FakeGitHub, pleo: Sandbox
) -> None:
    """A branch that moves on has one comment, and what is applied is what that comment showed last."""
    repository.branch("names", {**START, "ext-1000": "Draft"})
    first = repository.plan(1)
    repository.commit({**START, "ext-1000": "Final"})
    second = repository.plan(1)
    assert len(github.comments) == 1
    assert first not in github.comments[0]["body"]
    assert second in github.comments[0]["body"]
    repository.merge("names")
    assert repository.apply(github, 1).code == 0
    assert "Final" in {a["name"] for a in pleo.state()["accounts"]}


def test_an_artifact_that_was_exchanged_is_refused(repository: Repository, github: FakeGitHub, pleo: Sandbox) -> None:
    """Another plan in the artifact's place, valid in itself, is not the one that was reviewed."""
    repository.branch("honest", {**START, "ext-1000": "Honest"})
    reviewed = repository.plan(1)
    repository.branch("evil", {**START, "ext-1000": "Evil"})
    other = repository.plan(2)
    repository.artifacts[reviewed].write_bytes(repository.artifacts[other].read_bytes())
    before = pleo.state()
    assert repository.apply(github, 1).code == 3
    assert pleo.state() == before
