"""What a server that asks to wait is given, by whom, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from clocks import START, FakeTime
from mocked_pleo import URL
from pleoctl.errors import RemoteError
from pleoctl.remote.again import looking_first
from pleoctl.remote.errors import LostAnswer, Unauthorised
from pleoctl.remote.transport import LIMITED_TRIES, WORN_TRIES, Transport
from pleoctl.remote.waits import retry_after

if TYPE_CHECKING:
    from requests_mock import Mocker

    from shapes import Json


PAST = "Wed, 21 Oct 2015 07:28:00 GMT"


def dated(seconds: float) -> str:
    """An HTTP date so many seconds from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7, 7), (" 7 ", 7, 7), ("0.5", 0.5, 0.5), ("99999", 99999, 99999), ("date", 27, 30)],
)
def test_retry_after_is_understood(header: str, least: float, most: float) -> None:
    """Seconds and HTTP dates count."""
    seconds = retry_after(dated(30) if header == "date" else header)
    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("header", [None, "", "-3", "0", "nan", "soon", "Wed, 99 Foo 2020 99:99:99 GMT", "past", "1,2"])
def test_a_useless_retry_after_says_nothing(header: str | None) -> None:
    """Garbage, negative numbers and moments that are over leave the waiting to back-off."""
    assert retry_after(dated(-30) if header == "past" else header) is None


@pytest.mark.parametrize("method", ["read", "write"])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "7", "X-RateLimit-Remaining": "12"}, 7, 7),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "in 30 s"}, 27, 30),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, 0.5, 1),
        ({"X-RateLimit-Remaining": "0"}, 0.5, 1),
    ],
)
def test_a_403_that_is_a_rate_limit_is_waited_for(
    http: Transport,
    time: FakeTime,
    requests_mock: Mocker,
    method: str,
    headers: dict[str, str],
    least: float,
    most: float,
) -> None:
    """Forges say their limits with 403 and a header: it was not carried out, and goes again when they let it."""
    moment = str(int(datetime.now(UTC).timestamp()) + 30)
    sent = {name: moment if value == "in 30 s" else value for name, value in headers.items()}
    requests_mock.put(f"{URL}/x", [{"status_code": 403, "headers": sent}, {"json": {"data": 1}}])
    assert getattr(http, method)("PUT", "/x").body == {"data": 1}
    assert least <= round(time.seconds - START, 3) <= most


@pytest.mark.parametrize("words", ["You have exceeded a secondary rate limit. Please wait.", "API rate limit exceeded"])
def test_a_403_that_says_its_limit_in_words_alone_is_waited_for(
    http: Transport, time: FakeTime, requests_mock: Mocker, words: str
) -> None:
    """No header says until when; GitHub asks for a minute then. It is no missing permission."""
    requests_mock.put(f"{URL}/x", [{"status_code": 403, "json": {"message": words}}, {"json": {"data": 1}}])
    assert http.write("PUT", "/x").body == {"data": 1}
    assert time.seconds - START >= 60


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1"}])
def test_any_other_403_is_a_refusal(http: Transport, requests_mock: Mocker, headers: dict[str, str]) -> None:
    """A permission that is missing does not come by waiting."""
    requests_mock.put(f"{URL}/x", status_code=403, headers=headers)
    with pytest.raises(Unauthorised):
        http.write("PUT", "/x")
    assert requests_mock.call_count == 1


@pytest.mark.parametrize("method", ["read", "write"])
def test_429_waits_as_long_as_asked_and_repeats(
    http: Transport, time: FakeTime, requests_mock: Mocker, method: str
) -> None:
    """A 429 was not carried out, so reads and writes are both sent again after Retry-After."""
    answers: list[Json] = [{"status_code": 429, "headers": {"Retry-After": "7"}}, {"json": {"data": 1}}]
    requests_mock.put(f"{URL}/x", answers)
    assert getattr(http, method)("PUT", "/x").body == {"data": 1}
    assert time.seconds - START >= 7
    assert http.counts.retries == 1


@pytest.mark.parametrize("method", ["read", "write"])
@pytest.mark.parametrize("status", [429, 403, 503])
@pytest.mark.parametrize("seconds", ["601", "1e300", "inf"])
def test_a_wait_beyond_the_cap_gives_up_at_once(
    http: Transport, time: FakeTime, requests_mock: Mocker, method: str, status: int, seconds: str
) -> None:
    """A server that is back in hours is told so at once, with its reason; a write was not carried out, or is lost."""
    requests_mock.put(f"{URL}/x", status_code=status, headers={"Retry-After": seconds})
    with pytest.raises(LostAnswer if (status, method) == (503, "write") else RemoteError) as caught:
        getattr(http, method)("PUT", "/x")
    assert time.seconds == START
    assert requests_mock.call_count == 1
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("status", [429, 503, 408])
def test_waits_of_one_request_add_up_to_the_cap(
    http: Transport, time: FakeTime, requests_mock: Mocker, status: int
) -> None:
    """A server that asks for five minutes again and again gets two of them."""
    requests_mock.get(f"{URL}/x", status_code=status, headers={"Retry-After": "290"})
    with pytest.raises(RemoteError, match="asks to wait 290 s"):
        http.read("GET", "/x")
    assert 580 <= time.seconds - START < 590


@pytest.mark.parametrize(("status", "reason"), [(429, "too many requests (429)"), (503, "HTTP 503")])
def test_a_wait_that_a_server_asks_for_is_told(
    http: Transport, requests_mock: Mocker, caplog: pytest.LogCaptureFixture, status: int, reason: str
) -> None:
    """Who waits longer than five seconds reads how long, for whom and why."""
    answers: list[Json] = [{"status_code": status, "headers": {"Retry-After": "20"}}, {"json": {}}]
    requests_mock.get(f"{URL}/x", answers)
    http.read("GET", "/x")
    assert [r.getMessage() for r in caplog.records] == [f"waiting 20 s: Pleo asks for it ({reason})"]


@pytest.mark.parametrize(
    "header", [{}, *({"Retry-After": one} for one in ("-1", "0", "0.0001", "1", "1, 1", "\u0663", PAST))]
)
@pytest.mark.parametrize("method", ["read", "write"])
def test_429_without_end_backs_off_and_gives_up(
    http: Transport, time: FakeTime, requests_mock: Mocker, header: dict[str, str], method: str
) -> None:
    """The waits grow beyond a whole window, whatever the server asks for, before the run gives up in one sentence."""
    requests_mock.put(f"{URL}/x", status_code=429, headers=header)
    with pytest.raises(RemoteError, match="429") as caught:
        getattr(http, method)("PUT", "/x")
    assert not isinstance(caught.value, LostAnswer)
    assert requests_mock.call_count == LIMITED_TRIES
    assert 61 < time.seconds - START < 600


@pytest.mark.parametrize("undone", [True, False])
def test_who_looks_says_whether_a_write_goes_again(http: Transport, requests_mock: Mocker, *, undone: bool) -> None:
    """After a 429 a write leaves once more only where nothing is seen of it; reads ask nobody."""
    requests_mock.put(f"{URL}/x", [{"status_code": 429}, {"json": {}}])
    requests_mock.get(f"{URL}/x", [{"status_code": 429}, {"json": {}}])
    with looking_first(lambda: undone):
        http.read("GET", "/x")
        if undone:
            http.write("PUT", "/x")
        else:
            with pytest.raises(LostAnswer, match="429"):
                http.write("PUT", "/x")
    assert requests_mock.call_count == (4 if undone else 3)


def test_a_server_that_was_given_up_is_not_waited_for_as_long_again(http: Transport, requests_mock: Mocker) -> None:
    """Who limited a request for minutes gets two tries of the next, until an answer comes."""
    requests_mock.get(f"{URL}/x", status_code=429)
    for tries in (LIMITED_TRIES, WORN_TRIES):
        with pytest.raises(RemoteError, match="429") as caught:
            http.read("GET", "/x")
        assert caught.value.status == 429
        assert requests_mock.call_count == tries
        requests_mock.reset_mock()
    requests_mock.get(f"{URL}/x", [{"json": {}}, *[{"status_code": 429}] * WORN_TRIES, {"json": {}}])
    http.read("GET", "/x")
    http.read("GET", "/x")
