"""``pleoctl comment``."""

from __future__ import annotations

from pathlib import Path

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command
from pleoctl.errors import InvalidFile, UsageError
from pleoctl.text import COMMENT_BYTES, Shown


@as_command("comment")
@click.argument("plan", type=PATH)
@click.option("--github", is_flag=True, help="Comment on a pull request of GitHub.")
@click.option("--repo", metavar="OWNER/NAME", help="The repository (default: GITHUB_REPOSITORY).")
@click.option(
    "--pull-request",
    type=click.IntRange(min=1),
    metavar="N",
    help="The pull request (default: the one the workflow runs for).",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(2_000, 65_000),
    default=COMMENT_BYTES,
    metavar="N",
    help=f"Most bytes of one comment (default {COMMENT_BYTES}).",
)
def command(
    options: Options,
    *,
    plan: str,
    github: bool,
    repo: str | None,
    pull_request: int | None,
    max_bytes: int,
) -> Output:
    """Show a saved plan as a comment on a pull request.

    The next time it is that comment that changes: there is one for each workspace and scope (--only, --dimension).

    The token stands in GITHUB_TOKEN (or GH_TOKEN) and needs `pull-requests: write`. Archives that are too many for one
    comment go on in further ones; what is no longer needed is removed.

    Examples:
    pleoctl comment plan.json --github
    pleoctl comment plan.json --github --repo acme/books --pull-request 12

    """
    if not github:
        raise UsageError("which forge?", hint="--github is the one there is")
    from pleoctl.forge.comments import Publisher
    from pleoctl.forge.environment import commit, place_in_repository
    from pleoctl.forge.github import connect
    from pleoctl.plan.artifact import read_plan
    from pleoctl.report.markdown import Names, comments_begin, plan_comments

    read = read_plan(Path(plan), plan)
    place = place_in_repository(_workspace(options))
    bodies = plan_comments(read, Names(plan, commit(), place), max_bytes=max_bytes)
    transport, request = connect(repo, pull_request)
    try:
        done = Publisher(request, comments_begin(read, place)).publish(bodies)
    finally:
        transport.close()
    told = [entry.as_json() for entry in done]
    lines = Shown.lines(f"{entry['action']} {entry['url']}" for entry in told)
    return Output(lines, {"planId": read.id, "comments": told})


def _workspace(options: Options) -> Path | None:
    """The workspace file that the plan was made for; None where only the plan is at hand, as in a job of its own."""
    from pleoctl.workspace import Workspace

    try:
        return Workspace.find(options.workspace).file
    except InvalidFile:
        if options.workspace is not None:
            raise
        return None
