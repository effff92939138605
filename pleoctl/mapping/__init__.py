"""Accounts mapping: declarative rules that turn Pleo's export items into balanced accounting entries.

`load_rules` reads the rule files, `Catalog` holds what the accounting system has, `Engine` maps one item at a time,
`targets` lists the accounts that the rules name.
"""

from pleoctl.mapping.catalog import Catalog
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.rules.model import Rules
from pleoctl.mapping.targets import AccountUse, targets

__all__ = ["AccountUse", "Catalog", "Engine", "Rules", "load_rules", "targets"]
