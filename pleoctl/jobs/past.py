"""Which items were sent into which books, so that no item is booked again because the workspace names others now.

Books are asked for what they hold, and those of an earlier ``sink`` are not asked any more. Noted before a request
leaves, taken back where it was refused: what stays may stand there. Where nothing was noted, nothing is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pleoctl.jobs.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pleoctl.sinks.base import Key
    from pleoctl.sinks.identity import BooksName
    from pleoctl.state.base import RunStore

_ID: Final = re.compile(r"[0-9a-f]{16}")
_UNNAMED: Final = "books of an earlier sink"


class Past:
    """What a company's jobs sent into the books ``now`` and into others. Raises what `Notes` do."""

    def __init__(self, folder: Path, now: BooksName, store: RunStore | None = None) -> None:
        """``folder`` is ``.pleoctl/jobs``; nothing is made yet."""
        self._folder, self._now, self._store = folder, now, store
        self._named = self._notes("books")
        self._is_named = False

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """The items that may stand in other books than today's, and what those are called."""
        found: dict[str, list[str]] = {}
        for identity, name in self._books().items():
            called = f"{name} with other settings" if name == self._now.name else name
            for item in _standing(self._of(identity)) if identity != self._now.id else ():
                found.setdefault(item, []).append(called)
        return {item: " and ".join(dict.fromkeys(names)) for item, names in found.items()}

    @property
    def only_elsewhere(self) -> Mapping[str, str]:
        """Those of `elsewhere` that nothing was sent of into today's books, or that these refused."""
        here = _standing(self._of(self._now.id))
        return {item: name for item, name in self.elsewhere.items() if item not in here}

    def sent(self, keys: Iterable[Key]) -> None:
        """Say that records are about to be sent into today's books, or were found there."""
        items = {key.stored: key.item for key in keys}
        if not items:
            return
        if not self._is_named and self._now.id not in self._books():
            self._named.write({"books": self._now.id, "name": self._now.name})
        self._is_named = True
        self._of(self._now.id).write({"sent": items})

    def refused(self, keys: Iterable[Key]) -> None:
        """Say that the books took none of these, or are known to hold none."""
        stored = [key.stored for key in keys]
        if stored:
            self._of(self._now.id).write({"refused": stored})

    def _books(self) -> dict[str, str]:
        """Every books that anything was sent into: id and name, also where the list of their names is gone."""
        named = {str(line.get("books")): str(line.get("name")) for line in self._named}
        for path in sorted(self._folder.glob("books-*.jsonl")):
            named.setdefault(path.stem.removeprefix("books-"), _UNNAMED)
        return {identity: name for identity, name in named.items() if _ID.fullmatch(identity)}

    def _of(self, identity: str) -> Notes:
        return self._notes(f"books {identity}")

    def _notes(self, subject: str) -> Notes:
        return Notes(self._folder / f"{subject.replace(' ', '-')}.jsonl", subject, self._store, needed=True)


def _standing(notes: Notes) -> set[str]:
    """The items of which at least one record was sent and not refused."""
    found: dict[str, str] = {}
    for line in notes:
        match line:
            case {"sent": dict(sent)}:
                found |= {str(stored): str(item) for stored, item in sent.items()}
            case {"refused": list(refused)}:
                for stored in refused:
                    found.pop(str(stored), None)
            case _:
                raise notes.damaged()
    return set(found.values())
