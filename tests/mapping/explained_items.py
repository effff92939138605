"""A workspace whose items are explained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .conftest import HEAD, Cli

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Value


ROWS = """lines:
  rows:
  - {id: other, when: {supplier: Miro}, account: "1"}
  - {id: figma, when: {supplier: {startsWith: "Fig"}, amount: {range: [100, null]}}, account: "6541"}
  - {id: late, when: {supplier: FIGMA}, account: "2"}
"""


def explained(workspace: Path, cli: Cli, *given: Value, options: tuple[str, ...] = ()) -> Value:
    """The result of `explain` for some items."""
    (workspace / "mapping.yaml").write_text(HEAD + ROWS)
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("mapping", "explain", "items.json", "--format", "json", *options) == 0
    return cli.json["result"]
