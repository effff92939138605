"""Export jobs: their life, their items and what is reported of them, under each behaviour that is not published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pleoctl.sandbox import BadInput, Credential, Dropped, Edit, Fault, Request, Sandbox, Seed, Settings
from pleoctl.sandbox.auth import ALL_SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox_client import Client, SetClock

Json = dict[str, Any]
ENTRIES = [f"00000000-0000-4000-8000-{n:012}" for n in range(1, 200)]
JOB = "11111111-0000-4000-8000-000000000001"
SECOND = "11111111-0000-4000-8000-000000000002"


class Books:
    """An integration that speaks to a sandbox without a socket."""

    def __init__(self, pleo: Sandbox, clock: SetClock) -> None:
        self.pleo = pleo
        self.clock = clock
        self.settings = Settings()

    def seeded(self, *jobs: Json) -> None:
        """Start again with these jobs and the settings of this integration."""
        self.pleo.reset(Seed(export_jobs=jobs), self.settings)

    def call(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of one call."""
        path, _, query = target.partition("?")
        headers = {"Authorization": f"Bearer {self.pleo.token}", "Content-Type": "application/json", "Host": "h:1"}
        reply = self.pleo.respond(
            Request(method, path, query, headers, b"" if body is None else json.dumps(body).encode())
        )
        return reply.status, json.loads(reply.content) if reply.content else None

    def event(self, name: str, job: str = JOB, **fields: Any) -> int:
        """The status of an event."""
        return self.call("POST", "/v3/export-job-events", {"jobId": job, "event": name, **fields})[0]

    def job(self, job: str = JOB) -> Json:
        """A job."""
        found: Json = self.call("GET", f"/v3/export-jobs/{job}")[1]["data"]
        return found

    def items(self, job: str = JOB) -> list[str]:
        """The states of a job's items."""
        return [item["status"] for item in self.call("GET", f"/v3/export-jobs/{job}/items?limit=100")[1]["data"]]

    def update(self, *updates: Json, job: str = JOB) -> tuple[int, Any]:
        """Report outcomes."""
        return self.call("PUT", f"/v3/export-jobs/{job}/items", list(updates))


def _items(count: int) -> list[Json]:
    return [{"accountingEntryId": entry, "amount": 100} for entry in ENTRIES[:count]]


def _booked(n: int, external_id: str = "b") -> Json:
    return {"accountingEntryId": ENTRIES[n], "status": "successful", "externalId": external_id}


@pytest.fixture
def books(clock: SetClock) -> Iterator[Books]:
    """A company with one pending job of three items."""
    pleo = Sandbox(clock=clock)
    made = Books(pleo, clock)
    made.seeded({"id": JOB, "items": _items(3)})
    yield made
    pleo.stop()


def test_a_job_is_found_started_booked_and_closed(books: Books) -> None:
    """The whole way: list, start, items, payloads, outcomes, one closing event; the state tells it in order."""
    status, page = books.call(
        "GET", f"/v3/export-jobs?company_id={books.pleo.company}&statuses=pending&statuses=in_progress"
    )
    assert (status, [(job["id"], job["numberOfItems"]) for job in page["data"]]) == (200, [(JOB, 3)])
    assert books.event("started") == 202
    assert (books.job()["status"], books.job()["startedAt"]) == ("in_progress", "2030-01-01T00:00:00Z")
    payloads = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"]
    assert [item["accountingEntryId"] for item in payloads] == ENTRIES[:3]
    failed = {"accountingEntryId": ENTRIES[2], "status": "failed", "failureReasonType": "account_unknown"}
    status, answer = books.update(_booked(0), _booked(1), failed)
    assert (status, answer["errors"], [item["status"] for item in answer["data"]]) == (
        200,
        [],
        ["successful", "successful", "failed"],
    )
    assert books.event("completed_with_errors") == 202
    assert (books.job()["status"], books.job()["completedAt"]) == ("completed_with_errors", "2030-01-01T00:00:00Z")
    told = [(r.get("event"), r.get("status"), r["error"]) for r in books.pleo.state()["exportReports"]]
    assert told == [
        ("started", None, None),
        (None, "successful", None),
        (None, "successful", None),
        (None, "failed", None),
        ("completed_with_errors", None, None),
    ]
    assert books.pleo.stats()["violations"] == []


def test_a_job_that_is_over_takes_nothing(books: Books) -> None:
    """Updates, payloads and events get 422; what is known can still be read."""
    books.event("started")
    assert books.event("failed", failureReason="no books", failureReasonType="accounting_system_unreachable") == 202
    assert books.job()["failureReasonType"] == "accounting_system_unreachable"
    assert books.items() == ["abandoned"] * 3
    assert books.update(_booked(0)) == (
        422,
        {
            "type": "EXPORT_JOB_STATUS_UNPROCESSABLE",
            "message": "The export job is failed",
        },
    )
    assert books.call("GET", f"/v3/export-items?job_id={JOB}")[0] == 422
    assert books.event("failed") == 422
    assert books.call("GET", f"/v3/export-jobs/{SECOND}")[1]["type"] == "EXPORT_NOT_FOUND"


@pytest.mark.parametrize("event", ["completed", "completed_with_errors", "failed"])
def test_a_closing_event_ends_the_job_once(books: Books, event: str) -> None:
    """The first is accepted, the next one refused and told as refused."""
    books.seeded({"id": JOB, "status": "in_progress", "items": []})
    assert [books.event(event), books.event(event)] == [202, 422]
    assert books.job()["status"] == event
    assert [report["error"] for report in books.pleo.state()["exportReports"]] == [None, f"{event}: the job is {event}"]


def test_a_job_expires_by_the_clock(books: Books) -> None:
    """One hour after the last action it has failed, and its open items are abandoned; every write is an action."""
    books.event("started")
    books.clock.seconds = 3599
    books.update(_booked(0))
    books.clock.seconds = 3599 + 3599
    assert books.job()["status"] == "in_progress"
    books.clock.seconds += 1
    assert books.update(_booked(1))[0] == 422
    job = books.job()
    assert (job["status"], job["failureReasonType"], job["expiresIn"]) == ("failed", "job_expired", 3600)
    assert job["expiredAt"] == "2030-01-01T01:59:59Z"
    assert books.items() == ["successful", "abandoned", "abandoned"]


@pytest.mark.parametrize(
    ("settings", "started", "status"),
    [
        ({}, True, "failed"),
        ({"job_reads_renew": True}, True, "in_progress"),
        ({"job_expires_in": 9000}, True, "in_progress"),
        ({}, False, "pending"),
        ({"job_pending_expires": True}, False, "failed"),
    ],
)
def test_what_keeps_a_job_alive(books: Books, settings: Json, started: bool, status: str) -> None:
    """Settings say whether reads do, whether a pending job needs it, and for how long."""
    books.pleo.use(Settings(**settings))
    if started:
        books.event("started")
    for _ in range(3):
        books.clock.seconds += 1800
        books.items()
    assert books.job()["status"] == status


def _close_open(books: Books) -> int:
    books.event("started")
    return books.event("completed")


def _again(books: Books) -> int:
    books.event("started")
    return books.event("started")


def _beside(books: Books) -> int:
    books.seeded({"id": JOB, "status": "in_progress"}, {"id": SECOND})
    return books.event("started", SECOND)


def _update_pending(books: Books) -> int:
    return books.update(_booked(0))[0]


@pytest.mark.parametrize(
    ("act", "usual", "setting", "other"),
    [
        (_again, 422, "job_started_again", 202),
        (_beside, 202, "job_started_beside", 422),
        (_close_open, 422, "job_close_open_items", 202),
        (lambda books: books.event("completed"), 422, "job_close_pending", 202),
        (lambda books: books.event("failed"), 422, "job_close_pending", 202),
        (_update_pending, 200, "job_update_pending", 422),
    ],
)
def test_what_a_job_takes_is_a_setting(
    books: Books, act: Callable[[Books], int], usual: int, setting: str, other: int
) -> None:
    """Each step that is not published is accepted or refused as the setting says."""
    assert act(books) == usual
    books.pleo.reset()
    given: dict[str, Any] = {"job_close_open_items": 202, setting: other}
    books.settings = Settings(**given)
    books.pleo.use(books.settings)
    assert act(books) == other


@pytest.mark.parametrize(
    ("rule", "same", "different"),
    [("same", 0, 1), ("final", 1, 1), ("changeable", 0, 0)],
)
def test_a_successful_item_may_change_or_not(books: Books, rule: Any, same: int, different: int) -> None:
    """The setting says whether the same outcome, or another one, is an error later; a failed item may change."""
    books.pleo.use(Settings(job_successful_item=rule))
    books.event("started")
    books.update(_booked(0), {"accountingEntryId": ENTRIES[1], "status": "failed", "failureReason": "x"})
    assert len(books.update(_booked(0))[1]["errors"]) == same
    status, answer = books.update(_booked(0, "another"), _booked(1))
    assert (status, len(answer["errors"]), answer["data"][1]["failureReason"]) == (200, different, None)
    assert {error["type"] for error in answer["errors"]} <= {"EXPORT_ENTRY_STATUS_UPDATE_FAILED"}


def test_an_entry_of_no_item_is_an_error_of_the_200(books: Books) -> None:
    """The other updates of the call are stored, and the setting says which items are shown."""
    books.event("started")
    told: tuple[tuple[Any, int], ...] = (("sent", 2), ("stored", 2), ("all", 3))
    for shown, count in told:
        books.pleo.use(Settings(job_update_answers=shown))
        status, answer = books.update(_booked(0), _booked(150), _booked(1))
        assert (status, len(answer["data"])) == (200, count)
        assert [(error["accountingEntryId"], error["type"]) for error in answer["errors"]] == [
            (ENTRIES[150], "ACCOUNTING_ENTRY_DOES_NOT_EXIST")
        ]


def test_a_call_takes_a_hundred_updates(books: Books) -> None:
    """One more is 413, stores nothing and breaks the contract."""
    books.seeded({"id": JOB, "status": "in_progress", "items": _items(101)})
    status, body = books.update(*(_booked(n) for n in range(101)))
    assert (status, body["type"]) == (413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT")
    assert len(books.pleo.stats()["violations"]) == 1
    assert books.update(*(_booked(n) for n in range(100)))[0] == 200
    assert books.call("GET", f"/v3/export-jobs/{JOB}/items?status=pending")[1]["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("update", "field"),
    [
        ({"status": "done"}, "[0].status: must be one of pending"),
        ({"failureReasonType": "bad"}, "[0].failureReasonType: must be one of receipt_upload_failure"),
        ({"externalId": None}, "[0].externalId: must not be null"),
        ({"exportedAt": "yesterday"}, "[0].exportedAt: must be a date and time"),
        ({"accountingEntryId": "1"}, "[0].accountingEntryId: must be a UUID"),
    ],
)
def test_an_update_keeps_to_the_contract(books: Books, update: Json, field: str) -> None:
    """What the contract does not let through is 400 and names the field."""
    books.event("started")
    status, body = books.update(_booked(0) | update)
    assert (status, body["message"][: len(field)]) == (400, field)
    assert books.call("PUT", f"/v3/export-jobs/{JOB}/items", {})[1]["message"] == "body: must be a list"
    assert books.call("GET", "/v3/export-jobs?statuses=done")[0] == 400
    assert books.items() == ["pending"] * 3


def test_a_user_cancels_and_another_client_takes_part(books: Books) -> None:
    """An actor cancels the job, makes it grow, reports an item, and closes it."""
    grown = Edit(op="create", kind="exportItem", key=(JOB, ENTRIES[9]), fields={"amount": 700, "account": "6820"})
    other = Edit(op="update", kind="exportItem", key=(JOB, ENTRIES[0]), fields={"status": "failed", "note": "theirs"})
    cancel = Edit(op="cancel", kind="exportJob", key=JOB)
    books.pleo.add_fault(
        Fault(kind="actor", path="job-events", nth=1, when="after", edits=(grown, other)),
        Fault(kind="actor", method="PUT", nth=1, edits=(cancel,)),
    )
    books.event("started")
    assert (books.items(), books.job()["numberOfItems"]) == (["failed", "pending", "pending", "pending"], 4)
    payloads = books.call("GET", f"/v3/export-items?job_id={JOB}")[1]["data"]
    assert (payloads[0]["note"], payloads[3]["accountingEntryLines"][0]["account"]["code"]) == ("theirs", "6820")
    assert books.update(_booked(1))[0] == 422
    assert books.job()["failureReasonType"] == "canceled_by_user"
    assert books.items() == ["failed", "abandoned", "abandoned", "abandoned"]
    books.seeded({"id": JOB, "status": "completed"})
    books.pleo.add_fault(Fault(kind="actor", edits=(cancel,)))
    assert books.job()["status"] == "completed"
    with pytest.raises(BadInput, match="only an export job"):
        Edit(op="cancel", kind="account", key="1")


def test_half_a_call_is_stored(books: Books) -> None:
    """The first half is, and the answer is an error."""
    books.event("started")
    books.pleo.add_fault(Fault(kind="partialUpdate", nth=1, status=502))
    assert books.update(_booked(0), _booked(1), _booked(2))[0] == 502
    assert books.items() == ["successful", "pending", "pending"]
    assert books.update(_booked(0), _booked(1), _booked(2))[1]["errors"] == []


@pytest.mark.parametrize(("commit", "first"), [(False, "pending"), (True, "successful")])
def test_a_200_hides_errors(books: Books, commit: bool, first: str) -> None:
    """So many updates are called wrong and, unless the fault says so, not stored."""
    books.event("started")
    books.pleo.add_fault(Fault(kind="updateErrors", nth=1, by=1, commit=commit))
    status, answer = books.update(_booked(0), _booked(1))
    assert (status, [error["accountingEntryId"] for error in answer["errors"]]) == (200, [ENTRIES[0]])
    assert books.items() == [first, "successful", "pending"]


def test_faults_strike_the_calls_of_jobs(books: Books) -> None:
    """A lost answer, a refused call and an expired credential do what they do elsewhere."""
    books.pleo.add_fault(
        Fault(kind="lostAnswer", path="job-events", nth=1),
        Fault(kind="status", method="PUT", status=503, nth=1),
        Fault(kind="droppedBefore", path="export-items", nth=1),
        Fault(kind="expireToken", path="export-items", nth=2),
    )
    with pytest.raises(Dropped):
        books.event("started")
    assert (books.job()["status"], books.event("started")) == ("in_progress", 422)
    assert (books.update(_booked(0))[0], books.items()[0]) == (503, "pending")
    with pytest.raises(Dropped):
        books.call("GET", f"/v3/export-items?job_id={JOB}")
    assert books.call("GET", f"/v3/export-items?job_id={JOB}")[0] == 401


def test_updates_may_show_late(books: Books) -> None:
    """Lists lag behind, a job by its id does not."""
    books.pleo.add_fault(Fault(kind="lag", method="PUT", reads=1), Fault(kind="lag", path="events", reads=1))
    books.event("started")
    books.update(_booked(0))
    assert books.job()["status"] == "in_progress"
    assert [books.items()[0] for _ in range(2)] == ["pending", "successful"]


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
def test_items_without_a_job(books: Books, rule: Any, answer: tuple[int, int | None]) -> None:
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
    client.pleo.reset(Seed(export_jobs=[{"id": JOB, "status": "in_progress", "items": _items(2)}]))
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
