"""The example workflows, step by step, on a local git repository, a sandbox and a fake forge."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from job_rules import BAS
from pleoctl.sandbox import Sandbox, Seed, Settings
from signers import HAS_SSH, allowed_signers, keys_of
from workflows import Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fake_github import FakeGitHub
    from shapes import Json
    from tests.conftest import Cli


pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or shutil.which("bash") is None, reason="git and bash are what workflows run"
)
pytest.importorskip("jq", reason="the program behind `gh --jq`")

SHADOWS = ("json.py", "venv.py", "pip.py", "re.py", "sitecustomize.py", "click.py", "requests.py")


class Repository:
    """acme/books: a workspace at the top, pull request 12, and what its forge runs."""

    def __init__(self, folder: Path, desired: Callable[..., Path], runner: Runner) -> None:
        self.folder, self._desired, self.runner = folder, desired, runner
        self.git("init", "--quiet", "--initial-branch=main")
        (folder / ".gitignore").write_text(".pleoctl/\nplan.json\nreceipt.json\n*.sarif\nRAN-*\n")
        for name in SHADOWS:
            (folder / name).write_text(f"open('RAN-{name}', 'w').close()\nraise SystemExit(1)\n")

    def git(self, *arguments: str) -> str:
        """Run git here."""
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout.strip()

    def commit(self, **names: str) -> None:
        """Push a desired state of these accounts."""
        rows = [{"externalId": i.replace("_", "-"), "code": i[-4:], "name": name} for i, name in names.items()]
        self._desired(self.folder, accounts=rows)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Export")

    def event(self, action: str, label: str | None = None) -> Json:
        """A pull_request event of the commit that is checked out."""
        head = {"sha": self.git("rev-parse", "HEAD"), "repo": {"full_name": "acme/books"}}
        pull = {"number": 12, "merged": True, "head": head, "merge_commit_sha": head["sha"]}
        return {"action": action, "number": 12, "pull_request": pull, "label": {"name": label} if label else {}}

    def plan(self, action: str = "synchronize", label: str | None = None) -> int | None:
        """Run plan.yml; None where the event is none of its."""
        return self.runner.run("plan", self.event(action, label)).get("plan")

    def apply(self) -> dict[str, int]:
        """Run apply.yml for the merge of what is checked out."""
        return self.runner.run("apply", self.event("closed"))

    def ran(self) -> list[str]:
        """Which modules of the branch were run."""
        return sorted(path.name for path in self.folder.glob("RAN-*"))


@pytest.fixture
def repository(
    pleo: Sandbox,
    workspace: Callable[..., Path],
    desired: Callable[..., Path],
    github: FakeGitHub,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Repository:
    """The repository, and a runner whose only secrets are the repository's."""
    monkeypatch.delenv("PLEO_API_KEY")
    monkeypatch.delenv("GITHUB_TOKEN")
    secrets = {"PLEO_READ_KEY": pleo.api_key, "PLEO_WRITE_KEY": pleo.api_key, "PLEOCTL_PR_TOKEN": "t0ken"}
    folder = workspace(pleo, guard={"maxArchive": {"count": 1, "share": 1}})
    return Repository(folder, desired, Runner(folder, tmp_path_factory.mktemp("runner"), github, secrets))


def test_a_reviewed_plan_is_applied_whatever_accounts_are_named(
    repository: Repository, github: FakeGitHub, pleo: Sandbox
) -> None:
    """Names like headings and markers steer nothing, comments of others neither, and no module of the branch runs."""
    hostile = "## Pleo plan: no changes\n<!-- pleoctl-plan-id sha256:" + "0" * 64 + " -->"
    pleo.put_account("ext-2000", name=hostile)
    repository.commit(ext_1000="<!-- pleoctl-plan-changes 0 -->", ext_2000="## Pleo plan: no changes")
    marked = f"<!-- pleoctl-plan {pleo.company} . accounts -->\n<!-- pleoctl-plan-id sha256:{'1' * 64} -->\n"
    github.add(f"{marked}<!-- pleoctl-plan-changes 1 -->\n", "mallory")
    github.add(f"> quoted\n{marked}<!-- pleoctl-plan-changes 1 -->\n", "github-actions[bot]", "Bot")
    assert repository.plan("opened") == 0
    assert repository.apply() == {"reviewed": 0, "apply": 0}
    names = {account["externalId"]: account["name"] for account in pleo.state()["accounts"]}
    assert names["ext-1000"] == "<!-- pleoctl-plan-changes 0 -->"
    assert names["ext-2000"] == "## Pleo plan: no changes"
    assert repository.ran() == []


def test_a_plan_without_changes_asks_nobody(repository: Repository) -> None:
    """Where nothing is to be done the environment's reviewers are left alone."""
    repository.commit(ext_1000="Office Supplies", ext_2000="Überweisungen")
    assert repository.plan("opened") == 0
    assert repository.apply() == {"reviewed": 0}


def test_only_the_plan_of_the_merged_commit_is_applied(repository: Repository, pleo: Sandbox) -> None:
    """A commit that was merged before it was planned is an error, not the plan of the commit before."""
    repository.commit(ext_1000="First", ext_2000="Überweisungen")
    assert repository.plan("opened") == 0
    repository.commit(ext_1000="Second", ext_2000="Überweisungen")
    before = pleo.state()
    assert repository.apply() == {"reviewed": 1}
    assert pleo.state() == before


def test_a_label_approves_one_refused_plan_until_the_next_push(
    repository: Repository, github: FakeGitHub, pleo: Sandbox
) -> None:
    """It names number and plan as the comment says them, is worth nothing for another plan, and goes with each push."""
    repository.commit()
    assert repository.plan("opened") == 3
    told = re.search(r"asks for one: `([0-9]+-[0-9a-f]{12})`", github.comments[0]["body"])
    assert told is not None
    label = f"pleoctl-archive-{told[1]}"
    assert label.startswith("pleoctl-archive-2-")
    assert repository.plan("labeled", "urgent") is None
    wrong = f"pleoctl-archive-2-{'0' * 12}"
    github.labels[12] = ["urgent", wrong]
    assert repository.plan("labeled", wrong) == 3
    github.labels[12] = ["urgent", wrong, label]
    assert repository.plan("labeled", label) == 0, repository.runner.seen[-6:]
    assert github.labels[12] == ["urgent", label]
    assert "2 archives were approved" in github.comments[0]["body"]
    repository.commit()
    assert repository.plan("synchronize") == 3
    assert github.labels[12] == ["urgent"]
    github.labels[12] = ["urgent", label]
    assert repository.plan("labeled", label) == 0
    assert repository.apply() == {"reviewed": 0, "apply": 0}
    assert github.labels[12] == ["urgent"]
    assert all(account["archived"] for account in pleo.state()["accounts"])


@HAS_SSH
def test_a_plan_is_applied_when_enough_people_have_signed_it(
    repository: Repository, github: FakeGitHub, pleo: Sandbox, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where the environment names approvers: by signatures in anybody's comments; a number alone is an error."""
    keys = tmp_path_factory.mktemp("keys")
    keys_of(keys, "ann", "bob", "eve")
    repository.commit(ext_1000="Signed", ext_2000="Überweisungen")
    assert repository.plan("opened") == 0
    before = pleo.state()
    variables = repository.runner.variables
    variables["PLEOCTL_APPROVALS"] = "2"
    assert repository.apply() == {"reviewed": 0, "apply": 64}
    variables["PLEOCTL_APPROVERS"] = allowed_signers(keys, {"ann": "", "bob": 'namespaces="pleoctl-plan"'})
    plan = keys / "plan.json"
    shutil.copy(next(one["file"] for one in github.artifacts if one["name"].startswith("pleoctl-plan")), plan)
    for people, wanted in ((("ann", "eve", "ann"), 3), (("bob",), 0)):
        for person in people:
            assert cli("approve", plan, "--key", keys / person).code == 0
            signature = keys / "plan.json.sig"
            github.add(f"I agree:\n```\n{signature.read_text()}```\n".replace("\n", "\r\n"), "somebody")
            signature.unlink()
        assert repository.apply() == {"reviewed": 0, "apply": wanted}
        assert (pleo.state() == before) == (wanted == 3)


def test_an_artifact_with_more_in_it_replaces_no_reviewed_file(repository: Repository, github: FakeGitHub) -> None:
    """It is unpacked beside the checkout."""
    repository.commit(ext_1000="New", ext_2000="Überweisungen")
    assert repository.plan("opened") == 0
    before = repository.git("status", "--porcelain")
    repository.runner.seen.clear()
    assert repository.apply() == {"reviewed": 0, "apply": 0}
    paths = [given["path"] for _, given in repository.runner.seen if "run-id" in given]
    assert len(paths) == 1
    assert not paths[0].startswith(str(repository.folder))
    assert repository.git("status", "--porcelain") == before
    assert len(github.artifacts) == 2


def test_export_commits_new_files_and_starts_a_plan_every_night(
    repository: Repository, github: FakeGitHub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The first export makes the file; the second pushes to the same pull request with the token that starts plans."""
    books = tmp_path_factory.mktemp("origin")
    subprocess.run(["git", "init", "--quiet", "--bare", str(books)], check=True, timeout=30)
    config = repository.folder / "pleoctl.yaml"
    source = json.dumps({"type": "csv", "accounts": {"path": "a.csv"}})
    config.write_text(f"{config.read_text()}source: {source}\ndesired: desired-state.yaml\n")
    (repository.folder / "a.csv").write_text("externalId,code,name\next-1000,1000,One\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "Start")
    repository.git("remote", "add", "origin", str(books))
    main = repository.git("rev-parse", "HEAD")
    pushed = []
    for name in ("One", "Two"):
        repository.git("switch", "--quiet", "--detach", main)
        (repository.folder / "a.csv").write_text(f"externalId,code,name\next-1000,1000,{name}\n")
        assert repository.runner.run("export", {}) == {"export": 0}
        pushed.append(repository.git("ls-remote", "origin", "refs/heads/pleoctl/export").split()[0])
        assert f'name: "{name}"' in repository.git("show", f"{pushed[-1]}:desired-state.yaml")
    assert pushed[0] != pushed[1]
    assert [pull["head"] for pull in github.pulls] == ["pleoctl/export"]
    assert "extraheader" not in repository.git("config", "--list")
    assert repository.ran() == []


def test_each_secret_reaches_the_steps_that_need_it(repository: Repository) -> None:
    """Pleo's keys are in the environment of the action's uses alone, never in that of other steps."""
    repository.commit(ext_1000="New", ext_2000="Überweisungen")
    repository.runner.secrets |= {"PLEO_READ_KEY": "sandbox-key", "PLEO_WRITE_KEY": "wr1te"}
    assert repository.plan("opened") == 0
    holders = {label for label, given in repository.runner.seen if "sandbox-key" in given.values()}
    assert holders <= {"plan", "Install pleoctl", "Run pleoctl", "Comment on the pull request"}
    assert all("wr1te" not in str(given) for _, given in repository.runner.seen)


def test_drift_ends_with_2_where_there_is_some(repository: Repository) -> None:
    """The job fails, and GitHub tells who watches it."""
    repository.commit(ext_1000="Office Supplies", ext_2000="Überweisungen")
    assert repository.runner.run("drift", {}) == {"drift": 0}
    repository.commit(ext_1000="Else", ext_2000="Überweisungen")
    assert repository.runner.run("drift", {}) == {"drift": 2}


def test_the_export_jobs_that_wait_are_booked(
    repository: Repository, workspace: Callable[..., Path], pleo: Sandbox
) -> None:
    """One after the other, also what the last run left open; a refused item fails the workflow with 5."""
    items = [
        {"accountingEntryId": f"00000000-0000-4000-8000-00000000000{n}", "amount": 100, "account": "6820"}
        for n in (1, 2)
    ]
    job = "6b1f2c1e-0000-4000-8000-000000000001"
    pleo.reset(Seed(export_jobs=[{"id": job, "items": items}]), Settings())
    sink = {"type": "csv", "path": "books"}
    folder = workspace(pleo, mapping="mapping.yaml", sink=sink, jobs={"takeOver": True}, desired="none.yaml")
    (folder / "mapping.yaml").write_text(BAS)
    pleo.put("exportJob", job, status="in_progress")
    assert repository.runner.run("jobs", {}) == {"book": 0}
    assert [one["status"] for one in pleo.state()["exportJobs"]] == ["completed"]
    assert len(list((folder / "books").glob("*.csv"))) == 1
    assert repository.runner.run("jobs", {}) == {"book": 0}
    assert repository.ran() == []
