"""Accounting systems → desired rows. Third parties add a source by the entry point group ``pleoctl.sources``."""

from pleoctl.sources.base import Source, SourceRow, Table, open_source
from pleoctl.sources.export import Export, export_state, read_source

__all__ = ["Export", "Source", "SourceRow", "Table", "export_state", "open_source", "read_source"]
