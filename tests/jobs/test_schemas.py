"""Posting plans and receipts of jobs are what their published schemas say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.published import schema_file, schema_text
from pleoctl.documents.schemas import validator
from pleoctl.jobs.schemas import TITLES, schema_of

if TYPE_CHECKING:
    from job_outcomes import MakeBooks
    from tests.conftest import Cli


@pytest.mark.parametrize("name", TITLES)
def test_the_schemas_are_made_from_the_types(name: str) -> None:
    """The files are what `python -m pleoctl.jobs.schemas schemas` writes."""
    assert schema_text(name) == schema_file(schema_of(name))


def test_what_is_written_fits_its_schema(books: MakeBooks, cli: Cli) -> None:
    """A plan, a receipt; and not one with a key that nobody knows."""
    folder = books()
    cli("jobs", "plan", "-o", "plan.json")
    cli("apply", "plan.json", "--receipt", "receipt.json")
    for name, file in (("posting-plan", "plan.json"), ("job-receipt", "receipt.json")):
        data = json.loads((folder / file).read_text())
        assert [error.message for error in validator(name).iter_errors(data)] == []
        assert list(validator(name).iter_errors({**data, "surprise": 1}))
