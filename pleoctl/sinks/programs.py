"""A program as the books: one process a run, JSON lines, one answer to each request.

    {"op": "hello"}                                            {"drafts": …, "attachments": …, "currency": …, …}
    {"op": "find", "keys": […]}                                {"found": {key: {"id", "url", "date", "postings", …}}}
    {"op": "book", "key", "entry", "draft", "attachments"}     {"booked": …} | {"refused": …} | {"closedPeriod": …}

Its death, a late answer or one that cannot be read leaves the outcome unknown; the program is then ended, with what it
has started, and the next request starts it anew.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.strict import strict
from pleoctl.machine import overhear
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, Capabilities, Held, HeldPosting, KeyRoom, PeriodClosed, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import IO

    from pleoctl.sinks.base import Booking, File, Key

SECONDS: Final = 60.0
MAX_ANSWER: Final = 16 * 1024 * 1024
_PORTION: Final = 64 * 1024
_SIDES: Final = frozenset({"debit", "credit"})


class Program:
    """A child process that answers one JSON line with one JSON line."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str], seconds: float) -> None:
        """Nothing is started yet; ``seconds`` is the longest that one answer may take."""
        self._command, self._folder, self._environment, self._seconds = command, folder, environment, seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._ended: Callable[[], None] = lambda: None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises `LostAnswer` where there is none that can be read; the program is ended then."""
        child = self._started()
        line = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        answer = self._exchange(child, line)
        if answer is None:
            _kill(child)
        data = _object(answer or b"")
        if data is None:
            self.close()
            words = "did not answer in time" if answer is None else "gave no JSON object" if answer else "ended"
            raise LostAnswer(f"{self._command[0]} {words} ({request['op']})")
        return data

    def _exchange(self, child: subprocess.Popen[bytes], line: bytes) -> bytes | None:
        """The answer to a line; empty where the program ends without one, None where it does not come in time.

        The pipes are waited for, never a read or a write: whoever the program has left behind may hold them open.
        """
        if child.stdin is None or child.stdout is None:
            return b""
        end = time.monotonic() + self._seconds
        left, told, portion = memoryview(line), [self._rest], b""
        try:
            while left:
                if not _ready(child.stdin, select.POLLOUT, end):
                    return None
                left = left[os.write(child.stdin.fileno(), left[: select.PIPE_BUF]) :]
            while b"\n" not in told[-1] and sum(map(len, told)) < MAX_ANSWER:
                if not _ready(child.stdout, select.POLLIN, end):
                    return None
                if not (portion := os.read(child.stdout.fileno(), _PORTION)):
                    break
                told.append(portion)
        except (OSError, ValueError):
            return b""
        answer, ended, self._rest = b"".join(told).partition(b"\n")
        return answer + ended

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._rest = b""
            try:
                self._child = subprocess.Popen(  # noqa: S603 - allowed by the environment, never through a shell
                    self._command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    preexec_fn=_ends_with_us,  # noqa: PLW1509 - it asks the kernel alone
                )
            except (OSError, ValueError) as error:
                words = getattr(error, "strerror", None) or str(error)
                raise BooksUnusable(f"{self._command[0]} could not be run: {words}") from error
            self._ended = overhear(self._child)
        return self._child

    def close(self) -> None:
        """End the program: its input is closed, and after a second it is killed."""
        child, self._child = self._child, None
        if child is None:
            return
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            child.wait(1)
        except subprocess.TimeoutExpired:
            _kill(child)
            child.wait()
        self._ended()


def _object(line: bytes) -> dict[str, Any] | None:
    """What a whole line says; None for anything but an object."""
    try:
        data = strict(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _ready(pipe: IO[bytes], event: int, end: float) -> bool:
    """Whether a pipe can be used before that moment."""
    waiting = select.poll()
    waiting.register(pipe, event)
    return bool(waiting.poll(max(0.0, end - time.monotonic()) * 1000))


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a program that nobody has waited for yet, and its session with it."""
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)


def _ends_with_us() -> None:
    """Runs in the child: on Linux a killed pleoctl takes its program along; elsewhere it sees its input end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class ExecSink:
    """Books what a program says it booked."""

    def __init__(self, program: Program) -> None:
        """The program says hello when it is first needed."""
        self._program = program
        self._hello: dict[str, Any] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """See `Sink`. Raises `BooksUnusable` where the program does not say hello."""
        said = self._greeting()
        key = said.get("key") or {}
        try:
            return Capabilities(
                KeyRoom(
                    "the program's own place",
                    key.get("length"),
                    key.get("alphabet", "any"),
                    duration(said.get("guardedFor")),
                ),
                currency=said.get("currency"),
                tax_codes=bool(said.get("taxCodes", True)),
                dimensions=_groups(said.get("tags")),
                drafts=bool(said.get("drafts", False)),
                attachments=bool(said.get("attachments", False)),
                files_with_entry=True,
                periods=True,  # any booking may be answered so, and no hello needs to say it
                read_back=bool(said.get("readBack", True)),
                tells_tax_codes="taxCodes" in _told(said),
                tells_tags="tags" in _told(said),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise BooksUnusable(f"the program's hello cannot be read: {error}", INVALID_CONFIGURATION) from error

    def check(self) -> None:
        """See `Sink`."""
        self._greeting()

    def close(self) -> None:
        """See `Sink`."""
        self._program.close()

    def _greeting(self) -> dict[str, Any]:
        if self._hello is None:
            try:
                self._hello = self._program.ask({"op": "hello"})
            except LostAnswer as error:
                raise BooksUnusable(error.message) from error
        return self._hello

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`. Raises `BooksUnusable` where the answer cannot be read."""
        wanted = [key.stored for key in keys]
        try:
            answer = self._program.ask({"op": "find", "keys": wanted})
        except LostAnswer as error:
            raise BooksUnusable(error.message) from error
        found = answer.get("found")
        if not isinstance(found, dict):
            raise BooksUnusable("the program's answer to find lacks `found`")
        return {key: _all_held(found[key]) for key in wanted if key in found}

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`."""
        (booking,) = bookings
        answer = self._program.ask(
            {
                "op": "book",
                "key": booking.key.stored,
                "entry": booking.told,
                "draft": booking.draft,
                "attachments": [{"path": str(file.path), "name": file.name} for file in booking.files],
            }
        )
        return [_booked(answer, booking.date)]

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: what it cannot hold, the program says when it is to book it."""
        _ = booking
        return []

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: the program keeps its own ledger."""

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`: files go along with the entry, so there is nothing to add to a record that stands."""
        _ = (held, key)
        raise Refusal(f"{file.name} cannot be added to an entry that stands", "receipt_upload_failure")


def _told(said: dict[str, Any]) -> list[Any]:
    """What the program tells of a record beside its sums: `readBack` as a list."""
    told = said.get("readBack")
    return told if isinstance(told, list) else []


def _booked(answer: dict[str, Any], day: str) -> Held:
    booked, refused, closed = (answer.get(name) for name in ("booked", "refused", "closedPeriod"))
    if isinstance(booked, dict) and "id" in booked:
        return Held(str(booked["id"]), _optional(booked.get("url")))
    if isinstance(refused, dict):
        reason = str(refused.get("reason") or "the accounting system refused it")
        raise Refusal(reason, str(refused.get("type") or "accounting_system_validation_failure"))
    if isinstance(closed, dict):
        raise PeriodClosed(day, _optional(closed.get("nextOpen")))
    raise LostAnswer("the program's answer to book says neither booked, refused nor closedPeriod")


def _all_held(value: Any) -> list[Held]:
    """One record or a list of them. Raises `BooksUnusable`."""
    records = value if isinstance(value, list) else [value]
    try:
        return [_held(record) for record in records if record is not None]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BooksUnusable(f"the program's answer to find cannot be read: {type(error).__name__}: {error}") from error


def _held(record: dict[str, Any]) -> Held:
    postings = record.get("postings")
    names = record.get("attachments")
    return Held(
        str(record["id"]),
        _optional(record.get("url")),
        void=bool(record.get("void", False)),
        date=_optional(record.get("date")),
        postings=None if postings is None else tuple(_posting(posting) for posting in postings),
        attachments=None if names is None else frozenset(str(name) for name in names),
        tax_codes=_codes(postings or ()),
        tags=_tags(postings or ()),
    )


def _codes(postings: Iterable[dict[str, Any]]) -> frozenset[tuple[str, str]] | None:
    """The account and the tax code of each posting that has one; None where no posting has the name."""
    told = [(str(one["account"]), one["taxCode"]) for one in postings if "taxCode" in one]
    return frozenset((account, str(code)) for account, code in told if code is not None) if told else None


def _tags(postings: Iterable[dict[str, Any]]) -> dict[str, frozenset[tuple[str, str]]] | None:
    """The same by tag group."""
    rows = [(str(one["account"]), one["tags"] or {}) for one in postings if "tags" in one]
    groups = sorted({str(group) for _, tags in rows for group in tags})
    found = {group: [(account, tags.get(group)) for account, tags in rows] for group in groups}
    made = {group: frozenset((a, str(code)) for a, code in pairs if code is not None) for group, pairs in found.items()}
    return made if rows else None


def _posting(posting: dict[str, Any]) -> HeldPosting:
    side, amount = posting["side"], posting["amount"]
    if side not in _SIDES or not isinstance(amount, int) or isinstance(amount, bool):
        raise ValueError(f"a posting has side {side!r} and amount {amount!r}")
    return HeldPosting(side, str(posting["account"]), amount, str(posting["currency"]))


def _optional(value: Any) -> str | None:
    return None if value is None else str(value)


def _groups(value: Any) -> frozenset[str] | None:
    """``tags``: false is none, true or absent is any, a list names the groups."""
    if isinstance(value, list):
        return frozenset(str(group) for group in value)
    return frozenset() if value is False or value == 0 else None


def duration(text: Any) -> float:
    """Seconds of ``30s``, ``5m``, ``24h``, ``7d``; 0 for None. Raises `ValueError`."""
    if text is None:
        return 0.0
    value, unit = str(text)[:-1], str(text)[-1:]
    return float(value) * {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}[unit]
