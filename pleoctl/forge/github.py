"""Comments on a pull request of GitHub, found again by their hidden first line and updated in place."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import PleoctlError, UsageError
from pleoctl.forge import environment
from pleoctl.forge.steps import Create, Remove, Update, carried_out
from pleoctl.hosts import is_loopback
from pleoctl.remote.auth import Auth, bearer
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.remote.pages import endless
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.workspace.limits import Limits

if TYPE_CHECKING:
    from pleoctl.markup import Markdown

Json = dict[str, Any]

API: Final = "https://api.github.com"
PAGE: Final = 100
#: A hundred comments of 64 KiB, in a minute at most: a job waits for it.
LIMITS: Final = Limits(answer_seconds=60.0, answer_bytes=32 * 1024 * 1024)
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_-]+/(?!\.\.?$)[A-Za-z0-9_.-]+")
_PULL_REF: Final = re.compile(r"refs/pull/(\d+)/")
_FORBIDDEN: Final = 403
# Who the token of a workflow writes as.
WORKFLOW: Final = "github-actions[bot]"


class PullRequest:
    """The comments that this credential has written on one pull request."""

    def __init__(self, transport: Transport, repository: str, number: int, graphql: str | None = None) -> None:
        """``repository`` is ``owner/name``; ``graphql`` the url that tells an app's or a workflow's token who it is."""
        self._transport = transport
        self._repository = f"/repos/{repository}"
        self._comments = f"{self._repository}/issues/{number}/comments"
        self._graphql = graphql
        self._login: str | None = None

    def comments(self) -> list[Json]:
        """All of them, page by page."""
        me = self._me()
        found: list[Json] = []
        page, seen = 1, 0
        while True:
            query = {"per_page": PAGE, "page": page}
            answer = self._transport.read("GET", self._comments, scope="pull-requests: read", params=query)
            if not isinstance(answer.body, list):
                raise PleoctlError("GitHub did not answer with a list of comments")
            found += (c for c in answer.body if _is_comment(c) and c["user"]["login"] == me)
            if "next" not in answer.links:
                return found
            seen += len(answer.body)
            if endless(page, seen):
                raise PleoctlError(f"GitHub gave {page} pages of comments, and there is always one more")
            page += 1

    def create(self, body: Markdown) -> Json:
        """Add a comment, and learn from it who we are."""
        made = carried_out(Create(self, body))
        if made is None:
            raise PleoctlError("GitHub did not answer with the comment")
        if _is_comment(made):
            self._login = made["user"]["login"]
        return made

    def update(self, comment: Json, body: Markdown) -> Json | None:
        """Replace a comment's text; None if another job has removed it."""
        return carried_out(Update(self, comment, body))

    def remove(self, comment: Json) -> None:
        """Take away a comment that is no longer needed, unless another job has."""
        carried_out(Remove(self, comment))

    def post(self, body: Markdown) -> Json:
        """One request that adds a comment. Raises `LostAnswer` and `ApiError`."""
        return self._write("POST", self._comments, body)

    def patch(self, comment: Json, body: Markdown) -> Json:
        """One request that replaces a text."""
        return self._write("PATCH", self._path(comment), body)

    def delete(self, comment: Json) -> None:
        """One request that takes a comment away."""
        self._transport.write("DELETE", self._path(comment), scope="pull-requests: write")

    def _path(self, comment: Json) -> str:
        return f"{self._repository}/issues/comments/{comment['id']}"

    def _write(self, method: str, path: str, body: Markdown) -> Json:
        answer = self._transport.write(method, path, scope="pull-requests: write", json={"body": str(body)})
        if not isinstance(answer.body, dict) or "id" not in answer.body:
            raise LostAnswer(f"{method} {path}: the answer is not a comment")
        return answer.body

    def _me(self) -> str:
        """The credential's login. Anyone, another bot too, may write a comment that begins like ours."""
        if self._login is None:
            self._login = self._user() or self._viewer() or WORKFLOW
        return self._login

    def _user(self) -> str | None:
        """A person's login; None for the token of a workflow or an app, which may not ask."""
        try:
            answer = self._transport.read("GET", "/user")
        except Unauthorised as error:
            if error.status != _FORBIDDEN:
                raise
            return None
        except ApiError:
            return None
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("login"), str):
            raise PleoctlError("GitHub did not answer with a user", hint="see what GITHUB_API_URL names")
        return str(answer.body["login"])

    def _viewer(self) -> str | None:
        if self._graphql is None:
            return None
        try:
            answer = self._transport.read("POST", self._graphql, json={"query": "{viewer{login}}"})
            return str(answer.body["data"]["viewer"]["login"])
        except (ApiError, KeyError, TypeError):
            return None


def _is_comment(comment: Any) -> bool:
    """Whether it has the fields that this module reads; a user who is gone has written none of ours."""
    return (
        isinstance(comment, dict)
        and isinstance(comment.get("body"), str)
        and isinstance(comment.get("user"), dict)
        and isinstance(comment["user"].get("login"), str)
    )


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
    transport = Transport(Service(url, "GitHub", LIMITS, loopback), _auth(), Budget(None))
    return transport, PullRequest(transport, named, found, _graphql(url))


def _graphql(url: str) -> str | None:
    """GitHub's other API, if the environment names one of the same origin: the token goes nowhere else."""
    named = os.environ.get("GITHUB_GRAPHQL_URL") or ""
    api, other = urlsplit(url), urlsplit(named)
    return named if (api.scheme, api.netloc) == (other.scheme, other.netloc) else None


def _number() -> int | None:
    told = environment.event()
    numbers = (environment.pull_request().get("number"), (told.get("issue") or {}).get("number"), told.get("number"))
    for found in numbers:
        if isinstance(found, int):
            return found
    match = _PULL_REF.match(os.environ.get("GITHUB_REF", ""))
    return int(match[1]) if match else None


def _auth() -> Auth:
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not token:
        raise PleoctlError("environment variable GITHUB_TOKEN is not set", hint="it needs pull-requests: write")
    if not token.isascii() or not token.isprintable():
        raise PleoctlError("GITHUB_TOKEN has characters that no header can carry")
    auth = bearer(token)
    return replace(auth, headers={**auth.headers, "Accept": "application/vnd.github+json"})
