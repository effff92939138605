"""The eleven fake vendors: how to reach each, its errors, its last page, and what pleoctl should make of its books."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import vendor_answers as answers
from fake_books import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Call, FakeServer
    from shapes import Json

NUMBERS = answers.NUMBERS


@dataclass(frozen=True)
class Vendor:
    """How to reach a fake vendor, how it answers, and what pleoctl should make of account 1001."""

    app: Callable[[Call], Reply]
    accounts_path: str
    error: Reply
    first: Json
    base: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    end: Callable[[Reply], Reply] | None = None
    dimensions: dict[str, list[str]] = field(default_factory=dict)


def _without(*names: str, below: str = "") -> Callable[[Reply], Reply]:
    """The page as it would be if it were the last: rows stay, the way on is gone."""

    def end(reply: Reply) -> Reply:
        for name in names:
            (reply.body[below] if below else reply.body).pop(name, None)
        return reply

    return end


def _empty(*steps: str) -> Callable[[Reply], Reply]:
    """The page as it would be past the end."""

    def end(reply: Reply) -> Reply:
        if not steps:
            return Reply([])
        part = reply.body
        for step in steps[:-1]:
            part = part[step]
        part[steps[-1]] = []
        return reply

    return end


_TWO = {"1": ["1", "2-"], "2": ["3"]}
_TREE = {"d1": ["v1", "v2-"], "d2": ["v3"]}
_BARE = {"d1": ["v1", "v2"], "d2": ["v3"]}
_CODED = {"code": "1001", "name": "Account 1001"}

VENDORS: dict[str, Vendor] = {
    "e-conomic": Vendor(
        answers.economic,
        "/accountsapi/v7.0.1/Accounts",
        Reply({"errorCode": "E1", "title": "Forbidden"}, 403),
        {"externalId": "1001", **_CODED, "taxCodeExternalId": "I25"},
        end=_without("cursor"),
        dimensions=_TWO,
    ),
    "xero": Vendor(
        answers.xero,
        "/api.xro/2.0/Accounts",
        Reply({"Title": "Unauthorized", "Detail": "TokenExpired"}, 401),
        {"externalId": "id-1001", **_CODED, "taxCodeExternalId": "INPUT2"},
        "/api.xro/2.0",
        {"tenant": "t-1"},
        dimensions=_TREE,
    ),
    "business-central": Vendor(
        answers.business_central,
        "/api/v2.0/companies(c-1)/accounts",
        Reply({"error": {"code": "Internal", "message": "Company locked"}}, 503),
        {"externalId": "id-1001", **_CODED},
        "/api/v2.0",
        {"tenant": "t", "environment": "e", "company": "c-1"},
        _without("@odata.nextLink"),
        _BARE,
    ),
    "fortnox": Vendor(
        answers.fortnox,
        "/3/accounts",
        Reply({"ErrorInformation": {"error": 1, "message": "Fel", "code": 200}}, 400),
        {"externalId": "1001", **_CODED, "taxCodeExternalId": "I"},
        "/3",
        end=_empty("Accounts"),
        dimensions={"KST": ["v1", "v2-"], "PROJ": ["v3"]},
    ),
    "quickbooks": Vendor(
        answers.quickbooks,
        "/v3/company/r-1/query",
        Reply({"Fault": {"Error": [{"Message": "AuthorizationFault", "code": "3202"}]}}, 403),
        {"externalId": "1001", **_CODED},
        "/v3/company/r-1",
        {"realm": "r-1"},
        lambda _reply: Reply({"QueryResponse": {}}),
        {"CLASS": ["v1", "v2-"], "DEPARTMENT": []},
    ),
    "visma-eaccounting": Vendor(
        answers.visma,
        "/v2/accounts/fy-1",
        Reply({"ErrorCode": 4000, "DeveloperErrorMessage": "No access"}, 403),
        {"externalId": "1001", **_CODED, "taxCodeExternalId": "vat-1"},
        "/v2",
        {"fiscalYear": "fy-1"},
        _empty("Data"),
        {"1": ["v1", "v2-"], "2": ["v3"]},
    ),
    "sage": Vendor(
        answers.sage,
        "/v3.1/ledger_accounts",
        Reply([{"$severity": "error", "$message": "No business"}], 403),
        {"externalId": "id-1001", **_CODED, "taxCodeExternalId": "GB_STANDARD"},
        "/v3.1",
        end=_empty("$items"),
    ),
    "netsuite": Vendor(
        answers.netsuite,
        "/services/rest/query/v1/suiteql",
        Reply({"title": "Bad Request", "o:errorDetails": [{"detail": "Invalid search"}]}, 400),
        {"externalId": "1001", **_CODED},
        "/services/rest/query/v1",
        {"account": "1"},
        _empty("items"),
        {"DEPARTMENT": ["v1", "v2-"], "CLASS": ["v3"], "LOCATION": []},
    ),
    "datev": Vendor(
        answers.datev,
        "/accounting/v1/clients/c-1/fiscal-years/20260101/general-ledger-accounts",
        Reply({"error": "forbidden", "error_description": "No licence"}, 403),
        {"externalId": "10010000", **_CODED},
        "",
        {"client": "c-1", "fiscalYear": "20260101"},
        dimensions=_BARE,
    ),
    "exact-online": Vendor(
        answers.exact,
        "/api/v1/9/financial/GLAccounts",
        Reply({"error": {"code": "", "message": {"lang": "", "value": "Forbidden"}}}, 403),
        {"externalId": "id-1001", **_CODED, "taxCodeExternalId": "4"},
        "/api/v1/9",
        {"division": "9"},
        _without("__next", below="d"),
        {"COSTCENTER": ["v1", "v2"], "COSTUNIT": ["v3"]},
    ),
    "odoo": Vendor(
        answers.odoo,
        "/json/2/account.account/search_read",
        Reply({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey", "arguments": []}, 401),
        {"externalId": "1001", **_CODED, "taxCodeExternalId": "7"},
        end=_empty(),
        dimensions={"1": ["1", "2-"], "2": ["3"]},
    ),
}


def section(server: FakeServer, name: str) -> Json:
    """The workspace's own part: where the server is, and what the preset asks for."""
    vendor = VENDORS[name]
    more = {"variables": vendor.variables} if vendor.variables else {}
    return {"type": "http", "preset": name, "baseUrl": server.url + vendor.base, "requestsPerMinute": 60000, **more}
