"""Reading Pleo: records of the expected shape and of the right company, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from requests_mock import ANY

from clocks import FakeTime
from pleoctl.errors import PleoError
from pleoctl.pleo import wire
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.writer import PleoWriter
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import LostAnswer
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport

if TYPE_CHECKING:
    from requests_mock import Mocker

    from shapes import Json, Value

URL = "https://external.pleo.io"
COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
ID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
LAST = {"hasNextPage": False}


def account(**fields: Value) -> Json:
    """An account as Pleo sends it."""
    return {
        "id": ID,
        "companyId": COMPANY,
        "externalId": "e",
        "name": "n",
        "archived": False,
        "metadata": {"a": 1},
    } | fields


def tag(**fields: Value) -> Json:
    """A tag as Pleo sends it."""
    return {"id": ID, "groupId": OTHER, "code": "c", "archived": False, "createdAt": "2025-01-01T00:00:00Z"} | fields


def group(**fields: Value) -> Json:
    """A tag group as Pleo sends it."""
    return {"id": ID, "companyId": COMPANY, "code": "c", "name": "n", "archived": False, "metadata": {}} | fields


@pytest.fixture
def writer() -> PleoWriter:
    """A client of production that never sleeps."""
    service = Service(URL, "Pleo", failure=PleoError)
    return PleoWriter(Transport(service, None, Budget(None, machine=FakeTime())), COMPANY)


def test_the_plan_path_cannot_write() -> None:
    """A reader has no method that writes (law 11), and no client has one that deletes (law 4)."""
    writing = {name for name in dir(PleoWriter) if name.startswith(("create", "put", "archive", "activate"))}
    assert len(writing) == 14
    assert not writing & set(dir(PleoReader))
    assert not [name for name in dir(PleoWriter) if "delete" in name]


def test_fields_beyond_the_contract_do_no_harm(writer: PleoWriter, requests_mock: Mocker) -> None:
    """Pleo may add fields; absent optional fields are null."""
    rows = [account(kind="asset"), account(id=OTHER, archived=True)]
    requests_mock.post(f"{URL}/v1/chart-of-accounts:search", json={"data": rows, "pagination": LAST})
    found = writer.accounts()
    assert [(r.key, r.archived, r.fields["code"], r.raw) for r in found] == [
        ("e", False, None, None),
        ("e", True, None, None),
    ]


def test_an_empty_key_is_a_key(writer: PleoWriter, requests_mock: Mocker) -> None:
    """Older records may carry an empty externalId or code: they are records that nothing matches, not errors."""
    requests_mock.post(
        f"{URL}/v1/chart-of-accounts:search", json={"data": [account(externalId="", archived=True)], "pagination": LAST}
    )
    requests_mock.get(f"{URL}/v0/tag-groups", json={"data": [group(code="")]})
    assert [r.key for r in (*writer.accounts(), *writer.groups())] == ["", ""]


WRONG: list[Json] = [
    {"id": None},
    {"id": ""},
    {"id": 7},
    {"archived": None},
    {"archived": "false"},
    {"archived": 0},
    {"name": 5},
]


@pytest.mark.parametrize("fields", [*WRONG, {"externalId": None}, {"code": ["1"]}, {"taxCodeExternalId": 25}], ids=str)
def test_a_malformed_account_is_an_error(writer: PleoWriter, requests_mock: Mocker, fields: Json) -> None:
    """A record that is not what the contract says is never guessed at."""
    requests_mock.post(f"{URL}/v1/chart-of-accounts:search", json={"data": [account(**fields)], "pagination": LAST})
    with pytest.raises(PleoError):
        writer.accounts()


@pytest.mark.parametrize("fields", [*WRONG, {"code": None}, {"groupId": None}, {"createdAt": 5}], ids=str)
def test_a_malformed_tag_is_an_error(writer: PleoWriter, requests_mock: Mocker, fields: Json) -> None:
    """The same for tags."""
    requests_mock.post(f"{URL}/v0/tags:search", json={"data": [tag(**fields)], "pagination": LAST})
    with pytest.raises(PleoError):
        writer.tags([OTHER])


@pytest.mark.parametrize(
    "body",
    [{"data": [group(**fields)]} for fields in [*WRONG, {"code": None}]]
    + [{"data": {}}, {"data": None}, {}, [], None, {"data": ["x"]}, {"data": [group(), group()]}]
    + [{"data": [group(id="abc"), group(id="ABC")]}],
    ids=str,
)
def test_a_malformed_group_list_is_an_error(writer: PleoWriter, requests_mock: Mocker, body: Value) -> None:
    """Wrong shapes of the one list without pages, and a group listed twice, also where its id is spelt in two cases."""
    requests_mock.get(f"{URL}/v0/tag-groups", json=body)
    with pytest.raises(PleoError):
        writer.groups()


@pytest.mark.parametrize("kind", ["accounts", "groups"])
def test_a_record_of_another_company_is_refused(writer: PleoWriter, requests_mock: Mocker, kind: str) -> None:
    """A credential of an organisation could see more than the workspace's company; such records are no input (N13)."""
    rows = [account(companyId=OTHER)] if kind == "accounts" else [group(companyId=OTHER)]
    requests_mock.post(f"{URL}/v1/chart-of-accounts:search", json={"data": rows, "pagination": LAST})
    requests_mock.get(f"{URL}/v0/tag-groups", json={"data": rows})
    with pytest.raises(PleoError, match="another company"):
        getattr(writer, kind)()


ROWS: dict[str, list[Value]] = {
    "plain": [account(code="", taxCodeExternalId="VAT"), account(id=OTHER, code="7", archived=True, more=1)],
    "whose it is stands in capitals": [account(), account(id=OTHER, companyId=COMPANY.upper())],
    "whose it is is not said": [account(), {k: v for k, v in account(id=OTHER).items() if k != "companyId"}],
    "the stranger stands before the misfit": [account(companyId=OTHER), account(id=OTHER, archived="no")],
    "the misfit stands before the stranger": [account(archived="no"), account(id=OTHER, companyId=OTHER)],
    "one comes twice before the misfit": [account(), account(), account(id=OTHER, name=7)],
    "one is no object": [account(), "x"],
    "one holds half a character": [account(name="\ud83d"), account(id="", name="n")],
}


@pytest.mark.parametrize("rows", ROWS)
def test_a_page_is_read_as_its_rows_are(
    writer: PleoWriter, requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch, rows: str
) -> None:
    """A whole page makes the records, or the complaint, that its rows make one by one."""
    requests_mock.post(f"{URL}/v1/chart-of-accounts:search", json={"data": ROWS[rows], "pagination": LAST})

    def told() -> str:
        try:
            return repr(writer.accounts_by_key("e"))
        except PleoError as error:
            return str(error)

    at_once = told()
    monkeypatch.setattr(wire, "accounts", lambda *_: None)
    assert at_once == told()


def test_the_company_may_be_spelt_in_capitals(writer: PleoWriter, requests_mock: Mocker) -> None:
    """A UUID is the same in either case."""
    requests_mock.get(f"{URL}/v0/tag-groups", json={"data": [group(companyId=COMPANY.upper())]})
    assert len(writer.groups()) == 1


def test_tags_of_other_groups_are_an_error(writer: PleoWriter, requests_mock: Mocker) -> None:
    """A search that does not keep to its filter cannot be trusted to be complete."""
    rows = [tag(), tag(id=OTHER, groupId=ID)]
    requests_mock.post(f"{URL}/v0/tags:search", json={"data": rows, "pagination": LAST})
    with pytest.raises(PleoError, match="another group"):
        writer.tags([OTHER])
    assert writer.tags([]) == []


def test_records_that_were_not_asked_for_are_left_out(writer: PleoWriter, requests_mock: Mocker) -> None:
    """A search by ids that gives more gives no more."""
    rows = [account(), account(id=OTHER)]
    requests_mock.post(f"{URL}/v1/chart-of-accounts:search", json={"data": rows, "pagination": LAST})
    assert [r.id for r in writer.accounts_by_id([ID])] == [ID]


def test_a_part_of_the_tag_groups_is_no_list_of_them(writer: PleoWriter, requests_mock: Mocker) -> None:
    """Nobody asked for pages; a list that says it goes on is not taken for all there are (law 1)."""
    requests_mock.get(f"{URL}/v0/tag-groups", json={"data": [group()], "pagination": {"hasNextPage": True}})
    with pytest.raises(PleoError, match="more follow"):
        writer.groups()


@pytest.mark.parametrize(
    ("status", "body"), [(404, {}), (200, {"data": {"usages": []}}), (200, {"data": {"usages": [{"id": ID}, 3]}})]
)
def test_usage_is_empty_where_pleo_says_nothing(
    writer: PleoWriter, requests_mock: Mocker, status: int, body: Json
) -> None:
    """An unknown group and unused tags have no expenses (T66)."""
    requests_mock.get(f"{URL}/v0/tag-groups/{ID}/usage", status_code=status, json=body)
    assert writer.usage(ID) == {}


@pytest.mark.parametrize(
    "body", [{}, {"data": []}, {"data": {"usages": None}}, {"data": {"usages": [{"id": ID, "count": "x"}]}}]
)
def test_a_malformed_usage_is_an_error(writer: PleoWriter, requests_mock: Mocker, body: Json) -> None:
    """A usage that is not understood decides nothing."""
    requests_mock.get(f"{URL}/v0/tag-groups/{ID}/usage", json=body)
    with pytest.raises(PleoError):
        writer.usage(ID)


@pytest.mark.parametrize(
    "body", [None, {}, {"data": None}, {"data": {}}, {"data": account(archived="x")}, [], {"data": [account()]}]
)
@pytest.mark.parametrize(
    "call", ["create_account", "put_account", "put_group", "put_tag", "create_group", "create_tag", "create_accounts"]
)
def test_a_write_whose_answer_is_not_understood_is_lost(
    writer: PleoWriter, requests_mock: Mocker, call: str, body: Value
) -> None:
    """A 2xx means that it was carried out; an answer of another shape leaves open what was (law 3)."""
    requests_mock.register_uri("POST", ANY, json=body)
    requests_mock.register_uri("PUT", ANY, json=body)
    known: dict[str, list[Value]] = {"put": [ID, {}], "create_tag": [ID, {}], "create_accounts": [[{}]]}
    arguments = known.get(call if call in known else call.partition("_")[0], [{}])
    with pytest.raises(LostAnswer):
        getattr(writer, call)(*arguments)


@pytest.mark.parametrize(
    "data",
    [
        {"created": []},
        {"failed": []},
        {"created": {}, "failed": []},
        {"created": [3], "failed": []},
        {"created": [], "failed": [{}]},
        {"created": [], "failed": ["x"]},
        {"created": [], "failed": [{"request": None}]},
    ],
    ids=str,
)
def test_a_batch_answer_that_is_not_understood_is_lost(writer: PleoWriter, requests_mock: Mocker, data: Json) -> None:
    """Both lists must be there and readable."""
    requests_mock.post(f"{URL}/v1/chart-of-accounts/batch", status_code=201, json={"data": data})
    with pytest.raises(LostAnswer):
        writer.create_accounts([{"externalId": "e"}])
