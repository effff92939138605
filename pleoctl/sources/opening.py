"""From the workspace to a source: the class behind its type, made with a narrow context and told about in full."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding, InvalidFile, Refused, SourceError
from pleoctl.place import Setting
from pleoctl.sources.classes import Types
from pleoctl.sources.context import Context, connections_of, redact
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.sources.base import Source, Table
    from pleoctl.workspace import Workspace

GROUP: Final = "pleoctl.sources"
_TYPE: Final = Setting("source", "type")
_CHANGE: Final = "a source is made with a context (root, inside, reveal, run, http, stop), no longer with the workspace"
_CHANGE_HINT: Final = "see docs/sources.md, `Your own source`; install a newer version of the package"

BUILT_IN: Final = {
    "csv": "pleoctl.sources.csv_files:CsvSource",
    "xlsx": "pleoctl.sources.xlsx:XlsxSource",
    "http": "pleoctl.sources.http.source:HttpSource",
    "sie": "pleoctl.sources.sie:SieSource",
    "beancount": "pleoctl.sources.beancount:BeancountSource",
    "hledger": "pleoctl.sources.hledger:HledgerSource",
    "gnucash": "pleoctl.sources.gnucash:GnuCashSource",
    "tryton": "pleoctl.sources.tryton:TrytonSource",
    "sql": "pleoctl.sources.sql:SqlSource",
    "exec": "pleoctl.sources.programs:ExecSource",
}
# Source type → the module that the extra of the same name brings.
EXTRAS: Final = {"http": "jmespath", "sql": "sqlalchemy", "xlsx": "openpyxl"}
TYPES: Final = Types("source", GROUP, BUILT_IN, EXTRAS)


def open_source(workspace: Workspace, stop: threading.Event | None = None) -> Source:
    """The source that the workspace names. Raises `InvalidFile` where its section is wrong."""
    section = workspace.source
    if section is None:
        raise SourceError("the workspace names no source", hint="add a source section to pleoctl.yaml")
    context = Context(workspace, stop)
    try:
        found = source_class(str(section["type"]))
        _check_signature(str(section["type"]), found)
        with _narrow(context):
            made: Source = found(context, section)
    except SourceError as error:
        raise InvalidFile.of(workspace.document.invalid(error, "source")) from error
    return _OpenedSource(made, context, workspace)


def untrusted(source: Source) -> list[Finding]:
    """The lines to set before an opened source may talk to its servers; empty where nothing is missing."""
    return source.untrusted() if isinstance(source, _OpenedSource) else []


def signing_in(source: Source) -> list[Grant]:
    """The sign-ins of an opened source's connections. Raises `Refused`, `InvalidFile`."""
    return source.signing_in() if isinstance(source, _OpenedSource) else []


class _OpenedSource:
    """A source whose errors say where in the workspace they come from, and hold none of its secrets."""

    def __init__(self, source: Source, context: Context, workspace: Workspace) -> None:
        self._source, self._context, self._workspace = source, context, workspace

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        try:
            with _narrow(self._context):
                return self._source.read(resource)
        except (SourceError, Refused) as error:
            told = [self._tell(finding) for finding in error.findings]
            raise type(error)(redact(self._context, error.message), findings=told) from None

    def untrusted(self) -> list[Finding]:
        """See `untrusted`."""
        found = (connection.refusal() for connection in connections_of(self._context))
        return [self._tell(finding) for finding in found if finding is not None]

    def signing_in(self) -> list[Grant]:
        """See `signing_in`."""
        return [connection.grant() for connection in connections_of(self._context) if connection.signs_in]

    def _tell(self, finding: Finding) -> Finding:
        hint = finding.hint and redact(self._context, finding.hint)
        told = replace(finding, message=redact(self._context, finding.message), hint=hint)
        if finding.setting is None and finding.code != Refused.code:
            return told
        return self._workspace.document.placed(told, "source")


def _check_signature(kind: str, found: Any) -> None:
    """Raise `SourceError` for a plug-in that still expects the workspace."""
    try:
        names = list(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return
    if names[:1] == ["workspace"]:
        raise SourceError(
            f"{_TYPE}: {kind} was written for an older pleoctl: {_CHANGE}", hint=_CHANGE_HINT, setting=_TYPE
        )


@contextmanager
def _narrow(context: Context) -> Iterator[None]:
    """What asks its context for more than there is gets the sentence that names the change."""
    try:
        yield
    except AttributeError as error:
        if error.obj is not context:
            raise
        raise SourceError(
            f"{_TYPE}: it asks for {error.name!r}: {_CHANGE}", hint=_CHANGE_HINT, setting=_TYPE
        ) from error


def source_class(kind: str) -> Any:
    """The class behind a source type: built in, or installed by a third party."""
    found = TYPES.find(kind)
    if found is None:
        hint = did_you_mean(kind, source_types(), "known types")
        raise SourceError(f"{_TYPE}: there is no source type {kind!r}", hint=hint, setting=_TYPE)
    return found


def source_types() -> list[str]:
    """All source types at hand, sorted."""
    return sorted(TYPES.names())
