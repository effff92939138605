"""What the books of each preset can hold: a table for the command, and with recipes for docs/sinks.md (`make docs`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.sinks.http.presets import PRESETS, capabilities_of, load_preset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.sinks.base import Capabilities
    from pleoctl.sinks.http.presets import SinkPreset

BEGIN: Final = "<!-- presets: made by `make docs` -->"
END: Final = "<!-- end of presets -->"


def preset_heads() -> list[str]:
    """The heads of the columns."""
    return ["PRESET", "SYSTEM", "KEY", "DRAFTS", "TAGS", "FILES", "LOOK-UP BY", "VARIABLES"]


def preset_rows(presets: Iterable[SinkPreset]) -> list[list[str]]:
    """A row for each."""
    return [_row(one, capabilities_of(one)) for one in presets]


def _row(preset: SinkPreset, can: Capabilities) -> list[str]:
    key = f"{can.key.length or 'any'}" + ("" if can.key.alphabet == "any" else f" {can.key.alphabet}")
    drafts = "only" if can.only_drafts else "yes" if can.drafts else "no"
    tags = "any" if can.dimensions is None else ", ".join(sorted(can.dimensions)) or "no"
    files = "yes" if can.attachments else "no"
    return [preset.name, preset.title, key, drafts, tags, files, _asked(preset), ", ".join(preset.variables) or "-"]


def _asked(preset: SinkPreset) -> str:
    """How many keys one request looks up."""
    find = preset.sink["find"]
    first = find[0] if isinstance(find, list) else find
    if "many" in first:
        return f"{first['many']['size']} keys"
    return "range of dates" if "{since}" in str(first) else "key" if "{key}" in str(first) else "whole list"


def markdown_table() -> str:
    """The table of docs/sinks.md."""
    heads = [head.lower() for head in preset_heads()]
    rows = preset_rows(load_preset(name) for name in PRESETS.names())
    lines = [heads, ["---"] * len(heads), *([f"`{row[0]}`", *row[1:]] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def recipes() -> str:
    """A section for each preset: what to set, and what it does and cannot do."""
    return "\n\n".join(_recipe(load_preset(name)) for name in PRESETS.names())


def _recipe(preset: SinkPreset) -> str:
    lines = [f"#### {preset.title}", "", "```yaml", "sink:", "  type: http", f"  preset: {preset.name}"]
    if not preset.base_url:
        lines.append("  baseUrl: https://erp.example.com")
    lines.append("  currency: EUR")
    if preset.variables:
        lines += ["  variables:", *(f"    {name}: …   # {words}" for name, words in preset.variables.items())]
    lines += ["```", "", f"{preset.api}. The credential: {', '.join(_references(preset.sink['auth']))}.", ""]
    return "\n".join([*lines, *(f"- {note}" for note in preset.notes)])


def _references(auth: object) -> list[str]:
    """The references of a section ``auth``."""
    if isinstance(auth, dict):
        return [found for value in auth.values() for found in _references(value)]
    return [f"`{auth}`"]


def written(page: str) -> str:
    """A page with table and recipes between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{markdown_table()}\n\n{recipes()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
