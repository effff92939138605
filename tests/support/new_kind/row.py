"""What `pleoctl.model.kinds` would hold of a made-up kind."""

from __future__ import annotations

from pleoctl.model.kind import Field, Kind

PROJECT = Kind(
    "project",
    "project",
    "projects",
    "externalId",
    fields=(
        Field("code", nullable=True),
        Field("name", longest=20),
        Field("manager", nullable=True, optional=True),
    ),
    waves={"create": 50, "unarchive": 51, "update": 51, "archive": 52},
    longest=20,
    says="The project's id.",
)
