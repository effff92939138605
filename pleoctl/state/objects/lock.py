"""One run at a time per company, over all machines that reach an object store.

    no object, or one without a holder ── free: whoever writes it first, on that condition, has it
    an object with a holder            ── held: the holder writes it anew every 10 s, over the version it wrote last

Every writing replaces exactly the version that its writer saw, so of two at most one gets through, and a holder whom
somebody has replaced learns it with its next renewal. Each has content that no other has (a token of its owner, and a
number), since some stores take a digest of it for the version.

A write that is refused, or whose answer is lost, may have been carried out all the same, by a sending that was
repeated on its way. So what is there is read back: it is one's own where it has one's token.

A store has no sessions: whether a holder lives shows only in whether its object changes. So who finds one watches it,
by the own clock alone: a change proves a living holder; none for 30 s and one request's deadline, that it is gone.
"""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.errors import InvalidFile
from pleoctl.machine import this_machine
from pleoctl.state.base import Standing, StateLost
from pleoctl.state.lease import LEASE_SECONDS, WRITE_SECONDS, Lease, told_wait
from pleoctl.state.lock import TOLD_SECONDS, Holder, holder_lives, lock_held, nap
from pleoctl.state.objects.store import Changed

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from obstore import UpdateVersion

    from pleoctl.state.objects.store import Objects

LOG: Final = logging.getLogger(__name__)
FOLDER: Final = "locks"
_POLL_SECONDS: Final = 1.0
_MARGIN: Final = 0.01
_LOOKS: Final = 8
_TRIES: Final = 3
"""Questions without an answer that are borne while the lock is taken, or given back."""


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a lock's object says; ``holder`` None: it is free."""

    token: str
    renewal: int
    patience: float
    holder: Holder | None = None

    @property
    def lasts(self) -> float:
        """How long it must stay unchanged to be taken."""
        return LEASE_SECONDS + self.patience


class Sight:
    """An object that is watched: since when it has not changed, and whether its holder has shown itself meanwhile."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._version: UpdateVersion | None = None
        self._since = 0.0
        self.alive = False

    def again(self, version: UpdateVersion) -> float:
        """See it once more; for how long it has not changed."""
        moment = this_machine().monotonic()
        if version != self._version:
            self.alive = self._version is not None
            self._version, self._since = version, moment
        return moment - self._since


class ObjectLock:
    """See `pleoctl.state.lock.Lock`; ``name`` is the company's, ``patience`` one request's deadline in seconds."""

    def __init__(self, objects: Objects, name: str, patience: float) -> None:
        """Nothing is asked yet."""
        self._objects, self._patience = objects, patience
        self._key = key_of(name)

    @contextmanager
    def hold(self, holder: Holder, timeout: float, stop: threading.Event | None = None) -> Iterator[ObjectLease]:
        """See `Lock.hold`; the lease says before each write whether it still holds. Raises `StateLost` as well."""
        self._objects.require_conditional()
        lease = ObjectLease(self._objects, self._key, Note("", 0, self._patience, holder))
        try:
            Taking(lease, timeout, stop).go()
            with lease.kept():
                yield lease
        finally:
            lease.release()

    def release(self) -> Holder | None:
        """Take it from a holder that has ended without a word; who that was, None where it is free.

        Watches for as long as a holder may still begin a write. Raises `LockHeld` where it lives.
        """
        lease, sight = ObjectLease(self._objects, self._key, Note("", 0, 0.0)), Sight()
        while (found := lease.look()) is not None and found.note.holder is not None:
            unchanged = sight.again(found.version)
            if sight.alive:
                raise holder_lives(found.note.holder)
            if unchanged > WRITE_SECONDS and lease.take(found):
                return found.note.holder
            if not unchanged:
                LOG.warning("looking for %g s whether the holder of the lock still lives", WRITE_SECONDS)
            this_machine().sleep(_POLL_SECONDS)
        return None


class Taking:
    """How a lease is come by: at once where it is free, by watching where it has a holder."""

    def __init__(self, lease: ObjectLease, timeout: float, stop: threading.Event | None = None) -> None:
        """``timeout`` is how long a living holder is waited for; ``stop`` ends every wait."""
        self._lease, self._timeout, self._stop = lease, timeout, stop
        self._end = this_machine().monotonic() + timeout
        self._sight = Sight()
        self._told: set[str] = set()

    def go(self) -> None:
        """Have it. Raises `LockHeld`, and `StateLost` where the store has failed several times after one another."""
        failures = 0
        while True:
            try:
                if self._once():
                    return
                failures = 0
            except StateLost:
                failures += 1
                if failures == _TRIES:
                    raise
                nap(_POLL_SECONDS, self._stop)

    def _once(self) -> bool:
        found = self._lease.look()
        if found is None or found.note.holder is None or found.note.token == self._lease.token:
            return self._lease.take(found)
        unchanged, lasts = self._sight.again(found.version), found.note.lasts
        if unchanged > lasts:
            return self._lease.take(found)
        if self._sight.alive and this_machine().monotonic() >= self._end:
            raise lock_held(found.note.holder)
        self._tell(found.note.holder, unchanged, lasts)
        nap(min(_POLL_SECONDS, lasts - unchanged + _MARGIN), self._stop)
        return False

    def _tell(self, holder: Holder, unchanged: float, lasts: float) -> None:
        """Each thing once: what is waited for, and that the holder has not shown itself when it was due."""
        gone = unchanged > WRITE_SECONDS
        what = "gone" if gone else "met"
        if what not in self._told:
            self._told.add(what)
            if gone:
                told_wait(lasts - unchanged, holder)
            elif self._timeout > TOLD_SECONDS:
                LOG.warning("waiting for the lock, at most %g s: %s", max(self._timeout, lasts), holder)
            else:
                LOG.warning("looking for a few seconds whether the holder of the lock still lives: %s", holder)


@dataclass(frozen=True, slots=True)
class Noted:
    """A lock's object as it was read."""

    note: Note
    version: UpdateVersion


class ObjectLease(Lease):
    """A lock's object that is its owner's; see above."""

    def __init__(self, objects: Objects, key: str, note: Note) -> None:
        """``note`` says who will hold it, and for how long it must be waited for."""
        super().__init__()
        self._objects, self._key = objects, key
        self._note = msgspec.structs.replace(note, token=self.token)
        self._version: UpdateVersion | None = None

    def look(self) -> Noted | None:
        """What is there now. Raises `StateLost`, `InvalidFile` where it is no lock."""
        found = self._objects.get(self._key)
        return None if found is None else Noted(read_note(self._key, found.content), found.version)

    def take(self, found: Noted | None) -> bool:
        """Replace what was found; False where it is not there any more, or nobody knows whether it was replaced."""
        return self._tried(None if found is None else found.version)

    def renew(self) -> bool:
        """See `Lease.renew`."""
        with suppress(Changed):
            self._put(self._version)
            return True
        found = self.look()
        return found is not None and found.note.token == self.token and self.take(found)

    def failed(self, error: StateLost) -> str | None:
        """See `Lease.failed`: the store may be back in time, and whether another has taken it, it will say then."""
        LOG.warning("the lock could not be renewed: %s", error.message)
        return None

    def release(self) -> None:
        """Tell whoever comes next that nothing is going on any more; where that fails, they will wait."""
        if not self._note.renewal:
            return
        self._note = msgspec.structs.replace(self._note, holder=None)
        for _ in range(_TRIES):
            with suppress(StateLost, InvalidFile):
                found = self.look()
                if found is None or found.note.token != self.token or found.note.holder is None:
                    return
                if self.take(found):
                    return

    def _tried(self, over: UpdateVersion | None) -> bool:
        try:
            self._put(over)
        except Changed:
            return False
        return True

    def _put(self, over: UpdateVersion | None) -> None:
        self._note = msgspec.structs.replace(self._note, renewal=self._note.renewal + 1)
        moment = this_machine().lasting()
        self._version = self._objects.put(self._key, msgspec.json.encode(self._note), over)
        self.renewed = moment


def standings(objects: Objects) -> Iterator[Standing]:
    """The locks that have a holder; whether it lives, watching alone would tell."""
    keys = objects.keys(FOLDER)
    with this_machine().pool(_LOOKS) as pool:
        all_found = pool.map(objects.get, keys)
    for key, found in zip(keys, all_found, strict=True):
        note = None if found is None else read_note(key, found.content)
        if note is not None and note.holder is not None:
            name = key.removeprefix(f"{FOLDER}/").removesuffix(".json")
            yield Standing(name, note.holder, "unknown", None, note.lasts)


def key_of(name: str) -> str:
    """The key of a company's lock."""
    return f"{FOLDER}/{name}.json"


def read_note(key: str, content: bytes) -> Note:
    """What an object says. Raises `InvalidFile` for one that is no lock of this version."""
    try:
        note = msgspec.json.decode(content, type=Note)
    except msgspec.DecodeError as error:
        words = f"the object {key} of the shared state is no lock of this version of pleoctl"
        raise InvalidFile(words, hint="see what wrote it; a prefix of its own is best") from error
    if not 0 <= note.patience < math.inf:
        raise InvalidFile(f"the object {key} of the shared state asks to be waited for without end")
    return note
