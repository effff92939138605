"""Rows of the table of goals: many small companies by one command, whose start is taken off."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fleet import SEARCH, served, write_fleet
from measure import Result, against, pleoctl, python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KEY = "BENCH_KEY"
_MANY = 160
_CHANGED = 3
_PAGES = f"""
import json, requests
session = requests.Session()
session.auth, session.trust_env = ("sandbox-key", ""), False  # nor does pleoctl look for proxies at each request
for company in COMPANIES:
    for cursor in CURSORS:
        address = URL + "{SEARCH}?limit=100" + ("&after=" + cursor if cursor else "")
        body = {{"companyId": company, "excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}}
        json.loads(session.post(address, json=body, timeout=60).content)
"""


def fleets() -> Iterator[Result]:
    """A company of `fleet plan`, and its pages fetched by one session for all of them."""
    os.environ[_KEY] = "sandbox-key"
    with tempfile.TemporaryDirectory() as name, served() as (url, cursors):
        whole, one = Path(name) / "whole", Path(name) / "one"
        ids = write_fleet(whole, url, _MANY + 1, _CHANGED)
        write_fleet(one, url, 1, _CHANGED)

        def fetched(companies: Sequence[str]) -> float:
            return python(one, f"URL, CURSORS, COMPANIES = {url!r}, {cursors!r}, {list(companies)!r}\n{_PAGES}")

        ratio = against(
            lambda: pleoctl(whole, "fleet", "plan") - pleoctl(one, "fleet", "plan"),
            lambda: fetched(ids) - fetched(ids[:1]),
            7,
        )
        yield Result("a company of 300 accounts in fleet plan / fetching and parsing", ratio, 1.6)


ROWS = {"fleet": fleets}
