"""The language of the http sink: what a section may say, what it can hold, and the vendors' presets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from api_books import TOKEN, ApiBooks, section, serving
from pleoctl.mapping.engine.entries import LedgerEntry, Posting
from pleoctl.sinks.base import Booking, Key, Refusal
from pleoctl.sinks.http.presets import PRESETS, load_preset
from pleoctl.sinks.http.records import hundredths
from pleoctl.sinks.opening import open_sink
from pleoctl.sources.http.expressions import ExpressionError
from pleoctl.testing.books import entry_of
from pleoctl.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.sinks.base import Sink
    from shapes import Json, Value
    from tests.conftest import Cli, MakeWorkspace

    Opened = Callable[..., Sink]

ITEM = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiBooks]:
    """Empty books behind an API."""
    monkeypatch.setenv("AS_TOKEN", TOKEN)
    with serving(ApiBooks()) as running:
        yield running


@pytest.fixture
def opened(workspace: MakeWorkspace) -> Opened:
    """Factory of sinks from their section."""

    def make(sink: Json) -> Sink:
        folder = workspace(sink=sink)
        return open_sink(Workspace(folder / "pleoctl.yaml"))

    return make


def booking(*kinds: str, leg: int | None = None, stored: str = ITEM) -> Booking:
    """Legs of these kinds, each of 88.30 against 1940."""
    postings = [
        Posting("debit", "6540", "line", 8830, "SEK", tax_code="V25", tags={"DEPT": "20"}),
        Posting("credit", "1940", "wallet", 8830, "SEK"),
    ]
    legs = [LedgerEntry(kind, postings) for kind in kinds or ("journal",)]
    entry = msgspec.structs.replace(entry_of(ITEM, "SEK", postings), description="Taxi", entries=legs)
    return Booking(Key(stored, ITEM, "job", 1), entry, "2026-03-15", draft=True, once="0nce", leg=leg)


def test_what_the_templates_read_is_what_the_books_hold(api: ApiBooks, opened: Opened) -> None:
    """Drafts, tax codes, tag groups and kinds of legs come from the bodies, nothing is declared twice."""
    plain = opened(section(api)).capabilities
    assert (plain.drafts, plain.tax_codes, plain.dimensions) == (True, False, frozenset())
    assert (plain.read_back, plain.kinds, plain.attachments) == (True, None, False)
    body = {"vat": "entry.entries[].postings[].taxCode", "dept": "leg.postings[0].tags.DEPT"}
    path = "/v1/vouchers"
    rich = opened(section(api, per="leg", book=[{"path": path, "body": body, "when": "leg.kind == 'journal'"}]))
    can = rich.capabilities
    assert (can.tax_codes, can.drafts, can.per_leg, can.kinds) == (True, False, True, frozenset({"journal"}))
    assert can.dimensions == frozenset({"DEPT"})
    for dept in ("entry.entries[].postings[].tags.DEPT", "posting.tags.DEPT || 'none'", 'posting.tags."DEPT"'):
        one = opened(section(api, book={"path": path, "body": {"dept": dept}}))
        assert one.capabilities.dimensions == frozenset({"DEPT"})
    whole = opened(section(api, book={"path": path, "body": {"tags": "leg.postings[0].tags"}}))
    assert whole.capabilities.dimensions is None


def test_each_kind_of_leg_has_its_template(api: ApiBooks, opened: Opened) -> None:
    """The first template whose `when` holds is used; a kind without one is refused before anything is sent."""
    templates = [
        {"path": f"/v1/{kind}s", "when": f"leg.kind == '{kind}'", "body": {"kind": "leg.kind", "reference": "key"}}
        for kind in ("invoice", "payment")
    ]
    sink = opened(section(api, per="leg", book=templates))
    two = booking("invoice", "payment", leg=2)
    assert sink.refuse(two) == []
    sink.book([two])
    assert api.requests == [("POST", "/v1/payments")]
    with pytest.raises(Refusal, match="no template for a journal"):
        sink.refuse(booking("invoice", "journal"))


def test_headers_and_keys_are_filled(api: ApiBooks, opened: Opened) -> None:
    """`{once}` and `{key}` stand where the section puts them; an expression that fails refuses the item at once."""
    sink = opened(
        section(
            api,
            book={
                "path": "/v1/vouchers",
                "headers": {"X-Once": "{once}", "X-Key": "{key}"},
                "body": {"reference": "key", "n": 1, "none": "entry.company"},
            },
        )
    )
    sink.book([booking()])
    assert (api.headers[0]["x-once"], api.headers[0]["x-key"]) == ("0nce", ITEM)
    assert {"n": 1, "reference": ITEM}.items() <= api.vouchers[0].items()
    assert "none" not in api.vouchers[0]
    wrong = opened(section(api, book={"path": "/v1/vouchers", "body": {"a": "upper(leg.postings)"}}))
    with pytest.raises(Refusal, match=r"sink\.book\.body\.a"):
        wrong.refuse(booking())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"find": {"key": None}}, "sink.find"),
        ({"find": {"query": {"reference": "{keys}", "page": "{page}"}}}, "{keys}"),
        ({"find": {"paginate": {"type": "cursor", "next": "next"}}}, "{cursor}"),
        ({"book": {"headers": {"Authorization": "x"}}}, "sink.auth"),
        ({"book": {"body": {"a": "nope(key)"}}}, "sink.book.body.a"),
        ({"find": {"lines": {"each": "lines", "as": {"account": "a"}}}}, "amount or debit and credit"),
        ({"preset": "zero"}, "there is no preset"),
        ({"book": {"method": "DELETE"}}, "method"),
        ({"book": {"body": {"date": "entry.postingdate"}}}, "postingDate"),
        ({"book": {"when": "leg.knd == 'journal'"}}, "sink.book.when"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_wrong_section_is_refused_with_its_place(
    changes: Json, words: str, api: ApiBooks, workspace: MakeWorkspace, cli: Cli
) -> None:
    """Exit 78 before any request, naming the key."""
    workspace(sink=section(api, **changes))
    said = cli("sink", "check")
    assert said.code == 78, said.stderr
    assert words in said.stderr
    assert api.requests == []


@pytest.mark.parametrize(
    ("value", "expected"), [("88.30", 8830), (88.3, 8830), (1, 100), ("-0.10", -10), (1.1e2, 11000)]
)
def test_amounts_are_read_exactly(value: Value, expected: int) -> None:
    """Whole units in any spelling of two decimals become hundredths."""
    assert hundredths(value) == expected


@pytest.mark.parametrize("value", ["1.005", "a", "NaN", "Infinity", None])
def test_what_is_no_amount_is_not_rounded(value: Value) -> None:
    """Anything else is an error."""
    with pytest.raises(ExpressionError, match="no amount"):
        hundredths(value)


@pytest.mark.parametrize("name", PRESETS.names())
def test_a_preset_says_how_far_it_was_tried(name: str) -> None:
    """No preset claims more than the shape of its answers."""
    preset = load_preset(name)
    assert "shape-tested" in preset.verified
    assert preset.notes
