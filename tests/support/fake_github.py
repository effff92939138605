"""A GitHub that knows the comments of its pull requests, on loopback."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from shapes import Json, Value

COMMENTS = re.compile(r"/repos/acme/books/issues/(\d+)/comments")
COMMENT = re.compile(r"/repos/acme/books/issues/comments/(\d+)")
LABELS = re.compile(r"/repos/acme/books/issues/(\d+)/labels")
LABEL = re.compile(r"/repos/acme/books/labels/([^/]+)")
ARTIFACTS = "/repos/acme/books/actions/artifacts"
PULLS = "/repos/acme/books/pulls"


class FakeGitHub:
    """``login`` is who the token belongs to; None is the token of a workflow, which may not ask.

    ``viewer`` is what GraphQL tells of an app's token. ``lose`` answers are lost after the work is done, ``limit``
    requests are refused as a rate limit (403), ``vanish`` comments are gone when they are to be changed, with
    ``forget`` nothing that is posted is kept or answered, ``odd_user`` is answered in place of a user,
    and all POSTs wait for each other at ``together``.
    """

    def __init__(self, login: str | None = None) -> None:
        """Nothing is written yet."""
        self.login = login
        self.viewer: str | None = None
        self.limit = self.vanish = 0
        self.odd_user: list[object] = []
        self.together: threading.Barrier | None = None
        self.comments: list[Json] = []
        self.made = 0
        self.requests: list[tuple[str, str]] = []
        self.labels: dict[int, list[str]] = {}
        self.artifacts: list[Json] = []
        self.pulls: list[Json] = []
        self.lose = 0
        self.denied = False
        self.forget = False
        fake = self

        class Handler(_Handler):
            github = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The API's base url."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, body: str, login: str = "someone", kind: str = "User", number: int = 12) -> Json:
        """A comment by somebody else."""
        self.made += 1
        comment = {
            "id": 100 + self.made,
            "body": body,
            "number": number,
            "user": {"login": login, "type": kind},
            "html_url": f"https://github.example/c/{len(self.comments)}",
        }
        self.comments.append(comment)
        return comment

    def mine(self, body: str, number: int) -> Json:
        """A comment by the token's owner."""
        name = self.login or self.viewer or "github-actions[bot]"
        return self.add(body, name, "User" if self.login else "Bot", number)


class _Handler(BaseHTTPRequestHandler):
    github: FakeGitHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/user":
            if self.github.odd_user:
                self._answer(200, self.github.odd_user[0])
                return
            self._answer(*((200, {"login": self.github.login}) if self.github.login else (403, {"message": "no"})))
            return
        if match := COMMENTS.fullmatch(path):
            page, size = int(query["page"][0]), int(query["per_page"][0])
            found = [c for c in self.github.comments if c["number"] == int(match[1])]
            part = found[(page - 1) * size : page * size]
            link = {"Link": '<https://elsewhere.example/next>; rel="next"'} if page * size < len(found) else {}
            self._answer(200, part, **link)
            return
        if match := LABELS.fullmatch(path):
            self._answer(200, [{"name": name} for name in self.github.labels.get(int(match[1]), [])])
            return
        if path == ARTIFACTS:
            found = [a for a in self.github.artifacts if a["name"] == query["name"][0]]
            self._answer(200, {"artifacts": found[::-1]})
            return
        if path == PULLS:
            self._answer(200, [pull for pull in self.github.pulls if pull["head"] == query["head"][0]])
            return
        self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        if self.path == "/graphql":
            self._body()
            self._answer(200, {"data": {"viewer": {"login": self.github.viewer}}})
            return
        if self.path == PULLS:
            self.github.pulls.append(self._body() | {"number": 100 + len(self.github.pulls)})
            self._answer(201, self.github.pulls[-1])
            return
        if self.github.together is not None:
            self.github.together.wait(30)
        match = COMMENTS.fullmatch(self.path)
        body = self._body()
        if match is None or self.github.denied:
            self._answer(403, {"message": "Resource not accessible by integration"})
        elif len(body["body"]) > 65536:
            self._answer(422, {"message": "Body is too long (maximum is 65536 characters)"})
        else:
            self._answer(201, self.github.mine(body["body"], int(match[1])))

    def do_PATCH(self) -> None:
        body, found = self._body(), self._found()
        if found is not None and self.github.vanish:
            self.github.vanish -= 1
            self.github.comments.remove(found)
            found = None
        if found is None:
            self._answer(404, {"message": "Not Found"})
        else:
            found["body"] = body["body"]
            self._answer(200, found)

    def do_DELETE(self) -> None:
        if match := LABEL.fullmatch(self.path):
            self.github.labels = {n: [x for x in names if x != match[1]] for n, names in self.github.labels.items()}
            self._answer(204, None)
            return
        found = self._found()
        if found is not None and self.github.vanish:
            self.github.vanish -= 1
            self.github.comments.remove(found)
            found = None
        if found is not None:
            self.github.comments.remove(found)
        self._answer(204 if found else 404, None)

    def _found(self) -> Json | None:
        match = COMMENT.fullmatch(self.path)
        return next((c for c in self.github.comments if match and c["id"] == int(match[1])), None)

    def _body(self) -> Json:
        data: Json = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return data

    def _answer(self, status: int, data: Value, **headers: str) -> None:
        self.github.requests.append((self.command, urlsplit(self.path).path))
        if self.headers.get("Authorization") != "Bearer t0ken":
            status, data = 401, {"message": "Bad credentials"}
        if self.command == "POST" and status == 201 and self.github.limit:
            self.github.limit -= 1
            self.github.comments.pop()
            status, data, headers = (
                403,
                {"message": "You have exceeded a secondary rate limit"},
                {"Retry-After": "0.01"},
            )
        if self.command == "POST" and self.github.forget:
            self.github.comments.pop()
            self.github.lose = 1
        if self.command != "GET" and self.github.lose:
            self.github.lose -= 1
            self.close_connection = True
            self.connection.close()
            return
        content = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
