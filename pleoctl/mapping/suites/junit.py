"""Results of rule tests as JUnit XML, the form that CI systems read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from pleoctl.report.junit import suite_bytes, xml_text

if TYPE_CHECKING:
    from pleoctl.mapping.suites.run import Result


def results_junit(results: list[Result]) -> bytes:
    """One ``testsuite`` with one ``testcase`` for each test."""
    failures = sum(not r.passed for r in results)
    return suite_bytes("pleoctl mapping test", [_case(result) for result in results], failures=failures)


def _case(result: Result) -> Element:
    place = result.case.place
    named = {"classname": xml_text(place.file), "name": xml_text(result.case.name)}
    case = Element("testcase", {**named, "file": xml_text(place.file), "line": str(place.line)})
    if not result.passed:
        failure = SubElement(case, "failure", {"message": "the result differs from what is expected"})
        failure.text = xml_text("\n".join(failure_lines(result)))
    return case


def failure_lines(result: Result) -> list[str]:
    """What a failed test has to tell."""
    return [*result.differences, *([f"reason: {result.reason}"] if result.reason else [])]
