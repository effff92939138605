"""``pleoctl approve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, check_output
from pleoctl.cli.shared import together
from pleoctl.errors import UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.plan.approvals import Approvers


def approvers_of(approvers: str | None, approvals: int | None, revoked: str | None) -> Approvers | None:
    """Who must have approved, as the command line says it; None: nobody. Raises `UsageError`."""
    if approvers is None:
        if approvals is not None or revoked is not None:
            raise UsageError("--approvals and --revoked go with --approvers")
        return None
    from pathlib import Path

    from pleoctl.plan.approvals import Approvers

    return Approvers(Path(approvers), approvals or 1, None if revoked is None else Path(revoked))


approval_options = together(
    click.option(
        "--approvers",
        type=PATH,
        metavar="FILE",
        help="Refuse (exit 3) unless people of this OpenSSH allowed_signers file have approved the plan.",
    ),
    click.option(
        "--approvals",
        type=click.IntRange(min=1),
        metavar="N",
        help="With --approvers: how many distinct people must have approved (default: 1).",
    ),
    click.option("--revoked", type=PATH, metavar="FILE", help="With --approvers: a list of keys that no longer count."),
)
"""What commands that carry plans out take."""


@as_command("approve")
@click.argument("plan", type=PATH)
@click.option("--key", type=PATH, metavar="FILE", help="The SSH key to sign with (default: the first in ~/.ssh).")
def command(options: Options, *, plan: str, key: str | None) -> Output:
    """Approve a saved plan: sign its id with an SSH key.

    The signature goes into PLAN.sig, a second one into PLAN.sig.2. A pipeline that gives `apply --approvers FILE`
    carries the plan out only where the people whom it names there have signed. It is one of `plan` or of `jobs plan`.

    Examples:
    pleoctl approve plan.json
    pleoctl approve plan.json --key ~/.ssh/id_ed25519_work

    """
    from pathlib import Path

    from pleoctl.documents.versions import Kept
    from pleoctl.jobs.document import KIND, posting_plan_of
    from pleoctl.plan.approvals import approve
    from pleoctl.plan.artifact import plan_of

    kept = Kept.at(plan)
    posting = kept.kind(KIND) is not None
    plan_id = posting_plan_of(kept.content, kept.name).id if posting else plan_of(kept.content, kept.name).id
    if plan == "-":
        raise UsageError("a plan from standard input has no place for its signature", hint="name the file")
    check_output(options, f"{plan}.sig")
    made = approve(Path(plan), plan_id, None if key is None else Path(key))
    text = Shown.lines([Shown(Shown.styled("approved: ", bold=True), plan_id), f"The signature is in {made}."])
    return Output(text, {"plan": plan, "id": plan_id, "signature": str(made)})
