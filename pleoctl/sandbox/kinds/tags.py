"""Tags: those of a group, create, get, update, delete, search over groups, bulk archive.

Published: bodies, 201 and 409 of a create, 404 and 409 of an update, that ``archived`` overrides
``includeArchived`` in a search and that a search without both finds active tags. Assumed, each behind a
setting: which codes collide, the maximum of active tags, what an omitted name means, and how a bulk archive
answers.
"""

from __future__ import annotations

from typing import Final

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import Record, conflict, invalid, not_found
from pleoctl.sandbox.kinds.tag_groups import TAGS, TagRow, leave_archived_out, need_group, same_code
from pleoctl.sandbox.parts import Part
from pleoctl.sandbox.store import Filter

SORTABLE: Final = ("code", "createdAt", "id", "name", "updatedAt")


def list_tags(call: Call) -> Answer:
    """getTags: one page of the tags of a group."""
    where = Filter().where("groupId = ?", need_group(call)["id"])
    leave_archived_out(call, where, call.settings.tag_list_default)
    return call.page(TAGS, where, SORTABLE, render)


def search(call: Call) -> Answer:
    """searchTagsPost: one page of tags over any number of groups."""
    body: Record = call.body
    where = Filter.when(call.sees_owner())
    if "archived" in body:
        where.where("archived = ?", int(body["archived"]))
    elif not body.get("includeArchived"):
        where.where("archived = 0")
    if body.get("tagGroupIds"):
        where.one_of("groupId", [i.lower() for i in body["tagGroupIds"]], scan=True)
    if body.get("tagIds"):
        where.one_of("id", [i.lower() for i in body["tagIds"]])
    if body.get("textSearch"):
        where.where("holds(name, ?)", body["textSearch"])
    return call.page(TAGS, where, SORTABLE, render)


def create(call: Call) -> Answer:
    """createTag: 409 if the code is taken, 400 if the group is full of active tags."""
    group = need_group(call)
    body: Record = call.body
    _refuse_taken(call, group["id"], body["code"])
    if not body["archived"]:
        _refuse_full(call, group["id"], 1)
    tag = {
        "groupId": group["id"],
        **{name: body.get(name) for name in ("archived", "code", "name")},
        "usage": 0,
        "otherDimensionValues": body.get("otherDimensionValues", []),
    }
    return Answer.of(render(call.insert(TAGS, tag)), 201)


def get(call: Call) -> Answer:
    """getTag: one tag by its id."""
    return Answer.of(render(_need(call)))


def update(call: Call) -> Answer:
    """updateTag: rename, archive, unarchive; 409 if a new code is taken."""
    tag = _need(call)
    body: Record = call.body
    if body["code"] != tag["code"]:
        _refuse_taken(call, tag["groupId"], body["code"], tag["id"])
    if tag["archived"] and not body["archived"]:
        _refuse_unarchive(call, [tag])
    cleared: Record = {"name": None} if call.settings.put_omitted == "clear" else {}
    fields = cleared | {name: body[name] for name in ("archived", "code", "name") if name in body}
    if "otherDimensionValues" in body:
        given = body["otherDimensionValues"]
        fields["otherDimensionValues"] = given + tag["otherDimensionValues"][len(given) :]
    return Answer.of(render(call.update(TAGS, tag, fields)))


def delete(call: Call) -> Answer:
    """deleteTag; the status is not published."""
    call.store.delete(TAGS, _need(call)["id"])
    return Answer(204)


def archive_many(call: Call) -> Answer:
    """bulkArchiveTags: archives or unarchives up to 100 tags, and cannot rename."""
    body: Record = call.body
    call.must_own(body["companyId"])
    tags = _named(call, [i.lower() for i in body["tagIds"]])
    changing = [tag for tag in tags if tag["archived"] != body["archived"]][: call.settings.bulk_archive_at_most]
    if not body["archived"]:
        _refuse_unarchive(call, changing)
    fields = {"archived": body["archived"], "updatedAt": call.world.now()}
    changed = {tag["id"]: call.store.update(TAGS, tag["id"], fields) for tag in changing}
    shown = tags if call.settings.bulk_archive_answers == "all" else changing
    rows = [render(changed.get(tag["id"], tag)) for tag in shown]
    return Answer.of(rows, call.settings.bulk_archive_status)


def render(row: Record) -> Record:
    """TagModel; its name is optional and never null."""
    names = ("id", "groupId", "code", "name", "archived", "createdAt", "updatedAt")
    tag = {name: row[name] for name in names if name != "name" or row[name] is not None}
    return {**tag, **row["extra"]}


def _need(call: Call) -> Record:
    return call.need(TAGS, "tagId", "Tag")


def _named(call: Call, ids: list[str]) -> list[Record]:
    found = {tag["id"]: tag for tag in call.store.select(TAGS, Filter().one_of("id", ids))}
    missing = next((i for i in ids if i not in found), None)
    if missing is not None and call.settings.bulk_archive_unknown_ids == "refuse":
        raise not_found(f"Tag {missing}")
    return [found[i] for i in dict.fromkeys(ids) if i in found]


def _refuse_taken(call: Call, group_id: str, code: str, own_id: str | None = None) -> None:
    where = same_code(call, code).where("groupId = ?", group_id).where("id IS NOT ?", own_id)
    if call.store.select(TAGS, where, limit=1):
        raise conflict(f"A tag with code {code} already exists in this tag group")


def _refuse_full(call: Call, group_id: str, more: int) -> None:
    most = call.settings.max_active_tags
    if most is None:
        return
    active = call.store.count(TAGS, Filter().where("groupId = ?", group_id).where("archived = 0"))
    if active + more > most:
        raise invalid(f"The tag group has reached its maximum of {most} active tags")


def _refuse_unarchive(call: Call, tags: list[Record]) -> None:
    groups = [tag["groupId"] for tag in tags]
    if call.settings.max_active_tags_on_unarchive:
        for group_id in dict.fromkeys(groups):
            _refuse_full(call, group_id, groups.count(group_id))
    if call.settings.tag_conflict_on_unarchive:
        for tag in tags:
            _refuse_active_twin(call, tag)


def _refuse_active_twin(call: Call, tag: Record) -> None:
    where = same_code(call, tag["code"]).where("groupId = ?", tag["groupId"]).where("archived = 0")
    if call.store.select(TAGS, where, limit=1):
        raise conflict(f"An active tag with code {tag['code']} already exists in this tag group")


PART: Final = Part(
    kind="tag",
    key="code",
    row=TagRow,
    table=TAGS,
    parent="tagGroup",
    handlers={
        "getTags": list_tags,
        "createTag": create,
        "searchTagsPost": search,
        "bulkArchiveTags": archive_many,
        "getTag": get,
        "updateTag": update,
        "deleteTag": delete,
    },
)
