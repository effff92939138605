"""One family of errors: each with findings, an exit code of the table, and words for people."""

from __future__ import annotations

import pytest

from pleoctl import errors
from pleoctl.errors import ExitCode, Finding, InvalidFile, PleoctlError
from pleoctl.place import Place

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PleoctlError)]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_carries_a_finding_and_an_exit_code(kind: type[PleoctlError]) -> None:
    """The message alone becomes a finding of the error's code."""
    error = kind("it broke", hint="mend it", place=Place("f.yaml", 3, 7))
    assert error.findings == [Finding(kind.code, "it broke", "error", Place("f.yaml", 3, 7), hint="mend it")]
    assert error.exit_code in ExitCode
    assert str(error) == "it broke"
    assert str(error.findings[0]) == "f.yaml:3:7: it broke (mend it)"


def test_exit_codes_are_the_published_ones() -> None:
    """CI jobs rely on them."""
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "ERROR": 1,
        "CHANGES": 2,
        "REFUSED": 3,
        "STALE": 4,
        "PARTIAL": 5,
        "LOCKED": 6,
        "USAGE": 64,
        "INVALID": 78,
        "HANGUP": 129,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_several_findings_make_one_error() -> None:
    """With their number as its message."""
    one, two = Finding("a", "x"), Finding("b", "y")
    assert InvalidFile.of([one, two]).findings == [one, two]
    assert (str(InvalidFile.of([one])), str(InvalidFile.of([one, two]))) == ("1 problem found", "2 problems found")


@pytest.mark.parametrize(
    ("finding", "where"),
    [
        (Finding("c", "m"), ""),
        (Finding("c", "m", place=Place("f")), "f"),
        (Finding("c", "m", place=Place("f", 2)), "f:2"),
        (Finding("c", "m", address="account:a"), "account:a"),
        (Finding("c", "m", rule="standard/card"), "standard/card"),
    ],
)
def test_a_finding_says_where_as_far_as_is_known(finding: Finding, where: str) -> None:
    """Place, address or rule; a finding without any starts with its message."""
    assert finding.where == where
    assert str(finding) == (f"{where}: m" if where else "m")
