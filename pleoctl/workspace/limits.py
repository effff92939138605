"""How much time and memory one answer of a server may take; the same keys wherever a server is described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_SECONDS: Final = 300.0
ANSWER_BYTES: Final = 256 * 1024 * 1024
_READS_PER_ANSWER: Final = 10


class Limits(NamedTuple):
    """Of one answer: seconds until the next byte, seconds in all, bytes in all (unpacked)."""

    timeout: float = 30.0
    answer_seconds: float = ANSWER_SECONDS
    answer_bytes: int = ANSWER_BYTES

    @classmethod
    def of(cls, section: Mapping[str, Any], timeout: float) -> Limits:
        """What a section of the workspace sets; an answer may take ten reads' time, at most 300 s, unless it says."""
        seconds = float(section.get("timeoutSeconds", timeout))
        whole = max(seconds, min(ANSWER_SECONDS, _READS_PER_ANSWER * seconds))
        return cls(seconds, float(section.get("answerSeconds", whole)), int(section.get("answerBytes", ANSWER_BYTES)))
