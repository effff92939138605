"""The one family of errors that a user sees, and the one table of exit codes.

Every error carries *findings*: what is wrong, where (``file:line:col``), and what to do about it.
The engine raises; only ``cli`` turns an error into text and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from pleoctl.place import Place, Setting
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable

Level = Literal["error", "warning", "info"]


class ExitCode(IntEnum):
    """What the process tells its caller; documented in docs/exit-codes.md."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    REFUSED = 3
    STALE = 4
    PARTIAL = 5
    LOCKED = 6
    USAGE = 64
    INVALID = 78
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


_WORST_FIRST: Final = (
    ExitCode.HANGUP,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.PARTIAL,
    ExitCode.STALE,
    ExitCode.REFUSED,
    ExitCode.LOCKED,
    ExitCode.INVALID,
    ExitCode.USAGE,
    ExitCode.ERROR,
    ExitCode.CHANGES,
)


def worst(codes: Iterable[int]) -> ExitCode:
    """How a command ends that did several things, by the codes of each."""
    had = set(codes)
    return next((code for code in _WORST_FIRST if code in had), ExitCode.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell about an input or a plan.

    The file of its ``place`` is relative to the workspace file where there is one. Whoever knows a ``setting`` but not
    where it stands leaves the place to who has the workspace. ``count`` is how many it tells of.
    """

    code: str
    message: str
    level: Level = "error"
    place: Place | None = None
    address: str | None = None
    rule: str | None = None
    hint: str | None = None
    setting: Setting | None = None
    count: int = 1

    @property
    def where(self) -> str:
        """``file:line:col`` as far as it is known, else the address or the rule, else an empty string."""
        return self.address or self.rule or "" if self.place is None else self.place.exact

    @property
    def file(self) -> str | None:
        """The file that it is about."""
        return None if self.place is None else self.place.file

    @property
    def sort_key(self) -> tuple[str, bool, int, int]:
        """By file, line and column; what has no place comes first, what stands for many comes last in its file."""
        file, line, column = ("", 0, 0) if self.place is None else self.place.key
        return file, isinstance(self, More), line, column

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"

    @classmethod
    def of_bug(cls, error: Exception) -> Finding:
        """An exception that nobody expected."""
        words = f"unexpected {type(error).__name__}: {error}"
        return cls("internal", words[:500], hint="this is a bug; run again with --debug and report it")

    def as_json(self) -> dict[str, Any]:
        """The finding as every ``--format json`` shows it."""
        place = self.place
        return {
            "code": self.code,
            "message": self.message,
            "level": self.level,
            "file": place and place.file,
            "line": place and place.line,
            "column": place and place.column,
            "address": self.address,
            "rule": self.rule,
            "hint": self.hint,
        }


class More(Finding):
    """Stands for ``count`` further findings that nobody would read."""

    __slots__ = ()

    @classmethod
    def like(cls, finding: Finding, count: int, level: Level) -> More:
        """The findings of the same code and file that are not told one by one."""
        return cls(finding.code, f"{count} more findings of this kind", level, Place.of(finding.file), count=count)


#: How many findings of one code and file are told one by one.
MOST_ALIKE: Final = 100


def limited(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with at most `MOST_ALIKE` of each code and file, then the count of what is left out.

    In their order; what was limited before stays as it is.
    """
    kept: list[Finding] = []
    told: dict[tuple[str, str | None], list[int]] = {}  # positions in ``kept``
    rest: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        key = (finding.code, finding.file)
        places = told.setdefault(key, [])
        if len(places) < MOST_ALIKE and not isinstance(finding, More):
            places.append(len(kept))
            kept.append(finding)
        else:
            rest.setdefault(key, []).append(finding)
    behind = {(told[key] or [len(kept) - 1])[-1]: _more(left) for key, left in rest.items()}
    listed = [(finding, behind.get(index)) for index, finding in enumerate(kept)]
    return [finding for pair in listed for finding in pair if finding is not None] or list(behind.values())


def counted(findings: Iterable[Finding]) -> int:
    """How many findings there are, those among them that are only counted."""
    return sum(finding.count for finding in findings)


def _more(left: list[Finding]) -> Finding:
    level: Level = "error" if any(finding.level == "error" for finding in left) else left[0].level
    return More.like(left[0], counted(left), level)


class PleoctlError(Exception):
    """Base of all errors that are told without a traceback.

    Keeps its findings; ``exit_code`` says how the process ends.
    """

    exit_code: ExitCode = ExitCode.ERROR
    code: str = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        findings: Iterable[Finding] = (),
        place: Place | None = None,
        setting: Setting | None = None,
    ) -> None:
        """Make the error; without ``findings`` the message itself becomes the only one."""
        super().__init__(message)
        self.message = message
        self.findings = limited(findings) or [Finding(self.code, message, place=place, hint=hint, setting=setting)]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> PleoctlError:
        """One error for several findings."""
        listed = list(findings)
        count = counted(listed)
        return cls(many(count, "problem", "found", "found"), findings=listed)


class UsageError(PleoctlError):
    """The command line itself is wrong."""

    exit_code = ExitCode.USAGE
    code = "usage"


class InvalidFile(PleoctlError):
    """A file is unreadable, malformed, tampered with or of an unknown version."""

    exit_code = ExitCode.INVALID
    code = "invalid-file"


class NotWritten(PleoctlError):
    """A file that was asked for could not be written."""

    code = "not-written"


class SourceError(PleoctlError):
    """The accounting system's data could not be read completely."""

    code = "source"


class RemoteError(PleoctlError):
    """A server refused, failed, or could not be reached; ``status`` is that of its last answer, where there was one."""

    code = "remote"
    status: int | None = None


class PleoError(RemoteError):
    """Pleo refused, failed or answered with something that is not its contract."""

    code = "pleo"


class MissingExtra(PleoctlError):
    """A feature needs an optional dependency that is not installed."""

    code = "missing-extra"


class Refused(PleoctlError):
    """A guard, a protection or another company's credentials stand in the way."""

    exit_code = ExitCode.REFUSED
    code = "refused"


class Stale(PleoctlError):
    """Live Pleo is no longer what the plan saw; nothing was written."""

    exit_code = ExitCode.STALE
    code = "stale"


class LockHeld(PleoctlError):
    """Another run holds the lock of this company."""

    exit_code = ExitCode.LOCKED
    code = "locked"


class Interrupted(PleoctlError):
    """The run was asked to stop, and nothing of it is open: before a request was sent, or while it only waited."""

    code = "interrupted"
