"""A receipt for the places where CI systems show results."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from pleoctl.errors import Finding
from pleoctl.report.markdown import MAX_BYTES, fitting, more, size
from pleoctl.text import markdown

PROBLEMS: Final = ("failed", "ambiguous", "blocked")


def receipt_findings(receipt: dict[str, Any]) -> list[Finding]:
    """An error for each change that was not carried out because something went wrong."""
    failed = [change for change in receipt["changes"] if change["status"] in PROBLEMS]
    return [_finding(change, change["error"] or {}) for change in failed]


def _finding(change: dict[str, Any], error: dict[str, Any]) -> Finding:
    code, message = error.get("code") or change["status"], error.get("message") or "no message"
    return Finding(code, f"{change['action']} {change['status']}: {message}", address=change["address"])


def receipt_markdown(receipt: dict[str, Any], *, max_bytes: int = MAX_BYTES) -> str:
    """Outcome, counts, and what went wrong."""
    counts = Counter((change["action"], change["status"]) for change in receipt["changes"])
    head = [f"## Apply: {receipt['outcome']}", "", f"Plan `{receipt['planId']}`, run `{receipt['runId']}`", ""]
    if counts:
        head += ["| action | status | changes |", "|---|---|---:|"]
        head += [f"| {action} | {status} | {number} |" for (action, status), number in sorted(counts.items())]
        head.append("")
    lines = [
        f"- **{change['status']}** {change['action']} {markdown(change['address'])}: "
        f"{markdown((change['error'] or {}).get('message') or 'no message')}"
        for change in receipt["changes"]
        if change["status"] in PROBLEMS
    ]
    shown = fitting(lines, max_bytes - size("\n".join(head)) - size(more(len(lines), "receipt")))
    rest = [more(len(lines) - len(shown), "receipt")] if len(shown) < len(lines) else []
    return "\n".join([*head, *shown, *rest]) + "\n"
