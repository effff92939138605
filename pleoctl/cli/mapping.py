"""``pleoctl mapping``: check, test and explain the mapping rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, open_workspace, write_output
from pleoctl.cli.reports import report_options, reporting
from pleoctl.cli.shared import OUTPUT, as_group
from pleoctl.errors import ExitCode, PleoctlError, UsageError, counted
from pleoctl.text import Shown
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.analysis.check import Report
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.mapping.suites.find import Suite
    from pleoctl.mapping.suites.run import Result
    from pleoctl.workspace import Workspace

_ITEMS_HELP = "Export items: JSON object, list, {data: […]} or JSON lines; - is standard input."


@as_group("mapping", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Check, test and explain the mapping rules."""


@as_command("check", parent="mapping")
@report_options
def check(options: Options, *, junit: str | None, sarif: str | None) -> Output:
    """Analyse the rules.

    Unknown names, overlaps, rows that never match, gaps, accounts that do not exist.

    Needs neither Pleo nor items. Exit code 3: the rules have errors.

    Examples:
    pleoctl mapping check
    pleoctl mapping check --sarif mapping.sarif

    """
    from pleoctl.mapping.analysis.check import check as analyse
    from pleoctl.mapping.context import catalog_of, completed, mapping_path
    from pleoctl.mapping.rules.build import read_rules
    from pleoctl.mapping.rules.files import folder_reader

    with reporting(options, junit=junit, sarif=sarif) as reported:
        workspace = open_workspace(options)
        catalog = catalog_of(workspace)
        name = workspace.shown(mapping_path(workspace))
        rules, names = read_rules(name, folder_reader(workspace.root))
        report = analyse(completed(rules, workspace), names, catalog, no_tax_codes=_lacks_tax_codes(workspace))
        reported.files += rules.files
        reported.inputs += [workspace.root / file for file in rules.inputs]
        reported.findings += report.findings
    data = _checked(rules, report, with_catalog=catalog is not None)
    code = ExitCode.REFUSED if report.has_errors else ExitCode.OK
    return Output(Shown.lines(_check_lines(data, report)), data, report.findings, code)


def _lacks_tax_codes(workspace: Workspace) -> Literal["error", "warning"] | None:
    if workspace.settings.sink is None:
        return None
    from pleoctl.sinks.opening import lacks_tax_codes  # every kind of books, which most rules are checked without

    return lacks_tax_codes(workspace)


def _checked(rules: Rules, report: Report, *, with_catalog: bool) -> dict[str, Any]:
    return {
        "files": rules.files,
        "rulesDigest": rules.digest,
        "rows": {"expenseTypes": len(rules.types), "lines": len(rules.lines), "vendors": len(rules.vendors)},
        "catalog": with_catalog,
        "notAnalysed": [
            {"rule": u.rule, "file": u.place.file, "line": u.place.line, "reason": u.reason} for u in report.unanalysed
        ],
    }


def _check_lines(data: dict[str, Any], report: Report) -> Iterator[str]:
    from pleoctl.mapping.context import NOT_CHECKED

    rows = data["rows"]
    errors, warnings = (counted(f for f in report.findings if f.level == level) for level in ("error", "warning"))
    yield (
        f"{many(rows['expenseTypes'], 'expense-type row')}, {many(rows['lines'], 'line row')}, "
        f"{many(rows['vendors'], 'vendor')}: {many(errors, 'error')}, {many(warnings, 'warning')}"
    )
    if not data["catalog"]:
        yield NOT_CHECKED
    for entry in data["notAnalysed"]:
        yield f"not analysed: {entry['file']}:{entry['line']}: {entry['rule']}: {entry['reason']}"


@as_command("test", parent="mapping")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=PATH)
@click.option("--update", "rewrite", is_flag=True, help="Write what comes out into the failing tests' expect.")
@click.option("--junit", metavar="FILE", type=OUTPUT, help="Also write the results as JUnit XML.")
def test(options: Options, *, files: tuple[str, ...], rewrite: bool, junit: str | None) -> Output:
    """Run the tests of the rules.

    Those inside the mapping, or those of the files given.

    Exit code 1: a test failed. With --update failing tests take over the actual result instead.

    Examples:
    pleoctl mapping test
    pleoctl mapping test tests/cards.yaml --junit report.xml

    """
    from pleoctl.mapping.suites.find import run_suite, update
    from pleoctl.report.junit import findings_junit
    from pleoctl.report.rule_tests import results_junit

    workspace = open_workspace(options)
    try:
        found = _suites(workspace, files)
    except PleoctlError as error:
        if junit is not None:
            content = findings_junit(error.findings, [], "pleoctl mapping test")
            write_output(options, junit, content, inputs=workspace.inputs)
        raise
    results = [(suite, run_suite(suite)) for suite in found]
    listed = [result for _, part in results for result in part]
    if junit is not None:
        read = [suite.folder / name for suite in found for name in (*suite.rules.inputs, *suite.tests.inputs)]
        write_output(options, junit, results_junit(listed), inputs=[*workspace.inputs, *read])
    updated = [name for suite, part in results for name in update(part, suite.folder)] if rewrite else []
    data = _tested(listed, updated)
    code = ExitCode.ERROR if data["failed"] and not rewrite else ExitCode.OK
    return Output(Shown.lines(_test_lines(listed, updated)), data, exit_code=code)


def _suites(workspace: Workspace, files: tuple[str, ...]) -> list[Suite]:
    """The suites that are asked for, their rules completed by the workspace. Raises `PleoctlError`."""
    from pathlib import Path

    from pleoctl.mapping.context import completed, mapping_path
    from pleoctl.mapping.suites.find import suites

    found = suites(mapping_path(workspace), workspace.root, [Path(file) for file in files])
    for suite in found:
        completed(suite.rules, workspace)
    return found


def _tested(results: list[Result], updated: list[str]) -> dict[str, Any]:
    failed = sum(not one.passed for one in results)
    tests = [_test_json(one) for one in results]
    return {"passed": len(results) - failed, "failed": failed, "updated": updated, "tests": tests}


def _test_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.case.name,
        "file": result.case.place.file,
        "line": result.case.place.line,
        "passed": result.passed,
        "expected": result.expected,
        "actual": result.actual,
        "failureReason": result.reason,
        "differences": result.differences,
    }


def _test_lines(results: list[Result], updated: list[str]) -> Iterator[str]:
    from pleoctl.report.rule_tests import failure_lines

    for result in results:
        yield f"{'pass' if result.passed else 'FAIL'}  {result.case.name} ({result.case.place})"
        if not result.passed:
            yield from (f"      {line}" for line in failure_lines(result))
    yield from (f"updated {name}" for name in updated)
    failed = sum(not r.passed for r in results)
    if results:
        ended = "updated" if updated else "failed"
        yield f"{many(len(results), 'test')}: {len(results) - failed} passed, {failed} {ended}"
    else:
        yield "no tests; write some below `tests` of the mapping, or name files of them"


@as_command("explain", parent="mapping")
@click.argument("file", metavar="FILE|-", type=PATH)
@click.option("--id", "wanted", metavar="UUID", help="Only the item with this accountingEntryId.")
@click.option("--graph", "as_graph", is_flag=True, help="A Mermaid flowchart instead of text.")
@click.option("--no-catalog", is_flag=True, help="Do not check accounts and tags against the desired state.")
def explain(options: Options, *, file: str, wanted: str | None, as_graph: bool, no_catalog: bool) -> Output:
    """Explain how items are mapped.

    Which row won and why, why the others did not, and where accounts come from.

    Examples:
    pleoctl mapping explain items.json --id d6d67026-4745-52e1-bad3-96101ebe952e
    pleoctl mapping explain one-item.json --graph

    """
    from pleoctl.mapping.context import Strays, engine_of, open_items
    from pleoctl.mapping.engine.explain import explain as explained
    from pleoctl.mapping.io.run import Tally
    from pleoctl.report.mapping import explanation_text, graph

    workspace = open_workspace(options)
    engine, strays = engine_of(workspace, catalog=not no_catalog), Strays(workspace)
    # Of an item, `map` also says what is odd beside those before it.
    tally, found = Tally(), []
    with open_items(file) as items:
        for item in strays.pass_on(items):
            if wanted is None or wanted.lower() == (item.accounting_entry_id or "").lower():
                found.append(explained(engine, item, tally.add))
            else:
                tally.add([engine.entry(item)])
    if wanted is not None and not found:
        raise UsageError(f"{file} has no item with the id {wanted}")
    if not found:
        return Output(Shown.lines([f"{file} has no items"]), {"items": []})
    shape = graph if as_graph else explanation_text
    data = found[0] if len(found) == 1 else {"items": found}
    text = Shown.joined((shape(one, engine.rules) for one in found), Shown.lines([""]))
    return Output(text, data, strays.findings())


@as_command("coverage", parent="mapping")
@click.option("--items", "file", required=True, metavar="FILE", type=PATH, help=_ITEMS_HELP)
@click.option("--no-catalog", is_flag=True, help="Do not check accounts and tags against the desired state.")
def coverage(options: Options, *, file: str, no_catalog: bool) -> Output:
    """Count which rows decide about real items.

    Which rows never do, and which items stay without an entry.

    Examples:
    pleoctl mapping coverage --items items.json
    pleoctl mapping coverage --items items.json --format json

    """
    from pleoctl.mapping.analysis.coverage import coverage as covered
    from pleoctl.mapping.context import Strays, engine_of, open_items

    workspace = open_workspace(options)
    engine, strays = engine_of(workspace, catalog=not no_catalog), Strays(workspace)
    with open_items(file) as items:
        data = covered(engine, strays.pass_on(items)).as_json()
    # A table of a thousand failed items takes longer to lay out than they take to map.
    return Output(Shown() if options.format == "json" else _coverage_text(data), data, strays.findings())


def _coverage_text(data: dict[str, Any]) -> Shown:
    from pleoctl.report.table import table

    hit = sorted((r for r in data["rules"] if r["hits"]), key=lambda r: (-r["hits"], r["rule"]))
    text = Shown.lines([f"{many(data['items'], 'item')}: {data['mapped']} mapped, {data['failed']} failed", ""])
    text += table(["hits", "row", "where"], [[str(r["hits"]), r["rule"], f"{r['file']}:{r['line']}"] for r in hit])
    text += Shown.lines([""])
    unused = set(data["neverHit"])
    never = [[r["rule"], f"{r['file']}:{r['line']}"] for r in data["rules"] if r["rule"] in unused]
    text += table(["never hit", "where"], never) if never else Shown.lines(["every row of your own was hit"])
    if data["unmapped"]:
        failed = [[str(u[k] or "") for k in ("accountingEntryId", "type", "failureReason")] for u in data["unmapped"]]
        text += Shown.lines([""]) + table(["unmapped item", "type", "reason"], failed)
    if data["unmappedLeftOut"]:
        text += Shown.lines([f"… and {data['unmappedLeftOut']} more"])
    return text


@as_command("impact", parent="mapping", formats=("text", "json", "markdown", "html"))
@click.option("--base", required=True, metavar="PATH|GITREF", help="The rules to compare with.")
@click.option("--items", "file", required=True, metavar="FILE", type=PATH, help=_ITEMS_HELP)
@click.option("--no-catalog", is_flag=True, help="Do not check accounts and tags against the desired state.")
def impact(options: Options, *, base: str, file: str, no_catalog: bool) -> Output:
    """Compare the rules with earlier ones on real items.

    How many items, and which sums, change accounts; which items these are.

    Examples:
    pleoctl mapping impact --base origin/main --items items.json
    pleoctl mapping impact --base origin/main --items items.json --format html > impact.html
    pleoctl mapping impact --base old/mapping.yaml --items items.json --format markdown

    """
    from pleoctl.mapping.analysis.impact import base_rules, compare
    from pleoctl.mapping.context import Strays, catalog_of, completed, mapping_path, open_items, rules_of
    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.report.impact import headline, impact_markdown, tables
    from pleoctl.report.table import table

    workspace = open_workspace(options)
    path = mapping_path(workspace)
    catalog = None if no_catalog else catalog_of(workspace)
    engine, strays = Engine(rules_of(workspace), catalog), Strays(workspace)
    before = Engine(completed(base_rules(base, path, workspace.root), workspace), catalog)
    with open_items(file) as items:
        found = compare(before, engine, strays.pass_on(items))
    told = strays.findings()
    if options.format == "markdown":
        return Output(page=impact_markdown(found, engine.rules), findings=told)
    if options.format == "html":
        from pleoctl.report.html import impact_html

        return Output(page=impact_html(found, engine.rules), findings=told)
    text = Shown(*(Shown.lines([""]) + table(headers, listed) for headers, listed in tables(found, engine.rules)))
    return Output(Shown.lines([f"{headline(found)}."]) + text, found.as_json(), told)


for _made in (check, test, explain, coverage, impact):
    command.add_command(_made)
