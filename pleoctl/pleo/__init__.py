"""Pleo's API families on the one transport; reading and writing are two types (law 11)."""

from pleoctl.pleo.connect import connect
from pleoctl.pleo.reader import Introspection, PleoReader
from pleoctl.pleo.writer import PleoWriter

__all__ = ["Introspection", "PleoReader", "PleoWriter", "connect"]
