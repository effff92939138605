"""Rules that book whatever the standard table knows, on the accounts of two usual charts."""

from __future__ import annotations

_RULES = """\
apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {%s}
vendors: {unmatched: fallback, match: [code], rows: []}
tax: {shape: code}
description: "{{ supplier.name }} {{ note }}"
include: [standard]
"""
BAS = _RULES % 'wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"'
"""On a Swedish chart."""
SKR = _RULES % 'wallet: "1360", outOfPocket: "1590", contra: "1200", accountsPayable: "1590"'
"""On a German one."""
