"""The JSON Schemas of posting plans and of jobs' receipts, made from the types that read them.

``python -m pleoctl.jobs.schemas schemas`` writes them; a test holds the files to it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from pleoctl.documents.published import write_schemas
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


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]), {one: schema_of(one) for one in TITLES})
