"""The secrets that a workspace refers to, and what is wrong with a reference before anybody looks behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec

from pleoctl.errors import InvalidFile, PleoctlError
from pleoctl.sources.credentials import Credentials
from pleoctl.workspace.secrets import Allowed, is_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.errors import Finding
    from pleoctl.workspace import Workspace

P = ParamSpec("P")
Key = tuple[str | int, ...]
_BOOKS: Final = ("source", "sink")


def refused_references(workspace: Workspace) -> Iterator[Finding]:
    """What a run would refuse, in its own words.

    Of one of several companies they are errors: `fleet.yaml` says what it may see. Of a workspace by itself they are
    warnings, since the environment of the machine that runs it may allow them, and so is a ``cmd:`` everywhere; Pleo's
    own credential nothing allows, and no environment makes a file of a pipe.
    """
    company: Literal["error", "warning"] = "error" if isinstance(workspace.environ, Allowed) else "warning"
    for key, reference in references(workspace.data):
        if key[0] not in _BOOKS:
            mine, passing = [], _told(workspace.secret(reference, *key).check)
        else:
            where = [str(step) for step in key]
            books = Credentials(workspace.root, workspace.auth[1], workspace.document, where[0])
            mine, passing = _told(books.require_not_pleos, reference, *where), _told(books.check, reference, *where)
        level = "warning" if reference.startswith("cmd:") else company
        yield from mine or (one if one.code == InvalidFile.code else replace(one, level=level) for one in passing)


def _told(check: Callable[P, None], *given: P.args, **named: P.kwargs) -> list[Finding]:
    try:
        check(*given, **named)
    except PleoctlError as error:
        return error.findings
    return []


def references(data: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    """Each reference of a workspace file with its key."""
    for name in ("pleo", *_BOOKS):
        section = data.get(name)
        if isinstance(section, dict):
            yield from _below((name, "auth"), section.get("auth"))
            for key in ("url", "password"):
                yield from _below((name, key), section.get(key))
    yield from _below(("state",), data.get("state"))
    for number, notice in enumerate(data.get("notify", ())):
        yield ("notify", number, "to"), notice["to"]


def _below(key: Key, value: object) -> Iterator[tuple[Key, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _below((*key, name), inner)
    elif isinstance(value, str) and is_reference(value):
        yield key, value
