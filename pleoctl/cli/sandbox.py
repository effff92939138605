"""The ``sandbox`` command: a Pleo on this machine."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("sandbox")
def sandbox_group() -> None:
    """Run a Pleo on this machine, to try pleoctl out and to test against."""


@sandbox_group.command("serve")
@click.option(
    "--port", default=0, show_default="a free one", type=click.IntRange(0, 65535), help="Port on loopback."
)
@click.option("--seed", type=_FILE, help="YAML file with the company to start with.")
@click.option("--config", type=_FILE, help="YAML file with settings and faults.")
@click.option("--ready-file", type=_NEW_FILE, help="JSON file to write once the port accepts.")
@click.option("--database", type=_NEW_FILE, help="SQLite file that keeps the state. Default: memory.")
def serve(
    port: int, seed: Path | None, config: Path | None, ready_file: Path | None, database: Path | None
) -> None:
    r"""Serve a Pleo API on loopback until Ctrl-C.

    Prints its url, its company and an API key. The ready file holds url, company, apiKey and pid.
    A database that holds a company keeps it unless --seed is given.

    \b
    Examples:
      pleoctl sandbox serve
      pleoctl sandbox serve --port 8080 --seed company.yaml
      pleoctl sandbox serve --config faults.yaml --ready-file ready.json
    """
    stopping = _stop_on_signals()
    pleo = _prepared(port, seed, config, database)
    try:
        pleo.start()
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror}") from None
    try:
        _announce(pleo, ready_file)
        stopping.wait()
    finally:
        pleo.stop()


def _prepared(port: int, seed: Path | None, config: Path | None, database: Path | None) -> Sandbox:
    try:
        from pleoctl.sandbox import BadInput, Sandbox, Seed, load_config  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn", "h11"}:
            raise
        raise click.ClickException("the sandbox is an extra: install pleoctl[sandbox]") from None
    try:
        settings, faults = load_config(config) if config else (None, [])
        pleo = Sandbox(
            seed=Seed.load(seed) if seed else None,
            settings=settings,
            database=str(database) if database else ":memory:",
            port=port,
        )
        pleo.add_fault(*faults)
    except BadInput as error:
        raise click.ClickException(str(error)) from None
    return pleo


def _announce(pleo: Sandbox, ready_file: Path | None) -> None:
    click.echo(f"url      {pleo.url}")
    click.echo(f"company  {pleo.company}")
    click.echo(f"key      {pleo.api_key}")
    if ready_file is not None:
        ready = {"url": pleo.url, "company": pleo.company, "apiKey": pleo.api_key, "pid": os.getpid()}
        _write_beside(ready_file, ready)


def _write_beside(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that whoever waits for it never sees half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        json.dump(content, file)
        file.write("\n")
    Path(file.name).replace(path)


def _stop_on_signals() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


command = sandbox_group
