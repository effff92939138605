"""Items that are alike are decided once; nothing of that shows in what becomes of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pleoctl.mapping.engine import alike
from pleoctl.mapping.engine.entries import encode
from pleoctl.mapping.engine.record import Nobody
from pleoctl.mapping.items import Item, decode

from .conftest import HEAD, catalog, dimension, engine, item, line
from .test_properties import encode_json, items

if TYPE_CHECKING:
    import pytest

    from pleoctl.mapping.engine.engine import Engine
    from shapes import Json, Value

#: Rows of which each asks for something else that no kind of items has, or sets something.
ROWS = """lines:
  rows:
  - {id: team, when: {team: T2}, account: "6541"}
  - {id: user, when: {user: E-9}, account: "6542"}
  - {id: large, when: {amount: {range: [600, null]}, supplier: {startsWith: fig}}, account: "6541"}
  - {id: parts, when: {itemAmount: {range: [150, 400]}},
     split: [{share: "50", account: keep}, {share: "50", account: "6542"}]}
  - {id: noted, when: {note: {contains: lunch}}, account: keep, set: {description: "L {{ note }}", tags: {DEPT: "20"}}}
  - {id: told, when: {account: "6543"}, account: "6540", set: {description: "{{ note }}"}}
  - {id: other, when: {account: "6544"}, account: "6541", set: {description: x}}
  - {id: late, when: {supplier: ACME}, from: "2026-03-02", account: "6542", set: {taxCode: I25}}
  - {id: many, when: {attendees: {range: [2, null]}}, account: keep, set: {taxCode: null}}
"""


@cache
def engines() -> list[Engine]:
    """Both tax shapes, with the rows above and without; one with a catalogue."""
    made = []
    with TemporaryDirectory() as name:
        for number, (shape, rows) in enumerate((s, r) for s in ("code", "split") for r in (ROWS, "")):
            folder = Path(name) / str(number)
            folder.mkdir()
            held = (
                catalog("6540", "6541", "6542", "1940", dimensions=[dimension("DEPT", "20")]) if number == 1 else None
            )
            made.append(engine(folder, f"{HEAD}{rows}tax: {{shape: {shape}, taxCodes: [I25]}}\n", held))
    return made


def varied(draw: st.DrawFn, one: Json) -> Json:
    """The item with other figures, days, texts and people."""
    times = draw(st.sampled_from([1, 1, 2, 3, 7, -1]))
    more: Json = {
        "note": draw(st.sampled_from([None, "lunch", "x"])),
        "date": f"2026-03-0{draw(st.integers(0, 4))}",
    }
    more["team"] = draw(st.sampled_from([None, {"code": "T2"}]))
    more["user"] = draw(st.sampled_from([None, {"code": "E-9"}, {"code": "E-1", "name": "Eva"}]))
    return {**_scaled(one, times), **more}


def _scaled(part: Value, times: int) -> Value:
    if isinstance(part, list):
        return [_scaled(one, times) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: value * times if name == "value" and isinstance(value, int | float) else _scaled(value, times)
        for name, value in part.items()
    }


@st.composite
def histories(draw: st.DrawFn) -> list[Json]:
    """A few items, each of which comes again and again, a little different every time."""
    few = [one for one in draw(st.lists(items(), min_size=1, max_size=2)) if isinstance(one, dict)]
    tags = draw(st.sampled_from([None, [{"groupCode": "DEPT", "code": "20"}]]))
    few.append(item("card_purchase", line(100, tags=tags)))
    few.append(item("card_purchase", *(line(10, account=draw(st.sampled_from(["6543", "6544"]))) for _ in range(2))))
    return [varied(draw, draw(st.sampled_from(few))) for _ in range(draw(st.integers(3, 12)))]


@given(histories())
def test_an_item_becomes_what_it_becomes_by_itself(history: list[Json]) -> None:
    """Whatever came before it: entries are those of an engine that is listened to, which decides about each item."""
    for made in engines():
        for one in history:
            raw = encode_json(one)
            assert encode(made.entry(decode(raw))) == encode(made.entry(decode(raw), Nobody()))


def test_as_many_kinds_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are more, all are forgotten and learnt anew, and entries stay the same."""
    monkeypatch.setattr(alike, "MOST", 5)
    made = engine(tmp_path)
    for number in range(40):
        raw = encode_json(item("card_purchase", line(account=f"65{number // 3 % 4}0"), accountingEntryId=f"i-{number}"))
        assert encode(made.entry(decode(raw))) == encode(made.entry(decode(raw), Nobody()))


def test_warnings_of_one_are_not_those_of_the_next(tmp_path: Path) -> None:
    """What is added to an entry stays with it."""
    made = engine(tmp_path)
    for _ in range(4):
        found = decode(encode_json(item()))
        assert isinstance(found, Item)
        entry = made.entry(found)
        assert entry.warnings == []
        entry.warnings.append("mine")
        entry.entries[0].postings[0].amount = 7
