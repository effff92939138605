"""Two values that look the same to people, spelt so that they do not."""

from __future__ import annotations

import re
import unicodedata


def apart(before: object, after: object) -> tuple[object, object]:
    """Two values as a reader can tell them apart: texts that look the same are spelt out, others stay as they are."""
    if not (isinstance(before, str) and isinstance(after, str)) or before == after or _look(before) != _look(after):
        return before, after
    return _spelt(before), _spelt(after)


def _look(text: str) -> str:
    """What differs from it in Unicode form and blanks alone gives the same."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _spelt(text: str) -> str:
    """Everything beyond ASCII as an escape, and blanks that do not show as such."""
    plain = text.encode("ascii", "backslashreplace").decode()
    return re.sub(r"^ | $|(?<= ) | (?= )", r"\\u0020", plain)
