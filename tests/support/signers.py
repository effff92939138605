"""People with SSH keys, and the file in which a pipeline names those who may approve."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HAS_SSH = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH signs and judges")


def keys_of(folder: Path, *names: str) -> None:
    """A key a person: ``NAME`` and ``NAME.pub``."""
    for name in names:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True)


def allowed_signers(folder: Path, people: dict[str, str]) -> str:
    """The file's text, with each person's options."""
    return "".join(
        f"{name}@example.com {options} {(folder / f'{name}.pub').read_text()}" for name, options in people.items()
    )
