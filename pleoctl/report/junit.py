"""Findings as JUnit XML, which every CI system shows as test results."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pleoctl.text import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.errors import Finding

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def findings_junit(findings: Sequence[Finding], files: Sequence[str] = (), name: str = "pleoctl") -> bytes:
    """One case for each error, and one that passes for each of ``files`` without one.

    Warnings and notes are the output of their file's case: they do not fail a build.
    """
    errors = [f for f in findings if f.level == "error"]
    told: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.level != "error":
            told[finding.file or name].append(finding)
    sound = [f for f in dict.fromkeys([*files, *told]) if f not in {e.file or name for e in errors}]
    cases = [_failed(finding, name) for finding in errors]
    cases += [_passed(file, name) for file in sound]
    for case in cases:
        _tell(case, told.pop(case.get("file", name), []))
    return suite_bytes(name, cases, failures=len(errors))


def suite_bytes(name: str, cases: Sequence[Element], *, failures: int) -> bytes:
    """A document with one suite."""
    root = Element("testsuites")
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite = SubElement(root, "testsuite", {"name": xml_text(name), **counts})
    suite.extend(cases)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def xml_text(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _failed(finding: Finding, name: str) -> Element:
    case = _case(finding.file or name, f"{finding.code}: {finding.address or finding.where or finding.message}")
    if finding.line is not None:
        case.set("line", str(finding.line))
    failure = SubElement(case, "failure", {"message": xml_text(finding.message), "type": finding.code})
    failure.text = _words(finding)
    return case


def _passed(file: str, name: str) -> Element:
    return _case(file, name if file == name else f"{file}: no errors")


def _case(file: str, title: str) -> Element:
    return Element("testcase", {"classname": xml_text(file), "name": xml_text(title), "file": xml_text(file)})


def _tell(case: Element, findings: list[Finding]) -> None:
    if findings:
        SubElement(case, "system-out").text = "\n".join(f"{f.level} {f.code} {_words(f)}" for f in findings)


def _words(finding: Finding) -> str:
    about = finding.address or finding.rule
    return terminal(f"{about}: {finding}" if about and finding.file else str(finding))
