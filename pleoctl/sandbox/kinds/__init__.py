"""The kinds of record that the sandbox keeps: a module for each says with a `Part` what there is to know of it.

Nobody lists them: a module that is here is found.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from pleoctl.sandbox.parts import Part


def found() -> dict[str, Part]:
    """Every part by its kind, parents before their children."""
    modules = [import_module(f"{__name__}.{name}") for name in sorted(module.name for module in iter_modules(__path__))]
    parts = {part.kind: part for module in modules for part in vars(module).values() if isinstance(part, Part)}
    order = TopologicalSorter({kind: [part.parent] if part.parent else [] for kind, part in parts.items()})
    return {kind: parts[kind] for kind in order.static_order()}


PARTS: Final = found()


def children(kind: str) -> list[Part]:
    """The kinds whose rows the rows of this one carry."""
    return [part for part in PARTS.values() if part.parent == kind]
