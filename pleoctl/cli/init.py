"""``pleoctl init``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, WORKSPACE, as_command
from pleoctl.errors import PleoctlError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.errors import Finding

#: The source that a new workspace begins with, until somebody writes its own.
SCAFFOLD: Final = """\
source:                                           # where `pleoctl export` reads the accounting system
  type: csv
  accounts: {path: as/accounts.csv}               # columns externalId, code, name, active, taxCodeExternalId
"""
TEMPLATE: Final = f"""\
# A pleoctl workspace: `pleoctl validate` checks it, `pleoctl config show` explains it.
apiVersion: pleoctl/v1
kind: Workspace
company: 00000000-0000-0000-0000-000000000000     # the UUID of your Pleo company; `pleoctl doctor` checks it
pleo:
  url: https://external.staging.pleo.io           # production: https://external.pleo.io
  auth: {{apiKey: env:PLEO_API_KEY}}                # or accessToken; env:NAME | file:PATH | cmd:COMMAND
{SCAFFOLD}desired: desired-state.yaml                       # what export writes and plan compares with Pleo
# dimensions: {{selected: []}}                      # tag groups and tags: `pleoctl dimensions list`, then `select CODE`
# mapping: mapping.yaml                           # rules that book expenses: docs/mapping.md, `pleoctl mapping check`
guard:
  maxArchive: {{count: 20, share: 0.2}}             # more archives than this need --allow-archive N
"""
ACCOUNTS: Final = """\
externalId,code,name,active
acc-1930,1930,Bank account,true
acc-6110,6110,Office supplies,true
"""
IGNORE: Final = """\
.pleoctl/
plan.json
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
    "as/accounts.csv": ACCOUNTS,
    ".gitignore": IGNORE,
    ".gitattributes": ATTRIBUTES,
}


@as_command("init")
@click.argument("folder", metavar="[DIR]", type=PATH, default=".")
def command(options: Options, *, folder: str) -> Output:
    """Scaffold a workspace; files that exist are never overwritten.

    Examples:
    pleoctl init
    pleoctl init books

    """
    from pleoctl.documents.files import keep_inside, write_atomically

    made, kept = [], []
    for name, content in FILES.items():
        path = Path(folder) / name
        if path.exists():
            kept.append(name)
        else:
            keep_inside(path, Path(folder))
            write_atomically(path, content.encode())
            made.append(name)
    lines = [f"wrote {name}" for name in made] + [f"kept {name}" for name in kept]
    missing = _untrusted(Path(folder))
    lines.append("Next: set company and url in pleoctl.yaml, export PLEO_API_KEY, then `pleoctl doctor`.")
    return Output(Shown.lines(lines), {"folder": folder, "wrote": made, "kept": kept}, missing)


def _untrusted(folder: Path) -> list[Finding]:
    """The lines to set before a workspace that was there already may read its accounting system."""
    from pleoctl.sources.opening import open_source, untrusted
    from pleoctl.workspace import Workspace

    try:
        return [replace(finding, level="warning") for finding in untrusted(open_source(Workspace(folder / WORKSPACE)))]
    except PleoctlError:
        # What is wrong with the file is `validate`'s to tell.
        return []
