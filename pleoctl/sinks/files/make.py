"""Folders of book files, by the type of the sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.sinks.files.datev import DatevFormat
from pleoctl.sinks.files.folder import FolderSink
from pleoctl.sinks.files.journals import BeancountFormat, HledgerFormat
from pleoctl.sinks.files.sie import SieFormat
from pleoctl.sinks.files.table import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.files.format import Format

FORMATS: Final[dict[str, Callable[[dict[str, Any], Rules], Format]]] = {
    "beancount": lambda _section, rules: BeancountFormat(rules),
    "hledger": lambda _section, rules: HledgerFormat(rules),
    "csv": lambda _section, rules: CsvFormat(rules),
    "sie": lambda section, _rules: SieFormat(section),
    "datev": lambda section, rules: DatevFormat(section, split=rules.tax_shape == "split"),
}
"""What makes the format of each type, of its section and the rules."""


def folder_sink(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """The books of a section."""
    return FolderSink(folder, str(section["path"]), FORMATS[section["type"]](section, rules))
