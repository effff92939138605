"""A company of a fleet: its workspace, which sees neither another's files nor another's secrets.

Every company stands in a folder of its own, none below another's, and all paths of a workspace stay below its folder.
Of the environment its references lead to what `fleet.yaml` allows it; its programs see `HARMLESS` as well.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Refused
from pleoctl.place import Place
from pleoctl.workspace import Workspace
from pleoctl.workspace.secrets import Allowed
from pleoctl.workspace.trust import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Self

    from pleoctl.workspace.secrets import Secret

FORM: Final = "PLEO_FLEET_"
#: Where programs and certificates are, what people speak, how the network is reached.
HARMLESS: Final = frozenset(
    {
        "PATH",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SYSTEMROOT",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        *(name for proxy in ("http", "https", "all", "no") for name in (f"{proxy}_proxy", f"{proxy}_proxy".upper())),
        HOSTS,
    }
)


class MemberWorkspace(Workspace):
    """A company's workspace; where it names no ``state`` of its own, the fleet's database is its state."""

    def __init__(self, file: Path, environ: Mapping[str, str], database: Secret | None) -> None:
        """Load ``file``. Raises `InvalidFile`."""
        super().__init__(file, environ)
        self._database = database

    def again(self) -> Self:
        """See `Workspace.again`."""
        return type(self)(self.file, self.environ, self._database)

    @property
    def state(self) -> Secret | None:
        """See `Workspace.state`."""
        return super().state or self._database

    @property
    def state_is_shared(self) -> bool:
        """Whether its state is the fleet's database."""
        return self._database is not None and super().state is None


@dataclass(frozen=True, slots=True)
class Company:
    """Where a company's workspace file is, beside `fleet.yaml` (``path``), and which variables it may see.

    ``env`` None: those that begin with its folder's form.
    """

    file: Path
    path: str
    env: tuple[str, ...] | None = None

    @property
    def form(self) -> str | None:
        """How the variables begin that it may see; None where they are named one by one."""
        return None if self.env is not None else f"{FORM}{form_of(self.file.parent.name)}__"

    def allowed(self, environ: Mapping[str, str], shared: Iterable[str]) -> Allowed:
        """What it sees of an environment."""
        named, form = {*shared, *(self.env or ())}, self.form
        seen = {*HARMLESS, *named}
        return Allowed(
            {
                name: value
                for name, value in environ.items()
                if name in seen or (form is not None and name.startswith(form))
            },
            named,
            form,
        )

    def open(self, environ: Mapping[str, str], shared: Iterable[str], database: Secret | None) -> MemberWorkspace:
        """Its workspace. Raises `InvalidFile`; `Refused` where the file is a link out of its folder, or a pipe."""
        self._require_plain()
        return MemberWorkspace(self.file, self.allowed(environ, shared), database)

    def _require_plain(self) -> None:
        """Raise `Refused` as `open` does."""
        with suppress(OSError):
            if S_ISREG(self.file.lstat().st_mode):
                return
        if self.file.exists() and not (self.file.is_file() or self.file.is_dir()):
            raise Refused("is no file that ends", place=Place(self.path), hint="let it be a plain file")
        if self.file.exists() and self.file.resolve().parent != self.file.parent.resolve():
            raise Refused("leads outside the company's folder", place=Place(self.path), hint="let it be a plain file")


def form_of(folder: str) -> str:
    """A folder's name as variables spell it."""
    return re.sub(r"[^A-Z0-9]", "_", folder.upper())
