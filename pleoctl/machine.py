"""The machine below a run, as one object: its clock, sleep, chance, programs, the user's folders.

Whatever makes two runs of the same inputs differ comes from here, so that a test or a simulation replaces it as a
whole: ``with on(Double()): …``. It is one per process, not per thread: the threads of a run share their machine.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, Protocol, TypeVar

from pleoctl.errors import PleoctlError, Refused

if TYPE_CHECKING:
    import random
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path
    from subprocess import Popen

T = TypeVar("T")
LOG: Final = logging.getLogger(__name__)
# Files of a branch may look like a repository, whose configuration names programs to run: git goes by a .git alone,
# which no branch can hold. Versions before 2.38 do not know the setting, so `Machine.git` looks for itself as well.
_GIT: Final = ("git", "-c", "safe.bareRepository=explicit")


_MIB: Final = 1024 * 1024
MOST_PRINTED: Final = 256 * _MIB
"""How many bytes of a program's output are kept."""
_PORTION: Final = 64 * 1024
_LAST_WORDS: Final = 1.0


class ProgramError(OSError):
    """A program that was started did not end as it should; its words name it, not what it printed."""


class Pool(Protocol):
    """What `Machine.pool` gives, as executors have it."""

    def map(self, function: Callable[[T], Any], parts: Iterable[T], /) -> list[Any]:
        """The results in order, once all are over; raises what a part raised."""


class Ran(NamedTuple):
    """A program that has ended: its exit code (negative: the signal that ended it), and what it printed."""

    code: int
    output: bytes


class Around(NamedTuple):
    """What a program is given: a file on its standard input, an environment; None: nothing, this process's own."""

    given: BinaryIO | None = None
    environ: Mapping[str, str] | None = None


class Machine:
    """The real machine; a double overrides what it wants to decide itself."""

    def __init__(self) -> None:
        """``unfinished`` are files that a dying process must remove."""
        self.unfinished: set[Path] = set()

    @cached_property
    def rng(self) -> random.Random:
        """Chance for jitter, never for secrets."""
        import random  # only who waits for a server needs it

        return random.Random()

    def time(self) -> float:
        """Seconds since the epoch, which other processes and machines share; it may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment of this process; never goes back."""
        return time.monotonic()

    def lasting(self) -> float:
        """Like `monotonic`, and goes on while the machine sleeps, where its system has such a clock."""
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return self.monotonic() if clock is None else time.clock_gettime(clock)

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let so many seconds pass, or fewer if the event is set; True if it is."""
        return event.wait(seconds)

    def token(self, size: int = 4) -> str:
        """A name of ``size`` bytes in hex that nobody else has."""
        return os.urandom(size).hex()

    def sync(self, descriptor: int) -> None:
        """Let what was written to a file reach the disk."""
        os.fsync(descriptor)

    @contextmanager
    def pool(self, workers: int) -> Iterator[Pool]:
        """Threads for work that may go on side by side, ``workers`` at a time."""
        from concurrent.futures import ThreadPoolExecutor  # only runs that write need it

        with ThreadPoolExecutor(workers, thread_name_prefix="pleoctl") as executor:
            yield _Threads(executor, workers)

    def later(self, seconds: float, act: Callable[[], object]) -> Callable[[], object]:
        """Have ``act`` called on a thread of its own in so many seconds, unless what is given back is called first."""
        import threading  # only what must not wait for anybody
        from contextvars import copy_context

        timer = threading.Timer(seconds, copy_context().run, (act,))
        timer.daemon = True
        timer.start()
        return timer.cancel

    def program(
        self,
        command: Sequence[str],
        seconds: float,
        folder: Path | None = None,
        *,
        most: int = MOST_PRINTED,
        around: Around | None = None,
    ) -> Ran:
        """Run a small program, never through a shell; ``around`` None: nothing to read, this process's environment.

        Raises `OSError` if it cannot be started, `ProgramError` as `printed` does, and `ValueError` for a name or
        argument that no program can have.
        """
        from subprocess import DEVNULL, PIPE, Popen  # for the few commands that ask a program

        around = around or Around()
        process = Popen(  # noqa: S603 - callers vouch for what they run
            list(command), cwd=folder, env=around.environ, stdin=around.given or DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
        output = printed(process, command[0], seconds, most)
        return Ran(process.returncode, output)

    def git(self, arguments: Sequence[str], seconds: float, folder: Path) -> Ran:
        """Run git in a folder. Raises as `program` does, and `Refused` where files pose as a repository."""
        for place in (folder, *folder.absolute().parents):
            if (place / ".git").exists():
                break
            # As git sees it: HEAD may be a link to nowhere, and what else there must be may lie elsewhere.
            head, objects, elsewhere = (os.path.lexists(place / one) for one in ("HEAD", "objects", "commondir"))
            if head and (objects or elsewhere):
                words = f"{place} looks like a git repository of its own, which could name programs to run"
                raise Refused(words, hint="take its HEAD out of the branch")
        return self.program([*_GIT, *arguments], seconds, folder)

    def config_folder(self) -> Path:
        """The user's own settings of pleoctl, which no workspace can reach. Raises `PleoctlError`."""
        from platformdirs import user_config_path  # only where a foreign host is named

        with suppress(RuntimeError):
            folder = user_config_path("pleoctl")
            if folder.is_absolute():
                return folder
        raise PleoctlError("this user has no home folder for settings", hint="set HOME")

    def remove_unfinished(self) -> None:
        """Take away what an interrupted write has left, so that a process that ends leaves no half of a file."""
        for path in list(self.unfinished):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self.unfinished.clear()

    def state_folder(self) -> Path:
        """The user's state folder of pleoctl (``PLEOCTL_STATE_DIR`` in tests and containers). Raises `PleoctlError`."""
        from pathlib import Path

        given = os.environ.get("PLEOCTL_STATE_DIR")
        if given:
            return Path(given)
        from platformdirs import user_state_path  # only commands that talk to a server need it

        with suppress(RuntimeError):
            folder = user_state_path("pleoctl")
            if folder.is_absolute():
                return folder
        # HOME is not set and the user is in no passwd file, as in a container that runs as a bare number.
        raise PleoctlError(
            "this user has no home folder for locks and request budgets",
            hint="set PLEOCTL_STATE_DIR to a folder that can be written, or HOME",
        )


class _Threads:
    """`Pool` of real threads. Whoever is done takes the next part itself: nobody else wakes up for that."""

    def __init__(self, executor: Executor, workers: int) -> None:
        self._executor, self._workers = executor, workers

    def map(self, function: Callable[[T], Any], parts: Iterable[T], /) -> list[Any]:
        """See `Pool.map`; each part knows what this thread knows: the run that it belongs to.

        After an error no further part is begun.
        """
        from contextvars import copy_context

        waiting, around = deque(enumerate(parts)), copy_context()
        results: list[Any] = [None] * len(waiting)

        def work() -> None:
            try:
                while (taken := _first(waiting)) is not None:
                    results[taken[0]] = around.copy().run(function, taken[1])
            finally:
                waiting.clear()

        try:
            for thread in [self._executor.submit(work) for _ in range(min(self._workers, len(results)))]:
                thread.result()
        finally:
            waiting.clear()
        return results


def _first(waiting: deque[T]) -> T | None:
    """Taken off, by one thread alone; None where nothing is left."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


_current = [Machine()]


def this_machine() -> Machine:
    """The machine that everything runs on."""
    return _current[-1]


@contextmanager
def on(machine: Machine) -> Iterator[None]:
    """Run the block on another machine."""
    _current.append(machine)
    try:
        yield
    finally:
        _current.pop()


def printed(process: Popen[bytes], name: str, seconds: float, most: int) -> bytes:
    """What a program prints until it ends; where that takes too long or is more than so many bytes, it is ended.

    What it has started ends with it. Raises `ProgramError` then, and where it leaves somebody behind who holds its
    output open.
    """
    import subprocess
    import threading

    last = time.monotonic() + seconds
    portions: list[bytes] = []
    # A thread, since a program's own children may hold the pipe open for ever.
    reader = threading.Thread(target=_collect, args=(process, portions, most), daemon=True)
    reader.start()
    try:
        reader.join(seconds)
        output = b"".join(portions)
        if len(output) > most:
            raise ProgramError(f"{name} printed more than {_size(most)}")
        process.wait(0 if reader.is_alive() else max(0.0, last - time.monotonic()))
        if reader.is_alive():
            raise ProgramError(f"{name} ended and left somebody who holds its output open")
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"{name} did not end within {seconds:g} s") from error
    finally:
        if process.poll() is None:
            from pleoctl.offspring import end  # 2 ms that hardly any start needs

            end(process)
    return output


def _collect(process: Popen[bytes], portions: list[bytes], most: int) -> None:
    total = 0
    if process.stdout is None:
        return
    with process.stdout as stream:
        while total <= most and (portion := stream.read(_PORTION)):
            portions.append(portion)
            total += len(portion)


def overhear(process: Popen[bytes]) -> Callable[[], None]:
    """Tell each line of a program's standard error as a record of our log; to be called once it has ended.

    It may hold what a branch or a server says, which nobody's terminal or CI system is to obey.
    """
    import threading
    from contextvars import copy_context

    told = threading.Thread(target=copy_context().run, args=(_tell, process.stderr), daemon=True)
    told.start()
    # Whoever the program has left behind may hold its standard error open.
    return lambda: told.join(_LAST_WORDS)


def _tell(stream: BinaryIO | None) -> None:
    if stream is None:
        return
    with stream:
        while line := stream.readline(_PORTION):
            LOG.warning("%s", line.decode(errors="replace").rstrip("\r\n"))


def _size(count: int) -> str:
    return f"{count // _MIB} MiB" if count >= _MIB else f"{count // 1024} KiB"


def done_within(seconds: float, act: Callable[[], object], name: str) -> bool:
    """Whether ``act`` is over in so many seconds; else it is left alone, and no end of the process waits for it."""
    import threading

    thread = threading.Thread(target=act, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def timestamp(moment: datetime | None = None) -> str:
    """A moment in UTC, the present one unless it is given, as receipts and logs have it: to the millisecond."""
    return (moment or this_machine().now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=64)
def connection_name(url: str, company: str) -> str:
    """A file name for what belongs to one server and one company, however the server is spelt."""
    from hashlib import sha256  # only commands that talk to a server need it

    from pleoctl.hosts import Endpoint

    endpoint = Endpoint.parse(url)
    host = url.lower() if endpoint is None else endpoint.meaning
    return sha256(f"{host}\n{company}".encode()).hexdigest()[:24]
