"""Answers to writes that say nothing of them: what was done is found by looking, and nothing is told that is not so."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

import mixed
from engine import check_contract, check_untouched
from pleoctl.remote.service import Reply
from pleoctl.remote.transport import Transport
from pleoctl.sandbox import Fault, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine import Engine
    from shapes import Json

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
STRANGER: Json = {
    "id": "99999999-0000-4000-8000-000000000000",
    "groupId": "99999999-0000-4000-8000-000000000001",
    "externalId": "stranger",
    "code": "STRANGER",
    "name": "Stranger",
    "archived": False,
    "rate": 0.1,
    "type": "inclusive",
    "state": "ACTIVE",
}
ELSEWHERE = {"Location": "https://elsewhere.example/x"}
ANSWERS: dict[str, Reply] = {
    "408": Reply(408, {}, b"<html>Request Timeout</html>"),
    "499": Reply(499, {}, b""),
    "303": Reply(303, {"Location": "/done"}, b""),
    "307 to another host": Reply(307, ELSEWHERE, b""),
    "202": Reply(202, {}, b""),
    "another's": Reply(200, {}, json.dumps({"data": STRANGER}).encode()),
}
# Of these alone nobody can tell whether they were carried out while a list may lag.
UNGUARDED = {"taxCode:NEW", "tagGroup:FRESH", "vendor:new"}
WAITING = {"tag:FRESH/F1", "tag:FRESH/F2"}


class Between:
    """Somebody between here and Pleo: the first write of each operation gets an answer of theirs.

    ``where`` are the urls that they see, all if there is none.
    """

    def __init__(self, answer: Reply, *, passed_on: bool, where: Callable[[str], bool] | None = None) -> None:
        self._answer, self._passed_on, self._where = answer, passed_on, where
        self.struck: set[str] = set()

    def put(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand between."""
        send = Transport.send

        def sent(transport: Transport, method: str, url: str, request: Json) -> Reply:
            operation = f"{method} {ID.sub('', url)}"
            passes = self._where is not None and not self._where(url)
            if method == "GET" or ":search" in url or operation in self.struck or passes:
                return send(transport, method, url, request)
            self.struck.add(operation)
            if self._passed_on:
                send(transport, method, url, request)
            return self._answer

        monkeypatch.setattr(Transport, "send", sent)


@pytest.mark.parametrize("passed_on", [True, False])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_became_of_a_write_is_looked_up(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, answer: Reply, passed_on: bool
) -> None:
    """What was done is done, what was not goes again or is left open: nothing is failed, nothing is there twice."""
    pleo = engine.pleo
    before, plan = pleo.state(), engine.plan()
    between = Between(answer, passed_on=passed_on)
    with monkeypatch.context() as patch:
        between.put(patch)
        applied = engine.apply(plan)
    assert len(between.struck) == 13
    open_ = {str(r.change.address): r.status for r in applied.results if r.status != "done"}
    ambiguous = dict.fromkeys(UNGUARDED, "ambiguous") | dict.fromkeys(WAITING, "blocked")
    assert open_ == ({} if passed_on else ambiguous)
    check_untouched(before, pleo.state(), [plan])
    check_contract(pleo)
    left = {str(change.address) for change in engine.plan().changes}
    assert left == open_.keys()


def test_a_doubt_that_stays_says_what_was_answered(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt has the status and the words beside what is not known."""
    with monkeypatch.context() as patch:
        Between(ANSWERS["307 to another host"], passed_on=False).put(patch)
        applied = engine.apply(engine.plan())
    errors = {str(result.change.address): result.error or {} for result in applied.results}
    error = errors["taxCode:NEW"]
    assert (error["code"], error["httpStatus"]) == ("lost-answer", 307)
    assert error["message"].endswith("(Pleo redirects to https://elsewhere.example, which is refused)")


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 423, 429])
def test_a_denial_of_what_was_done_is_not_the_last_word(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """What is stored all the same is not made twice, and what the end of the run reads again is never called failed.

    What waited for it goes on in the same run, unless the credential is refused.
    """
    pleo = engine.pleo
    before, plan = pleo.state(), engine.plan()
    with monkeypatch.context() as patch:
        Between(Reply(status, {}, b""), passed_on=True).put(patch)
        applied = engine.apply(plan)
    check_untouched(before, pleo.state(), [plan])
    check_contract(pleo)
    ends = {str(r.change.address): r.status for r in applied.results if r.status != "done"}
    assert set(ends.values()) <= {"blocked", "notAttempted"}
    assert (ends == {}) == (status not in {401, 403})
    assert {str(change.address) for change in engine.plan().changes} <= ends.keys()


@pytest.mark.parametrize("status", [401, 403])
def test_a_denial_of_what_waited_is_heard_again_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """A tag whose group was denied, and is there, is sent in the same run; denied itself, it is no more failed."""
    plan, known = engine.plan(), ID.findall(json.dumps(engine.pleo.state()))

    def is_of_a_new_group(url: str) -> bool:
        found = ID.search(url)
        return url.endswith("/tags") and found is not None and found[0] not in known

    with monkeypatch.context() as patch:
        Between(Reply(422, {}, b""), passed_on=True, where=lambda url: url.endswith("/tag-groups")).put(patch)
        Between(Reply(status, {}, b""), passed_on=True, where=is_of_a_new_group).put(patch)
        applied = engine.apply(plan)
    ends = {str(r.change.address): r.status for r in applied.results if r.status != "done"}
    assert "failed" not in ends.values()
    assert ends.keys() <= WAITING
    assert {str(change.address) for change in engine.plan().changes} <= ends.keys()


@pytest.mark.parametrize("path", ["/v0/tag-groups$", "/v0/tax-codes$", "/v1/vendors$"])
def test_a_limit_that_denies_what_lists_do_not_show_yet_doubles_nothing(engine: Engine, path: str) -> None:
    """It is looked for as after a lost answer before it goes again."""
    pleo, plan = engine.pleo, engine.plan()
    before = pleo.state()
    pleo.add_fault(Fault(kind="status", status=429, commit=True, method="POST", path=path, nth=1))
    pleo.add_fault(Fault(kind="lag", reads=2, method="POST", path=path, nth=1))
    assert engine.apply(plan).outcome == "done"
    check_untouched(before, pleo.state(), [plan])
    check_contract(pleo)


def test_a_denial_that_is_true_costs_one_read(engine: Engine) -> None:
    """What Pleo did refuse stays failed; the run looks for it once."""
    pleo, plan = engine.pleo, engine.plan()
    calm = engine.apply(plan).requests["read"]
    pleo.reset(mixed.SEED, Settings(seed_ids=1))
    pleo.add_fault(Fault(kind="status", status=400, method="POST", path="/v1/vendors$"))
    applied = engine.apply(plan)
    assert {str(r.change.address): r.status for r in applied.results if r.status != "done"} == {"vendor:new": "failed"}
    assert applied.requests["read"] == calm + 1


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("retry_after", [None, 0.001, 3600.0])
def test_a_limit_without_end_is_waited_for_some_minutes(
    engine: Engine, *, commit: bool, retry_after: float | None
) -> None:
    """Whatever the server asks for; what it carries out all the same is done, once, and the run goes on."""
    pleo, plan = engine.pleo, engine.plan()
    before, begun = pleo.state(), engine.time.seconds
    strikes: Json = {"method": "POST", "path": "/v0/tag-groups$", "retry_after": retry_after}
    pleo.add_fault(Fault(kind="status", status=429, commit=commit, **strikes))
    applied = engine.apply(plan)
    assert engine.time.seconds - begun < 1200
    (ended,) = [r for r in applied.results if str(r.change.address) == "tagGroup:FRESH"]
    given_up = retry_after == 3600.0 or not commit
    assert (ended.status, applied.outcome) == ("done" if commit else "failed", "partial" if given_up else "done")
    assert ended.error is None if commit else (ended.error or {})["httpStatus"] == 429
    check_untouched(before, pleo.state(), [plan])
    pleo.clear_faults()
    assert engine.apply(engine.plan()).outcome == "done"
    assert [group["code"] for group in pleo.state()["tagGroups"]].count("FRESH") == 1
