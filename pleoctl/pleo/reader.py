"""Everything pleoctl reads from Pleo. This type has no method that writes (law 11)."""

from __future__ import annotations

from msgspec import Struct

from pleoctl.pleo import wire
from pleoctl.pleo.accounts import AccountReads
from pleoctl.pleo.tag_groups import GroupReads
from pleoctl.pleo.tags import TagReads
from pleoctl.pleo.tax_codes import TaxCodeReads
from pleoctl.pleo.vendors import VendorReads


class Introspection(Struct, frozen=True):
    """Operation ``introspect``: how the credential authenticates, its scopes and its subject (a URN)."""

    method: str
    scopes: frozenset[str]
    subject: str | None


class PleoReader(TaxCodeReads, AccountReads, GroupReads, TagReads, VendorReads):
    """Reads one company: the reads of every kind."""

    def introspect(self) -> Introspection:
        """Operation ``introspect``."""
        data = wire.data_of(self._http.read("GET", "/v1/introspect").body)
        return Introspection(
            str(data.get("authMethod")),
            frozenset(str(data.get("scope") or "").split()),
            data.get("subjectURN"),
        )
