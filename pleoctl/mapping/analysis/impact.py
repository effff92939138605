"""Impact of a change: the same items under two sets of rules, and what moves from which account to which (P5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.errors import InvalidFile, UsageError
from pleoctl.machine import ProgramError, this_machine
from pleoctl.mapping.analysis.moves import Move, Recoding, moves, recodings
from pleoctl.mapping.rules.build import read_rules
from pleoctl.mapping.rules.files import folder_reader, relative
from pleoctl.mapping.rules.model import RULES
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.items import Defect, Item
    from pleoctl.mapping.rules.model import Rules

_GIT_SECONDS: Final = 60
_WORKSPACE_FILE: Final = "pleoctl.yaml"


class Failure(NamedTuple):
    """Why items have no entry now that had one before, or had none for another reason."""

    reason_type: str
    reason: str


class Description(NamedTuple):
    """An item whose description changes."""

    accounting_entry_id: str | None
    before: str
    after: str


class Changed(NamedTuple):
    """An item under both rules: amounts by move, and codes of its lines; true where anything changes."""

    before: Entry
    after: Entry
    moves: dict[Move, int]
    recodings: list[Recoding]

    @property
    def is_renamed(self) -> bool:
        """Whether an item that is mapped both times is described anew."""
        return not self.after.failed and not self.before.failed and self.before.description != self.after.description

    @property
    def fails_otherwise(self) -> bool:
        """Whether an item that fails both times does so for another reason."""
        old, new = (one.failed and (one.failure_reason_type, one.failure_reason) for one in (self.before, self.after))
        return bool(old and new and old != new)

    def __bool__(self) -> bool:
        stays = self.before.failed == self.after.failed and not self.fails_otherwise
        return bool(self.moves or self.recodings or self.is_renamed or not stays)

    def as_json(self) -> dict[str, Any]:
        """As ``mapping impact`` lists it."""
        return {
            "accountingEntryId": self.after.accounting_entry_id,
            "postingDate": self.after.posting_date,
            "description": {"from": self.before.description, "to": self.after.description} if self.is_renamed else None,
            "status": {"from": self.before.status, "to": self.after.status},
            "failureReason": self.after.failure_reason or self.before.failure_reason,
            "moves": [{**_move(m), "amount": amount} for m, amount in self.moves.items()],
            "codes": [{"lineId": r.line, "what": r.what, "from": r.before, "to": r.after} for r in self.recodings],
        }


def _move(move: Move) -> dict[str, Any]:
    return {"side": move.side, "from": move.before, "to": move.after, "currency": move.currency}


#: Descriptions beyond this many are only counted.
MAX_DESCRIPTIONS: Final = 100
#: Items that change beyond this many are only counted, so that memory does not grow.
MAX_CHANGED: Final = 10_000


@dataclass(slots=True)
class Impact:
    """Moves with the items and the sum in hundredths of each, and items whose status changes."""

    base_digest: str
    digest: str
    items: int = 0
    changed: int = 0
    now_failed: int = 0
    now_mapped: int = 0
    otherwise: int = 0
    sums: dict[Move, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[Move, int] = field(default_factory=lambda: defaultdict(int))
    redescribed: int = 0
    recoded: int = 0
    listed: list[Changed] = field(default_factory=list)
    descriptions: list[Description] = field(default_factory=list)
    failures: Counter[Failure] = field(default_factory=Counter)
    examples: dict[Failure, str | None] = field(default_factory=dict)

    def add(self, before: Entry, after: Entry, rescaled: Iterable[Recoding] = ()) -> None:
        """Compare what one item became with what it becomes; ``rescaled``: how its amounts are written otherwise."""
        self.items += 1
        self.now_mapped += before.failed and not after.failed
        one = Changed(before, after, moves(before, after), [])
        if not before.failed and not after.failed:
            one = one._replace(recodings=[*recodings(before, after), *rescaled])
        if after.failed and (not before.failed or one.fails_otherwise):
            self._note_failure(after)
            self.now_failed += not before.failed
            self.otherwise += before.failed
        self._list(one)
        for move, amount in one.moves.items():
            self.sums[move] += amount
            self.counts[move] += 1

    def _note_failure(self, after: Entry) -> None:
        why = Failure(after.failure_reason_type or "", after.failure_reason or "")
        self.failures[why] += 1
        self.examples.setdefault(why, after.accounting_entry_id)

    def _list(self, one: Changed) -> None:
        self.changed += bool(one)
        self.redescribed += one.is_renamed
        self.recoded += bool(one.recodings)
        if one and len(self.listed) < MAX_CHANGED:
            self.listed.append(one)
        if one.is_renamed and len(self.descriptions) < MAX_DESCRIPTIONS:
            told = (one.after.accounting_entry_id, one.before.description, one.after.description)
            self.descriptions.append(Description(*told))

    def as_json(self) -> dict[str, Any]:
        """The result of ``mapping impact``; amounts in hundredths."""
        return {
            "items": self.items,
            "changed": self.changed,
            "nowFailed": self.now_failed,
            "nowMapped": self.now_mapped,
            "nowFailedOtherwise": self.otherwise,
            "redescribed": self.redescribed,
            "recoded": self.recoded,
            "descriptions": [
                {"accountingEntryId": d.accounting_entry_id, "from": d.before, "to": d.after} for d in self.descriptions
            ],
            "failures": [
                {
                    "failureReasonType": why.reason_type,
                    "failureReason": why.reason,
                    "items": count,
                    "example": self.examples[why],
                }
                for why, count in self.failures.most_common()
            ],
            "base": {"rulesDigest": self.base_digest},
            "rulesDigest": self.digest,
            "moves": [{**_move(m), "items": self.counts[m], "amount": self.sums[m]} for m in self.ordered()],
            "changedItems": [one.as_json() for one in self.listed],
            "changedItemsLeftOut": self.changed - len(self.listed),
        }

    def ordered(self) -> list[Move]:
        """Moves, the most items first."""
        return sorted(self.sums, key=lambda m: (-self.counts[m], m.side, m.before or "", m.after or "", m.currency))


def compare(base: Engine, engine: Engine, items: Iterable[Item | Defect]) -> Impact:
    """Map items under both rule sets and compare."""
    found = Impact(base.rules.digest, engine.rules.digest)
    for item in items:
        after = engine.entry(item)
        found.add(base.entry(item), after, _rescaled(base.rules, engine.rules, after.currency))
    return found


def _rescaled(base: Rules, rules: Rules, currency: str | None) -> list[Recoding]:
    """Amounts that mean another sum where they are written as decimals."""
    old, new = (one.divisor(currency or "") for one in (base, rules))
    return [] if old == new else [Recoding(None, f"divisor {currency}", str(old), str(new))]


# --- the rules to compare with ---------------------------------------------------------------------------------


def base_rules(base: str, mapping: Path, root: Path) -> Rules:
    """The rules at a path or at a git revision of the workspace. Raises `InvalidFile`, `UsageError`."""
    if not base.strip():
        raise UsageError("--base is empty", hint="give a path, a branch or a commit")
    path = Path(base)
    if path.exists():
        return _strict(*_at_path(path, mapping, root))
    return _strict(relative(mapping, root), _git_reader(base, root))


def _strict(name: str, read: Callable[[str], bytes]) -> Rules:
    rules, names = read_rules(name, read)
    if names:
        raise InvalidFile.of(names)
    if rules.kind != RULES:
        raise InvalidFile(f"is of the kind {rules.kind}, where rules are due", place=Place(name, rules.place.line))
    return rules


def _at_path(path: Path, mapping: Path, root: Path) -> tuple[str, Callable[[str], bytes]]:
    if path.is_dir():
        return relative(mapping, root), folder_reader(path)
    path = path.absolute()
    folder = next((f for f in path.parents if (f / _WORKSPACE_FILE).is_file()), path.parent)
    # A copy of a workspace has its own includes beside its mapping; what it lacks is that of the workspace.
    tail = Path(relative(mapping, root)).parts
    own = path.parents[len(tail) - 1] if path.parts[-len(tail) :] == tail else path.parent
    name, given = relative(path, folder), folder_reader(folder, path)
    return name, lambda other: (folder_reader(own) if other != name and (own / other).is_file() else given)(other)


def _git_reader(revision: str, root: Path) -> Callable[[str], bytes]:
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(f"{revision!r} is neither a file nor a git revision", hint="give a path, a branch or a commit")
    found = commit.decode().strip()

    def read(name: str) -> bytes:
        content = _git(root, "show", f"{found}:./{name}")
        if content is None:
            raise InvalidFile(f"does not exist in {revision}", place=Place(name))
        return content

    return read


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        code, output = this_machine().git(arguments, _GIT_SECONDS, root)
    except FileNotFoundError as error:
        raise UsageError("git is not installed, so --base must be a path") from error
    except ProgramError as error:
        raise UsageError(str(error)) from error
    return output if code == 0 else None
