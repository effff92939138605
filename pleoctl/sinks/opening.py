"""From the workspace to its books: the sink that its section names, and the command that publishes what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile, Refused, SourceError
from pleoctl.mapping.context import rules_of
from pleoctl.place import Place
from pleoctl.sinks.files import make
from pleoctl.sinks.programs import SECONDS, ExecSink, Program
from pleoctl.sources.context import Context, connections_of
from pleoctl.sources.credentials import child_environment
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.base import Sink
    from pleoctl.workspace import Workspace

EXEC: Final = "exec"
HTTP: Final = "http"
_FILES: Final[dict[str, Callable[[dict[str, Any], Path, Rules], Sink]]] = {
    "beancount": make.beancount,
    "hledger": make.hledger,
    "csv": make.table,
    "sie": make.sie,
    "datev": make.datev,
}


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
    if section["type"] == EXEC:
        require_exec("the exec sink")
        environment = child_environment(workspace.auth[1])
        seconds = float(section.get("timeoutSeconds", SECONDS))
        return ExecSink(Program(list(section["command"]), workspace.root, environment, seconds))
    if section["type"] == HTTP:
        return _http(workspace, section)
    folder = workspace.inside(section["path"], "sink", "path")
    return _FILES[section["type"]](section, folder, rules_of(workspace))


def _http(workspace: Workspace, section: dict[str, Any]) -> Sink:
    """Raises `InvalidFile` for a wrong section, `Refused` for a host that nobody trusts."""
    from pleoctl.sinks.http.sink import HttpSink  # requests and JMESPath take 100 ms to import

    context = Context(workspace, section="sink")
    try:
        sink = HttpSink(context, section)
    except SourceError as error:
        raise InvalidFile(error.message, place=Place(workspace.document.shown), hint=error.findings[0].hint) from error
    for connection in connections_of(context):
        if (missing := connection.refusal()) is not None:
            raise Refused(missing.message, findings=[missing])
    return sink


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
