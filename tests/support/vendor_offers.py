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
