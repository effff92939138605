"""The plan as a file: what is refused when it is read back, and how."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlines import outline
from pleoctl.documents.canonical import canonical_bytes, digest
from pleoctl.documents.published import schema_text
from pleoctl.documents.schemas import validator
from pleoctl.errors import ExitCode, InvalidFile
from pleoctl.model.kinds import KINDS
from pleoctl.plan.artifact import Plan, read_plan
from pleoctl.plan.document import PlanFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hypothesis.strategies import DrawFn

    from shapes import Json, Value

ID = "11111111-1111-4111-8111-111111111111"
COUNTS = dict.fromkeys(("create", "update", "unarchive", "archive", "unchanged", "ignored", "held"), 0)


def change(**fields: Value) -> Json:
    """A change of the plan below."""
    return {
        "address": "account:ext-1",
        "kind": "account",
        "action": "update",
        "pleoId": ID,
        "parent": None,
        "before": {"archived": False, "code": "1", "name": "Old"},
        "after": {"archived": False, "code": "1", "name": "New"},
        "fields": ["name"],
        "reason": "name differs",
        "origin": "desired-state.yaml:4",
        "warnings": [],
    } | fields


PLAN: Json = {
    "formatVersion": 1,
    "kind": "Plan",
    "pleoctlVersion": "0.1.0",
    "company": "12abc3d4-e567-4890-8234-abc56e78fabc",
    "url": "http://127.0.0.1:9",
    "scope": {"accounts": True, "dimensions": ["DEPT"]},
    "context": {"tagGroups": "all", "left": [], "active": {"account": 2}},
    "desired": {"digest": "sha256:" + "0" * 64, "files": ["desired-state.yaml"]},
    "live": {"digest": "sha256:" + "0" * 64, "counts": {"account": 2, "tagGroup": 1, "tag": 0}},
    "summary": {
        **COUNTS,
        "create": 2,
        "update": 1,
        "byKind": {"account": {**COUNTS, "create": 1, "update": 1}, "tag": {**COUNTS, "create": 1}},
    },
    "requests": {"read": 2, "write": 3},
    "guard": {"passed": True, "acknowledged": None, "limits": {"count": 20, "share": 0.2}, "findings": []},
    "warnings": [{"code": "code-null", "address": "account:ext-1", "message": "m"}],
    "changes": [
        change(),
        change(address="account:ext-2", action="create", pleoId=None, before=None, fields=["archived", "code", "name"]),
        change(
            address="tag:DEPT/ENG",
            kind="tag",
            action="create",
            pleoId=None,
            before=None,
            parent={"address": "tagGroup:DEPT", "pleoId": ID},
            after={"archived": False, "code": "ENG", "name": "Engineering"},
            fields=["archived", "code", "name"],
        ),
    ],
}


def sealed(body: Json) -> bytes:
    """The bytes of a plan whose id fits its content."""
    rest = {key: value for key, value in body.items() if key != "id"}
    return canonical_bytes({**rest, "id": digest(rest)})


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], InvalidFile]:
    """Reads a plan that must be refused and gives the error."""

    def read(content: bytes) -> InvalidFile:
        file = tmp_path / "plan.json"
        file.write_bytes(content)
        with pytest.raises(InvalidFile) as caught:
            read_plan(file, "plan.json")
        assert caught.value.exit_code is ExitCode.INVALID
        return caught.value

    return read


def test_a_sealed_plan_reads_back(tmp_path: Path) -> None:
    """The plan of these tests keeps to the schema, and reading it gives its bytes again."""
    file = tmp_path / "plan.json"
    file.write_bytes(sealed(PLAN))
    assert list(validator("plan").iter_errors(json.loads(file.read_bytes()))) == []
    assert read_plan(file).bytes == file.read_bytes()


def test_an_edited_plan_is_refused(refusal: Callable[[bytes], InvalidFile]) -> None:
    """One changed character is told as such."""
    content = sealed(PLAN).replace(b'"New"', b'"Newer"')
    assert "plan.json:1:" in str(refusal(content).findings[0])
    assert "was changed after it was made" in str(refusal(content).findings[0])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"account:ext-2"', '"acount:ext 2"', "'acount:ext 2' is not the canonical spelling of an address"),
        ('"create"', '"crate"', "'crate' is not one of"),
        ('"fields": [\n    "name"\n   ]', '"fields": []', "changes.0: its fields are not those that differ"),
        ('"formatVersion": 1', '"formatVersion": 7', "has formatVersion 7"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    refusal: Callable[[bytes], InvalidFile], old: str, new: str, words: str
) -> None:
    """And column, also in a plan that somebody has indented; a misspelt address is quoted."""
    text = json.dumps(json.loads(sealed(PLAN)), indent=1)
    assert old in text
    (finding, *_) = refusal(text.replace(old, new, 1).encode()).findings
    assert words in finding.message
    assert finding.place is not None
    assert finding.place.line is not None
    line = text.replace(old, new, 1).splitlines()[finding.place.line - 1]
    assert line[(finding.place.column or 0) - 1 :].startswith(("{", new.rpartition(": ")[2][:9]))


@pytest.mark.parametrize("version", [0, 2, "1", True, None, 1.5])
def test_an_unknown_format_version_is_refused(refusal: Callable[[bytes], InvalidFile], version: Value) -> None:
    """A plan of another format names the version and the way out."""
    finding = refusal(sealed({**PLAN, "formatVersion": version})).findings[0]
    assert "formatVersion" in finding.message
    assert finding.hint


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"plan"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_plan_is_refused(refusal: Callable[[bytes], InvalidFile], content: bytes) -> None:
    """Files that are no plan at all are named with the reason."""
    assert refusal(content).findings[0].file == "plan.json"


WRONG_CHANGES = [
    {"kind": ["account"]},
    {"kind": "supplier"},
    {"action": {"a": 1}},
    {"action": "delete"},
    {"fields": 3},
    {"fields": "name"},
    {"fields": [1]},
    {"warnings": None},
    {"warnings": {"a": 1}},
    {"reason": None},
    {"origin": 4},
    {"address": 5},
    {"address": "tag:a/b"},
    {"pleoId": 7},
    {"pleoId": ""},
    {"pleoId": "../../v1/installations/me"},
    {"pleoId": ".."},
    {"pleoId": None},
    {"before": None},
    {"before": []},
    {"after": None},
    {"after": {"archived": 1}},
    {"after": {"archived": False, "name": 4}},
    {"after": {"archived": False, "metadata": "x"}},
    {"after": {"archived": True, "code": "1", "name": "New"}},
    {"before": {"archived": True, "name": "Old"}},
    {"parent": {"address": "tagGroup:DEPT", "pleoId": ID}},
    {"extra": 1},
    {"fields": []},
    {"fields": ["archived", "name"]},
    {"after": {"archived": False, "code": "2", "name": "New"}},
    {"after": {"archived": False, "code": "1", "name": "New", "taxCodeExternalId": "T"}},
    {"action": "archive", "after": {"archived": True, "code": "1", "name": "New"}, "fields": ["archived"]},
    {"action": "create", "before": None, "pleoId": None, "fields": ["name"]},
    {"before": {"archived": True, "code": "1", "name": "Old"}, "fields": ["archived", "name"]},
    {"after": {"archived": True, "code": "1", "name": "New"}, "fields": ["archived", "name"]},
    {"after": {"archived": False, "code": "1", "name": True}},
    {"before": {"archived": False, "code": "1", "name": 7}},
    {"after": {"archived": False, "code": "1", "country": "SE"}, "fields": ["country", "name"]},
    {"before": {"archived": False, "code": "1", "country": "SE"}, "fields": ["country", "name"]},
]


@pytest.mark.parametrize("fields", WRONG_CHANGES, ids=str)
def test_a_malformed_change_is_refused(refusal: Callable[[bytes], InvalidFile], fields: Json) -> None:
    """A change that no pleoctl plans is refused although the id fits; behind a sound one that is like it as well."""
    wrong = change(**fields)
    assert "changes.0" in str(refusal(sealed({**PLAN, "changes": [wrong]})).findings[0])
    assert "changes.1" in str(
        refusal(sealed({**PLAN, "changes": [change(address="account:ext-0"), wrong]})).findings[0]
    )


DRAFT: Json = change(
    address="vendor:v-1",
    kind="vendor",
    action="confirm",
    before={"archived": False, "externalId": None, "name": "ACME", "state": "DRAFT"},
    after={"archived": False, "externalId": "v-1", "name": "ACME", "state": "ACTIVE"},
    fields=["externalId", "state"],
)
WRONG_DRAFTS: list[Json] = [
    {"before": DRAFT["before"] | {"state": "ACTIVE"}, "fields": ["externalId"]},
    {"after": DRAFT["after"] | {"state": "DRAFT"}, "fields": ["externalId"]},
    {"after": DRAFT["after"] | {"state": None}},
    {"after": DRAFT["after"] | {"state": ["ACTIVE"]}},
    {"action": "update"},
    {"action": "update", "before": {"archived": False, "name": "Acme"}, "fields": ["externalId", "name", "state"]},
]


@pytest.mark.parametrize("fields", WRONG_DRAFTS, ids=str)
def test_a_draft_that_becomes_anything_but_active_is_refused(
    refusal: Callable[[bytes], InvalidFile], fields: Json
) -> None:
    """Only a confirmation moves a state, from draft to active; a sound one before it makes a wrong one no better."""
    sound, wrong = {**DRAFT, "address": "vendor:v-0"}, DRAFT | fields
    assert "summary" in str(refusal(sealed({**PLAN, "changes": [sound]})).findings[0])
    assert "changes.1" in str(refusal(sealed({**PLAN, "changes": [sound, wrong]})).findings[0])


@pytest.mark.parametrize("number", [0, 1, 255, 256, 257, 600])
def test_any_number_of_changes_reads_back(tmp_path: Path, number: int) -> None:
    """They are encoded some at a time, in the order of their type's fields; the whole is canonical all the same."""
    counts = {**COUNTS, "update": number}
    changes = [change(address=f"account:ext-{n}") for n in range(number)]
    file = tmp_path / "plan.json"
    file.write_bytes(sealed({**PLAN, "changes": changes, "summary": {**counts, "byKind": {"account": counts}}}))
    read = read_plan(file)
    made = Plan.of(read.head, read.changes)
    assert made.bytes == canonical_bytes(json.loads(made.bytes))
    file.write_bytes(made.bytes)
    assert read_plan(file) == made


@pytest.mark.parametrize(
    "totals",
    [{"create": 1}, {"archive": 1}, {"byKind": {}}, {"byKind": {**PLAN["summary"]["byKind"], "tag": COUNTS}}],
    ids=str,
)
def test_totals_that_are_not_those_of_the_changes_are_refused(
    refusal: Callable[[bytes], InvalidFile], totals: Json
) -> None:
    """A reviewer who reads the totals alone reads what will be done."""
    finding = refusal(sealed({**PLAN, "summary": PLAN["summary"] | totals})).findings[0]
    assert finding.message == "summary: its totals are not those of the changes"


@pytest.mark.parametrize(
    "parent",
    [None, {}, [], "tagGroup:DEPT", {"address": "tagGroup:DEPT", "pleoId": "../x"}, {"address": 1, "pleoId": ID}],
)
def test_a_tag_needs_a_parent_in_pleo(refusal: Callable[[bytes], InvalidFile], parent: Value) -> None:
    """The group of a tag is an address and an id, and the id is one that a path can hold."""
    tag = {**PLAN["changes"][2], "parent": parent}
    assert "parent" in str(refusal(sealed({**PLAN, "changes": [tag]})).findings[0])


def test_one_address_stands_once(refusal: Callable[[bytes], InvalidFile]) -> None:
    """Two changes of one record are refused: apply could not tell them apart."""
    assert "stands twice" in str(refusal(sealed({**PLAN, "changes": [change(), change()]})).findings[0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, "", "x", "account:x", "\ud800", ID]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["archived", "a"]), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def damaged(draw: DrawFn) -> Json:
    """The plan with one place replaced, removed or added."""
    plan = copy.deepcopy(PLAN)
    place: Value = plan
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = draw(st.sampled_from(steps))
        inner = place[step]
        if not (isinstance(inner, dict | list) and inner and draw(st.booleans())):
            break
        place = inner
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "remove":
        del place[step]
    elif how == "add" and isinstance(place, dict):
        place[draw(st.sampled_from(["extra", "today", "source", "id"]))] = draw(json_values)
    else:
        place[step] = draw(json_values)
    return plan


@given(damaged())
def test_a_damaged_plan_is_read_or_refused(tmp_path: Path, plan: Json) -> None:
    """Whatever stands in a sealed plan, it is refused with one clear error, or it fits the schema."""
    file = tmp_path / "plan.json"
    file.write_bytes(sealed(plan))
    try:
        read = read_plan(file)
    except InvalidFile as error:
        assert error.findings  # noqa: PT017 - refusing is as right as reading
    else:
        assert list(validator("plan").iter_errors(json.loads(read.bytes))) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"address": "account:ext%2D1"}, "changes.0.address"),
        ({"address": "account:a/b"}, "changes.0.address"),
        ({"address": "supplier:a"}, "changes.0.address"),
        ({"pleoId": "a\n"}, "changes.0.pleoId"),
        ({"reason": 5}, "changes.0.reason"),
    ],
)
def test_a_wrong_word_in_a_change_is_told_with_its_place(
    refusal: Callable[[bytes], InvalidFile], fields: Json, told: str
) -> None:
    """Also an address in a spelling of its own, which would slip past a protection that reads the right one."""
    finding = refusal(sealed({**PLAN, "changes": [change(**fields)]})).findings[0]
    assert (finding.file, finding.message.partition(":")[0]) == ("plan.json", told)


@pytest.mark.parametrize("bucket", ["tag:B/2", "tag", "account:x", "supplier", "tag:B%2f2"])
def test_the_guards_groups_have_one_spelling(refusal: Callable[[bytes], InvalidFile], bucket: str) -> None:
    """A plan that counts active records under another name is refused."""
    context = {"tagGroups": "all", "left": [], "active": {bucket: 2}}
    assert "context.active" in str(refusal(sealed({**PLAN, "context": context})).findings[0])


def test_codes_in_another_case_are_the_same_record(refusal: Callable[[bytes], InvalidFile]) -> None:
    """A tag stands once in a plan, however it is spelt; accounts differ in case."""
    tag = PLAN["changes"][2]
    twin = {**tag, "address": "tag:dept/eng", "parent": {"address": "tagGroup:dept", "pleoId": ID}}
    assert "stands twice" in str(refusal(sealed({**PLAN, "changes": [tag, twin]})).findings[0])


NEWER = {"formatVersion": 2}, {"pleoctlVersion": "0.20.1", "new": 1}, {"pleoctlVersion": "1.0", "changes": [{}]}


@pytest.mark.parametrize("fields", NEWER, ids=str)
def test_a_plan_of_a_newer_version_says_so(refusal: Callable[[bytes], InvalidFile], fields: Json) -> None:
    """Whatever is unknown in it: the hint names the version that made it."""
    made = {**PLAN, "pleoctlVersion": "0.20.1", **fields}
    assert f"made by pleoctl {made['pleoctlVersion']}" in (refusal(sealed(made)).findings[0].hint or "")


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "", "x", "0.1"])
def test_a_plan_of_this_version_blames_no_other(refusal: Callable[[bytes], InvalidFile], version: str) -> None:
    """An old or nameless plan that is malformed is malformed."""
    finding = refusal(sealed({**PLAN, "pleoctlVersion": version, "new": 1})).findings[0]
    assert "made by" not in (finding.hint or "")


def test_a_reformatted_plan_is_the_same_plan(tmp_path: Path) -> None:
    """Blanks and the order of keys are no content."""
    file = tmp_path / "plan.json"
    file.write_bytes(sealed(PLAN))
    exact = read_plan(file)
    file.write_text(json.dumps(json.loads(file.read_bytes()), indent=2))
    assert read_plan(file) == exact


def test_a_key_that_stands_twice_is_refused(refusal: Callable[[bytes], InvalidFile]) -> None:
    """Readers disagree about which of them counts."""
    content = sealed(PLAN).replace(b'"reason":', b'"reason":"other","reason":', 1)
    assert "twice" in str(refusal(content).findings[0])


def test_types_and_schema_say_the_same() -> None:
    """The published schema and the types that plans are decoded into have one shape."""
    published = json.loads(schema_text("plan"))
    published.pop("anyOf")
    made = msgspec.json.schema(PlanFile, schema_hook=lambda _: {"type": "string"})
    shapes = [outline(made, made), outline(published, published)]
    # A key per section, which the kinds say and a check by hand keeps.
    scopes = [shape["keys"].pop("scope") for shape in shapes]
    assert shapes[0] == shapes[1]
    assert set(scopes[1]["keys"]) == {kind.section for kind in KINDS.values() if kind.parent is None}
