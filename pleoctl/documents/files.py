"""Reading with a limit and writing beside, then renaming: a file is whole or it is the old one."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING, BinaryIO, Final

from pleoctl.errors import InvalidFile, NotWritten, Refused
from pleoctl.machine import this_machine
from pleoctl.place import Place
from pleoctl.streams import Steady

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 256 * 1024 * 1024
_PIECE: Final = 64 * 1024
_FULL: Final = "free some space, or write to another disk"
_RIGHTS: Final = "see the permissions of the file and its folder"
_STEM: Final = 40  # of a name, beside what a temporary one needs: names may have 255 bytes
NOT_PLAIN: Final = "is a pipe or a device, not a file"
_END: Final = "let it be a plain file"
_WAY: Final = "remove it, or name another file"
_FIXES: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "choose a disk that can be written",
    errno.EISDIR: "name a file in it",
    errno.ENOTDIR: _WAY,
    errno.EEXIST: _WAY,
    errno.ELOOP: _WAY,
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EMFILE: "allow more open files: ulimit -n",
    errno.ENFILE: "allow more open files: ulimit -n",
    errno.EIO: "see whether the disk is sound",
}


def read_bytes(path: Path, shown: str | None = None, *, limit: int = MAX_BYTES, given: bool = False) -> bytes:
    """The bytes of a file, of at most ``limit`` bytes. Raises `InvalidFile`.

    Only a path that somebody has ``given`` to this run may be a pipe or a device: one that a file names could keep
    the run waiting for ever.
    """
    name = shown or str(path)
    with reading(name), open(path, "rb", opener=None if given else _at_once) as stream:
        state = os.fstat(stream.fileno())
        if not given and not S_ISREG(state.st_mode):
            raise InvalidFile(NOT_PLAIN, place=Place(name), hint=_END)
        return _limited(stream, name, limit, state.st_size)


def require_plain(path: Path, shown: str) -> None:
    """Raise `InvalidFile` for what is there and no run would read, without opening it: a folder, a pipe, a device."""
    with suppress(OSError):
        mode = path.stat().st_mode
        if not S_ISREG(mode):
            words, fix = ("is a folder, not a file", None) if S_ISDIR(mode) else (NOT_PLAIN, _END)
            raise InvalidFile(words, place=Place(shown), hint=fix)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """What goes wrong while a file is read, as `InvalidFile` with its name."""
    try:
        yield
    except FileNotFoundError as error:
        raise InvalidFile("file does not exist", place=Place(name)) from error
    except IsADirectoryError as error:
        raise InvalidFile("is a folder, not a file", place=Place(name)) from error
    except (OSError, ValueError) as error:
        raise InvalidFile(f"cannot be read: {_reason(error)}", place=Place(name), hint=fix_of(error)) from error


def _at_once(path: str, flags: int) -> int:
    """A descriptor, without waiting for somebody who writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_stdin() -> bytes:
    """The bytes of standard input. Raises `InvalidFile`."""
    name = "<stdin>"
    if sys.stdin is None:
        raise InvalidFile("is closed", place=Place(name))
    with reading(name):
        return _limited(sys.stdin.buffer, name, MAX_BYTES)


def _sized(limit: int) -> str:
    """A number of bytes as people say it."""
    mebi, kibi = 1024 * 1024, 1024
    return f"{limit // mebi} MiB" if limit >= mebi else f"{limit // kibi} KiB" if limit >= kibi else f"{limit} bytes"


def _limited(stream: BinaryIO, name: str, limit: int, size: int = 0) -> bytes:
    # As much room is made ready as is asked for; a pipe does not know its size, and a file may grow.
    room = min(max(_PIECE, size + 1), limit + 1)
    content = stream.read(room)
    if len(content) == room <= limit:
        content += stream.read(limit + 1 - room)
    if len(content) > limit:
        raise InvalidFile(f"is larger than {_sized(limit)}", place=Place(name))
    return content


def decode(content: bytes, shown: str) -> str:
    """UTF-8 text (a byte order mark is tolerated). Raises `InvalidFile` with the line of the first bad byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise InvalidFile(
            f"is not UTF-8 (byte 0x{content[error.start]:02x})",
            place=Place(shown, line, column),
            hint="save the file as UTF-8",
        ) from error


def write_atomically(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file whole or not at all, and make its folder. Raises `NotWritten`.

    Keeps the permissions of an existing file unless ``mode`` is given.
    """
    with whole_file(path, mode=mode) as stream:
        stream.write(content)


@contextmanager
def whole_file(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream to a file that appears only when all of it was written: beside, then renamed. Raises `NotWritten`.

    A pipe or a device is written to as it is, since renaming over it would replace it; its reader may go away.
    """
    if _is_stream(path):
        with _straight_into(path) as stream:
            yield stream
        return
    target = _target(path)
    machine = this_machine()
    beside = target.with_name(f".{target.name[:_STEM]}.{machine.token()}.tmp")
    machine.unfinished.add(beside)
    try:
        with writing(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            asked = _mode_of(target) if mode is None else mode
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if asked is None else asked)
            with os.fdopen(descriptor, "wb") as stream:
                if asked is not None:
                    beside.chmod(asked)  # whatever the umask takes away
                yield stream
                stream.flush()
                this_machine().sync(stream.fileno())
            beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        machine.unfinished.discard(beside)


@contextmanager
def _straight_into(path: Path) -> Iterator[BinaryIO]:
    with writing(path):
        raw = Steady(os.open(path, os.O_WRONLY | os.O_TRUNC), close=True)
        with BufferedWriter(raw) as stream:
            yield stream
        if raw.failure is not None:
            raise raw.failure


def _is_stream(path: Path) -> bool:
    """Whether something else than a regular file has that name, or a descriptor of this process."""
    if path.is_relative_to("/dev/fd") or path.is_relative_to("/proc"):
        return True
    try:
        return not S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _target(path: Path) -> Path:
    """The file behind links, which stay as they are."""
    with writing(path):
        target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise NotWritten("is a link that leads to itself", place=Place(str(path)), hint=_WAY)
    return target


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong while a file is written, as `NotWritten` with what to do about it."""
    try:
        yield
    except OSError as error:
        words = (_in_the_way(path) if error.errno in _NO_FOLDER else None) or _reason(error)
        raise NotWritten(f"cannot be written: {words}", place=Place(str(path)), hint=fix_of(error)) from error


def fix_of(error: Exception) -> str:
    """What to do about what the machine refused, as a hint."""
    return _FIXES.get(getattr(error, "errno", None) or 0, "see what stands there, or name another file")


_NO_FOLDER: Final = (errno.EEXIST, errno.ENOTDIR, errno.ELOOP)


def _in_the_way(path: Path) -> str | None:
    """What on the way to a file is no folder."""
    for one in (path, Path(os.path.realpath(path))):
        for parent in reversed(one.parents):
            if os.path.lexists(parent) and not parent.is_dir():
                itself = Path(os.path.realpath(parent)).is_symlink()
                return f"{parent} is a link that leads to itself" if itself else f"{parent} is not a folder"
    return None


def lies_straight(path: Path, folder: Path) -> bool:
    """Whether a path lies below a folder, and neither a link nor ``..`` is on the way there from it.

    So it is inside wherever the folder really is, of which asking takes five times as long.
    """
    home, parts = folder.parts, path.parts
    below, step = parts[len(home) :], str(folder)
    if parts[: len(home)] != home or os.pardir in below:
        return False
    try:
        for part in below:
            step = f"{step}{os.sep}{part}"
            if S_ISLNK(os.lstat(step).st_mode):
                return False
    except (FileNotFoundError, NotADirectoryError):
        pass  # nor is there anything below it
    except (OSError, ValueError):
        return False
    return True


def keep_inside(path: Path, folder: Path, shown: str | None = None) -> None:
    """Raise `Refused` for a path to be written that by its letters lies in a workspace's folder and really does not.

    The link that leads out of it may come from a branch that anyone has pushed.
    """
    if lies_straight(path, folder):
        return
    named, real, home = (
        Path(os.path.normpath(path.absolute())),
        Path(os.path.realpath(path)),
        Path(os.path.realpath(folder)),
    )
    inside = named.is_relative_to(folder.absolute()) or named.is_relative_to(home)
    if inside and not real.is_relative_to(home):
        raise Refused(f"{shown or path} leads outside the workspace", hint="it is a link, or lies below one")


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
