"""Who may end a run's job, put it back or give it up, so that no order of events loses a run.

procrastinate ends a job by its number alone. That is not enough: a worker that got no processor for half a minute is
taken for dead, its jobs are put back, others take them, and then it goes on and ends them. So a job is ended by
*taking*: its number and its ``attempts``, which grow each time that it is put back and at no other time. Whoever comes
with an older taking changes nothing.

A run is wanted by a tick, by `fleet enqueue`, or by a run before it that has to be tried again. What must hold: from
the moment that it is wanted, a job of its company and command waits or is taken, until one ends well that was taken
after that moment. The states of a job, and what each event does:

    event                          waits        taken, by this taking     put back, taken anew, or gone
    wanted                         stands for it (beside it, a twin waits; where none does, it is put there)
    a worker takes it              taken        -                         -
    ends, nothing more to do       -            gone                      nothing
    ends, to be tried again        -            gone, and its successor   nothing: the job that was put back
                                                waits unless a twin does  is the other try, or came to its end
    ends in no way known           -            taken until the sweep,    nothing
                                                then put back
    its worker is taken for dead   -            waits; where a twin does, nothing
                                                gone

Each cell is one statement of the database or, where a twin is in the way, two whose gap is harmless: a twin that
waited when it was met can only have been taken since, so after the run was wanted. No cell empties the column "waits":
what waits leaves only by being taken. What becomes of a taking whose worker dies is told by the last row, for the
database forgets dead workers and keeps their jobs. A run may so be done twice, one after the other, never not at all;
that two go on at a time the company's own lock prevents.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from procrastinate import exceptions
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procrastinate.connector import BaseConnector
    from procrastinate.jobs import Job
    from procrastinate.manager import NotificationCallback

    from pleoctl.fleet.queue.app import Ask

LOG: Final = logging.getLogger(__name__)
_END: Final = "DELETE FROM procrastinate_jobs WHERE id = %(id)s AND attempts = %(taking)s AND status = 'doing'"
_END_AND_FOLLOW: Final = """
WITH ended AS (
  DELETE FROM procrastinate_jobs WHERE id = %(id)s AND attempts = %(taking)s AND status = 'doing'
  RETURNING queue_name, task_name, priority, queueing_lock
)
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args, scheduled_at)
SELECT queue_name, task_name, priority, queueing_lock, %(args)s, clock_timestamp() + make_interval(secs => %(seconds)s)
FROM ended
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""
_PUT_BACK: Final = """
UPDATE procrastinate_jobs
SET status = 'todo', attempts = attempts + 1, scheduled_at = clock_timestamp(), abort_requested = false
WHERE id = %(id)s AND attempts = %(taking)s AND status = 'doing'
"""
_LIVES: Final = """
INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE VALUES (%(worker_id)s, now())
ON CONFLICT (id) DO UPDATE SET last_heartbeat = excluded.last_heartbeat
"""
_LISTEN_SECONDS: Final = 5.0


class Keeper(JobManager):
    """procrastinate's manager with ends by taking; each method raises `ConnectorException` unless it says otherwise.

    What procrastinate does beside the runs it does not look after: a heartbeat or a connection for notices that has
    failed once is gone for good, and others take a worker for dead that works on. So here neither fails.
    """

    def __init__(self, connector: BaseConnector) -> None:
        """Nothing is taken yet."""
        super().__init__(connector)
        self._going: set[int | None] = set()
        self._unknown: list[Job] = []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """See `JobManager.fetch_job`."""
        job = await super().fetch_job(queues, worker_id)
        if job is not None:
            self._going.add(job.id)
        return job

    async def update_heartbeat(self, worker_id: int) -> None:
        """Say that the worker lives, also one that was taken for dead meanwhile. Raises nothing: another one comes."""
        try:
            await self.connector.execute_query_async(_LIVES, worker_id=worker_id)
        except exceptions.ConnectorException as error:
            LOG.debug("no heartbeat: %r", error.__cause__)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Hear of new jobs until cancelled; raises nothing: what is not heard of is found by looking."""
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except exceptions.ConnectorException as error:
                LOG.debug("no notices of new jobs: %r", error.__cause__)
            await asyncio.sleep(_LISTEN_SECONDS)

    async def settle(self, job: Job, more: Ask | None) -> None:
        """End a taking; ``more`` waits from then on in its place."""
        if more is None:
            await self._change(_END, job)
        else:
            await self._change(_END_AND_FOLLOW, job, args=more.arguments(), seconds=more.seconds)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """What procrastinate calls once a run is over: one that did not come to `settle` is for the next sweep."""
        del delete_job
        self._going.discard(job.id)
        if status != Status.SUCCEEDED:
            self._unknown.append(job)

    async def sweep(self, queue: str) -> None:
        """Put back what dead workers had taken, and own takings whose end is not known."""
        while self._unknown:
            await self.put_back(self._unknown[-1])
            self._unknown.pop()
        for job in await self.get_stalled_jobs(queue=queue):
            # A worker that got no processor itself finds its own jobs here.
            if job.id not in self._going:
                await self.put_back(job)
                LOG.warning("warning: %s was taken by a worker that is gone; it is queued again", job.queueing_lock)

    async def put_back(self, job: Job) -> None:
        """Let a taken job wait again; where a twin waits, it is gone."""
        try:
            await self._change(_PUT_BACK, job)
        except exceptions.UniqueViolation:
            await self._change(_END, job)

    async def _change(self, statement: str, job: Job, **values: object) -> None:
        await self.connector.execute_query_async(statement, id=job.id, taking=job.attempts, **values)
