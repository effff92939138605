"""A small desired state as text."""

from __future__ import annotations

HEAD = "apiVersion: pleoctl/v1\nkind: DesiredState\n"


ROWS = HEAD + (
    "accounts:\n"
    '- {externalId: "a", code: "1", name: "Ä # b: c", taxCodeExternalId: null, currency: "EUR"}\n'
    '- {externalId: "b", name: "B", active: false, hold: "why"}\n'
    "dimensions:\n"
    '- code: "D"\n  name: "Dim"\n  values:\n  - {code: "1", name: "One", expires: "2030-01-31"}\n'
    '- {code: "E", name: "Else"}\n'
)
