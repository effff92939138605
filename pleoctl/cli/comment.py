"""``pleoctl comment``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command
from pleoctl.errors import UsageError
from pleoctl.text import terminal

if TYPE_CHECKING:
    from pleoctl.forge.github import PullRequest


@as_command("comment")
@click.argument("plan", type=PATH)
@click.option("--github", is_flag=True, help="Comment on a pull request of GitHub.")
@click.option("--repo", metavar="OWNER/NAME", help="The repository (default: GITHUB_REPOSITORY).")
@click.option("--pull-request", type=click.IntRange(min=1), metavar="N",
              help="The pull request (default: the one the workflow runs for).")  # fmt: skip
@click.option("--max-bytes", type=click.IntRange(2_000, 65_000), default=60_000, metavar="N",
              help="Most bytes of one comment (default 60000).")  # fmt: skip
def command(
    options: Options,  # noqa: ARG001 - every command takes its options
    *, plan: str, github: bool, repo: str | None, pull_request: int | None, max_bytes: int,
) -> Output:  # fmt: skip
    """Show a saved plan as a comment on a pull request.

    The next time it is that comment that changes.

    The token stands in GITHUB_TOKEN (or GH_TOKEN) and needs `pull-requests: write`. Archives that are too many for one
    comment go on in further ones; what is no longer needed is removed.

    Examples:
    pleoctl comment plan.json --github
    pleoctl comment plan.json --github --repo acme/books --pull-request 12

    """
    if not github:
        raise UsageError("which forge?", hint="--github is the one there is")
    from pleoctl.forge.environment import commit
    from pleoctl.forge.github import connect
    from pleoctl.plan.artifact import read_plan
    from pleoctl.report.markdown import marker, plan_comments

    document = read_plan(Path(plan), plan).document
    bodies = plan_comments(document, max_bytes=max_bytes, file=plan, commit=commit())
    transport, request = connect(repo, pull_request)
    try:
        done = _publish(request, bodies, marker(document["company"]).removesuffix("-->"))
    finally:
        transport.close()
    lines = [f"{entry['action']} {terminal(entry['url'])}\n" for entry in done]
    return Output("".join(lines), {"planId": document["id"], "comments": done})


def _publish(request: PullRequest, bodies: list[str], start: str) -> list[dict[str, Any]]:
    """Bring the comments in line: each is known by its first line."""
    from pleoctl.forge.github import same

    known = {_first(c["body"]): c for c in reversed(request.comments()) if c["body"].startswith(start)}
    done = []
    for body in bodies:
        old = known.pop(_first(body), None)
        if old is None:
            done.append(_entry("created", request.create(body)))
        elif same(old["body"], body):
            done.append(_entry("unchanged", old))
        else:
            done.append(_entry("updated", request.update(old, body)))
    for comment in known.values():
        request.remove(comment)
        done.append(_entry("removed", comment))
    return done


def _first(body: str) -> str:
    return body.split("\n", 1)[0].strip()


def _entry(action: str, comment: dict[str, Any]) -> dict[str, Any]:
    return {"action": action, "id": comment["id"], "url": str(comment.get("html_url", ""))}
