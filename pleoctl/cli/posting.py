"""What commands about export jobs share: the books, and how posting plans and jobs' receipts are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.cli.boundary import Options, Output

if TYPE_CHECKING:
    from pleoctl.cli.signals import Stop
    from pleoctl.jobs.document import PostingPlan
    from pleoctl.jobs.receipt import JobReceipt
    from pleoctl.workspace import Workspace


def opened(workspace: Workspace) -> Any:
    """The workspace's books and rules for a block. Raises `InvalidFile`, `Refused`."""
    from contextlib import closing

    from pleoctl.jobs.desk import JobDesk

    return closing(JobDesk.of(workspace))


def render(options: Options, plan: PostingPlan) -> Output:
    """A posting plan in the asked format."""
    if options.format == "json":
        return Output(raw=plan.bytes)
    if options.format == "html":
        from pleoctl.report.html import posting_html

        return Output(page=posting_html(plan))
    from pleoctl.report.posting import posting_markdown, posting_text

    return Output(page=posting_markdown(plan)) if options.format == "markdown" else Output(posting_text(plan))


def receipt_output(options: Options, receipt: JobReceipt, stop: Stop) -> Output:
    """The outcome of a run as a command's output."""
    from pleoctl.report.posting import job_receipt_text

    code = receipt.exit_code
    if stop.code is not None and receipt.outcome == "interrupted":
        code = stop.code
    if options.format == "json":
        return Output(raw=receipt.bytes, exit_code=code, findings=receipt.told)
    return Output(job_receipt_text(receipt), findings=receipt.told, exit_code=code)
