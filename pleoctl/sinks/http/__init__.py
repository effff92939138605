"""The ``http`` sink: the JSON API of an accounting system, described as data."""
