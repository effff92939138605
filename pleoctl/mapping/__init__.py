"""Accounts mapping: declarative rules that turn Pleo's export items into balanced accounting entries."""
