"""One sign-in and its tokens: renewed before they end, by one thread of one process of one machine at a time.

How a refresh can end, and what follows. The refresh token of a generation is noted as *sent*, on the disk, before it
leaves; whoever finds that note and no newer pair does not know what the server has done with it.

| end of a refresh                   | tokens kept                | then                                               |
|------------------------------------|----------------------------|----------------------------------------------------|
| a new pair                         | the new pair, in one write | everybody uses it; this process, if that fails     |
| certainly not carried out          | the old, not sent          | the old access token while it lives, else an error |
| refused for good (N8)              | none, and the word         | `SignedOut`                                        |
| no answer, or death (*sent*)       | the old, sent              | `refreshGrace`: once more; else as above, and then |
|                                    |                            | `SignedOut`: a spent token may end the whole grant |
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.errors import PleoctlError, Refused, RemoteError
from pleoctl.machine import this_machine
from pleoctl.remote.errors import LostAnswer
from pleoctl.remote.oauth.endpoint import Ended
from pleoctl.remote.oauth.errors import SignedOut
from pleoctl.remote.oauth.tokens import Tokens, decoded
from pleoctl.watch import SIGN_IN, SOON, Ending, watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.remote.oauth.client import Client
    from pleoctl.remote.oauth.endpoint import Endpoint
    from pleoctl.state.base import Note, Vault

LOG: Final = logging.getLogger(__name__)
_TWICE: Final = 2
_TRIES: Final = 3
_SOON_SHARE: Final = 1 / 3
"""Of a refresh token's life: some last a week in all."""


class Forgotten(NamedTuple):
    """What became of tokens: whether there were any, whether the server has ended them, and what kept it from that."""

    there: bool
    revoked: bool
    why: str | None = None


class Grant:
    """The tokens of one client for one company. Thread-safe."""

    def __init__(self, client: Client, vault: Vault, endpoint: Endpoint) -> None:
        """Nothing is read or asked yet."""
        self.client, self.vault = client, vault
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._known: Tokens | None = None
        self._told: set[str] = set()
        self.secrets: set[str] = set()
        """Every token that was in use, to keep it out of messages."""

    def current(self) -> Tokens:
        """Tokens that last. Raises `SignedOut`, `RemoteError`, `Refused`."""
        known, now = self._known, this_machine().time()
        if known is not None and known.lasts(now):
            return known
        with self._lock:
            known = self._known
            if known is None or not known.lasts(now):
                known = self.standing()
            if known is None or not known.lasts(now):
                known = self._renewed(None)
            return self._keep_known(known)

    def after(self, failed: Tokens) -> Tokens:
        """The tokens to use after a 401: those that somebody else has stored meanwhile, or renewed ones.

        Raises as `current` does.
        """
        with self._lock:
            return self._keep_known(self._renewed(failed))

    def standing(self) -> Tokens | None:
        """What is kept now; None where nobody has signed in. Raises `Refused` for another client's tokens."""
        return self._bound(self.vault.read())

    def renews(self, tokens: Tokens) -> bool:
        """Whether newer tokens can be had without a person."""
        return self.client.grants_itself or (bool(tokens.refresh) and self._may_send(tokens))

    def ending(self, tokens: Tokens) -> Ending | None:
        """From when on only a person can mend it, as far as is known."""
        if self.client.grants_itself or not tokens.access:
            return None
        if not self.renews(tokens):
            return None if tokens.expires is None else Ending(tokens.expires, soon=True)
        if tokens.refresh_expires is None:
            return None
        life = tokens.refresh_expires - (tokens.refresh_issued or tokens.issued)
        return Ending.within(tokens.refresh_expires, min(SOON, life * _SOON_SHARE))

    def prepare(self) -> None:
        """See that what a consent will give can be kept, before anybody is asked. Raises what `begin` would."""
        with self._lock, self.vault.hold() as note:
            self._bound(note.read())

    def begin(self, answer: Mapping[str, Any]) -> Tokens:
        """Keep what a person's consent has given, in place of what there was."""
        with self._lock, self.vault.hold() as note:
            before = self._bound(note.read()) or self._blank()
            return self._keep_known(self._stored(note, self._next(before.dropped(""), answer)))

    def forget(self, *, revoke: bool = True) -> Forgotten:
        """Keep nothing any more; ``revoke``: have the server end the tokens before (RFC 7009)."""
        with self._lock, self.vault.hold() as note:
            content = note.read()
            ended, why = self._given_back(content) if revoke and content else (False, None)
            note.write(b"")
            self._known = None
        return Forgotten(bool(content), ended, why)

    def _given_back(self, content: bytes) -> tuple[bool, str | None]:
        """Whether the server has ended the tokens, else why that is not known; None: it has no place for it."""
        try:
            kept = self._bound(content)
            if kept is None or not kept.access:
                return False, None
            # One that may be spent is sent nowhere: at some servers that is an alarm.
            if kept.refresh and not kept.sent:
                done = self.endpoint.revoke(kept.refresh, "refresh_token")
            else:
                done = self.endpoint.revoke(kept.access, "access_token")
        except PleoctlError as error:
            return False, error.message
        if done and kept.sent:
            return False, "the answer to a refresh was lost, so that newer tokens may live"
        return done, None

    # --- renewing ----------------------------------------------------------------------------------------------

    def _renewed(self, failed: Tokens | None) -> Tokens:
        with self.vault.hold() as note:
            kept = self._newest(note)
            newer = failed is None or kept is None or kept.access != failed.access
            if kept is not None and newer and kept.lasts(this_machine().time()):
                return kept
            if self.client.grants_itself:
                return self._asked_for(note, kept or self._blank(), may_live=newer)
            return self._refreshed(note, self._refreshable(kept), may_live=newer)

    def _asked_for(self, note: Note, kept: Tokens, *, may_live: bool) -> Tokens:
        """Client credentials: nothing is spent by asking, so that every doubt ends with asking anew."""
        try:
            answer = self._credentials()
        except RemoteError as error:
            return self._living(kept, error, may_live=may_live)
        return self._stored(note, self._next(kept, answer))

    def _next(self, tokens: Tokens, answer: Mapping[str, Any]) -> Tokens:
        return tokens.followed(answer, this_machine().time(), self.client.oauth.refresh_days)

    def _credentials(self) -> Mapping[str, Any]:
        lost = ""
        for _ in range(_TRIES):
            try:
                return self.endpoint.tokens("client_credentials", **self.client.scoped)
            except Ended as error:
                raise SignedOut(self.client, f"the server refuses the client ({error.word})") from None
            except LostAnswer as error:
                lost = error.message
        # Not as it is: to whoever asked for a write, a lost answer means the write's.
        raise self.endpoint.failure(lost)

    def _refreshable(self, kept: Tokens | None) -> Tokens:
        if kept is None:
            raise SignedOut(self.client, "nobody has signed in")
        if kept.refused:
            raise SignedOut(self.client, f"the sign-in has ended ({kept.refused})")
        if not kept.refresh:
            raise SignedOut(self.client, "the access token is not accepted, and there is no refresh token")
        return kept

    def _refreshed(self, note: Note, kept: Tokens, *, may_live: bool) -> Tokens:
        """``may_live``: whether the access token may be used as long as it lives."""
        while self._may_send(kept):
            marked = self._stored(note, kept.sending(this_machine().time()))
            try:
                answer = self.endpoint.tokens("refresh_token", refresh_token=str(kept.refresh))
            except Ended as error:
                self._stored(note, marked.dropped(error.word))
                raise SignedOut(self.client, f"the server has ended the sign-in ({error.word})") from None
            except LostAnswer as error:
                LOG.warning("%s: the answer to a refresh of tokens was lost: %s", self.client.service, error.message)
                kept = marked
            except RemoteError as error:
                self._entrusted(note, kept)
                return self._living(kept, error, may_live=may_live)
            else:
                return self._entrusted(note, self._next(marked, answer))
        why = "the answer to a refresh was lost, and the refresh token may be spent"
        return self._living(kept, SignedOut(self.client, why), may_live=may_live)

    def _may_send(self, kept: Tokens) -> bool:
        """Whether the refresh token may leave: once, and once more where the server is known to honour it again."""
        grace = self.client.oauth.refresh_grace
        if not kept.sent:
            return True
        if grace is False or kept.sent >= _TWICE:
            return False
        return grace is True or this_machine().time() < (kept.sent_at or 0.0) + grace

    def _living(self, kept: Tokens, error: RemoteError, *, may_live: bool) -> Tokens:
        """The access token while it lives, whatever became of its renewal. Raises the error else."""
        if not may_live or not kept.lives(this_machine().time()):
            raise error
        if error.message not in self._told:
            self._told.add(error.message)
            LOG.warning("the access token is used up to its end: %s", error.message)
        return kept

    # --- what is kept ------------------------------------------------------------------------------------------

    def _keep_known(self, tokens: Tokens) -> Tokens:
        for secret in filter(None, (tokens.access, tokens.refresh)):
            self.secrets.add(secret)
            self.client.learn(secret)
        self._known = tokens
        if (ending := self.ending(tokens)) is not None:
            watched().endings[self.client.target, SIGN_IN] = ending
        return tokens

    def _newest(self, note: Note) -> Tokens | None:
        """What is kept; in its place what this process alone has, while nobody has kept anything since."""
        kept, known = self._bound(note.read()), self._known
        if kept is not None and known is not None and known.generation > kept.generation:
            return self._entrusted(note, known)
        return kept

    def _entrusted(self, note: Note, tokens: Tokens) -> Tokens:
        """Keep what the server gives nobody a second time; where that fails, this process goes on with it."""
        for _ in range(_TWICE):
            try:
                return self._stored(note, tokens)
            except PleoctlError as error:
                lost = error.findings[0]
        words = "%s: renewed tokens cannot be kept, `%s` is needed after this run: %s"
        LOG.warning(words, self.client.service, self.client.login, lost)
        return tokens

    @staticmethod
    def _stored(note: Note, tokens: Tokens) -> Tokens:
        note.write(tokens.encoded())
        return tokens

    def _blank(self) -> Tokens:
        client = self.client
        return Tokens(issuer=client.issuer, client=client.oauth.client_id, audience=client.audience)

    def _bound(self, content: bytes) -> Tokens | None:
        """The tokens, if they are this client's. Raises `Refused` for others, `InvalidFile`."""
        kept, own = decoded(content, self.vault.place), self._blank()
        if kept is None or (kept.issuer, kept.client, kept.audience) == (own.issuer, own.client, own.audience):
            return kept
        words = f"the tokens in {self.vault.place} are of {kept.issuer}, for another client or server"
        raise Refused(words, hint="name a file of its own in tokens, or take that one away")
