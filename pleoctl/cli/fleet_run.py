"""``pleoctl fleet plan|sync|jobs|drift|apply``: the same as for one company, for many, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from pleoctl.cli.approve import approval_options, approvers_of
from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, check_output, lock_timeout_option, write_output
from pleoctl.cli.shared import OUTPUT, together
from pleoctl.errors import Finding, InvalidFile, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pleoctl.cli.signals import Stop
    from pleoctl.fleet.fleet import Fleet, Opened
    from pleoctl.fleet.receipt import CompanyResult, FleetReceipt
    from pleoctl.fleet.run import FleetRun
    from pleoctl.fleet.work import Task
    from pleoctl.plan.approvals import Approvers

#: The plans of a folder, beside the plans themselves.
PLANS_FILE: Final = "fleet.json"


fleet_option = click.option(
    "--fleet",
    "fleet_file",
    type=PATH,
    metavar="FILE|FOLDER",
    help="The fleet; else PLEOCTL_FLEET, else fleet.yaml here or above.",
)


def _statuses(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """The list as far as it is written, with each state that its last word begins."""
    from pleoctl.fleet.select import STATUSES

    given, comma, last = begun.rpartition(",")
    return [f"{given}{comma}{name}" for name in STATUSES if name.startswith(last)]


select_options = together(
    fleet_option,
    click.option(
        "--select",
        "patterns",
        multiple=True,
        metavar="PATTERN",
        help="Only companies whose path, folder or id is like this (* and ?); may be repeated.",
    ),
    click.option(
        "--changed",
        metavar="GITREF",
        help="Only companies with files that differ from this commit, uncommitted ones too.",
    ),
    click.option(
        "--status",
        "statuses",
        metavar="STATUS,…",
        shell_complete=_statuses,
        help="Only those whose state is one of: never, done, partial, failed, refused, stale, drifted, locked, "
        "interrupted.",
    ),
    click.option("--shard", metavar="I/N", help="Only the I-th of N parts, for N machines side by side."),
)
"""Which companies; all of them must hold."""
run_options = together(
    select_options,
    click.option(
        "--concurrency",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Companies at a time (else fleet.yaml's).",
    ),
    click.option(
        "--isolation",
        type=click.Choice(("thread", "process")),
        help="Each company in a thread (default), or in a process with a deadline and a memory limit.",
    ),
    click.option("--receipt", type=OUTPUT, metavar="FILE", help="Write the fleet's receipt here as well."),
)
"""The same, how it is done, and where its receipt goes."""


class Chosen(NamedTuple):
    """What the command line says of a fleet's run."""

    fleet_file: str | None
    patterns: tuple[str, ...]
    changed: str | None
    statuses: str | None
    shard: str | None
    concurrency: int | None = None
    isolation: Any = None
    receipt: str | None = None
    lock_timeout: str | None = None

    @property
    def parts(self) -> tuple[list[str], tuple[int, int] | None]:
        """The states and the shard. Raises `UsageError` for what is none."""
        from pleoctl.fleet.select import STATUSES, shard_of

        statuses = [name.strip() for name in (self.statuses or "").split(",") if name.strip()]
        for name in statuses:
            if name not in STATUSES:
                raise UsageError(f"--status {name} is none", hint=f"one of: {', '.join(STATUSES)}")
        return statuses, None if self.shard is None else shard_of(self.shard)

    def fleet(self, options: Options) -> Fleet:
        """The fleet, once it is known that the command line is in order. Raises `UsageError`, `InvalidFile`, `Refused`.

        No output replaces its file, or leads out of its folder.
        """
        from pleoctl.cli.applying import patience
        from pleoctl.fleet.fleet import Fleet

        _ = self.parts, patience(self.lock_timeout) if self.lock_timeout is not None else 0.0
        fleet = Fleet.find(self.fleet_file)
        options.reads.append(fleet.file)
        options.folders.append(fleet.root)
        self.check_outputs(options)
        return fleet

    def check_outputs(self, options: Options) -> None:
        """That no output replaces what is known to be read, or leads out. Raises `UsageError`, `Refused`."""
        for output in filter(None, (self.receipt, options.metrics)):
            check_output(options, output)

    def companies(self, fleet: Fleet) -> list[Opened]:
        """The companies that are chosen. Raises `UsageError`, `InvalidFile`, `PleoctlError`."""
        from pleoctl.fleet.book import decisive
        from pleoctl.fleet.books import book_of
        from pleoctl.fleet.select import Selection

        statuses, shard = self.parts
        lasts = book_of(fleet).last() if statuses else {}
        ended = {path: last.result.outcome for path, runs in lasts.items() if (last := decisive(runs)) is not None}
        return Selection(self.patterns, self.changed, statuses, shard).of(fleet, fleet.opened(), ended)


@as_command("plan", parent="fleet")
@click.option("-o", "--output", type=OUTPUT, metavar="DIR", help="Save the plans in this folder, for `fleet apply`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@run_options
def plan(options: Options, *, output: str | None, detailed_exitcode: bool, **chosen: Any) -> Output:
    """Show what would change, company by company.

    With -o each plan is saved as DIR/COMPANY.plan.json, and DIR/fleet.json names them all: review them with
    `pleoctl show`, carry them out with `pleoctl fleet apply DIR`.

    Examples:
    pleoctl fleet plan
    pleoctl fleet plan -o plans --changed origin/main
    pleoctl fleet plan --select 'companies/a*' --shard 1/4

    """
    from pathlib import Path

    from pleoctl.documents.files import keep_inside
    from pleoctl.fleet.work import Task

    asked = Chosen(**chosen)
    fleet = asked.fleet(options)
    folder = None if output is None else Path(output)
    companies = asked.companies(fleet)
    if folder is not None:
        _require_one_plan_each(companies)
        keep_inside(folder / PLANS_FILE, fleet.root, str(folder))
        folder.mkdir(parents=True, exist_ok=True)
    receipt, shown = _run(options, asked, Task("plan", fleet.root, folder, detailed_exitcode), companies, fleet)
    if folder is not None:
        write_output(options, str(folder / PLANS_FILE), receipt.bytes)
    return shown


@as_command("sync", parent="fleet")
@run_options
@approval_options
@lock_timeout_option
def sync(
    options: Options, *, approvers: str | None, approvals: int | None, revoked: str | None, **chosen: Any
) -> Output:
    """Export, plan and apply for each company.

    Examples:
    pleoctl fleet sync
    pleoctl fleet sync --status failed,partial,locked
    pleoctl fleet sync --shard 2/5 --receipt receipt.json

    """
    return _simple(options, "sync", chosen, approvers_of(approvers, approvals, revoked))


@as_command("jobs", parent="fleet")
@run_options
@lock_timeout_option
def jobs(options: Options, **chosen: Any) -> Output:
    """Plan and apply each export job that waits.

    Examples:
    pleoctl fleet jobs

    """
    return _simple(options, "jobs", chosen)


@as_command("drift", parent="fleet")
@run_options
def drift(options: Options, **chosen: Any) -> Output:
    """Has any company drifted? Exit 2 if so.

    Examples:
    pleoctl fleet drift
    pleoctl fleet drift --format json

    """
    return _simple(options, "drift", chosen)


@as_command("apply", parent="fleet")
@click.argument("folder", type=PATH, metavar="DIR")
@run_options
@approval_options
@lock_timeout_option
def apply(
    options: Options, *, folder: str, approvers: str | None, approvals: int | None, revoked: str | None, **chosen: Any
) -> Output:
    """Carry out the plans that `fleet plan -o DIR` has saved.

    Each exactly as it was reviewed, or not at all. A company whose plan could not be made is left out with a warning;
    where none could, nothing is done (exit 3). With --approvers the signatures lie beside each plan: `pleoctl approve
    DIR/COMPANY.plan.json`.

    Examples:
    pleoctl fleet apply plans
    pleoctl fleet apply plans --approvers /etc/pleoctl/allowed_signers --approvals 2

    """
    from pathlib import Path

    from pleoctl.fleet.receipt import read_fleet_receipt
    from pleoctl.fleet.work import Task

    asked, whose = Chosen(**chosen), approvers_of(approvers, approvals, revoked)
    fleet, whole = asked.fleet(options), Path(folder) / PLANS_FILE
    made = read_fleet_receipt(whole, str(whole))
    if made.command != "plan":
        raise InvalidFile(f"{whole} is the receipt of `fleet {made.command}`", hint="pleoctl fleet plan -o DIR")
    plans = {one.path: one.plan_id for one in made.companies if one.plan_id is not None}
    _require_companies(plans, fleet, asked, str(whole))
    selected = {one.company.path: one for one in asked.companies(fleet)}
    _require_same(made, selected, str(whole))
    unplanned = [_not_planned(one) for one in made.companies if one.path in selected and one.plan_id is None]
    companies = [one for path, one in selected.items() if path in plans]
    if unplanned and not companies:
        raise Refused(f"there is no plan to carry out: {unplanned[0].message}", hint=unplanned[0].hint)
    task = Task("apply", fleet.root, Path(folder), plans=plans)
    _, shown = _run(options, asked, task, companies, fleet, whose)
    shown.findings[:0] = unplanned
    return shown


def _not_planned(result: CompanyResult) -> Finding:
    why = f": {result.error.message}" if result.error is not None else f" ({result.outcome})"
    words = f"{result.path} is left out, since `fleet plan` made no plan of it{why}"
    return Finding("not-planned", words, "warning", hint="put that right and plan it again: pleoctl fleet plan -o DIR")


def _simple(options: Options, command: Any, chosen: dict[str, Any], approvers: Approvers | None = None) -> Output:
    from pleoctl.fleet.work import Task

    asked = Chosen(**chosen)
    fleet = asked.fleet(options)
    _, shown = _run(options, asked, Task(command, fleet.root), asked.companies(fleet), fleet, approvers)
    return shown


def _require_one_plan_each(companies: Sequence[Opened]) -> None:
    """Plans are named after their companies, of which two on different servers may have one id."""
    seen: dict[str, str] = {}
    for one in companies:
        other = seen.setdefault(one.id or one.company.path, one.company.path)
        if other != one.company.path:
            words = f"{other} and {one.company.path} have the same company id, so their plans would have one name"
            raise UsageError(words, hint="plan them one by one with --select")


def _require_companies(plans: Collection[str], fleet: Fleet, asked: Chosen, shown: str) -> None:
    """What was reviewed is carried out whole, unless the command line says which part of it."""
    gone = sorted(set(plans) - {company.path for company in fleet.companies})
    if gone and not (asked.patterns or asked.changed or asked.statuses or asked.shard):
        words = f"{shown} has a plan for {gone[0]}, which is no company of this fleet"
        raise Refused(words, hint="make the plans again, or choose companies with --select")


def _require_same(made: FleetReceipt, selected: Mapping[str, Opened], shown: str) -> None:
    """Nobody but its author knows what a list means that names a company twice, or by another's id."""
    seen = set[str]()
    for one in made.companies:
        if one.path in seen:
            raise InvalidFile(f"{shown} names {one.path} twice", hint="pleoctl fleet plan -o DIR")
        seen.add(one.path)
        here = selected.get(one.path)
        if here is not None and here.id is not None and one.plan_id is not None and one.company != here.id:
            words = f"{shown} has {one.path} as company {one.company}, and its workspace is that of {here.id}"
            raise Refused(words, hint="make the plans again: pleoctl fleet plan -o DIR")


def _run(
    options: Options,
    asked: Chosen,
    task: Task,
    companies: Sequence[Opened],
    fleet: Fleet,
    approvers: Approvers | None = None,
) -> tuple[FleetReceipt, Output]:
    from pleoctl.cli.applying import patience
    from pleoctl.cli.planning import progress
    from pleoctl.cli.signals import stoppable
    from pleoctl.fleet.crew import How
    from pleoctl.fleet.run import FleetRun

    _ = fleet.folder  # where it may not be written, no company is worked on
    options.reads += [fleet.root / one.company.path for one in companies]
    asked.check_outputs(options)
    if approvers is not None:
        approvers.check(fleet.root, "the fleet's folder")
    waits = 0.0 if task.command in {"plan", "drift"} else patience(asked.lock_timeout)
    with stoppable() as stop, progress(options, "companies") as advance:
        settings = fleet.settings
        isolation = asked.isolation or settings.isolation or "thread"
        how = How(asked.concurrency or settings.concurrency, isolation, stop.event, waits, approvers)
        run = FleetRun(fleet, task, how)
        receipt = run.go(companies, advance)
        _signalled(receipt, stop)
        run.keep(receipt)
    if asked.receipt is not None:
        write_output(options, asked.receipt, receipt.bytes)
    return receipt, _output(receipt, run)


def _signalled(receipt: FleetReceipt, stop: Stop) -> None:
    """Those that were interrupted end with the signal's own code."""
    for result in receipt.companies:
        if stop.code is not None and result.outcome == "interrupted":
            result.exit_code = int(stop.code)


def _output(receipt: FleetReceipt, run: FleetRun) -> Output:
    from msgspec import to_builtins

    from pleoctl.report.fleet import receipt_text

    return Output(receipt_text(receipt), to_builtins(receipt), run.findings, receipt.exit_code)
