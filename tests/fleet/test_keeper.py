"""No order of what workers, sweeps and ticks do loses a run: each step driven by hand against a real PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

import procrastinate
import psycopg
import pytest
from procrastinate import exceptions
from procrastinate.jobs import Status

from pleoctl.fleet.queue import keeper as keeper_module
from pleoctl.fleet.queue.app import Ask, put
from pleoctl.fleet.queue.keeper import Keeper
from pleoctl.fleet.queue.layout import queue_name, upgrade_queue
from pleoctl.state.postgres.layout import upgrade

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from procrastinate.jobs import Job

    from postgres import Postgres

ASK: Final = Ask("fleet", "p", "sync")
QUEUE: Final = queue_name("fleet")


@pytest.fixture(scope="module")
def url(server: Postgres) -> str:
    """A database with an empty queue."""
    made = server.create()
    with psycopg.connect(made, autocommit=True) as connection:
        upgrade(connection)
        upgrade_queue(connection)
    return made


@pytest.fixture
def queue(url: str) -> Iterator[psycopg.Connection[tuple[int, ...]]]:
    """A connection of the test's own; nothing is queued."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
        yield connection


class World:
    """Two workers and a ticker on one queue, and what is known of the one run that they are about.

    Moments are counted by ``wanted``: a taking does what was wanted before it.
    """

    def __init__(self, keepers: list[Keeper], queue: psycopg.Connection[tuple[int, ...]]) -> None:
        self.keepers, self.queue = keepers, queue
        self.wanted = self.done = 0
        self.numbers = [0, 0]
        self.taken: list[list[tuple[Job, int]]] = [[], []]

    async def begin(self, who: int) -> None:
        """A worker starts, or is started again: what it had taken is nobody's."""
        self.taken[who], self.keepers[who] = [], Keeper(self.keepers[who].connector)
        self.numbers[who] = await self.keepers[who].register_worker()

    async def want(self, _who: int) -> None:
        """A tick."""
        self.wanted += 1
        put(self.queue, [ASK])

    async def take(self, who: int) -> None:
        """A worker takes what is due, if it is not forgotten."""
        self.queue.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        try:
            job = await self.keepers[who].fetch_job([QUEUE], self.numbers[who])
        except exceptions.ConnectorException:
            await self.begin(who)
            return
        if job is not None:
            self.taken[who].append((job, self.wanted))

    async def starve(self, who: int) -> None:
        """A worker gets no processor for a minute."""
        self.queue.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute' WHERE id = %s",
            [self.numbers[who]],
        )

    async def die(self, who: int) -> None:
        """A worker is killed, and another comes for it."""
        await self.starve(who)
        await self.begin(who)

    async def sweep(self, who: int) -> None:
        """A worker looks for what the dead had."""
        await self.keepers[who].sweep(QUEUE)

    async def prune(self, who: int) -> None:
        """A worker forgets those that seem dead, as each does when it starts."""
        await self.keepers[who].prune_stalled_workers(30)

    async def succeed(self, who: int) -> None:
        """A run ends well."""
        if self.taken[who]:
            job, moment = self.taken[who].pop()
            self.done = max(self.done, moment)
            await self._over(who, job, None)

    async def fail(self, who: int) -> None:
        """A run ends, to be tried again."""
        if self.taken[who]:
            await self._over(who, self.taken[who].pop()[0], Ask("fleet", "p", "sync", 1, 60))

    async def vanish(self, who: int) -> None:
        """A run ends by an exception."""
        if self.taken[who]:
            await self.keepers[who].finish_job(self.taken[who].pop()[0], Status.FAILED, delete_job=True)

    async def _over(self, who: int, job: Job, more: Ask | None) -> None:
        await self.keepers[who].settle(job, more)
        await self.keepers[who].finish_job(job, Status.SUCCEEDED, delete_job=True)

    def states(self) -> list[str]:
        """How the jobs stand."""
        found = self.queue.execute("SELECT status::text FROM procrastinate_jobs ORDER BY status")
        return [str(status) for (status,) in found.fetchall()]


def played(url: str, queue: psycopg.Connection[tuple[int, ...]], play: Callable[[World], Awaitable[None]]) -> None:
    """Play something with two workers."""

    async def whole() -> None:
        apps = [procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url)) for _ in range(2)]
        async with apps[0].open_async(), apps[1].open_async():
            world = World([Keeper(app.connector) for app in apps], queue)
            await world.begin(0)
            await world.begin(1)
            await play(world)

    asyncio.run(whole())


async def step(world: World, named: str) -> None:
    """One step, such as ``take1``; then what is wanted and was not done since waits or is taken."""
    await getattr(world, named[:-1])(int(named[-1]))
    assert world.done == world.wanted or world.states(), named


async def left_alone(world: World) -> None:
    """Both workers die; what others take up then does all that was wanted."""
    await world.die(0)
    await world.die(1)
    await world.sweep(0)
    for _ in world.states():
        await world.take(0)
        await world.succeed(0)
    assert world.done == world.wanted
    assert world.states() == []


@pytest.mark.parametrize(
    "script",
    [
        "want0 take0 starve0 sweep1 fail0",
        "want0 take0 starve0 sweep1 want0 succeed0",
        "want0 take0 starve0 sweep1 want0 take1 succeed0 die1",
        "want0 take0 starve0 sweep1 take1 fail1 fail0",
        "want0 take0 starve0 prune1 sweep0 sweep1 fail0 take1 vanish1",
        "want0 take0 want0 die0 sweep1 take1 fail1",
        "want0 take0 vanish0 sweep0 take0 vanish0 die0",
    ],
)
def test_a_run_that_is_wanted_is_done(url: str, queue: psycopg.Connection[tuple[int, ...]], script: str) -> None:
    """Also where a starved worker ends what others have taken, or a tick met the job that was put back."""

    async def play(world: World) -> None:
        for named in script.split():
            await step(world, named)
        await left_alone(world)

    played(url, queue, play)


@pytest.mark.parametrize("seed", range(4))
def test_no_order_loses_a_run(url: str, queue: psycopg.Connection[tuple[int, ...]], seed: int) -> None:
    """Whatever two workers do, and when."""
    chance = random.Random(seed)
    steps = ["want", "take", "take", "starve", "die", "sweep", "sweep", "prune", "succeed", "fail", "fail", "vanish"]

    async def play(world: World) -> None:
        for _ in range(60):
            await step(world, f"{chance.choice(steps)}{chance.randrange(2)}")
        await left_alone(world)

    played(url, queue, play)


async def _lives_on(url: str, queue: psycopg.Connection[tuple[int, ...]], server: Postgres) -> list[bool]:
    # A heartbeat without a database fails after a while, which need not be the pool's half a minute.
    connector = procrastinate.PsycopgConnector(conninfo=url, timeout=1.0)
    async with procrastinate.App(connector=connector).open_async():
        keeper = Keeper(connector)
        number, heard = await keeper.register_worker(), asyncio.Event()

        async def hear(**_notice: object) -> None:
            heard.set()

        notices = asyncio.create_task(keeper.listen_for_jobs(on_notification=hear, queues=[QUEUE]))
        queue.execute("DELETE FROM procrastinate_workers")
        await keeper.update_heartbeat(number)
        known = queue.execute("SELECT id FROM procrastinate_workers").fetchall() == [(number,)]
        server.stop()
        await keeper.update_heartbeat(number)
        server.start()
        async with asyncio.timeout(30):
            with psycopg.connect(url, autocommit=True) as again:
                while not heard.is_set():
                    put(again, [ASK])
                    again.execute("DELETE FROM procrastinate_jobs")
                    await asyncio.sleep(0.01)
        notices.cancel()
        return [known, not notices.done()]


def test_a_worker_that_was_taken_for_dead_is_known_again(
    url: str, queue: psycopg.Connection[tuple[int, ...]], server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its heartbeat nor its ear for new jobs ends with one failure: procrastinate would not begin them anew."""
    monkeypatch.setattr(keeper_module, "_LISTEN_SECONDS", 0.01)
    assert asyncio.run(_lives_on(url, queue, server)) == [True, True]
