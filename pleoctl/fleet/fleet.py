"""``fleet.yaml``: which companies there are, and what they share."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import keep_inside, lies_straight
from pleoctl.documents.load import load
from pleoctl.errors import Finding, InvalidFile, PleoctlError, Refused
from pleoctl.fleet.member import Company
from pleoctl.fleet.settings import CompanyEntry, FleetSettings, typed
from pleoctl.machine import connection_name
from pleoctl.place import Place
from pleoctl.workspace.find import FLEET_FILE, check_owner, nearest_file
from pleoctl.workspace.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pleoctl.documents.document import Document
    from pleoctl.fleet.member import MemberWorkspace

VARIABLE: Final = "PLEOCTL_FLEET"
LAST_RUNS: Final = "fleet-last.json"
LAST_LOCK: Final = "fleet-last.lock"


@dataclass(frozen=True, slots=True)
class Opened:
    """A company with its workspace, or with why there is none."""

    company: Company
    workspace: MemberWorkspace | None
    error: PleoctlError | None = None

    @property
    def id(self) -> str | None:
        """The company's id, as far as it is known."""
        try:
            return None if self.workspace is None else self.workspace.company
        except PleoctlError:
            return None


class Fleet:
    """A loaded fleet.yaml. Raises `InvalidFile` when it is not valid."""

    def __init__(self, file: Path, environ: Mapping[str, str] | None = None) -> None:
        """Load ``file``; ``environ`` defaults to the process environment, of which companies see their parts."""
        self.file, self.environ = file.absolute(), dict(os.environ) if environ is None else environ
        self.root = self.file.parent
        self.document: Document = load(self.file, "fleet", self.file.name)
        self.settings: FleetSettings = typed(self.document.data)

    @classmethod
    def find(cls, given: str | None = None) -> Fleet:
        """``--fleet`` > ``PLEOCTL_FLEET`` > walking up from the current folder. Raises `InvalidFile`, `Refused`.

        Its cron lines are checked where the extra that knows them is installed.
        """
        found = cls(cls._file(given or os.environ.get(VARIABLE)))
        with suppress(ImportError):
            found.check_cron_lines()
        return found

    @staticmethod
    def _file(chosen: str | None) -> Path:
        if chosen:
            path = Path(chosen)
            return path / FLEET_FILE if path.is_dir() else path
        found = nearest_file(FLEET_FILE)
        if found is None:
            raise InvalidFile(f"no {FLEET_FILE} here or in a folder above", hint="write one, or give --fleet")
        check_owner(found, os.environ, f"--fleet {found}, or {VARIABLE}")
        return found

    def check_cron_lines(self) -> None:
        """Raise `InvalidFile` for cron lines that are none, `ImportError` without the extra that knows them."""
        lines = list(self.settings.schedule.lines())
        if not lines:
            return
        from croniter import croniter

        hint = "minute hour day month weekday"
        bad = [
            self.document.finding(("schedule", command), InvalidFile.code, f"{line} is no cron line", hint=hint)
            for command, line in lines
            if not croniter.is_valid(line)
        ]
        if bad:
            raise InvalidFile.of(bad)

    @property
    def folder(self) -> Path:
        """Where the receipts of the fleet's runs lie.

        Raises `Refused` where a link takes it out of `root`, or what is noted of the last runs beside it.
        """
        folder = self.root / ".pleoctl" / "fleet"
        for name in ("fleet", LAST_RUNS, LAST_LOCK):
            keep_inside(folder.with_name(name), self.root, f".pleoctl/{name}")
        return folder

    @property
    def database(self) -> Secret | None:
        """The reference to the database that machines share; None: this machine alone."""
        reference = self.settings.database
        place = self.document.place(("database",))
        return None if reference is None else Secret(reference, self.root, place, self.environ)

    @cached_property
    def companies(self) -> list[Company]:
        """Every company, by its path. Raises `InvalidFile` for all that is wrong with them at once."""
        found: dict[Path, Company] = {}
        problems: list[Finding] = []
        named: set[Path] = set()
        for index, entry in enumerate(self.settings.companies):
            listed = list(self._listed(entry))
            if not listed:
                problems.append(self._finding(index, f"{entry} matches no workspace file"))
            for company in listed:
                if not _is_pattern(entry) and company.file in named:
                    problems.append(self._finding(index, f"{company.path} is listed twice", "list it once"))
                if not _is_pattern(entry):
                    named.add(company.file)
                if isinstance(entry, CompanyEntry) or company.file not in found:
                    found[company.file] = company
        companies = sorted(found.values(), key=lambda company: company.path)
        problems += [self._finding(None, words, hint) for words, hint in _clashes(companies)]
        if problems:
            raise InvalidFile.of(problems)
        return companies

    @cached_property
    def folders(self) -> frozenset[Path]:
        """The folders of all companies, with no link on the way."""
        return frozenset(company.file.parent.resolve() for company in self.companies)

    def open(self, company: Company) -> Opened:
        """A company with its workspace, or with why there is none."""
        try:
            folder = company.file.parent
            if not (lies_straight(folder, self.root) or folder.resolve().is_relative_to(self.root.resolve())):
                raise Refused("leads outside the fleet's folder", place=Place(company.path))
            return Opened(company, company.open(self.environ, self.settings.shared_env, self.database))
        except PleoctlError as error:
            return Opened(company, None, error)

    def opened(self) -> list[Opened]:
        """Every company; none that claims to be another, for it would be shown the other's runs."""
        companies = [self.open(company) for company in self.companies]
        names = [_name(one) for one in companies]
        claims: defaultdict[str | None, list[str]] = defaultdict(list)
        for one, name in zip(companies, names, strict=True):
            claims[name].append(one.company.path)
        return [
            one if name is None else _claimed(one, claims[name]) for one, name in zip(companies, names, strict=True)
        ]

    def _listed(self, entry: str | CompanyEntry) -> Iterator[Company]:
        pattern, env = (entry, None) if isinstance(entry, str) else (entry.path, entry.env)
        if _is_pattern(entry):
            paths: Iterable[Path] = sorted(path for path in self.root.glob(pattern) if not path.is_dir())
        else:
            paths = [self.root / pattern]
        for path in paths:
            yield Company(path, path.relative_to(self.root).as_posix(), env)

    def _finding(self, index: int | None, words: str, hint: str | None = None) -> Finding:
        place = self.document.place(("companies",) if index is None else ("companies", index))
        return Finding(InvalidFile.code, words, place=place, hint=hint)


def _is_pattern(entry: str | CompanyEntry) -> bool:
    return isinstance(entry, str) and any(letter in entry for letter in "*?[")


def _name(one: Opened) -> str | None:
    """What tells a company from others: its server and id; None as long as it has none."""
    try:
        return None if one.workspace is None else connection_name(one.workspace.url, one.workspace.company)
    except PleoctlError:
        return None


def _claimed(one: Opened, paths: list[str]) -> Opened:
    others = [path for path in paths if path != one.company.path]
    if not others:
        return one
    words = f"this company is that of {', '.join(others)} as well"
    return Opened(one.company, None, InvalidFile(words, hint="let one workspace look after a company"))


def _clashes(companies: list[Company]) -> Iterator[tuple[str, str]]:
    """Companies that could reach another's folder or variables, and the cure."""
    folders = {company.file.parent.resolve(): company for company in reversed(companies)}
    for company in companies:
        own = company.file.parent.resolve()
        if folders[own] is not company:
            yield f"{company.path} lies in the folder of {folders[own].path}", "give each company a folder of its own"
        for above in own.parents:
            if above in folders:
                yield f"{company.path} lies below the folder of {folders[above].path}", "put them beside each other"
    forms = sorted((form, company.path) for company in companies if (form := company.form) is not None)
    for (form, path), (longer, other) in pairwise(forms):
        if longer.startswith(form):
            yield f"{path} and {other} would see the same variables, {form}*", "name them: {path: …, env: […]}"
