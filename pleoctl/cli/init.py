"""``pleoctl init``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, WORKSPACE, as_command
from pleoctl.errors import PleoctlError, UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.errors import Finding
    from pleoctl.workspace import Workspace

#: The source that a new workspace begins with, until somebody writes its own.
SCAFFOLD: Final = """\
source:                                           # where `pleoctl export` reads the accounting system
  type: csv
  accounts: {path: as/accounts.csv}               # columns externalId, code, name, active, taxCodeExternalId
"""
COMPANY: Final = "00000000-0000-0000-0000-000000000000"
STAGING: Final = "https://external.staging.pleo.io"
PRODUCTION: Final = "https://external.pleo.io"
TEMPLATE: Final = f"""\
# A pleoctl workspace: `pleoctl validate` checks it, `pleoctl config show` explains it.
apiVersion: pleoctl/v1
kind: Workspace
company: {COMPANY}     # the UUID of your Pleo company; `pleoctl doctor` checks it
pleo:
  url: {STAGING}           # production: {PRODUCTION}
  auth: {{apiKey: env:PLEO_API_KEY}}                # or accessToken; env:NAME | file:PATH | cmd:COMMAND
{SCAFFOLD}desired: desired-state.yaml                       # what export writes and plan compares with Pleo
# dimensions: {{selected: []}}                      # tag groups and tags: `pleoctl dimensions list`, then `select CODE`
# mapping: mapping.yaml                           # rules that book expenses: docs/mapping.md, `pleoctl mapping check`
guard:
  maxArchive: {{count: 20, share: 0.2}}             # more archives than this need --allow-archive N
"""
ACCOUNTS_FILE: Final = "as/accounts.csv"
ACCOUNTS: Final = """\
externalId,code,name,active
acc-1930,1930,Bank account,true
acc-6110,6110,Office supplies,true
"""
IGNORE: Final = """\
.pleoctl/
plan.json
posting.json
receipt.json
"""
# Digests and reviews are of bytes: the same ones in every checkout.
ATTRIBUTES: Final = """\
*.yaml text eol=lf
*.json text eol=lf
*.csv -text
"""
FILES: Final = {
    WORKSPACE: TEMPLATE,
    ACCOUNTS_FILE: ACCOUNTS,
    ".gitignore": IGNORE,
    ".gitattributes": ATTRIBUTES,
}


def still_example(workspace: Workspace) -> list[Finding]:
    """A warning while the accounts are those of the example that a new workspace begins with, word for word."""
    from pleoctl.errors import Finding
    from pleoctl.place import Place

    accounts = (workspace.source or {}).get("accounts")
    if not isinstance(accounts, dict) or accounts.get("path") != ACCOUNTS_FILE:
        return []
    try:
        text = (workspace.root / ACCOUNTS_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    if text != ACCOUNTS:
        return []
    words, hint = "is the example of `pleoctl init`, not your chart of accounts", "`pleoctl source init as/FILE`"
    return [Finding("not-ready", words, "warning", Place(ACCOUNTS_FILE), hint=hint)]


@as_command("init")
@click.argument("folder", metavar="[DIR]", type=PATH, default=".")
@click.option("--company", metavar="UUID", help="The Pleo company.")
@click.option("--url", metavar="URL", default=STAGING, help=f"Its Pleo (default {STAGING}).")
def command(options: Options, *, folder: str, company: str | None, url: str) -> Output:
    """Scaffold a workspace; files that exist are never overwritten.

    Examples:
    pleoctl init
    pleoctl init books --company 12abc3d4-e567-4890-8234-abc56e78fabc

    """
    from pleoctl.documents.files import keep_inside, write_atomically

    made, kept = [], []
    files = {**FILES, WORKSPACE: _filled_in(company, url)}
    for name, content in files.items():
        path = Path(folder) / name
        if path.exists():
            kept.append(name)
        else:
            keep_inside(path, Path(folder))
            write_atomically(path, content.encode())
            made.append(name)
    lines = [f"wrote {name}" for name in made] + [f"kept {name}" for name in kept]
    missing = _untrusted(Path(folder))
    lines += _next(company)
    return Output(Shown.lines(lines), {"folder": folder, "wrote": made, "kept": kept}, missing)


def _next(company: str | None) -> list[str]:
    """What is to be done now."""
    name = "" if company else "set company and url in pleoctl.yaml, "
    return [
        f"Next: {name}export PLEO_API_KEY=…, then `pleoctl doctor`. `pleoctl connect` asks for all of it.",
        "Then the books: `pleoctl source init FILE`, `pleoctl export`, `pleoctl plan`; tag groups by",
        "`pleoctl dimensions select`, and bookings by mapping.yaml (`pleoctl mapping check`).",
    ]


def _filled_in(company: str | None, url: str) -> str:
    """The workspace file with what is known. Raises `UsageError`."""
    from pleoctl.workspace.trust import url_problem

    problem = url_problem(url.rstrip("/"), trusted=False)
    if problem:
        raise UsageError(problem[0], hint=problem[1])
    named = COMPANY if company is None else a_company(company)
    return TEMPLATE.replace(COMPANY, named, 1).replace(STAGING, url.rstrip("/"), 1)


def a_company(text: str) -> str:
    """A UUID, lower case. Raises `UsageError`."""
    from uuid import UUID

    try:
        return str(UUID(text))
    except ValueError as error:
        raise UsageError(f"{text} is no UUID", hint="it stands in Pleo's settings") from error


def _untrusted(folder: Path) -> list[Finding]:
    """The lines to set before a workspace that was there already may read its accounting system."""
    from pleoctl.sources.opening import open_source, untrusted
    from pleoctl.workspace import Workspace

    try:
        return [replace(finding, level="warning") for finding in untrusted(open_source(Workspace(folder / WORKSPACE)))]
    except PleoctlError:
        # What is wrong with the file is `validate`'s to tell.
        return []
