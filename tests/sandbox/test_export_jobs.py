"""Export jobs: their life, their items and what is reported of them, under each behaviour that is not published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from export_books import ENTRIES, JOB, SECOND, Books, items
from pleoctl.sandbox import BadInput, Dropped, Edit, Fault, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Json, Value


def _booked(n: int, external_id: str = "b") -> Json:
    return {"accountingEntryId": ENTRIES[n], "status": "successful", "externalId": external_id}


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
    given: Json = {"job_close_open_items": 202, setting: other}
    books.settings = Settings(**given)
    books.pleo.use(books.settings)
    assert act(books) == other


@pytest.mark.parametrize(
    ("rule", "same", "different"),
    [("same", 0, 1), ("final", 1, 1), ("changeable", 0, 0)],
)
def test_a_successful_item_may_change_or_not(books: Books, rule: Value, same: int, different: int) -> None:
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
    told: tuple[tuple[Value, int], ...] = (("sent", 2), ("stored", 2), ("all", 3))
    for shown, count in told:
        books.pleo.use(Settings(job_update_answers=shown))
        status, answer = books.update(_booked(0), _booked(150), _booked(1))
        assert (status, len(answer["data"])) == (200, count)
        assert [(error["accountingEntryId"], error["type"]) for error in answer["errors"]] == [
            (ENTRIES[150], "ACCOUNTING_ENTRY_DOES_NOT_EXIST")
        ]


def test_a_call_takes_a_hundred_updates(books: Books) -> None:
    """One more is 413, stores nothing and breaks the contract."""
    books.seeded({"id": JOB, "status": "in_progress", "items": items(101)})
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
