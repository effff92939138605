"""Findings for machines: SARIF for code scanning, JUnit XML for test reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pleoctl import __version__
from pleoctl.mapping.junit import xml_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.errors import Finding

_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def findings_sarif(findings: Sequence[Finding], codes: Mapping[str, str]) -> bytes:
    """A SARIF 2.1.0 log; ``codes`` says what each code means."""
    used = sorted({f.code for f in findings} | set(codes))
    driver = {
        "name": "pleoctl", "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": codes.get(code, code)}} for code in used],
    }  # fmt: skip
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(f) for f in findings]}
    return (json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n").encode()


def _result(finding: Finding) -> dict[str, Any]:
    hint = f" ({finding.hint})" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code, "level": _LEVELS[finding.level], "message": {"text": finding.message + hint},
    }  # fmt: skip
    if finding.file is not None:
        region = {"startLine": finding.line or 1, "startColumn": finding.column or 1}
        location = {"artifactLocation": {"uri": finding.file}, "region": region}
        result["locations"] = [{"physicalLocation": location}]
    return result


def findings_junit(findings: Sequence[Finding], files: Sequence[str], name: str) -> bytes:
    """JUnit XML with one case for each file; errors are its failures, everything else its output."""
    named = [*files, *dict.fromkeys(f.file or name for f in findings if (f.file or name) not in files)]
    failed = {f.file or name for f in findings if f.level == "error"}
    root = Element("testsuites")
    counts = {"tests": str(len(named)), "failures": str(len(failed)), "errors": "0", "skipped": "0"}
    suite = SubElement(root, "testsuite", {"name": name, **counts})
    for file in named:
        case = SubElement(suite, "testcase", {"classname": name, "name": xml_text(file), "file": xml_text(file)})
        mine = [f for f in findings if (f.file or name) == file]
        _told(case, "failure", [f for f in mine if f.level == "error"])
        _told(case, "system-out", [f for f in mine if f.level != "error"])
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _told(case: Element, tag: str, findings: list[Finding]) -> None:
    if findings:
        message = {"message": f"{len(findings)} problems"} if tag == "failure" else {}
        SubElement(case, tag, message).text = xml_text("\n".join(f"{f.code} {f}" for f in findings))
