"""One transport for everyone: session, retries, rate budget, paging with proof of completeness."""

from pleoctl.http.budget import Budget
from pleoctl.http.errors import ApiError, Interrupted, LostAnswer, Unauthorised
from pleoctl.http.paging import read_pages
from pleoctl.http.transport import Counts, Transport

__all__ = [
    "ApiError",
    "Budget",
    "Counts",
    "Interrupted",
    "LostAnswer",
    "Transport",
    "Unauthorised",
    "read_pages",
]
