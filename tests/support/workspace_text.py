"""Workspace files as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"


TEXT = f"""\
apiVersion: pleoctl/v1
kind: Workspace
company: {COMPANY}
pleo: {{url: "https://external.pleo.io", auth: {{apiKey: "env:PLEO_API_KEY"}}}}
"""


SOURCELESS = f"""\
apiVersion: pleoctl/v1
kind: Workspace
company: {COMPANY}
pleo: {{url: "http://127.0.0.1:9", auth: {{apiKey: env:PLEO_API_KEY}}}}
# a comment of mine
dimensions: {{selected: []}}   # none yet
"""


def write(folder: Path, text: str = TEXT, name: str = "pleoctl.yaml") -> Path:
    """A workspace file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
