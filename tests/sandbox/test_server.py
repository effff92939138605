from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import requests

from pleoctl.sandbox import BadInput, Sandbox, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox_client import Client

ONE = Seed(accounts=[{"externalId": "1", "name": "One"}])


def test_stopping_frees_the_port_and_breaks_open_calls() -> None:
    """A call that still waits ends without an answer, and the port can be taken again at once."""
    broken = []
    with Sandbox(settings=Settings(latency_seconds=60)) as pleo:
        waiting = threading.Thread(target=lambda: broken.append(_broken(pleo)))
        waiting.start()
        while not pleo.stats()["total"]:
            pass
        port = int(pleo.url.rpartition(":")[2])
    waiting.join()
    assert broken == [True]
    with Sandbox(port=port) as again:
        assert again.url.endswith(f":{port}")


def test_a_taken_port_is_an_error(pleo: Sandbox) -> None:
    """Starting on a port that is in use raises, and says so."""
    second = Sandbox(port=int(pleo.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()


def test_sandboxes_do_not_see_each_other(pleo: Sandbox) -> None:
    """Two sandboxes in one process have their own state and statistics."""
    with Sandbox(seed=ONE) as other:
        requests.get(f"{other.url}/v1/introspect", auth=(other.api_key, ""), timeout=5)
        assert (other.stats()["total"], pleo.stats()["total"]) == (1, 0)
        assert len(other.state()["accounts"]) == 1


def test_a_database_file_keeps_the_company(tmp_path: Path) -> None:
    """A second sandbox on the same file goes on where the first stopped; a seed starts over."""
    file = str(tmp_path / "pleo.sqlite")
    company = "00000000-0000-4000-8000-000000000001"
    with Sandbox(seed=Seed(company=company), database=file) as first:
        first.put_account("kept", name="Kept")
    with Sandbox(database=file) as second:
        assert second.company == company
        assert [a["externalId"] for a in second.state()["accounts"]] == ["kept"]
    with Sandbox(seed=ONE, database=file) as third:
        assert [a["externalId"] for a in third.state()["accounts"]] == ["1"]


def test_reset_forgets_everything(client: Client) -> None:
    """Records, statistics and settings are those of the reset; without a seed, those of the last one."""
    client.account("new")
    client.pleo.reset(ONE, Settings(totals=False))
    assert client.pleo.stats()["total"] == 0
    assert "total" not in client.search().json()["pagination"]
    assert client.found() == ["1"]
    client.account("new")
    client.pleo.reset()
    assert client.found() == ["1"]


def test_runs_with_seed_ids_are_the_same(client: Client) -> None:
    """With a number for ids, two runs of the same calls give the same ids and timestamps."""
    states = []
    for number in (1, 1, 2):
        client.pleo.reset(ONE, Settings(seed_ids=number))
        client.account("new")
        client.call("POST", "/v0/tag-groups", {"archived": False, "code": "X", "name": "X"})
        states.append(client.pleo.state())
    assert states[0] == states[1] != states[2]


def test_records_are_edited_past_the_api(pleo: Sandbox) -> None:
    """The helpers create and change records by key or id, and refuse fields that do not exist."""
    account = pleo.put_account("x", archived=True)
    assert (account["name"], account["archived"]) == ("x", True)
    assert pleo.put_account("x", name="Renamed")["id"] == account["id"]
    twin = pleo.put_group("DEPT", record_id="00000000-0000-4000-8000-000000000001", name="Third")
    assert twin["id"] == "00000000-0000-4000-8000-000000000001"
    tag = pleo.put_tag("PROJ", "P2", usage=4, createdAt="2020-01-01T00:00:00Z")
    assert (tag["usage"], tag["createdAt"]) == (4, "2020-01-01T00:00:00Z")
    with pytest.raises(BadInput):
        pleo.put_account("x", nmae="typo")
    with pytest.raises(BadInput):
        pleo.put_tag("NONE", "x")


def test_statistics_count_by_operation(client: Client) -> None:
    """Reads, writes and each operation are counted; control endpoints are not."""
    client.search()
    client.account("new")
    requests.get(f"{client.pleo.url}/_sandbox/stats", timeout=5)
    stats = requests.get(f"{client.pleo.url}/_sandbox/stats", timeout=5).json()
    assert (stats["total"], stats["reads"], stats["writes"], stats["deletes"]) == (2, 1, 1, 0)
    assert stats["byOperation"] == {"POST /v1/chart-of-accounts": 1, "POST /v1/chart-of-accounts:search": 1}
    assert stats["byStatus"] == {"200": 1, "201": 1}
    assert [(e["method"], e["path"], e["status"]) for e in stats["log"]] == [
        ("POST", "/v1/chart-of-accounts:search", 200),
        ("POST", "/v1/chart-of-accounts", 201),
    ]
    assert '"externalId": "new"' in stats["log"][1]["body"]
    assert stats == client.pleo.stats()


def test_state_and_settings_over_http(client: Client) -> None:
    """State, settings and reset are reachable by control endpoints, and never show a secret."""
    url = f"{client.pleo.url}/_sandbox"
    assert requests.get(f"{url}/state", timeout=5).json() == client.pleo.state()
    changed = requests.post(f"{url}/settings", json={"totals": False}, timeout=5)
    assert changed.json()["totals"] is False
    assert "sandbox-key" not in requests.get(f"{url}/settings", timeout=5).text
    assert "total" not in client.search().json()["pagination"]
    body = {"seed": {"accounts": [{"externalId": "1", "name": "One"}]}, "settings": {"totals": True}}
    requests.post(f"{url}/reset", json=body, timeout=5)
    assert client.search().json()["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("settings", '{"totals": 7}'),
        ("settings", "[]"),
        ("settings", "{"),
        ("faults", '{"kind": "melt"}'),
        ("faults", "7"),
        ("reset", '{"seed": {"accounts": 7}}'),
        ("reset", '{"seeds": 1}'),
        ("reset", "7"),
    ],
)
def test_wrong_control_requests_are_refused(pleo: Sandbox, path: str, content: str) -> None:
    """400 with the reason, and nothing changes."""
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{pleo.url}/_sandbox/{path}", data=content, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["type"] == "BAD_INPUT"
    assert len(pleo.state()["accounts"]) == 4


def _broken(pleo: Sandbox) -> bool:
    try:
        requests.get(f"{pleo.url}/v1/introspect", auth=(pleo.api_key, ""), timeout=30)
    except requests.ConnectionError:
        return True
    return False
