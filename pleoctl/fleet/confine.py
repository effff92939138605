"""What a company's own process is kept from: other companies' files, their processes, and its own memory's readers.

Linux lets a process give up rights for itself and all that it starts (Landlock): what is left here is everything but
the hidden places, and of what all companies trust reading alone. A process so confined can neither look into processes
outside of it, whose environment and memory hold other companies' secrets, nor signal them. Where the kernel has no
Landlock, separate users are what keeps companies apart, and whoever starts the fleet is told so. Where it has, a
process that cannot be confined does nothing.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding, PleoctlError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_SET_DUMPABLE: Final = 4
_CAPABILITIES: Final = 0x20080522
"""The version of the calls that tell and set a process's capabilities, in two words each."""
#: What lets root look into processes and at devices all the same: files by handle, modules, raw memory, tracing,
#: administration, devices, performance events, programs in the kernel, checkpoints (numbers of linux/capability.h).
_POWERS: Final = (2, 16, 17, 19, 21, 27, 38, 39, 40)


_TRIES: Final = 20


class NotConfined(PleoctlError):
    """The kernel has Landlock and did not take the rights away: nothing of the company may run here."""

    code = "not-confined"

    def __init__(self, why: str) -> None:
        """``why`` is what the system says."""
        words = f"nothing was run: the company's process could not be kept from other companies' files ({why})"
        super().__init__(words, hint="let it use Landlock's three system calls, or trust all with `isolation: thread`")


def confine(hidden: Collection[str], read_only: Collection[Path] = ()) -> bool:
    """Give up every right below the hidden places (resolved paths), for good; False where the kernel has no Landlock.

    Raises `NotConfined` where it has and the rights could not be given up. Below those that are ``read_only`` nothing
    can be written; none may hold a hidden one or lie in it. Also what stands beside the way to them and is made later
    is out of reach, so folders that will be written must exist. Only for a process with one thread.
    """
    if sys.platform != "linux":
        return False
    _close_memory()
    _give_up_powers()
    # Places are opened only as the rules are applied: one that others took away by then makes all of them fail.
    try:
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):
                return _confine(hidden, read_only)
        return _confine(hidden, read_only)
    except (OSError, RuntimeError) as error:
        raise NotConfined(str(error)) from error


def unconfined() -> Finding | None:
    """What to tell before companies' processes are started where the kernel cannot keep them apart."""
    if _has_landlock():
        return None
    words = "this system has no Landlock, so programs that a company's process starts can open other companies' files"
    return Finding(
        NotConfined.code, words, "warning", hint="Linux 5.13 or newer has it; else keep companies apart by users"
    )


def _has_landlock() -> bool:
    if sys.platform != "linux":
        return False
    from py_landlock import LandlockDisabledError, LandlockError, LandlockNotAvailableError, get_abi_version

    try:
        get_abi_version()
    except (LandlockNotAvailableError, LandlockDisabledError):
        return False
    except LandlockError:
        return True  # there is one, which the processes will say that they may not use
    return True


def _confine(hidden: Collection[str], read_only: Collection[Path]) -> bool:
    from py_landlock import Landlock, LandlockDisabledError, LandlockError, LandlockNotAvailableError
    from py_landlock.abi import get_supported_fs
    from py_landlock.flags import AccessFs

    of_files = AccessFs.EXECUTE | AccessFs.WRITE_FILE | AccessFs.READ_FILE | AccessFs.TRUNCATE | AccessFs.IOCTL_DEV
    of_folders = AccessFs.EXECUTE | AccessFs.READ_FILE | AccessFs.READ_DIR
    try:
        rules = Landlock(strict=False).allow_all_network()
        whole = get_supported_fs(rules.abi_version)
        for place in read_only:
            with suppress(OSError, LandlockError):  # there is none
                rules.add_path_rule(place, access=of_folders if place.is_dir() else AccessFs.READ_FILE)
        for place in beside([*hidden, *map(str, read_only)]):
            with suppress(OSError, LandlockError):  # it is gone, or nobody may look at it
                rules.add_path_rule(place, access=whole if place.is_dir() else of_files)
        rules.apply()
    except (LandlockNotAvailableError, LandlockDisabledError):
        return False
    except LandlockError as error:
        raise NotConfined(str(error)) from error
    return True


def _close_memory() -> None:
    """Let nobody of the same user look into this process: its memory holds the key and the database's address."""
    import ctypes

    ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def _give_up_powers() -> None:
    """Give up what makes root see other processes in spite of Landlock; programs cannot get it back under its rules."""
    import ctypes

    system = ctypes.CDLL(None)
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable of the first 32, then of the others
    if system.capget(head, held) == 0:
        for power in _POWERS:
            for kind in range(3):
                held[3 * (power // 32) + kind] &= ~(1 << power % 32) & 0xFFFFFFFF
        system.capset(head, held)


def beside(places: Collection[str]) -> Iterator[Path]:
    """The topmost places that hold none of the closed ones; no links, for what they lead to is told itself."""
    closed, above = frozenset(places), _above(places)
    waiting = sorted(folder for folder in above if _holder(folder) == folder)
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                # Texts, not paths: thousands of companies stand beside each other, and each asks for itself.
                if entry.path in closed or entry.is_symlink():
                    continue
                if entry.path in above:
                    waiting.append(entry.path)
                else:
                    yield Path(entry.path)


def _above(places: Collection[str]) -> set[str]:
    """All folders that hold one of the places."""
    found: set[str] = set()
    for place in places:
        below, folder = place, _holder(place)
        while folder != below and folder not in found:
            found.add(folder)
            below, folder = folder, _holder(folder)
    return found


def _holder(place: str) -> str:
    return place.rpartition("/")[0] or "/"
