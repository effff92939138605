"""Classes by the types that sections name: ours, and those that third parties install."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoints


class Types(NamedTuple):
    """The types of a section: ours by where their classes are, the module that the extra of a type's name brings."""

    section: str
    group: str
    built_in: Mapping[str, str]
    extras: Mapping[str, str]

    def find(self, kind: str) -> Any:
        """The class behind a type, None where there is none. Raises `MissingExtra`."""
        if kind in self.built_in:
            return self._own(kind)
        return next((point.load() for point in self._installed() if point.name == kind), None)

    def names(self) -> set[str]:
        """All types at hand."""
        return {*self.built_in, *(point.name for point in self._installed())}

    def _installed(self) -> EntryPoints:
        from importlib.metadata import entry_points  # most sources and sinks are our own

        return entry_points(group=self.group)

    def _own(self, kind: str) -> Any:
        try:
            return resolve_name(self.built_in[kind])
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != self.extras.get(kind):
                raise
            words = f"the {kind} {self.section} needs the package {self.extras[kind]}"
            raise MissingExtra(words, hint=f"pip install 'pleoctl[{kind}]'") from error
