"""Requests and answers as they go over the wire, with or without one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.sandbox.paging import Query

JSON_TYPE: Final = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrives: the path and the query string as they were sent, header names in any case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)

    @property
    def says_json(self) -> bool:
        """Whether its Content-Type is JSON."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower() == "application/json"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request whose path was found among the operations; ``path`` is decoded."""

    method: str
    path: str
    query_string: str
    query: Query
    authorization: str | None
    says_json: bool
    body: bytes
    host: str
    path_values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request, path_values: Mapping[str, str]) -> Arrival:
        """The request with the values that its path holds."""
        return cls(
            method=request.method,
            path=unquote(request.path),
            query_string=request.query,
            query=parse_qs(request.query, keep_blank_values=True),
            authorization=request.header("authorization"),
            says_json=request.says_json,
            body=request.body,
            host=request.header("host") or "127.0.0.1",
            path_values=path_values,
        )

    @property
    def form(self) -> dict[str, str]:
        """The fields of a body that is a form; of one that is given twice, the first."""
        fields = parse_qs(self.body.decode(errors="replace"), keep_blank_values=True)
        return {name: values[0] for name, values in fields.items()}

    @property
    def target(self) -> str:
        """Path and query, as the log shows them."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a status, bytes, and headers by their lower-case names."""

    status: int
    content: bytes
    headers: dict[str, str]


class Dropped(Exception):
    """No answer at all: the connection breaks; ``committed`` says whether the call was carried out before."""

    def __init__(self, *, committed: bool) -> None:
        super().__init__("the connection breaks without an answer")
        self.committed = committed


def encode(body: Any) -> bytes:
    """JSON as UTF-8 without blanks. Raises `ValueError` for what JSON or UTF-8 cannot say."""
    return _ENCODER.encode(body).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
