"""Requests and answers as they go over the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pleoctl.sandbox.paging import Query

JSON_TYPE: Final = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came over the wire."""

    method: str
    path: str
    query_string: str
    query: Query
    authorization: str | None
    content_type: str
    body: bytes
    path_values: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Path and query, as the log shows them."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes over the wire: a status, headers and bytes."""

    status: int
    content: bytes
    headers: dict[str, str]


def encode(body: Any) -> bytes:
    """JSON as UTF-8 without blanks. Raises `ValueError` for what JSON or UTF-8 cannot say."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
