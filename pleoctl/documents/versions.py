"""Documents that pleoctl keeps: which version wrote them, and where they leave their shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from pleoctl import __version__
from pleoctl.documents.files import read_bytes, read_stdin
from pleoctl.documents.gate import keeps
from pleoctl.errors import Finding, InvalidFile
from pleoctl.place import Place, Setting

FORMAT_VERSION: Final = 1
_SHOWN: Final = 80
"""Characters of a value in a message."""
_LONGEST: Final = 10_000
"""Bytes of an answer without a result, which spares long plans to be looked through for one."""
_WORDS: Final = {"PostingPlan": "plan of an export job", "FleetReceipt": "receipt of a fleet"}
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def made_by(data: object) -> str | None:
    """``made by pleoctl 0.9.0; this is 0.1.0`` for a file of a later version, else None."""
    theirs = data.get("pleoctlVersion") if isinstance(data, dict) else None
    if not isinstance(theirs, str) or _numbers(theirs) <= _numbers(__version__):
        return None
    return f"made by pleoctl {theirs[:40]}; this is {__version__}"


def _numbers(version: str) -> list[int]:
    match = _VERSION.match(version)
    return [int(number[:9]) for number in match[0].split(".")] if match else []


class _Named(msgspec.Struct):
    kind: Any = None


class _Told(msgspec.Struct):
    message: str
    level: str = "error"
    file: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    """What a command tells as JSON where it has no plan, receipt or entries to give."""

    command: str
    exit_code: int
    findings: list[_Told] = []


class Kept(msgspec.Struct, frozen=True):
    """A document of ours, read once, so that a pipe may give it as well; ``name`` is what messages call it."""

    name: str
    content: bytes

    @classmethod
    def at(cls, path: str) -> Kept:
        """The document of that name, or of standard input for ``-``. Raises `InvalidFile`."""
        if path == "-":
            return cls("<stdin>", read_stdin())
        return cls(path, read_bytes(Path(path), path, given=True))

    def kind(self, *asked: str) -> str | None:
        """Which of the asked kinds it is; None for anything else, which its own reader judges."""
        try:
            kind = msgspec.json.decode(self.content, type=_Named).kind
        except (ValueError, RecursionError):
            return None
        return kind if kind in asked else None

    def had_nothing(self, command: str) -> bool:
        """Whether it is what that command tells as JSON when all is well and there is nothing to plan."""
        if len(self.content) > _LONGEST:
            return False
        try:
            answer = msgspec.json.decode(self.content, type=_Answer)
        except (ValueError, RecursionError):
            return False
        return (answer.command, answer.exit_code) == (command, 0)


def check_version(data: Any, kind: str, name: str) -> None:
    """Raise `InvalidFile` unless the data is our kind of file in a format version we know."""
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise InvalidFile(f"is not a {_WORDS.get(kind, kind.lower())}{_instead(data)}", place=Place(name))
    if data.get("formatVersion") != FORMAT_VERSION or isinstance(data.get("formatVersion"), bool):
        raise InvalidFile(
            f"has formatVersion {data.get('formatVersion')!r}; this pleoctl knows {FORMAT_VERSION}",
            place=Place(name),
            setting=Setting("formatVersion"),
            hint=made_by(data) or "use the pleoctl version that wrote it",
        )


def _instead(data: Any) -> str:
    """What a command says that came to no document of ours, and was saved or piped in place of one."""
    try:
        answer = msgspec.convert(data, type=_Answer)
    except msgspec.ValidationError:
        return ""
    first = next((told for told in answer.findings if told.level == "error"), None)
    why = "" if first is None else f": {' '.join(filter(None, (first.file, first.message)))}"
    return f" but the answer of `pleoctl {answer.command}`, which ended with exit code {answer.exit_code}{why}"


class Wrong(NamedTuple):
    """What is wrong with a value of a document, and the way to it."""

    words: str
    at: Setting = Setting()

    def finding(self, name: str, hint: str | None = None) -> Finding:
        """It, about the document of that name."""
        words = f"{'.'.join(map(str, self.at)) or 'document'}: {self.words}"
        return Finding(InvalidFile.code, words, place=Place(name), hint=hint, setting=self.at)


def shape_findings(data: Any, schema: str, name: str, hint: str | None = None) -> list[Finding]:
    """The first places where the data leaves its schema."""
    if keeps(data, schema):
        return []
    from pleoctl.documents.schemas import validator  # jsonschema takes 80 ms to import

    findings = []
    for error in validator(schema).iter_errors(data):
        words = error.message
        if isinstance(error.schema, dict) and "x-message" in error.schema:
            words = f"{str(error.instance)[:_SHOWN]!r} {error.schema['x-message']}"
        findings.append(Wrong(words[:200], Setting(*error.absolute_path)).finding(name, hint))
        if len(findings) >= 10:  # enough to see what is wrong
            break
    return findings
