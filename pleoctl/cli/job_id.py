"""The id of an export job on a command line."""

from __future__ import annotations

import re
from typing import Final

import click

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class JobId(click.ParamType[str]):
    """A UUID; anything else is said before Pleo is asked, whose own words tell less."""

    name = "job"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id as it is written."""
        if not _UUID.fullmatch(value):
            self.fail(f"{value!r} is no id of an export job: a UUID, as `pleoctl jobs list` shows it", param, ctx)
        return value


JOB_ID: Final = JobId()
