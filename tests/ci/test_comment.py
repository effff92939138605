"""``pleoctl comment --github`` against a fake forge."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from fake_github import FakeGitHub
from plans import change, make_plan
from pleoctl.errors import PleoctlError
from pleoctl.forge.github import PullRequest
from pleoctl.remote.budget import Budget
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.report.markdown import marker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests_mock import Mocker

    from pleoctl.plan.artifact import Plan
    from tests.conftest import Cli, Said

SMALL = make_plan(change("archive", "old"))
OTHER = make_plan(change("create", "new"))


@pytest.fixture
def comment(cli: Cli, tmp_path: Path) -> Callable[..., Said]:
    """Comment a plan, with further arguments."""

    def call(plan: Plan, *arguments: str) -> Said:
        path = tmp_path / "plan.json"
        path.write_bytes(plan.bytes)
        return cli("comment", str(path), "--github", "--format", "json", *arguments)

    return call


def test_the_first_time_it_is_created_and_then_updated_in_place(
    comment: Callable[..., Said], github: FakeGitHub
) -> None:
    """There is never more than one comment; a plan that stays the same is not written again."""
    assert [c["action"] for c in comment(SMALL).json["result"]["comments"]] == ["created"]
    assert [c["action"] for c in comment(SMALL).json["result"]["comments"]] == ["unchanged"]
    said = comment(OTHER)
    assert said.code == 0
    assert [c["action"] for c in said.json["result"]["comments"]] == ["updated"]
    assert len(github.comments) == 1
    assert github.comments[0]["number"] == 12
    assert OTHER.id in github.comments[0]["body"]


def test_comments_without_an_end_are_given_up(requests_mock: Mocker) -> None:
    """A forge that always names another page ends the command with their number."""
    requests_mock.get("https://forge.example/user", json={"login": "me"})
    requests_mock.get(
        "https://forge.example/repos/o/r/issues/1/comments", json=[{}], headers={"Link": '</next>; rel="next"'}
    )
    transport = Transport(Service("https://forge.example", "GitHub"), None, Budget(None))
    with pytest.raises(PleoctlError, match="1000 pages of comments"):
        PullRequest(transport, "o/r", 1).comments()
    transport.close()


def test_a_comment_behind_many_others_is_found(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """All pages are read, by number and never by a link that leads elsewhere."""
    for _ in range(205):
        github.add("me too")
    comment(SMALL)
    comment(OTHER)
    assert len(github.comments) == 206
    assert OTHER.id in github.comments[-1]["body"]


@pytest.mark.parametrize("token", ["release-person", None, "books[bot]"])
@pytest.mark.parametrize(("login", "kind"), [("mallory", "User"), ("renovate[bot]", "Bot"), ("books", "User")])
def test_somebody_elses_comment_is_never_touched(
    comment: Callable[..., Said],
    github: FakeGitHub,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    login: str,
    kind: str,
) -> None:
    """A comment that begins like ours but is not ours, another bot's too, stays, and ours is made beside it."""
    if token == "books[bot]":
        monkeypatch.setenv("GITHUB_GRAPHQL_URL", f"{github.url}/graphql")
        github.viewer = token
    else:
        github.login = token
    body = f"{_first(SMALL)}\n## Pleo plan: nothing to see"
    theirs = github.add(body, login, kind)
    for plan in (SMALL, OTHER):
        assert comment(plan).code == 0
    assert theirs in github.comments
    assert theirs["body"] == body
    assert [c["user"]["login"] for c in github.comments] == [login, token or "github-actions[bot]"]


def test_a_comment_whose_author_is_gone_is_nobodys(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """A forge may say no user at all."""
    github.add(_first(SMALL))["user"] = None
    assert comment(SMALL).code == 0
    assert len(github.comments) == 2


def test_the_token_goes_to_no_other_server(
    comment: Callable[..., Said], github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GraphQL of another origin is not asked who we are."""
    with FakeGitHub() as other:
        monkeypatch.setenv("GITHUB_GRAPHQL_URL", f"{other.url}/graphql")
        assert comment(SMALL).code == 0
        assert other.requests == []
    assert len(github.comments) == 1


def test_a_403_that_is_a_rate_limit_is_waited_for(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """It is no missing permission: the comment is made when the forge lets it, once."""
    github.limit = 2
    said = comment(SMALL)
    assert (said.code, len(github.comments)) == (0, 1)
    assert [c["action"] for c in said.json["result"]["comments"]] == ["created"]


@pytest.mark.parametrize("user", [None, {}, {"login": None}, ["octocat"]])
def test_a_forge_that_does_not_say_who_we_are_is_told(
    comment: Callable[..., Said], github: FakeGitHub, user: object
) -> None:
    """A server that is no GitHub, or a proxy before it: one sentence, and nothing is written."""
    github.odd_user = [user]
    said = comment(SMALL)
    assert (said.code, github.comments) == (1, [])
    assert said.json["findings"][0]["message"] == "GitHub did not answer with a user"


def test_two_jobs_at_once_leave_one_comment(github: FakeGitHub, tmp_path: Path) -> None:
    """Both find none and both create one; one comment is left, and both say that all is well."""
    github.together = threading.Barrier(2)
    jobs = []
    for name, plan in (("a", SMALL), ("b", OTHER)):
        path = tmp_path / f"{name}.json"
        path.write_bytes(plan.bytes)
        command = [sys.executable, "-m", "pleoctl", "comment", str(path), "--github"]
        jobs.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path))
    assert [(job.communicate(timeout=60)[1], job.returncode) for job in jobs] == [(b"", 0), (b"", 0)]
    assert github.made >= 2
    assert [c["body"].split("\n")[0] for c in github.comments] == [_first(SMALL)]


def test_further_comments_of_ours_are_removed(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """Of several with one first line the oldest is kept and brought up to date."""
    kept, *_ = [github.mine(f"{_first(SMALL)}\nold {n}", 12) for n in range(3)]
    said = comment(SMALL)
    assert github.comments == [kept]
    assert SMALL.id in kept["body"]
    assert [c["action"] for c in said.json["result"]["comments"]] == ["updated", "removed", "removed"]


@pytest.mark.parametrize("left", [1, 2])
def test_a_comment_that_goes_away_meanwhile_is_made_again(
    comment: Callable[..., Said], github: FakeGitHub, left: int
) -> None:
    """Another job may remove what this one is about to change; what is to be removed may be gone."""
    for n in range(left):
        github.mine(f"{_first(SMALL)}\nold {n}", 12)
    github.vanish = left
    assert comment(SMALL).code == 0
    assert [SMALL.id in c["body"] for c in github.comments] == [True]


def test_plans_of_two_scopes_stand_side_by_side(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """`--only accounts` and `--only dimensions` have a comment each, found again by its scope."""
    scopes = (
        ({"accounts": True, "dimensions": []}, "none"),
        ({"accounts": False, "dimensions": ["DEPT"]}, "all"),
        ({"accounts": False, "dimensions": ["DEPT"]}, "some"),
        ({"accounts": False, "dimensions": ["A b>-->"]}, "some"),
    )
    plans = [
        make_plan(change(key="x"), scope=scope, context={"tagGroups": groups, "left": [], "active": {}})
        for scope, groups in scopes
    ]
    for plan in plans * 2:
        assert comment(plan).code == 0
    firsts = [c["body"].split("\n")[0] for c in github.comments]
    assert [first.split()[4] for first in firsts] == [
        "accounts",
        "dimensions",
        "dimensions:DEPT",
        "dimensions:A%20b%3E--%3E",
    ]
    assert all(first.count("-->") == 1 for first in firsts)


def test_a_selection_that_grows_keeps_its_comment(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """What the workspace selects is no scope of its own: a push that selects one more updates the comment."""
    for selected in (["DEPT"], ["DEPT", "PROJ"]):
        comment(make_plan(change(), scope={"accounts": True, "dimensions": selected}))
    assert len(github.comments) == 1


def test_plans_of_two_workspaces_stand_side_by_side(
    cli: Cli, github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place in the checkout tells them apart, from whichever folder they are commented."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (tmp_path / "plan.json").write_bytes(SMALL.bytes)
    for place in ("a", "b c"):
        (tmp_path / place).mkdir()
        text = f"apiVersion: pleoctl/v1\nkind: Workspace\ncompany: {SMALL.head.company}\ndesired: d.yaml\n"
        text += 'pleo: {url: "http://127.0.0.1:9", auth: {apiKey: env:PLEO_API_KEY}}\n'
        (tmp_path / place / "pleoctl.yaml").write_text(text)
    plan = str(tmp_path / "plan.json")
    for place in ("a", "b c", "a/pleoctl.yaml"):
        assert cli("comment", plan, "--github", "--workspace", str(tmp_path / place)).code == 0
    monkeypatch.chdir(tmp_path / "b c")
    assert cli("comment", plan, "--github").code == 0
    assert [c["body"].split()[3] for c in github.comments] == ["a", "b%20c"]


def test_a_lost_answer_makes_no_second_comment(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """After a POST without an answer the comment is looked for before it is sent again."""
    github.lose = 1
    assert comment(SMALL).code == 0
    assert len(github.comments) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_lost_answers_of_changes_and_removals_are_looked_up(
    comment: Callable[..., Said], github: FakeGitHub, lost: int
) -> None:
    """What was done is seen and not done again; the result tells what became of each comment."""
    for n in range(2):
        github.mine(f"{_first(SMALL)}\nold {n}", 12)
    github.lose = lost
    said = comment(SMALL)
    assert (said.code, len(github.comments)) == (0, 1)
    assert [c["action"] for c in said.json["result"]["comments"]] == ["updated", "removed"]
    assert [method for method, _ in github.requests].count("PATCH") == 1


def test_a_forge_that_never_answers_is_told(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """After a few tries the command says what is not known, and how to go on."""
    github.forget = True
    said = comment(SMALL)
    assert said.code == 1
    assert "did not say" in said.json["findings"][0]["message"]
    assert github.made == 3


def test_archives_that_need_more_comments_get_them_and_give_them_back(
    comment: Callable[..., Said], github: FakeGitHub
) -> None:
    """All archives stand in comments that GitHub takes; a smaller plan later removes what is no longer needed."""
    many = make_plan(*(change("archive", f"gone-{i:04}-{'x' * 40}") for i in range(2500)))
    assert comment(many).code == 0
    assert len(github.comments) > 1
    text = "".join(c["body"] for c in github.comments)
    assert all(f"gone-{i:04}" in text for i in range(2500))
    assert comment(SMALL).code == 0
    assert [c["body"].split("\n")[0] for c in github.comments] == [_first(SMALL)]


def test_two_companies_have_a_comment_each(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """Workspaces of one repository do not overwrite each other."""
    comment(SMALL)
    comment(make_plan(change(), company="99999999-e567-4890-8234-abc56e78fabc"))
    assert len(github.comments) == 2


def test_the_pull_request_is_found_in_the_event(
    comment: Callable[..., Said], github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event's number and head commit are used; an option goes before them."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 34, "head": {"sha": "f6266ba"}}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    comment(SMALL)
    assert [c["number"] for c in github.comments] == [34]
    assert "commit `f6266ba`" in github.comments[0]["body"]
    comment(SMALL, "--pull-request", "56")
    assert [c["number"] for c in github.comments] == [34, 56]


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("GITHUB_TOKEN", "", 1),
        ("GITHUB_REPOSITORY", "", 64),
        ("GITHUB_REPOSITORY", "../user", 64),
        ("GITHUB_REF", "refs/heads/main", 64),
        ("GITHUB_API_URL", "http://github.example", 1),
        ("GITHUB_TOKEN", "wrong", 1),
        ("GITHUB_TOKEN", "a\nb", 1),
    ],
)
@pytest.mark.usefixtures("github")
def test_what_is_missing_is_said(
    comment: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int
) -> None:
    """Without token, repository or pull request nothing is sent, and the token is never shown."""
    monkeypatch.setenv(variable, value)
    said = comment(SMALL)
    assert said.code == code
    assert said.json["findings"][0]["message"]
    assert "t0ken" not in said.stdout + said.stderr


def test_a_token_without_the_permission_is_an_error(comment: Callable[..., Said], github: FakeGitHub) -> None:
    """A refusal is told with what is missing."""
    github.denied = True
    said = comment(SMALL)
    assert said.code == 1
    assert "pull-requests: write" in said.json["findings"][0]["message"]


def test_a_changed_plan_is_not_shown(cli: Cli, github: FakeGitHub, tmp_path: Path) -> None:
    """A plan whose digest is wrong is refused before anybody reads it."""
    (tmp_path / "plan.json").write_bytes(SMALL.bytes.replace(b"Name", b"Game"))
    assert cli("comment", str(tmp_path / "plan.json"), "--github").code == 78
    assert github.requests == []


@pytest.mark.usefixtures("github")
def test_the_forge_must_be_named(cli: Cli, tmp_path: Path) -> None:
    """A command that writes to a forge says which."""
    (tmp_path / "plan.json").write_bytes(SMALL.bytes)
    assert cli("comment", str(tmp_path / "plan.json")).code == 64


def _first(plan: Plan) -> str:
    return str(marker(plan))
