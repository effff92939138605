"""Tryton as books: account moves by JSON-RPC."""
