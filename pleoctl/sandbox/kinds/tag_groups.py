"""Tag groups: list, create, get, replace, delete, usage.

Published: bodies, and that a list needs a company or an organisation. Assumed, each behind a setting: the
list without ``include_archived``, uniqueness of codes, the status of a create, whether archiving reaches the
tags. Assumed without a setting: deleting a group deletes its tags.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, field

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import ApiError, Record, conflict
from pleoctl.sandbox.parts import SEEDED_AT, Part, Row
from pleoctl.sandbox.store import Filter, Table


class TagGroupRow(Row, frozen=True, kw_only=True):
    """A tag group in a seed, without its tags."""

    code: str
    name: str
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: str = SEEDED_AT


class TagRow(Row, frozen=True, kw_only=True):
    """A tag in a seed."""

    code: str
    name: str | None = None
    usage: Annotated[int, Meta(description="Expenses linked to it.")] = 0
    other_dimension_values: list[str] = field(default_factory=list)
    created_at: str = SEEDED_AT


GROUPS: Final = Table.of("tagGroups", TagGroupRow, folded="code", indexes=(("folded",),))
TAGS: Final = Table.of(
    "tags",
    TagRow,
    folded="code",
    parent="groupId",
    indexes=(("groupId",), ("groupId", "folded"), ("groupId", "archived")),
)


def list_groups(call: Call) -> Answer:
    """getTagGroups: all groups at once, there are no pages."""
    if call.parameter("company_id") is None and call.parameter("organization_id") is None:
        raise ApiError(
            400, "VALIDATION_FAILED", "Either company_id or organization_id must be provided", violation=True
        )
    reader = call.world.reader(GROUPS)
    where = Filter.when(call.sees_owner())
    leave_archived_out(call, where, call.settings.group_list_default)
    counted = call.flag("include_tags_count") is True
    rows = [render(call, row) | (_tags_count(call, row) if counted else {}) for row in reader.select(GROUPS, where)]
    return Answer.of(rows)


def create(call: Call) -> Answer:
    """createTagGroup: a code that is taken is a matter of settings."""
    call.must_own(call.parameter("company_id"))
    body: Record = call.body
    _refuse_taken(call, body["code"])
    fields = {name: body[name] for name in ("archived", "code", "name")} | {"metadata": body.get("metadata") or {}}
    return Answer.of(render(call, call.insert(GROUPS, fields)), call.settings.v0_create_status)


def get(call: Call) -> Answer:
    """getTagGroup: one group by its id."""
    return Answer.of(render(call, need_group(call)))


def update(call: Call) -> Answer:
    """updateTagGroup: replaces all four fields; the way to archive and unarchive."""
    group = need_group(call)
    body: Record = call.body
    if body["code"] != group["code"]:
        _refuse_taken(call, body["code"], group["id"])
    fields = {name: body[name] for name in ("archived", "code", "name", "metadata")}
    stored = call.update(GROUPS, group, fields)
    if stored["archived"] != group["archived"] and call.settings.archive_cascade == "cascade":
        _cascade(call, stored)
    return Answer.of(render(call, stored))


def delete(call: Call) -> Answer:
    """deleteTagGroup: the group and its tags are gone."""
    group = need_group(call)
    for tag in call.store.select(TAGS, Filter().where("groupId = ?", group["id"])):
        call.store.delete(TAGS, tag["id"])
    call.store.delete(GROUPS, group["id"])
    return Answer(204)


def usage(call: Call) -> Answer:
    """getTagGroupUsage: the expenses linked to each tag of the group, archived tags included."""
    where = Filter().where("groupId = ?", need_group(call)["id"])
    if not call.settings.usage_lists_unused:
        where.where("usage > 0")
    usages = [{"id": tag["id"], "count": tag["usage"]} for tag in call.world.reader(TAGS).select(TAGS, where)]
    return Answer.of({"usages": usages})


def need_group(call: Call) -> Record:
    """The group that the path names. Raises the 404."""
    return call.need(GROUPS, "groupId", "Tag group")


def leave_archived_out(call: Call, where: Filter, default: str) -> None:
    """As a list was asked, else as the settings say."""
    both = call.flag("include_archived")
    if not (default == "all" if both is None else both):
        where.where("archived = 0")


def same_code(call: Call, code: str) -> Filter:
    """Records whose code takes this one, as the settings read it."""
    where = Filter()
    if call.settings.tag_conflict_ignores_case:
        where.where("folded = ?", code.casefold())
    else:
        where.where("code = ?", code)
    return where if call.settings.tag_conflict_counts_archived else where.where("archived = 0")


def render(call: Call, row: Record) -> Record:
    """TagGroupModel."""
    names = ("id", "code", "name", "archived", "metadata", "createdAt", "updatedAt")
    group = {"companyId": call.world.company} | {name: row[name] for name in names}
    return {**group, **row["extra"]}


def _tags_count(call: Call, group: Record) -> Record:
    where = Filter().where("groupId = ?", group["id"])
    if not call.settings.tags_count_archived:
        where.where("archived = 0")
    return {"totalTagsCount": call.store.count(TAGS, where)}


def _refuse_taken(call: Call, code: str, own_id: str | None = None) -> None:
    if call.settings.group_conflict == "none":
        return
    where = same_code(call, code).where("id IS NOT ?", own_id)
    if call.store.select(GROUPS, where, limit=1):
        raise conflict(f"A tag group with code {code} already exists")


def _cascade(call: Call, group: Record) -> None:
    where = Filter().where("groupId = ?", group["id"]).where("archived = ?", int(not group["archived"]))
    for tag in call.store.select(TAGS, where):
        call.update(TAGS, tag, {"archived": group["archived"]})


PART: Final = Part(
    kind="tagGroup",
    key="code",
    row=TagGroupRow,
    table=GROUPS,
    handlers={
        "getTagGroups": list_groups,
        "createTagGroup": create,
        "getTagGroup": get,
        "updateTagGroup": update,
        "deleteTagGroup": delete,
        "getTagGroupUsage": usage,
    },
)
