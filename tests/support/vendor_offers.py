"""Tax codes and vendors as the accounting systems of `vendor_answers` list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_books import Reply

if TYPE_CHECKING:
    from fake_books import Call


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


def odoo(numbers: range) -> list[dict[str, Any]]:
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


def visma(numbers: range) -> list[dict[str, Any]]:
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


def sage(call: Call, numbers: range) -> list[dict[str, Any]] | None:
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


def exact(numbers: range) -> dict[str, list[dict[str, Any]]]:
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


def netsuite(numbers: range) -> list[dict[str, Any]]:
    """Rows of the query; null columns are left out."""
    return [
        {"id": str(n), "entityid": str(n), "isinactive": "F" if n % 10 != 0 else "T", "companyname": f"Vendor {n}"}
        | ({"symbol": "GBP"} if n % 2 else {})
        for n in numbers
    ]
