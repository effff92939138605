"""How a job ends: one event, by the items as Pleo lists them (K1, C-5, C-6)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pleoctl.jobs.receipt import JobEnd
    from pleoctl.pleo.export_jobs import JobItem

SUCCESSFUL: Final = "successful"
DEFAULT_REASON: Final = "validation_failure"
#: Reason types that a job may have (K3); items know others.
JOB_REASONS: Final = frozenset(
    {
        "invalid_configuration",
        "missing_configuration",
        "authentication_failure",
        "accounting_system_authentication_failure",
        "pleo_rate_limit",
        "accounting_system_rate_limit",
        "service_unreachable",
        "accounting_system_unreachable",
        "validation_failure",
        "authorization_failure",
        "integration_unusable",
        "job_expired",
        "service_timeout",
        "accounting_system_timeout",
        "canceled_by_user",
    }
)
#: Reason types that an item may have (U5).
ITEM_REASONS: Final = frozenset(
    {
        "receipt_upload_failure",
        "receipt_download_failure",
        "receipt_file_size_limit_exceeded",
        "receipt_conversion_failure",
        "unexpected_failure",
        "invalid_configuration",
        "missing_configuration",
        "accounting_system_authentication_failure",
        "accounting_system_rate_limit",
        "accounting_system_unreachable",
        "validation_failure",
        "accounting_system_validation_failure",
        "authorization_failure",
        "accounting_system_timeout",
        "vendor_unknown",
        "account_unknown",
        "tax_code_unknown",
        "tag_unknown",
    }
)
DEFAULT_ITEM_REASON: Final = "accounting_system_validation_failure"


def item_reason(given: str) -> str:
    """A reason type that Pleo knows for an item."""
    return given if given in ITEM_REASONS else DEFAULT_ITEM_REASON


def ending(items: Sequence[JobItem]) -> tuple[JobEnd, tuple[str, str] | None]:
    """The closing event, and for ``failed`` its reason type and text."""
    failed = [item for item in items if item.status != SUCCESSFUL]
    if not failed:
        return "completed", None
    if len(failed) < len(items):
        return "completed_with_errors", None
    count = Counter(item.reason_type or DEFAULT_REASON for item in failed)
    common, most = count.most_common(1)[0]
    kind = common if most == len(failed) and common in JOB_REASONS else DEFAULT_REASON
    words = ", ".join(f"{number} × {reason}" for reason, number in count.most_common())
    return "failed", (kind, f"none of {many(len(items), 'item')} could be booked: {words}")
