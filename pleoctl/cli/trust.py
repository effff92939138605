"""``pleoctl trust``."""

from __future__ import annotations

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command
from pleoctl.cli.shared import offered
from pleoctl.text import Shown


@as_command("trust")
@click.argument("host", metavar="HOST|list", shell_complete=offered(lambda _: ["list"]))
def command(options: Options, *, host: str) -> Output:
    """Let workspaces send secrets to a host, for this user; or list such hosts.

    HOST is one exact host, with :port if only that port is meant. The presets' own hosts and this machine need no
    trust. In a pipeline set PLEOCTL_TRUSTED_HOSTS instead.

    Examples:
    pleoctl trust books.example.com
    pleoctl trust list

    """
    from pleoctl.workspace.trust import host_entry, store_host, stored_hosts

    if host == "list":
        options.command = "trust list"
        return _listed()
    entry = host_entry(host)
    new = store_host(entry)
    text = f"{entry} is trusted ({'stored' if new else 'as before'} in {stored_hosts()})"
    return Output(Shown.lines([text]), {"host": str(entry), "stored": new})


def _listed() -> Output:
    from pleoctl.report.table import table
    from pleoctl.workspace.trust import HOSTS, TrustedHosts, stored_hosts

    hosts = TrustedHosts()
    stored = [{"host": str(entry), "origin": str(stored_hosts())} for entry in hosts.stored()]
    found = [*({"host": str(entry), "origin": HOSTS} for entry in hosts.environment()), *stored]
    rows = [[one["host"], one["origin"]] for one in found]
    return Output(table(["host", "trusted by"], rows) if rows else Shown.lines(["No hosts are trusted."]), found)
