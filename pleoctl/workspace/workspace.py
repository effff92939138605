"""The workspace: pleoctl.yaml with the environment above it, its paths, its secrets resolved late.

A workspace file comes from a branch that anyone may have pushed. So its url must be Pleo's or this machine's (unless
the environment names it too), its paths stay below it, and it runs programs only where the environment allows that.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from pleoctl.documents.files import decode, keep_inside, lies_straight, read_bytes, write_atomically
from pleoctl.documents.load import parse
from pleoctl.errors import Finding, InvalidFile, PleoctlError, Refused, UsageError
from pleoctl.machine import connection_name, this_machine
from pleoctl.model.kinds import TAG_GROUP, flat_kinds
from pleoctl.place import Place
from pleoctl.workspace.find import find_file
from pleoctl.workspace.limits import Limits
from pleoctl.workspace.settings import DEFAULT_REQUESTS, GuardLimits, OAuth, typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.documents.document import Document
    from pleoctl.workspace.secrets import Secret

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Workspace:
    """A loaded pleoctl.yaml with the environment's overrides. Raises `InvalidFile` when it is not valid."""

    def __init__(self, file: Path, environ: Mapping[str, str] | None = None) -> None:
        """Load ``file``; ``environ`` defaults to the process environment."""
        self.file = file.absolute()
        self.root = self.file.parent
        if not self.file.exists():
            raise InvalidFile("file does not exist", place=Place(str(file)), hint="`pleoctl init` makes a workspace")
        self.environ = os.environ if environ is None else environ
        shown = self.file.name
        self.document: Document = parse(decode(read_bytes(self.file, shown, given=True), shown), shown, "workspace")
        self.data: dict[str, Any] = self.document.data
        self.settings = typed(self.data)

    @classmethod
    def find(cls, given: str | None = None, environ: Mapping[str, str] | None = None) -> Workspace:
        """The workspace of a command (see `find_file`). Raises `InvalidFile`, `Refused`."""
        environment = os.environ if environ is None else environ
        return cls(find_file(given, environment), environment)

    def again(self) -> Self:
        """The same workspace, read anew. Raises `InvalidFile`."""
        return type(self)(self.file, self.environ)

    def save(self, text: str) -> None:
        """Replace the workspace file. Raises `Refused` where it is a link out of its folder."""
        keep_inside(self.file, self.root, self.document.shown)
        if text != self.document.text:
            write_atomically(self.file, text.encode())

    def shown(self, path: Path) -> str:
        """A path as outputs show it: relative to the workspace file."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def inside(self, name: str, *key: str | int) -> Path:
        """The path of a file named in the workspace; it must lie below it, also through links. Raises `Refused`."""
        path = self.root / name
        if lies_straight(path, self.root):
            return path
        try:
            real = path.resolve()
            # A loop of links resolves to one of them from Python 3.13 on, and raises before.
            safe = real.is_relative_to(self.root.resolve()) and not real.is_symlink()
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
            safe = False
        if not safe:
            raise Refused(f"{name} leads outside the workspace", place=self.document.place(key))
        return path

    # --- settings ----------------------------------------------------------------------------------------------

    @property
    def company(self) -> str:
        """UUID of the Pleo company, lower case."""
        named = self.environ.get("PLEOCTL_COMPANY")
        if named and not re.fullmatch(_UUID, named):
            raise UsageError(f"PLEOCTL_COMPANY is {named!r}, which is not a UUID")
        return (named or self.settings.company).lower()

    @cached_property
    def url(self) -> str:
        """Base url without a trailing slash, checked. Raises `Refused`."""
        from pleoctl.workspace.trust import url_problem  # for commands that go there

        named = (self.environ.get("PLEOCTL_URL") or "").rstrip("/")
        url = named or self.settings.pleo.url.rstrip("/")
        problem = url_problem(url, trusted=bool(named))
        if problem:
            raise Refused(problem[0], place=self.document.place(("pleo", "url")), hint=problem[1])
        return url

    @property
    def is_loopback(self) -> bool:
        """Whether Pleo's url is this machine."""
        from pleoctl.hosts import Endpoint

        endpoint = Endpoint.parse(self.url)
        return endpoint is not None and endpoint.loopback

    @property
    def requests_per_minute(self) -> int | None:
        """Budget of a rolling minute; None (no limit) on loopback unless asked for (law 7)."""
        asked = self.settings.pleo.requests_per_minute
        return asked or (None if self.is_loopback else DEFAULT_REQUESTS)

    @property
    def limits(self) -> Limits:
        """What one answer of Pleo may take."""
        return Limits.of(self.data["pleo"], timeout=self.settings.pleo.timeout_seconds)

    @property
    def auth(self) -> tuple[str, Secret]:
        """``apiKey``, ``accessToken`` or ``oauth``, and the reference to the secret; a public client has none."""
        ((name, value),) = self.settings.pleo.auth.items()
        if name != "oauth":
            return name, self.secret(value, "pleo", "auth", name)
        return name, self.secret(value.get("clientSecret", ""), "pleo", "auth", name, "clientSecret")

    @property
    def oauth(self) -> OAuth | None:
        """``pleo.auth.oauth``; None where another method signs in."""
        given = self.settings.pleo.auth.get("oauth")
        return None if given is None else msgspec.convert(given, OAuth)

    @property
    def state(self) -> Secret | None:
        """The reference to the state that machines share; None: this machine's."""
        reference = self.settings.state
        return None if reference is None else self.secret(reference, "state")

    def secret(self, reference: str, *key: str | int) -> Secret:
        """A reference that stands under a key of this file."""
        from pleoctl.workspace.secrets import Secret  # for commands that have any

        return Secret(reference, self.root, self.document.place(key), self.environ)

    @property
    def source(self) -> dict[str, Any] | None:
        """The ``source`` section."""
        return self.settings.source

    @cached_property
    def desired_files(self) -> list[tuple[Path, str]]:
        """Paths of the desired-state files with the names that outputs show."""
        given = self.settings.desired
        names = [given] if isinstance(given, str) else given
        return [(self.inside(name, "desired"), Path(name).as_posix()) for name in names]

    @property
    def selected(self) -> list[str] | None:
        """Codes of the selected dimensions; None where tags are not managed."""
        codes = self.settings.dimensions.selected
        return None if codes is None else list(codes)

    @property
    def leave(self) -> list[str]:
        """Codes of tag groups that are neither synchronised nor archived."""
        return list(self.settings.dimensions.leave)

    @property
    def left(self) -> dict[str, tuple[str, ...]]:
        """Keys of records that are neither changed nor archived, by the names of their kinds."""
        flat = {kind.name: tuple(self.data.get(kind.section, {}).get("leave", ())) for kind in flat_kinds()}
        return {**flat, TAG_GROUP.name: tuple(self.leave)}

    @property
    def guard(self) -> GuardLimits:
        """The guard's limits."""
        guard = self.settings.guard
        return GuardLimits(guard.max_archive.count, guard.max_archive.share, guard.protect, self.left)

    @property
    def mapping(self) -> Path | None:
        """The mapping file."""
        name = self.settings.mapping
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
        own = self.root.joinpath(".pleoctl", "runs")
        if not lies_straight(own, self.root):
            keep_inside(own, self.root, self.shown(own))
        with suppress(PleoctlError):  # no home folder, or a url that is refused where it is used
            name = connection_name(self.url, self.company)
            return [own, this_machine().state_folder().joinpath("runs", name)]
        return [own]

    def findings(self) -> Iterator[Finding]:
        """What the schema cannot say about the workspace file."""
        try:
            _ = self.url
        except Refused as error:
            yield from error.findings
        yield from self._doubled()

    def _doubled(self) -> Iterator[Finding]:
        """Codes that stand twice in ``selected`` and ``leave``."""
        seen: dict[str, tuple[str, int]] = {}
        for name, codes in (("selected", self.settings.dimensions.selected or ()), ("leave", self.leave)):
            for index, code in enumerate(codes):
                other = seen.setdefault(code.casefold(), (name, index))
                if other != (name, index):
                    where = "the list twice" if other[0] == name else "both lists"
                    yield self.document.finding(
                        ("dimensions", name, index),
                        "invalid-dimensions",
                        f"{code} stands in {where}",
                        hint="remove one",
                    )


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
