"""One table of settings per kind; the decision table, the planner and the executor read it.

| kind     | identity                     | compared                          | duplicates in Pleo        |
|----------|------------------------------|-----------------------------------|---------------------------|
| account  | externalId, byte for byte    | code, name, taxCodeExternalId     | held and reported (A38)   |
| tagGroup | code, ignoring case (T3)     | name, only with renameGroups (K4) | one kept by fixed order   |
| tag      | code, ignoring case, a group | name                              | rule T44-T49              |
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """Settings of one kind of record."""

    name: str
    title: str
    key: str
    folds_case: bool
    compared: tuple[str, ...]
    create_batch: int
    archive_batch: int

    def normalise(self, key: str) -> str:
        """The form in which two keys are the same record (A2, A6; T3 by full case folding)."""
        return key.casefold() if self.folds_case else key

    @property
    def plural(self) -> str:
        """The title for counts."""
        return f"{self.title}s"


ACCOUNT: Final = Kind("account", "account", "externalId", folds_case=False,
                      compared=("code", "name", "taxCodeExternalId"), create_batch=1000, archive_batch=1)  # fmt: skip
TAG_GROUP: Final = Kind("tagGroup", "tag group", "code", folds_case=True, compared=("name",), create_batch=1,
                        archive_batch=1)  # fmt: skip
TAG: Final = Kind("tag", "tag", "code", folds_case=True, compared=("name",), create_batch=1, archive_batch=100)

KINDS: Final = {kind.name: kind for kind in (ACCOUNT, TAG_GROUP, TAG)}


def loose(key: str) -> str:
    """The form under which two different keys look the same to people: NFC, case folded, blanks stripped (A6, T4)."""
    if key.isascii():
        return key.lower().strip()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold()).strip()
