"""Records of the log, told through the door; commands that say nothing of what they do never import this."""

from __future__ import annotations

import logging
import sys

from pleoctl.cli.door import traced
from pleoctl.cli.lines import as_json
from pleoctl.cli.lines import record as line
from pleoctl.text import Shown


def set_up_logging(*, verbose: bool, debug: bool) -> None:
    """Our own records from the level asked for; those of libraries are told where people ask for more than we say."""
    ours, others = _handler(debug=debug), _handler(debug=debug)
    others.setLevel(logging.WARNING if verbose or debug else logging.ERROR)
    logger = logging.getLogger("pleoctl")
    logger.setLevel(logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING)
    logger.handlers[:] = [ours]
    logger.propagate = False
    logging.getLogger("py.warnings").handlers[:] = [others]
    logging.lastResort = others


def _handler(*, debug: bool) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.terminator = ""
    handler.setFormatter(Records(debug=debug))
    return handler


class Records(logging.Formatter):
    """Records of a log, each on one line; below it the traceback of what was raised, with ``debug``."""

    def __init__(self, *, debug: bool) -> None:
        """Without ``debug`` there are no tracebacks."""
        super().__init__()
        self._debug = debug

    def format(self, record: logging.LogRecord) -> str:
        """The record as it is shown."""
        raised = record.exc_info[1] if record.exc_info and self._debug else None
        if as_json():
            more = {"exception": traced(raised).plain} if raised else {}
            return line(record.levelname.lower(), record.getMessage(), logger=record.name, **more)
        return (Shown.lines([record.getMessage()]) + (traced(raised) if raised else "")).plain
