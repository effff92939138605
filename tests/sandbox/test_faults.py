from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.sandbox import BadInput, Edit, Fault, Sandbox, Settings

if TYPE_CHECKING:
    from sandbox_client import Client, SetClock
    from shapes import Json, Value

SEARCH = {"method": "POST", "path": ":search$"}
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_a_lost_answer_was_carried_out(client: Client) -> None:
    """The connection breaks without an answer, the account exists, and the next call works."""
    client.pleo.add_fault(Fault(kind="lostAnswer", nth=1))
    with pytest.raises(NO_ANSWER):
        client.account("new")
    assert client.found(externalId="new") == ["new"]
    entry = client.pleo.stats()["log"][0]
    assert (entry["status"], entry["written"], entry["faults"]) == (None, True, ["lostAnswer"])


def test_a_call_dropped_before_was_not_carried_out(client: Client) -> None:
    """The connection breaks without an answer and nothing has changed."""
    client.pleo.add_fault(Fault(kind="droppedBefore", nth=1))
    with pytest.raises(NO_ANSWER):
        client.account("new")
    assert client.found(externalId="new") == []
    assert client.pleo.stats()["log"][0]["written"] is False


@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_with_or_without_commit(client: Client, status: int, commit: bool) -> None:
    """The call fails with the status; commit says whether it was carried out all the same."""
    client.pleo.add_fault(Fault(kind="status", status=status, commit=commit, method="post", nth=1))
    answer = client.account("new")
    assert answer.status_code == status
    assert set(answer.json()) == {"type", "message"}
    assert client.found(externalId="new") == (["new"] if commit else [])


def test_retry_after_in_every_form(client: Client) -> None:
    """Absent, a number of seconds, or a date."""
    client.pleo.add_fault(
        Fault(kind="status", status=429, nth=1),
        Fault(kind="status", status=429, retry_after=2.5, nth=2),
        Fault(kind="status", status=429, retry_after=2, retry_after_as="date", nth=3),
    )
    headers = [client.search().headers.get("Retry-After") for _ in range(3)]
    assert headers[:2] == [None, "3"]
    assert parsedate_to_datetime(headers[2] or "").tzinfo is not None


@pytest.mark.parametrize(("when", "found"), [("before", []), ("after", ["new"])])
def test_a_slow_call_outlasts_the_client(client: Client, when: Value, found: list[str]) -> None:
    """The client gives up while the call waits, before or after it is carried out."""
    client.pleo.add_fault(Fault(kind="slow", seconds=60, when=when, nth=1))
    body = {"companyId": client.pleo.company, "externalId": "new", "name": "x", "archived": False}
    with pytest.raises(requests.ReadTimeout):
        client.session.post(f"{client.pleo.url}/v1/chart-of-accounts", json=body, timeout=0.2)
    assert client.found(externalId="new") == found


@pytest.mark.parametrize(("kind", "media"), [("truncatedBody", "application/json"), ("htmlBody", "text/html")])
def test_a_body_that_is_no_json(client: Client, kind: Value, media: str) -> None:
    """Status 200, a complete HTTP message, and a body that cannot be read; the call was carried out."""
    client.pleo.add_fault(Fault(kind=kind, nth=1))
    answer = client.account("new")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert client.found(externalId="new") == ["new"]


def test_pages_that_lie(client: Client) -> None:
    """An early end, a wrong total and a short page each spoil one page of a walk."""
    honest = client.search({"limit": 2}).json()
    spoilt = [
        _with(client, Fault(kind="earlyEnd", nth=1)),
        _with(client, Fault(kind="wrongTotal", by=-1, nth=1)),
        _with(client, Fault(kind="shortPage", nth=1)),
    ]
    assert [p["pagination"]["hasNextPage"] for p in (honest, *spoilt)] == [True, False, True, True]
    assert [p["pagination"]["total"] for p in (honest, *spoilt)] == [4, 4, 3, 4]
    assert [len(p["data"]) for p in (honest, *spoilt)] == [2, 2, 2, 1]
    rest = client.search({"limit": 9, "after": spoilt[2]["pagination"]["endCursor"]}).json()
    assert len(rest["data"]) == 3


def test_a_repeated_page_moves_on_with_the_old_rows(client: Client) -> None:
    """Its rows are those of the page before, its cursor is its own."""
    first = client.search({"limit": 2}).json()
    query = {"limit": 2, "after": first["pagination"]["endCursor"]}
    client.pleo.add_fault(Fault(kind="repeatedPage", nth=1))
    second = client.search(query).json()
    assert second["data"] == first["data"]
    assert second["pagination"] == client.search(query).json()["pagination"]


def test_a_stalled_cursor_leads_to_its_own_page(client: Client) -> None:
    """Following it gives the same page again, from the first page as from any other."""
    client.pleo.add_fault(Fault(kind="stalledCursor"))
    first = client.search({"limit": 2}).json()
    again = client.search({"limit": 2, "after": first["pagination"]["endCursor"]}).json()
    assert again["data"] == first["data"]
    assert again["pagination"]["endCursor"] == first["pagination"]["endCursor"]


def test_a_list_lags_for_some_reads(client: Client) -> None:
    """Searches do not see a create and an update for so many reads; reads by id do."""
    client.pleo.add_fault(Fault(kind="lag", reads=2, times=2))
    made = client.account("new").json()["data"]
    path = f"/v1/chart-of-accounts/{client.id_of('accounts', externalId='a-1')}"
    client.call("PUT", path, {"archived": True, "name": "Cash"})
    client.account("seen at once")
    assert client.call("GET", f"/v1/chart-of-accounts/{made['id']}").status_code == 200
    lagging = ["a-1", "a-3", "a-4", "seen at once"]
    for expected in (lagging, lagging, ["a-3", "a-4", "new", "seen at once"]):
        assert client.found(archived=False) == expected


def test_a_list_lags_for_some_seconds(clock: SetClock) -> None:
    """With a clock that stands in for time, the write shows when its seconds have passed."""
    with Sandbox(clock=clock) as pleo:
        pleo.add_fault(Fault(kind="lag", seconds=30))
        auth = (pleo.api_key, "")
        body = {"archived": False, "code": "X", "name": "X"}
        requests.post(f"{pleo.url}/v0/tag-groups", json=body, auth=auth, timeout=5)
        seen = []
        for moment in (29.0, 30.0):
            clock.seconds = moment
            query = {"company_id": pleo.company}
            listed = requests.get(f"{pleo.url}/v0/tag-groups", params=query, auth=auth, timeout=5)
            seen.append(len(listed.json()["data"]))
    assert seen == [0, 1]


def test_an_expired_token_stays_expired(client: Client) -> None:
    """From the struck call on the credential gets 401, others still work; clearing faults revives it."""
    client.pleo.add_fault(Fault(kind="expireToken", nth=2))
    assert [client.search().status_code for _ in range(4)] == [200, 401, 401, 401]
    token = {"Authorization": f"Bearer {client.pleo.token}"}
    assert requests.get(f"{client.pleo.url}/v1/introspect", headers=token, timeout=5).status_code == 200
    client.pleo.clear_faults()
    assert client.search().status_code == 200


@pytest.mark.parametrize(("when", "name"), [("before", "Mine"), ("after", "Theirs")])
def test_another_client_acts_around_a_call(client: Client, when: Value, name: str) -> None:
    """Its edit comes just before or just after the struck call."""
    edit = Edit(op="rename", kind="account", key="a-1", fields={"name": "Theirs"})
    client.pleo.add_fault(Fault(kind="actor", method="PUT", when=when, edits=(edit,)))
    path = f"/v1/chart-of-accounts/{client.id_of('accounts', externalId='a-1')}"
    client.call("PUT", path, {"archived": False, "name": "Mine"})
    assert client.search(externalId="a-1").json()["data"][0]["name"] == name


def test_another_client_can_do_everything(client: Client) -> None:
    """Create, archive, unarchive, update and delete, on every kind; edits without their record do nothing."""
    edits = (
        Edit(op="create", kind="account", key="theirs", fields={"code": "7"}),
        Edit(op="create", kind="account", key="a-1", fields={"name": "never"}),
        Edit(op="archive", kind="tagGroup", key="PROJ"),
        Edit(op="create", kind="tag", key=("DEPT", "theirs"), fields={"name": "New"}),
        Edit(op="create", kind="tag", key=("NONE", "x")),
        Edit(op="unarchive", kind="tag", key=("DEPT", "eng")),
        Edit(op="update", kind="tag", key=("DEPT", "OPS"), fields={"code": "OPS-2"}),
        Edit(op="delete", kind="account", key="a-2"),
        Edit(op="archive", kind="account", key="nobody"),
    )
    client.pleo.add_fault(Fault(kind="actor", edits=edits, nth=1))
    client.search()
    state = client.pleo.state()
    assert [a["externalId"] for a in state["accounts"]] == ["a-1", "a-3", "a-4", "theirs"]
    assert state["accounts"][0]["name"] == "Cash"
    assert [g["archived"] for g in state["tagGroups"]] == [False, True, True]
    assert [(t["code"], t["archived"]) for t in state["tags"]] == [
        ("ENG", False),
        ("eng", False),
        ("OPS-2", False),
        ("P1", False),
        ("theirs", False),
    ]


@pytest.mark.parametrize(
    ("selector", "struck"),
    [
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"times": 1}, [1]),
        ({"method": "GET"}, []),
        ({"path": "^/v1/chart-of-accounts:search$", "nth": 6}, [6]),
        ({"probability": 0.0}, []),
        ({"probability": 1.0, "times": 2}, [1, 2]),
    ],
)
def test_selectors_choose_calls(client: Client, selector: Json, struck: list[int]) -> None:
    """All selectors must agree, counted over the calls that match method and path."""
    client.pleo.add_fault(Fault(kind="status", status=500, **selector))
    statuses = [client.search().status_code for _ in range(6)]
    assert [n for n, status in enumerate(statuses, 1) if status == 500] == struck


def test_probability_strikes_the_same_calls_for_the_same_seed(client: Client) -> None:
    """A seed makes a random run repeatable; another seed gives another run."""
    runs = []
    for seed in (1, 1, 2):
        client.pleo.clear_faults()
        client.pleo.add_fault(Fault(kind="status", probability=0.5, seed=seed))
        runs.append([client.search().status_code for _ in range(16)])
    assert runs[0] == runs[1] != runs[2]


def test_faults_at_run_time_over_http(client: Client) -> None:
    """The control endpoint takes one fault, a list, or a document, and shows how often each struck."""
    url = f"{client.pleo.url}/_sandbox/faults"
    requests.post(url, json={"kind": "status", "status": 500, "nth": 1}, timeout=5)
    requests.post(url, json=[{"kind": "slow", "seconds": 0, "when": "after"}], timeout=5)
    actor = {"kind": "actor", "edits": [{"op": "archive", "kind": "tag", "key": ["DEPT", "OPS"]}]}
    requests.post(url, json={"faults": [actor]}, timeout=5)
    assert client.search().status_code == 500
    shown = requests.get(url, timeout=5).json()
    assert [(f["kind"], f["matched"], f["fired"]) for f in shown] == [
        ("status", 1, 1),
        ("slow", 1, 1),
        ("actor", 1, 1),
    ]
    assert requests.delete(url, timeout=5).json() == []
    assert client.search().status_code == 200


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"kind": "melt"}, "kind"),
        ({}, "fault"),
        ({"kind": "slow", "second": 1}, "second"),
        ({"kind": "slow", "nth": 0}, "nth"),
        ({"kind": "slow", "seconds": -1}, "seconds"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "slow", "path": "("}, "path"),
        ({"kind": "slow", "probability": 2}, "probability"),
        ({"kind": "actor"}, "edits"),
        ({"kind": "lag"}, "reads"),
        ({"kind": "status", "retryAfterAs": "hours"}, "retryAfterAs"),
        ({"kind": "actor", "edits": [{"op": "melt", "kind": "tag", "key": ["a", "b"]}]}, "op"),
        ({"kind": "actor", "edits": [{"op": "archive", "kind": "tag", "key": "a"}]}, "key"),
        (
            {"kind": "actor", "edits": [{"op": "update", "kind": "account", "key": "a", "fields": {"n": 1}}]},
            "n",
        ),
    ],
)
def test_a_wrong_fault_names_its_field(fault: Json, field: str) -> None:
    """A fault that cannot be is refused when it is made."""
    with pytest.raises(BadInput) as caught:
        Fault.from_mapping(fault)
    assert field in caught.value.field


def test_the_rate_limit_follows_a_rolling_minute(clock: SetClock) -> None:
    """Calls beyond the limit get 429 and do not count; Retry-After says when the next one is let in."""
    settings = Settings(rate_limit=2, retry_after="seconds")
    with Sandbox(settings=settings, clock=clock) as pleo:
        answers = []
        for moment in (100.0, 110.0, 120.0, 159.5, 160.0, 160.0):
            clock.seconds = moment
            answer = requests.get(f"{pleo.url}/v1/introspect", auth=(pleo.api_key, ""), timeout=5)
            answers.append((answer.status_code, answer.headers.get("Retry-After")))
        busiest = pleo.stats()["maxPerMinute"]
    assert answers == [(200, None), (200, None), (429, "40"), (429, "1"), (200, None), (429, "10")]
    assert busiest == 5


def _with(client: Client, fault: Fault) -> Json:
    client.pleo.clear_faults()
    client.pleo.add_fault(fault)
    page: Json = client.search({"limit": 2}).json()
    return page
