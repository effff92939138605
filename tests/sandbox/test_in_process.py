"""The sandbox without a socket: the same answers, in the time of whoever calls."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.sandbox import Dropped, Fault, Request, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox_client import SetClock
    from shapes import Value

SEED = Seed(
    accounts=[{"externalId": "1", "code": "1", "name": "Größe"}, {"externalId": "2", "name": "Two"}],
    tag_groups=[{"code": "DEPT", "name": "Department", "tags": [{"code": "ENG"}]}],
)
CALLS: tuple[tuple[str, str, Value], ...] = (
    ("GET", "/v1/introspect", None),
    ("HEAD", "/v1/introspect", None),
    ("POST", "/v1/chart-of-accounts", {"companyId": SEED.company, "externalId": "n", "name": "N", "archived": False}),
    ("POST", "/v1/chart-of-accounts", {"companyId": SEED.company}),
    ("POST", "/v1/chart-of-accounts:search?limit=2", {"companyId": SEED.company}),
    ("GET", f"/v0/tag-groups?company_id={SEED.company}&include_archived=true", None),
    ("GET", "/v0/tag-groups/00000000-0000-4000-8000-000000000001/tags", None),
    ("GET", "/v0/tag-groups/no%2Fid", None),
    ("PUT", "/v0/tags/nothing", {"archived": True}),
    ("DELETE", "/v1/nowhere", None),
    ("PATCH", "/v1/introspect", None),
)


@pytest.fixture
def inside(clock: SetClock) -> Iterator[Sandbox]:
    """A sandbox that nothing listens for."""
    pleo = Sandbox(seed=SEED, settings=Settings(seed_ids=1), clock=clock)
    yield pleo
    pleo.stop()


def _request(pleo: Sandbox, method: str, target: str, body: Value) -> Request:
    path, _, query = target.partition("?")
    headers = {"authorization": f"Bearer {pleo.token}", "CONTENT-TYPE": "application/json"}
    return Request(method, path, query, headers, b"" if body is None else json.dumps(body).encode())


def test_answers_are_those_of_the_server(inside: Sandbox, pleo: Sandbox) -> None:
    """Status, headers, bytes, state and statistics of a list of calls are the same on both ways."""
    pleo.reset(SEED, Settings(seed_ids=1))
    for method, target, body in CALLS:
        sent = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {pleo.token}", "Content-Type": "application/json"}
        over = requests.request(method, pleo.url + target, data=sent, headers=headers, timeout=5)
        reply = inside.respond(_request(inside, method, target, body))
        assert (reply.status, reply.headers.get("content-type")) == (over.status_code, over.headers["content-type"])
        assert method == "HEAD" or reply.content == over.content
    assert inside.state() == pleo.state()
    assert [e["operation"] for e in inside.stats()["log"]] == [e["operation"] for e in pleo.stats()["log"]]
    assert inside.stats()["violations"] == pleo.stats()["violations"]


def test_time_is_the_clocks(inside: Sandbox, clock: SetClock) -> None:
    """Waits, the rolling minute and the dates of new records pass by the clock alone."""
    inside.use(Settings(latency_seconds=40, rate_limit=2, retry_after="seconds"))
    body = {"archived": False, "code": "X", "name": "X"}
    assert inside.respond(_request(inside, "POST", "/v0/tag-groups", body)).status == 201
    assert clock.seconds == 40
    assert inside.state()["tagGroups"][-1]["createdAt"] == "2030-01-01T00:00:40Z"
    clock.seconds -= 39
    assert inside.respond(_request(inside, *CALLS[0])).status == 200
    clock.seconds -= 39
    reply = inside.respond(_request(inside, *CALLS[0]))
    assert (reply.status, reply.headers["retry-after"]) == (429, "58")


@pytest.mark.parametrize(("kind", "committed"), [("droppedBefore", False), ("lostAnswer", True)])
def test_a_broken_connection_is_an_exception(inside: Sandbox, kind: Value, committed: bool) -> None:
    """It says whether the call was carried out, and the log has no answer."""
    inside.add_fault(Fault(kind=kind, nth=1))
    with pytest.raises(Dropped) as caught:
        inside.respond(_request(inside, *CALLS[2]))
    assert caught.value.committed is committed
    assert any(account["externalId"] == "n" for account in inside.state()["accounts"]) is committed
    assert inside.stats()["byStatus"] == {"none": 1}


def test_it_needs_no_server(monkeypatch: pytest.MonkeyPatch, clock: SetClock) -> None:
    """Without the extra everything but listening works."""
    monkeypatch.delitem(sys.modules, "pleoctl.sandbox.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    pleo = Sandbox(seed=SEED, clock=clock)
    assert pleo.respond(_request(pleo, *CALLS[0])).status == 200
    with pytest.raises(ModuleNotFoundError):
        pleo.start()
    pleo.stop()
