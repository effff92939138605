"""Why an item has no entry: a reason type of Pleo's enumeration and a text that says what to do."""

from __future__ import annotations

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION, MISSING_CONFIGURATION, VALIDATION_FAILURE


class ItemFailure(Exception):
    """Ends the mapping of one item; the others go on (E4, M19)."""

    def __init__(self, reason_type: str, reason: str) -> None:
        """``reason_type`` is one of Pleo's failure reason types for items (U5)."""
        super().__init__(reason)
        self.reason_type = reason_type
        self.reason = reason


def look(reason: str) -> ItemFailure:
    """The item itself is not as Pleo's contract says, and nothing but a look at it helps."""
    return invalid(f"{reason}; look at the item in Pleo")


def invalid(reason: str) -> ItemFailure:
    """The item itself is not as Pleo's contract says."""
    return ItemFailure(VALIDATION_FAILURE, reason)


def missing(reason: str) -> ItemFailure:
    """Something that the item needs is not configured (I3)."""
    return ItemFailure(MISSING_CONFIGURATION, reason)


def wrong(reason: str) -> ItemFailure:
    """The configuration leads to something that cannot be (M20, D6, X7)."""
    return ItemFailure(INVALID_CONFIGURATION, reason)


def setting_missing(name: str) -> ItemFailure:
    """A role has no account."""
    return missing(f"no account is set for {name}; add accounts.{name} to the mapping rules")
