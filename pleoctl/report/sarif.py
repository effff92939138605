"""Findings as SARIF 2.1.0, which code scanning shows beside the lines they are about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl import __version__
from pleoctl.report.paths import in_repository
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.errors import Finding

Json = dict[str, Any]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
DEFAULT_FILE: Final = "pleoctl.yaml"


def findings_sarif(findings: Sequence[Finding], *, folder: str = "", default: str = DEFAULT_FILE) -> bytes:
    """A SARIF log, whose rules are the codes of the findings.

    ``folder`` is where the workspace stands in the repository. A finding without a file gets ``default``, since
    code scanning drops what has no place.
    """
    used = sorted({f.code for f in findings})
    rules = list(map(_rule, used))
    driver = {"name": "pleoctl", "version": __version__, "semanticVersion": __version__, "rules": rules}
    results = [_result(finding, used.index(finding.code), folder, default) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return (json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n").encode()


def _rule(code: str) -> Json:
    text = {"text": str(Shown(f"{code.replace('-', ' ').capitalize()}."))}
    return {"id": str(Shown(code)), "shortDescription": text, "fullDescription": text, "help": text}


def _result(finding: Finding, rule: int, folder: str, default: str) -> Json:
    hint = f" ({finding.hint})" if finding.hint else ""
    location: Json = {"physicalLocation": _place(finding, folder, default)}
    name = finding.address or finding.rule
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": str(Shown(name))}]
    return {
        "ruleId": str(Shown(finding.code)),
        "ruleIndex": rule,
        "level": LEVELS[finding.level],
        "message": {"text": str(Shown(finding.message, hint))},
        "locations": [location],
    }


def _place(finding: Finding, folder: str, default: str) -> Json:
    place: Json = {"artifactLocation": {"uri": _uri(finding.file or default, folder)}}
    where = finding.place
    if where is not None and where.line is not None:
        columns = {} if where.column is None else {"startColumn": max(1, where.column)}
        place["region"] = {"startLine": max(1, where.line), **columns}
    return place


def _uri(file: str, folder: str) -> str:
    # A colon in the first step would make it an absolute uri, so that is escaped too.
    return "/".join(
        quote(part.encode("utf-8", "surrogatepass"), safe="") for part in in_repository(file, folder).split("/")
    )
