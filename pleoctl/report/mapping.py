"""Explanations for people: text, and a Mermaid graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.report.unlike import unlike
from pleoctl.text import Shown, terminal
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.rules.model import Rules

_LOSERS: Final = 12


def explanation_text(explained: dict[str, Any], rules: Rules) -> Shown:
    """An explanation as people read it."""
    return Shown.lines(_lines(explained, rules))


def _lines(explained: dict[str, Any], rules: Rules) -> Iterator[str]:
    named = f"{explained['accountingEntryId'] or 'item without id'}: {_types(explained) or 'no type'}"
    yield f"{named}, {explained['status']}"
    for step in explained["trace"]:
        yield from _step_lines(step)
    for entry in explained["entries"]:
        yield f"  {entry['kind']} entry of {explained['postingDate']}"
        for posting in entry["postings"]:
            yield f"    {posting_text(posting, rules)}"
    for warning in explained["warnings"]:
        yield f"  warning: {warning}"
    if explained["failureReasonType"]:
        yield f"  {explained['failureReasonType']}: {explained['failureReason']}"


def _types(explained: dict[str, Any]) -> str:
    return "/".join(part for part in (explained["type"], explained["subType"]) if part)


def _winner(step: dict[str, Any]) -> str:
    winner = step["winner"]
    return f"{winner['rule']} ({winner['file']}:{winner['line']})" if winner else ""


def posting_text(posting: dict[str, Any], rules: Rules) -> str:
    """``debit 6820 88.30 EUR (line)``."""
    amount = decimal(posting["amount"], rules.divisor(posting["currency"]))
    role = f" ({posting['role']})" if posting["role"] else ""
    return f"{posting['side']:<6} {posting['account']} {amount} {posting['currency']}{role}"


def _step_lines(step: dict[str, Any]) -> Iterator[str]:
    named, branch = _winner(step), f" → {step['branch']}" if step["branch"] else ""
    yield f"  {step['step']}:{named and f' {named}'}{branch}"
    for condition in step["conditions"]:
        yield f"      {_condition(condition)}: holds"
    near = [loser for loser in step["losers"] if not _other_type(loser["firstFailed"])]
    for loser in near[:_LOSERS]:
        failed = loser["firstFailed"]
        why = _failed(failed) if failed else "would match too, but comes later"
        yield f"    not {loser['rule']} ({loser['file']}:{loser['line']}): {why}"
    rest = len(step["losers"]) - len(near[:_LOSERS])
    if rest:
        others = ", most of them for other types" if 2 * (len(step["losers"]) - len(near)) > rest else ""
        yield f"    nor {many(rest, 'more row')}{others} (all of them: --format json)"


def _other_type(failed: dict[str, Any] | None) -> bool:
    return failed is not None and failed["field"] == "type"


def _failed(condition: dict[str, Any]) -> str:
    signs = unlike(condition["predicate"], condition["value"])
    return f"{_condition(condition)}: fails" + (f" (it has {signs})" if signs else "")


def _condition(condition: dict[str, Any]) -> str:
    wanted = json.dumps(condition["predicate"], ensure_ascii=False)
    return f"{condition['field']} {wanted}, the item has {json.dumps(condition['value'], ensure_ascii=False)}"


# --- graph -----------------------------------------------------------------------------------------------------


def graph(explained: dict[str, Any], rules: Rules) -> Shown:
    """The way of an item through the rules as a Mermaid flowchart."""
    nodes = list(_nodes(explained, rules))
    lines = ["flowchart TD"]
    lines += [f'  n{index}["{_label(text)}"]' for index, (text, _) in enumerate(nodes)]
    lines += [f"  n{parent} --> n{index}" for index, (_, parent) in enumerate(nodes) if parent is not None]
    return Shown.lines(lines)


def _nodes(explained: dict[str, Any], rules: Rules) -> Iterator[tuple[list[str], int | None]]:
    """Lines and parent of each node: the steps in a row, the outcome below the last of them."""
    yield [explained["accountingEntryId"], _types(explained)], None
    last = 0
    for step in explained["trace"]:
        yield [part for part in (step["step"], _winner(step), step["branch"]) if part], last
        last += 1
    if explained["failureReasonType"]:
        yield [explained["failureReasonType"], explained["failureReason"]], last
    for entry in explained["entries"]:
        yield [entry["kind"], *(posting_text(p, rules) for p in entry["postings"])], last


def _label(lines: list[str]) -> str:
    """Lines that Mermaid shows as it is: everything that could be its syntax or HTML becomes a character code."""
    return "<br/>".join(
        "".join(c if c.isalnum() or c in " .,:-_/→()" else f"#{ord(c)};" for c in terminal(line)) for line in lines
    )
