"""Field differences of two states of one record, by deepdiff; only asked where the states are unequal."""

from __future__ import annotations

from typing import Any


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of the fields that differ, sorted; None and absent are equal."""
    from deepdiff import DeepDiff  # 90 ms that an empty plan never needs

    names = sorted({*before, *after})
    diff = DeepDiff({n: before.get(n) for n in names}, {n: after.get(n) for n in names})
    return sorted(str(name) for name in diff.affected_root_keys)
