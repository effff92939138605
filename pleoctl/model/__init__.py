"""The nouns: kinds of records and their field table, desired rows, live records, addresses."""

from pleoctl.model.addresses import (
    account_address,
    base_address,
    escape_part,
    group_address,
    tag_address,
    unescape_part,
)
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, Kind
from pleoctl.model.records import DesiredState, Dimension, Live, Row

__all__ = [
    "ACCOUNT",
    "KINDS",
    "TAG",
    "TAG_GROUP",
    "DesiredState",
    "Dimension",
    "Kind",
    "Live",
    "Row",
    "account_address",
    "base_address",
    "escape_part",
    "group_address",
    "tag_address",
    "unescape_part",
]
