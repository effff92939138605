from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Value

NEW = {"code": "9", "taxCodeExternalId": "V6", "metadata": {"k": [1, {"deep": None}]}}


def test_create_answers_the_whole_account(client: Client) -> None:
    """A created account comes back with 201, every field and an id, and is stored."""
    answer = client.account("new", name="Ünïcode 😀", **NEW)
    account = answer.json()["data"]
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert account == {
        "id": account["id"],
        "companyId": client.pleo.company,
        "externalId": "new",
        "name": "Ünïcode 😀",
        "archived": False,
        **NEW,
    }
    assert client.found(externalId="new") == ["new"]


@pytest.mark.parametrize(
    ("setting", "name", "status"),
    [
        ("200-if-equal", "Cash", 200),
        ("200-if-equal", "Other", 409),
        (200, "Cash", 200),
        (200, "Other", 200),
        (409, "Cash", 409),
        (409, "Other", 409),
    ],
)
def test_creating_an_existing_account(client: Client, setting: Value, name: str, status: int) -> None:
    """What a taken externalId answers is a setting; the stored account never changes."""
    client.behave(account_create_existing=setting)
    before = client.pleo.state()
    answer = client.account("a-1", code="1000", name=name, metadata={"owner": {"id": 7}})
    assert answer.status_code == status
    assert client.pleo.state() == before
    if status == 200:
        assert answer.json()["data"]["name"] == "Cash"
    else:
        assert answer.json()["type"] == "CONFLICT"


def test_creates_at_the_same_time_make_one_account(client: Client) -> None:
    """However many clients create one externalId at once, one gets 201 and the others are told."""
    names = [f"name {n}" for n in range(12)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda name: client.account("same", name=name).status_code, names))
    assert sorted(made) == [201] + [409] * 11
    assert client.found(externalId="same") == ["same"]


def test_external_ids_are_compared_byte_for_byte(client: Client) -> None:
    """Ids that differ in case, blanks or normal form are different accounts."""
    for external_id in ("A-1", "a-1 ", "é", "e\u0301"):
        assert client.account(external_id).status_code == 201


@pytest.mark.parametrize("empty", ["accept", "refuse"])
def test_an_empty_name_is_a_setting(client: Client, empty: str) -> None:
    """The schema lets a single create have an empty name, so whether Pleo does is a setting."""
    client.behave(account_empty_name=empty)
    assert client.account("new", name="").status_code == (201 if empty == "accept" else 400)


def test_batch_keeps_good_items_and_names_bad_ones(client: Client) -> None:
    """A batch answers 201 with both lists; each bad item is repeated with all its reasons."""
    long = "x" * 256
    items = [
        {"externalId": "n-1"},
        {"externalId": "a-1"},
        {"externalId": ""},
        {"externalId": long},
        {"externalId": "n-2", "name": "", "code": long},
        {"externalId": "n-3", "name": long},
        {"externalId": "n-1"},
    ]
    answer = client.batch(*items)
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert [account["externalId"] for account in data["created"]] == ["n-1"]
    assert [item["reasons"] for item in data["failed"]] == [
        ["EXTERNAL_ID_ALREADY_EXISTS"],
        ["EXTERNAL_ID_EMPTY"],
        ["EXTERNAL_ID_TOO_LONG"],
        ["NAME_EMPTY", "CODE_TOO_LONG"],
        ["NAME_TOO_LONG"],
        ["EXTERNAL_ID_ALREADY_EXISTS"],
    ]
    assert data["failed"][0]["request"] == {"externalId": "a-1", "archived": False, "name": "New"}


def test_batch_of_equal_accounts_may_be_matched(client: Client) -> None:
    """Under the setting a re-sent item counts as created, one that differs still fails."""
    client.behave(batch_existing="created-if-equal")
    assert client.batch({"externalId": "n"}).json()["data"]["failed"] == []
    again = client.batch({"externalId": "n"}, {"externalId": "a-1"}).json()["data"]
    assert [a["externalId"] for a in again["created"]] == ["n"]
    assert [f["request"]["externalId"] for f in again["failed"]] == ["a-1"]


def test_batch_may_refuse_duplicates_whole(client: Client) -> None:
    """Under the setting one externalId twice is a 400 that creates nothing."""
    client.behave(batch_duplicates="refuse")
    assert client.batch({"externalId": "n"}, {"externalId": "n"}).status_code == 400
    assert client.found(externalId="n") == []


def test_batch_order_is_a_setting(client: Client) -> None:
    """Answers may come in another order than the items."""
    client.behave(batch_order="reversed")
    created = client.batch({"externalId": "n-1"}, {"externalId": "n-2"}).json()["data"]["created"]
    assert [account["externalId"] for account in created] == ["n-2", "n-1"]


@pytest.mark.parametrize(("items", "status"), [(0, 400), (1, 201), (1000, 201), (1001, 400)])
def test_batch_size_is_bounded(client: Client, items: int, status: int) -> None:
    """1 to 1000 items; any other number is refused whole."""
    assert client.batch(*({"externalId": f"n-{n}"} for n in range(items))).status_code == status


def test_search_filters_all_hold_together(client: Client) -> None:
    """Each published filter narrows the result."""
    assert client.found() == ["a-1", "a-2", "a-3", "a-4"]
    assert client.found(archived=True) == ["a-2"]
    assert client.found(archived=False, codes=["2000", "1000"]) == ["a-1", "a-4"]
    assert client.found(codes=["1000", None]) == ["a-1", "a-3"]
    assert client.found(code="2000") == ["a-2", "a-4"]
    assert client.found(externalId="a-3") == ["a-3"]
    assert client.found(name="ÖVER") == ["a-2"]
    assert client.found(excludeIfAssignedToCategory=True) == ["a-1", "a-2", "a-4"]
    assert client.found(excludeIfAssignedToContraAccount=True) == ["a-1", "a-2", "a-3"]
    ids = [client.id_of("accounts", externalId=i).upper() for i in ("a-4", "a-1")]
    assert client.found(ids=ids) == ["a-1", "a-4"]


def test_search_without_archived_is_a_setting(client: Client) -> None:
    """The default of the nullable filter is unpublished."""
    client.behave(account_archived_default="active")
    assert client.found() == client.found(archived=None) == ["a-1", "a-3", "a-4"]


def test_a_put_changes_what_it_names(client: Client) -> None:
    """PUT renames, archives and keeps metadata that is sent back."""
    body = {"archived": True, "name": "Bank", "code": None, "metadata": {"a": 1}, "taxCodeExternalId": "V0"}
    answer = client.call("PUT", _path(client, "a-1"), body)
    assert answer.status_code == 200
    assert {k: v for k, v in answer.json()["data"].items() if k in body} == body


@pytest.mark.parametrize(("setting", "kept"), [("keep", ["1000", {"owner": {"id": 7}}]), ("clear", [None, None])])
def test_a_put_without_optional_fields_is_a_setting(client: Client, setting: str, kept: list[Value]) -> None:
    """An omitted field is kept or cleared."""
    client.behave(put_omitted=setting)
    data = client.call("PUT", _path(client, "a-1"), {"archived": False, "name": "Bank"}).json()["data"]
    assert [data["code"], data["metadata"]] == kept


def test_fields_of_other_clients_survive(client: Client) -> None:
    """What the contract does not know stays on a record through a PUT."""
    client.call("PUT", _path(client, "a-4"), {"archived": False, "name": "Renamed"})
    assert client.call("GET", _path(client, "a-4")).json()["data"]["kind"] == "asset"


def test_tax_codes_may_be_checked(client: Client) -> None:
    """With known tax codes any other one is a 400, and OTHER in a batch."""
    client.behave(validate_tax_codes=("V25",))
    assert client.account("n-1", taxCodeExternalId="V25").status_code == 201
    assert client.account("n-2", taxCodeExternalId="V6").status_code == 400
    put = {"archived": False, "name": "x", "taxCodeExternalId": "V6"}
    assert client.call("PUT", _path(client, "a-1"), put).status_code == 400
    failed = client.batch({"externalId": "n-3", "taxCodeExternalId": "V6"}).json()["data"]["failed"]
    assert failed[0]["reasons"] == ["OTHER"]


def test_delete_spares_accounts_in_use(client: Client) -> None:
    """204 removes an account, 409 keeps one with accounting entries, and both are counted."""
    assert client.call("DELETE", _path(client, "a-3")).status_code == 409
    assert client.call("DELETE", _path(client, "a-1")).status_code == 204
    assert client.found() == ["a-2", "a-3", "a-4"]
    assert client.pleo.stats()["deletes"] == 2


def test_nulls_may_be_left_out(client: Client) -> None:
    """Answers with absent fields instead of null are a setting."""
    client.behave(omit_nulls=True)
    data = client.call("GET", _path(client, "a-3")).json()["data"]
    assert set(data) == {"id", "companyId", "externalId", "name", "archived"}


def test_an_unknown_account_is_404(client: Client) -> None:
    """An id that does not exist answers in the shape of an error."""
    answer = client.call("GET", "/v1/chart-of-accounts/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert set(answer.json()) == {"type", "message"}


def test_another_company_is_out_of_reach(client: Client) -> None:
    """Writing to another company is 403; reading it is 403 or empty, as the setting says."""
    other = "00000000-0000-4000-8000-000000000000"
    assert client.account("new", companyId=other).status_code == 403
    assert client.search(companyId=other).status_code == 403
    client.behave(wrong_company="empty")
    assert client.search(companyId=other).json()["data"] == []
    assert client.account("new", companyId=other).status_code == 403


def _path(client: Client, external_id: str) -> str:
    return f"/v1/chart-of-accounts/{client.id_of('accounts', externalId=external_id)}"
