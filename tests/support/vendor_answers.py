"""Eleven accounting systems, each answering in the shape and paging style that its vendor documents.

All keep the same books: 1,050 accounts of which every tenth is inactive, one heading, and two dimensions with two
values each, of which one is inactive where the vendor knows that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import vendor_offers as offers
from fake_books import Reply

if TYPE_CHECKING:
    from fake_books import Call
    from shapes import Json, Value

NUMBERS = range(1000, 2050)
TREE = {"d1": ("First", [("v1", "One", True), ("v2", "Two", False)]), "d2": ("Second", [("v3", "Three", True)])}


def _active(number: int) -> bool:
    return number % 10 != 0


def _part(rows: list[Value], start: int, size: int) -> list[Value]:
    return rows[start : start + size]


# --- e-conomic: cursor in the body, 300 a page -----------------------------------------------------------------------


def economic(call: Call) -> Reply:
    """The cursor of e-conomic; what its older API lists."""
    if call.path in {"/vat-accounts", "/suppliers"}:
        return offers.economic(call, NUMBERS)
    rows = [{"number": 999, "name": "Heading", "type": 4, "isBarred": False, "isBlockedForDirectEntries": False}]
    rows += [
        {
            "number": n,
            "name": f"Account {n}",
            "type": 1,
            "isBarred": not _active(n),
            "isBlockedForDirectEntries": False,
            "vatCode": "I25" if n % 2 else None,
        }
        for n in NUMBERS
    ]
    dimensions = [{"number": n + 1, "name": name} for n, (name, _) in enumerate(TREE.values())]
    values = [
        {"dimensionNumber": n + 1, "key": int(code[1:]), "name": name, "active": on}
        for n, (_, options) in enumerate(TREE.values())
        for code, name, on in options
    ]
    lists = {"Accounts": rows, "dimensions": dimensions, "values": values}
    named = lists[call.path.removesuffix("/count").rpartition("/")[2]]
    if call.path.endswith("/count"):
        return Reply({"count": len(named)})
    if named is not rows:
        return Reply({"items": named})
    start = int(call.query.get("cursor", "0"))
    more = {"cursor": str(start + 300)} if start + 300 < len(rows) else {}
    return Reply({"items": _part(rows, start, 300), **more})


# --- Xero: one answer, options inside their category -----------------------------------------------------------------


def xero(call: Call) -> Reply:
    """Tracking options stand inside their category."""
    if call.headers.get("Xero-Tenant-Id") != "t-1":
        return Reply({"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, 403)
    if call.path.endswith("/TrackingCategories"):
        assert call.query["includeArchived"] == "true"
        trees = [
            {
                "TrackingCategoryID": code,
                "Name": name,
                "Status": "ACTIVE",
                "Options": [
                    {"TrackingOptionID": o, "Name": n, "Status": "ACTIVE" if on else "ARCHIVED"} for o, n, on in options
                ],
            }
            for code, (name, options) in TREE.items()
        ]
        return Reply({"Status": "OK", "TrackingCategories": trees})
    if (offered := offers.xero(call, NUMBERS)) is not None:
        return offered
    rows = [
        {
            "AccountID": f"id-{n}",
            "Code": str(n),
            "Name": f"Account {n}",
            "TaxType": "INPUT2" if n % 2 else "NONE",
            "Status": "ACTIVE" if _active(n) else "ARCHIVED",
            "Type": "EXPENSE",
        }
        for n in NUMBERS
    ]
    return Reply({"Status": "OK", "Accounts": rows})


# --- Business Central: OData, the server chooses the page ------------------------------------------------------------


def business_central(call: Call) -> Reply:
    """OData with a next link."""
    link = "@odata.nextLink"
    if call.path.endswith("/dimensions"):
        trees = [
            {
                "id": f"i-{code}",
                "code": code,
                "displayName": name,
            }
            for code, (name, _) in TREE.items()
        ]
        return Reply({"value": trees, "@odata.count": len(trees)})
    if call.path.endswith("/dimensionValues"):
        options = TREE[call.path.split("dimensions(i-")[1][:2]][1]
        return Reply({"value": [{"code": o, "displayName": n} for o, n, _ in options], "@odata.count": len(options)})
    if call.path.endswith("/vendors"):
        return offers.business_central(NUMBERS)
    rows = [
        {
            "id": f"id-{n}",
            "number": str(n),
            "displayName": f"Account {n}",
            "blocked": not _active(n),
            "accountType": "Posting",
            "directPosting": True,
        }
        for n in NUMBERS
    ]
    rows.append(
        {
            "id": "h",
            "number": "0",
            "displayName": "Heading",
            "blocked": False,
            "accountType": "Heading",
            "directPosting": False,
        }
    )
    start = int(call.query.get("$skiptoken", "0"))
    host = call.headers["Host"]
    url = f"http://{host}{call.path}?$count=true&$skiptoken={start + 300}"
    more = {link: url} if start + 300 < len(rows) else {}
    return Reply({"@odata.count": len(rows), "value": _part(rows, start, 300), **more})


# --- Fortnox: pages with @TotalPages ---------------------------------------------------------------------------------


def fortnox(call: Call) -> Reply:
    """MetaInformation says how many pages there are."""
    lists: dict[str, tuple[str, list[Json]]] = {
        "/3/accounts": (
            "Accounts",
            [
                {"Number": n, "Description": f"Account {n}", "Active": _active(n), "VATCode": "I" if n % 2 else None}
                for n in NUMBERS
            ],
        ),
        "/3/costcenters": ("CostCenters", [{"Code": o, "Description": n, "Active": on} for o, n, on in TREE["d1"][1]]),
        "/3/projects": (
            "Projects",
            [{"ProjectNumber": o, "Description": n, "Status": "ONGOING", "EndDate": ""} for o, n, _ in TREE["d2"][1]],
        ),
    }
    lists["/3/suppliers"] = ("Suppliers", offers.fortnox(NUMBERS))
    name, rows = lists[call.path]
    page, size = int(call.query["page"]), int(call.query["limit"])
    meta = {"@TotalPages": -(-len(rows) // size), "@TotalResources": len(rows), "@CurrentPage": page}
    return Reply({"MetaInformation": meta, name: _part(rows, (page - 1) * size, size)})


# --- QuickBooks Online: paging inside the query language, at most 300 rows -------------------------------------------


def quickbooks(call: Call) -> Reply:
    """The query language, with an empty answer past the end."""
    query = call.query["query"]
    if "Active in (true,false)" not in query:
        return Reply({"Fault": {"Error": [{"Message": "the inactive rows are missing"}]}}, 400)
    kind = re.findall(r"from (\w+)", query)[0]
    lists = {
        "Account": [
            {
                "Id": str(n),
                "FullyQualifiedName": f"Account {n}",
                "Active": _active(n),
                **({"AcctNum": str(n)} if n % 2 else {}),
            }
            for n in NUMBERS
        ],
        "Class": [{"Id": o, "FullyQualifiedName": n, "Active": on} for o, n, on in TREE["d1"][1]],
        "Department": [],
        **offers.quickbooks(NUMBERS),
    }
    rows = lists[kind]
    if "count(*)" in query:
        return Reply({"QueryResponse": {"totalCount": len(rows)}})
    start = int(re.findall(r"startposition (\d+)", query)[0]) - 1
    found = _part(rows, start, 300)
    return Reply(
        {"QueryResponse": {kind: found, "startPosition": start + 1, "maxResults": len(found)} if found else {}}
    )


# --- Visma eAccounting: $page and Meta -------------------------------------------------------------------------------


def visma(call: Call) -> Reply:
    """Meta says how many pages there are."""
    if call.path.endswith("/costcenters"):
        rows: list[Json] = [
            {
                "Id": f"i-{code}",
                "Number": n + 1,
                "Name": name,
                "IsActive": True,
                "Items": [{"Id": f"i-{o}", "ShortName": o, "Name": v, "IsActive": on} for o, v, on in options],
            }
            for n, (code, (name, options)) in enumerate(TREE.items())
        ]
    elif call.path.endswith("/suppliers"):
        rows = offers.visma(NUMBERS)
    elif call.path.endswith("/vatcodes"):
        rows = offers.visma_codes()
    else:
        rows = [
            {
                "Number": n,
                "Name": f"Account {n}",
                "FiscalYearId": "fy-1",
                "IsActive": _active(n),
                "IsBlockedForManualBooking": False,
                "VatCodeId": "vat-1" if n % 2 else None,
            }
            for n in NUMBERS
        ]
    page, size = int(call.query["$page"]), int(call.query["$pagesize"])
    meta = {
        "CurrentPage": page,
        "PageSize": size,
        "TotalNumberOfPages": -(-len(rows) // size),
        "TotalNumberOfResults": len(rows),
    }
    return Reply({"Meta": meta, "Data": _part(rows, (page - 1) * size, size)})


# --- Sage: a page past the end gives the last one again --------------------------------------------------------------


def sage(call: Call) -> Reply:
    """A total beside the items."""
    rows = offers.sage(call, NUMBERS) or [
        {
            "id": f"id-{n}",
            "nominal_code": n,
            "name": f"Account {n}",
            "included_in_chart": _active(n),
            "visible_in_expenses": True,
            "visible_in_journals": False,
            "is_control_account": n == 999,
            "tax_rate": {"id": "GB_STANDARD"} if n % 2 else None,
        }
        for n in (999, *NUMBERS)
    ]
    size = int(call.query["items_per_page"])
    page = min(int(call.query["page"]), -(-len(rows) // size))
    return Reply({"$total": len(rows), "$page": page, "$items": _part(rows, (page - 1) * size, size)})


# --- NetSuite: SuiteQL by POST, null columns left out ----------------------------------------------------------------


def netsuite(call: Call) -> Reply:
    """SuiteQL rows and totalResults."""
    assert (call.method, call.headers["Prefer"]) == ("POST", "transient")
    lists: dict[str, list[Json]] = {
        "account": [
            {
                "links": [],
                "id": str(n),
                "fullname": f"Account {n}",
                "isinactive": "F" if _active(n) else "T",
                "issummary": "F",
                **({"acctnumber": str(n)} if n % 2 else {}),
            }
            for n in NUMBERS
        ],
        "department": [{"id": o, "fullname": n, "isinactive": "F" if on else "T"} for o, n, on in TREE["d1"][1]],
        "classification": [{"id": o, "fullname": n, "isinactive": "F"} for o, n, _ in TREE["d2"][1]],
        "location": [],
        "vendor": offers.netsuite(NUMBERS),
        "salestaxitem": offers.netsuite_taxes(),
    }
    rows = lists[re.findall(r"from (\w+)", call.body["q"])[0]]
    start = int(call.query["offset"])
    found = _part(rows, start, 300)
    return Reply(
        {
            "items": found,
            "count": len(found),
            "offset": start,
            "totalResults": len(rows),
            "hasMore": start + 300 < len(rows),
            "links": [],
        }
    )


# --- DATEV: bare lists -----------------------------------------------------------------------------------------------


def datev(call: Call) -> Reply:
    """A list and nothing else."""
    below = call.path.removeprefix("/accounting/v1/clients/c-1/fiscal-years/20260101")
    if below == "/cost-systems":
        return Reply([{"id": code, "caption": name} for code, (name, _) in TREE.items()])
    if below.endswith("/cost-centers"):
        return Reply([{"id": o, "short_name": o, "long_name": n} for o, n, _ in TREE[below.split("/")[2]][1]])
    if below == "/creditors":
        return Reply(offers.datev(NUMBERS))
    return Reply([{"id": f"{n}0000", "account_number": n, "caption": f"Account {n}"} for n in NUMBERS])


# --- Exact Online: OData 2, sixty a page -----------------------------------------------------------------------------


def exact(call: Call) -> Reply:
    """OData 2 with padded codes."""
    lists: dict[str, list[Json]] = {
        "GLAccounts": [
            {
                "ID": f"id-{n}",
                "Code": f"{n:>9}",
                "Description": f"Account {n}",
                "IsBlocked": not _active(n),
                "VATCode": "4  " if n % 2 else None,
            }
            for n in NUMBERS
        ],
        "Costcenters": [{"ID": f"i-{o}", "Code": o, "Description": n} for o, n, _ in TREE["d1"][1]],
        "Costunits": [{"ID": f"i-{o}", "Code": o, "Description": n} for o, n, _ in TREE["d2"][1]],
        **offers.exact(NUMBERS),
    }
    rows = lists[call.path.rpartition("/")[2]]
    start = int(call.query.get("$skiptoken", "0"))
    url = f"http://{call.headers['Host']}{call.path}?$inlinecount=allpages&$skiptoken={start + 60}"
    more = {"__next": url} if start + 60 < len(rows) else {}
    return Reply({"d": {"__count": str(len(rows)), "results": _part(rows, start, 60), **more}})


# --- Odoo: limit and offset in the body, empty texts are false -------------------------------------------------------


def odoo(call: Call) -> Reply:
    """Bare lists, and a count of their own."""
    model, _, method = call.path.removeprefix("/json/2/").partition("/")
    if model != "account.analytic.plan" and call.body["context"] != {"active_test": False}:
        return Reply({"name": "odoo.exceptions.UserError", "message": "archived records are missing"}, 422)
    if method == "web_search_read":
        return offers.odoo_taxes()
    lists: dict[str, list[Json]] = {
        "account.account": [
            {
                "id": n,
                "code": str(n) if n % 2 else False,
                "name": f"Account {n}",
                "active": _active(n),
                "tax_ids": [7] if n % 2 else [7, 8],
                "company_ids": [1],
            }
            for n in NUMBERS
        ],
        "res.partner": offers.odoo(NUMBERS),
        "account.analytic.plan": [{"id": int(code[1:]), "name": name} for code, (name, _) in TREE.items()],
        "account.analytic.account": [
            {"id": int(o[1:]), "name": n, "active": on, "root_plan_id": [int(code[1:]), name], "company_id": [1, "A"]}
            for code, (name, options) in TREE.items()
            for o, n, on in options
        ],
    }
    rows = lists[model]
    if method == "search_count":
        return Reply(len(rows))
    assert isinstance(call.body["limit"], int)
    return Reply(_part(rows, call.body["offset"], call.body["limit"]))
