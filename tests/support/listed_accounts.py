"""A list of accounts behind an API, page by page."""

from fake_books import Call, FakeServer, Reply
from shapes import Json, Value

ROWS = [{"id": n, "name": f"Account {n}"} for n in range(1, 1051)]


FIELDS = {"externalId": "string(id)", "name": "name"}


def accounts(server: FakeServer, paginate: Json, **more: Value) -> Json:
    """A source section for a list of accounts below ``rows``."""
    shape = {"path": "/accounts", "paginate": paginate, "records": "rows", "fields": FIELDS, **more}
    return {"type": "http", "baseUrl": server.url, "accounts": shape}


def by_offset(call: Call) -> Reply:
    """At most 70 rows, whatever is asked for."""
    start = int(call.query["offset"])
    return Reply({"rows": ROWS[start : start + 70]})


OFFSET = {"type": "offset", "size": 500}
