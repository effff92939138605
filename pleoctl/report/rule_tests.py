"""Results of rule tests as JUnit XML, the form that CI systems read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.report.junit import element, suite_bytes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pleoctl.mapping.suites.run import Result


def results_junit(results: list[Result]) -> bytes:
    """One ``testsuite`` with one ``testcase`` for each test."""
    failures = sum(not r.passed for r in results)
    return suite_bytes("pleoctl mapping test", [_case(result) for result in results], failures=failures)


def _case(result: Result) -> Element:
    place = result.case.place
    case = element("testcase", classname=place.file, name=result.case.name, file=place.file, line=place.line)
    if not result.passed:
        case.append(element("failure", failure_lines(result), message="the result differs from what is expected"))
    return case


def failure_lines(result: Result) -> list[str]:
    """What a failed test has to tell."""
    return [*result.differences, *([f"reason: {result.reason}"] if result.reason else [])]
