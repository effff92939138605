"""The process: ``pleoctl`` and ``python -m pleoctl`` begin and end here.

Signals and standard streams are taken over before anything else is imported, so that both are ours from the start.
Until then nothing has been done, and an interrupt ends the process as the system does: by the signal, without a word.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def program() -> None:
    """What is installed as ``pleoctl``: `main`, and the end of the process at once.

    All that is left in memory goes with the process; to take it apart first takes a thirtieth of a small `map`.
    """
    try:
        main()
    except SystemExit as ended:
        import threading

        if threading.active_count() > 1:
            raise
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no other name for what is due at the end of a process
        os._exit(int(ended.code or 0))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with the right code."""
    # One command, then the process ends: looking for garbage takes a thirtieth of the imports below, and of a plan of
    # 100,000 live rows a quarter.
    gc.set_threshold(200_000, 20, 100)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pleoctl.cli.ends import Ends
    from pleoctl.cli.signals import end_at_once, handled, ignore
    from pleoctl.machine import this_machine

    with handled(end_at_once):
        ends = Ends()
        code = ends.settle(_run(list(sys.argv[1:] if argv is None else argv)))
        this_machine().remove_unfinished()
    # All is said and done; what comes now does not make it anything else.
    ignore()
    # What goes with the process need not be searched for garbage, which takes longer than `--help` itself.
    gc.freeze()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from pleoctl.cli.signals import end_here, handled

    try:
        with handled(end_here):
            from pleoctl.cli.door import keep
            from pleoctl.cli.main import run

            keep()
            return run(arguments)
    except KeyboardInterrupt as error:
        from pleoctl.cli.boundary import end_interrupted

        return end_interrupted(error, arguments)


if __name__ == "__main__":
    main()
