"""Example packages, built and installed for one test alone."""

from __future__ import annotations

import os
import sys
import zipfile
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING

from hatchling.build import build_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def plugged_in(example: Path, folder: Path) -> Iterator[Path]:
    """The folder that it is installed in: its wheel, unpacked as installers do, on the path for the block."""
    site = folder / "site"
    with chdir(example):
        wheel = build_wheel(os.fspath(folder))
    with zipfile.ZipFile(folder / wheel) as packed:
        packed.extractall(site)
        modules = {name.partition("/")[0] for name in packed.namelist() if name.endswith("/__init__.py")}
    sys.path.insert(0, os.fspath(site))
    yield site
    sys.path.remove(os.fspath(site))
    for module in modules:
        sys.modules.pop(module, None)
