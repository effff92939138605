"""What every sink must do: one suite for ours and for those of third parties, without any test framework.

A sink's own tests give a `SinkCase` and run each of `CHECKS`, or all by `conform`, in a folder of its own::

    case = SinkCase({"type": "mine", "path": "books"}, prepare=empty_books, faults={"unreachable": take_away, …})

    @pytest.mark.parametrize("name", CHECKS)
    def test_conforms(name, tmp_path):
        CHECKS[name](case, tmp_path)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pleoctl.jobs.close import ITEM_REASONS, JOB_REASONS
from pleoctl.jobs.standing import live
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import BooksUnusable, File, PeriodClosed, Refusal
from pleoctl.sinks.keys import stored_key
from pleoctl.testing.books import DAY, SinkCase, Trial
from pleoctl.testing.conformance import Nonconformance, content, require, run_all
from pleoctl.testing.death import deaths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pleoctl.errors import PleoctlError
    from pleoctl.sinks.base import Held

__all__ = ["CHECKS", "Nonconformance", "SinkCase", "conform"]


def conform(case: SinkCase, folder: Path) -> None:
    """Run all checks, each in a folder of its own. Raises `Nonconformance`."""
    run_all(CHECKS, case, folder)


def touches_nothing_until_asked(case: SinkCase, folder: Path) -> None:
    """It can be made where there are no books, and leaves the folder as it is."""
    with Trial.of(case, folder) as trial:
        before = content(folder)
        trial.sink().close()
        require(content(folder) == before, "making it changed the folder")


def says_what_it_can_hold(case: SinkCase, folder: Path) -> None:
    """Capabilities are told, are the same again, and its room keeps the keys of different items and legs apart."""
    with Trial.ready(case, folder) as trial:
        can = trial.capabilities
        require(can == trial.capabilities, "two of them say different things of one kind of books")
        require(can.key.length is None or can.key.length >= 8, "its room for our reference is too short")
        items = [trial.item(number) for number in range(50)]
        stored = {stored_key(item, can.key, leg) for item in items for leg in (None, 1, 2)}
        require(len(stored) == len(items) * 3, "its room for our reference does not keep items apart")


def finds_nothing_in_empty_books(case: SinkCase, folder: Path) -> None:
    """`check` books nothing; no key, an unknown key and several are looked up without an error."""
    with Trial.ready(case, folder) as trial:
        sink = trial.sink()
        sink.check()
        require(not sink.find([]), "it finds something where nothing is asked for")
        require(not _stands(sink.find([one.key for one in trial.bookings()])), "it finds what nobody booked")


def books_what_it_then_shows(case: SinkCase, folder: Path) -> None:
    """What was booked is found under its own key alone, with the same id, date and sums."""
    with Trial.ready(case, folder) as trial:
        sink, bookings = trial.sink(), trial.bookings()
        for booking in bookings:
            sink.refuse(booking)
        ids = trial.book(sink, bookings)
        trial.shows(sink, bookings, ids)
        trial.shows(trial.sink(), bookings, ids)  # as the next run sees it
        trial.sink().confirm([(one.key, trial.found(one)[0]) for one in bookings])
        trial.shows(trial.sink(), bookings, ids)


def keeps_tax_codes_and_tags(case: SinkCase, folder: Path) -> None:
    """A line is shown with its tax code and tags, by books that say that they tell them."""
    with Trial.ready(case, folder) as trial:
        can = trial.capabilities
        if not (can.tells_tax_codes or can.tells_tags):
            return
        booking = trial.coded()
        trial.sink().refuse(booking)
        trial.book(trial.sink(), [booking])
        trial.shows(trial.sink(), [booking])
        (record,) = trial.found(booking)
        require(not can.tells_tax_codes or record.tax_codes is not None, "it says nothing of the line's tax code")
        untold = sorted(set(case.tags) - set(record.tags or ())) if can.tells_tags else []
        require(not untold, f"it says nothing of the line's tags in {', '.join(untold)}")


def takes_keys_byte_for_byte(case: SinkCase, folder: Path) -> None:
    """A key that begins alike, ends alike or differs in case is another key."""
    with Trial.ready(case, folder) as trial:
        booking = trial.bookings()[0]
        trial.book(trial.sink(), [booking])
        stored = booking.key.stored
        others = {stored[:-1], stored[1:], f"{stored}0", stored.swapcase()} - {stored}
        for other in sorted(others):
            found = trial.sink().find([replace(booking.key, stored=other)])
            require(not _stands(found), f"under {other!r} it finds what was booked under {stored!r}")


def takes_the_same_key_once_while_it_says_so(case: SinkCase, folder: Path) -> None:
    """Books that honour an idempotency key make one record of two requests with it."""
    with Trial.ready(case, folder) as trial:
        if trial.capabilities.key.guarded_for > 0:
            booking = trial.bookings()[0]
            trial.book(trial.sink(), [booking])
            trial.book(trial.sink(), [booking])
            trial.shows(trial.sink(), [booking])


def takes_attachments(case: SinkCase, folder: Path) -> None:
    """A file goes along or is linked to the record, and is listed where the books say that they list files."""
    with Trial.ready(case, folder) as trial:
        can = trial.capabilities
        if not can.attachments:
            return
        (folder / "receipt.pdf").write_bytes(b"%PDF-1.4\n")
        file = File(folder / "receipt.pdf", "1.pdf", "application/pdf")
        booking = replace(trial.bookings()[0], files=(file,) if can.files_with_entry else ())
        trial.book(trial.sink(), [booking])
        if not can.files_with_entry:
            trial.sink().attach(trial.found(booking)[0], booking.key, file)
        listed = trial.found(booking)[0].attachments
        require(not can.lists_attachments or file.name in (listed or ()), "it does not list the file that it took")


def says_that_books_are_out_of_reach(case: SinkCase, folder: Path) -> None:
    """`check` raises `BooksUnusable` with one of Pleo's reasons for a job."""
    with Trial.ready(case, folder) as trial:
        require(trial.meets("unreachable"), "the case does not show books that cannot be reached")
        try:
            trial.sink().check()
        except BooksUnusable as error:
            _check_words(error, error.reason_type)
        else:
            raise Nonconformance("books that cannot be reached are not told")


def refuses_in_the_books_own_words(case: SinkCase, folder: Path) -> None:
    """What the books refuse is a `Refusal` with one of Pleo's reasons for an item, and is not booked."""
    with Trial.ready(case, folder) as trial:
        if trial.meets("refused"):
            error = trial.fails(Refusal)
            _check_words(error, error.reason_type)
            require(not trial.found(trial.bookings()[0]), "it holds what it refused")


def tells_a_closed_period(case: SinkCase, folder: Path) -> None:
    """`PeriodClosed` names the day that was tried; on the next open day, where it names one, the entry is booked."""
    with Trial.ready(case, folder) as trial:
        if not trial.meets("closed"):
            return
        error, booking = trial.fails(PeriodClosed), trial.bookings()[0]
        require(not trial.found(booking), "it holds what it did not book for a closed period")
        if error.next_open is not None:
            require(error.next_open > DAY, f"the next open day {error.next_open} is not after {DAY}")
            moved = replace(booking, date=error.next_open)
            trial.book(trial.sink(), [moved])
            trial.shows(trial.sink(), [moved])


def leaves_no_doubt_unsaid_before_the_commit(case: SinkCase, folder: Path) -> None:
    """An answer that is lost before anything was booked is a `LostAnswer`; the look-up shows that nothing stands."""
    _loses(case, folder, "lost before", stands=False)


def leaves_no_doubt_unsaid_after_the_commit(case: SinkCase, folder: Path) -> None:
    """An answer that is lost behind the booking is a `LostAnswer`; the look-up shows the one record."""
    _loses(case, folder, "lost after", stands=True)


def survives_a_death_between_any_two_steps(case: SinkCase, folder: Path) -> None:
    """A process that dies at any step of booking leaves all of a record or none; the next run completes the books."""
    with Trial.ready(case, folder) as trial:  # also so that what is imported late is imported
        trial.book(trial.sink(), trial.bookings())
    attempts = (folder / str(number) for number in range(1, 10_000))

    def attempt(kill: Callable[[Callable[[], object]], bool]) -> bool:
        below = next(attempts)
        below.mkdir()
        with Trial.ready(case, below) as trial:
            bookings = trial.bookings()
            died = kill(lambda: trial.book(trial.sink(), bookings))
            trial.completes(bookings)
            return died

    deaths(attempt)


CHECKS: Final[dict[str, Callable[[SinkCase, Path], None]]] = {
    check.__name__: check
    for check in (
        touches_nothing_until_asked,
        says_what_it_can_hold,
        finds_nothing_in_empty_books,
        books_what_it_then_shows,
        keeps_tax_codes_and_tags,
        takes_keys_byte_for_byte,
        takes_the_same_key_once_while_it_says_so,
        takes_attachments,
        says_that_books_are_out_of_reach,
        refuses_in_the_books_own_words,
        tells_a_closed_period,
        leaves_no_doubt_unsaid_before_the_commit,
        leaves_no_doubt_unsaid_after_the_commit,
        survives_a_death_between_any_two_steps,
    )
}
"""Every check by its name; each takes the case and an empty folder, and raises `Nonconformance`."""


def _loses(case: SinkCase, folder: Path, fault: str, *, stands: bool) -> None:
    with Trial.ready(case, folder) as trial:
        known, whole = fault in case.faults, trial.capabilities.whole_jobs
        require(known or whole, f"the case does not show an answer that is {fault} the commit")
        if not known:
            return
        booking = trial.bookings()[0]
        trial.meets(fault)
        trial.fails(LostAnswer)
        found = trial.found(booking)
        require(len(found) == stands, f"{len(found)} records stand where an answer was {fault} the commit")
        if not stands:
            trial.book(trial.sink(), [booking])
        trial.shows(trial.sink(), [booking])


def _stands(found: Mapping[str, list[Held]]) -> bool:
    return any(live(records) for records in found.values())


def _check_words(error: PleoctlError, reason: str) -> None:
    require(reason in ITEM_REASONS | JOB_REASONS, f"{reason} is none of Pleo's reasons")
    require(bool(error.message) and "\n" not in error.message, "its words are not one line")
