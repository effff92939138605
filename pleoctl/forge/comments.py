"""Bring the comments of a pull request in line with what a plan says now: one for each first line, none left over.

Two jobs may do this at once, and no forge has a lock for it. So whoever creates a comment looks again afterwards: of
several with one first line the oldest stays, and since everybody sees it so, one is left whoever comes last.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from pleoctl.errors import PleoctlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.markup import Markdown

Json = dict[str, Any]

ROUNDS: Final = 4


class Comments(Protocol):
    """The comments that one credential has written on one pull request."""

    def comments(self) -> list[Json]:
        """Each with ``id``, ``body`` and ``html_url``; oldest first."""

    def create(self, body: Markdown) -> Json:
        """Add one."""

    def update(self, comment: Json, body: Markdown) -> Json | None:
        """Replace its text; None if it is gone."""

    def remove(self, comment: Json) -> None:
        """Take it away, or find it gone."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one comment: ``created``, ``updated``, ``unchanged`` or ``removed``."""

    action: str
    comment: Json

    def as_json(self) -> Json:
        """With the names of the command's result."""
        return {"action": self.action, "id": self.comment["id"], "url": str(self.comment.get("html_url", ""))}


class Publisher:
    """One run of bringing comments in line."""

    def __init__(self, forge: Comments, start: str) -> None:
        """Ours are the comments whose first line begins with ``start``."""
        self._forge = forge
        self._start = start
        self._first: dict[Any, str] = {}
        self._removed: list[Json] = []

    def publish(self, bodies: Sequence[Markdown]) -> list[Published]:
        """Make these the comments, and tell of each. Raises `PleoctlError` if others keep changing them."""
        for _ in range(ROUNDS):
            done = self._round(bodies)
            if done is not None:
                removed = (c for c in self._removed if c["id"] not in self._first)
                return [*done, *(Published("removed", comment) for comment in removed)]
        raise PleoctlError("other jobs keep changing the comments of this pull request", hint="run the command again")

    def _round(self, bodies: Sequence[Markdown]) -> list[Published] | None:
        """One pass over all comments; None if it has to be looked at again."""
        known = self._known()
        done = [self._bring(known.pop(first_line(str(body)), []), body) for body in bodies]
        for comments in known.values():
            self._remove(comments)
        settled = [entry for entry in done if entry is not None]
        return settled if len(settled) == len(bodies) else None

    def _known(self) -> dict[str, list[Json]]:
        known: dict[str, list[Json]] = defaultdict(list)
        for comment in sorted(self._forge.comments(), key=lambda c: c["id"]):
            if comment["body"].startswith(self._start):
                known[first_line(comment["body"])].append(comment)
        return known

    def _bring(self, found: list[Json], body: Markdown) -> Published | None:
        if not found:
            self._first[self._forge.create(body)["id"]] = "created"
            return None
        self._remove(found[1:])
        oldest = found[0]
        if same(oldest["body"], body):
            return Published(self._first.get(oldest["id"], "unchanged"), oldest)
        updated = self._forge.update(oldest, body)
        return None if updated is None else Published(self._first.setdefault(oldest["id"], "updated"), updated)

    def _remove(self, comments: list[Json]) -> None:
        for comment in comments:
            self._forge.remove(comment)
            self._removed.append(comment)


def first_line(body: str) -> str:
    """The hidden line that a comment is known by."""
    return body.split("\n", 1)[0].strip()


def same(stored: str, body: Markdown) -> bool:
    """Whether a stored text is the one that was sent."""
    return stored.replace("\r\n", "\n").strip() == str(body).strip()
