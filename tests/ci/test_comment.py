"""``pleoctl comment --github`` against a fake forge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from plans import change, make_plan, plan_bytes
from pleoctl.report.markdown import marker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fake_github import FakeGitHub

SMALL = make_plan(change("archive", "old"))
OTHER = make_plan(change("create", "new"))


@pytest.fixture
def comment(cli: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Comment a plan, with further arguments."""

    def call(plan: dict[str, Any], *arguments: str) -> Any:
        path = tmp_path / "plan.json"
        path.write_bytes(plan_bytes(plan))
        return cli("comment", str(path), "--github", "--format", "json", *arguments)

    return call


def test_the_first_time_it_is_created_and_then_updated_in_place(
    comment: Callable[..., Any], github: FakeGitHub
) -> None:
    """There is never more than one comment; a plan that stays the same is not written again."""
    assert [c["action"] for c in comment(SMALL).json["result"]["comments"]] == ["created"]
    assert [c["action"] for c in comment(SMALL).json["result"]["comments"]] == ["unchanged"]
    said = comment(OTHER)
    assert said.code == 0
    assert [c["action"] for c in said.json["result"]["comments"]] == ["updated"]
    assert len(github.comments) == 1
    assert github.comments[0]["number"] == 12
    assert OTHER["id"] in github.comments[0]["body"]


def test_a_comment_behind_many_others_is_found(comment: Callable[..., Any], github: FakeGitHub) -> None:
    """All pages are read, by number and never by a link that leads elsewhere."""
    for _ in range(205):
        github.add("me too")
    comment(SMALL)
    comment(OTHER)
    assert len(github.comments) == 206
    assert OTHER["id"] in github.comments[-1]["body"]


@pytest.mark.parametrize("kind", ["User", "Bot"])
def test_somebody_elses_comment_is_never_touched(comment: Callable[..., Any], github: FakeGitHub, kind: str) -> None:
    """A comment that begins like ours but is not ours stays as it is, and ours is made beside it."""
    github.login = None if kind == "User" else "release-person"
    body = f"{marker(SMALL['company'])}\n## Pleo plan: nothing to see"
    theirs = github.add(body, "mallory", kind)
    comment(SMALL)
    assert theirs["body"] == body
    assert len(github.comments) == 2


def test_a_lost_answer_makes_no_second_comment(comment: Callable[..., Any], github: FakeGitHub) -> None:
    """After a POST without an answer the comment is looked for before it is sent again."""
    github.lose = 1
    assert comment(SMALL).code == 0
    assert len(github.comments) == 1


def test_archives_that_need_more_comments_get_them_and_give_them_back(
    comment: Callable[..., Any], github: FakeGitHub
) -> None:
    """All archives stand in comments that GitHub takes; a smaller plan later removes what is no longer needed."""
    many = make_plan(*(change("archive", f"gone-{i:04}-{'x' * 40}") for i in range(2500)))
    assert comment(many).code == 0
    assert len(github.comments) > 1
    text = "".join(c["body"] for c in github.comments)
    assert all(f"gone-{i:04}" in text for i in range(2500))
    assert comment(SMALL).code == 0
    assert [c["body"].split("\n")[0] for c in github.comments] == [marker(SMALL["company"])]


def test_two_companies_have_a_comment_each(comment: Callable[..., Any], github: FakeGitHub) -> None:
    """Workspaces of one repository do not overwrite each other."""
    comment(SMALL)
    comment(make_plan(change(), company="99999999-e567-4890-8234-abc56e78fabc"))
    assert len(github.comments) == 2


def test_the_pull_request_is_found_in_the_event(
    comment: Callable[..., Any], github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        ("GITHUB_TOKEN", "", 1), ("GITHUB_REPOSITORY", "", 64), ("GITHUB_REPOSITORY", "../user", 64),
        ("GITHUB_REF", "refs/heads/main", 64), ("GITHUB_API_URL", "http://github.example", 1),
        ("GITHUB_TOKEN", "wrong", 1), ("GITHUB_TOKEN", "a\nb", 1),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("github")
def test_what_is_missing_is_said(
    comment: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int
) -> None:
    """Without token, repository or pull request nothing is sent, and the token is never shown."""
    monkeypatch.setenv(variable, value)
    said = comment(SMALL)
    assert said.code == code
    assert said.json["findings"][0]["message"]
    assert "t0ken" not in said.stdout + said.stderr


def test_a_token_without_the_permission_is_an_error(comment: Callable[..., Any], github: FakeGitHub) -> None:
    """A refusal is told with what is missing."""
    github.denied = True
    said = comment(SMALL)
    assert said.code == 1
    assert "pull-requests: write" in said.json["findings"][0]["message"]


def test_a_changed_plan_is_not_shown(cli: Callable[..., Any], github: FakeGitHub, tmp_path: Path) -> None:
    """A plan whose digest is wrong is refused before anybody reads it."""
    (tmp_path / "plan.json").write_bytes(plan_bytes({**SMALL, "company": "other"}))
    assert cli("comment", str(tmp_path / "plan.json"), "--github").code == 78
    assert github.requests == []


@pytest.mark.usefixtures("github")
def test_the_forge_must_be_named(cli: Callable[..., Any], tmp_path: Path) -> None:
    """A command that writes to a forge says which."""
    (tmp_path / "plan.json").write_bytes(plan_bytes(SMALL))
    assert cli("comment", str(tmp_path / "plan.json")).code == 64
