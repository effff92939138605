"""``pleoctl mapping``: check, test and explain the mapping rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, command as made, open_workspace, write_output
from pleoctl.errors import ExitCode

if TYPE_CHECKING:
    from pleoctl.mapping.check import Report
    from pleoctl.mapping.rules import Rules

_ITEMS_HELP = "Export items: JSON object, list, {data: […]} or JSON lines; - is standard input."


@click.group("mapping", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Check, test and explain the mapping rules."""


@made("check", parent="mapping")
@click.option("--sarif", metavar="FILE", type=PATH, help="Also write the findings as SARIF.")
@click.option("--junit", metavar="FILE", type=PATH, help="Also write the findings as JUnit XML.")
def check(options: Options, sarif: str | None, junit: str | None) -> Output:
    """Analyse the rules: unknown names, overlaps, rows that never match, gaps, accounts that do not exist.

    Needs neither Pleo nor items. Exit code 3: the rules have errors.
    """
    from pleoctl.mapping.check import check as analyse  # noqa: PLC0415 - analysis only where it is asked for
    from pleoctl.mapping.context import catalog_of, mapping_path  # noqa: PLC0415
    from pleoctl.mapping.load import read_rules, relative  # noqa: PLC0415
    from pleoctl.mapping.sources import folder_reader  # noqa: PLC0415

    workspace = open_workspace(options)
    catalog = catalog_of(workspace)
    name = relative(mapping_path(workspace), workspace.root)
    rules, names = read_rules(name, folder_reader(workspace.root))
    report = analyse(rules, names, catalog)
    data = _checked(rules, report, with_catalog=catalog is not None)
    code = ExitCode.REFUSED if report.has_errors else ExitCode.OK
    return Output(_check_text(data, report), data, report.findings, code)


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


def _check_text(data: dict[str, Any], report: Report) -> str:
    from pleoctl.report.escape import terminal  # noqa: PLC0415

    rows = data["rows"]
    errors = sum(f.level == "error" for f in report.findings)
    text = (
        f"{rows['expenseTypes']} expense-type rows, {rows['lines']} line rows, {rows['vendors']} vendors: "
        f"{errors} errors, {len(report.findings) - errors} warnings\n"
    )
    if not data["catalog"]:
        text += "there is no desired state, so accounts, tags and their currencies were not checked\n"
    for entry in data["notAnalysed"]:
        text += terminal(f"not analysed: {entry['file']}:{entry['line']}: {entry['rule']}: {entry['reason']}") + "\n"
    return text


command.add_command(check)
