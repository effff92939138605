"""Accounts mapping: declarative rules that turn Pleo's export items into balanced accounting entries.

``rules`` reads the rule files, ``engine`` maps one item at a time, ``analysis`` proves rules sound, ``suites`` runs
their tests, ``io`` reads items and writes entries; `Catalog` holds what the accounting system has.
"""
