"""Folders of book files, one maker for each type of sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.sinks.files.datev import DatevFormat
from pleoctl.sinks.files.folder import FolderSink
from pleoctl.sinks.files.journals import BeancountFormat, HledgerFormat
from pleoctl.sinks.files.sie import SieFormat
from pleoctl.sinks.files.table import CsvFormat

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.files.format import Format


def beancount(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """A folder of beancount journals."""
    return _folder(section, folder, BeancountFormat(rules))


def hledger(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """A folder of hledger journals."""
    return _folder(section, folder, HledgerFormat(rules))


def table(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """A folder of CSV files."""
    return _folder(section, folder, CsvFormat(rules))


def sie(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """A folder of SIE 4I files."""
    _ = rules
    return _folder(section, folder, SieFormat(section))


def datev(section: dict[str, Any], folder: Path, rules: Rules) -> FolderSink:
    """A folder of DATEV posting batches."""
    return _folder(section, folder, DatevFormat(section, split=rules.tax_shape == "split"))


def _folder(section: dict[str, Any], folder: Path, form: Format) -> FolderSink:
    return FolderSink(folder, str(section["path"]), form)
