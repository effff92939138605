"""The loop alone: what it sends, when it looks, and how each part of a step ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import PleoctlError, PleoError
from pleoctl.remote.again import still_undone
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.run.settle import Ambiguous, Done, Failed, Moved, Next, Step, Undone, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapes import Json, Value

LOST = LostAnswer("PUT /x: HTTP 408", 408)
REFUSED = ApiError("no", 400)
DONE, UNDONE, MOVED = Done("record"), Undone(), Moved("somebody else")
FAILED = Failed("refused", "no", 400)
AMBIGUOUS = Ambiguous("lost-answer", "who knows (PUT /x: HTTP 408)", 408)


class Script(Step[str]):
    """Sends and looks as it is told: one outcome for all its parts, or one for each."""

    doubt = "who knows"

    def __init__(self, sends: list[Value], sights: list[Value], parts: str = "a", **traits: Value) -> None:
        super().__init__(list(parts))
        self._sends, self._sights = iter(sends), iter(sights)
        self.__dict__.update(traits)

    def send(self, ids: Sequence[str]) -> Mapping[str, Value]:
        """The next outcome of a request."""
        return _outcome(next(self._sends), ids)

    def look(self, ids: Sequence[str]) -> Mapping[str, Value]:
        """The next outcome of a look."""
        return _outcome(next(self._sights), ids)


def _outcome(told: Value, ids: Sequence[str]) -> Json:
    if isinstance(told, Exception):
        raise told
    return {part: told[part] for part in ids} if isinstance(told, dict) else dict.fromkeys(ids, told)


class Heard:
    """A reporter that keeps what it hears, and a clock that keeps the waits."""

    def __init__(self, *, going: bool = True) -> None:
        self.sent: list[str] = []
        self.ends: Json = {}
        self.waits: list[float] = []
        self._going = going

    def sending(self, _step: Step[str], ids: Sequence[str]) -> None:
        """One more request."""
        self.sent.append("".join(ids))

    def ended(self, part: str, end: Value) -> None:
        """The one end of a part."""
        assert part not in self.ends
        self.ends[part] = end

    def goes_on(self, _step: Step[str]) -> bool:
        """As it was made."""
        return self._going


def run(step: Step[str], *, going: bool = True) -> Heard:
    """Settle a step."""
    heard = Heard(going=going)
    settle(step, heard, heard.waits.append)
    return heard


# sends, looks, requests, end
ONE: dict[str, tuple[list[Value], list[Value], int, Value]] = {
    "answered": ([DONE], [], 1, DONE),
    "refused": ([REFUSED], [], 1, FAILED),
    "answered otherwise": ([FAILED], [], 1, FAILED),
    "lost, done": ([LOST], [DONE], 1, DONE),
    "lost, moved": ([LOST], [MOVED], 1, MOVED),
    "lost, not done": ([LOST, DONE], [UNDONE], 2, DONE),
    "lost, then refused": ([LOST, REFUSED], [UNDONE], 2, FAILED),
    "lost twice": ([LOST, LOST, DONE], [UNDONE, UNDONE], 3, DONE),
    "lost twice, done": ([LOST, LOST], [UNDONE, DONE], 2, DONE),
    "lost thrice": ([LOST, LOST, LOST], [UNDONE, UNDONE, UNDONE], 3, AMBIGUOUS),
    "left out of the answer": ([UNDONE], [DONE], 1, DONE),
    "left out, not done": ([UNDONE, DONE], [UNDONE], 2, DONE),
}


@pytest.mark.parametrize(("sends", "looks", "requests", "end"), ONE.values(), ids=ONE)
def test_each_step_comes_to_one_end(sends: list[Value], looks: list[Value], requests: int, end: Value) -> None:
    """A request that may have arrived is looked for before it is sent again, three times at most."""
    heard = run(Script(sends, looks))
    assert (heard.ends, len(heard.sent)) == ({"a": end}, requests)
    assert heard.waits == []


UNGUARDED: dict[str, tuple[list[Value], list[Value], list[float], Value]] = {
    "answered": ([DONE], [], [], DONE),
    "refused": ([REFUSED], [], [], FAILED),
    "shown at once": ([LOST], [DONE], [0.5], DONE),
    "shown late": ([LOST], [UNDONE, UNDONE, DONE], [0.5, 1.5, 4.0], DONE),
    "not shown": ([LOST], [UNDONE, UNDONE, UNDONE], [0.5, 1.5, 4.0], AMBIGUOUS),
}


@pytest.mark.parametrize(("sends", "looks", "waits", "end"), UNGUARDED.values(), ids=UNGUARDED)
def test_what_nothing_guards_is_sent_once(
    sends: list[Value], looks: list[Value], waits: list[float], end: Value
) -> None:
    """Where a second request would make a second record it never leaves; looks grow apart, then it is ambiguous."""
    heard = run(Script(sends, looks, repeatable=False, looks=(0.5, 1.5, 4.0)))
    assert (heard.ends, heard.waits, heard.sent) == ({"a": end}, waits, ["a"])


class Limited(Script):
    """Its request meets a 429, after which the transport asks whether it may send it once more."""

    def send(self, ids: Sequence[str]) -> Mapping[str, Value]:
        """The next outcome, where nothing is seen of the first request."""
        if not still_undone():
            raise LostAnswer("too many requests", 429)
        return super().send(ids)


@pytest.mark.parametrize(
    ("guarded", "sends", "looks", "waits", "end"),
    [
        (True, [DONE], [], [], DONE),
        (False, [DONE], [UNDONE, UNDONE, UNDONE], [0.5, 1.5, 4.0], DONE),
        (False, [], [UNDONE, DONE], [0.5, 1.5], DONE),
        (False, [], [MOVED], [0.5], MOVED),
    ],
)
def test_what_a_limit_denies_is_looked_for_where_a_second_request_does_harm(
    *, guarded: bool, sends: list[Value], looks: list[Value], waits: list[float], end: Value
) -> None:
    """As after a lost answer: nothing is ever seen and the transport repeats it, or what is seen is its end."""
    heard = run(Limited(sends, looks, guarded=guarded, repeatable=False, looks=(0.5, 1.5, 4.0)))
    assert (heard.ends, heard.waits, heard.sent) == ({"a": end}, waits, ["a"])


def test_the_parts_of_a_step_end_each_by_itself() -> None:
    """Only parts that are still open are looked at and sent again."""
    first = {"a": DONE, "b": UNDONE, "c": FAILED, "d": UNDONE}
    heard = run(Script([first, DONE], [{"b": MOVED, "d": UNDONE}], "abcd"))
    assert heard.ends == {"a": DONE, "b": MOVED, "c": FAILED, "d": DONE}
    assert heard.sent == ["abcd", "d"]


def test_parts_go_on_in_other_steps() -> None:
    """One that several parts share is carried out once, after the ends of the others are told."""
    last = Script([LOST, DONE], [UNDONE], "bc")
    heard = run(Script([{"a": DONE, "b": Next(last), "c": Next(last)}], [], "abc"))
    assert heard.ends == dict.fromkeys("abc", DONE)
    assert heard.sent == ["abc", "bc", "bc"]


def test_a_run_that_stops_begins_no_further_step() -> None:
    """Parts of which nothing is there have no end: they were not attempted. Any others are in doubt."""
    ends = {"a": DONE, "b": Next(Script([], [], "b"), begun=False), "c": Next(Script([], [], "c"))}
    heard = run(Script([ends], [], "abc"), going=False)
    assert (set(heard.ends), heard.ends["c"].code, heard.sent) == ({"a", "c"}, "interrupted", ["abc"])


def test_a_look_that_fails_leaves_the_doubt() -> None:
    """Without a look nothing is sent again, whatever made it fail."""
    for error in (PleoError("down"), Unauthorised("no", 401), REFUSED):
        step = Script([LOST], [error])
        with pytest.raises(LostAnswer, match="what became of it could not be looked up"):
            run(step)


def test_a_lost_credential_ends_the_loop() -> None:
    """401 and 403 are no refusal of one change."""
    with pytest.raises(Unauthorised):
        run(Script([Unauthorised("no", 403)], []))


def test_what_cannot_be_noted_is_not_sent() -> None:
    """A reporter that raises keeps the request from leaving."""

    class Full(Heard):
        def sending(self, _step: Step[str], _ids: Sequence[str]) -> None:
            raise PleoError("disk full")

    heard = Full()
    with pytest.raises(PleoError, match="disk full"):
        settle(Script([], []), heard, heard.waits.append)
    assert heard.ends == {}


class Begun(Script):
    """A step whose answer, or refusal, leads on to another one."""

    def refused(self, ids: Sequence[str], _error: ApiError) -> Mapping[str, Value]:
        """Another way."""
        return dict.fromkeys(ids, Next(Script([DONE], [], "".join(ids))))


# sends, looks, what is heard of the part whose second request cannot be noted, or sent
NO_ROOM = PleoctlError("no room")
IN_DOUBT = Ambiguous("error", "no room")
CUT_OFF: dict[str, tuple[list[Value], list[Value], Json]] = {
    "lost, not done": ([LOST, DONE], [UNDONE], {"a": IN_DOUBT}),
    "others beside it": (
        [
            {
                "a": Next(Script([], [])),
                "b": UNDONE,
                "c": Next(Script([], [], "c")),
                "d": Next(Script([], [], "d"), begun=False),
            }
        ],
        [],
        dict.fromkeys("abc", IN_DOUBT),
    ),
    "begun": ([Next(Script([DONE], []))], [], {"a": IN_DOUBT}),
    "lost, begun": ([LOST], [Next(Script([DONE], []))], {"a": IN_DOUBT}),
    "refused, nothing there": ([REFUSED], [], {}),
    "not begun": ([Next(Script([DONE], []), begun=False)], [], {}),
    "look fails": ([LOST], [NO_ROOM], {"a": IN_DOUBT}),
    "lost, then not sent": ([LOST, NO_ROOM], [UNDONE], {"a": IN_DOUBT}),
    "not sent": ([NO_ROOM], [], {}),
}


@pytest.mark.parametrize(("sends", "looks", "ends"), CUT_OFF.values(), ids=CUT_OFF)
def test_what_ends_the_loop_after_a_request_leaves_a_doubt_that_is_told(
    sends: list[Value], looks: list[Value], ends: Json
) -> None:
    """Nothing that may be there is taken for not attempted; what was never sent has no end."""

    class Full(Heard):
        def sending(self, step: Step[str], ids: Sequence[str]) -> None:
            super().sending(step, ids)
            if len(self.sent) > 1 and NO_ROOM not in sends:
                raise NO_ROOM

    heard = Full()
    with pytest.raises(PleoctlError, match="no room"):
        settle(Begun(sends, looks, "abcd" if isinstance(sends[0], dict) else "a"), heard, heard.waits.append)
    assert heard.ends == ends
