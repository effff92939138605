"""A company's run in a process of its own: with a deadline, a memory limit, and an environment that is its own alone.

The parent hands over what the child must know on standard input, and nothing by arguments or environment that another
company's program could read. A child does one company and ends. It is the head of its own session, so that whatever it
started ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from pleoctl.errors import ExitCode, Finding, PleoctlError
from pleoctl.fleet.caller import Caller
from pleoctl.fleet.fleet import Opened
from pleoctl.fleet.member import Company, MemberWorkspace
from pleoctl.fleet.receipt import Command, CompanyResult
from pleoctl.fleet.work import Task, work
from pleoctl.machine import this_machine
from pleoctl.model.shape import Strict
from pleoctl.plan.approvals import Approvers
from pleoctl.workspace.secrets import Allowed, Secret

if TYPE_CHECKING:
    from typing import IO

    from pleoctl.fleet.crew import How
    from pleoctl.fleet.fleet import Fleet

_MOST: Final = 64 * 1024 * 1024
_LOOK_SECONDS: Final = 0.1
_MIB: Final = 1024 * 1024
# The operator's settings, which are no company's; and what Python needs to be the same Python.
_OPERATORS: Final = (
    "PLEOCTL_STATE_DIR",
    "PLEOCTL_ALLOW_EXEC",
    "PLEOCTL_TRUSTED_ENV",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
)
_DATABASE: Final = "DATABASE"


class Order(Strict, kw_only=True):
    """What a child is told."""

    command: Command
    root: str
    folder: str | None
    detailed: bool
    plans: dict[str, str] | None
    file: str
    path: str
    allowed: dict[str, str]
    database: str | None
    patience: float
    memory_mib: int
    approvers: str | None = None
    approvals: int = 1
    revoked: str | None = None

    @property
    def task(self) -> Task:
        """The task of the fleet."""
        folder = None if self.folder is None else Path(self.folder)
        return Task(self.command, Path(self.root), folder, self.detailed, self.plans)

    def caller(self, stop: threading.Event) -> Caller:
        """What the run hears and asks for."""
        if self.approvers is None:
            return Caller(stop, self.patience)
        revoked = None if self.revoked is None else Path(self.revoked)
        return Caller(stop, self.patience, Approvers(Path(self.approvers), self.approvals, revoked))


def in_child(fleet: Fleet, task: Task, how: How, one: Opened) -> CompanyResult:
    """`work` in a child that is ended when its time is over; whatever becomes of it is the company's own end."""
    result = CompanyResult(path=one.company.path, company=one.id)
    if one.workspace is None:
        return work(task, one, Caller())
    try:
        order = _order(fleet, task, how, one)
        return _Child(fleet, how.stop, order).go(result)
    except PleoctlError as error:
        return result.failed(error)
    except OSError as error:
        return result.failed(PleoctlError(f"no process can be started for this company: {error.strerror}"))


def _order(fleet: Fleet, task: Task, how: How, one: Opened) -> Order:
    company, asked = one.company, how.approvers
    return Order(
        command=task.command,
        root=str(task.root),
        folder=None if task.folder is None else str(task.folder.absolute()),
        detailed=task.detailed,
        plans=task.plans,
        file=str(company.file),
        path=company.path,
        allowed=dict(company.allowed(fleet.environ, fleet.settings.shared_env)),
        database=None if fleet.database is None else fleet.database.reveal(),
        patience=how.patience,
        memory_mib=fleet.settings.memory_mib,
        approvers=None if asked is None else str(asked.file.absolute()),
        approvals=1 if asked is None else asked.number,
        revoked=None if asked is None or asked.revoked is None else str(asked.revoked.absolute()),
    )


class _Child:
    def __init__(self, fleet: Fleet, stop: threading.Event, order: Order) -> None:
        self._stop, self._order = stop, order
        self._deadline = fleet.settings.deadline_seconds
        operators = {name: fleet.environ[name] for name in _OPERATORS if name in fleet.environ}
        self._environ = {**order.allowed, **operators, "MALLOC_ARENA_MAX": "2"}

    def go(self, result: CompanyResult) -> CompanyResult:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
            given.write(msgspec.json.encode(self._order))
            given.seek(0)
            command = [sys.executable, "-m", "pleoctl.fleet.child"]
            child = subprocess.Popen(  # noqa: S603 - this very program
                command, env=self._environ, stdin=given, stdout=told, stderr=subprocess.DEVNULL, start_new_session=True
            )
            try:
                ended = self._wait(child)
            finally:
                _end(child)
            return self._result(result, child.returncode, told) if ended else self._late(result)

    def _wait(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether it ended in time; when everything stops, it is asked to end after its writes in flight."""
        machine, asked = this_machine(), False
        end = machine.monotonic() + self._deadline
        while machine.monotonic() < end:
            with suppress(subprocess.TimeoutExpired):
                child.wait(_LOOK_SECONDS)
                return True
            if self._stop.is_set() and not asked:
                asked = True
                child.terminate()
        return False

    def _result(self, result: CompanyResult, code: int, told: IO[bytes]) -> CompanyResult:
        told.seek(0)
        content = told.read(_MOST)
        try:
            return msgspec.json.decode(content, type=CompanyResult)
        except msgspec.MsgspecError:
            words = f"the company's process ended with {code} and said nothing"
            hint = f"it may need more memory than memoryMiB: {self._order.memory_mib}"
            return result.ended(self._unknown, [Finding("error", words, hint=hint)])

    def _late(self, result: CompanyResult) -> CompanyResult:
        words = f"the company's run did not end within {self._deadline:g} s and was ended"
        hint = "see deadlineSeconds in fleet.yaml; what it began is settled by its next run"
        return result.ended(self._unknown, [Finding("error", words, hint=hint)])

    @property
    def _unknown(self) -> ExitCode:
        """The end of a run that may have written."""
        return ExitCode.ERROR if self._order.command in {"plan", "drift"} else ExitCode.PARTIAL


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it has started."""
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def main() -> int:
    """Do the one company that standard input names."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    _limit_memory(order.memory_mib)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    result = work(order.task, _opened(order), order.caller(stop))
    sys.stdout.buffer.write(msgspec.json.encode(result))
    sys.stdout.flush()
    return 0


def _opened(order: Order) -> Opened:
    company = Company(Path(order.file), order.path)
    known = {} if order.database is None else {_DATABASE: order.database}
    database = Secret(f"env:{_DATABASE}", Path(order.root), environ=known) if known else None
    try:
        return Opened(company, MemberWorkspace(company.file, Allowed(order.allowed), database))
    except PleoctlError as error:
        return Opened(company, None, error)


def _limit_memory(mib: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (mib * _MIB, mib * _MIB))


if __name__ == "__main__":
    sys.exit(main())
