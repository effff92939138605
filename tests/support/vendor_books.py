"""Accounting systems as their documentation shows them, as far as booking needs it: what was booked is found again.

Each is called with method, path, query and content, and gives status and body, as `ApiBooks.other` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vendor_base import Vendor

if TYPE_CHECKING:
    from shapes import Json, Value
    from vendor_base import Answer, Query, Route

ACCOUNTS: Final = {"6540": "11", "1940": "12"}
DAY: Final = "2026-03-15"
_TICKS: Final = "/Date(1773532800000)/"


class Economic(Vendor):
    """Finance vouchers in a journal, found by the text of their entries."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [
            ("GET", "/journals/5", lambda *_: (200, {"journalNumber": 5})),
            ("GET", "/journals/5/entries", self.entries),
            ("GET", "/accounting-years/2026/entries", lambda *_: (200, self.page([]))),
            ("POST", "/journals/5/vouchers", self.book),
            ("POST", "/journals/5/vouchers/2026-1/attachment/file", self.file),
        ]

    def entries(self, query: Query, _body: object) -> Answer:
        """Drafts of the journal."""
        wanted = query["filter"][0].split("$or:")
        return 200, self.page([row for row in self.held if f"text$eq:{row['text']}" in wanted])

    @staticmethod
    def page(rows: list[Value]) -> Json:
        """A page with its count."""
        return {"collection": rows, "pagination": {"results": len(rows), "skipPages": 0, "pageSize": 1000}}

    def book(self, _query: Query, body: Value) -> Answer:
        """One voucher, whose entries become rows."""
        number = self.posts + 1
        for n, row in enumerate(body["entries"]["financeVouchers"]):
            self.held.append({**row, "voucher": {"voucherNumber": number}, "journalEntryNumber": n})
        self.posts += 1
        return 201, [{"voucherNumber": number, "attachment": "…"}]


class Fortnox(Vendor):
    """Vouchers, whose list has no rows."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [
            ("GET", "/voucherseries/P", lambda *_: (200, {"VoucherSeries": {"Code": "P"}})),
            ("GET", "/vouchers/sublist/P", self.list),
            ("GET", r"/vouchers/P/\d+", self.one),
            ("POST", "/vouchers", self.book),
            ("POST", "/inbox", self.file),
            ("POST", "/voucherfileconnections", self.file),
        ]

    def list(self, query: Query, _body: object) -> Answer:
        """Without rows, from a day on."""
        rows = [{name: value for name, value in row.items() if name != "VoucherRows"} for row in self.held]
        rows = [row for row in rows if row["TransactionDate"] >= query.get("fromdate", [""])[0]]
        meta = {"@TotalResources": len(rows), "@TotalPages": 1, "@CurrentPage": 1}
        return 200, {"MetaInformation": meta, "Vouchers": rows}

    def one(self, query: Query, _body: object) -> Answer:
        """With its rows."""
        assert query["financialyear"] == ["7"]
        number = int(self.paths[-1].rpartition("/")[2])
        return 200, {"Voucher": next(row for row in self.held if row["VoucherNumber"] == number)}

    def book(self, _query: Query, body: Value) -> Answer:
        """A voucher gets its number."""
        rows = [{**row, "Removed": False} for row in body["Voucher"]["VoucherRows"]]
        made = {**body["Voucher"], "VoucherRows": rows, "VoucherNumber": self.posts + 1, "Year": 7}
        return 201, {"Voucher": self.keep(made)}


class BusinessCentral(Vendor):
    """Journal lines made in one batch; posting moves them to the general ledger."""

    def __init__(self) -> None:
        """Empty books."""
        super().__init__()
        self.ledger: list[Json] = []

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        journal = r"/companies\(c\)/journals\(j\)"
        return [
            ("GET", journal, lambda *_: (200, {"id": "j"})),
            ("GET", f"{journal}/journalLines", lambda q, _: (200, {"value": self.found(q, self.held, "externalDoc")})),
            ("GET", r"/companies\(c\)/generalLedgerEntries", self.posted),
            ("POST", r"/\$batch", self.book),
            ("POST", rf"{journal}/Microsoft\.NAV\.post", self.post),
        ]

    @staticmethod
    def found(query: Query, rows: list[Json], field: str) -> list[Json]:
        """Rows of a filter of `or`s."""
        assert field in query["$filter"][0] or "documentNumber eq" in query["$filter"][0]
        return [row for row in rows if f"'{row['documentNumber']}'" in query["$filter"][0]]

    def posted(self, query: Query, _body: object) -> Answer:
        """Entries of the general ledger."""
        return 200, {"value": self.found(query, self.ledger, "documentNumber")}

    def book(self, _query: Query, body: Value) -> Answer:
        """All lines, or none and the reason inside a 200."""
        answers = []
        for one in body["requests"]:
            assert one["url"] == "companies(c)/journals(j)/journalLines"
            known = one["body"]["accountNumber"] in ACCOUNTS
            error = {"error": {"code": "Internal_RecordNotFound", "message": "The account does not exist."}}
            answers.append({"id": one["id"], "status": 201 if known else 400, "body": one["body"] if known else error})
        if all(one["status"] == 201 for one in answers):
            self.posts += 1
            self.held += [{"id": f"l{n}", **one["body"]} for n, one in enumerate(body["requests"])]
        return 200, {"responses": answers}

    def post(self, _query: Query, _body: object) -> Answer:
        """The whole journal."""
        for row in self.held:
            amount = row["amount"]
            self.ledger.append({**row, "debitAmount": max(amount, 0), "creditAmount": max(-amount, 0)})
        self.held.clear()
        return 200, {}


class Exact(Vendor):
    """General journal entries, found by the description of their lines."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        rows = [{"ID": f"guid-{i}", "Code": f"  {code}", "IsBlocked": False} for code, i in ACCOUNTS.items()]
        return [
            ("GET", "/financial/GLAccounts", lambda *_: (200, {"d": {"results": rows, "__count": "2"}})),
            ("GET", "/generaljournalentry/GeneralJournalEntryLines", self.lines),
            ("POST", "/generaljournalentry/GeneralJournalEntries", self.book),
            ("POST", "/documents/Documents", self.document),
            ("POST", "/documents/DocumentAttachments", self.file),
        ]

    def document(self, query: Query, body: Value) -> Answer:
        """A document of an entry."""
        self.file(query, body)
        return 201, {"d": {"ID": "doc-1"}}

    def lines(self, query: Query, _body: object) -> Answer:
        """By `Description eq`."""
        rows = [row for row in self.held if f"Description eq '{row['Description']}'" in query["$filter"][0]]
        return 200, {"d": {"results": rows}}

    def book(self, _query: Query, body: Value) -> Answer:
        """Lines get ids, codes and ticks."""
        codes = {f"guid-{i}": f"  {code}" for code, i in ACCOUNTS.items()}
        self.posts += 1
        for n, line in enumerate(body["GeneralJournalEntryLines"]):
            ids = {"ID": f"{self.posts}-{n}", "EntryID": f"e{self.posts}", "Date": _TICKS}
            self.held.append({**line, **ids, "GLAccountCode": codes[line["GLAccount"]]})
        return 201, {"d": {"EntryID": f"e{self.posts}", "EntryNumber": 1}}


class Odoo(Vendor):
    """Moves made as drafts and posted by an action; a lock date refuses."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        accounts = [{"id": int(i), "code": code} for code, i in ACCOUNTS.items()]
        return [
            ("POST", "/json/2/account.account/search_read", lambda _, b: (200, accounts[b["offset"] :])),
            ("POST", "/json/2/account.move.line/search_read", self.lines),
            ("POST", "/json/2/account.move/create", self.book),
            ("POST", "/json/2/account.move/action_post", self.post),
            ("POST", "/json/2/ir.attachment/create", self.file),
        ]

    def lines(self, _query: Query, body: Value) -> Answer:
        """Of moves with these references."""
        found = []
        for n, move in enumerate(self.held, 1):
            if move["ref"] in body["domain"][0][2]:
                for m, (_, _, line) in enumerate(move["line_ids"]):
                    account = [line["account_id"], "… an account"]
                    own = {"id": n * 10 + m, "move_id": [n, f"MISC/{n}"], "account_id": account}
                    found.append(
                        {**line, **own, "ref": move["ref"], "date": move["date"], "parent_state": move["state"]}
                    )
        return 200, found[body["offset"] :]

    def book(self, _query: Query, body: Value) -> Answer:
        """A draft."""
        (move,) = body["vals_list"]
        if move["date"] < "2026-01-01":
            words = "You cannot add/modify entries prior to and inclusive of: Hard Lock Date (12/31/2025)."
            return 422, {"name": "odoo.exceptions.UserError", "message": words}
        self.keep({**move, "state": "draft"})
        return 200, [len(self.held)]

    def post(self, _query: Query, body: Value) -> Answer:
        """One move."""
        (number,) = body["ids"]
        self.held[number - 1]["state"] = "posted"
        return 200, False


class NetSuite(Vendor):
    """Journal entries by external id, read through SuiteQL; a create has no body in its answer."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [("POST", "/query/v1/suiteql", self.query), ("POST", "/record/v1/journalEntry", self.book)]

    def query(self, _query: Query, body: Value) -> Answer:
        """Accounts, or the lines of some transactions."""
        if "from account" in body["q"]:
            rows = [{"id": i, "acctnumber": code, "isinactive": "F", "issummary": "F"} for code, i in ACCOUNTS.items()]
        else:
            rows = [row for row in self.held if f"'{row['externalid']}'" in body["q"]]
        return 200, {"items": rows, "totalResults": len(rows), "hasMore": False, "count": len(rows)}

    def book(self, _query: Query, body: Value) -> Answer:
        """One external id once."""
        if any(row["externalid"] == body["externalId"] for row in self.held):
            return 400, {"o:errorDetails": [{"detail": "This record already exists"}]}
        self.posts += 1
        for n, line in enumerate(body["line"]["items"]):
            row = {"id": str(self.posts), "externalid": body["externalId"], "day": body["tranDate"], "voided": "F"}
            money = {side: str(line[side]) for side in ("debit", "credit") if side in line}
            tags = {name: line[name]["id"] for name in ("department", "class", "location") if line.get(name)}
            self.held.append({**row, "account": line["account"]["id"], "transactionline": n, **money, **tags})
        return 200, {}


class Sage(Vendor):
    """Journals, read page by page; an idempotency id is honoured."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        rows = [
            {"id": f"a{i}", "nominal_code": int(code), "included_in_chart": True, "is_control_account": False}
            for code, i in ACCOUNTS.items()
        ]
        return [
            ("GET", "/ledger_accounts", lambda *_: (200, {"$total": 2, "$items": rows})),
            ("GET", "/journals", self.list),
            ("POST", "/journals", self.book),
            ("POST", "/attachments", self.file),
        ]

    def list(self, query: Query, _body: object) -> Answer:
        """From a day on."""
        rows = [row for row in self.held if row["date"] >= query.get("from_date", [""])[0]]
        return 200, {"$total": len(rows), "$items": rows}

    def book(self, _query: Query, body: Value) -> Answer:
        """Once for each idempotency id."""
        journal = body["journal"]
        assert len(journal["reference"]) == 32
        for row in self.held:
            if row["once"] == journal["idempotency_id"]:
                return 201, row
        lines = [
            {"ledger_account": {"id": line["ledger_account_id"]}, "debit": line["debit"], "credit": line["credit"]}
            for line in journal["journal_lines"]
        ]
        own = {"id": f"j{self.posts + 1}", "once": journal["idempotency_id"], "journal_lines": lines}
        return 201, self.keep({**own, "reference": journal["reference"], "date": journal["date"]})


class QuickBooks(Vendor):
    """Journal entries by the query language; an empty answer lacks the list."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [
            ("GET", "/v3/company/1/companyinfo/1", lambda *_: (200, {})),
            ("GET", "/v3/company/1/query", self.query),
            ("POST", "/v3/company/1/journalentry", self.book),
            ("POST", "/v3/company/1/upload", self.upload),
            ("POST", "/v3/company/1/attachable", self.file),
        ]

    def upload(self, query: Query, body: Value) -> Answer:
        """A file that belongs to nothing yet."""
        self.file(query, body)
        made = {"Id": "5001", "SyncToken": "0", "FileName": "1.pdf"}
        return 200, {"AttachableResponse": [{"Attachable": made}]}

    def query(self, query: Query, _body: object) -> Answer:
        """Accounts or journal entries; the list goes on from `startposition`."""
        said = query["query"][0]
        if "from Account" in said:
            rows: list[Value] = [{"Id": i, "AcctNum": code, "Active": True} for code, i in ACCOUNTS.items()]
            return 200, {"QueryResponse": {"Account": rows} if "startposition 1 " in said else {}}
        rows = [row for row in self.held if f"'{row['DocNumber']}'" in said and "startposition 1 " in said]
        return 200, {"QueryResponse": {"JournalEntry": rows} if rows else {}}

    def book(self, query: Query, body: Value) -> Answer:
        """With a `requestid`, unless the books are closed."""
        assert query["requestid"]
        if body["TxnDate"] < "2026-01-01":
            said = {"Message": "Account Period Closed", "code": "6200"}
            return 400, {"Fault": {"Error": [said], "type": "ValidationFault"}}
        return 200, {"JournalEntry": self.keep({**body, "Id": str(self.posts + 1), "SyncToken": "0"})}


class Xero(Vendor):
    """Manual journals, a hundred a page, dates in ticks."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [
            ("GET", "/Organisation", lambda *_: (200, {})),
            ("GET", "/ManualJournals", self.list),
            ("PUT", "/ManualJournals", self.book),
            ("PUT", "/ManualJournals/mj-1/Attachments/1.pdf", self.file),
        ]

    def list(self, query: Query, _body: object) -> Answer:
        """By narration."""
        wanted = query["where"][0].split(" OR ")
        rows = [row for row in self.held if f'Narration=="{row["Narration"]}"' in wanted]
        return 200, {"ManualJournals": rows if query.get("page", ["1"]) == ["1"] else []}

    def book(self, _query: Query, body: Value) -> Answer:
        """Of a list of one; a lock date refuses."""
        (made,) = body["ManualJournals"]
        if made["Date"] < "2026-01-01":
            words = "The document date cannot be before the period lock date, currently set at 31-Dec-2025"
            told = {"Elements": [{"ValidationErrors": [{"Message": words}]}]}
            return 400, {"ErrorNumber": 10, "Type": "ValidationException", **told}
        row = self.keep({**made, "ManualJournalID": f"mj-{self.posts + 1}", "Date": "/Date(1773532800000+0000)/"})
        return 200, {"Status": "OK", "ManualJournals": [row]}


class Visma(Vendor):
    """Vouchers of all years in pages; a locked period has a number."""

    def routes(self) -> list[tuple[str, str, Route]]:
        """See `Vendor`."""
        return [
            ("GET", "/vouchers", self.list),
            ("POST", "/vouchers", self.book),
            ("POST", "/attachments", self.upload),
            ("POST", "/attachmentlinks", self.file),
        ]

    def upload(self, query: Query, body: Value) -> Answer:
        """A file that belongs to nothing yet."""
        self.file(query, body)
        return 201, {"Id": "a-1", "FileName": body["FileName"]}

    def list(self, query: Query, _body: object) -> Answer:
        """By text."""
        wanted = query["$filter"][0].split(" or ")
        rows = [row for row in self.held if f"VoucherText eq '{row['VoucherText']}'" in wanted]
        meta = {"CurrentPage": 1, "TotalNumberOfPages": 1, "TotalNumberOfResults": len(rows)}
        return 200, {"Meta": meta, "Data": rows}

    def book(self, _query: Query, body: Value) -> Answer:
        """Unless the period is locked."""
        if body["VoucherDate"] < "2026-01-01":
            return 400, {"ErrorCode": 4026, "DeveloperErrorMessage": "The period is locked"}
        body["VoucherDate"] += "T00:00:00"
        return 201, self.keep({**body, "Id": f"v-{self.posts + 1}", "NumberAndNumberSeries": "A1"})


VENDORS: Final[dict[str, tuple[type[Vendor], dict[str, str]]]] = {
    "business-central": (BusinessCentral, {"tenant": "t", "environment": "Production", "company": "c", "journal": "j"}),
    "e-conomic": (Economic, {"journal": "5", "year": "2026"}),
    "exact-online": (Exact, {"division": "1", "journal": "90"}),
    "fortnox": (Fortnox, {"series": "P"}),
    "netsuite": (NetSuite, {"account": "1", "subsidiary": "2"}),
    "odoo": (Odoo, {"journal": "3"}),
    "quickbooks": (QuickBooks, {"realm": "1"}),
    "sage": (Sage, {}),
    "visma-eaccounting": (Visma, {}),
    "xero": (Xero, {"tenant": "t"}),
}
