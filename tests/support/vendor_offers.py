"""Tax codes and vendors as the accounting systems of `vendor_answers` list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_books import Reply

if TYPE_CHECKING:
    from fake_books import Call
    from shapes import Json, Value


def xero(call: Call, numbers: range) -> Reply | None:
    """Tax rates in one answer, contacts by pages; None for anything else."""
    if call.path.endswith("/TaxRates"):
        rates = [
            {"TaxType": "INPUT2", "Name": "20% (VAT on Expenses)", "EffectiveRate": 20.0, "Status": "ACTIVE"},
            {
                "TaxType": "REVERSECHARGES",
                "Name": "Reverse Charge (20%)",
                "EffectiveRate": 20,
                "Status": "DELETED",
            },
            {"TaxType": "RRINPUT", "Name": "5%", "EffectiveRate": 12.5, "Status": "ACTIVE", "ReportTaxType": "INPUT"},
            {"TaxType": "OUTPUT2", "Name": "Income", "EffectiveRate": 20, "Status": "ACTIVE"},
        ]
        return Reply({"TaxRates": [{**one, "CanApplyToExpenses": one["TaxType"] != "OUTPUT2"} for one in rates]})
    if call.path.endswith("/Contacts"):
        assert (call.query["where"], call.query["includeArchived"]) == ("IsSupplier==true", "true")
        found = [
            {"ContactID": f"c-{n}", "Name": f"Vendor {n}", "ContactStatus": "ACTIVE" if n % 10 != 0 else "ARCHIVED"}
            | ({"AccountNumber": str(n), "DefaultCurrency": "GBP", "TaxNumber": "GB1"} if n % 2 else {})
            for n in numbers
        ]
        size = int(call.query["pageSize"])
        page = found[(int(call.query["page"]) - 1) * size :][:size]
        return Reply({"Contacts": page, "pagination": {"itemCount": len(found)}})
    return None


def business_central(numbers: range) -> Reply:
    """Vendors in one page with their count."""
    found = [
        {
            "id": f"c-{n}",
            "number": str(n),
            "displayName": f"Vendor {n}",
            "blocked": " " if n % 10 != 0 else "All",
            "currencyCode": "GBP" if n % 2 else "",
            "country": "GB" if n % 2 else "",
            "taxRegistrationNumber": "GB1" if n % 2 else "",
        }
        for n in numbers
    ]
    return Reply({"value": found, "@odata.count": len(found)})


def odoo(numbers: range) -> list[Json]:
    """Partners; what is empty is false."""
    return [
        {
            "id": n,
            "ref": str(n) if n % 2 else False,
            "name": f"Vendor {n}",
            "active": n % 10 != 0,
            "vat": "GB1" if n % 2 else False,
            "country_code": "GB" if n % 2 else False,
            "company_id": False,
        }
        for n in numbers
    ]


def odoo_taxes() -> Reply:
    """Purchase taxes with the lines that say where the tax goes, as nested as they were asked for."""

    def tax(number: int, name: str, amount: float, *factors: int, kind: str = "percent") -> Json:
        lines = [{"id": number, "repartition_type": "base", "factor_percent": 100, "account_id": False}]
        lines += [
            {"id": n, "repartition_type": "tax", "factor_percent": n, "account_id": {"id": 1, "code": f"26{n:+}"}}
            for n in factors
        ]
        named = {"id": number, "name": name, "amount": amount, "amount_type": kind, "active": number != 9}
        return {**named, "company_id": 1, "invoice_repartition_line_ids": lines}

    taxes = [
        tax(7, "25% G", 25.0, 100),
        tax(8, "25% EU", 25, 100, -100),
        tax(9, "0% EX", 0.0),
        tax(10, "Group", 0, kind="group"),
    ]
    return Reply({"length": len(taxes), "records": taxes})


def economic(call: Call, numbers: range) -> Reply:
    """VAT codes and suppliers of the older API, which leaves out what is false and what is empty."""
    account = {"account": {"accountNumber": 6903}}
    lists: dict[str, list[Json]] = {
        "/vat-accounts": [
            {"vatCode": "I25", "name": "Køb", "ratePercentage": 25.0, "vatType": {"vatTypeNumber": 2}, **account},
            {
                "vatCode": "U25",
                "name": "Salg",
                "ratePercentage": 25.0,
                "vatType": {"vatTypeNumber": 1},
                "account": {"accountNumber": 6902},
            },
            {
                "vatCode": "OBVK",
                "name": "Omvendt",
                "ratePercentage": 25.0,
                "vatType": {"vatTypeNumber": 2},
                "contraAccount": {"accountNumber": 6904},
                "barred": True,
                **account,
            },
        ],
        "/suppliers": [
            {"supplierNumber": n, "name": f"Vendor {n}", "currency": "GBP" if n % 2 else ""}
            | ({"vatNumber": "GB1", "corporateIdentificationNumber": "1"} if n % 2 else {})
            | ({"barred": True} if n % 10 == 0 else {})
            for n in numbers
        ],
    }
    rows = lists[call.path]
    page, size = int(call.query["skippages"]), int(call.query["pagesize"])
    more = {"maxPageSizeAllowed": 1000, "skipPages": page, "pageSize": size, "results": len(rows)}
    return Reply({"collection": rows[page * size :][:size], "pagination": more})


def fortnox(numbers: range) -> list[Json]:
    """Suppliers, texts empty where there is nothing."""
    return [
        {
            "SupplierNumber": str(n),
            "Name": f"Vendor {n}",
            "Currency": "GBP" if n % 2 else "",
            "OrganisationNumber": "GB1",
            "Active": n % 10 != 0,
        }
        for n in numbers
    ]


def quickbooks(numbers: range) -> dict[str, list[Json]]:
    """Vendors; tax codes that name their rates, and the rates; the two pseudo codes have none."""

    def code(number: str, name: str, *rates: str, **more: Value) -> Json:
        details = [{"TaxRateRef": {"value": one}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for one in rates]
        return {"Id": number, "Name": name, "PurchaseTaxRateList": {"TaxRateDetail": details}, **more}

    return {
        "Vendor": [
            {"Id": str(n), "DisplayName": f"Vendor {n}", "Active": n % 10 != 0}
            | ({"AcctNum": str(n), "CurrencyRef": {"value": "GBP", "name": "Pound"}} if n % 2 else {})
            for n in numbers
        ],
        "TaxCode": [
            {"Id": "NON", "Name": "NON", "TaxGroup": False},
            code("2", "20.0% S", "11", Active=True),
            code("3", "20.0% RC", "11", "12", Active=True),
            code("4", "GST/QST QC", "13", "14", Active=False),
            code("5", "Sales only"),
        ],
        "TaxRate": [
            {"Id": number, "Name": f"Rate {number}", "RateValue": rate, "Active": True}
            for number, rate in (("11", 20), ("12", -20), ("13", 5), ("14", 9.975))
        ],
    }


def datev(numbers: range) -> list[Json]:
    """Creditors by their personal accounts."""
    return [
        {"id": f"7{n}0000", "account_number": 70000 + n, "short_name": f"V {n}", "legal_entity_type": "legal_person"}
        | ({"caption": f"Vendor {n}"} if n % 2 else {})
        for n in numbers
    ]


def netsuite_taxes() -> list[Json]:
    """Rows of the query; rates are fractions, null columns are left out."""
    return [
        {"id": "5", "itemid": "VAT:S-GB", "rate": 0.2, "isinactive": "F", "description": "Standard"},
        {"id": "6", "itemid": "VAT:RC-GB", "rate": 0.2, "isinactive": "F", "reversecharge": "T"},
        {"id": "7", "itemid": "VAT:OLD", "rate": 0.175, "isinactive": "T"},
    ]


def visma_codes() -> list[Json]:
    """VAT codes, rates as fractions, without a word of what they are for."""
    related = {"AccountNumber1": 2641, "AccountNumber2": None, "AccountNumber3": None}
    return [
        {"Id": f"vat-{code}", "Code": code, "Description": name, "VatRate": rate, "RelatedAccounts": related}
        for code, name, rate in (("05", "Momspliktig 25%", 0.25), ("21", "Tjänster EU", 0.25), ("48", "", 0.06))
    ]


def visma(numbers: range) -> list[Json]:
    """Suppliers, whose empty texts are null."""
    return [
        {
            "Id": f"c-{n}",
            "SupplierNumber": str(n),
            "Name": f"Vendor {n}",
            "CurrencyCode": "GBP" if n % 2 else None,
            "CountryCode": "GB",
            "CorporateIdentityNumber": "556677-8899" if n % 2 else "",
            "VatNumber": "GB1" if n % 2 else None,
            "IsActive": n % 10 != 0,
        }
        for n in numbers
    ]


def sage(call: Call, numbers: range) -> list[Json] | None:
    """Contacts of the type that was asked for, and tax rates; None for anything else."""
    if call.path.endswith("/tax_rates"):
        return [
            {"id": "GB_STANDARD", "name": "Standard", "percentage": 20.0, "is_visible": True},
            {"id": "GB_OLD", "name": "Old", "percentage": 17.5, "is_visible": False},
        ]
    if call.path.endswith("/contacts"):
        assert call.query["contact_type_id"] == "VENDOR"
        return [
            {
                "id": f"c-{n}",
                "reference": str(n) if n % 2 else None,
                "name": f"Vendor {n}",
                "tax_number": "GB1" if n % 2 else None,
                "currency": {"id": "GBP"} if n % 2 else None,
                "deleted_at": None if n % 10 != 0 else "2026-01-01T00:00:00Z",
                "system": False,
            }
            for n in numbers
        ]
    return None


def exact(numbers: range) -> dict[str, list[Json]]:
    """VAT codes and suppliers, codes padded."""
    rates = [("1  ", 0.21, False, "B", "1520 "), ("5  ", 0.21, True, "P", "1521"), ("9  ", 0.09, False, "S", None)]
    return {
        "VATCodes": [
            {
                "ID": f"v-{code}",
                "Code": code,
                "Description": f"VAT {code}",
                "Percentage": rate,
                "Charged": charged,
                "IsBlocked": False,
                "VATTransactionType": kind,
                "GLToClaimCode": account,
                "GLToPayCode": None,
            }
            for code, rate, charged, kind, account in rates
        ],
        "Accounts": [
            {
                "ID": f"c-{n}",
                "Code": f"{n:>18}",
                "Name": f"Vendor {n}",
                "Blocked": n % 10 == 0,
                "Country": "GB ",
                "PurchaseCurrency": "GBP" if n % 2 else None,
                "ChamberOfCommerce": None,
                "VATNumber": "GB1" if n % 2 else None,
            }
            for n in numbers
        ],
    }


def netsuite(numbers: range) -> list[Json]:
    """Rows of the query; null columns are left out."""
    return [
        {"id": str(n), "entityid": str(n), "isinactive": "F" if n % 10 != 0 else "T", "companyname": f"Vendor {n}"}
        | ({"symbol": "GBP"} if n % 2 else {})
        for n in numbers
    ]
