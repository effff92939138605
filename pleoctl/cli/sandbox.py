"""The ``sandbox`` command: a Pleo on this machine."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import PATH, as_command, write_output
from pleoctl.cli.door import say
from pleoctl.cli.shared import OUTPUT, as_group
from pleoctl.cli.signals import handled
from pleoctl.errors import InvalidFile, MissingExtra, PleoctlError
from pleoctl.place import Place
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox

_EXTRA: Final = frozenset({"uvicorn", "h11"})


@as_group("sandbox")
def sandbox_group() -> None:
    """Run a Pleo on this machine to try out and to test against."""


@as_command("serve", parent="sandbox")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on loopback (default: a free one).")
@click.option("--seed", metavar="FILE", type=PATH, help="YAML file with the company to start with.")
@click.option("--config", metavar="FILE", type=PATH, help="YAML file with settings and faults.")
@click.option("--ready-file", metavar="FILE", type=OUTPUT, help="JSON file to write once the port accepts.")
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="Answer requests for this Host, too (default: loopback's names).",
)
@click.option("--database", metavar="FILE", type=PATH, help="SQLite file that keeps the state (default: memory).")
def serve(
    options: Options,
    *,
    port: int,
    seed: str | None,
    config: str | None,
    ready_file: str | None,
    allow_host: tuple[str, ...],
    database: str | None,
) -> Output:
    """Serve a Pleo API on loopback until Ctrl-C.

    Prints its url, its company and an API key. The ready file holds url, company, apiKey and pid.
    A database that holds a company keeps it unless --seed is given.

    Examples:
      pleoctl sandbox serve
      pleoctl sandbox serve --port 8080 --seed company.yaml
      pleoctl sandbox serve --config faults.yaml --ready-file ready.json

    """
    pleo = _prepared(port, seed, config, database)
    try:
        _start(pleo, port, allow_host)
        ready = {"url": pleo.url, "company": pleo.company, "apiKey": pleo.api_key, "pid": os.getpid()}
        stopping = threading.Event()
        with handled(lambda _code: stopping.set()):
            if options.format == "text":
                say(Shown.lines(f"{name:<9}{ready[key]}" for name, key in _SHOWN.items()))
            content = (json.dumps(ready) + "\n").encode()
            if ready_file is not None:
                write_output(options, ready_file, content)
            # Who waits for a file that could not be written would wait for ever.
            if not options.unwritten:
                stopping.wait()
    finally:
        pleo.stop()
    return Output(data=ready)


_SHOWN: Final = {"url": "url", "company": "company", "key": "apiKey"}


def _prepared(port: int, seed: str | None, config: str | None, database: str | None) -> Sandbox:
    from pleoctl.sandbox import BadInput, Sandbox, Seed, load_config

    try:
        settings, faults = load_config(Path(config)) if config else (None, [])
        start = Seed.load(Path(seed)) if seed else None
        pleo = Sandbox(seed=start, settings=settings, database=database or ":memory:", port=port)
        pleo.add_fault(*faults)
    except BadInput as error:
        raise InvalidFile(f"{error.field}: {error.message}", place=Place.of(error.file)) from error
    return pleo


def _start(pleo: Sandbox, port: int, hosts: tuple[str, ...]) -> None:
    try:
        pleo.start(hosts=hosts)
    except OSError as error:
        words = f"port {port} cannot be taken: {error.strerror or error}"
        raise PleoctlError(words, hint="another with --port N; 0 takes a free one") from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise MissingExtra("the sandbox is an extra", hint="install pleoctl[sandbox]") from error


sandbox_group.add_command(serve)
command = sandbox_group
