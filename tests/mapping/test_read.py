"""Reading export items: every shape, constant memory, and the place of what is not JSON."""

from __future__ import annotations

import errno
import io
import json
import tracemalloc
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import column_of, line_of
from pleoctl.errors import Finding, InvalidFile
from pleoctl.mapping.io import lines as parts
from pleoctl.mapping.io import read, runs
from pleoctl.mapping.io.read import read_items
from pleoctl.mapping.items import Defect, Item

from .conftest import item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapes import Json, Value


MIXED: list[Value] = [
    *(
        {**item(note=note), "accountingEntryId": f"id-{n}"}
        for n, note in enumerate(["", '},{"x"', '"}, {"_links"', "}]"])
    ),
    {"_links": {}, **item()},
    {"x": {"a": {}}, "y": [{}, {"x": 1}]},
    {"x": '},{"x"'},
    {},
    [{"x": 1}, {"x": 2}],
    "},{",
    12,
    1,
    None,
]


def items(count: int) -> list[Json]:
    """Items whose text looks like the end of one."""
    return [{**item(note='}]"\\ åäö 😀'), "accountingEntryId": f"id-{n}"} for n in range(count)]


def ids(content: str | bytes) -> list[str | None]:
    """The ids that a text gives."""
    raw = content if isinstance(content, bytes) else content.encode()
    return [found.accounting_entry_id for found in read_items(io.BytesIO(raw), "f")]


def lines(listed: list[Value]) -> str:
    """JSON lines."""
    return "".join(json.dumps(one) + "\n" for one in listed)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [parts.CHUNK, 7])
def test_every_shape_gives_the_same_items(monkeypatch: pytest.MonkeyPatch, indent: int | None, size: int) -> None:
    """List, answer, several answers, JSON lines: in order, however the bytes are cut."""
    monkeypatch.setattr(parts, "PART", size)
    monkeypatch.setattr(read, "CHUNK", size)
    monkeypatch.setattr(runs, "CHUNK", size)
    monkeypatch.setattr(read, "_HEAD", max(size, 2000))
    listed = items(40)
    wanted = [one["accountingEntryId"] for one in listed]
    page = json.dumps({"data": listed, "pagination": {"hasNextPage": False}}, indent=indent)
    other = json.dumps({"pagination": {"hasNextPage": False}, "data": listed}, ensure_ascii=False, indent=indent)
    assert ids(json.dumps(listed, indent=indent)) == wanted
    assert ids(page) == ids(other) == wanted
    assert ids(page + "\n" + other) == wanted * 2
    assert ids("\ufeff" + lines(listed)) == ids(lines(listed).replace("\n", "\r\n\n")) == wanted
    assert ids(json.dumps(listed[0], indent=indent)) == wanted[:1]


SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


@given(st.lists(st.sampled_from(MIXED), max_size=60), SEPARATORS)
def test_the_end_of_an_element_is_never_guessed_wrong(listed: list[Value], separators: tuple[str, str]) -> None:
    """Whatever stands in a list, it gives what it gives line by line, though the next one seems to begin inside it."""
    texts = [json.dumps(one, separators=separators) for one in listed]
    by_line = [found for text in texts for found in read_items(io.BytesIO(f"[{text}]".encode()), "f")]
    together = f'{{"data": [{separators[0].join(texts)}]}}'.encode()
    assert list(read_items(io.BytesIO(together), "f")) == by_line


def ends(content: bytes) -> tuple[list[Item | Defect], list[Finding] | None]:
    """The items of a text, and what ends it: place and words, if anything."""
    found: list[Item | Defect] = []
    try:
        found.extend(read_items(io.BytesIO(content), "f"))
    except InvalidFile as error:
        return found, error.findings
    return found, None


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(MIXED[:6]), max_size=9), SEPARATORS, st.sampled_from(MIXED)), max_size=6
    ),
    st.sampled_from(["\n", "", "\n\n\t"]),
    st.sampled_from([120, 700, parts.CHUNK]),
    st.tuples(st.integers(0, 9000), st.sampled_from([b"", b"x", b"}", b"]", b",", b"\xff", b"\n"])),
)
def test_elements_read_at_once_are_those_read_one_by_one(
    pages: list[tuple[list[Value], tuple[str, str], Value]], glue: str, size: int, fault: tuple[int, bytes]
) -> None:
    """Pages of one form or of several, one behind the other, with a fault in one place: the same items and findings."""
    texts = [
        json.dumps(
            {"data": [*listed, *[last] * (n % 2)], "pagination": {"hasNextPage": False}},
            separators=form,
            ensure_ascii=n % 3 > 0,
        )
        for n, (listed, form, last) in enumerate(pages)
    ]
    whole, (at, put) = f"[]{glue.join(texts)}".encode(), fault
    content = whole if at >= len(whole) else whole[:at] + put + whole[at + 1 :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "CHUNK", size)
        patch.setattr(runs, "CHUNK", size)
        patch.setattr(read, "_HEAD", size)
        at_once = ends(content)
        patch.setattr(runs.Runs, "elements", lambda _self, _text, at: (None, at))
        assert at_once == ends(content)


@pytest.mark.parametrize("content", ["[]", '{"data": []}', " [ ] \n"])
def test_no_items(content: str) -> None:
    """An empty job is no error."""
    assert ids(content) == []


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        ("[", 1, 2),
        ('[{"a": 1}\n {"b": 2}]', 2, 2),
        ('[{"a": 1},]', 1, 11),
        ('{"a" 1}', 1, 6),
        ('{"a": 1}x', 1, 9),
        ('{"a": 1}\n{"b": }\n', 2, 7),
        ('{"a": 1}\n\n{"b": 1\n', 3, None),
        ('[{"a": NaN}]', 1, 8),
        ('{"a": 1}\n{"a": NaN}', 2, 7),
        ("[1, tru]", 1, 5),
        ('["abc', 1, 2),
        ('{"data": [1}', 1, 12),
        ("not json", 1, 1),
        ("[" * 100_000, 1, 2),
        ('{"a": 1}\n' + "[" * 100_000, 2, 1),
        ('[{"a":\n\n  é}]', 3, 3),
    ],
)
def test_what_is_not_json_has_its_place(content: str, line: int, column: int | None) -> None:
    """Line and column of the first thing that is wrong."""
    with pytest.raises(InvalidFile) as raised:
        ids(content)
    finding = raised.value.findings[0]
    assert (finding.file, line_of(finding)) == ("f", line)
    assert column is None or column_of(finding) == column


#: What an item may hold beside its other parts that makes a text no JSON.
BROKEN = [
    *(b"0x10", b"01", b"1.", b"-", b"NaN", b"-Infinity", b"tru", b"'a'", b'"a\tb"', b'"\\x41"', b"[1,]", b'{"a" 1}'),
    *(b"1,", b'"\xff"', b'"\xc3\xa9\xff"', b'"\xed\xa0\x80"', b'["NaN", {"a": NaN}]', b"}"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=repr)
@pytest.mark.parametrize("part", ["note", "unread"])
def test_what_is_no_json_is_told_in_lines_as_in_lists(broken: bytes, part: str) -> None:
    """Its words and its place are those of the fault, also where another part is of a wrong type."""
    one = json.dumps(item()).encode()
    bad = f'{{"accountingEntryId": 5, "é": "NaN", "{part}": '.encode() + broken + b', "date": "x"}'
    (_, told), (_, wanted) = ends(one + b"\n" + bad + b"\n" + one), ends(b"[" + one + b",\n" + bad + b"\n]")
    assert wanted
    assert wanted[0].place
    assert wanted[0].place.line == 2
    assert told == wanted


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (b'{"note": 5, "\xc3\xa9": "\xc3\xa9"} x', 23, "a line break is due"),
        (b'{"note": 5},', 12, "a line break is due"),
        (b'{"note": 5, "date": "cut', 21, "unterminated string"),
        (b'{"note": 5, "date": ', 21, "expecting value"),
        (b'\xef\xbb\xbf{"note": "a"}', 1, "a byte order mark stands here; only the first sign of a file may be one"),
    ],
)
def test_a_line_that_is_no_json_has_its_column(line: bytes, column: int, words: str) -> None:
    """Where the line goes on behind its item, or ends too early, or is the beginning of another file."""
    _, told = ends(json.dumps(item()).encode() + b"\n" + line + b"\n")
    assert told
    assert (told[0].message, column_of(told[0])) == (f"is not valid JSON: {words}", column)


def test_a_byte_order_mark_between_answers_is_named() -> None:
    """As where files that begin with one are put together."""
    _, told = ends(b'{"data": []}\n\xef\xbb\xbf{"data": []}')
    assert told
    assert (line_of(told[0]), column_of(told[0])) == (2, 1)
    assert "a byte order mark stands here" in told[0].message


def test_answers_in_a_row_go_on_with_anything_and_lines_with_items_alone() -> None:
    """The first line says what a file is: behind an answer each shape is read, among lines an answer is one defect."""
    one, two, three, four = (json.dumps(one) for one in items(4))
    answers = f'{{"data": [{one}]}}\n{{"data": [{two}], "pagination": {{}}}}\n{three}\n[{four}]\n'
    assert ids(answers) == ["id-0", "id-1", "id-2", "id-3"]
    mixed = read_items(io.BytesIO(f'{one}\n{{"data": [{two}, {three}]}}\n{four}\n'.encode()), "f")
    assert [type(found) for found in mixed] == [Item, Defect, Item]


@pytest.mark.parametrize("form", ["lines", "list"])
@pytest.mark.parametrize("good", [0, 1])
def test_a_disk_that_fails_is_told_with_the_file(form: str, good: int) -> None:
    """At the first read, and at a later one: whoever writes what the items become is not to blame."""

    class Failing(io.BytesIO):
        left = good

        def read(self, size: int | None = -1, /) -> bytes:
            if not self.left:
                raise OSError(errno.EIO, "Input/output error")
            self.left -= 1
            return super().read(size)

    items = [item(accountingEntryId=f"{number}") for number in range(3000)]
    content = json.dumps(items) if form == "list" else "".join(f"{json.dumps(one)}\n" for one in items)
    with pytest.raises(InvalidFile) as caught:
        list(read_items(Failing(content.encode()), "items.json"))
    assert "items.json: cannot be read: input/output error" in str(caught.value.findings[0])


def test_lines_that_are_appended_meanwhile_are_not_read(tmp_path: Path) -> None:
    """What the file holds as reading begins is read, whole."""
    file = tmp_path / "items.jsonl"
    file.write_text(lines(list(items(3))), encoding="utf-8")
    with file.open("rb") as stream:
        parts_of = read.read_parts(stream, "f")
        first = next(parts_of)
        with file.open("a", encoding="utf-8") as more:
            more.write(lines(list(items(2))))
        assert len([*first, *chain.from_iterable(parts_of)]) == 3


@pytest.mark.parametrize("content", [b"", b" \n ", b"\xff\xfe[", b'[{"a": "\xff"}]', b'{"a": 1}\n{"type": "\xff"}\n'])
def test_empty_files_and_other_encodings(content: bytes) -> None:
    """An empty file is no answer of the API, and text is UTF-8."""
    with pytest.raises(InvalidFile):
        ids(content)


@pytest.mark.parametrize(
    "form", ["%s\n%s\n%s\n", "[%s,\n%s,\n%s]", '{"data": [%s,\n%s,\n%s]}'], ids=["lines", "list", "answer"]
)
def test_text_is_utf_8_also_where_no_field_is_read_from_it(form: str, tmp_path: Path) -> None:
    """One rule for lists, answers, lines of a stream and of a file: what stands before is read, the place is told."""
    listed = [json.dumps({"unread": {"é": "?"}, **one}, ensure_ascii=False) for one in items(3)]
    listed[0] = listed[0].replace("?", "!")
    content = (form % tuple(listed)).encode().replace(b"?", b"\xff", 1)
    found, told = ends(content)
    assert (len(found), [one.place and one.place.exact for one in told or ()]) == (1, ["f:2:19"])
    (tmp_path / "f").write_bytes(content)
    with (tmp_path / "f").open("rb") as stream, pytest.raises(InvalidFile, match="is not UTF-8"):
        list(read_items(stream, "f"))


@pytest.mark.parametrize("size", [7, parts.CHUNK])
def test_what_stands_before_bytes_that_are_no_text_is_read(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Their place is told to the sign, however the bytes are cut."""
    monkeypatch.setattr(read, "CHUNK", size)
    monkeypatch.setattr(runs, "CHUNK", size)
    monkeypatch.setattr(read, "_HEAD", size)
    found, told = ends('[\n{"é": 1},\n {"é": 2}, {"é": "é'.encode() + b'\xff"}]')
    assert (len(found), [(one.place and one.place.exact) for one in told or ()]) == (2, ["f:3:20"])


@pytest.mark.parametrize("value", ['"\\ud800"', "1" * 6000, "1e999", "-0.0", "[]"])
@pytest.mark.parametrize("shape", ['[%s, {"type": "b"}]', '%s\n{"type": "b"}\n'])
def test_odd_values_fail_their_item_alone(value: str, shape: str) -> None:
    """Broken surrogates and huge numbers are JSON: the item is a defect, the next one is read."""
    found = list(read_items(io.BytesIO((shape % f'{{"type": "a", "date": {value}}}').encode()), "f"))
    assert [one.type for one in found] == ["a", "b"]
    assert all(isinstance(one, Defect) for one in found)


def test_memory_does_not_grow_with_the_items() -> None:
    """Ten times the items take no more memory, as one list and as lines."""

    def parts(count: int, first: bytes, glue: bytes, last: bytes) -> Iterator[bytes]:
        yield first
        for _ in range(count):
            yield json.dumps(item()).encode() + glue
        yield last

    class Stream(io.BytesIO):
        def __init__(self, source: Iterator[bytes]) -> None:
            super().__init__()
            self._source = source

        def read(self, size: int | None = -1) -> bytes:
            found = b""
            while len(found) < (size or 0) and (part := next(self._source, b"")):
                found += part
            return found

    def peak(count: int, first: bytes, glue: bytes, last: bytes) -> int:
        stream = Stream(parts(count, first, glue, last))
        tracemalloc.start()
        assert sum(isinstance(one, Item) for one in read_items(stream, "f")) == count + len(last.strip()[:1])
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    for first, glue, last in ((b" ", b"\n", b" "), (b'{"data": [', b",\n", json.dumps(item()).encode() + b"]}")):
        assert peak(3000, first, glue, last) < 1.5 * peak(600, first, glue, last)
