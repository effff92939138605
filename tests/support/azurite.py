"""An Azure Blob Storage of the tests' own, on loopback: Azurite of the npm registry, which keeps conditional writes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING: Final = "Azurite is not installed; PLEOCTL_AZURITE names the folder where `npm install azurite` was run"
CONTAINER: Final = "locks"
_ACCOUNT: Final = "devstoreaccount1"
# The emulator's own account and key, which its documentation publishes.
_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_VERSION: Final = "2021-12-02"


def program() -> Path | None:
    """The server's script, where it was installed."""
    folder = os.environ.get("PLEOCTL_AZURITE")
    found = Path(folder, "node_modules/azurite/dist/src/blob/main.js") if folder else None
    return found if found is not None and found.exists() and shutil.which("node") else None


@contextmanager
def running(script: Path) -> Iterator[int]:
    """A server with an empty container for the block; its port."""
    port = free_port()
    options = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    command = ["node", str(script), *options, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in server.stdout or ():
            if "successfully listens" in line:
                break
        _make_container(port)
        yield port
    finally:
        server.terminate()
        server.communicate(timeout=20)


def environment(url: str) -> dict[str, str]:
    """How a client is led there: as by somebody who names an endpoint and an account."""
    return {
        "AZURE_STORAGE_ENDPOINT": f"{url}/{_ACCOUNT}",
        "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": _KEY,
    }


def _make_container(port: int) -> None:
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
    told = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    signed = "PUT" + "\n" * 12 + told + f"/{_ACCOUNT}/{_ACCOUNT}/{CONTAINER}\nrestype:container"
    proof = base64.b64encode(hmac.digest(base64.b64decode(_KEY), signed.encode(), hashlib.sha256)).decode()
    url = f"http://127.0.0.1:{port}/{_ACCOUNT}/{CONTAINER}?restype=container"
    requests.put(
        url, headers={**headers, "Authorization": f"SharedKey {_ACCOUNT}:{proof}"}, timeout=20
    ).raise_for_status()
