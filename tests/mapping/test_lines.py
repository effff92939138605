"""JSON lines in a file are read from anywhere: whatever stands in them, they give what they give one by one."""

from __future__ import annotations

import io
import json
import os
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from findings import line_of
from pleoctl.errors import InvalidFile
from pleoctl.mapping.io import lines
from pleoctl.mapping.io.read import read_items
from pleoctl.mapping.items import NO_JSON, decode
from pleoctl.place import Place

from .conftest import item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.mapping.items import Defect, Item

_ITEM = json.dumps(item(note='}\\n{"åäö')).encode()
_FIRST = json.dumps(item()).encode()
#: What a line may hold beside an item.
_HOSTILE = [
    *(b"", b" \t", b"\r", _ITEM + b"\r", b" " + _ITEM, b'{"a": {}}', b"12", b"[]", b'{"accountingEntryId": 3}'),
    *(
        _ITEM + _ITEM,
        _ITEM + b" " + _ITEM,
        _ITEM.replace(b": ", b":\n", 1),
        b"{",
        b"}",
        b"{}\xff",
        b"nul\x00",
        b"x" * 3000,
    ),
    *(b"x" * 3000, json.dumps(item(note="long" * 2000)).encode()),
]


def _one_by_one(content: bytes) -> Iterator[Item | Defect]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                yield decode(line)
            except NO_JSON as error:
                raise InvalidFile("is not valid JSON", place=Place("f", number)) from error


def _told(found: Iterator[Item | Defect]) -> tuple[list[str], int | None]:
    """The items, and the line of what is no JSON."""
    told: list[str] = []
    try:
        told.extend(map(repr, found))
    except InvalidFile as error:
        return told, line_of(error.findings[0])
    return told, None


@given(
    st.lists(st.sampled_from([_ITEM] * 9 + _HOSTILE), max_size=30),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.sampled_from([b"", b"\n", b"\n\n"]),
    st.sampled_from([3, 100, 999, 5000, lines.CHUNK]),
)
@example([_ITEM + _ITEM, _ITEM.replace(b": ", b":\n", 1)], b"", b"", lines.CHUNK)
@example([_ITEM.replace(b": ", b":\n", 1)], b"", b"", lines.CHUNK)
def test_a_file_gives_what_its_lines_give(listed: list[bytes], mark: bytes, end: bytes, size: int) -> None:
    """In their order, up to the line that is no JSON, however the file is cut; so does a stream."""
    content = mark + b"\n".join([_FIRST, *listed]) + end
    wanted = _told(_one_by_one(content))
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryFile() as file:
        patch.setattr(lines, "CHUNK", size)
        patch.setattr(lines, "STRETCH", 4 * size)
        patch.setattr(lines, "_STEP", 10)
        file.write(content)
        file.seek(0)
        assert _told(read_items(file, "f")) == wanted
        assert _told(read_items(io.BytesIO(content), "f")) == wanted


def test_lines_count_from_where_a_stream_stands(tmp_path: Path) -> None:
    """As where a shell has read some of standard input."""
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"what somebody else has read\n" + _FIRST + b"\n{")
    with file.open("rb") as stream:
        stream.readline()
        told, line = _told(read_items(stream, "f"))
    assert (len(told), line) == (1, 2)


def test_a_file_that_becomes_shorter_is_an_error(tmp_path: Path) -> None:
    """What is gone is not passed over in silence."""
    file = tmp_path / "items.jsonl"
    file.write_bytes((_FIRST + b"\n") * 20_000)
    with file.open("rb") as stream:
        found = read_items(stream, "f")
        next(found)
        os.truncate(file, lines.STRETCH)
        with pytest.raises(InvalidFile, match="became shorter while it was read"):
            list(found)


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end first."""
    monkeypatch.setattr(lines, "MAX_ITEM", lines.CHUNK)
    file = tmp_path / "items.jsonl"
    file.write_bytes(_FIRST + b"\n" + b" " * 4 * lines.CHUNK)
    with file.open("rb") as stream, pytest.raises(InvalidFile, match="has a line of more than"):
        list(read_items(stream, "f"))
