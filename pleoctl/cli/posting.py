"""What commands about export jobs share: the books, and how posting plans and jobs' receipts are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.cli.boundary import Options, Output
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.cli.signals import Stop
    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.workspace import Workspace


JOBS_PLAN: Final = "jobs plan"
"""The command whose answer as JSON, where no job is waiting, is taken in place of a plan."""


def no_job() -> Output:
    """Nothing waits in Pleo's queue."""
    return Output(Shown.lines(["There is no export job."]))


def opened(workspace: Workspace) -> Any:
    """The workspace's books and rules for a block. Raises `InvalidFile`, `Refused`."""
    from contextlib import closing

    from pleoctl.jobs.session import JobSession

    return closing(JobSession.of(workspace))


def render(options: Options, plan: PostingPlan, workspace: Workspace | None, file: str | None = None) -> Output:
    """A posting plan in the asked format; what is new to the workspace's jobs is marked, where there is one."""
    if options.format == "json":
        return Output(raw=plan.bytes)
    from pleoctl.jobs.session import folder_of
    from pleoctl.jobs.used import Used
    from pleoctl.report.posting import Review

    review = Review.of(plan, None if workspace is None else Used.of(folder_of(workspace)))
    if options.format == "html":
        from pleoctl.report.html import posting_html

        return Output(page=posting_html(review, file=file or "posting.json"))
    if options.format == "markdown":
        from pleoctl.report.posting_markdown import posting_markdown

        return Output(page=posting_markdown(review))
    from pleoctl.report.posting_text import posting_text

    return Output(posting_text(review))


def workspace_of(options: Options, plan: PostingPlan) -> Workspace | None:
    """The workspace of this invocation, if there is one and the plan is for its company."""
    from pleoctl.cli.common import open_workspace
    from pleoctl.errors import PleoctlError

    try:
        found = open_workspace(options)
    except PleoctlError:
        return None
    return found if (found.company, found.url) == (plan.company, plan.url) else None


def receipt_output(options: Options, receipt: JobReceipt, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    from pleoctl.report.posting_text import job_receipt_text

    code = receipt.exit_code
    if stop.code is not None and receipt.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        return Output(raw=receipt.bytes, exit_code=code, findings=receipt.told)
    return Output(job_receipt_text(receipt), findings=receipt.told, exit_code=code)
