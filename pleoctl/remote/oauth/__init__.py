"""Signing in by OAuth 2: grants that are kept, renewed before they end, and never shown."""
