"""What the handler of an operation gets and gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.sandbox.auth import unauthorized
from pleoctl.sandbox.errors import ApiError, Record, not_found
from pleoctl.sandbox.paging import fetch_page, read_page_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.sandbox.auth import Credential
    from pleoctl.sandbox.contract import Operation
    from pleoctl.sandbox.paging import Query
    from pleoctl.sandbox.settings import Settings
    from pleoctl.sandbox.store import Filter, Store, Table
    from pleoctl.sandbox.surroundings import Strikes, Surroundings


class File(NamedTuple):
    """What is answered where it is not JSON: bytes and their media type."""

    content: bytes
    type: str


@dataclass(slots=True)
class Answer:
    """An HTTP status with a JSON body, a file, or neither, and headers of its own."""

    status: int
    body: Record | None = None
    file: File | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, data: Any, status: int = 200) -> Answer:
        """What Pleo wraps in ``data``: a record, or several."""
        return cls(status, {"data": data})


@dataclass(frozen=True, slots=True)
class Call:
    """One validated request to one operation."""

    world: Surroundings
    operation: Operation
    path: Mapping[str, str]
    query: Query
    body: Any
    identified: Credential | None
    effects: Strikes
    host: str

    @property
    def credential(self) -> Credential:
        """Who calls. Raises the 401 where nobody was asked."""
        if self.identified is None:
            raise unauthorized("Credential is missing")
        return self.identified

    @property
    def settings(self) -> Settings:
        """The behaviour that is in force."""
        return self.world.settings

    @property
    def store(self) -> Store:
        """The state that writes and reads by id see."""
        return self.world.store

    def parameter(self, name: str) -> str | None:
        """A query parameter that is given once."""
        return self.query[name][0] if name in self.query else None

    def flag(self, name: str) -> bool | None:
        """A query parameter that is true or false."""
        text = self.parameter(name)
        return None if text is None else text == "true"

    def sees_company(self, company: str | None) -> bool:
        """Whether this company may be read: True, or False for "reads as empty". Raises the 403."""
        if company is None or company.lower() == self.world.company:
            return True
        if self.settings.wrong_company == "empty":
            return False
        raise foreign_company()

    def sees_owner(self) -> bool:
        """The same for the company or organisation of the query, where the company wins."""
        company, organization = self.parameter("company_id"), self.parameter("organization_id")
        if company is not None or organization is None or organization.lower() == self.world.organization:
            return self.sees_company(company)
        return self.sees_company(organization)

    def must_own(self, company: str | None) -> None:
        """Raise the 403 for a write to another company."""
        if company is not None and company.lower() != self.world.company:
            raise foreign_company()

    def insert(self, table: Table, fields: Record) -> Record:
        """A record that is made now."""
        moment = self.world.now()
        made = {"id": self.world.new_id(), "extra": {}, "createdAt": moment, "updatedAt": moment}
        return self.store.insert(table, made | fields)

    def update(self, table: Table, record: Record, fields: Record) -> Record:
        """A record that is changed now."""
        return self.store.update(table, record["id"], fields | {"updatedAt": self.world.now()})

    def need(self, table: Table, name: str, title: str) -> Record:
        """The record whose id the path has under a name. Raises the 404, which calls it by its title."""
        found = self.store.get(table, self.path[name])
        if found is None:
            raise not_found(f"{title} {self.path[name]}")
        return found

    def page(
        self,
        table: Table,
        where: Filter,
        sortable: Sequence[str],
        render: Callable[[Record], Record],
        order: Query | None = None,
    ) -> Answer:
        """One page of records as the client asked for it, in the given order if it asked for none."""
        query = self.query if order is None or "sorting_keys" in self.query else self.query | order
        request = read_page_request(query, self.settings, sortable, self.operation.path)
        if self.effects.of("shortPage"):
            request = dataclasses.replace(request, limit=max(1, request.limit // 2))
        rows, info = fetch_page(self.world.reader(table), table, where, request, self.settings)
        return Answer(200, {"data": [render(row) for row in rows], "pagination": info})

    def shown(self, record: Record) -> Record:
        """A record as answers show it: with or without fields that are null."""
        if not self.settings.omit_nulls:
            return record
        return {name: value for name, value in record.items() if value is not None}


Handler = Callable[[Call], Answer]


def foreign_company() -> ApiError:
    """The 403 for a company that the credential does not belong to."""
    return ApiError(403, "ACCESS_DENIED", "The credential does not belong to this company")
