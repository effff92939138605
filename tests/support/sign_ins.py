"""A person who signs in by pasting, and what a test does with the tokens that are kept."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from auth_server import kept

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from auth_server import AuthServer
    from shapes import Value
    from tests.conftest import Cli


class Typed:
    """A standard input whose line is known only once the address was shown."""

    def __init__(self, server: AuthServer, capsys: pytest.CaptureFixture[str], **changed: str | None) -> None:
        self._server, self._capsys, self._changed = server, capsys, changed

    def readline(self, _size: int = -1) -> str:
        """The address that the browser ended at."""
        found = re.search(r"http\S+/authorize\?\S+", self._capsys.readouterr().err)
        assert found is not None
        return self._server.agree(found[0], **self._changed) + "\n"


def read(cli: Cli) -> Value:
    """One read of the books."""
    return cli("source", "check", "--offline", "--debug")


def token_file(state: Path) -> Path:
    """The one token file of a user's state folder."""
    (found,) = (state / "tokens").glob("*.json")
    return found


def age(path: Path, seconds: float) -> None:
    """Let a kept token be so many seconds older."""
    data = kept(path.read_text())
    data["issued"] -= seconds
    data["expires"] -= seconds
    path.write_text("{\n" + ",\n".join(f' "{key}": {_json(value)}' for key, value in data.items()) + "\n}\n")


def _json(value: object) -> str:
    return json.dumps(value)
