"""What accounting systems of tests have in common: routes, and what was booked and uploaded."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Json, Value

    Answer = tuple[int, Value]
    Query = dict[str, list[str]]
    Route = Callable[[Query, Value], Answer]


class Vendor(ABC):
    """Records in the order in which they were booked; ``posts`` counts the requests that make one."""

    def __init__(self) -> None:
        """Empty books."""
        self.held: list[Json] = []
        self.files: list[tuple[str, Value]] = []
        self.paths: list[str] = []
        self.posts = 0

    def __call__(self, method: str, path: str, query: Query, content: bytes) -> Answer:
        """The answer of the first route that fits."""
        self.paths.append(f"{method} {path}")
        body = json.loads(content) if content[:1] in b"{[" and content else content
        for one, pattern, answer in self.routes():
            if one == method and re.fullmatch(pattern, path):
                return answer(query, body)
        return 404, {"message": f"{method} {path} is not documented"}

    @abstractmethod
    def routes(self) -> list[tuple[str, str, Route]]:
        """Method, path and what answers."""

    def keep(self, row: Json) -> Json:
        """A new record."""
        self.posts += 1
        self.held.append(row)
        return row

    def file(self, query: Query, body: Value) -> Answer:
        """An upload."""
        self.files.append((self.paths[-1], body))
        return 201, {"File": {"Id": "file-1"}}
