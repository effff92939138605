"""One transport for everyone: session, retries, rate budget. No word of Pleo."""

from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, Interrupted, LostAnswer, Unauthorised
from pleoctl.remote.transport import Counts, Transport

__all__ = [
    "ApiError",
    "Budget",
    "Counts",
    "Interrupted",
    "LostAnswer",
    "Transport",
    "Unauthorised",
]
