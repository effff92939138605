"""Money that moves, drawn from account to account: bands between two columns of accounts, as wide as their sums."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.analysis.impact import Impact
    from pleoctl.mapping.analysis.moves import Move
    from pleoctl.mapping.rules.model import Rules

#: All lengths are in units of the drawing, which is scaled as a whole.
WIDTH: Final = 480
BAR: Final = 8
_LEFT: Final = 130
_RIGHT: Final = WIDTH - 130 - BAR
_BANDS: Final = 240
_LEAST_BAND: Final = 1.5
_LEAST_BAR: Final = 34
_GAP: Final = 10
_LONGEST: Final = 17
#: Bands beyond this many are drawn by nobody; the table has them all.
MOST: Final = 40


@dataclass(slots=True)
class Bar:
    """An account on one side of a drawing."""

    name: str
    amount: str
    x: int
    y: float = 0
    height: float = 0

    @property
    def label(self) -> str:
        """The name as far as there is room."""
        return self.name if len(self.name) <= _LONGEST else f"{self.name[: _LONGEST - 1]}…"

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.y + max(self.height, _LEAST_BAR - 4) / 2, 1)


@dataclass(slots=True)
class Band:
    """A sum from one account to another: the path along its middle, and its width."""

    path: str
    width: float
    title: str


@dataclass(slots=True)
class Drawing:
    """What moves on one side in one currency."""

    title: str
    height: float = 0
    before: list[Bar] = field(default_factory=list)
    after: list[Bar] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    left_out: int = 0


def drawings(found: Impact, rules: Rules) -> list[Drawing]:
    """One drawing for each side and currency, the most items first."""
    groups: dict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in found.ordered():
        groups[move.side, move.currency].append(move)
    return [
        _drawing(f"{side.capitalize()}, {currency}", moves, found, rules) for (side, currency), moves in groups.items()
    ]


def _drawing(title: str, moves: list[Move], found: Impact, rules: Rules) -> Drawing:
    shown = sorted(moves, key=lambda move: -found.sums[move])[:MOST]
    total = sum(found.sums[move] for move in shown) or 1
    widths = {move: max(_LEAST_BAND, _BANDS * found.sums[move] / total) for move in shown}
    made = Drawing(title, left_out=len(moves) - len(shown))
    sides = []
    for index, x in ((1, _LEFT), (2, _RIGHT)):
        bars = _bars(shown, index, x, found, rules)
        sides.append(bars)
        made.height = max(made.height, _stack(bars, widths, index))
    made.before, made.after = (list(bars.values()) for bars in sides)
    made.bands = list(_bands(shown, widths, sides, found, rules))
    return made


def _name(account: str | None) -> str:
    return account or "nothing"


def _bars(moves: list[Move], index: int, x: int, found: Impact, rules: Rules) -> dict[str | None, Bar]:
    """Accounts before (1) or after (2), the largest sum first."""
    sums: dict[str | None, int] = defaultdict(int)
    for move in moves:
        sums[move[index]] += found.sums[move]
    divisor = rules.divisor(moves[0].currency)
    ordered = sorted(sums, key=lambda account: (-sums[account], _name(account)))
    return {account: Bar(_name(account), decimal(sums[account], divisor), x) for account in ordered}


def _stack(bars: dict[str | None, Bar], widths: dict[Move, float], index: int) -> float:
    """Put bars below each other; how far down they come."""
    y: float = 0
    for account, bar in bars.items():
        bar.y, bar.height = y, sum(width for move, width in widths.items() if move[index] == account)
        y = round(y + max(bar.height, _LEAST_BAR) + _GAP, 1)
    return y


def _bands(
    moves: list[Move], widths: dict[Move, float], sides: list[dict[str | None, Bar]], found: Impact, rules: Rules
) -> Iterable[Band]:
    before, after = sides
    used: dict[int, float] = defaultdict(float)
    # From top to bottom on both sides, so that bands of one account do not cross each other.
    order = [{account: place for place, account in enumerate(bars)} for bars in sides]
    for move in sorted(moves, key=lambda move: (order[0][move.before], order[1][move.after])):
        start, end = before[move.before], after[move.after]
        ys = []
        for bar in (start, end):
            ys.append(round(bar.y + used[id(bar)] + widths[move] / 2, 1))
            used[id(bar)] += widths[move]
        x, to = _LEFT + BAR, _RIGHT
        half = (x + to) // 2
        amount = decimal(found.sums[move], rules.divisor(move.currency))
        yield Band(
            f"M{x} {ys[0]}C{half} {ys[0]} {half} {ys[1]} {to} {ys[1]}",
            round(widths[move], 1),
            f"{start.name} → {end.name}: {amount} {move.currency}, {many(found.counts[move], 'item')}",
        )
