"""The items of export jobs in the sandbox: payloads, files, scopes, subscriptions, the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from export_books import ENTRIES, JOB, SECOND, Books, items
from pleoctl.sandbox import BadInput, Credential, Edit, Request, Seed, Settings
from pleoctl.sandbox.auth import ALL_SCOPES

if TYPE_CHECKING:
    from sandbox_client import Client
    from shapes import Json, Value


def test_jobs_are_listed_as_asked_for(books: Books) -> None:
    """By state, in the order that the setting or the client wants, by pages."""
    made = [(JOB, "2026-02-02T00:00:00Z"), (SECOND, "2026-02-01T00:00:00Z")]
    books.seeded(*({"id": name, "createdAt": at} for name, at in made), {"status": "completed"})

    def listed(query: str) -> list[str]:
        return [
            job["createdAt"][:10] for job in books.call("GET", f"/v3/export-jobs?statuses=pending{query}")[1]["data"]
        ]

    assert listed("") == ["2026-02-02", "2026-02-01"]
    assert listed("&limit=1&sorting_keys=createdAt&sorting_order=ASC") == ["2026-02-01"]
    books.event("failed")
    books.pleo.use(Settings(job_list_order="newest"))
    assert listed("") == ["2026-02-02", "2026-02-01"]
    assert books.call("GET", "/v3/export-jobs")[1]["data"][0]["status"] == "completed"
    assert books.call("GET", "/v3/export-jobs?company_id=00000000-0000-4000-8000-000000000000")[0] == 403


def test_a_job_is_made_of_entries_that_failed(books: Books) -> None:
    """201 with what the earlier job had; 409 while one is open, unless the setting counts otherwise."""
    body = {"companyId": books.pleo.company, "accountingEntryIds": ENTRIES[:2]}
    assert books.call("POST", "/v3/export-jobs", body)[1]["type"] == "EXPORT_ALREADY_IN_PROGRESS"
    books.pleo.use(Settings(job_unique="started"))
    status, answer = books.call("POST", "/v3/export-jobs", body | {"options": {"vendorBasedBookkeeping": True}})
    job = answer["data"]
    assert (status, job["status"], job["numberOfItems"], job["isInteractive"]) == (201, "pending", 2, True)
    assert job["vendorBasedBookkeeping"] is True
    payloads = books.call("GET", f"/v3/export-items?job_id={job['id']}")[1]["data"]
    assert [item["amount"]["inWalletCurrency"]["value"] for item in payloads] == [100, 100]
    entry = books.call("GET", f"/v3/export-job-items?accounting_entry_id={ENTRIES[0]}")[1]["data"]
    assert entry["exportJobId"] == job["id"]
    missing = books.call("GET", f"/v3/export-job-items?accounting_entry_id={ENTRIES[99]}")
    assert (missing[0], missing[1]["type"]) == (404, "EXPORT_ENTRY_NOT_FOUND")
    assert books.call("POST", "/v3/export-jobs", body | {"accountingEntryIds": ENTRIES[50:51]})[0] == 400
    books.pleo.use(Settings(job_unique="none", job_unknown_entries="make"))
    assert books.call("POST", "/v3/export-jobs", body | {"accountingEntryIds": ENTRIES[50:51]})[0] == 201


def test_missing_contra_accounts_keep_items_back(books: Books) -> None:
    """Creating a job and reading its items are 400; the job stays as it is."""
    books.event("started")
    books.pleo.use(Settings(contra_accounts="missing"))
    body = {"companyId": books.pleo.company, "accountingEntryIds": ENTRIES[:2]}
    for method, path, sent in (("GET", f"/v3/export-items?job_id={JOB}", None), ("POST", "/v3/export-jobs", body)):
        status, answer = books.call(method, path, sent)
        assert (status, answer["type"]) == (400, "MISSING_CONTRA_ACCOUNTS")
    assert books.job()["status"] == "in_progress"


@pytest.mark.parametrize(("rule", "answer"), [("open", (200, 3)), ("none", (200, 0)), (400, (400, None))])
def test_items_without_a_job(books: Books, rule: Value, answer: tuple[int, int | None]) -> None:
    """The setting says what reading export items without a job gives."""
    books.pleo.use(Settings(export_items_without_job=rule))
    status, body = books.call("GET", "/v3/export-items")
    assert (status, len(body["data"]) if status == 200 else None) == answer


def test_null_types_are_sent_or_not(books: Books) -> None:
    """Samples send null where the schema has none; the setting leaves the field out."""
    for null_types in (True, False):
        books.pleo.use(Settings(null_types=null_types))
        item = books.call("GET", f"/v3/export-jobs/{JOB}/items")[1]["data"][0]
        payload = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"][0]
        assert ("failureReasonType" in item, "subType" in payload) == (null_types, null_types)
        assert "failureReasonType" not in books.job()


def test_an_item_passes_whole(books: Books) -> None:
    """A whole item is answered as it was seeded, whatever is wrong with it; one may have no payload or be unlisted."""
    odd = {"_links": {}, "accountingEntryId": ENTRIES[0], "amount": "much", "invented": [1], "subType": "new"}
    bare = {"accountingEntryId": ENTRIES[1], "payload": None}
    hidden = {"accountingEntryId": ENTRIES[2], "listed": False}
    books.seeded({"id": JOB, "items": [odd, bare, hidden]})
    payloads = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"]
    assert payloads[0] == odd
    assert [item["accountingEntryId"] for item in payloads[1:]] == [ENTRIES[2]]
    assert books.items() == ["pending"] * 2


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"amont": 1}, r"^exportJobs\[0\]\.items\[0\]\.amont: unknown field; did you mean 'amount'"),
        ({"status": "done"}, r"^exportJobs\[0\]\.items\[0\]\.status: must be abandoned or"),
        ({"payload": {}, "note": "x"}, r"^exportJobs\[0\]\.items\[0\]\.note: stands beside a whole payload"),
        ({"accountingEntryId": "1"}, r"^exportJobs\[0\]\.items\[0\]\.accountingEntryId: is not a UUID"),
    ],
)
def test_a_wrong_item_names_its_field(item: Json, words: str) -> None:
    """What neither form knows is refused."""
    with pytest.raises(BadInput, match=words):
        Seed(export_jobs=[{"items": [item]}])


def test_files_are_served_behind_links_that_change(books: Books) -> None:
    """Links differ at each fetch, need no credential, end, and cannot be made up."""
    content = {"type": "text/plain", "content": "Größe"}
    books.seeded(
        {"id": JOB, "items": [{"accountingEntryId": ENTRIES[0], "files": [{"type": "image/png", "size": 50}, content]}]}
    )

    def links() -> list[Json]:
        files: list[Json] = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"][0]["files"]
        return files

    def fetch(url: str, **headers: str) -> tuple[int, str | None, bytes]:
        path, _, query = url.removeprefix("http://h:1").partition("?")
        reply = books.pleo.respond(Request("GET", path, query, headers))
        return reply.status, reply.headers.get("content-type"), reply.content

    first, second = links()
    assert (first["type"], first["size"], second["size"]) == ("image/png", 50, 7)
    assert first["url"] != links()[0]["url"]
    status, kind, body = fetch(first["url"])
    assert (status, kind, len(body), body[:4]) == (200, "image/png", 50, b"\x89PNG")
    assert fetch(second["url"])[2].decode() == "Größe"
    assert fetch(first["url"].replace("/1?", "/2?"))[0] == 403
    assert books.pleo.stats()["violations"] == []
    assert fetch(first["url"], Authorization="Bearer x")[0] == 200
    assert len(books.pleo.stats()["violations"]) == 1
    books.clock.seconds = 86400
    assert fetch(first["url"])[0] == 403


def test_links_may_lead_where_the_seed_says(books: Books) -> None:
    """The setting keeps them."""
    file = {"url": "https://files.example.com/1?sig=abc", "type": "application/pdf", "size": 7}
    books.seeded({"id": JOB, "items": [{"files": [file, None]}]})
    books.pleo.use(Settings(file_links="seeded"))
    assert books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"][0]["files"] == [file, None]


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("export-jobs:read", "GET", "/v3/export-jobs"),
        ("export-jobs:read", "GET", f"/v3/export-jobs/{JOB}/items"),
        ("export-items:read", "GET", "/v3/export-items"),
        ("export-jobs:write", "POST", "/v3/export-job-events"),
        ("export-jobs:write", "PUT", f"/v3/export-jobs/{JOB}/items"),
    ],
)
def test_each_call_needs_its_scope(books: Books, scope: str, method: str, path: str) -> None:
    """403 names what is missing."""
    kept = tuple(given for given in ALL_SCOPES if given != scope)
    books.pleo.use(Settings(credentials=(Credential(scheme="bearer", secret="t", scopes=kept),)))
    resource, _, permission = scope.partition(":")
    status, body = books.call(method, path)
    assert (status, body["message"]) == (403, f"Required permission '{permission.upper()}' on resource '{resource}'")


def test_a_subscription_is_made_changed_and_deleted(books: Books) -> None:
    """200 on create, a secret that stays, activities that outlive it."""
    path, body = "/v1/subscriptions", {"endpointUrl": "https://x.example/h", "eventTypes": ["v1.export-job.created"]}
    status, answer = books.call("POST", path, body)
    one = f"{path}/{answer['data']['id']}"
    assert (status, answer["data"]["status"], "endpointAuth" in answer["data"]) == (200, "ACTIVE", False)
    secret = books.call("GET", f"{one}/secret")[1]["data"]["secretKey"]
    assert secret.startswith("whsec_")
    assert books.call("PUT", one, body | {"status": "INACTIVE"})[1]["data"]["status"] == "INACTIVE"
    assert books.call("GET", f"{one}/secret")[1]["data"]["secretKey"] == secret
    for query, count in (
        ("", 1),
        ("?status=ACTIVE", 0),
        ("?event_types=v1.export-job.created", 1),
        ("?event_types=x", 0),
    ):
        assert len(books.call("GET", f"{path}{query}")[1]["data"]) == count
    assert [books.call("DELETE", one)[0], books.call("GET", one)[0], books.call("DELETE", one)[0]] == [204, 404, 404]
    done = [activity["operationType"] for activity in books.call("GET", f"{one}/activities")[1]["data"]]
    assert done == ["CREATE", "UPDATE", "DELETE"]
    assert books.call("POST", path, {"endpointUrl": "x"})[0] == 400


def test_a_subscription_is_told_of_a_new_job(books: Books) -> None:
    """What is sampled of it, once for each active subscription to the event; without sockets it is kept, not sent."""
    path, event = "/v1/subscriptions", "v1.export-job.created"
    books.settings = Settings(job_unknown_entries="make")
    books.seeded()
    for url, events, status in (
        ("http://127.0.0.1:9/a", [event], "ACTIVE"),
        ("http://127.0.0.1:9/b", [event], "INACTIVE"),
        ("http://127.0.0.1:9/c", ["v1.vendor.created"], "ACTIVE"),
    ):
        assert books.call("POST", path, {"endpointUrl": url, "eventTypes": events, "status": status})[0] == 200
    body = {"companyId": books.pleo.company, "accountingEntryIds": ["00000000-0000-4000-8000-000000000001"]}
    job = books.call("POST", "/v3/export-jobs", body)[1]["data"]
    (message,) = books.pleo.state()["webhookMessages"]
    assert (message["url"], message["answer"]) == ("http://127.0.0.1:9/a", None)
    assert (message["body"]["eventType"], message["body"]["eventId"]) == (event, message["id"])
    assert message["body"]["data"].items() <= job.items()
    assert (message["body"]["data"]["numberOfItems"], message["body"]["data"]["status"]) == (1, "pending")


def test_the_server_serves_jobs_and_links(client: Client) -> None:
    """The same over a socket: the link that an item carries leads to the server."""
    client.pleo.reset(Seed(export_jobs=[{"id": JOB, "items": [{"files": 1}]}]))
    assert client.call("POST", "/v3/export-job-events", {"jobId": JOB, "event": "started"}).status_code == 202
    file = client.call("GET", "/v3/export-items", job_id=JOB).json()["data"][0]["files"][0]
    answer = requests.get(file["url"], timeout=5)
    assert (answer.headers["content-type"], len(answer.content)) == ("application/pdf", file["size"])
    assert client.pleo.stats()["violations"] == []


def test_a_user_cancels_at_once(client: Client) -> None:
    """Edits can be made between two calls, over the control endpoint and in Python."""
    client.pleo.reset(Seed(export_jobs=[{"id": JOB, "status": "in_progress", "items": items(2)}]))
    grown = {"op": "create", "kind": "exportItem", "key": [JOB, ENTRIES[5]], "fields": {"amount": 3}}
    assert client.call("POST", "/_sandbox/edits", grown).json() == {"edits": 1}
    assert client.call("GET", f"/v3/export-jobs/{JOB}").json()["data"]["numberOfItems"] == 3
    cancel = {"edits": [{"op": "cancel", "kind": "exportJob", "key": JOB}]}
    assert client.call("POST", "/_sandbox/edits", cancel).json() == {"edits": 1}
    state = client.call("GET", "/_sandbox/state").json()
    assert state["exportJobs"][0]["failureReasonType"] == "canceled_by_user"
    assert {item["status"] for item in state["exportItems"]} == {"abandoned"}
    assert client.call("POST", "/_sandbox/edits", [{"op": "cut"}]).status_code == 400


def test_a_job_is_made_to_expire(books: Books) -> None:
    """An edit that moves its last update back does."""
    books.event("started")
    fields = {"lastUpdatedAt": "2029-12-31T23:00:00Z"}
    books.pleo.edit(Edit(op="update", kind="exportJob", key=JOB, fields=fields))
    assert books.job()["failureReasonType"] == "job_expired"
