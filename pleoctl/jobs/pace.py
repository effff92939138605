"""How long a watch waits between two looks at the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST: Final = 60.0
LONGEST: Final = 600.0
DOUBLINGS: Final = 10


@dataclass(slots=True)
class Pace:
    """``every`` seconds while all is well; after troubles 1, 2, 4 … minutes, ten at most.

    A trouble is an outage of Pleo or of the books, and a job that could not be closed.
    """

    every: float
    troubles: int = 0

    def after(self, *, well: bool) -> float:
        """Seconds to wait after a round that went well, or did not."""
        self.troubles = 0 if well else self.troubles + 1
        return self.every if well else min(FIRST * 2.0 ** min(self.troubles - 1, DOUBLINGS), LONGEST)
