"""Subscriptions to webhooks: list, create, get, replace, delete, what was done to them, and their signing secret.

Published: bodies, that a create answers 200, 404, 204, that a secret begins with ``whsec_``. Assumed: any credential
may call them, a deleted subscription keeps its activities and is not found otherwise, a field that a replacement leaves
out is what ``putOmitted`` says. How messages are sent: `pleoctl.sandbox.webhooks`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import not_found
from pleoctl.sandbox.parts import SEEDED_AT, BareRow, Part
from pleoctl.sandbox.store import Filter, Table
from pleoctl.sandbox.webhooks import message_headers

if TYPE_CHECKING:
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.surroundings import Surroundings


class SubscriptionRow(BareRow, frozen=True, kw_only=True):
    """A subscription in a seed."""

    endpoint_url: str
    event_types: list[str] = msgspec.field(default_factory=list)
    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"
    endpoint_auth: dict[str, Any] | None = None
    custom_headers: dict[str, str] | None = None
    created_at: str = SEEDED_AT
    deleted_at: str | None = None


class ActivityRow(BareRow, frozen=True, kw_only=True):
    """What was done to a subscription."""

    operation_type: Literal["CREATE", "UPDATE", "DELETE"]
    created_at: str = SEEDED_AT


SUBSCRIPTIONS: Final = Table.of("subscriptions", SubscriptionRow)
ACTIVITIES: Final = Table.of(
    "subscriptionActivities", ActivityRow, parent="subscriptionId", indexes=(("subscriptionId",),)
).unstamped()
SORTABLE: Final = ("createdAt", "endpointUrl", "id", "status", "updatedAt")
_OPTIONAL: Final = {"status": "ACTIVE", "endpointAuth": None, "customHeaders": None}


def list_all(call: Call) -> Answer:
    """getSubscriptions: one page of those that were not deleted."""
    where = Filter().where("deletedAt IS NULL")
    if "status" in call.query:
        where.where("status = ?", call.parameter("status"))
    if "event_types" in call.query:
        marks = ", ".join("?" for _ in call.query["event_types"])
        inner = f"SELECT 1 FROM json_each(eventTypes) WHERE value IN ({marks})"  # noqa: S608 - marks only
        where.where(f"EXISTS ({inner})", *call.query["event_types"])
    return call.page(SUBSCRIPTIONS, where, SORTABLE, lambda row: render(call, row))


def create(call: Call) -> Answer:
    """createSubscription: 200, not 201."""
    return _done(call, "CREATE", call.insert(SUBSCRIPTIONS, _OPTIONAL | _given(call.body)))


def get(call: Call) -> Answer:
    """getSubscriptionById: one subscription."""
    return Answer.of(render(call, _need(call)))


def replace(call: Call) -> Answer:
    """updateSubscription: everything anew but its id and its secret."""
    existing = _need(call)
    cleared = _OPTIONAL if call.settings.put_omitted == "clear" else {}
    return _done(call, "UPDATE", call.update(SUBSCRIPTIONS, existing, cleared | _given(call.body)))


def delete(call: Call) -> Answer:
    """deleteSubscription: 204, and 404 from then on."""
    existing = _need(call)
    _done(call, "DELETE", call.store.update(SUBSCRIPTIONS, existing["id"], {"deletedAt": call.world.now()}))
    return Answer(204)


def list_activities(call: Call) -> Answer:
    """getSubscriptionActivities: one page of what was done to a subscription, a deleted one too."""
    subscription = call.store.get(SUBSCRIPTIONS, call.path["subscriptionId"])
    if subscription is None:
        raise not_found(f"Subscription {call.path['subscriptionId']}")
    where = Filter().where("subscriptionId = ?", subscription["id"])
    if "operation_types" in call.query:
        where.one_of("operationType", call.query["operation_types"])
    return call.page(ACTIVITIES, where, ("createdAt", "id"), lambda row: _activity(call, row))


def secret(call: Call) -> Answer:
    """getSubscriptionSecret: what its messages are signed with, the same for as long as it exists."""
    return Answer.of({"secretKey": _secret_of(_need(call))})


def announce(world: Surroundings, event: str, data: Record) -> None:
    """Tell every active subscription to an event."""
    for row in world.store.select(SUBSCRIPTIONS, Filter().where("deletedAt IS NULL").where("status = 'ACTIVE'")):
        if event in row["eventTypes"]:
            identity = world.new_id()
            body = json.dumps({"data": data, "eventType": event, "eventId": identity}).encode()
            moment = int(world.clock.now().timestamp())
            headers = message_headers(row, _secret_of(row), identity, moment, body)
            world.messenger.take(row, identity, body, headers)


def _secret_of(row: Record) -> str:
    """The secret of a subscription, as Pleo shows it."""
    digest = hashlib.sha256(f"secret of {row['id']}".encode()).digest()
    return f"whsec_{base64.b64encode(digest[:24]).decode()}"


def render(call: Call, row: Record) -> Record:
    """SubscriptionModel; its optional fields are never null."""
    names = ("id", "endpointUrl", "eventTypes", "status", "endpointAuth", "customHeaders", "createdAt", "updatedAt")
    return {name: row[name] for name in names if row[name] is not None} | call.shown(row["extra"])


def _activity(call: Call, row: Record) -> Record:
    done = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted"}[row["operationType"]]
    return {
        "id": row["id"],
        "subscriptionId": row["subscriptionId"],
        "operationType": row["operationType"],
        "description": f"Subscription {done}",
        "actorUrn": f"urn:pleo:company:{call.world.company}",
        "createdAt": row["createdAt"],
    }


def _given(body: Record) -> Record:
    return {name: body[name] for name in ("endpointUrl", "eventTypes", *_OPTIONAL) if name in body}


def _need(call: Call) -> Record:
    found = call.store.get(SUBSCRIPTIONS, call.path["subscriptionId"])
    if found is None or found["deletedAt"] is not None:
        raise not_found(f"Subscription {call.path['subscriptionId']}")
    return found


def _done(call: Call, operation: str, row: Record) -> Answer:
    """Note what was done to a subscription, and answer with it."""
    call.insert(ACTIVITIES, {"operationType": operation, "subscriptionId": row["id"]})
    return Answer.of(render(call, row))


PART: Final = Part(
    kind="subscription",
    key="endpointUrl",
    row=SubscriptionRow,
    table=SUBSCRIPTIONS,
    handlers={
        "getSubscriptions": list_all,
        "createSubscription": create,
        "getSubscriptionById": get,
        "updateSubscription": replace,
        "deleteSubscription": delete,
        "getSubscriptionActivities": list_activities,
        "getSubscriptionSecret": secret,
    },
)
ACTIVITY_PART: Final = Part(
    kind="subscriptionActivity",
    key="operationType",
    row=ActivityRow,
    table=ACTIVITIES,
    parent="subscription",
    within="activities",
    handlers={},
)
