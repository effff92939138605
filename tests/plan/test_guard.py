"""The guard: each rule at its boundary, what an acknowledgement lifts, and what it never lifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.model.addresses import Address, Bucket
from pleoctl.model.changes import Change, Parent
from pleoctl.plan.guard import check_guard
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from shapes import Json

LIMITS = GuardLimits()


def archives(kind: str, number: int, group: str = "DEPT") -> list[Change]:
    """So many archives of one kind."""
    parent = Parent(Address("tagGroup", group), "g") if kind == "tag" else None
    return [archive(Address(kind, f"k{n}", group if parent else None), parent) for n in range(number)]


def archive(address: Address, parent: Parent | None = None) -> Change:
    """The archive of one record."""
    before: Json = {"archived": False}
    after = {"archived": True}
    return Change(
        action="archive",
        address=address,
        after=after,
        before=before,
        fields=["archived"],
        kind=address.kind,
        origin=None,
        parent=parent,
        id="id",
        reason="gone",
        warnings=[],
    )


def counted(active: dict[str, int]) -> dict[Bucket, int]:
    """Active records per bucket."""
    return {Bucket.parse(bucket): number for bucket, number in active.items()}


def codes(changes: list[Change], active: dict[str, int], limits: GuardLimits = LIMITS) -> list[str]:
    """The rules that refuse."""
    guard = check_guard(changes, counted(active), limits, None)
    assert guard.passed == (not guard.findings)
    return [finding.code for finding in guard.findings]


@pytest.mark.parametrize(
    ("archived", "active", "refused"),
    [
        (0, 0, []),
        (0, 5, []),
        (20, 1000, []),
        (21, 1000, ["archive-count"]),
        (3, 4, []),
        (4, 20, []),
        (4, 19, ["archive-share"]),
        (5, 25, []),
        (5, 24, ["archive-share"]),
        (1, 1, ["archive-all"]),
        (3, 3, ["archive-all"]),
        (4, 4, ["archive-share", "archive-all"]),
        (1, 2, []),
        (21, 21, ["archive-count", "archive-share", "archive-all"]),
    ],
)
@pytest.mark.parametrize("kind", ["account", "tag"])
def test_each_rule_at_its_boundary(kind: str, archived: int, active: int, refused: list[str]) -> None:
    """Count above 20, share above a fifth from the fourth archive on, and all of them."""
    bucket = "tag:DEPT" if kind == "tag" else kind
    assert codes(archives(kind, archived), {bucket: active}) == refused


@pytest.mark.parametrize(
    ("archived", "active", "refused"), [(1, 9, []), (2, 9, ["archive-count"]), (1, 1, ["archive-all"])]
)
def test_one_tag_group_may_go(archived: int, active: int, refused: list[str]) -> None:
    """Two groups at once need a word, whatever the workspace's count."""
    assert codes(archives("tagGroup", archived), {"tagGroup": active}, GuardLimits(count=500)) == refused


def test_tags_are_counted_per_group() -> None:
    """Twenty in each of two groups pass; one group cannot hide behind another."""
    both = archives("tag", 20, "A") + archives("tag", 20, "B")
    assert codes(both, {"tag:A": 1000, "tag:B": 1000}) == []
    assert codes(both, {"tag:A": 1000, "tag:B": 20}) == ["archive-share", "archive-all"]


def test_limits_of_the_workspace_count() -> None:
    """A stricter or looser workspace moves the boundaries."""
    assert codes(archives("account", 1), {"account": 100}, GuardLimits(count=0)) == ["archive-count"]
    assert codes(archives("account", 60), {"account": 100}, GuardLimits(count=60, share=0.6)) == []
    assert codes(archives("account", 4), {"account": 100}, GuardLimits(share=0.0)) == ["archive-share"]


def test_an_unknown_number_of_active_records_is_no_way_round() -> None:
    """Archives of a bucket that the plan does not count are all of it."""
    assert codes(archives("account", 1), {}) == ["archive-all"]


def test_the_right_number_lifts_the_amounts() -> None:
    """`--allow-archive` with the number of all archives lets a plan pass and is kept in it."""
    guard = check_guard(archives("account", 30), counted({"account": 30}), LIMITS, 30)
    assert (guard.passed, guard.acknowledged, guard.findings) == (True, 30, [])


@pytest.mark.parametrize("number", [0, 29, 31])
def test_a_wrong_number_names_the_right_one(number: int) -> None:
    """The plan does not pass and says the number, also where no rule would have refused."""
    guard = check_guard(archives("account", 30), counted({"account": 1000}), LIMITS, number)
    assert not guard.passed
    assert [(f.code, f.hint) for f in guard.findings] == [("wrong-number", "--allow-archive 30")]


def test_one_archive_is_no_plural() -> None:
    """A single archive is told as one."""
    guard = check_guard(archives("account", 1), counted({"account": 9}), LIMITS, 2)
    assert guard.findings[0].message == "1 archive is in the plan, not 2"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("account", "account:k1"),
        ("tagGroup", "tagGroup:k1"),
        ("tagGroup", "tagGroup:K1"),
        ("tag", "tag:DEPT/k1"),
        ("tag", "tag:dept/K1"),
    ],
)
@pytest.mark.parametrize("acknowledged", [None, 2])
def test_protected_addresses_are_never_archived(kind: str, address: str, acknowledged: int | None) -> None:
    """No acknowledgement lifts it; codes of groups and tags are protected in any case."""
    changes = archives(kind, 2)
    guard = check_guard(
        changes, counted({"account": 99, "tagGroup": 99, "tag:DEPT": 99}), GuardLimits(protect=(address,)), acknowledged
    )
    assert not guard.passed
    assert [f.address for f in guard.findings if f.code == "protected"] == [str(changes[1].address)]


@pytest.mark.parametrize("address", ["tag:D%2FX/a", "tag:D/X/a", "tag:d/x/A"])
def test_a_tag_group_is_not_archived_with_a_protected_tag(address: str) -> None:
    """Its tags go with it, whether Pleo archives them or only shows them no longer; other groups go alone."""
    limits = GuardLimits(protect=(address,))
    change = archive(Address("tagGroup", "D/X"))
    guard = check_guard([change], counted({"tagGroup": 99}), limits, 1)
    assert [f.code for f in guard.findings] == ["protected"]
    assert "its tag group tagGroup:D%2FX would be archived" in guard.findings[0].message
    assert codes([archive(Address("tagGroup", "E"))], {"tagGroup": 99}, limits) == []


def test_account_ids_are_protected_exactly() -> None:
    """An externalId in another case is another account."""
    assert codes(archives("account", 2), {"account": 99}, GuardLimits(protect=("account:K1",))) == []


def test_a_duplicate_of_a_protected_record_is_protected() -> None:
    """The suffix of a duplicate does not take the protection away."""
    change = archive(Address("tag", "k0", "DEPT", "11111111"))
    assert codes([change], {"tag:DEPT": 99}, GuardLimits(protect=("tag:DEPT/k0",))) == ["protected"]


def test_other_actions_are_free() -> None:
    """Only archives are guarded."""
    change = archives("account", 1)[0]
    change.action = "update"
    assert codes([change], {"account": 1}, GuardLimits(count=0, protect=("account:k0",))) == []
