"""No CI system of the machine reaches these tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fake_github import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither GitHub's nor GitLab's variables are set, and git reads no configuration but its repository's."""
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "GH_", "CI_", "GITLAB_", "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A forge with the pull request acme/books#12, and the environment of a workflow on it."""
    with FakeGitHub() as forge:
        monkeypatch.setenv("GITHUB_API_URL", forge.url)
        monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/books")
        monkeypatch.setenv("GITHUB_REF", "refs/pull/12/merge")
        yield forge
