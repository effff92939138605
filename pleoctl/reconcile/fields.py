"""Field differences of two states of one record; only asked where the states are unequal."""

from __future__ import annotations

from typing import Any


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of the fields that differ, sorted; None and absent are equal."""
    return [name for name in sorted({*before, *after}) if _differ(before.get(name), after.get(name))]


def _differ(before: Any, after: Any) -> bool:
    if type(before) is not type(after):
        return True
    if isinstance(before, dict | list):
        from deepdiff import DeepDiff  # 90 ms, which flat fields never need

        return bool(DeepDiff(before, after))
    return bool(before != after)
