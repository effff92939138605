from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Json, Value

BODY = {"archived": False, "code": "NEW", "name": "New"}


@pytest.mark.parametrize(
    ("default", "query", "names"),
    [
        ("active", {}, ["Department", "Project"]),
        ("all", {}, ["Department", "Duplicate", "Project"]),
        ("all", {"include_archived": "false"}, ["Department", "Project"]),
        ("active", {"include_archived": "true"}, ["Department", "Duplicate", "Project"]),
    ],
)
def test_which_groups_a_list_shows(client: Client, default: str, query: dict[str, str], names: list[str]) -> None:
    """The parameter decides; without it a setting does."""
    client.behave(group_list_default=default)
    assert [group["name"] for group in client.groups(**query)] == names


def test_a_list_needs_an_owner(client: Client) -> None:
    """Without company and organisation the list is refused with the words that clients have seen."""
    answer = client.call("GET", "/v0/tag-groups", companyId=client.pleo.company)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Either company_id or organization_id must be provided"


def test_the_organisation_stands_for_its_company(client: Client) -> None:
    """The company's organisation lists its groups, the company wins where both are given."""
    other = "00000000-0000-4000-8000-000000000000"
    own = client.pleo.world.organization
    listed = client.call("GET", "/v0/tag-groups", organization_id=own).json()["data"]
    assert len(listed) == 2
    both = client.call("GET", "/v0/tag-groups", organization_id=other, company_id=client.pleo.company)
    assert both.status_code == 200
    assert client.call("GET", "/v0/tag-groups", organization_id=other).status_code == 403


def test_tags_are_counted_on_request(client: Client) -> None:
    """The count appears when asked for; whether archived tags count is a setting."""
    assert "totalTagsCount" not in client.groups()[0]
    assert [g["totalTagsCount"] for g in client.groups(include_tags_count="true")] == [3, 1]
    client.behave(tags_count_archived=False)
    assert [g["totalTagsCount"] for g in client.groups(include_tags_count="true")] == [2, 1]


@pytest.mark.parametrize("status", [200, 201])
def test_create_answers_the_group(client: Client, status: Value) -> None:
    """A group comes back with id, company, timestamps and empty metadata; the status is a setting."""
    client.behave(v0_create_status=status)
    answer = client.call("POST", "/v0/tag-groups", BODY, company_id=client.pleo.company)
    group = answer.json()["data"]
    assert answer.status_code == status
    assert {k: group[k] for k in BODY} == BODY
    assert (group["companyId"], group["metadata"]) == (client.pleo.company, {})
    assert group["createdAt"] == group["updatedAt"]
    assert client.call("GET", f"/v0/tag-groups/{group['id']}").json()["data"] == group


@pytest.mark.parametrize(
    ("settings", "code", "status"),
    [
        ({}, "DEPT", 201),
        ({"group_conflict": 409}, "proj", 409),
        ({"group_conflict": 409, "tag_conflict_ignores_case": False}, "proj", 201),
        ({"group_conflict": 409}, "OLD", 409),
        ({"group_conflict": 409, "tag_conflict_counts_archived": False}, "OLD", 201),
    ],
)
def test_group_codes_may_be_unique(client: Client, settings: Json, code: str, status: int) -> None:
    """Two groups with one code are possible unless settings refuse them."""
    client.pleo.put_group("OLD", archived=True)
    client.behave(**settings)
    answer = client.call("POST", "/v0/tag-groups", BODY | {"code": code}, company_id=client.pleo.company)
    assert answer.status_code == status


def test_a_put_replaces_all_four_fields(client: Client) -> None:
    """PUT needs all four, changes all four, and needs metadata too."""
    path = f"/v0/tag-groups/{client.id_of('tagGroups', code='PROJ')}"
    body = {"archived": True, "code": "PRJ", "name": "Projects", "metadata": {"a": "b"}}
    data = client.call("PUT", path, body).json()["data"]
    assert {k: data[k] for k in body} == body
    assert client.call("PUT", path, {k: body[k] for k in ("archived", "code", "name")}).status_code == 400


@pytest.mark.parametrize(("cascade", "archived"), [("none", [False, True, False]), ("cascade", [True] * 3)])
def test_archiving_a_group_may_reach_its_tags(client: Client, cascade: str, archived: list[bool]) -> None:
    """The tags' own flags stay as they are unless the setting cascades."""
    client.behave(archive_cascade=cascade)
    group = client.id_of("tagGroups", name="Department")
    body = {"archived": True, "code": "DEPT", "name": "Department", "metadata": {}}
    client.call("PUT", f"/v0/tag-groups/{group}", body)
    assert [t["archived"] for t in client.pleo.state()["tags"] if t["groupId"] == group] == archived
    if cascade == "cascade":
        client.call("PUT", f"/v0/tag-groups/{group}", body | {"archived": False})
        assert not any(t["archived"] for t in client.pleo.state()["tags"] if t["groupId"] == group)


def test_usage_counts_expenses_of_each_tag(client: Client) -> None:
    """Every tag of the group with its count; tags that no expense uses may be left out."""
    path = f"/v0/tag-groups/{client.id_of('tagGroups', name='Department')}/usage"
    assert [u["count"] for u in client.call("GET", path).json()["data"]["usages"]] == [3, 0, 0]
    client.behave(usage_lists_unused=False)
    used = client.call("GET", path).json()["data"]["usages"]
    assert used == [{"id": client.id_of("tags", code="ENG"), "count": 3}]


def test_a_deleted_group_is_gone_with_its_tags(client: Client) -> None:
    """DELETE answers 204, and everything below the group is 404 from then on."""
    path = f"/v0/tag-groups/{client.id_of('tagGroups', code='PROJ')}"
    assert client.call("DELETE", path).status_code == 204
    assert client.call("GET", f"{path}/usage").status_code == 404
    assert {t["groupCode"] for t in client.pleo.state()["tags"]} == {"DEPT"}
