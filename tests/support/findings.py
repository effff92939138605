"""Where findings stand, for tests that look at nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pleoctl.errors import Finding


def line_of(finding: Finding) -> int | None:
    """The line that a finding points at."""
    return None if finding.place is None else finding.place.line


def column_of(finding: Finding) -> int | None:
    """The column that a finding points at."""
    return None if finding.place is None else finding.place.column
