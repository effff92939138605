"""Reading with a limit and writing beside, then renaming: a file is whole or it is the old one."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from pleoctl.errors import InvalidFile, PleoctlError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES: Final = 256 * 1024 * 1024


def read_bytes(path: Path, shown: str | None = None, *, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of at most ``limit`` bytes. Raises `InvalidFile`."""
    name = shown or str(path)
    try:
        if path.is_dir():
            raise InvalidFile("is a folder, not a file", file=name)
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except FileNotFoundError as error:
        raise InvalidFile("file does not exist", file=name) from error
    except (OSError, ValueError) as error:
        raise InvalidFile(f"cannot be read: {_reason(error)}", file=name) from error
    if len(content) > limit:
        raise InvalidFile(f"is larger than {limit // 1024 // 1024} MiB", file=name)
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
            file=shown, line=line, column=column, hint="save the file as UTF-8",
        ) from error  # fmt: skip


def write_atomically(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file whole or not at all, and make its folder. Raises `PleoctlError`.

    Keeps the permissions of an existing file unless ``mode`` is given.
    """
    with whole_file(path, mode=mode) as stream:
        stream.write(content)


@contextmanager
def whole_file(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream to a file that appears only when all of it was written: beside, then renamed. Raises `PleoctlError`."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        # A pipe or a device is written to as it is; renaming over it would replace it.
        with writing(path), target.open("wb") as stream:
            yield stream
        return
    beside = target.with_name(f".{target.name}.{this_machine().token()}.tmp")
    try:
        with writing(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _mode_of(target) if mode is None else mode
            )
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong while a file is written, as `PleoctlError`; a reader that went away is no error of ours."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PleoctlError(f"cannot be written: {_reason(error)}", file=str(path)) from error


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o666


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
