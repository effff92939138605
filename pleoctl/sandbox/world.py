"""The whole state of one sandbox: company, settings, callers, faults, statistics; and what tests do to it."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pleoctl.sandbox.auth import Doorkeeper
from pleoctl.sandbox.authority import Authority
from pleoctl.sandbox.errors import BadInput, Record
from pleoctl.sandbox.export_rows import OPEN
from pleoctl.sandbox.faults import FaultPlan
from pleoctl.sandbox.kinds import PARTS
from pleoctl.sandbox.lag import Lag
from pleoctl.sandbox.parts import derived_id
from pleoctl.sandbox.seed import Seed
from pleoctl.sandbox.statistics import MINUTE, Statistics
from pleoctl.sandbox.store import Filter, Store
from pleoctl.sandbox.webhooks import Messenger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.sandbox.clock import Clock
    from pleoctl.sandbox.faults import Edit, Fault
    from pleoctl.sandbox.parts import Part
    from pleoctl.sandbox.settings import Settings
    from pleoctl.sandbox.store import Table

_FIRST_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FLAGS: Final[dict[str, Record]] = {
    "archive": {"archived": True},
    "unarchive": {"archived": False},
    "cancel": {"status": "failed", "failureReasonType": "canceled_by_user", "failureReason": "Canceled by a user"},
}
Key = str | tuple[str, str]


class World:
    """One company as the sandbox keeps it. Thread-safe."""

    def __init__(self, seed: Seed | None, settings: Settings, database: str, clock: Clock) -> None:
        """Open the database; a new one, or one opened with a seed, is filled from the seed."""
        self.clock = clock
        self.store = Store([part.table for part in PARTS.values()], database)
        self.statistics = Statistics(clock.monotonic)
        self.faults = FaultPlan()
        self._lag: Lag | None = None
        self._answered: deque[float] = deque()
        self._minute_lock = threading.Lock()
        self.last_pages: dict[str, list[Record]] = {}
        self.reports: list[Record] = []
        self.messenger = Messenger()
        self.authority = Authority(clock)
        self.links = 0
        self.seed = seed or Seed()
        self._moments = 0
        self.use(settings)
        if seed is not None or self.store.recall("company") is None:
            self.reset(seed)
        else:
            self._know_company()

    def use(self, settings: Settings) -> None:
        """Behave by other settings from the next call on."""
        self.settings = settings
        self.doorkeeper = Doorkeeper(settings.credentials, self.authority.credential)

    def reset(self, seed: Seed | None = None, settings: Settings | None = None) -> None:
        """Start again from a seed (default: the last one); lifts faults, forgets statistics and expiries."""
        self.seed = seed or self.seed
        with self.store.lock:
            self.clear_faults()
            self.authority.forget()
            self.use(settings or self.settings)
            self.statistics.reset()
            self.last_pages.clear()
            self.reports.clear()
            self.messenger.messages.clear()
            self._answered.clear()
            self._moments = 0
            with self.store.transaction():
                self.store.clear()
                self._plant(self.seed)

    def _plant(self, seed: Seed) -> None:
        self.store.remember("company", seed.company.lower())
        organization = seed.organization or derived_id(f"organization of {seed.company.lower()}")
        self.store.remember("organization", organization.lower())
        self._know_company()
        for part in PARTS.values():
            rows = seed.rows(part.kind)
            self.store.insert_many(part.table, [self._fresh(part, row) for row in rows] if part.fresh else rows)
        if seed.installation is not None:
            self.store.remember("installation", self.new_installation(dict(seed.installation)))

    def _fresh(self, part: Part, row: Record) -> Record:
        return row if part.fresh is None else part.fresh(self, row)

    def _know_company(self) -> None:
        self.company = str(self.store.recall("company"))
        self.organization = str(self.store.recall("organization"))

    def close(self) -> None:
        """Let go of the database."""
        self.clear_faults()
        self.messenger.close()
        self.store.close()

    def new_id(self) -> str:
        """An id for a new record."""
        if self.settings.seed_ids is None:
            return str(uuid.uuid4())
        return derived_id(f"made with {self.settings.seed_ids} after {self.store.inserted()}")

    def now(self) -> str:
        """A timestamp in UTC with whole seconds."""
        self._moments += 1
        repeatable = self.settings.seed_ids is not None
        moment = _FIRST_MOMENT + timedelta(seconds=self._moments) if repeatable else self.clock.now()
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def moment(self) -> str:
        """The time of day in UTC with whole seconds, whatever the settings say of new records."""
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_installation(self, fields: Record) -> Record:
        """An installation of this company with the given status and metadata."""
        moment = self.now()
        return {
            "id": derived_id(f"installation in {self.company}"),
            "applicationId": derived_id("application"),
            "resource": f"urn:pleo:company:{self.company}",
            "status": fields.get("status", "AUTHORIZED"),
            "metadata": fields.get("metadata") or {},
            "createdAt": moment,
            "updatedAt": moment,
        }

    def within_rate(self) -> bool:
        """Whether one more call may be answered in this rolling minute; counts it if so."""
        limit, now = self.settings.rate_limit, self.clock.monotonic()
        with self._minute_lock:
            while self._answered and self._answered[0] <= now - MINUTE:
                self._answered.popleft()
            if limit is not None and len(self._answered) >= limit:
                return False
            self._answered.append(now)
            return True

    def seconds_to_wait(self) -> float:
        """How long until the rate limit lets a call through."""
        with self._minute_lock:
            return max(0.0, self._answered[0] + MINUTE - self.clock.monotonic()) if self._answered else 0.0

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Put faults in force."""
        given = list(faults)
        self.faults.add(given)
        with self.store.lock:
            if self._lag is None and any(fault.kind == "lag" for fault in given):
                self._lag = Lag(self.store, self.clock.monotonic)

    def clear_faults(self) -> None:
        """Lift all faults, and what lags or has expired because of them."""
        self.faults.clear()
        self.doorkeeper.revive()
        with self.store.lock:
            if self._lag is not None:
                self._lag.stop()
                self._lag = None

    def lag_writes(self, fault: Fault | None) -> None:
        """Hold back the writes of this call from lists, or (None) let those of the next ones show at once."""
        if self._lag is not None:
            self._lag.fault = fault

    def reader(self, table: Table) -> Store:
        """What a list or search call reads."""
        return self.store if self._lag is None else self._lag.reader(table)

    def state(self) -> Record:
        """Every record with every field, in the order of creation, and every report on export jobs as it came in."""
        with self.store.lock, self.store.transaction():
            self._refresh()
            sections = {part.table.name: self._state_of(part) for part in PARTS.values()}
            told = {"webhookMessages": [dict(message) for message in self.messenger.messages]}
            return sections | {"exportReports": [dict(report) for report in self.reports]} | told

    def _refresh(self) -> None:
        for part in PARTS.values():
            if part.refresh is not None:
                part.refresh(self)

    def _state_of(self, part: Part) -> list[Record]:
        rows = [_shown(row) for row in self.store.select(part.table)]
        if part.parent is None or part.table.parent is None:
            return rows
        parent, column = PARTS[part.parent], part.table.parent
        keys = {row["id"]: row[parent.key] for row in self.store.select(parent.table)}
        name = f"{column.removesuffix('Id')}{parent.key[:1].upper()}{parent.key[1:]}"
        return [row | {name: keys.get(row[column])} for row in rows]

    def put(self, kind: str, key: Key, fields: Record, record_id: str | None = None) -> Record:
        """Make a record what a test wants it to be, past all rules of the API; creates it if need be.

        With an id it is that record, else the first with the key, an active one before an archived one.
        """
        part = PARTS[kind]
        unknown = next((name for name in fields if name not in part.fields), None)
        if unknown is not None:
            raise BadInput(unknown, f"unknown field of {kind}")
        with self.store.transaction():
            existing = self.store.get(part.table, record_id) if record_id else self.find(kind, key)
            if existing is None:
                own_id = key if part.key == "id" else self.new_id()
                return _shown(self._create(part, key, {"id": record_id or own_id} | fields))
            if part.free is not None:
                fields = part.free.changed(existing, fields)
            stamp = {"updatedAt": self.now()} if part.stamped else {}
            return _shown(self.store.update(part.table, existing["id"], fields | stamp))

    def find(self, kind: str, key: Key) -> Record | None:
        """The first record with a key, byte for byte, active before archived."""
        part, where = PARTS[kind], Filter()
        if isinstance(key, tuple):
            parent = self._parent(part, key[0])
            where.where(f"{part.table.parent} = ?", parent["id"] if parent else None)
        where.where(f"{part.key} = ?", key[1] if isinstance(key, tuple) else key)
        order = "archived, seq" if "archived" in part.table.columns else "seq"
        found = self.store.select(part.table, where, order, 1)
        return found[0] if found else None

    def edit_all(self, edits: Iterable[Edit]) -> None:
        """Do what another client does, all of it before the next call; what has expired by then, has."""
        with self.store.lock, self.store.transaction():
            self._refresh()
            for edit in edits:
                self.edit(edit)

    def edit(self, edit: Edit) -> None:
        """Do what another client does; nothing if the record or its group is not there to do it to."""
        part = PARTS[edit.kind]
        with self.store.transaction():
            existing = self.find(edit.kind, edit.key)
            homeless = isinstance(edit.key, tuple) and self._parent(part, edit.key[0]) is None
            if homeless or (existing is None) != (edit.op == "create"):
                return
            if existing is not None and edit.op == "delete":
                self.store.delete(part.table, existing["id"])
                return
            if existing is not None and edit.op == "cancel" and existing["status"] not in OPEN:
                return
            flag = _FLAGS.get(edit.op, {})
            self.put(edit.kind, edit.key, {**edit.fields, **flag})

    def _parent(self, part: Part, key: str) -> Record | None:
        return None if part.parent is None else self.find(part.parent, key)

    def _create(self, part: Part, key: Key, fields: Record) -> Record:
        own = key[1] if isinstance(key, tuple) else key
        record = {**part.defaults(), "name": own, part.key: own, **fields}
        if part.free is not None:
            record = {"id": fields["id"]} | part.free.new({part.key: own} | fields, self.company, own)
        if part.stamped:
            moment = fields.get("createdAt") or self.now()
            record |= {"createdAt": moment, "updatedAt": moment}
        if part.table.parent is not None:
            parent = self._parent(part, key[0])
            if parent is None:
                raise BadInput("key", f"there is no {part.parent} {key[0]}")
            record[part.table.parent] = parent["id"]
        return self.store.insert(part.table, self._fresh(part, record))


def _shown(row: Record) -> Record:
    return {name: value for name, value in row.items() if name not in {"seq", "folded"}}
