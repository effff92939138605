"""The JSON Schemas of posting plans and of jobs' receipts, made from the types that read them.

``python -m pleoctl.jobs.schemas schemas`` writes them; a test holds the files to it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from pleoctl.jobs.document import PostingPlan
from pleoctl.jobs.receipt import JobReceipt

TITLES: Final = {
    "posting-plan": ("pleoctl posting plan", PostingPlan),
    "job-receipt": ("pleoctl receipt of an export job", JobReceipt),
}


def schema_of(name: str) -> dict[str, Any]:
    """A schema by its name; everything that pleoctl always writes is required."""
    title, document = TITLES[name]
    made = msgspec.json.schema(document, ref_template="#/definitions/{name}")
    definitions = made["$defs"]
    top = definitions.pop(document.__name__)
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"https://pleoctl.dev/schemas/{name}.schema.json",
        "title": title,
    }
    return {**head, **top, "title": title, "required": _always(document), "definitions": definitions}


def _always(document: Any) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(document) if field.default is not msgspec.UNSET]


def text_of(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for one in TITLES:
        (Path(sys.argv[1]) / f"{one}.schema.json").write_text(text_of(schema_of(one)), encoding="utf-8")
