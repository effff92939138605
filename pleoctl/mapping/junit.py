"""Results of rule tests as JUnit XML, the form that CI systems read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from pleoctl.mapping.testing import Result

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: list[Result]) -> bytes:
    """One ``testsuite`` with one ``testcase`` for each test."""
    failures = sum(not r.passed for r in results)
    root = Element("testsuites")
    counts = {"tests": str(len(results)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite = SubElement(root, "testsuite", {"name": "pleoctl mapping test", **counts})
    for result in results:
        place = result.case.place
        named = {"classname": xml_text(place.file), "name": xml_text(result.case.name)}
        case = SubElement(suite, "testcase", {**named, "file": xml_text(place.file), "line": str(place.line)})
        if not result.passed:
            failure = SubElement(case, "failure", {"message": "the result differs from what is expected"})
            failure.text = xml_text("\n".join(failure_lines(result)))
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def failure_lines(result: Result) -> list[str]:
    """What a failed test has to tell."""
    lines = [f"expected: {result.expected}", f"actual:   {result.actual}"]
    if result.reason:
        lines.append(f"reason:   {result.reason}")
    return [*lines, *result.differences]


def xml_text(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
