"""The nouns: kinds of records and their field table, desired rows, live records, addresses."""

from pleoctl.model.addresses import Address, Bucket, Named
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, Kind
from pleoctl.model.records import DesiredState, Dimension, Live, Row

__all__ = [
    "ACCOUNT",
    "KINDS",
    "TAG",
    "TAG_GROUP",
    "Address",
    "Bucket",
    "DesiredState",
    "Dimension",
    "Kind",
    "Live",
    "Named",
    "Row",
]
