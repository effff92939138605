"""The workspace: find pleoctl.yaml, load it, say where each setting comes from, resolve secrets late.

A workspace file comes from a branch that anyone may have pushed. So its url must be Pleo's or this machine's (unless
the environment names it too), its paths stay below it, and it runs programs only where the environment allows that.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import decode, leads_out, read_bytes
from pleoctl.documents.load import Document, parse
from pleoctl.documents.schemas import SECRET_KEY
from pleoctl.errors import Finding, InvalidFile, PleoctlError, Refused, UsageError
from pleoctl.hosts import Endpoint
from pleoctl.machine import connection_name, this_machine
from pleoctl.model.addresses import Named
from pleoctl.model.kinds import ACCOUNT, TAG_GROUP
from pleoctl.workspace.limits import Limits
from pleoctl.workspace.secrets import Secret
from pleoctl.workspace.trust import url_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE_NAME: Final = "pleoctl.yaml"
MAX_SELECTED: Final = 5
DEFAULT_REQUESTS: Final = 500
DEFAULT_TIMEOUT: Final = 30.0
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What a plan may not exceed: archives, in number and share; what it may not archive, or not touch at all."""

    count: int = 20
    share: float = 0.2
    protect: tuple[str, ...] = ()
    leave: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def protected(self) -> Named:
        """Records that are never archived."""
        return Named.by_address(self.protect)

    @property
    def left(self) -> Named:
        """Records that are neither archived nor changed, by the names of their kinds."""
        return Named.by_key(self.leave)


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting for ``config show``: dotted key, value, and where it comes from."""

    key: str
    value: Any
    origin: str


class Workspace:
    """A loaded pleoctl.yaml with the environment's overrides. Raises `InvalidFile` when it is not valid."""

    def __init__(self, file: Path, environ: Mapping[str, str] | None = None) -> None:
        """Load ``file``; ``environ`` defaults to the process environment."""
        self.file = file.absolute()
        self.root = self.file.parent
        if not self.file.exists():
            raise InvalidFile("file does not exist", file=str(file), hint="`pleoctl init` makes a workspace")
        self._environ = os.environ if environ is None else environ
        shown = self.file.name
        self.document: Document = parse(decode(read_bytes(self.file, shown), shown), shown, "workspace")
        self.data: dict[str, Any] = self.document.data

    # --- finding it --------------------------------------------------------------------------------------------

    @classmethod
    def find(cls, given: str | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """``--workspace`` > ``PLEOCTL_WORKSPACE`` > walking up from here. Raises `InvalidFile`."""
        environment = os.environ if environ is None else environ
        chosen = given or environment.get("PLEOCTL_WORKSPACE")
        if chosen:
            path = Path(chosen)
            return cls(path / FILE_NAME if path.is_dir() else path, environment)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / FILE_NAME).is_file():
                return cls(folder / FILE_NAME, environment)
        raise InvalidFile(f"no {FILE_NAME} here or in a folder above", hint="run `pleoctl init`, or give --workspace")

    def shown(self, path: Path) -> str:
        """A path as outputs show it: relative to the workspace file."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def inside(self, name: str, *key: str | int) -> Path:
        """The path of a file named in the workspace; it must lie below it, also through links. Raises `Refused`."""
        path = self.root / name
        try:
            safe = path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
            safe = False
        if not safe:
            line, column = self.document.locate(key)
            raise Refused(f"{name} leads outside the workspace", file=self.document.shown, line=line, column=column)
        return path

    # --- settings ----------------------------------------------------------------------------------------------

    @property
    def company(self) -> str:
        """UUID of the Pleo company, lower case."""
        named = self._environ.get("PLEOCTL_COMPANY")
        if named and not _UUID.fullmatch(named):
            raise UsageError(f"PLEOCTL_COMPANY is {named!r}, which is not a UUID")
        return (named or str(self.data["company"])).lower()

    @property
    def url(self) -> str:
        """Base url without a trailing slash, checked. Raises `Refused`."""
        named = (self._environ.get("PLEOCTL_URL") or "").rstrip("/")
        url = named or str(self.data["pleo"]["url"]).rstrip("/")
        problem = url_problem(url, trusted=bool(named))
        if problem:
            line, column = self.document.locate(("pleo", "url"))
            raise Refused(problem[0], file=self.document.shown, line=line, column=column, hint=problem[1])
        return url

    @property
    def is_loopback(self) -> bool:
        """Whether Pleo's url is this machine."""
        endpoint = Endpoint.parse(self.url)
        return endpoint is not None and endpoint.loopback

    @property
    def requests_per_minute(self) -> int | None:
        """Budget of a rolling minute; None (no limit) on loopback unless asked for (law 7)."""
        asked = self.data["pleo"].get("requestsPerMinute")
        return int(asked) if asked else None if self.is_loopback else DEFAULT_REQUESTS

    @property
    def limits(self) -> Limits:
        """What one answer of Pleo may take."""
        return Limits.of(self.data["pleo"], timeout=DEFAULT_TIMEOUT)

    @property
    def auth(self) -> tuple[str, Secret]:
        """``apiKey`` or ``accessToken``, and the reference to it."""
        ((name, reference),) = self.data["pleo"]["auth"].items()
        return name, Secret(reference, self.root)

    @property
    def source(self) -> dict[str, Any] | None:
        """The ``source`` section."""
        return self.data.get("source")

    @cached_property
    def desired_files(self) -> list[tuple[Path, str]]:
        """Paths of the desired-state files with the names that outputs show."""
        given = self.data.get("desired", "desired-state.yaml")
        names = [given] if isinstance(given, str) else given
        return [(self.inside(name, "desired"), Path(name).as_posix()) for name in names]

    @property
    def selected(self) -> list[str] | None:
        """Codes of the selected dimensions; None where tags are not managed."""
        codes: list[str] | None = self.data.get("dimensions", {}).get("selected")
        return codes

    @property
    def leave(self) -> list[str]:
        """Codes of tag groups that are neither synchronised nor archived."""
        return list(self.data.get("dimensions", {}).get("leave", ()))

    @property
    def leave_accounts(self) -> list[str]:
        """Ids of accounts that are neither changed nor archived."""
        return list(self.data.get("accounts", {}).get("leave", ()))

    @property
    def rename_groups(self) -> bool:
        """Whether group names follow the accounting system (K4)."""
        return bool(self.data.get("dimensions", {}).get("renameGroups", False))

    @property
    def guard(self) -> GuardLimits:
        """The guard's limits."""
        section = self.data.get("guard", {})
        most = section.get("maxArchive", {})
        leave = {ACCOUNT.name: tuple(self.leave_accounts), TAG_GROUP.name: tuple(self.leave)}
        return GuardLimits(most.get("count", 20), most.get("share", 0.2), tuple(section.get("protect", ())), leave)

    @property
    def max_shrink(self) -> float:
        """How far an export's row count may fall, as a fraction."""
        return float(self.data.get("guard", {}).get("maxShrink", 0.2))

    @property
    def mapping(self) -> Path | None:
        """The mapping file."""
        name = self.data.get("mapping")
        return None if name is None else self.inside(name, "mapping")

    @property
    def inputs(self) -> list[Path]:
        """The files that people, `export` or the accounting system wrote, which no output may replace."""
        named = [path for path, _ in self.desired_files]
        named += [self.mapping] if self.mapping else []
        return [self.file, *named, *(self.root / name for name in _paths(self.source))]

    @property
    def runs(self) -> list[Path]:
        """Places for plans, journals and receipts of this workspace's runs, best first (run/folder).

        Raises `Refused` where a link takes the first of them out of the workspace.
        """
        own = self.root / ".pleoctl" / "runs"
        if leads_out(own, self.root):
            raise Refused(f"{self.shown(own)} leads outside the workspace", hint="remove the link")
        with suppress(PleoctlError):  # no home folder, or a url that is refused where it is used
            name = connection_name(self.url, self.company)
            return [own, this_machine().state_folder() / "runs" / name]
        return [own]

    # --- showing it --------------------------------------------------------------------------------------------

    def settings(self) -> Iterator[Setting]:
        """Every effective setting with its origin; secrets stay references."""
        for variable, key in (("PLEOCTL_COMPANY", "company"), ("PLEOCTL_URL", "pleo.url")):
            if self._environ.get(variable):
                yield Setting(key, self._environ[variable], f"environment {variable}")
        overridden = {"company": "PLEOCTL_COMPANY", "pleo.url": "PLEOCTL_URL"}
        for path, value in _leaves(self.data, ()):
            key = ".".join(map(str, path))
            if not self._environ.get(overridden.get(key, "")):
                yield Setting(key, _masked(path, value), f"{self.document.shown}:{self.document.locate(path)[0]}")
        for key, value in self._defaults().items():
            if not _given(self.data, key.split(".")):
                yield Setting(key, value, "default")

    def _defaults(self) -> dict[str, Any]:
        limits, answer = GuardLimits(), self.limits
        return {
            "pleo.requestsPerMinute": "no limit on loopback" if self.is_loopback else DEFAULT_REQUESTS,
            "pleo.timeoutSeconds": answer.timeout,
            "pleo.answerSeconds": answer.answer_seconds,
            "pleo.answerBytes": answer.answer_bytes,
            "desired": "desired-state.yaml",
            "accounts.leave": [],
            "dimensions.leave": [],
            "dimensions.renameGroups": False,
            "guard.maxArchive.count": limits.count,
            "guard.maxArchive.share": limits.share,
            "guard.maxShrink": 0.2,
            "guard.protect": [],
        }

    def findings(self) -> Iterator[Finding]:
        """What the schema cannot say about the workspace file."""
        try:
            _ = self.url
        except Refused as error:
            yield from error.findings
        selected = self.selected or []
        folded: dict[str, str] = {}
        for name, codes in (("selected", selected), ("leave", self.leave)):
            for index, code in enumerate(codes):
                other = folded.setdefault(code.casefold(), name)
                if other != name or codes.index(code) != index or self._same_before(codes, index):
                    yield self.document.finding(
                        ("dimensions", name, index), "invalid-dimensions",
                        f"{code} stands in {'both lists' if other != name else 'the list twice'}", hint="remove one",
                    )  # fmt: skip

    @staticmethod
    def _same_before(codes: list[str], index: int) -> bool:
        return any(c.casefold() == codes[index].casefold() for c in codes[:index])


def _leaves(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, data


def _given(data: Any, steps: list[str]) -> bool:
    for step in steps:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _masked(path: tuple[str | int, ...], value: Any) -> Any:
    """Secret references are shown, anything literal below a secret's key is not."""
    secret_place = any(SECRET_KEY.search(str(step)) for step in path)
    reference = isinstance(value, str) and value.startswith(("env:", "file:", "cmd:"))
    return "***" if secret_place and not reference else value


def _paths(part: Any) -> Iterator[str]:
    """Every file that a source section names."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "path" and isinstance(value, str):
                yield value
            yield from _paths(value)
    elif isinstance(part, list):
        for item in part:
            yield from _paths(item)
