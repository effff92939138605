"""A client that speaks plain HTTP to the sandbox, and a clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import requests

from pleoctl.sandbox import Settings

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value


class SetClock:
    """A clock that a test sets; sleeping moves it on."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def monotonic(self) -> float:
        """The seconds that were set."""
        return self.seconds

    def now(self) -> datetime:
        """As many seconds after the start of 2030."""
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """At once, but later."""
        self.seconds += seconds


class Client:
    """Plain HTTP with an API key; every helper gives the answer as it is."""

    def __init__(self, pleo: Sandbox) -> None:
        self.pleo = pleo
        self.session = requests.Session()
        self.session.auth = (pleo.api_key, "")

    def call(self, method: str, path: str, body: Value = None, **query: Value) -> requests.Response:
        """One request; a body is sent as JSON."""
        return self.session.request(method, self.pleo.url + path, json=body, params=query, timeout=10)

    def account(self, external_id: str, **fields: Value) -> requests.Response:
        """Create an account."""
        body = {"companyId": self.pleo.company, "externalId": external_id, "name": "New", "archived": False}
        return self.call("POST", "/v1/chart-of-accounts", body | fields)

    def batch(self, *items: Json) -> requests.Response:
        """Create several accounts; items need only what differs."""
        full = [{"archived": False, "name": "New"} | item for item in items]
        body = {"companyId": self.pleo.company, "items": full}
        return self.call("POST", "/v1/chart-of-accounts/batch", body)

    def search(self, query: Json | None = None, **filters: Value) -> requests.Response:
        """One page of accounts."""
        flags = {"excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}
        body = {"companyId": self.pleo.company} | flags | filters
        return self.call("POST", "/v1/chart-of-accounts:search", body, **(query or {}))

    def found(self, **filters: Value) -> list[str]:
        """The externalIds that a search finds, in order."""
        return [account["externalId"] for account in self.search(**filters).json()["data"]]

    def groups(self, **query: Value) -> list[Json]:
        """The tag group list."""
        answer: list[Json] = self.call("GET", "/v0/tag-groups", company_id=self.pleo.company, **query).json()["data"]
        return answer

    def tags(self, query: Json | None = None, **filters: Value) -> requests.Response:
        """One page of tags over all groups."""
        return self.call("POST", "/v0/tags:search", filters, company_id=self.pleo.company, **(query or {}))

    def id_of(self, kind: str, **fields: Value) -> str:
        """The id of the first stored record with these fields."""
        wanted = fields.items()
        return str(next(r["id"] for r in self.pleo.state()[kind] if wanted <= _flat(r).items()))

    def behave(self, **settings: Value) -> None:
        """Use these settings from now on."""
        self.pleo.use(Settings(**settings))


def _flat(record: Json) -> Json:
    return {name: value for name, value in record.items() if not isinstance(value, dict | list)}
