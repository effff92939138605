"""Pleo's API families on the one transport, a module per kind; reading and writing are two types (law 11)."""
