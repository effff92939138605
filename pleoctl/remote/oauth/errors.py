"""How asking for tokens can end other than well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.remote.errors import Unauthorised

if TYPE_CHECKING:
    from pleoctl.remote.oauth.client import Client

_DENIED: Final = 401


class SignedOut(Unauthorised):
    """There are no tokens, or none that the server honours: only a person, or the right secret, can mend it (N8)."""

    code = "signed-out"

    def __init__(self, client: Client, why: str, cure: str | None = None) -> None:
        """``why`` follows the service's name; ``cure`` None names `login`.

        The cure stands in the sentence itself, for receipts and plug-ins hand on nothing else.
        """
        super().__init__(f"{client.service}: {why}: {cure or f'run `{client.login}`'}", _DENIED)
