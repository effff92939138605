from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Seed

if TYPE_CHECKING:
    from requests import Response

    from sandbox_client import Client
    from shapes import Value

PATH = "/v0/tax-codes"
BODY = {"archived": False, "name": "Standard", "rate": 0.25, "type": "inclusive"}
CODES = [
    {"code": "V25", "name": "Standard", "rate": 0.25, "ingoingTaxAccount": "2640"},
    {"code": "R25", "name": "Reverse", "rate": 0.25, "type": "reverse", "archived": True},
    {"name": "By hand", "rate": 0.06},
]


@pytest.fixture
def codes(client: Client) -> Client:
    """A client of a Pleo with an active, an archived and a codeless tax code."""
    client.pleo.reset(Seed(tax_codes=CODES))
    return client


def write(client: Client, method: str = "POST", path: str = PATH, **fields: Value) -> Response:
    """Create or replace a tax code."""
    return client.call(method, path, {"companyId": client.pleo.company, **BODY, **fields})


def search(client: Client, **filters: Value) -> list[Value]:
    """The codes that a search finds."""
    answer = client.call("POST", f"{PATH}:search", filters, company_id=client.pleo.company)
    return [row["code"] for row in answer.json()["data"]]


def test_a_search_finds_both_kinds_unless_told(codes: Client) -> None:
    """Active and archived ones, by every filter that is published."""
    assert search(codes) == ["V25", "R25", None]
    assert search(codes, archived=True) == ["R25"]
    assert search(codes, archived=False) == ["V25", None]
    assert search(codes, code="V25") == ["V25"]
    assert search(codes, type="reverse") == ["R25"]
    assert search(codes, taxCodeIds=[codes.id_of("taxCodes", code="R25")]) == ["R25"]


def test_a_put_replaces_every_field(codes: Client) -> None:
    """What the body leaves out of the nullable fields is null afterwards; the rate comes back as it was sent."""
    identity = codes.id_of("taxCodes", code="V25")
    row = write(codes, "PUT", f"{PATH}/{identity}", code="V25", rate=0.255, archived=True).json()["data"]
    assert (row["rate"], row["archived"], row["ingoingTaxAccount"]) == (0.255, True, None)
    assert codes.call("GET", f"{PATH}/{identity}").json()["data"] == row
    assert write(codes, "PUT", f"{PATH}/{codes.pleo.company}").status_code == 404


@pytest.mark.parametrize(("rule", "status"), [("none", 201), (409, 409)])
def test_a_code_that_is_taken(codes: Client, rule: Value, status: int) -> None:
    """Whether a code may stand twice is a setting."""
    codes.behave(tax_code_conflict=rule)
    assert write(codes, code="V25").status_code == status
    assert write(codes, code="new").status_code == 201


@pytest.mark.parametrize(("rule", "status"), [("refuse", 400), ("accept", 200)])
def test_exclusive_is_not_supported(codes: Client, rule: Value, status: int) -> None:
    """Whether such a body is refused is a setting, and so is the status of a create."""
    codes.behave(tax_code_exclusive=rule, v0_create_status=200)
    assert write(codes, type="exclusive").status_code == status


@pytest.mark.parametrize("wrong", [{"rate": "0.25"}, {"rate": True}, {"type": "net"}, {"name": None}])
def test_a_body_against_the_contract_is_refused(codes: Client, wrong: Value) -> None:
    """A rate is a number, a type one of three."""
    assert write(codes, **wrong).status_code == 400
    assert codes.pleo.stats()["violations"]


def test_accounts_may_be_held_to_them(codes: Client) -> None:
    """An account's tax code has to be one that is active, where the setting says that Pleo looks."""
    codes.behave(validate_tax_codes=True)
    assert codes.account("a", taxCodeExternalId="V25").status_code == 201
    assert codes.account("b", taxCodeExternalId="R25").status_code == 400
    assert codes.account("c").status_code == 201


def test_it_can_be_deleted(codes: Client) -> None:
    """What pleoctl never does."""
    assert codes.call("DELETE", f"{PATH}/{codes.id_of('taxCodes', code='V25')}").status_code == 204
    assert search(codes) == ["R25", None]
