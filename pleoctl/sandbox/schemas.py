"""The files that hold the JSON Schemas of seeds and configs.

``python -m pleoctl.sandbox.schemas schemas`` writes them; a test holds the files to it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pleoctl.sandbox.config import config_schema
from pleoctl.sandbox.seed import seed_schema

Json = dict[str, Any]


def schemas() -> dict[str, Json]:
    """Each schema by its name."""
    return {"sandbox-config": config_schema(), "sandbox-seed": seed_schema()}


def text_of(schema: Json) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (Path(sys.argv[1]) / f"{name}.schema.json").write_text(text_of(schema), encoding="utf-8")
