from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Edit, Fault, Seed

if TYPE_CHECKING:
    from requests import Response

    from sandbox_client import Client
    from shapes import Json, Value

PATH = "/v1/vendors"
VENDORS: list[Json] = [
    {"externalId": "v-1", "code": "ACME", "name": "Acme", "country": "SE", "taxRegistrationNumber": "SE1"},
    {"externalId": "v-2", "code": "OLD", "name": "Old", "archived": True},
    {"code": "NEW", "name": "Born in Pleo", "draft": True},
]


@pytest.fixture
def vendors(client: Client) -> Client:
    """A client of a Pleo with an active, an archived and a draft vendor."""
    client.pleo.reset(Seed(vendors=VENDORS))
    return client


def create(client: Client, **fields: Value) -> Response:
    """Create a vendor."""
    return client.call(
        "POST", PATH, {"companyId": client.pleo.company, "name": "Made", "defaultCurrency": "EUR", **fields}
    )


def put(client: Client, code: str, /, **fields: Value) -> Response:
    """Replace the vendor that has this code."""
    body = {"companyId": client.pleo.company, "name": "Made", "defaultCurrency": "EUR", "state": "ACTIVE", **fields}
    return client.call("PUT", f"{PATH}/{client.id_of('vendors', code=code)}", body)


def search(client: Client, **filters: Value) -> list[Value]:
    """The codes that a search finds."""
    answer = client.call("POST", f"{PATH}:search", filters, company_id=client.pleo.company)
    return [row["code"] for row in answer.json()["data"]]


def state(client: Client, code: str) -> str:
    """The state of the vendor with this code."""
    answer = client.call("GET", f"{PATH}/{client.id_of('vendors', code=code)}").json()["data"]
    return str(answer["state"])


def test_a_search_finds_what_its_filters_let_through(vendors: Client) -> None:
    """By states, and by every list that is published; the company has to be named."""
    assert search(vendors) == ["ACME", "OLD", "NEW"]
    assert search(vendors, states=["DRAFT", "ARCHIVED"]) == ["OLD", "NEW"]
    assert search(vendors, states=["DRAFT", "ACTIVE", "ARCHIVED"]) == ["ACME", "OLD", "NEW"]
    for filters in (
        {"codes": ["ACME"]},
        {"externalIds": ["v-1", "v-9"]},
        {"countries": ["SE"]},
        {"taxRegistrationNumbers": ["SE1"]},
        {"name": "acm"},
        {"ids": [vendors.id_of("vendors", code="ACME")]},
    ):
        assert search(vendors, **filters) == ["ACME"]
    vendors.behave(vendor_list_default="active")
    assert search(vendors) == ["ACME"]
    assert vendors.call("POST", f"{PATH}:search", {}).status_code == 400


@pytest.mark.parametrize(
    ("rule", "with_id", "without"),
    [("byExternalId", "ACTIVE", "DRAFT"), ("ACTIVE", "ACTIVE", "ACTIVE"), ("DRAFT", "DRAFT", "DRAFT")],
)
def test_the_state_of_a_new_vendor(vendors: Client, rule: Value, with_id: str, without: str) -> None:
    """Is a setting."""
    vendors.behave(vendor_create_state=rule)
    assert create(vendors, externalId="v-9").json()["data"]["state"] == with_id
    assert create(vendors, code="c").json()["data"]["state"] == without


@pytest.mark.parametrize(
    ("unique", "refused"),
    [(["externalId"], {"externalId"}), (["code", "name"], {"code", "name"}), ([], set[str]())],
)
def test_what_may_not_stand_twice(vendors: Client, unique: Value, refused: set[str]) -> None:
    """Which fields make the 409 is a setting, for creates and PUTs alike."""
    vendors.behave(vendor_unique=tuple(unique))
    for name, value in (("externalId", "v-1"), ("code", "ACME"), ("name", "Acme")):
        given = {"externalId": f"new-{name}", "name": f"New {name}", name: value}
        assert create(vendors, **given).status_code == (409 if name in refused else 201)
    assert put(vendors, "ACME", externalId="v-1", name="Acme", code="ACME").status_code == 200


def test_an_archived_vendor_may_take_a_code(vendors: Client) -> None:
    """Or not, as the setting says."""
    assert create(vendors, externalId="a", code="OLD").status_code == 409
    vendors.behave(vendor_unique_counts_archived=False)
    assert create(vendors, externalId="a", code="OLD").status_code == 201


@pytest.mark.parametrize(("omitted", "country"), [("clear", None), ("keep", "SE")])
def test_a_put_replaces(vendors: Client, omitted: Value, country: str | None) -> None:
    """What is left out is cleared or kept; nothing in an answer is null."""
    vendors.behave(put_omitted=omitted)
    row = put(vendors, "ACME", externalId="v-1", code="ACME").json()["data"]
    assert row.get("country") == country
    assert None not in row.values()


def test_states_change_by_their_calls(vendors: Client) -> None:
    """Archive, activate with externalId and code, and PUT where the setting lets it."""
    assert vendors.call("POST", f"{PATH}/{vendors.id_of('vendors', code='ACME')}:archive").status_code == 204
    assert state(vendors, "ACME") == "ARCHIVED"
    confirm = f"{PATH}/{vendors.id_of('vendors', code='NEW')}:activate"
    assert vendors.call("POST", confirm, {"code": "X"}).status_code == 400
    assert vendors.call("POST", confirm, {"externalId": "v-3", "code": "CONFIRMED"}).status_code == 204
    assert state(vendors, "CONFIRMED") == "ACTIVE"
    assert put(vendors, "CONFIRMED", externalId="v-3", code="CONFIRMED", state="ARCHIVED").json()["data"]["state"] == (
        "ARCHIVED"
    )
    vendors.behave(vendor_put_state="ignore", vendor_activate_code="ignore")
    assert put(vendors, "CONFIRMED", externalId="v-3", code="CONFIRMED").json()["data"]["state"] == "ARCHIVED"
    vendors.call("POST", f"{PATH}/{vendors.id_of('vendors', code='OLD')}:activate", {"externalId": "v-2", "code": "O"})
    assert state(vendors, "OLD") == "ACTIVE"


def test_other_clients_and_faults_know_vendors(vendors: Client) -> None:
    """An edit by externalId strikes."""
    vendors.pleo.add_fault(
        Fault(kind="actor", edits=(Edit(op="archive", kind="vendor", key="v-1"),), path="vendors:search")
    )
    assert search(vendors, states=["ARCHIVED"]) == ["ACME", "OLD"]
