"""A folder of book files as a sink.

What stands in any file of the folder, or in a ledger beside them, is booked. A job's entries go into a new file, which
is written beside, forced to disk and renamed; then the ledger says so; then, and not before, statuses are reported. A
death between any two of these leaves a whole file that the next run finds.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import fix_of, lies_straight, read_bytes, write_atomically
from pleoctl.errors import PleoctlError, Refused
from pleoctl.sinks.base import BooksUnusable, Held, Refusal
from pleoctl.sinks.files.ledger import FOLDER, LedgerLine, decode, encode
from pleoctl.sinks.files.seen import Asked, Seen, Stamp, files_below
from pleoctl.sinks.files.told import HeldInFile, tags_of, tax_codes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pleoctl.sinks.base import Booking, Capabilities, File, Key
    from pleoctl.sinks.files.format import Format, Standing

ATTACHMENTS: Final = "attachments"


class FolderSink:
    """Books into files of one format below one folder."""

    def __init__(self, folder: Path, shown: str, form: Format) -> None:
        """``shown`` is the folder's name in messages."""
        self._folder, self._shown, self._form = folder, shown, form
        self._seen = Seen()
        self._beside: dict[str, str] = {}
        self._found_in: dict[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        """See `Sink`."""
        return self._form.capabilities

    def check(self) -> None:
        """See `Sink`: the folder can be made and written."""
        try:
            (self._folder / FOLDER).mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder / FOLDER, prefix="."):
                pass
        except OSError as error:
            words = f"{self._shown} cannot be written: {(error.strerror or str(error)).lower()}"
            raise BooksUnusable(words, "accounting_system_unreachable", hint=fix_of(error)) from error

    def close(self) -> None:
        """See `Sink`."""

    # --- finding -----------------------------------------------------------------------------------------------

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """See `Sink`; a file says more than the ledger, since people may have changed it."""
        wanted = {key.stored: key for key in keys}
        found: dict[str, list[Held]] = {}
        for path in self._files():
            for stored, legs in self._by_key(path, wanted.keys()).items():
                key, name = wanted[stored], Path(path).name
                found.setdefault(stored, []).append(self._held(legs, key, name))
                self._found_in[stored] = name if self._form.owns(name) else ""
        for line in self._ledgered(wanted.keys()):
            if line.key not in found:
                found[line.key] = [_of_line(line, self._attached(wanted[line.key].item))]
        return found

    def _held(self, legs: list[Standing], key: Key, file: str) -> Held:
        """What the transactions of one item say together; nothing of their lines where one cannot be read."""
        identity = legs[0].id or (f"{key.job}/{key.place}" if key.job in file else file)
        attached, can = self._attached(key.item), self.capabilities
        if any(leg.postings is None for leg in legs):
            return Held(identity, date=legs[0].date, attachments=attached)
        lines = [line for leg in legs for line in leg.lines]
        return HeldInFile(
            identity,
            date=legs[0].date,
            postings=tuple(posting for leg in legs for posting in leg.postings or ()),
            attachments=attached,
            tax_codes=tax_codes_of(lines) if can.tells_tax_codes else None,
            tags=tags_of(lines, can.dimensions) if can.tells_tags else None,
            lines=lines,
            groups=can.dimensions,
        )

    def _by_key(self, path: str, wanted: AbstractSet[str]) -> dict[str, list[Standing]]:
        """The wanted transactions of one file; several with one key are the legs of one item."""
        found: dict[str, list[Standing]] = defaultdict(list)
        stamp = Stamp.of(path)
        if not self._seen.lacks(path, stamp, wanted):
            asked = Asked(wanted)
            name = Path(path).relative_to(self._folder).as_posix()
            for standing in self._form.read(read_bytes(Path(path), f"{self._shown}/{name}"), asked):
                found[standing.key].append(standing)
            self._seen.note(path, stamp, asked.keys)
        return found

    def _files(self) -> Iterator[str]:
        return files_below(str(self._folder), self._form.suffix, self._own)

    @property
    def _own(self) -> tuple[str, str]:
        """The folders that hold no books."""
        return str(self._folder / FOLDER), str(self._folder / ATTACHMENTS)

    def _ledgered(self, wanted: AbstractSet[str]) -> Iterator[LedgerLine]:
        """The lines of these keys in files of this format; where those of another are is kept for `other_books`."""
        for stored in wanted:
            self._beside.pop(stored, None)
        for path in files_below(str(self._folder / FOLDER), ""):
            if self._seen.lacks(path, stamp := Stamp.of(path), wanted):
                continue
            ledger = decode(read_bytes(Path(path), path), f"{self._shown}/{FOLDER}/{Path(path).name}")
            self._seen.note(path, stamp, {line.key for line in ledger.lines})
            for line in (line for line in ledger.lines if line.key in wanted):
                name = line.file or self._only_file(ledger.job)
                if not name or self._form.owns(name):
                    yield line
                else:
                    self._beside[line.key] = f"{self._shown}/{name}"

    def _only_file(self, job: str) -> str:
        """A job's file of another format where it has none of this one: of a line that does not name its file."""
        names = [Path(path).name for path in files_below(str(self._folder), "", self._own) if job in Path(path).name]
        return "" if any(map(self._form.owns, names)) else next(iter(names), "")

    def other_books(self, key: Key) -> str | None:
        """See `KnowsOtherBooks`: a file of another format, from when ``sink.type`` was another."""
        return self._beside.get(key.stored)

    # --- booking -----------------------------------------------------------------------------------------------

    def refuse(self, booking: Booking) -> list[str]:
        """See `Sink`: what no file of this format can hold, or whose attachments would go through a link."""
        folder = self._folder / ATTACHMENTS / booking.key.item
        astray = (path for path in (folder, *folder.glob("*")) if not lies_straight(path, folder.parent))
        if (path := next(astray, None)) is not None:
            raise Refusal(self._astray(path), "receipt_upload_failure")
        return self._form.check(booking)

    def _astray(self, path: Path) -> str:
        """That something is not written where it belongs, since it might land anywhere."""
        name = path.relative_to(self._folder).as_posix()
        return f"{self._shown}/{name} is a link, or lies below one, and nothing is written through it"

    def _write(self, path: Path, below: str, content: bytes) -> None:
        """Write a file below one of the books' own folders. Raises `NotWritten`, `Refused` where a link is on the way.

        A link may come from a branch that anyone has pushed. The folder itself is checked as it is opened.
        """
        if not lies_straight(path, self._folder / below):
            raise Refused(self._astray(path), hint="remove the link")
        write_atomically(path, content)

    def account_problem(self, code: str) -> str | None:
        """See `KnowsAccounts`."""
        return self._form.account_problem(code)

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """See `Sink`: attachments first, then all entries in as few new files as the format allows."""
        job = bookings[0].key.job
        lines = []
        for booking in bookings:
            for file in booking.files:
                self._store(booking.key, file)
        for name, part in self._parts(job, bookings).items():
            write_atomically(self._folder / name, self._form.render(part))
            lines += [_line(booking, name) for booking in part]
        self._hand_over(job, lines)
        held = {line.key: _of_line(line, frozenset()) for line in lines}
        return [held[booking.key.stored] for booking in bookings]

    def _parts(self, job: str, bookings: Sequence[Booking]) -> dict[str, list[Booking]]:
        """The new files; a name that exists is never written again."""
        parts: dict[str, list[Booking]] = defaultdict(list)
        for booking in bookings:
            number = 1
            while os.path.lexists(self._folder / self._form.names(job, number, booking)):
                number += 1
            parts[self._form.names(job, number, booking)].append(booking)
        return parts

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """See `Sink`: what files of an earlier run hold stands in the ledger before its status is reported."""
        known = {line.key for line in self._ledgered({key.stored for key, _ in standing})} if standing else set()
        new: dict[str, list[LedgerLine]] = defaultdict(list)
        for key, held in standing:
            if key.stored not in known:
                file = self._found_in.get(key.stored, "")
                new[key.job].append(LedgerLine(key.stored, held.id, file, held.date, held.postings))
        for job, lines in new.items():
            self._hand_over(job, lines)

    def _hand_over(self, job: str, lines: list[LedgerLine]) -> None:
        path = self._folder / FOLDER / job
        before = decode(read_bytes(path), str(path)).lines if path.exists() else []
        known = {line.key for line in lines}
        # What stands in a file of another format stands there still.
        others = (line for line in before if line.key not in known or (line.file and not self._form.owns(line.file)))
        content = encode(job, [*others, *lines])
        self._write(path, FOLDER, content)

    def attach(self, held: Held, key: Key, file: File) -> None:
        """See `Sink`: beside the books, below the item's id."""
        _ = held
        try:
            self._store(key, file)
        except (OSError, PleoctlError) as error:
            raise Refusal(f"{file.name} cannot be stored: {error}", "receipt_upload_failure") from error

    def _store(self, key: Key, file: File) -> None:
        self._write(self._folder / ATTACHMENTS / key.item / file.name, ATTACHMENTS, file.path.read_bytes())

    def _attached(self, item: str) -> frozenset[str]:
        folder = self._folder / ATTACHMENTS / item
        return frozenset(path.name for path in folder.glob("*") if lies_straight(folder, folder.parent))


def _of_line(line: LedgerLine, attached: frozenset[str]) -> Held:
    return Held(line.id, date=line.date, postings=line.postings, attachments=attached)


def _line(booking: Booking, file: str) -> LedgerLine:
    name = f"{booking.key.job}/{booking.key.place}"
    return LedgerLine(booking.key.stored, name, file, booking.date, booking.postings)
