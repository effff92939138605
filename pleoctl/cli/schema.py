"""``pleoctl schema``."""

from __future__ import annotations

import json

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.cli.shared import offered
from pleoctl.text import Shown


def _names(_ctx: click.Context) -> list[str]:
    """Every schema's name."""
    from pleoctl.documents.published import schema_names

    return schema_names()


@as_command("schema")
@click.argument("name", required=False, shell_complete=offered(_names))
def command(options: Options, *, name: str | None) -> Output:
    """Print a JSON Schema (draft-07), or the names of all schemas.

    Editors with yaml-language-server check files against it as they are written:
    `# yaml-language-server: $schema=./workspace.schema.json` on top of a file.

    Examples:
    pleoctl schema
    pleoctl schema workspace > workspace.schema.json

    """
    from pleoctl.documents.published import schema_names, schema_text

    if name is None:
        names = schema_names()
        return Output(Shown.lines(names), names)
    text = schema_text(name)
    return Output(Shown.lines(text.rstrip("\n").split("\n")), json.loads(text))
