"""The mapping of a workspace: its rules, its catalogue, its input files."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import reading
from pleoctl.errors import Finding, InvalidFile
from pleoctl.mapping.catalog import Catalog
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.io.read import read_parts
from pleoctl.mapping.items import said
from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.rules.desired import filled
from pleoctl.place import Place
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.items import Defect, Item
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.model.records import DesiredState
    from pleoctl.workspace import Workspace

DEFAULT_FILE: Final = "mapping.yaml"
NOT_CHECKED: Final = "there is no desired state, so accounts, tags and their currencies were not checked"


def mapping_path(workspace: Workspace) -> Path:
    """The workspace's mapping file: what ``mapping`` names, else mapping.yaml. Raises `InvalidFile`."""
    path = workspace.mapping
    if path is None and not (workspace.root / DEFAULT_FILE).is_file():
        hint = f"write {DEFAULT_FILE}, and `mapping: {DEFAULT_FILE}` into the workspace file"
        raise InvalidFile("the workspace has no mapping rules", place=Place(workspace.document.shown), hint=hint)
    return path or workspace.root / DEFAULT_FILE


def rules_of(workspace: Workspace) -> Rules:
    """The workspace's rules. Raises `InvalidFile`."""
    return completed(load_rules(mapping_path(workspace), workspace.root), workspace)


def completed(rules: Rules, workspace: Workspace) -> Rules:
    """Rules with what they take from the workspace's desired state. Raises `InvalidFile`."""
    return filled(rules, lambda: desired_of(workspace))


def desired_of(workspace: Workspace) -> DesiredState | None:
    """The desired state at hand; None where there is none yet."""
    files = workspace.desired_files
    if not any(path.exists() for path, _ in files):
        return None
    from pleoctl.desired.read import load_desired  # only where there is one

    return load_desired(files)


def catalog_of(workspace: Workspace) -> Catalog | None:
    """The catalogue of the desired state at hand; None where there is no desired state yet."""
    desired = desired_of(workspace)
    return None if desired is None else Catalog.from_desired(desired, workspace.leave)


def engine_of(workspace: Workspace, *, catalog: bool = True) -> Engine:
    """The workspace's rules, compiled. Raises `InvalidFile`."""
    return Engine(rules_of(workspace), catalog_of(workspace) if catalog else None)


class Strays:
    """Items of another company than the workspace's, which `map` refuses and nobody else books."""

    def __init__(self, workspace: Workspace) -> None:
        self._company = workspace.company
        self._count = 0
        self._first: Item | Defect | None = None

    def pass_on(self, items: Iterable[Item | Defect]) -> Iterator[Item | Defect]:
        """All items, as they are."""
        for item in items:
            if (given := said(item.company_id)) is not None and given.lower() != self._company:
                self._count += 1
                self._first = self._first or item
            yield item

    def findings(self) -> list[Finding]:
        """One warning, with an example."""
        if self._first is None:
            return []
        words = f"{many(self._count, 'item', 'is', 'are')} of another company than the workspace's, {self._company}"
        example = f"first {self._first.accounting_entry_id} of {self._first.company_id}"
        return [Finding("other-company", f"{words}; {example}", "warning", hint="map refuses such a file")]


@contextmanager
def open_items(name: str) -> Iterator[Iterator[Item | Defect]]:
    """The export items of a file, or of standard input for ``-``. Raises `InvalidFile`."""
    with open_parts(name) as parts:
        yield chain.from_iterable(parts)


@contextmanager
def open_parts(name: str) -> Iterator[Iterator[Iterable[Item | Defect]]]:
    """The same in the parts of `read_parts`."""
    if name == "-" and sys.stdin is None:
        raise InvalidFile("is closed", place=Place("<stdin>"))
    if name == "-":
        yield read_parts(sys.stdin.buffer, "<stdin>")
        return
    with reading(name):
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below; what its reader does has errors of its own
    with stream:
        yield read_parts(stream, name)
