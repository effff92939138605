"""The published schemas hold what the kinds' rows say."""

from __future__ import annotations

import copy
import json

import pytest

from pleoctl.documents.composed import composed
from pleoctl.documents.published import schema_text


@pytest.mark.parametrize("name", ["desired-state", "plan", "receipt", "workspace"])
def test_the_shipped_schemas_are_what_the_kinds_make(name: str) -> None:
    """Written by ``composed``, byte for byte in meaning: change the row, then the file."""
    shipped = json.loads(schema_text(name))
    assert composed(name, copy.deepcopy(shipped)) == shipped
