"""JUnit XML, which every CI system shows as test results."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, indent, tostring

from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.errors import Finding


def element(tag: str, lines: Iterable[str] = (), **attributes: object) -> Element:
    """An element; attributes and lines are shown as they are, and hold no character that XML has no place for."""
    made = Element(tag, {name: _text(value) for name, value in attributes.items() if value is not None})
    made.text = "\n".join(map(_text, lines)) or None
    return made


def _text(value: object) -> str:
    # The two characters that Unicode calls none are all that is left of what XML cannot hold.
    return str(Shown(value)).translate({0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD})


def findings_junit(findings: Sequence[Finding], files: Sequence[str] = (), name: str = "pleoctl") -> bytes:
    """One case for each error, and one that passes for each of ``files`` without one.

    Warnings and notes are the output of their file's case: they do not fail a build.
    """
    errors = [f for f in findings if f.level == "error"]
    told: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.level != "error":
            told[finding.file or name].append(finding)
    cases = [_failed(finding, name, told.pop(finding.file or name, [])) for finding in errors]
    unsound = {finding.file or name for finding in errors}
    sound = [file for file in dict.fromkeys([*files, *told]) if file not in unsound]
    cases += [_passed(file, name, told.get(file, [])) for file in sound]
    return suite_bytes(name, cases, failures=len(errors))


def suite_bytes(name: str, cases: Sequence[Element], *, failures: int) -> bytes:
    """A document with one suite."""
    root = Element("testsuites")
    suite = element("testsuite", name=name, tests=len(cases), failures=failures, errors=0, skipped=0)
    suite.extend(cases)
    root.append(suite)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _failed(finding: Finding, name: str, told: list[Finding]) -> Element:
    title = f"{finding.code}: {finding.address or finding.where or finding.message}"
    case = _case(finding.file or name, title, told, None if finding.place is None else finding.place.line)
    case.insert(0, element("failure", [_words(finding)], message=finding.message, type=finding.code))
    return case


def _passed(file: str, name: str, told: list[Finding]) -> Element:
    return _case(file, name if file == name else f"{file}: no errors", told)


def _case(file: str, title: str, told: list[Finding], line: int | None = None) -> Element:
    case = element("testcase", classname=file, name=title, file=file, line=line)
    if told:
        case.append(element("system-out", [f"{f.level} {f.code} {_words(f)}" for f in told]))
    return case


def _words(finding: Finding) -> str:
    about = finding.address or finding.rule
    return f"{about}: {finding}" if about and finding.file else str(finding)
