from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Json, Value

LONG = "x" * 256
NIL = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"archived": None}, "archived"),
        ({"archived": "true"}, "archived"),
        ({"name": 7}, "name"),
        ({"name": LONG}, "name"),
        ({"code": LONG}, "code"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": LONG}, "externalId"),
        ({"companyId": "12"}, "companyId"),
        ({"metadata": []}, "metadata"),
        ({"taxCodeExternalId": 5}, "taxCodeExternalId"),
    ],
)
def test_a_wrong_field_is_named(client: Client, fields: Json, named: str) -> None:
    """400 names the field, nothing is stored, and the violation is on record."""
    before = client.pleo.state()
    answer = client.account("new", **fields)
    assert answer.status_code == 400
    assert named in answer.json()["message"]
    (violation,) = client.pleo.stats()["violations"]
    assert (violation["method"], violation["path"]) == ("POST", "/v1/chart-of-accounts")
    assert named in violation["message"]
    assert client.pleo.state() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "missing"),
    [
        ("POST", "/v1/chart-of-accounts", {}, ["companyId", "archived", "externalId", "name"]),
        ("POST", "/v1/chart-of-accounts/batch", {}, ["companyId", "items"]),
        ("PUT", f"/v1/chart-of-accounts/{NIL}", {}, ["archived", "name"]),
        ("POST", "/v1/chart-of-accounts:search", {}, ["companyId"]),
        ("POST", "/v0/tag-groups", {}, ["archived", "code", "name"]),
        ("PUT", f"/v0/tag-groups/{NIL}", {}, ["archived", "code", "name", "metadata"]),
        ("POST", f"/v0/tag-groups/{NIL}/tags", {}, ["archived", "code"]),
        ("PUT", f"/v0/tags/{NIL}", {}, ["archived", "code"]),
        ("POST", "/v0/tags/archive", {}, ["archived", "companyId", "tagIds"]),
    ],
)
def test_missing_fields_are_all_named(client: Client, method: str, path: str, body: Value, missing: list[str]) -> None:
    """One 400 names every required field that is missing."""
    answer = client.call(method, path, body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "; ".join(f"{name}: is required" for name in missing)


@pytest.mark.parametrize("length", [0, 255])
def test_lengths_are_counted_in_characters(client: Client, length: int) -> None:
    """255 characters pass, however many bytes they take."""
    assert client.account("é" * 255, name="😀" * length, code="ß" * length).status_code == 201
    assert client.pleo.stats()["violations"] == []


def test_absent_search_flags_are_tolerated_and_counted(client: Client) -> None:
    """The required flags have defaults, so the search goes on, but the breach is on record."""
    body = {"companyId": client.pleo.company}
    assert client.call("POST", "/v1/chart-of-accounts:search", body).status_code == 200
    assert len(client.pleo.stats()["violations"]) == 2


@pytest.mark.parametrize(("setting", "status"), [("ignore", 200), ("refuse", 400)])
def test_unknown_fields_are_a_setting(client: Client, setting: str, status: int) -> None:
    """Unknown fields and query parameters are passed over or refused, and counted either way."""
    client.behave(unknown_fields=setting)
    assert client.search(includeArchived=True).status_code == status
    assert client.search({"companyId": NIL}).status_code == status
    assert [v["message"] for v in client.pleo.stats()["violations"]] == [
        "includeArchived: unknown field",
        "companyId: unknown query parameter",
    ]


def test_items_of_lists_are_named_by_position(client: Client) -> None:
    """A wrong item of a batch refuses the whole call and says which item it is."""
    answer = client.batch({"externalId": "n-1"}, {"externalId": 2})
    assert answer.json()["message"] == "items[1].externalId: must be text"
    ids = client.search(ids=[NIL, "x"])
    assert ids.json()["message"] == "ids[1]: must be a UUID"
    assert "twice" in client.search(ids=[NIL, NIL]).json()["message"]


def test_over_long_batch_items_break_the_contract_and_get_reasons(client: Client) -> None:
    """The schema bounds them and the answer has reasons for them: counted, and answered item by item."""
    assert client.batch({"externalId": LONG}).status_code == 201
    assert "items[0].externalId" in client.pleo.stats()["violations"][0]["message"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'"x"', b"null", b"\xff", b"[" * 100_000, b'{"name": "\\ud800"}', b'{"a": NaN}'],
)
def test_an_unreadable_body_is_refused(client: Client, content: bytes) -> None:
    """What is not a JSON object in UTF-8 is 400, never a failure of the server."""
    url = f"{client.pleo.url}/v1/chart-of-accounts"
    headers = {"Content-Type": "application/json"}
    answer = client.session.post(url, data=content, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert set(answer.json()) == {"type", "message"}


def test_a_body_needs_its_media_type(client: Client) -> None:
    """JSON under another Content-Type is understood and counted as a violation; charset is fine."""
    url = f"{client.pleo.url}/v1/installations/me"
    for media in ("application/json;charset=UTF-8", "text/plain"):
        assert client.session.post(url, data=b"{}", headers={"Content-Type": media}, timeout=5).status_code == 200
    assert [v["message"] for v in client.pleo.stats()["violations"]] == ["Content-Type is not application/json"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chart-of-accounts"),
        ("PATCH", "/v0/tags:search"),
        ("GET", "/"),
        ("POST", "/v1/vendors/csv-import/jobs"),
        ("DELETE", "/v1/installations/me"),
        ("GET", "/v0/tag-groups/"),
        ("GET", "/_sandbox/unknown"),
    ],
)
def test_anything_else_is_404(client: Client, method: str, path: str) -> None:
    """Unknown paths and methods answer in the shape of an error and are counted as violations."""
    answer = client.call(method, path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"type", "message"}
    assert client.pleo.stats()["violations"][0]["path"] == path


@pytest.mark.parametrize("path", ["/v1/chart-of-accounts/1", "/v0/tags/x", "/v0/tag-groups/y/usage"])
def test_ids_in_paths_are_uuids(client: Client, path: str) -> None:
    """Any other id is 400 and a violation."""
    assert client.call("GET", path).status_code == 400
    assert len(client.pleo.stats()["violations"]) == 1


def test_group_metadata_holds_text_only(client: Client) -> None:
    """The contract lets the values of a group's metadata be text."""
    body = {"archived": False, "code": "X", "name": "X", "metadata": {"n": 1}}
    assert client.call("POST", "/v0/tag-groups", body).status_code == 400


def test_hostile_text_is_kept_to_the_character(client: Client) -> None:
    """Control characters, quotes and right-to-left marks come back as they were sent."""
    name = "a\x00b'\"\\\u202e</script>\r\n\ufeff"
    client.account("new", name=name)
    found = client.search(externalId="new").json()["data"][0]
    assert found["name"] == name


def test_a_key_and_a_token_see_the_same_company(client: Client) -> None:
    """What one credential wrote the other reads."""
    client.account("new")
    other = requests.get(
        f"{client.pleo.url}/v1/chart-of-accounts/{client.id_of('accounts', externalId='new')}",
        headers={"Authorization": f"Bearer {client.pleo.token}"},
        timeout=5,
    )
    assert other.json()["data"]["externalId"] == "new"
