"""Accounting systems → desired rows. Third parties add a source by the entry point group ``pleoctl.sources``."""

from pleoctl.sources.base import Source, SourceRow, Table
from pleoctl.sources.context import Context
from pleoctl.sources.export import Export, export_state, read_source
from pleoctl.sources.opening import open_source

__all__ = ["Context", "Export", "Source", "SourceRow", "Table", "export_state", "open_source", "read_source"]
