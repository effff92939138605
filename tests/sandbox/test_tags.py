from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Json, Value

BODY = {"archived": False, "code": "NEW", "name": "New"}


def test_create_answers_the_tag(client: Client) -> None:
    """201 with id, group and timestamps; a tag without a name has none in the answer."""
    answer = client.call("POST", _group_tags(client), {"archived": False, "code": "NEW"})
    tag = answer.json()["data"]
    assert answer.status_code == 201
    assert set(tag) == {"id", "groupId", "code", "archived", "createdAt", "updatedAt"}
    assert client.call("GET", f"/v0/tags/{tag['id']}").json()["data"] == tag


@pytest.mark.parametrize(
    ("settings", "code", "status"),
    [
        ({}, "OPS", 409),
        ({}, "ops", 409),
        ({}, "P1", 201),
        ({}, "OLD", 409),
        ({}, "STRASSE", 409),
        ({"tag_conflict_ignores_case": False}, "ops", 201),
        ({"tag_conflict_ignores_case": False}, "OPS", 409),
        ({"tag_conflict_counts_archived": False}, "OLD", 201),
    ],
)
def test_which_codes_collide(client: Client, settings: Json, code: str, status: int) -> None:
    """Codes collide within a group; case and archived tags count as the settings say."""
    client.pleo.put_tag("DEPT", "OLD", archived=True)
    client.pleo.put_tag("DEPT", "straße")
    client.behave(**settings)
    assert client.call("POST", _group_tags(client), BODY | {"code": code}).status_code == status


def test_a_put_collides_only_with_a_new_code(client: Client) -> None:
    """A duplicate from the seed can be renamed and archived under its own code, but not take another's."""
    path = f"/v0/tags/{client.id_of('tags', code='eng')}"
    assert client.call("PUT", path, {"archived": True, "code": "eng", "name": "x"}).status_code == 200
    assert client.call("PUT", path, {"archived": True, "code": "OPS"}).status_code == 409
    assert client.call("PUT", path, {"archived": True, "code": "free"}).status_code == 200


@pytest.mark.parametrize(("setting", "name"), [("keep", "Engineering"), ("clear", None)])
def test_a_put_without_name_is_a_setting(client: Client, setting: str, name: str | None) -> None:
    """The optional name is kept or cleared; dimension values that are not sent always stay."""
    client.behave(put_omitted=setting)
    tag = client.id_of("tags", code="ENG")
    data = client.call("PUT", f"/v0/tags/{tag}", {"archived": False, "code": "ENG"}).json()["data"]
    assert data.get("name") == name
    assert _stored(client, tag)["otherDimensionValues"] == ["x", "y"]


def test_a_short_list_of_dimension_values_changes_the_first_ones(client: Client) -> None:
    """Missing dimension values stay as they are."""
    tag = client.id_of("tags", code="ENG")
    client.call("PUT", f"/v0/tags/{tag}", {"archived": False, "code": "ENG", "otherDimensionValues": ["new"]})
    assert _stored(client, tag)["otherDimensionValues"] == ["new", "y"]


@pytest.mark.parametrize("on_unarchive", [False, True])
def test_a_full_group_refuses_more_active_tags(client: Client, on_unarchive: bool) -> None:
    """At the maximum a create is 400; archived tags are let in; unarchiving is a setting."""
    client.behave(max_active_tags=2, max_active_tags_on_unarchive=on_unarchive)
    assert client.call("POST", _group_tags(client), BODY).status_code == 400
    assert client.call("POST", _group_tags(client), BODY | {"archived": True}).status_code == 201
    twin = client.id_of("tags", code="eng")
    answers = [
        client.call("PUT", f"/v0/tags/{twin}", {"archived": False, "code": "eng"}),
        _archive(client, [twin], archived=False),
    ]
    assert [a.status_code for a in answers] == ([400, 400] if on_unarchive else [200, 200])


def test_unarchiving_may_collide_with_an_active_twin(client: Client) -> None:
    """Under the setting an archived duplicate cannot come back beside the active one."""
    client.behave(tag_conflict_on_unarchive=True)
    twin = client.id_of("tags", code="eng")
    assert client.call("PUT", f"/v0/tags/{twin}", {"archived": False, "code": "eng"}).status_code == 409
    assert _archive(client, [twin], archived=False).status_code == 409


@pytest.mark.parametrize(
    ("default", "query", "codes"),
    [
        ("active", {}, ["ENG", "OPS"]),
        ("all", {}, ["ENG", "eng", "OPS"]),
        ("active", {"include_archived": "true"}, ["ENG", "eng", "OPS"]),
        ("all", {"include_archived": "false"}, ["ENG", "OPS"]),
    ],
)
def test_which_tags_of_a_group_a_list_shows(
    client: Client, default: str, query: dict[str, str], codes: list[str]
) -> None:
    """The parameter decides; without it a setting does."""
    client.behave(tag_list_default=default)
    answer = client.call("GET", _group_tags(client), **query).json()
    assert [tag["code"] for tag in answer["data"]] == codes
    assert answer["pagination"]["total"] == len(codes)


def test_search_filters_all_hold_together(client: Client) -> None:
    """Active tags by default; archived overrides includeArchived; groups, ids and names narrow."""
    groups = [client.id_of("tagGroups", name=n) for n in ("Department", "Project")]
    assert _codes(client) == ["ENG", "OPS", "P1"]
    assert _codes(client, includeArchived=True) == ["ENG", "eng", "OPS", "P1"]
    assert _codes(client, includeArchived=True, archived=False) == ["ENG", "OPS", "P1"]
    assert _codes(client, archived=True) == ["eng"]
    assert _codes(client, tagGroupIds=groups[1:]) == ["P1"]
    assert _codes(client, tagGroupIds=groups) == ["ENG", "OPS", "P1"]
    assert _codes(client, tagIds=[client.id_of("tags", code="OPS")]) == ["OPS"]
    assert _codes(client, textSearch="ENGIN") == ["ENG"]


def test_search_needs_no_body(client: Client) -> None:
    """The request body is optional."""
    answer = client.call("POST", "/v0/tags:search")
    assert answer.status_code == 200
    assert client.pleo.stats()["violations"] == []


def test_bulk_archive_goes_both_ways(client: Client) -> None:
    """All named tags come back in their new state, and nothing else changes."""
    ids = [client.id_of("tags", code=c) for c in ("ENG", "OPS")]
    answer = _archive(client, ids, archived=True)
    assert answer.status_code == 200
    assert [(t["code"], t["archived"]) for t in answer.json()["data"]] == [("ENG", True), ("OPS", True)]
    _archive(client, ids, archived=False)
    assert _codes(client) == ["ENG", "OPS", "P1"]


def test_bulk_archive_answers_as_settings_say(client: Client) -> None:
    """Only changed tags, a part of them, unknown ids passed over, another status: all unpublished."""
    ids = [client.id_of("tags", code=c) for c in ("eng", "ENG", "OPS")]
    unknown = "00000000-0000-4000-8000-000000000000"
    assert _archive(client, [*ids, unknown], archived=True).status_code == 404
    assert _codes(client, archived=True) == ["eng"]
    client.behave(
        bulk_archive_answers="changed",
        bulk_archive_at_most=1,
        bulk_archive_unknown_ids="ignore",
        bulk_archive_status=202,
    )
    answer = _archive(client, [unknown, *ids], archived=True)
    assert answer.status_code == 202
    assert [t["code"] for t in answer.json()["data"]] == ["ENG"]
    assert _codes(client, archived=True) == ["ENG", "eng"]


@pytest.mark.parametrize(("count", "status"), [(0, 400), (100, 404), (101, 400)])
def test_bulk_archive_takes_up_to_100_ids(client: Client, count: int, status: int) -> None:
    """1 to 100 ids; any other number breaks the contract."""
    ids = [f"00000000-0000-4000-8000-{n:012}" for n in range(count)]
    assert _archive(client, ids, archived=True).status_code == status


def test_another_company_is_out_of_reach(client: Client) -> None:
    """Searching and archiving name the company, and only the own one will do."""
    other = "00000000-0000-4000-8000-000000000000"
    assert client.call("POST", "/v0/tags:search", {}, company_id=other).status_code == 403
    body = {"archived": True, "companyId": other, "tagIds": [client.id_of("tags", code="ENG")]}
    assert client.call("POST", "/v0/tags/archive", body).status_code == 403


def test_a_deleted_tag_is_gone(client: Client) -> None:
    """DELETE removes the tag and is counted."""
    path = f"/v0/tags/{client.id_of('tags', code='OPS')}"
    client.call("DELETE", path)
    assert client.call("GET", path).status_code == 404
    assert client.pleo.stats()["deletes"] == 1


def _group_tags(client: Client) -> str:
    return f"/v0/tag-groups/{client.id_of('tagGroups', name='Department')}/tags"


def _archive(client: Client, ids: list[str], *, archived: bool) -> Value:
    body = {"archived": archived, "companyId": client.pleo.company, "tagIds": ids}
    return client.call("POST", "/v0/tags/archive", body)


def _codes(client: Client, **filters: Value) -> list[str]:
    return [tag["code"] for tag in client.tags(**filters).json()["data"]]


def _stored(client: Client, tag_id: str) -> Json:
    found: Json = next(t for t in client.pleo.state()["tags"] if t["id"] == tag_id)
    return found
