"""``pleoctl completion``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.text import Shown


@as_command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(options: Options, *, shell: str) -> Output:
    """Print the completion script of a shell.

    Examples:
    pleoctl completion bash > ~/.local/share/bash-completion/completions/pleoctl
    pleoctl completion zsh > "${fpath[1]}/_pleoctl"
    pleoctl completion fish > ~/.config/fish/completions/pleoctl.fish

    """
    from click.shell_completion import get_completion_class

    from pleoctl.cli.main import cli

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    source = found(cli, {}, "pleoctl", "_PLEOCTL_COMPLETE").source()
    return Output(Shown.lines(source.rstrip("\n").split("\n")), source)
