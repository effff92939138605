"""``pleoctl fleet``."""

from __future__ import annotations

from typing import Any

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.cli.fleet_queue import database_group, enqueue, schedule, worker
from pleoctl.cli.fleet_run import Chosen, apply, drift, jobs, plan, select_options, sync
from pleoctl.cli.shared import as_group
from pleoctl.errors import ExitCode
from pleoctl.text import Shown


@as_group("fleet")
def command() -> None:
    """Many companies, many machines."""


@as_command("list", parent="fleet")
@select_options
def list_(options: Options, **chosen: Any) -> Output:
    """List the companies, with the state of each and its run.

    Examples:
    pleoctl fleet list
    pleoctl fleet list --status never
    pleoctl fleet list --changed main --format json

    """
    from pleoctl.fleet.book import decisive
    from pleoctl.fleet.books import book_of
    from pleoctl.report.table import table

    asked = Chosen(**chosen)
    fleet = asked.fleet(options)
    lasts = book_of(fleet).last()
    rows = []
    for one in asked.companies(fleet):
        last = decisive(lasts.get(one.company.path, {}))
        rows.append(
            {
                "path": one.company.path,
                "company": one.id,
                "outcome": last.result.outcome if last else "never",
                "command": last.command if last else None,
                "finishedAt": last.finished_at if last else None,
                "error": None if one.error is None else str(one.error.findings[0]),
            }
        )
    cells = [[str(value or "") for value in row.values()] for row in rows]
    text = table(["workspace", "company", "state", "command", "finished", "problem"], cells)
    return Output(text if rows else Shown.lines(["No companies are selected."]), rows)


@as_command("status", parent="fleet", formats=("text", "json", "html"))
@select_options
def status(options: Options, **chosen: Any) -> Output:
    """Show how each company stands.

    Last runs, failures, drift, held rows, the age of the oldest open export job: what runs of the fleet have told.
    Nobody is asked. Exit 1 where a company needs somebody.

    Examples:
    pleoctl fleet status
    pleoctl fleet status --format html > fleet.html
    pleoctl fleet status --metrics /var/lib/node_exporter/pleoctl.prom

    """
    from pleoctl.fleet.books import book_of
    from pleoctl.fleet.status import standings
    from pleoctl.machine import this_machine
    from pleoctl.report.fleet import status_gauges, status_html, status_text

    asked = Chosen(**chosen)
    fleet = asked.fleet(options)
    companies = standings(asked.companies(fleet), book_of(fleet).last())
    moment = this_machine().now()
    code = ExitCode.ERROR if any(one.failing for one in companies) else ExitCode.OK
    gauges = status_gauges(companies, moment)
    if options.format == "html":
        return Output(page=status_html(companies, moment, fleet.settings.name), exit_code=code, gauges=gauges)
    data = [one.as_json(moment) for one in companies]
    return Output(status_text(companies, moment), data, exit_code=code, gauges=gauges)


for child in (list_, plan, sync, jobs, drift, apply, status, worker, schedule, enqueue, database_group):
    command.add_command(child)
