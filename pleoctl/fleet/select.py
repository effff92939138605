"""Which companies of a fleet a command is for: by pattern, by changed files, by their state, by shard."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from pleoctl.errors import PleoctlError, UsageError
from pleoctl.machine import ProgramError, this_machine
from pleoctl.text import did_you_mean
from pleoctl.workspace.find import FLEET_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.fleet.fleet import Fleet, Opened

STATUSES: Final = (
    "never",
    "done",
    "partial",
    "failed",
    "refused",
    "stale",
    "drifted",
    "locked",
    "interrupted",
)
_GIT_SECONDS: Final = 120.0
_TAKES: Final = "--changed takes a commit, a branch or a tag of the fleet's repository"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the command line says; all of it must hold."""

    patterns: Sequence[str] = ()
    changed: str | None = None
    statuses: Sequence[str] = ()
    shard: tuple[int, int] | None = None

    def of(self, fleet: Fleet, companies: Sequence[Opened], last: Mapping[str, str]) -> list[Opened]:
        """The companies, in the order of their paths; ``last`` is each one's state.

        Raises `UsageError` for a pattern or commit that names nothing, `PleoctlError` where git does not answer.
        """
        found = list(companies)
        if self.patterns:
            self._require_known(companies)
            found = [one for one in found if any(_matches(one, pattern) for pattern in self.patterns)]
        if self.changed is not None:
            touched = changed_files(fleet, self.changed)
            found = [one for one in found if _touched(one, touched)]
        if self.statuses:
            found = [one for one in found if last.get(one.company.path, "never") in self.statuses]
        if self.shard is not None:
            number, count = self.shard
            found = found[number - 1 :: count]
        return found

    def _require_known(self, companies: Sequence[Opened]) -> None:
        for pattern in self.patterns:
            if not any(_matches(one, pattern) for one in companies):
                hint = did_you_mean(pattern, [one.company.path for one in companies], "companies")
                raise UsageError(f"no company matches {pattern!r}", hint=hint)


def _matches(one: Opened, pattern: str) -> bool:
    """A glob against the workspace's path or folder, or the company's id."""
    path = one.company.path
    folder = str(PurePosixPath(path).parent)
    named = (path, folder, PurePosixPath(folder).name, one.id or "")
    return any(fnmatchcase(name, pattern.rstrip("/")) for name in named)


def _touched(one: Opened, files: Sequence[PurePosixPath]) -> bool:
    folder = PurePosixPath(one.company.path).parent
    return any(file == PurePosixPath(FLEET_FILE) or file.is_relative_to(folder) for file in files)


def changed_files(fleet: Fleet, reference: str) -> list[PurePosixPath]:
    """Files below the fleet's folder that differ from a commit, uncommitted and untracked ones as well."""
    asked = ["diff", "--name-only", "-z", "--relative", "--no-renames", "--end-of-options", reference, "--"]
    _require_commit(fleet, reference)
    listed = [*_git(fleet, asked), *_git(fleet, ["ls-files", "-z", "--others", "--exclude-standard"])]
    return [_as_fleet(fleet, PurePosixPath(name)) for name in listed]


def _require_commit(fleet: Fleet, reference: str) -> None:
    """Raise `UsageError` for what the repository does not know; where there is none, git says so itself."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", reference]
    with suppress(ProgramError, OSError):
        if this_machine().git(asked, _GIT_SECONDS, fleet.root).code == 1:
            raise UsageError(f"--changed {reference} is no git revision", hint=_TAKES)


def _as_fleet(fleet: Fleet, path: PurePosixPath) -> PurePosixPath:
    """`fleet.yaml` whatever its name is."""
    return PurePosixPath(FLEET_FILE) if str(path) == fleet.file.name else path


def _git(fleet: Fleet, arguments: list[str]) -> list[str]:
    try:
        code, output = this_machine().git(arguments, _GIT_SECONDS, fleet.root)
    except (ProgramError, OSError) as error:
        raise PleoctlError(f"git does not say what has changed: {error}") from error
    if code:
        raise PleoctlError(f"git {arguments[0]} ended with exit code {code}", hint=_TAKES)
    return [name for name in output.decode(errors="surrogateescape").split("\0") if name]


def shard_of(text: str) -> tuple[int, int]:
    """``i/n``. Raises `UsageError`."""
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise UsageError(f"--shard {text} is none", hint="e.g. 2/5: the second of five; they count from 1")
