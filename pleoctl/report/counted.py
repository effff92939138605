"""How many rows a source gave, in words; apart, since `export` says nothing else of what it read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.kinds import KINDS
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping


def counted_rows(counts: Mapping[str, int], *, least: int = 0) -> str:
    """How many rows a source gave of each section: ``7 tax codes, 453 accounts``; sections with fewer are left out."""
    kinds = (kind for kind in KINDS.values() if counts.get(kind.section, -1) >= least)
    return ", ".join(many(counts[kind.section], kind.noun) for kind in kinds)
