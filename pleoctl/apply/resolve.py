"""The one place that settles doubt about a write: what to look up, by which key, how often, when to give up.

| doubt                               | looked up by                     | looks                                   |
|-------------------------------------|----------------------------------|-----------------------------------------|
| PUT or bulk without an answer       | Pleo id                          | one; a PUT may safely be sent again     |
| create without an answer            | externalId; code within a group  | one where Pleo refuses a second record  |
|                                     |                                  | of that key; two, some seconds apart,   |
|                                     |                                  | for tag groups, where it may not        |
| create refused with 409             | the key, then a single look-alike| up to four, since the list may lag      |
| everything, once the plan is through| Pleo ids, 100 a call             | up to four while a list still lags      |
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pleoctl.apply.state import differences, matches, same_key
from pleoctl.errors import PleoError
from pleoctl.model.kinds import loose
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pleoctl.apply.kinds import KindApi
    from pleoctl.model.records import Live
    from pleoctl.pleo.writer import PleoWriter
    from pleoctl.reconcile.changes import Change
    from pleoctl.run.receipt import Result

LAG_SECONDS: Final = (0.0, 0.5, 1.5, 4.0)
GROUP_LAG_SECONDS: Final = (0.0, 2.0)


class Resolver:
    """Looks before anything is sent twice. Raises `LostAnswer` if even looking fails: the doubt stays."""

    def __init__(self, wait: Callable[[float], None]) -> None:
        """``wait`` sleeps for so many seconds."""
        self._wait = wait

    def current(self, api: KindApi, record: str) -> Live | None:
        """The record with this id as it is now."""
        return next(iter(self.currents(api, [record])), None)

    def currents(self, api: KindApi, records: Sequence[str]) -> list[Live]:
        """The records with these ids as they are now."""
        return _doubting(lambda: api.by_id(records))

    def accounts(self, pleo: PleoWriter) -> list[Live]:
        """All accounts, to tell what a lost batch created."""
        return _doubting(lambda: pleo.accounts(keep=None))

    def made(self, api: KindApi, change: Change, group: str | None) -> Live | None:
        """What an unanswered create made, None if it made nothing."""
        return self._look(api, change, group, (0.0,) if api.unique else GROUP_LAG_SECONDS, alike=False)

    def holder(self, api: KindApi, change: Change, group: str | None) -> Live | None:
        """The record because of which Pleo answered 409: by key, else a single look-alike (design of keys, T68)."""
        return self._look(api, change, group, LAG_SECONDS, alike=True)

    def _look(
        self, api: KindApi, change: Change, group: str | None, pauses: Iterable[float], *, alike: bool
    ) -> Live | None:
        for pause in pauses:
            if pause:
                self._wait(pause)
            records = _doubting(lambda: api.find(change, group))
            exact = [r for r in records if same_key(r, change)]
            if exact:
                return min(
                    exact,
                    key=lambda r: (not matches(r, change.after, change.kind), r.archived, r.created, r.id),
                )
            similar = [r for r in records if loose(r.key) == loose(change.key)] if alike else []
            if len(similar) == 1:
                return similar[0]
        return None

    def verify(self, apis: Mapping[str, KindApi], results: Iterable[Result]) -> None:
        """Read what was written once more; what does not show is ambiguous, what differs is failed."""
        open_results = {r.id or "": r for r in results if r.status == "done"}
        found: dict[str, Live] = {}
        for pause in LAG_SECONDS:
            if pause:
                self._wait(pause)
            found.update(self._read(apis, open_results))
            open_results = {
                i: r for i, r in open_results.items()
                if i not in found or not matches(found[i], r.change.after, r.change.kind)
            }  # fmt: skip
            if not open_results:
                return
        for identity, result in open_results.items():
            _doubt(result, found.get(identity))

    @staticmethod
    def _read(apis: Mapping[str, KindApi], results: Mapping[str, Result]) -> dict[str, Live]:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for identity, result in results.items():
            by_kind[result.change.kind].append(identity)
        return {r.id: r for kind, ids in by_kind.items() for r in apis[kind].by_id(ids)}


def _doubting(look: Callable[[], list[Live]]) -> list[Live]:
    try:
        return look()
    except PleoError as error:
        raise LostAnswer(f"Pleo did not answer, and could not be asked again: {error.message}") from error


def _doubt(result: Result, record: Live | None) -> None:
    change = result.change
    if record is None or matches(record, change.before, change.kind):
        result.status = "ambiguous"
        message = "Pleo confirmed it, but does not show it yet; run again"
    else:
        result.status = "failed"
        moved = differences(record, change.after, change.kind)
        words = "; ".join(f"{name} is {live!r} instead of {want!r}" for name, (want, live) in moved.items())
        message = f"another client changed it meanwhile: {words}"
    code = "not-shown" if result.status == "ambiguous" else "conflict"
    result.error = {"code": code, "message": message, "httpStatus": None}
