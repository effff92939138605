"""Accounting systems → desired rows. Third parties add a source by the entry point group ``pleoctl.sources``.

The names below are what they need. Each is loaded once it is asked for: who only looks at a workspace's references to
secrets does not wait for all that reads books.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pleoctl.sources.base import Source, SourceRow, Table
    from pleoctl.sources.context import Context
    from pleoctl.sources.export import Export, export_state, read_source
    from pleoctl.sources.opening import open_source

__all__ = ["Context", "Export", "Source", "SourceRow", "Table", "export_state", "open_source", "read_source"]
_ROOMS: Final = {
    **dict.fromkeys(("Source", "SourceRow", "Table"), "base"),
    **dict.fromkeys(("Export", "export_state", "read_source"), "export"),
    "Context": "context",
    "open_source": "opening",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
