"""The counts that a GitLab merge request shows for a plan (``artifacts:reports:terraform``)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pleoctl.plan.artifact import Plan


def gitlab_report(plan: Plan) -> bytes:
    """``{create, update, delete}``: an unarchive or a confirmation counts as an update, an archive as a delete."""
    summary = plan.head.summary
    counts = {
        "create": summary.create,
        "update": summary.update + summary.unarchive + summary.confirm,
        "delete": summary.archive,
    }
    return (json.dumps(counts) + "\n").encode()
