from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Json, Value

TEN = Seed(accounts=[{"externalId": f"{n}", "name": "even" if n % 2 == 0 else "odd"} for n in range(10)])


@pytest.fixture(autouse=True)
def _ten_accounts(client: Client) -> None:
    client.pleo.reset(TEN)


def test_pages_follow_their_cursors_forwards(client: Client) -> None:
    """Going on after endCursor walks through every row once and ends with hasNextPage false."""
    assert _walk(client, limit=3) == [["0", "1", "2"], ["3", "4", "5"], ["6", "7", "8"], ["9"]]
    assert _walk(client, limit=5) == [["0", "1", "2", "3", "4"], ["5", "6", "7", "8", "9"]]


def test_pages_follow_their_cursors_backwards(client: Client) -> None:
    """Asking before startCursor gives the page just before, in the same order."""
    last = client.search({"limit": 3, "offset": 7}).json()["pagination"]
    page = client.search({"limit": 3, "before": last["startCursor"]}).json()
    assert _ids(page) == ["4", "5", "6"]
    assert (page["pagination"]["hasPreviousPage"], page["pagination"]["hasNextPage"]) == (True, True)
    first = client.search({"limit": 9, "before": page["pagination"]["startCursor"]}).json()
    assert _ids(first) == ["0", "1", "2", "3"]
    assert first["pagination"]["hasPreviousPage"] is False


def test_the_page_info_has_the_published_fields(client: Client) -> None:
    """The current request is echoed with all its parameters as lists; cursors keep to the pattern."""
    start = client.search({"limit": 2}).json()["pagination"]["endCursor"]
    info = client.search({"limit": 2, "after": start}).json()["pagination"]
    assert info["currentRequestPagination"] == {
        "parameters": {"limit": ["2"], "after": [start]},
        "after": start,
        "limit": 2,
    }
    assert (info["total"], info["hasNextPage"], info["hasPreviousPage"]) == (10, True, True)
    assert all(re.fullmatch("^[A-Z2-7=~]+$", info[name]) for name in ("startCursor", "endCursor"))


def test_rows_that_come_and_go_do_not_shift_pages(client: Client) -> None:
    """A cursor stands at its row, even when rows before it or the row itself are deleted."""
    cursor = client.search({"limit": 4}).json()["pagination"]["endCursor"]
    for external_id in ("0", "3"):
        client.call("DELETE", f"/v1/chart-of-accounts/{client.id_of('accounts', externalId=external_id)}")
    client.account("new")
    page = client.search({"limit": 4, "after": cursor}).json()
    assert _ids(page) == ["4", "5", "6", "7"]
    assert page["pagination"]["total"] == 9


@pytest.mark.parametrize(
    ("keys", "orders", "ids"),
    [
        (["name"], ["ASC"], ["0", "2", "4", "6", "8", "1", "3", "5", "7", "9"]),
        (["name", "externalId"], ["DESC", "DESC"], ["9", "7", "5", "3", "1", "8", "6", "4", "2", "0"]),
        (["name", "externalId"], ["ASC", "DESC"], ["8", "6", "4", "2", "0", "9", "7", "5", "3", "1"]),
    ],
)
def test_sorted_pages_walk_through_every_row(client: Client, keys: Value, orders: Value, ids: list[str]) -> None:
    """Cursors work in any order, over rows that are equal in the sorting keys."""
    pages = _walk(client, limit=3, sorting_keys=keys, sorting_order=orders)
    assert [external_id for page in pages for external_id in page] == ids


def test_nulls_sort_last_unless_told_otherwise(client: Client) -> None:
    """ASC puts rows without a code last; ASC_NULLS_FIRST puts them first."""
    client.account("coded", code="1")
    assert _walk(client, limit=100, sorting_keys=["code"])[0][0] == "coded"
    assert _walk(client, limit=4, sorting_keys=["code"], sorting_order=["ASC_NULLS_FIRST"])[-1][-1] == "coded"


def test_page_sizes_are_settings(client: Client) -> None:
    """Default size, largest size, and what a larger limit does."""
    client.behave(default_page_size=4, max_page_size=5)
    assert len(client.search().json()["data"]) == 4
    assert client.search({"limit": 6}).status_code == 400
    client.behave(max_page_size=5, over_limit="cut")
    cut = client.search({"limit": 6}).json()
    assert (len(cut["data"]), cut["pagination"]["currentRequestPagination"]["limit"]) == (5, 5)
    client.behave(max_page_size=None)
    assert len(client.search({"limit": 10_000}).json()["data"]) == 10


def test_totals_may_be_left_out(client: Client) -> None:
    """The contract makes total optional."""
    client.behave(totals=False)
    assert "total" not in client.search().json()["pagination"]


def test_totals_count_what_the_filter_finds(client: Client) -> None:
    """The total is of the whole filtered list, also after a write."""
    assert client.search({"limit": 1}, name="even").json()["pagination"]["total"] == 5
    client.account("new", name="even")
    assert client.search({"limit": 1}, name="even").json()["pagination"]["total"] == 6


def test_an_empty_list_has_no_cursors(client: Client) -> None:
    """A page without rows says so and leads nowhere."""
    info = client.search(externalId="none").json()["pagination"]
    assert (info["hasNextPage"], info["hasPreviousPage"], info["total"]) == (False, False, 0)
    assert not {"startCursor", "endCursor"} & set(info)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "MFRGG===", "before": "MFRGG==="}, "before"),
        ({"after": "MFRGG===", "offset": 0}, "after"),
        ({"after": "lower"}, "after"),
        ({"after": "MFRGG==="}, "after"),
        ({"after": "A"}, "after"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"offset": -1}, "offset"),
        ({"sorting_keys": "colour"}, "sorting_keys"),
        ({"sorting_order": "ASC"}, "sorting_order"),
        ({"sorting_keys": "name", "sorting_order": "UP"}, "sorting_order"),
        ({"limit": [1, 2]}, "limit"),
    ],
)
def test_wrong_paging_parameters_are_named(client: Client, query: Json, field: str) -> None:
    """Parameters that exclude each other, foreign cursors and senseless numbers are 400."""
    answer = client.search(query)
    assert answer.status_code == 400
    assert answer.json()["type"] == "PARAMETER_VALIDATION_FAILED"
    assert field in answer.json()["message"]


def test_a_cursor_belongs_to_its_list(client: Client) -> None:
    """A cursor of accounts is refused by a search for tags."""
    cursor = client.search({"limit": 1}).json()["pagination"]["endCursor"]
    assert client.tags({"after": cursor}).status_code == 400


def _walk(client: Client, **query: Value) -> list[list[str]]:
    pages, more = [], dict(query)
    while True:
        page = client.search(more).json()
        pages.append(_ids(page))
        if not page["pagination"]["hasNextPage"]:
            return pages
        more["after"] = page["pagination"]["endCursor"]


def _ids(page: Json) -> list[str]:
    return [account["externalId"] for account in page["data"]]
