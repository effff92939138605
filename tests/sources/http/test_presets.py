from __future__ import annotations

import copy
import json
import re
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator

from fake_books import Call, Reply
from pleoctl.documents.load import parse
from pleoctl.documents.published import schema_text
from pleoctl.errors import InvalidFile, Refused, SourceError
from pleoctl.sources.http.presets import PRESETS, load_preset
from vendors import NUMBERS, VENDORS, Vendor, section

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Books, FakeServer
    from shapes import Json, Value

pytestmark = pytest.mark.usefixtures("tokens")
_WITH_DIMENSIONS = [name for name, vendor in VENDORS.items() if vendor.dimensions]
# What is not asked for its accounts takes no thousand rows.
ONE_ACCOUNT = {"accounts": {"rows": [{"externalId": "1", "name": "Bank"}]}}
# Those that give everything in one answer have no third page.
PAGED = [name for name, vendor in VENDORS.items() if vendor.end is not None]


def _is_accounts(vendor: Vendor, call: Call) -> bool:
    words = f"{call.query}{call.body}"
    return call.path == vendor.accounts_path and "count(*)" not in words and not re.search("from (?![Aa]ccount)", words)


def test_every_preset_has_a_fake_and_every_fake_a_preset() -> None:
    """None is without a conformance test."""
    assert PRESETS.names() == sorted(VENDORS)


@pytest.mark.parametrize("name", VENDORS)
def test_a_preset_is_a_valid_section(name: str) -> None:
    """Its keys are those that a workspace may write, and it says what it was tested against."""
    preset = load_preset(name)
    schema = json.loads(schema_text("workspace"))
    source = {"$ref": "#/definitions/source", "definitions": schema["definitions"]}
    errors = list(
        Draft7Validator(source).iter_errors({"type": "http", "preset": name, **preset.source, **preset.offers})
    )
    assert errors == []
    assert preset.verified == "shape-tested against a fake of the documented answers; not certified"
    assert preset.api
    assert preset.notes


@pytest.mark.parametrize("name", VENDORS)
def test_a_preset_reads_its_vendor_completely(server: FakeServer, books: Books, name: str) -> None:
    """1,050 accounts with code, name, state and tax code; all dimensions with their values."""
    vendor = VENDORS[name]
    server.app = vendor.app
    state = books.read(section(server, name))
    accounts = state.accounts or []
    assert len(accounts) == len(NUMBERS)
    assert sum(row.hold is not None for row in accounts) == 0
    by_name = {row.fields["name"]: row for row in accounts}
    row = by_name["Account 1001"]
    assert {"externalId": row.key, **row.fields} == vendor.first
    assert [row.active for row in accounts].count(False) == (0 if name == "datev" else 105)
    found = {
        str(d.row.key): [str(v.key) + ("" if v.active else "-") for v in d.values or []] for d in state.dimensions or []
    }
    assert found == vendor.dimensions


_OF_DIMENSIONS = re.compile("dimension|cost|tracking|class|department|location|analytic|project", re.IGNORECASE)


def _without_dimensions(vendor: Vendor) -> Callable[[Call], Reply]:
    """The vendor's answers for a company that has never used a dimension."""

    def app(call: Call) -> Reply:
        reply = vendor.app(call)
        of_dimensions = _OF_DIMENSIONS.search(f"{call.path}{call.query}{call.body}")
        return Reply(emptied(reply.body)) if of_dimensions else reply

    return app


def emptied(body: Value) -> Value:
    """An answer with its lists empty and its numbers zero."""
    if isinstance(body, dict):
        return {name: emptied(value) for name, value in body.items()}
    return [] if isinstance(body, list) else 0 if isinstance(body, int) else "0"


@pytest.mark.parametrize("name", _WITH_DIMENSIONS)
def test_a_company_without_dimensions_is_read(server: FakeServer, books: Books, name: str) -> None:
    """Its accounts come, and the empty lists are told; where there were rows before, an empty list is refused."""
    vendor = VENDORS[name]
    server.app = _without_dimensions(vendor)
    state = books.read(section(server, name))
    assert len(state.accounts or []) == len(NUMBERS)
    assert [d.values for d in state.dimensions or []] == [[] for _ in state.dimensions or []]
    source = {**section(server, name), **ONE_ACCOUNT}
    assert "empty-list" in {finding.code for finding in books.findings(source)}
    server.app = vendor.app
    books.export(source)
    server.app = _without_dimensions(vendor)
    with pytest.raises(Refused, match="has shrunk"):
        books.export(source)


@pytest.mark.parametrize(("name", "status"), list(zip(_WITH_DIMENSIONS, cycle((403, 404)), strict=False)))
def test_dimensions_that_are_refused_are_not_taken_for_empty(
    server: FakeServer, books: Books, name: str, status: int
) -> None:
    """A refusal may mean a missing right: it says which lines leave the list out, and with them the rest is read."""
    vendor = VENDORS[name]

    def app(call: Call) -> Reply:
        of_dimensions = _OF_DIMENSIONS.search(f"{call.path}{call.query}{call.body}")
        return Reply({"message": "no such module"}, status) if of_dimensions else vendor.app(call)

    server.app = app
    source = {**section(server, name), **ONE_ACCOUNT}
    while (refused := refusal(books, source)) is not None:
        assert str(status) in refused.message
        lines = re.findall("`([^`]+)`", str(refused.findings[0].hint))
        assert lines
        for line in lines:
            grown = overlaid(source, parse(line, "hint").data)
            assert grown != source
            source = grown
    state = books.read(source)
    assert len(state.accounts or []) == 1
    assert all(one.values is None for one in state.dimensions or [])


def refusal(books: Books, source: Json) -> SourceError | None:
    """Why a read was refused; None where it was not."""
    try:
        books.read(source)
    except SourceError as error:
        return error
    return None


def overlaid(source: Json, given: Json) -> Json:
    """The section with one more line below it."""
    result = dict(source)
    for key, value in given.items():
        held = result.get(key)
        result[key] = overlaid(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return result


def test_values_of_a_sub_plan_belong_to_the_root_plan(server: FakeServer, books: Books) -> None:
    """Only root plans are asked for, and each analytic account names its root."""
    server.app = VENDORS["odoo"].app
    books.read(section(server, "odoo"))
    roots = [call.body["domain"] for call in server.calls if "analytic.plan" in call.path]
    assert roots == [[["parent_id", "=", False]]] * 2
    asked = [call.body.get("fields") for call in server.calls if call.path.endswith("analytic.account/search_read")]
    assert asked == [["id", "name", "active", "root_plan_id", "company_id"]]


@pytest.mark.parametrize("name", VENDORS)
def test_a_preset_sends_its_credential_with_every_request(server: FakeServer, books: Books, name: str) -> None:
    """In the header that the vendor wants, with every request."""
    server.app = VENDORS[name].app
    books.read(section(server, name))
    auth = load_preset(name).source["auth"]
    wanted = {"Authorization": auth["bearer"]} if "bearer" in auth else auth["headers"]
    for header, reference in wanted.items():
        secret = f"secret-of-{reference.removeprefix('env:')}"
        assert {call.headers[header].removeprefix("Bearer ") for call in server.calls} == {secret}


def faulty(vendor: Vendor, fault: str) -> Callable[[Call], Reply]:
    """The vendor whose third page of accounts (or only one) goes wrong."""
    pages: list[Reply] = []

    def app(call: Call) -> Reply:
        if not _is_accounts(vendor, call):
            return vendor.app(call)
        pages.append(vendor.app(call))
        if len(pages) < (3 if vendor.end else 1):
            return pages[-1]
        if fault == "error":
            return vendor.error
        if fault == "truncated":
            return Reply(json.dumps(pages[-1].body).encode()[:900], cut=True)
        if fault == "repeated":
            return pages[1]
        assert vendor.end is not None
        return vendor.end(copy.deepcopy(pages[-1]))

    return app


@pytest.mark.parametrize(
    ("name", "fault"),
    [(name, fault) for name in VENDORS for fault in ("error", "truncated")]
    + [(name, fault) for name in PAGED for fault in ("repeated", "early")],
)
def test_no_short_read_of_any_vendor_passes(server: FakeServer, books: Books, name: str, fault: str) -> None:
    """A third page that fails, breaks off, repeats the second or is taken for the end fails the export."""
    vendor = VENDORS[name]
    server.app = vendor.app
    books.export(section(server, name))
    before = (books.folder / "desired-state.yaml").read_bytes()
    server.app = faulty(vendor, fault)
    with pytest.raises(SourceError):
        books.export(section(server, name))
    assert (books.folder / "desired-state.yaml").read_bytes() == before


@pytest.mark.parametrize("name", VENDORS)
def test_the_vendors_words_reach_the_message(server: FakeServer, books: Books, name: str) -> None:
    """What the vendor says went wrong, and the vendor's name or the request."""
    vendor = VENDORS[name]
    server.app = lambda call: vendor.error if _is_accounts(vendor, call) else vendor.app(call)
    words = {
        "e-conomic": "Forbidden",
        "xero": "Xero does not accept the credential (401)",
        "business-central": "Company locked",
        "fortnox": "Fel",
        "quickbooks": "AuthorizationFault",
        "visma-eaccounting": "No access",
        "sage": "No business",
        "netsuite": "Invalid search",
        "datev": "No licence",
        "exact-online": "Forbidden",
        "odoo": "Odoo does not accept the credential (401)",
    }
    if vendor.error.status == 503:
        server.app = lambda _call: Reply(vendor.error.body, 400)
    with pytest.raises(SourceError) as caught:
        books.read(section(server, name))
    assert words[name] in str(caught.value.findings[0])


def test_the_workspace_may_change_a_preset(server: FakeServer, books: Books) -> None:
    """Every key may be given anew, null takes one away, the rest stays."""
    server.app = VENDORS["fortnox"].app
    mine = section(server, "fortnox")
    mine["accounts"] = {
        "query": {"financialyear": "3"},
        "fields": {"taxCodeExternalId": None},
        "where": "Number > `2000`",
    }
    mine["values"] = {"parts": {"projects": None}}
    state = books.read(mine)
    assert len(state.accounts or []) == 49
    assert {"taxCodeExternalId" in row.fields for row in state.accounts or []} == {False}
    assert {call.query.get("financialyear") for call in server.pages("/3/accounts")} == {"3"}
    assert server.calls[0].query["limit"] == "500"
    assert [len(d.values or []) for d in state.dimensions or []] == [2, 0]
    state = books.read({**section(server, "fortnox"), "dimensions": None, "values": None})
    assert state.dimensions is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"preset": "xerro"}, "did you mean 'xero'"),
        ({"variables": {}}, "source.variables lacks tenant: the Xero-Tenant-Id of the organisation"),
        ({"variables": {"tenant": "t-1", "tennant": "x"}}, "the preset has no variable 'tennant'"),
        ({"variables": {"tenant": "t-1", "page": "x"}}, "this name is taken"),
        ({"values": {"rows": [{"code": "1"}]}}, "source.values.rows[0] lacks dimension, name"),
        ({"dimensions": {"rows": [{"code": "1", "name": "One", "kind": "x"}]}}, "unknown field 'kind'"),
    ],
)
def test_mistakes_around_presets_are_told(server: FakeServer, books: Books, change: Json, words: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidFile) as caught:
        books.read({**section(server, "xero"), **change})
    assert words in str(caught.value.findings[0])
    assert server.calls == []


@pytest.mark.parametrize(
    "body",
    [
        {"errorCode": "DimensionIncorrectModule", "title": "no"},
        {"title": "no", "errors": [{"errorCode": "E1"}, {"errorCode": "DimensionIncorrectModule"}]},
    ],
)
def test_a_module_that_the_agreement_lacks_is_told(server: FakeServer, books: Books, body: Value) -> None:
    """Its lists are empty where the vendor says so; any other refusal, or one in the middle, is an error."""
    app = VENDORS["e-conomic"].app
    server.app = lambda call: Reply(body, 403) if "dimensions" in call.path else app(call)
    state = books.read(section(server, "e-conomic"))
    assert len(state.accounts or []) == len(NUMBERS)
    assert state.dimensions == []
    told = [finding.message for finding in books.findings(section(server, "e-conomic")) if finding.code == "empty-list"]
    assert "it is switched off there" in told[0]
    others: list[Value] = [{"errorCode": "E1"}, {"errors": None}, [], None, "DimensionIncorrectModule"]
    for other in others:
        refusal = Reply(other, 403)
        server.app = lambda call, refusal=refusal: refusal if "dimensions" in call.path else app(call)  # type: ignore[misc]
        with pytest.raises(SourceError):
            books.read(section(server, "e-conomic"))
    server.app = app
    books.export(section(server, "e-conomic"))
    server.app = lambda call: Reply(body, 403) if "dimensions" in call.path else app(call)
    with pytest.raises(Refused, match="has shrunk"):
        books.export(section(server, "e-conomic"))


@pytest.mark.parametrize("table", ["dimensions", "values"])
def test_short_lists_of_dimensions_are_refused(server: FakeServer, books: Books, table: str) -> None:
    """Both lists of e-conomic are held against the number that it counts."""
    app = VENDORS["e-conomic"].app

    def short(call: Call) -> Reply:
        reply = app(call)
        return Reply({"items": reply.body["items"][:-1]}) if call.path.endswith(f"/{table}") else reply

    server.app = short
    with pytest.raises(SourceError, match=f"{table} .* was not read completely"):
        books.read(section(server, "e-conomic"))


COMPANIES = {"account.account": ("company_ids", [2]), "account.analytic.account": ("company_id", [2, "B"])}


@pytest.mark.parametrize("model", COMPANIES)
def test_several_companies_of_odoo_need_their_name(server: FakeServer, books: Books, model: str) -> None:
    """One list of two companies is refused; with `company` only its rows are asked for, by a number."""
    app = VENDORS["odoo"].app
    field, other = COMPANIES[model]

    def mixed(call: Call) -> Reply:
        body = copy.deepcopy(call.body)
        asked = [1]
        for clause in body.get("domain", []):
            asked = [one for one in clause[2] if one is not False] if clause[0].startswith("company") else asked
        if asked == [2] and "context" in body:
            assert body["context"].pop("allowed_company_ids") == [2]
        reply = app(Call(call.method, call.path, call.query, call.headers, body))
        if f"/{model}/" in call.path and isinstance(reply.body, list):
            for row in reply.body:
                row[field] = other if row["id"] % 2 or asked == [2] else row[field]
        return reply

    server.app = mixed
    with pytest.raises(SourceError) as caught:
        books.read(section(server, "odoo"))
    assert "the records have several values (1, 2)" in str(caught.value.findings[0])
    state = books.read({**section(server, "odoo"), "variables": {"company": 2}})
    assert len(state.accounts or []) == len(NUMBERS)
    asked = [call.body["domain"] for call in server.calls if f"/{model}/" in call.path][-1]
    wanted = [2] if field == "company_ids" else [False, 2]
    assert asked == [[field, "in", wanted]]


def test_a_shared_account_is_of_several_companies(server: FakeServer, books: Books) -> None:
    """An account that two companies share has a code in each: it is not said whose was read."""
    app = VENDORS["odoo"].app

    def shared(call: Call) -> Reply:
        reply = app(call)
        for row in reply.body if isinstance(reply.body, list) else ():
            if "company_ids" in row:
                row["company_ids"] = [1, 2]
        return reply

    server.app = shared
    with pytest.raises(SourceError):
        books.read(section(server, "odoo"))
