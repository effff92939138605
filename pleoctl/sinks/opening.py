"""From the workspace to its books: the sink that its section names, and the command that publishes what it wrote."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Literal

from pleoctl.errors import InvalidFile, PleoctlError, Refused, SourceError
from pleoctl.mapping.context import rules_of
from pleoctl.place import Place, Setting
from pleoctl.sinks.files.folder import ATTACHMENTS
from pleoctl.sinks.files.ledger import FOLDER as LEDGERS
from pleoctl.sinks.files.make import FORMATS, folder_sink
from pleoctl.sinks.programs import SECONDS, ExecSink, Program
from pleoctl.sources.classes import Types
from pleoctl.sources.context import Context, connections_of
from pleoctl.sources.credentials import child_environment
from pleoctl.text import did_you_mean
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.sinks.base import Sink
    from pleoctl.workspace import Workspace

GROUP: Final = "pleoctl.sinks"
EXEC: Final = "exec"
_TYPE: Final = Setting("sink", "type")
# What talks to a server is made as a third party's sink is: with a context and its section.
SERVERS: Final = {"http": "pleoctl.sinks.http.sink:HttpSink", "tryton": "pleoctl.sinks.tryton.sink:TrytonSink"}
TYPES: Final = Types("sink", GROUP, SERVERS, {"http": "jmespath"})
_PARAMETERS: Final = ("context", "section")
_METHODS: Final = ("check", "find", "refuse", "confirm", "book", "attach", "close")


def section_of(workspace: Workspace) -> dict[str, Any]:
    """The ``sink`` section. Raises `InvalidFile` where there is none."""
    section = workspace.settings.sink
    if section is None:
        raise InvalidFile(
            "the workspace names no sink",
            place=Place(workspace.document.shown),
            hint="add a sink section: docs/sinks.md",
        )
    return section


def open_sink(workspace: Workspace) -> Sink:
    """The books that the workspace names; nothing is touched yet.

    Raises `InvalidFile`, and `Refused` for a program unless ``PLEOCTL_ALLOW_EXEC=1`` and for a host that nobody trusts.
    """
    section = section_of(workspace)
    kind = str(section["type"])
    if kind == EXEC:
        require_exec("the exec sink")
        environment = child_environment(workspace.auth[1])
        seconds = float(section.get("timeoutSeconds", SECONDS))
        return ExecSink(Program(list(section["command"]), workspace.root, environment, seconds))
    if kind in FORMATS:
        folder = workspace.inside(section["path"], "sink", "path")
        for own in (LEDGERS, ATTACHMENTS):
            workspace.inside(f"{section['path']}/{own}", "sink", "path")
        return folder_sink(section, folder, rules_of(workspace))
    return _with_context(workspace, Context(workspace, section="sink"), section)


def lacks_tax_codes(workspace: Workspace) -> Literal["error", "warning"] | None:
    """How bad it is that the books have no room for tax codes, as far as their section alone says so.

    ``error`` where their format has none, ``warning`` where what is sent names none; None where they have room, must be
    asked, or cannot be opened. Raises `InvalidFile` where there is no section.
    """
    section = section_of(workspace)
    if section["type"] not in {*FORMATS, "http"}:
        return None
    try:
        room = open_sink(workspace).capabilities.tax_codes
    except PleoctlError:
        return None
    return None if room else "error" if section["type"] in FORMATS else "warning"


def signing_in(workspace: Workspace) -> list[Grant]:
    """The sign-ins of the sink's connections; none for books that are files. Raises as `open_sink` does."""
    section = section_of(workspace)
    kind = str(section["type"])
    if kind in {EXEC, *FORMATS}:
        return []
    context = Context(workspace, section="sink")
    _with_context(workspace, context, section)
    return [connection.grant() for connection in connections_of(context) if connection.signs_in]


def _with_context(workspace: Workspace, context: Context, section: dict[str, Any]) -> Sink:
    """Raises `InvalidFile` for a wrong section or class, `Refused` for a host that nobody trusts."""
    kind = str(section["type"])
    try:
        found = sink_class(kind)
        _check_signature(kind, found)
        made: Sink = found(context, section)
        _check_promises(kind, made)
    except SourceError as error:
        raise InvalidFile(error.message, findings=workspace.document.invalid(error, "sink")) from error
    for connection in connections_of(context):
        if (missing := connection.refusal()) is not None:
            raise Refused(missing.message, findings=[workspace.document.placed(missing, "sink")])
    return made


def sink_class(kind: str) -> Any:
    """The class behind a type that is made with a context, ours or a third party's. Raises `SourceError`."""
    found = TYPES.find(kind)
    if found is None:
        hint = did_you_mean(kind, sink_types(), "known types")
        raise SourceError(f"{_TYPE}: there is no sink type {kind!r}", hint=hint, setting=_TYPE)
    return found


def sink_types() -> list[str]:
    """All sink types at hand, sorted."""
    return sorted({EXEC, *FORMATS, *TYPES.names()})


def _check_signature(kind: str, found: Any) -> None:
    """Raise `SourceError` for a plug-in that is not made as sinks are."""
    try:
        names = list(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return
    if len(names) != len(_PARAMETERS):
        words = f"a sink is made with a context and its section, not with ({', '.join(names)})"
        raise SourceError(
            f"{_TYPE}: {kind} cannot be used: {words}", hint="see docs/sinks.md, `Your own sink`", setting=_TYPE
        )


def _check_promises(kind: str, made: Any) -> None:
    """Raise `SourceError` for a plug-in that lacks what every sink has."""
    missing = [name for name in _METHODS if not callable(getattr(made, name, None))]
    if not hasattr(type(made), "capabilities"):
        missing.append("capabilities")
    if missing:
        words = f"it has no {', '.join(missing)}"
        raise SourceError(
            f"{_TYPE}: {kind} cannot be used: {words}", hint="see docs/sinks.md, `Your own sink`", setting=_TYPE
        )


def publisher(workspace: Workspace) -> Callable[[], None] | None:
    """What runs before each report so that others see the books; None where nothing was asked for.

    What it gives raises `PleoctlError` unless the command ends with exit code 0. Raises `Refused` as `open_sink` does.
    """
    command = section_of(workspace).get("publish")
    if command is None:
        return None
    require_exec("sink.publish")
    context = Context(workspace)

    def publish() -> None:
        context.run(list(command), what="sink.publish")

    return publish
