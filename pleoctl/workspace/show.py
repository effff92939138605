"""Every effective setting with its origin, for ``config show``; secrets stay references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.documents.schemas import SECRET_KEY
from pleoctl.model.kinds import flat_kinds
from pleoctl.workspace.secrets import is_reference
from pleoctl.workspace.settings import BAD_ROWS, DEFAULT_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.workspace.workspace import Workspace

_OVERRIDES: Final = {"company": "PLEOCTL_COMPANY", "pleo.url": "PLEOCTL_URL"}

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting: dotted key, value, and where it comes from."""

    key: str
    value: Any
    origin: str


def effective(workspace: Workspace) -> Iterator[Setting]:
    """What the environment says, then what the file says, then the defaults of what neither says."""
    overridden = {key: name for key, name in _OVERRIDES.items() if workspace.environ.get(name)}
    for key, name in overridden.items():
        yield Setting(key, workspace.environ[name], f"environment {name}")
    given = dict(_leaves(workspace.data, ()))
    for path, value in given.items():
        key = _dotted(path)
        if key not in overridden:
            origin = str(workspace.document.place(path))
            yield Setting(key, _masked(path, value), origin)
    keys = {_dotted(path) for path in given}
    stated = {_dotted(path): value for path, value in _leaves(msgspec.to_builtins(workspace.settings), ())}
    for key, value in (stated | _worked_out(workspace)).items():
        if value is not None and key not in keys:
            yield Setting(key, value, "default")


def _worked_out(workspace: Workspace) -> dict[str, Any]:
    """Defaults that depend on others."""
    return {
        **({"source.badRows": BAD_ROWS} if workspace.source else {}),
        **{f"{kind.section}.leave": [] for kind in flat_kinds()},
        "pleo.requestsPerMinute": "no limit on loopback" if workspace.is_loopback else DEFAULT_REQUESTS,
        "pleo.answerSeconds": workspace.limits.answer_seconds,
        "pleo.answerBytes": workspace.limits.answer_bytes,
    }


def _dotted(path: Steps) -> str:
    return ".".join(map(str, path))


def _leaves(data: Any, path: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, data


def _masked(path: Steps, value: Any) -> Any:
    """Secret references are shown, anything literal below a secret's key is not."""
    secret_place = any(SECRET_KEY.search(str(step)) for step in path)
    reference = isinstance(value, str) and is_reference(value)
    return "***" if secret_place and not reference else value
