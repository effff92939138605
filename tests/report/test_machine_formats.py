"""JUnit, SARIF, GitHub's workflow commands and GitLab's counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from findings import line_of
from plans import HOSTILE, change, make_plan, refused
from pleoctl.errors import Finding
from pleoctl.forge.annotations import workflow_commands
from pleoctl.forge.gitlab import gitlab_report
from pleoctl.place import Place
from pleoctl.report.junit import findings_junit
from pleoctl.report.review import plan_findings
from pleoctl.report.sarif import findings_sarif

if TYPE_CHECKING:
    from shapes import Value

# The OASIS schema as Microsoft's npm package @microsoft/jest-sarif (MIT) publishes it.
SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json"
VALIDATOR = Draft4Validator(json.loads(SCHEMA.read_bytes()))
ERROR = Finding(
    "bad-row", "name is blank", "error", Place("desired-state.yaml", 7, 3), address="account:a", hint="name it"
)
WARNING = Finding("held-row", "is held", "warning", Place("as/accounts.csv", 2))
INFO = Finding("note", "by the way", "info")
FINDINGS = st.builds(
    Finding,
    st.sampled_from(["a", "b-c"]),
    st.text(max_size=30),
    st.sampled_from(["error", "warning", "info"]),
    st.none()
    | st.builds(
        Place,
        st.text(min_size=1, max_size=20),
        st.none() | st.integers(1, 9999),
        st.none() | st.integers(1, 200),
    ),
    st.none() | st.text(max_size=10),
    st.none() | st.text(max_size=10),
    st.none() | st.text(max_size=10),
)


def _sarif(*findings: Finding, **given: Value) -> Value:
    made = json.loads(findings_sarif(findings, **given))
    VALIDATOR.validate(made)
    return made["runs"][0]


def test_sarif_has_rules_regions_and_levels() -> None:
    """Codes are rule ids, levels are SARIF's, places are relative with line and column, hints stand in the text."""
    run = _sarif(ERROR, WARNING, INFO)
    results = run["results"]
    assert [r["ruleId"] for r in results] == ["bad-row", "held-row", "note"]
    assert [run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] for r in results] == ["bad-row", "held-row", "note"]
    assert [r["level"] for r in results] == ["error", "warning", "note"]
    place = results[0]["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "desired-state.yaml"},
        "region": {"startLine": 7, "startColumn": 3},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "account:a"}]
    assert results[0]["message"]["text"] == "name is blank (name it)"
    assert results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "pleoctl.yaml"


@pytest.mark.parametrize(
    ("file", "folder", "uri"),
    [
        ("a b.yaml", "", "a%20b.yaml"),
        ("desired.yaml", "books/se", "books/se/desired.yaml"),
        ("../common/rules.yaml", "books", "common/rules.yaml"),
        ("/tmp/x/plan.json", "books", "plan.json"),
        ("a:b.yaml", "", "a%3Ab.yaml"),
        ("dir\\x.csv", "", "dir/x.csv"),
        ("../../up.yaml", "", "up.yaml"),
    ],
)
def test_sarif_places_are_relative_to_the_repository(file: str, folder: str, uri: str) -> None:
    """No uri is absolute or leads out of the repository, and each is percent-encoded."""
    run = _sarif(Finding("x", "m", place=Place(file, 1)), folder=folder)
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@settings(max_examples=60)
@given(findings=st.lists(FINDINGS, max_size=5), folder=st.sampled_from(["", "books"]))
def test_any_findings_make_valid_documents(findings: list[Finding], folder: str) -> None:
    """Whatever findings say, SARIF keeps its schema, JUnit parses, and a workflow command is one line."""
    _sarif(*findings, folder=folder)
    root = ET.fromstring(findings_junit(findings, ["a.yaml"]))
    assert len(root.findall(".//failure")) == sum(f.level == "error" for f in findings)
    lines = list(map(str, workflow_commands(findings, folder=folder)))
    assert len(lines) == len(findings)
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


def test_junit_counts_errors_and_passes_files_without_any() -> None:
    """An error fails a case of its own; a sound file is a case that passes; a warning is output and fails nothing."""
    root = ET.fromstring(findings_junit([ERROR, WARNING], ["pleoctl.yaml", "desired-state.yaml"], "pleoctl x"))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("pleoctl x", "3", "1")
    failed = [case for case in suite if case.find("failure") is not None]
    assert [(c.get("file"), c.get("line")) for c in failed] == [("desired-state.yaml", "7")]
    failure = failed[0].find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("bad-row", "name is blank")
    assert "account:a" in (failure.text or "")
    told = [case.findtext("system-out") for case in suite if case.get("file") == "as/accounts.csv"]
    assert told == ["warning held-row as/accounts.csv:2: is held"]


def test_junit_without_findings_or_files_is_empty() -> None:
    """Nothing looked at is no test at all."""
    root = ET.fromstring(findings_junit([]))
    assert root.find("testsuite/testcase") is None


def test_workflow_commands_point_at_lines_of_the_repository() -> None:
    """File, line and column are properties; percent signs, colons and commas in them are escaped."""
    (command,) = workflow_commands([ERROR], folder="books")
    assert str(command) == (
        "::error title=pleoctl bad-row,file=books/desired-state.yaml,line=7,col=3::account:a: name is blank (name it)"
    )
    odd = Finding("x", "100%\n::error::y", place=Place("a:b,c.csv"))
    (command,) = workflow_commands([odd])
    assert str(command) == "::error title=pleoctl x,file=a%3Ab%2Cc.csv::100%25\\u000a::error::y"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_starts_a_workflow_command(name: str) -> None:
    """A hostile message stays inside its own line."""
    (command,) = workflow_commands([Finding("x", name, address=name)])
    assert len(str(command).splitlines()) == 1


def test_at_most_ten_annotations_of_a_level() -> None:
    """GitHub shows ten; the tenth tells how many are left, and errors come before warnings."""
    many = [Finding("w", str(i), "warning") for i in range(30)] + [Finding("e", str(i)) for i in range(12)]
    lines = list(map(str, workflow_commands(many)))
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[9].endswith("and 3 more, see the log")
    assert lines[19].endswith("and 21 more, see the log")


def test_findings_of_a_plan_stand_at_their_rows() -> None:
    """What the guard refuses is an error, warnings are warnings, each at the row it is about."""
    plan = make_plan(
        change("archive", "a", warnings=["in-use-category"], origin="books.yaml:12"), guard=refused("1 of 1 accounts")
    )
    found = [(f.code, f.level, f.file, line_of(f)) for f in plan_findings(plan)]
    assert found == [
        ("archive-count", "error", "desired-state.yaml", None),
        ("in-use-category", "warning", "books.yaml", 12),
    ]


def test_gitlab_counts_what_it_can_show() -> None:
    """GitLab knows three words: an unarchive is an update, an archive a delete."""
    plan = make_plan(change("create", "a"), change("update", "b"), change("unarchive", "c"), change("archive", "d"))
    assert json.loads(gitlab_report(plan)) == {"create": 1, "update": 2, "delete": 1}
