"""A company's run in a process of its own: with a deadline, a memory limit, and an environment that is its own alone.

The parent hands over what the child must know on standard input, and nothing by arguments or environment that another
company's program could read. A child does one company and ends, and whatever it started ends with it
(`pleoctl.offspring`). It sees no other company's files (`pleoctl.fleet.confine`): plans and temporary files lie
in a folder that it has for itself. Standard input stays open for as long as the parent lives: a child that is left
alone finishes its writes in flight, releases its lock and ends.
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
from msgspec.structs import replace

from pleoctl.errors import ExitCode, Finding, PleoctlError
from pleoctl.fleet.caller import Caller
from pleoctl.fleet.confine import confine
from pleoctl.fleet.fleet import Opened
from pleoctl.fleet.member import Company, MemberWorkspace
from pleoctl.fleet.private import Private, hidden_from, read_only
from pleoctl.fleet.receipt import CompanyResult
from pleoctl.fleet.work import Task, work
from pleoctl.machine import this_machine
from pleoctl.model.shape import Strict
from pleoctl.offspring import adopt_orphans, end_below
from pleoctl.plan.approvals import Approvers
from pleoctl.workspace.secrets import Allowed, Secret

if TYPE_CHECKING:
    from typing import IO

    from pleoctl.fleet.crew import How
    from pleoctl.fleet.fleet import Fleet

_MOST: Final = 64 * 1024 * 1024
_LOOK_SECONDS: Final = 0.1
# How long a child may go on that nobody waits for any more: its writes in flight come to their end.
_ALONE_SECONDS: Final = 60.0
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
# The current folder may be a checkout, whose json.py is a file like any other.
_UNMOVED: Final = "-I" if sys.flags.isolated else "-P"


class Order(Strict, kw_only=True):
    """What a child is told."""

    task: Task
    approvers: Approvers | None
    file: Path
    path: str
    allowed: dict[str, str]
    named: tuple[str, ...]
    form: str | None
    database: str | None
    patience: float
    memory_mib: int
    seconds: float
    hidden: list[str]
    read_only: list[Path]


def in_child(fleet: Fleet, task: Task, how: How, one: Opened) -> CompanyResult:
    """`work` in a child that is ended when its time is over; whatever becomes of it is the company's own end."""
    result = CompanyResult(path=one.company.path, company=one.id)
    if one.workspace is None:
        return work(task, one, Caller())
    try:
        with Private.made(fleet.settings.deadline_seconds) as private:
            own = replace(task, folder=private.holding(task, one), plans=_own(task, one))
            order = _order(fleet, own, how, one, hidden_from(fleet, task, one))
            result = _Child(fleet, how.stop, order).go(private, result)
            private.hand_over(task, one)
            return result
    except PleoctlError as error:
        return result.failed(error)
    except OSError as error:
        return result.failed(PleoctlError(f"no process can be started for this company: {error.strerror}"))


def _own(task: Task, one: Opened) -> dict[str, str] | None:
    """Of the plans that are carried out, the company's alone."""
    path = one.company.path
    return None if task.plans is None else {name: plan for name, plan in task.plans.items() if name == path}


def _order(fleet: Fleet, task: Task, how: How, one: Opened, hidden: list[str]) -> Order:
    company = one.company
    allowed = company.allowed(fleet.environ, fleet.settings.shared_env)
    return Order(
        task=task,
        approvers=how.approvers,
        file=company.file,
        path=company.path,
        allowed=dict(allowed),
        named=tuple(allowed.named),
        form=allowed.form,
        database=None if fleet.database is None else fleet.database.reveal(),
        patience=how.patience,
        memory_mib=fleet.settings.memory_mib,
        seconds=fleet.settings.deadline_seconds,
        hidden=hidden,
        read_only=list(read_only(how.approvers, one, hidden)),
    )


class _Child:
    def __init__(self, fleet: Fleet, stop: threading.Event, order: Order) -> None:
        self._stop, self._order = stop, order
        self._deadline = fleet.settings.deadline_seconds
        operators = {name: fleet.environ[name] for name in _OPERATORS if name in fleet.environ}
        self._environ = {**order.allowed, **operators, "MALLOC_ARENA_MAX": "2"}

    def go(self, private: Private, result: CompanyResult) -> CompanyResult:
        with tempfile.TemporaryFile() as told:
            child = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, _UNMOVED, "-m", "pleoctl.fleet.child"],
                env={**self._environ, **private.environ},
                stdin=subprocess.PIPE,
                stdout=told,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                _tell(child, self._order, private)
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
        return ExitCode.ERROR if self._order.task.command in {"plan", "drift"} else ExitCode.PARTIAL


def _tell(child: subprocess.Popen[bytes], order: Order, private: Private) -> None:
    """Hand the order over; what is written to stays open."""
    told = replace(order, allowed={**order.allowed, **private.environ})
    if child.stdin is not None:
        with suppress(OSError):  # it has ended already, which its result will say
            child.stdin.write(msgspec.json.encode(told, enc_hook=str) + b"\n")
            child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it has started."""
    if child.poll() is None:
        end_below(child.pid)
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()


def main() -> int:
    """Do the one company that standard input names."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order, dec_hook=lambda kind, text: kind(text))
    _limit(order)
    adopt_orphans()
    company = Company(order.file, order.path)
    try:
        confine(order.hidden, order.read_only)
        one = _opened(order, company)
    except PleoctlError as error:
        one = Opened(company, None, error)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_end_when_alone, args=[stop], name="pleoctl-parent", daemon=True).start()
    try:
        result = work(order.task, one, Caller(stop, order.patience, order.approvers))
    finally:
        end_below(os.getpid())
    sys.stdout.buffer.write(msgspec.json.encode(result))
    sys.stdout.flush()
    return 0


def _end_when_alone(stop: threading.Event) -> None:
    """Wait for the parent's end; then let the run come to its own, and end it and all that it has started."""
    sys.stdin.buffer.read()
    stop.set()
    this_machine().sleep(_ALONE_SECONDS)
    end_below(os.getpid())
    os.killpg(0, signal.SIGKILL)


def _opened(order: Order, company: Company) -> Opened:
    allowed = Allowed(order.allowed, order.named, order.form)
    known = {} if order.database is None else {_DATABASE: order.database}
    database = Secret(f"env:{_DATABASE}", order.task.root, environ=known) if known else None
    return Opened(company, MemberWorkspace(company.file, allowed, database))


def _limit(order: Order) -> None:
    """Limit memory, and time for a child that nobody waits for any more and that hears nothing."""
    with suppress(ImportError, ValueError, OSError, AttributeError):
        import resource  # not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (order.memory_mib * _MIB, order.memory_mib * _MIB))
        signal.alarm(int(order.seconds + _ALONE_SECONDS) + 1)


if __name__ == "__main__":
    sys.exit(main())
