"""The receiver of Pleo's webhook messages: a signed one wakes the watch, nothing else does anything."""

from __future__ import annotations

import base64
import functools
import http.client
import json
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from export_pleo import COMPANY, JOB, World, payload
from pleoctl.jobs import receiver
from pleoctl.jobs.notices import Notices, signature, signing_key
from pleoctl.jobs.receiver import MAX_BODY, MOST, Receiver
from pleoctl.machine import this_machine
from pleoctl.sandbox import Sandbox, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clocks import FakeTime
    from job_outcomes import MakeBooks
    from pleoctl.machine import Machine
    from shapes import Json, Value
    from tests.conftest import Cli

KEY = b"0123456789abcdef01234567"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
OTHER_KEY = b"another key"
NEWS: Json = {"eventId": "e", "eventType": "v1.export-job.created", "data": {"companyId": COMPANY}}


class Service:
    """A receiver, and how often it was woken."""

    def __init__(self, open_receiver: Receiver, bell: Bell) -> None:
        self.at = (urlsplit(open_receiver.url).hostname or "", urlsplit(open_receiver.url).port or 0)
        self.bell = bell

    def send(
        self, body: bytes, headers: dict[str, str], method: str = "POST", path: str = "/pleo"
    ) -> http.client.HTTPResponse:
        """One request."""
        connection = http.client.HTTPConnection(*self.at, timeout=10)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def raw(self, content: bytes, *, end: bool = True) -> bytes:
        """The first line of the answer to what is no request, or half of one."""
        with socket.create_connection(self.at, timeout=10) as connection:
            connection.sendall(content)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return connection.makefile("rb").readline()


class Bell:
    """Counts."""

    rung = 0

    def ring(self) -> None:
        """One more."""
        self.rung += 1


def signed(
    message: Value, time: Machine, *, key: bytes = KEY, identity: str = "msg-1", off: int = 0
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a message, ``off`` seconds from now."""
    body = json.dumps(message).encode()
    moment = str(int(time.time()) + off)
    said = signature(key, identity, moment, body)
    return body, {"webhook-id": identity, "webhook-timestamp": moment, "webhook-signature": said}


@pytest.fixture
def service(time: FakeTime) -> Iterator[Service]:
    """A receiver that honours two keys."""
    _ = time
    bell = Bell()
    notices = Notices([OTHER_KEY, KEY], COMPANY, 300.0)
    with Receiver(("127.0.0.1", 0), "/pleo", notices, bell.ring) as running:
        yield Service(running, bell)


def test_a_signed_message_wakes_once(service: Service, time: FakeTime) -> None:
    """The same id again is taken, so that Pleo does not repeat it, and wakes nobody."""
    body, headers = signed(NEWS, time)
    assert [service.send(body, headers).status for _ in range(3)] == [204] * 3
    assert service.bell.rung == 1
    assert service.send(*signed(NEWS, time, key=OTHER_KEY, identity="msg-2")).status == 204
    assert service.bell.rung == 2
    body, headers = signed(NEWS, time, identity="msg-3")
    headers["webhook-signature"] = f"v1,bm90aGluZw== v2,x {headers['webhook-signature']}"
    assert service.send(body, headers).status == 204
    assert service.bell.rung == 3


@pytest.mark.parametrize(
    "message",
    [
        {**NEWS, "eventType": "v1.vendor.created"},
        {**NEWS, "data": {"companyId": "6b1f2c1e-0000-4000-8000-000000000009"}},
    ],
    ids=["another event", "another company"],
)
def test_what_is_about_something_else_is_taken_and_passed_over(
    message: Value, service: Service, time: FakeTime
) -> None:
    """Signed and answered with 204, but no reason to look."""
    assert (service.send(*signed(message, time)).status, service.bell.rung) == (204, 0)


def test_what_is_malformed_stays_so(service: Service, time: FakeTime) -> None:
    """A signed message that is none of Pleo's webhooks gets the same answer each time."""
    body, headers = signed(["no", "message"], time)
    assert [service.send(body, headers).status for _ in range(3)] == [400] * 3


def test_forged_and_replayed_messages_are_refused(service: Service, time: FakeTime) -> None:
    """Another key, another body, another id, or a moment that is more than five minutes away: 401."""
    body, headers = signed(NEWS, time)
    for changed in (
        signed(NEWS, time, key=b"guessed"),
        (body + b" ", headers),
        (body, {**headers, "webhook-id": "msg-2"}),
        (body, {**headers, "webhook-timestamp": str(int(time.time()) + 1)}),
        (body, {**headers, "webhook-signature": headers["webhook-signature"].removeprefix("v1,")}),
        (body, {**headers, "webhook-signature": "v1,ünicode".encode().decode("latin-1")}),
        signed(NEWS, time, off=-301),
        signed(NEWS, time, off=301),
    ):
        assert service.send(*changed).status == 401
    assert service.send(*signed(NEWS, time, off=-299)).status == 204
    time.sleep(601)
    assert service.send(body, headers).status == 401
    assert service.bell.rung == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 400),
        ({"webhook-id": "x" * 257}, None, 400),
        ({"webhook-timestamp": "9" * 400}, None, 400),
        ({"webhook-timestamp": "-1"}, None, 400),
        ({"Content-Length": str(MAX_BODY + 1)}, None, 413),
        ({"Content-Length": "9" * 5000}, None, 413),
        ({"Content-Length": "-5"}, None, 400),
        ({"Transfer-Encoding": "chunked"}, None, 411),
    ],
)
def test_what_is_no_message_is_refused(
    headers: dict[str, str], body: bytes | None, status: int, service: Service, time: FakeTime
) -> None:
    """Each with its status, and before a body that is too large was read."""
    right, given = signed(NEWS, time)
    assert service.send(body or right, {**given, **headers} if headers else {}).status == status
    assert service.bell.rung == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"data": null}', b"[" * 60_000])
def test_signed_nonsense_is_refused(body: bytes, service: Service, time: FakeTime) -> None:
    """Whatever it is, the service goes on."""
    moment = str(int(time.time()))
    headers = {"webhook-id": "a", "webhook-timestamp": moment, "webhook-signature": signature(KEY, "a", moment, body)}
    assert (service.send(body, headers).status, service.bell.rung) == (400, 0)


def test_other_paths_and_methods(service: Service) -> None:
    """Health is answered; nothing says what runs here."""
    health = service.send(b"", {}, "GET", "/healthz")
    assert (health.status, health.headers["Server"]) == (200, "pleoctl")
    assert service.send(b"", {}, "GET", "/pleo").status == 405
    assert service.send(b"{}", {}, "POST", "/other").status == 404
    assert service.send(b"", {}, "DELETE", "/pleo").status == 501


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"POST\r\n\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"\r\n" * 10],
    ids=["TLS", "no path", "endless path", "nothing"],
)
def test_garbage_ends_its_own_connection_alone(garbage: bytes, service: Service) -> None:
    """The next one is served."""
    assert service.raw(garbage)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 414", b""}
    assert service.send(b"", {}, "GET", "/healthz").status == 200


def test_a_body_that_breaks_off(service: Service) -> None:
    """Half a body is none."""
    assert service.raw(b"POST /pleo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf").split()[1] == b"400"


@pytest.mark.parametrize("begun", [b"POST /pleo HT", b"POST /pleo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"])
def test_a_slow_client_is_let_go(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has its seconds for all of the request, however it drips."""
    monkeypatch.setattr(receiver, "SECONDS", 0.2)
    with Receiver(("127.0.0.1", 0), "/pleo", Notices([KEY], COMPANY, 300.0), Bell().ring) as running:
        service = Service(running, Bell())
        assert service.raw(begun, end=False)[:12] in {b"", b"HTTP/1.1 408"}


def test_too_many_connections_are_closed(service: Service) -> None:
    """Those who hold the service up are kept to a number; when they leave, others are served."""
    held = [socket.create_connection(service.at, timeout=10) for _ in range(MOST)]
    for one in held:
        one.sendall(b"POST /pleo HTTP/1.1\r\nContent-Length: 1\r\n")
    with socket.create_connection(service.at, timeout=10) as late:
        assert late.recv(1) == b""
    for one in held:
        one.sendall(b"\r\nx")
        assert one.makefile("rb").readline().split()[1] == b"400"
        one.close()
    assert service.send(b"", {}, "GET", "/healthz").status == 200


def test_a_message_wakes_the_watch(world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an hour between its looks the job is booked at once, and TERM ends the service with 143."""
    folder, read = books(), World.read
    del world.jobs[JOB]
    monkeypatch.setenv("HOOK_SECRET", SECRET)

    def told() -> None:
        at = urlsplit(json.loads((folder / "ready.json").read_text())["url"])
        body, headers = signed(NEWS, this_machine())
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=10)
        connection.request("POST", "/", body, headers)
        assert connection.getresponse().status == 204

    def reading(self: World, path: str, query: dict[str, list[str]]) -> tuple[int, Value]:
        looks = sum(request.endswith("/export-jobs") for request in self.requests)
        if looks == 1:
            answer = read(self, path, query)
            self.add(JOB, [payload(1)])
            threading.Thread(target=told).start()
            return answer
        return read(self, path, query)

    def event(self: World, body: Value) -> tuple[int, Value]:
        if body["event"] == "completed":
            os.kill(os.getpid(), signal.SIGTERM)
        return happened(self, body)

    happened = World.event
    monkeypatch.setattr(World, "read", reading)
    monkeypatch.setattr(World, "event", event)
    said = cli(
        "jobs", "serve", "--secret", "env:HOOK_SECRET", "--listen", "0", "--watch", "1h", "--ready-file", "ready.json"
    )
    assert said.code == 143
    assert f"job {JOB}: completed (1 done)\n" in said.stderr
    assert SECRET not in said.stderr + said.stdout
    assert world.events == ["started", "completed"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--secret", SECRET], 64, "takes a reference"),
        (["--secret", "env:HOOK_SECRET", "--listen", "nowhere"], 64, "has no port"),
        (["--secret", "env:HOOK_SECRET", "--listen", "192.0.2.1:80"], 1, "cannot be listened at"),
        (["--secret", "env:HOOK_SECRET", "--path", "pleo"], 64, "begins with /"),
        (["--secret", "env:HOOK_SECRET", "--watch", "0s"], 64, "leaves no pause"),
        (["--secret", "env:NOT_SET"], 1, "is not set"),
        (["--secret", "env:WRONG"], 64, "whsec_"),
        ([], 64, "--secret"),
    ],
)
def test_a_service_that_is_set_up_wrongly_does_not_start(
    arguments: list[str],
    code: int,
    words: str,
    world: World,
    books: MakeBooks,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One sentence, nothing asked of Pleo, and no secret is repeated."""
    books()
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("WRONG", "hunter2")
    said = cli("jobs", "serve", *arguments)
    assert (said.code, world.requests) == (code, [])
    assert words in said.stderr
    assert "hunter2" not in said.stderr
    assert SECRET not in said.stderr


def test_rules_that_cannot_be_opened_are_told_before_anybody_listens(
    world: World, books: MakeBooks, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while no job waits; nothing says that the service is ready."""
    folder = books()
    world.jobs.clear()
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    (folder / "mapping.yaml").write_text("kind: nothing\n")
    said = cli("jobs", "serve", "--secret", "env:HOOK_SECRET", "--listen", "0", "--ready-file", "ready.json")
    assert (said.code, said.stderr) == (78, cli("jobs", "run").stderr)
    assert not (folder / "ready.json").exists()
    assert world.requests == []


def test_signatures_are_those_of_the_convention() -> None:
    """The example that the Standard Webhooks libraries share."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    said = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_sandbox_sends_what_the_receiver_takes(pleo: Sandbox) -> None:
    """A job that is created over the API is told to a subscription, signed with its secret, beside its own headers."""
    woken = threading.Event()
    keys: list[bytes] = []
    pleo.use(Settings(job_unknown_entries="make"))
    with Receiver(("127.0.0.1", 0), "/pleo", Notices(keys, pleo.company, 300.0), woken.set) as running:
        call = functools.partial(requests.request, auth=(pleo.api_key, ""), timeout=10)
        made: Json = {"endpointUrl": running.url, "eventTypes": ["v1.export-job.created"]}
        made["endpointAuth"] = {"type": "BASIC", "credentials": {"username": "u", "password": "p"}}
        one = call("POST", f"{pleo.url}/v1/subscriptions", json=made).json()["data"]["id"]
        keys.append(signing_key(call("GET", f"{pleo.url}/v1/subscriptions/{one}/secret").json()["data"]["secretKey"]))
        body = {"companyId": pleo.company, "accountingEntryIds": ["00000000-0000-4000-8000-000000000001"]}
        assert call("POST", f"{pleo.url}/v3/export-jobs", json=body).status_code == 201
        assert woken.wait(10)
