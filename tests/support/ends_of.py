"""How changes ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pleoctl.run.receipt import Receipt


def ends(applied: Receipt) -> dict[str, str]:
    """Status by address."""
    return {str(r.change.address): r.status for r in applied.results}
