"""Receipts as they are read back: what is refused, and that types and schema say the same."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from outlines import outline
from pleoctl.documents.published import schema_text
from pleoctl.errors import ExitCode, InvalidFile
from pleoctl.run.kept import KeptReceipt, read_receipt

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

RECEIPT: Json = {
    "formatVersion": 1,
    "kind": "Receipt",
    "planId": "sha256:0",
    "runId": "r",
    "outcome": "done",
    "changes": [
        {
            "address": "account:a",
            "action": "update",
            "status": "done",
            "pleoId": "id-1",
            "before": {"archived": False, "code": "1", "name": "Old"},
            "after": {"archived": False, "name": "N"},
            "error": None,
        }
    ],
    "requests": {"read": 1, "write": 1, "retries": 0},
    "startedAt": "t",
    "finishedAt": "t",
}


def changed(**fields: Value) -> Json:
    """The receipt with its change changed."""
    made = copy.deepcopy(RECEIPT)
    made["changes"][0] |= fields
    return made


def read(tmp_path: Path, receipt: Json) -> KeptReceipt:
    """The receipt from a file."""
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    return read_receipt(file, "receipt.json")


def test_a_receipt_reads_back(tmp_path: Path) -> None:
    """Also one of an earlier version, which names no company."""
    assert read(tmp_path, RECEIPT).changes[0].address.key == "a"
    assert read(tmp_path, {**RECEIPT, "company": "c", "url": "u"}).company == "c"


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        (changed(address="account:%61"), "changes.0.address"),
        (changed(address="customer:a"), "changes.0.address"),
        (changed(pleoId="../x"), "changes.0.pleoId"),
        (changed(status="fine"), "changes.0.status"),
        (changed(after={}), "changes.0"),
        (changed(after={"archived": 1}), "changes.0"),
        (changed(before={"archived": False, "metadata": "x"}), "changes.0"),
        (changed(extra=1), "changes.0"),
        ({**RECEIPT, "requests": {"read": 1}}, "requests"),
        ({**RECEIPT, "formatVersion": 2}, "has formatVersion"),
        ({**RECEIPT, "kind": "Plan"}, "is not a receipt"),
    ],
)
def test_a_doctored_receipt_is_refused_with_its_place(tmp_path: Path, receipt: Json, told: str) -> None:
    """Exit 78; nothing is taken back by what no pleoctl wrote."""
    with pytest.raises(InvalidFile) as caught:
        read(tmp_path, receipt)
    assert caught.value.exit_code is ExitCode.INVALID
    assert caught.value.findings[0].message.startswith(told)


def test_types_and_schema_say_the_same() -> None:
    """The published schema and the types that receipts are decoded into have one shape."""
    published = json.loads(schema_text("receipt"))
    made = msgspec.json.schema(KeptReceipt, schema_hook=lambda _: {"type": "string"})
    shapes = [outline(made, made), outline(published, published)]
    for shape in shapes:
        # A finding in a receipt has every field, in other documents the empty ones may be left out.
        shape["keys"].pop("findings")
    assert shapes[0] == shapes[1]
