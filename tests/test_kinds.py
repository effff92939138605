"""Every kind of record passes the one suite, and the suite finds kinds that do not do what they must."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.model.kinds import KINDS
from pleoctl.pleo import accounts
from pleoctl.testing.kinds import CHECKS, KindCase, Nonconformance, conform

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from shapes import Json, Value

CASES = {
    case.name: case
    for case in (
        KindCase(
            "taxCode",
            {"rate": ("0.25", "0.12"), "type": ("inclusive", "reverse")},
            seed=lambda row: {**row, "rate": float(row["rate"])},
        ),
        KindCase("account"),
        KindCase("tagGroup"),
        KindCase("tag"),
        KindCase("vendor", {"defaultCurrency": ("EUR", "SEK"), "country": ("SE", "DK")}),
    )
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_conform(kind: str, check: str, tmp_path: Path) -> None:
    """Each check by itself, so that a failure names what is not kept; a new kind needs a case here."""
    CHECKS[check](CASES[kind], tmp_path)


def _without_archived(reader: accounts.AccountReads) -> list[Live]:
    return [record for record in reader.accounts() if not record.archived]


def _put_without_echo(self: accounts.Operations, record: Live, after: Json) -> Live:
    unmanaged = {"taxCodeExternalId": None, **after}
    return _PUT(self, record, unmanaged)


def _put_without_clearing(self: accounts.Operations, record: Live, after: Json) -> Live:
    return _PUT(self, record, {name: record.fields[name] if value is None else value for name, value in after.items()})


def _item_without_code(change: Change) -> Json:
    return {"externalId": change.key, "name": change.after["name"], "archived": False}


_PUT = accounts.Operations.put


@pytest.mark.parametrize(
    ("owner", "name", "wrong", "words"),
    [
        (accounts, "read", _without_archived, "create where unarchive is due"),
        (accounts.Operations, "put", _put_without_echo, "with code others have changed"),
        (accounts.Operations, "put", _put_without_clearing, "null does not clear|not all changes are done"),
        (accounts.Operations, "item", staticmethod(_item_without_code), "8 writes where the plan tells 6"),
    ],
)
def test_a_kind_that_gets_one_thing_wrong_does_not(
    owner: Value, name: str, wrong: Value, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is found and named."""
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises(Nonconformance, match=words):
        conform(CASES["account"], tmp_path)
