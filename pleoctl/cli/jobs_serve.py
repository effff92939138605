"""``pleoctl jobs serve``: watch the queue, and look at once when Pleo says that a job was created."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING

import click

from pleoctl.cli.common import after_round, as_command, open_workspace, seconds, write_output
from pleoctl.cli.door import tell
from pleoctl.cli.jobs_run import Runner, Watch, interval, run_options
from pleoctl.cli.shared import OUTPUT
from pleoctl.errors import UsageError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options, Output


@as_command("serve", parent="jobs")
@click.option(
    "--secret",
    "secrets",
    metavar="REF",
    multiple=True,
    required=True,
    help="The signing secret of Pleo's subscription: env:NAME, file:PATH or cmd:…; repeatable.",
)
@click.option(
    "--listen",
    metavar="[HOST:]PORT",
    default="127.0.0.1:8787",
    show_default=True,
    help="Where to listen for messages; port 0 takes a free one.",
)
@click.option("--path", metavar="PATH", default="/", show_default=True, help="The path that messages are posted to.")
@click.option(
    "--window",
    metavar="DURATION",
    default="5m",
    show_default=True,
    help="How far a message's timestamp may lie from this machine's clock.",
)
@click.option(
    "--watch", metavar="DURATION", default="5m", show_default=True, help="How often to look for jobs without a message."
)
@click.option("--ready-file", metavar="FILE", type=OUTPUT, help="JSON file to write once the port accepts.")
@run_options
def serve(
    options: Options,
    *,
    secrets: tuple[str, ...],
    listen: str,
    path: str,
    window: str,
    watch: str,
    ready_file: str | None,
    take_over: bool,
    lock_timeout: str | None,
) -> Output:
    """Watch, and look at once when Pleo tells of a job.

    It does what `jobs run --watch` does, and listens.
    Messages of Pleo's webhook `v1.export-job.created` are hints: what is not signed with the subscription's secret, too
    old, or came before is passed over, and none is needed, since the queue is read every DURATION all the same.

    Put a proxy with TLS before it. `GET /healthz` answers 200.

    Examples:
    pleoctl jobs serve --secret env:PLEO_WEBHOOK_SECRET
    pleoctl jobs serve --secret file:secrets/webhook --listen 0.0.0.0:8080 --path /pleo --watch 10m

    """
    from pleoctl.cli.applying import patience
    from pleoctl.cli.signals import stoppable
    from pleoctl.fleet.jobs import reviewed
    from pleoctl.jobs.notices import Notices, signing_key
    from pleoctl.jobs.receiver import HEALTH, Receiver

    address, every = _address(listen), interval(watch, "--watch")
    wait, young = patience(lock_timeout), seconds(window, "--window")
    references = [_reference(secret) for secret in secrets]
    if not path.startswith("/") or path == HEALTH:
        raise UsageError(f"--path {path} is none for messages", hint=f"it begins with / and is not {HEALTH}")
    workspace = reviewed(open_workspace(options))
    keys = [signing_key(workspace.auth[1].beside(reference).reveal()) for reference in references]
    notices = Notices(keys, workspace.company, young)
    with stoppable() as stop:
        runner = Runner.of(workspace, stop, wait, take_over=take_over)
        runner.rounds.try_open()
        with Receiver(address, path, notices, stop.bell.set) as receiver:
            tell(Shown.lines([f"listening for messages at {receiver.url}"]))
            if ready_file is not None:
                content = json.dumps({"url": receiver.url, "pid": os.getpid()}) + "\n"
                write_output(options, ready_file, content.encode(), inputs=workspace.inputs)
            return Watch(runner, every, after=partial(after_round, options)).go()


def _reference(secret: str) -> str:
    """A reference to a secret; the secret itself would stand in the list of processes for all to see."""
    from pleoctl.workspace.secrets import is_reference

    if not is_reference(secret):
        raise UsageError("--secret takes a reference, not the secret", hint="env:NAME, file:PATH or cmd:…")
    return secret


def _address(listen: str) -> tuple[str, int]:
    """Host and port of ``--listen``. Raises `UsageError`."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):  # the last port there is
        raise UsageError(f"--listen {listen} has no port", hint="e.g. 127.0.0.1:8787 or [::1]:8787")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)
