"""A client of a workspace's company for a block; who only shows help imports nothing for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from pleoctl.pleo.reader import PleoReader
    from pleoctl.workspace import Workspace

    R = TypeVar("R", bound=PleoReader)


@contextmanager
def connected(workspace: Workspace, kind: type[R], stop: threading.Event | None = None) -> Iterator[R]:
    """A reader or writer that is closed afterwards."""
    from pleoctl.pleo.connect import connect

    client = connect(workspace, kind, stop=stop)
    try:
        yield client
    finally:
        client.close()
