"""The example passes the suite that every source passes: `pip install -e . pytest && pytest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.testing.sources import CHECKS, SourceCase

if TYPE_CHECKING:
    from pathlib import Path

CASE = SourceCase(
    {"type": "ini", "path": "chart.ini"},
    prepare=lambda folder: (folder / "chart.ini").write_text("[1000]\nname = Cash\n[2000]\nname = Old\nactive = no\n"),
    spoilt={"cut": lambda folder: (folder / "chart.ini").write_text("[1000]\nname = Cash\n[200")},
    rows={
        "accounts": [
            {"externalId": "1000", "code": "1000", "name": "Cash", "active": True},
            {"externalId": "2000", "code": "2000", "name": "Old", "active": False},
        ]
    },
)


@pytest.mark.parametrize("name", CHECKS)
def test_conforms(name: str, tmp_path: Path) -> None:
    """Each check in an empty folder."""
    CHECKS[name](CASE, tmp_path)
