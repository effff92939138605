"""The files that hold the JSON Schemas of seeds and configs.

``python -m pleoctl.sandbox.schemas schemas`` writes them; a test holds the files to it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pleoctl.documents.published import write_schemas
from pleoctl.sandbox.config import config_schema
from pleoctl.sandbox.seed import seed_schema

Json = dict[str, Any]


def schemas() -> dict[str, Json]:
    """Each schema by its name."""
    return {"sandbox-config": config_schema(), "sandbox-seed": seed_schema()}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]), schemas())
