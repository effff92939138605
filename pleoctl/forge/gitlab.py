"""The counts that a GitLab merge request shows for a plan (``artifacts:reports:terraform``)."""

from __future__ import annotations

import json
from typing import Any


def gitlab_report(plan: dict[str, Any]) -> bytes:
    """``{create, update, delete}``: an unarchive counts as an update, an archive as a delete."""
    summary = plan["summary"]
    counts = {
        "create": summary["create"],
        "update": summary["update"] + summary["unarchive"],
        "delete": summary["archive"],
    }
    return (json.dumps(counts) + "\n").encode()
