"""The ``http`` source: any JSON API, described in the workspace or by a preset (extra: ``pleoctl[http]``)."""
