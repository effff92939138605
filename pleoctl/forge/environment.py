"""What the environment tells about the forge and the CI system that pleoctl runs in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pleoctl.errors import PleoctlError
from pleoctl.machine import this_machine

GIT_SECONDS = 5


def in_github_actions() -> bool:
    """Whether this is a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def repository_root() -> Path | None:
    """The checkout of a CI job; None outside of one."""
    given = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")
    return Path(given) if given else None


def event() -> dict[str, Any]:
    """The event that started a GitHub workflow; empty where there is none."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        data = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def pull_request() -> dict[str, Any]:
    """The event's pull request; empty where it is about none."""
    found = event().get("pull_request")
    return found if isinstance(found, dict) else {}


def place_in_repository(workspace: Path | None) -> str:
    """A workspace's folder in the checkout (its file, where that has a name of its own); ``.`` is the top."""
    if workspace is None:
        return "."
    told = workspace.parent if workspace.name == "pleoctl.yaml" else workspace
    root = repository_root() or Path(_git("rev-parse", "--show-toplevel") or workspace.parent)
    try:
        return told.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return told.name


def commit() -> str | None:
    """The commit that is being looked at: the head of the pull request, the CI system's, else git's."""
    head = pull_request().get("head")
    told = head.get("sha") if isinstance(head, dict) else None
    named = (
        told
        or os.environ.get("GITHUB_SHA")
        or os.environ.get("CI_COMMIT_SHA")
        or _git("rev-parse", "--verify", "--quiet", "HEAD")
    )
    return named if isinstance(named, str) and named.isascii() and named.isalnum() else None


def _git(*arguments: str) -> str | None:
    try:
        code, output = this_machine().git(arguments, GIT_SECONDS, Path.cwd())
        return output.decode().strip() if code == 0 else None
    except (OSError, ValueError, PleoctlError):
        return None
