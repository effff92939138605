"""The ``http`` source: any JSON API, described in the workspace or by a preset (extra: ``pleoctl[http]``)."""

from pleoctl.sources.http.source import HttpSource

__all__ = ["HttpSource"]
