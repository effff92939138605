"""Secrets of a source: references only, never Pleo's own, never in a message.

The workspace file comes from a branch that anyone may have pushed, and a source names its own server. So the secret
that ``pleo.auth`` names, or one that is the same text, is never handed to a source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from pleoctl.errors import Finding, PleoctlError, Refused
from pleoctl.remote.auth import Auth, basic, bearer, in_headers
from pleoctl.workspace.secrets import Allowed

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.documents.document import Document
    from pleoctl.workspace.secrets import Origin, Secret

# Variables with these beginnings are Pleo's or pleoctl's own, whatever the workspace's own pleo.auth says.
OWN_VARIABLES: Final = ("env:PLEO_", "env:PLEOCTL_")
# What decides where a request goes or where it ends: a branch that set these could lead a secret past its host.
ROUTING_HEADERS: Final = frozenset(
    {
        "host",
        "forwarded",
        "x-forwarded-host",
        "x-original-url",
        "x-rewrite-url",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "proxy-connection",
        "keep-alive",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    }
)
_URL_PASSWORD: Final = re.compile(r"://[^/@]*?:([^@]*)@")
_SHORTEST: Final = 4
#: Locales whose only letters are those of ASCII.
_ASCII: Final = {"C", "POSIX"}
_OWN: Final = "a source may not use Pleo's own credential"
_OWN_HINT: Final = "give the accounting system a secret of its own"


class Credentials:
    """Resolves the references of one source and remembers the values, to keep them out of messages."""

    def __init__(self, root: Path, own: Secret, document: Document, section: str) -> None:
        """``own`` is Pleo's secret, which no source gets; ``document`` says where a reference of ``section`` stands."""
        self._root, self._own, self._document = root, own, document
        self.section = section
        self._known: set[str] = set()

    def reveal(self, reference: str, *key: str) -> str:
        """The secret behind a reference at ``key`` of the workspace. Raises `PleoctlError`; `Refused` for Pleo's."""
        self.require_not_pleos(reference, *key)
        secret = self._secret(reference, key)
        value = secret.reveal()
        if secret.kind != "cmd" and value == _quietly(self._own):
            raise self._refused(key)
        self.remember(value)
        return value

    def check(self, reference: str, *key: str) -> None:
        """Raise what `reveal` raises because of where a reference leads, as `Secret.check` does."""
        self._secret(reference, key).check()

    def require_not_pleos(self, reference: str, *key: str) -> None:
        """Raise `Refused` for a reference to Pleo's own credential."""
        # What one of several companies may see was given to it on purpose, and by its form begins like Pleo's.
        like_pleos = reference.startswith(OWN_VARIABLES) and not isinstance(self._own.environ, Allowed)
        if reference == self._own.reference or like_pleos:
            raise self._refused(key)

    def _secret(self, reference: str, key: tuple[str, ...]) -> Secret:
        return self._own.beside(reference, self._document.place(key))

    def origin(self, reference: str) -> Origin:
        """Who vouches for what is behind a reference. Raises `Refused`."""
        return self._own.beside(reference).origin

    def remember(self, value: str) -> None:
        """Keep a text, and the password of a url, out of messages from now on."""
        passwords = _URL_PASSWORD.findall(value)
        for one in (value, *passwords, *map(unquote, passwords)):
            if len(one) >= _SHORTEST:
                self._known.add(one)

    def redact(self, text: str) -> str:
        """The text without any secret of this source."""
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def authorise(self, auth: dict[str, Any]) -> Auth:
        """What ``bearer``, ``basic`` or ``headers`` put on requests; the secrets are resolved here, once."""
        made = self._auth(auth)
        for secret in made.secrets:
            self.remember(secret)
        return made

    def _auth(self, auth: dict[str, Any]) -> Auth:
        if "bearer" in auth:
            return bearer(self.reveal(auth["bearer"], self.section, "auth", "bearer"))
        if "basic" in auth:
            user, password = (
                self.reveal(auth["basic"][part], self.section, "auth", "basic", part) for part in ("user", "password")
            )
            return basic(user, password)
        given = auth.get("headers", {})
        for name in given:
            if name.lower() in ROUTING_HEADERS:
                raise self._refused(
                    (self.section, "auth", "headers", name),
                    f"auth must not set the header {name}",
                    f"{self.section}.baseUrl alone says where requests go",
                )
        return in_headers(
            {n: self.reveal(reference, self.section, "auth", "headers", n) for n, reference in given.items()}
        )

    def _refused(self, key: tuple[str, ...], words: str = _OWN, hint: str = _OWN_HINT) -> Refused:
        return Refused(words, findings=[self._placed(Finding(Refused.code, words, hint=hint), key)])

    def _placed(self, finding: Finding, key: tuple[str, ...]) -> Finding:
        return self._document.finding(key, finding.code, finding.message, hint=finding.hint)


def child_environment(own: Secret) -> dict[str, str]:
    """The environment for a program that a source runs: without the variable that holds Pleo's credential.

    Names that begin like Pleo's are left out as well, but not those that one of several companies was given on purpose.
    """
    given = isinstance(own.environ, Allowed)
    made = {
        name: value
        for name, value in own.environ.items()
        if name != own.variable and (given or not name.startswith("PLEO_"))
    }
    # What programs print is read as UTF-8, as what they read is written; hledger ends at the first letter otherwise.
    return made if made.get("LC_ALL") not in _ASCII else made | {"LC_ALL": "C.UTF-8"}


def _quietly(secret: Secret) -> str | None:
    """Pleo's secret where it is at hand; an export may run without it. A command is not run for this."""
    if secret.kind == "cmd":
        return None
    try:
        return secret.reveal()
    except PleoctlError:
        return None
