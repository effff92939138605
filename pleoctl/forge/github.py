"""Comments on a pull request of GitHub, found again by their hidden first line and updated in place."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import PleoctlError, UsageError
from pleoctl.forge import environment
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.remote.transport import Transport
from pleoctl.workspace.workspace import is_loopback

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]

API: Final = "https://api.github.com"
PAGE: Final = 100
TRIES: Final = 3
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_-]+/(?!\.\.?$)[A-Za-z0-9_.-]+")
_PULL_REF: Final = re.compile(r"refs/pull/(\d+)/")
_FORBIDDEN: Final = 403


class PullRequest:
    """The comments of one pull request."""

    def __init__(self, transport: Transport, repository: str, number: int) -> None:
        """``repository`` is ``owner/name``."""
        self._transport = transport
        self._repository = f"/repos/{repository}"
        self._comments = f"{self._repository}/issues/{number}/comments"

    def comments(self) -> list[Json]:
        """The comments that this credential has written."""
        me = self._me()
        found: list[Json] = []
        page = 1
        while True:
            query = {"per_page": PAGE, "page": page}
            answer = self._transport.read("GET", self._comments, scope="pull-requests: read", params=query)
            if not isinstance(answer.body, list):
                raise PleoctlError("GitHub did not answer with a list of comments")
            found += (c for c in answer.body if _is_mine(c, me))
            if "next" not in answer.links:
                return found
            page += 1

    def create(self, body: str) -> Json:
        """Add a comment; after a lost answer it is looked for before it is sent again."""
        for _ in range(TRIES):
            try:
                return self._write("POST", self._comments, body)
            except LostAnswer:
                for comment in self.comments():
                    if same(comment["body"], body):
                        return comment
        raise PleoctlError("GitHub did not say whether the comment was created", hint="run the command again")

    def update(self, comment: Json, body: str) -> Json:
        """Replace a comment's text."""
        for _ in range(TRIES):
            try:
                return self._write("PATCH", f"{self._repository}/issues/comments/{comment['id']}", body)
            except LostAnswer:
                continue
        raise PleoctlError("GitHub did not say whether the comment was updated", hint="run the command again")

    def remove(self, comment: Json) -> None:
        """Take away a comment that is no longer needed."""
        path = f"{self._repository}/issues/comments/{comment['id']}"
        self._transport.write("DELETE", path, scope="pull-requests: write")

    def _write(self, method: str, path: str, body: str) -> Json:
        answer = self._transport.write(method, path, scope="pull-requests: write", json={"body": body})
        if not isinstance(answer.body, dict) or "id" not in answer.body:
            raise LostAnswer(f"{method} {path}: the answer is not a comment")
        return answer.body

    def _me(self) -> str | None:
        """The credential's login; None for the token of a workflow or an app, which may not ask."""
        try:
            answer = self._transport.read("GET", "/user")
        except Unauthorised as error:
            if error.status != _FORBIDDEN:
                raise
            return None
        except ApiError:
            return None
        return str(answer.body["login"])


def _is_mine(comment: Any, me: str | None) -> bool:
    # Anyone may write a comment that begins like ours; updating it would lend it our words while they can change them.
    if not isinstance(comment, dict) or not isinstance(comment.get("body"), str):
        return False
    user = comment.get("user") or {}
    return bool(user.get("type") == "Bot" if me is None else user.get("login") == me)


def same(stored: str, body: str) -> bool:
    """Whether a stored text is the one that was sent."""
    return stored.replace("\r\n", "\n").strip() == body.strip()


def connect(repository: str | None, number: int | None) -> tuple[Transport, PullRequest]:
    """The pull request named by options or else by the environment. Raises `UsageError` and `PleoctlError`."""
    named = repository or os.environ.get("GITHUB_REPOSITORY") or ""
    if not _REPOSITORY.fullmatch(named):
        raise UsageError("which repository?", hint="--repo OWNER/NAME, or GITHUB_REPOSITORY in the environment")
    found = number or _number()
    if found is None:
        raise UsageError("which pull request?", hint="--pull-request N, or run for a pull_request event")
    url = os.environ.get("GITHUB_API_URL") or API
    parts = urlsplit(url)
    loopback = is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not loopback:
        raise PleoctlError(f"GITHUB_API_URL {url} is not https")
    transport = Transport(url, _authoriser(), Budget(None), loopback=loopback, service="GitHub")
    return transport, PullRequest(transport, named, found)


def _number() -> int | None:
    told = environment.event()
    numbers = (environment.pull_request().get("number"), (told.get("issue") or {}).get("number"), told.get("number"))
    for found in numbers:
        if isinstance(found, int):
            return found
    match = _PULL_REF.match(os.environ.get("GITHUB_REF", ""))
    return int(match[1]) if match else None


def _authoriser() -> Any:
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not token:
        raise PleoctlError("environment variable GITHUB_TOKEN is not set", hint="it needs pull-requests: write")
    if not token.isascii() or not token.isprintable():
        raise PleoctlError("GITHUB_TOKEN has characters that no header can carry")

    def authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        request.headers["Accept"] = "application/vnd.github+json"
        return request

    return authorise
