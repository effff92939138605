"""One request and how it can end: what is repeated, what is lost, what is refused, and in which words."""

from __future__ import annotations

import base64
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import requests
import urllib3
from requests_mock import ANY
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import DecodeError, IncompleteRead, NewConnectionError, ProtocolError, ReadTimeoutError

from clocks import START, FakeTime
from mocked_pleo import SECRET, URL, sent
from pleoctl.errors import RemoteError
from pleoctl.remote.auth import bearer
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.remote.wire import TRIES

if TYPE_CHECKING:
    from requests_mock import Mocker

    from shapes import Json


# --- refusals --------------------------------------------------------------------------------------------------------


def test_401_says_what_is_wrong_with_the_credential(http: Transport, requests_mock: Mocker) -> None:
    """A credential that is not accepted is told once, without itself."""
    requests_mock.get(f"{URL}/x", status_code=401, json={"type": "UNAUTHORIZED", "message": "JWT is expired"})
    with pytest.raises(Unauthorised, match="does not accept the credential") as caught:
        http.read("GET", "/x", scope="accounts:read")
    assert requests_mock.call_count == 1
    assert SECRET not in str(caught.value)


def test_403_names_the_missing_scope(http: Transport, requests_mock: Mocker) -> None:
    """A missing permission is named as the scope to ask for."""
    requests_mock.get(f"{URL}/x", status_code=403, text="<html>")
    with pytest.raises(Unauthorised, match="lacks the scope tag-group:read"):
        http.read("GET", "/x", scope="tag-group:read")


@pytest.mark.parametrize("status", [400, 404, 409, 418])
def test_a_refusal_is_not_repeated(http: Transport, requests_mock: Mocker, status: int) -> None:
    """Other refusals carry status, type and message of the server."""
    requests_mock.put(f"{URL}/x", status_code=status, json={"type": "T", "message": "too long"})
    with pytest.raises(ApiError, match="too long") as caught:
        http.write("PUT", "/x")
    assert (caught.value.status, caught.value.kind, requests_mock.call_count) == (status, "T", 1)


@pytest.mark.parametrize("body", ["[1]", "{", '{"type": 4, "message": {}}', "[" * 5000, "\udcff"])
def test_a_refusal_with_a_strange_body_is_still_a_refusal(http: Transport, requests_mock: Mocker, body: str) -> None:
    """Whatever stands in the body of an error, it is an error and no traceback."""
    requests_mock.put(f"{URL}/x", status_code=400, content=body.encode("utf-8", "surrogateescape"))
    with pytest.raises(ApiError, match="HTTP 400"):
        http.write("PUT", "/x")


# --- doubt -----------------------------------------------------------------------------------------------------------

DOUBTS: dict[str, Json] = {
    "500": {"status_code": 500},
    "502": {"status_code": 502},
    "503": {"status_code": 503},
    "504": {"status_code": 504},
    **{str(status): {"status_code": status} for status in (408, 425, 444, 460, 499, 520, 529, 599)},
    "truncated": {"text": '{"data": {"id"'},
    "html": {"text": "<html>"},
    "deep": {"text": "[" * 100_000},
    "timeout": {"exc": ReadTimeoutError(HTTPConnectionPool("x"), "/x", "timed out")},
    "broken": {"exc": ProtocolError("Connection aborted.")},
    "chunked": {"exc": IncompleteRead(1, 2)},
    "tls": {"exc": urllib3.exceptions.SSLError(ssl.SSLEOFError("EOF occurred in violation of protocol"))},
    "garbled": {"exc": DecodeError},
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubtful_read_is_repeated(http: Transport, requests_mock: Mocker, doubt: str) -> None:
    """A read is sent again until its answer is whole."""
    requests_mock.get(f"{URL}/x", [DOUBTS[doubt], DOUBTS[doubt], {"json": {"data": 1}}])
    assert http.read("GET", "/x").body == {"data": 1}
    assert (http.counts.read, http.counts.retries) == (1, 2)


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubtful_write_is_lost(http: Transport, requests_mock: Mocker, doubt: str) -> None:
    """A write without a usable answer is never sent again blindly (law 3)."""
    requests_mock.post(f"{URL}/x", [DOUBTS[doubt], {"json": {"data": 1}}])
    with pytest.raises(LostAnswer):
        http.write("POST", "/x")
    assert requests_mock.call_count == 1


def test_a_read_that_never_answers_ends(http: Transport, requests_mock: Mocker) -> None:
    """Passing faults that do not pass end in one sentence."""
    requests_mock.get(f"{URL}/x", status_code=503)
    with pytest.raises(RemoteError, match=r"could not be reached.*503"):
        http.read("GET", "/x")
    assert requests_mock.call_count == TRIES


def test_503_with_retry_after_is_obeyed(http: Transport, time: FakeTime, requests_mock: Mocker) -> None:
    """A server that says when it is back is not asked before."""
    requests_mock.get(f"{URL}/x", [{"status_code": 503, "headers": {"Retry-After": "20"}}, {"json": {}}])
    http.read("GET", "/x")
    assert time.seconds - START >= 20


def test_a_refused_connection_repeats_a_write(http: Transport, requests_mock: Mocker) -> None:
    """What was never sent was not carried out, so it is sent again."""
    refused = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    requests_mock.post(f"{URL}/x", [{"exc": refused}, {"json": {"data": 1}}])
    assert http.write("POST", "/x").body == {"data": 1}


def test_nobody_listening_is_no_lost_answer(time: FakeTime) -> None:
    """A real port that nobody listens on gives up with "could not be reached", for a write too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    service = Service(f"http://127.0.0.1:{port}", "Pleo", loopback=True)
    http = Transport(service, None, Budget(None, machine=time))
    with pytest.raises(RemoteError, match=f"no connection to 127.0.0.1:{port}: refused") as caught:
        http.write("POST", "/x")
    assert not isinstance(caught.value, LostAnswer)
    assert http.counts.retries == TRIES - 1


def test_an_untrusted_certificate_is_told_at_once(http: Transport, requests_mock: Mocker) -> None:
    """TLS is never switched off and never tried again."""
    untrusted = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed certificate"))
    wrapped = urllib3.exceptions.MaxRetryError(None, "/x", untrusted)  # type: ignore[arg-type]
    requests_mock.get(f"{URL}/x", exc=wrapped)
    with pytest.raises(RemoteError, match=r"certificate of external\.pleo\.io"):
        http.read("GET", "/x")
    assert requests_mock.call_count == 1


def test_a_missing_certificate_file_is_told(http: Transport, requests_mock: Mocker) -> None:
    """A CA bundle that the environment names but that is not there is an error in words."""
    requests_mock.get(f"{URL}/x", exc=OSError("Could not find a suitable TLS CA certificate bundle"))
    with pytest.raises(RemoteError, match="CA certificate bundle"):
        http.read("GET", "/x")


def test_an_empty_answer_is_no_answer_body(http: Transport, requests_mock: Mocker) -> None:
    """204 and an empty 200 have no body."""
    requests_mock.get(f"{URL}/x", [{"status_code": 204}, {"status_code": 200, "content": b""}])
    assert http.read("GET", "/x").body is None
    assert http.read("GET", "/x").body is None


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/x",
        "http://external.pleo.io/x",
        "https://external.pleo.io:444/x",
        "//evil.example/x",
        "https://external.pleo.io@evil.example/x",
        "https://external.pleo.io\\@evil.example/x",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize(("method", "error"), [("read", RemoteError), ("write", LostAnswer)])
def test_a_redirect_to_another_host_is_refused(
    http: Transport, requests_mock: Mocker, target: str, method: str, error: type[RemoteError]
) -> None:
    """The credential never travels to another host, port or scheme; a write may have been carried out before."""
    requests_mock.get(f"{URL}/x", status_code=307, headers={"Location": target})
    with pytest.raises(error, match="redirects") as caught:
        getattr(http, method)("GET", "/x")
    assert type(caught.value) is RemoteError or method == "write"
    assert requests_mock.call_count == 1


@pytest.mark.parametrize("target", ["/y", "y", f"{URL}:443/y", "https://EXTERNAL.pleo.io/y"])
def test_a_read_follows_a_redirect_on_the_same_host(http: Transport, requests_mock: Mocker, target: str) -> None:
    """Within the host a read goes where it is sent, with its credential."""
    requests_mock.get(f"{URL}/x", status_code=308, headers={"Location": target})
    requests_mock.get(f"{URL}/y", json={"data": 1})
    requests_mock.get(f"{URL}:443/y", json={"data": 1})
    assert http.read("GET", "/x").body == {"data": 1}
    assert sent(requests_mock).headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_write_is_never_redirected(http: Transport, requests_mock: Mocker, status: int) -> None:
    """A write that is sent elsewhere does not follow, also within the host; whether it was done is not known."""
    requests_mock.put(f"{URL}/x", status_code=status, headers={"Location": "/y"})
    with pytest.raises(LostAnswer, match="redirects a write") as caught:
        http.write("PUT", "/x")
    assert (caught.value.status, requests_mock.call_count) == (status, 1)


def test_redirects_in_circles_end(http: Transport, requests_mock: Mocker) -> None:
    """A loop is told as one."""
    requests_mock.get(f"{URL}/x", status_code=302, headers={"Location": "/x"})
    with pytest.raises(RemoteError, match="circles"):
        http.read("GET", "/x")


def test_a_redirected_read_does_not_double_its_query(http: Transport, requests_mock: Mocker) -> None:
    """The new address says all of its query; what was asked first is not added once more."""
    requests_mock.get(f"{URL}/x", status_code=307, headers={"Location": "/moved/x?limit=1"})
    requests_mock.get(f"{URL}/moved/x", json={})
    http.read("GET", "/x", params={"limit": 1})
    assert sent(requests_mock).query == "limit=1"


@pytest.mark.parametrize(
    "path", ["/x", "/x?a=1", "/\u00fc b", "/x%2fy", "/v1/a-b:c/0a_1.d", "/a/../b", "/a/./b//c", "/x/", "/.x", "/x#y"]
)
@pytest.mark.parametrize(
    "params",
    [{"limit": 100, "after": "a+b/c=&~ \u00fc%"}, {"ids": ["a", "b"], "none": None}, {"empty": ""}, {}, {"yes": True}],
)
def test_a_query_is_spelt_as_requests_spells_it(
    http: Transport, requests_mock: Mocker, path: str, params: Json
) -> None:
    """Lists are read page after page from one address, of which only the query changes; nobody sees that."""
    requests_mock.get(ANY, json={})
    http.read("GET", path, params=params)
    assert sent(requests_mock).url == requests.Request("GET", f"{URL}{path}", params=params).prepare().url


@pytest.mark.parametrize(("method", "lost"), [("read", False), ("write", True)])
@pytest.mark.parametrize(("status", "words"), [(304, "not modified"), (302, "without saying where")])
def test_an_answer_that_leads_nowhere_has_its_own_words(
    http: Transport, requests_mock: Mocker, status: int, words: str, method: str, lost: bool
) -> None:
    """304 was not asked for, and a redirect without Location is none; both are told once, as what they are."""
    requests_mock.put(f"{URL}/x", status_code=status)
    with pytest.raises(RemoteError, match=words) as caught:
        getattr(http, method)("PUT", "/x")
    assert isinstance(caught.value, LostAnswer) is lost
    assert requests_mock.call_count == 1


# --- credentials -----------------------------------------------------------------------------------------------------


def test_the_key_is_a_user_without_a_password(http: Transport, requests_mock: Mocker) -> None:
    """An API key is Basic with an empty password, a token is Bearer (N3)."""
    requests_mock.get(f"{URL}/x", json={})
    http.read("GET", "/x")
    assert sent(requests_mock).headers["Authorization"] == f"Basic {base64.b64encode(f'{SECRET}:'.encode()).decode()}"
    assert bearer("t").proof() == {"Authorization": "Bearer t"}


@pytest.mark.parametrize("echo", [SECRET, "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()])
def test_an_echoed_credential_is_masked(http: Transport, requests_mock: Mocker, echo: str) -> None:
    """A server that repeats what was sent does not get the secret into a message, plain or encoded."""
    body = {"type": "BAD", "message": f"header was {echo}"}
    requests_mock.get(f"{URL}/v1/introspect", status_code=400, json=body)
    with pytest.raises(ApiError) as caught:
        http.read("GET", "/v1/introspect")
    assert "***" in str(caught.value)
    assert echo.rpartition(" ")[2] not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", " a", "a\u20ac"])
def test_a_header_that_cannot_be_sent_is_told_without_its_value(time: FakeTime, value: str) -> None:
    """A value with a line break would be two headers: nothing is sent, and the sentence says what is wrong."""
    http = Transport(Service("http://127.0.0.1:9", "Pleo"), None, Budget(None, machine=time))
    with pytest.raises(RemoteError, match="one of its headers has characters that no header can carry") as caught:
        http.read("GET", "/x", headers={"X-A": value})
    http.close()
    assert value not in str(caught.value)
