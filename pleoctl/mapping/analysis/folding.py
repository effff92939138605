"""Say a set of cells in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.vocabulary import CELLS, TYPES, Cell

if TYPE_CHECKING:
    from collections.abc import Iterable

Rest = frozenset[tuple[str | None, str]]


def fold(cells: Iterable[Cell]) -> list[str]:
    """Readable texts that together name exactly these cells, e.g. ``refund, chargeback by journal``."""
    by_type: dict[str, set[tuple[str | None, str]]] = {}
    for cell in cells:
        by_type.setdefault(cell.type, set()).add((cell.sub_type, cell.method))
    groups: dict[Rest | None, list[str]] = {}
    for kind in sorted(by_type, key=TYPES.index):
        rest = frozenset(by_type[kind])
        groups.setdefault(None if rest == _all_of(kind) else rest, []).append(kind)
    return [_text(types, rest) for rest, types in groups.items()]


def _all_of(kind: str) -> Rest:
    return frozenset((c.sub_type, c.method) for c in CELLS if c.type == kind)


def _text(types: list[str], rest: Rest | None) -> str:
    names = ", ".join(types)
    if rest is None:
        return names
    by_methods: dict[tuple[str, ...], list[str | None]] = {}
    for sub in sorted({s for s, _ in rest}, key=lambda s: (s is not None, s or "")):
        methods = tuple(sorted((m for s, m in rest if s == sub), reverse=True))
        by_methods.setdefault(methods, []).append(sub)
    return "; ".join(f"{names}{_subs(subs, types)} by {' or '.join(m)}" for m, subs in by_methods.items())


def _subs(subs: list[str | None], types: list[str]) -> str:
    if subs == [None] and all(len({s for s, _ in _all_of(kind)}) == 1 for kind in types):
        return ""
    return " with subtype " + " or ".join("none" if s is None else s for s in subs)
