"""Everything pleoctl writes to Pleo: creates and full-record PUTs, never a DELETE (S5, law 4)."""

from __future__ import annotations

from pleoctl.pleo.accounts import AccountWrites
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.tag_groups import GroupWrites
from pleoctl.pleo.tags import TagWrites
from pleoctl.pleo.tax_codes import TaxCodeWrites
from pleoctl.pleo.vendors import VendorWrites


class PleoWriter(PleoReader, TaxCodeWrites, AccountWrites, GroupWrites, TagWrites, VendorWrites):
    """Writes one company: the reads and writes of every kind."""
