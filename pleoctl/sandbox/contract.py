"""The published contract of requests as data: `contract.yaml`, read into types."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml

from pleoctl.sandbox.typed import Document

FILE: Final = Path(__file__).with_name("contract.yaml")
Type = Literal[
    "text", "flag", "number", "uuid", "object", "texts", "list", "cursor", "count", "positive", "order", "moment"
]


class Field(Document, frozen=True, kw_only=True):
    """What one field of a body, or one query parameter, must be; the file's own head says what each key means."""

    type: Type
    required: bool = False
    nullable: bool = False
    least: int = 0
    most: int | None = None
    unique: bool = False
    items: Field | None = None
    fields: Fields | None = None
    tolerated: bool = False
    length_tolerated: bool = False
    values: list[str] | None = None


Fields = dict[str, Field]


class Operation(Document, frozen=True, kw_only=True):
    """One operation: how it is called, what it needs, what it may be given."""

    id: str
    method: str
    path: str
    scope: str | None = None
    writes: bool = False
    query: Fields = msgspec.field(default_factory=dict)
    body: Fields | None = None
    optional_body: bool = False
    batch: Fields | None = None
    public: bool = False
    signs_in: bool = False

    @property
    def name(self) -> str:
        """The operation as statistics name it."""
        return f"{self.method} {self.path}"

    @property
    def paged(self) -> bool:
        """Whether it answers with a page."""
        return {"before", "after", "offset", "limit"} <= self.query.keys()


class Contract(Document, frozen=True, kw_only=True):
    """The whole file; ``definitions`` are what its operations refer to."""

    definitions: dict[str, Any]
    operations: list[Operation]


@cache
def published() -> dict[str, Operation]:
    """All published operations that the sandbox serves, by their id, in the order in which a path finds them."""
    data = yaml.load(FILE.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return {operation.id: operation for operation in msgspec.convert(data, Contract).operations}
