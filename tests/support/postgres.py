"""A PostgreSQL of the tests' own, on loopback: Debian's package, started as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json

MISSING = "PostgreSQL is not installed (Debian: postgresql)"


def programs() -> Path | None:
    """Where the server's programs lie."""
    on_path = shutil.which("postgres")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[4])
    return Path(on_path).parent if on_path else found[-1].parent if found else None


def ordinary_user() -> Json:
    """How a program is started as somebody who is not root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """A running server; ``url`` is that of one of its databases."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        """Make a cluster in the folder; nothing runs yet."""
        self._binaries, self._folder = binaries, folder
        self.port = free_port()
        self._as = ordinary_user()
        self._made = 0
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        options = ["-D", "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", *options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, timeout=120, **self._as)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self) -> None:
        """Stop it as a machine that is switched off would."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://tests:s3cret-word@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """A new database; its url."""
        self._made += 1
        name = f"db{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def running() -> Iterator[Postgres | None]:
    """A server for the block; None where there is no PostgreSQL."""
    binaries = programs()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="pleoctl-pg-"))
    try:
        server = Postgres(binaries, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def pooler(server: Postgres, mode: str) -> Iterator[int | None]:
    """A PgBouncer before the server, for the block; its port, or None where there is none."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        yield None
        return
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="pleoctl-pgb-"))
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port} user=tests\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
    )
    as_whom = ordinary_user()
    folder.chmod(0o755)
    running_one = subprocess.Popen(
        [program, str(folder / "pgbouncer.ini")], stderr=subprocess.PIPE, text=True, **as_whom
    )
    try:
        for line in running_one.stderr or ():
            if "process up" in line:
                break
        yield port
    finally:
        running_one.terminate()
        running_one.communicate(timeout=20)
        shutil.rmtree(folder)
