"""What documents that machines keep are made of."""

from __future__ import annotations

from msgspec import Struct


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """A part of a document that a machine keeps: its annotations are its shape, what they do not name is an error."""
