"""One request budget over all machines that share a database."""

from __future__ import annotations

import heapq
import random
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pleoctl.machine import Machine, on, this_machine
from pleoctl.state.postgres.budget import PostgresWindow
from pleoctl.state.postgres.database import database

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_budget_holds_over_all_who_share_it(shared: str) -> None:
    """Eight threads with windows of their own get no more than the limit between them."""
    got: list[float] = []

    def ask() -> None:
        window = PostgresWindow(database(shared), "key")
        got.extend(window.take(20, this_machine()).wait for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in got) == 20
    assert all(0 <= wait <= 62 for wait in got)
    assert PostgresWindow(database(shared), "another key").take(20, this_machine()).wait == 0


class Hours(Machine):
    """A machine whose sleeping takes no time, but moves whatever the database has dated."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """No time has passed."""
        super().__init__()
        self._connection, self._slept = connection, 0.0

    def lasting(self) -> float:
        """What was slept, and what the test itself takes, as the database's clock has it."""
        return self._slept + super().lasting()

    def sleep(self, seconds: float) -> None:
        """Let places grow old."""
        self._slept += seconds
        self._connection.execute("UPDATE pleoctl.sending SET at = at - make_interval(secs => %s)", [seconds])


@pytest.fixture
def hours(shared: str) -> Iterator[Hours]:
    """The machine of those who send."""
    with psycopg.connect(shared, autocommit=True) as connection:
        yield Hours(connection)


def test_a_place_in_the_budget_comes_back_a_minute_after_its_answer(shared: str, hours: Hours) -> None:
    """Not before, however late it came; and a lower limit counts what a higher one let pass."""
    window, other = (PostgresWindow(database(shared), "key") for _ in range(2))
    with on(hours):
        places = [window.take(2, hours).place for _ in range(2)]
        assert other.take(2, hours).wait > 0
        hours.sleep(50)
        window.answered(places[0] or 0, hours)
        hours.sleep(20)
        window.close()
        wait = other.take(2, hours).wait
        assert 0 < wait < 41
        hours.sleep(wait)
        assert other.take(1, hours).wait > 0
        assert other.take(2, hours).wait == 0


@pytest.mark.parametrize("told", [True, False])
def test_a_place_of_a_run_that_was_killed_comes_back(shared: str, hours: Hours, *, told: bool) -> None:
    """After two minutes, for nobody knows when it was sent; an answer that comes later still counts."""
    window = PostgresWindow(database(shared), "key")
    place = window.take(1, hours).place
    hours.sleep(90)
    assert window.take(1, hours).wait > 0
    hours.sleep(31)
    if told:
        window.answered(place or 0, hours)
    assert (window.take(1, hours).wait > 0) == told


def test_late_senders_share_a_budget_and_never_exceed_it(shared: str, hours: Hours) -> None:
    """Of requests that travel for up to 50 s no more than the limit arrive in any minute."""
    windows = [PostgresWindow(database(shared), "key") for _ in range(3)]
    chance, arrived = random.Random(7), [0.0]
    under_way: list[tuple[float, int, int]] = []
    for number in range(45):
        who = number % 3
        while (taken := windows[who].take(6, hours)).wait > 0:
            first = min(under_way)[0] - hours.lasting() if under_way else taken.wait
            hours.sleep(max(0.0, min(taken.wait, first)))
            while under_way and min(under_way)[0] <= hours.lasting():
                moment, sender, place = heapq.heappop(under_way)
                arrived.append(moment)
                windows[sender].answered(place, hours)
        assert taken.place is not None
        heapq.heappush(under_way, (hours.lasting() + chance.choice([0.1, 0.1, 0.5, 50.0]), who, taken.place))
    arrived += [moment for moment, _, _ in under_way]
    counts = [sum(moment - 60 < other <= moment for other in arrived[1:]) for moment in arrived]
    assert max(counts) <= 6
