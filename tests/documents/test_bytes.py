"""Files of any bytes are read or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_rows import ROWS
from findings import line_of
from pleoctl.desired.read import load_desired
from pleoctl.documents.files import read_bytes
from pleoctl.documents.load import load, load_json
from pleoctl.errors import Finding, InvalidFile
from pleoctl.place import Place

if TYPE_CHECKING:
    from pathlib import Path


ENCODINGS = {
    "UTF-16": ROWS.encode("utf-16"),
    "UTF-16 without mark": ROWS.encode("utf-16-le"),
    "UTF-32": ROWS.encode("utf-32"),
    "Latin-1": ROWS.encode("latin-1"),
    "half a character": ROWS.encode()[: ROWS.encode().index("Ä".encode()) + 1],
    "surrogates": ROWS.replace("Ä", "\ud83d").encode("utf-8", "surrogatepass"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_wrong_encoding_is_told_and_the_file_left_alone(name: str, tmp_path: Path) -> None:
    """Only UTF-8 is read, and nothing is written back."""
    path = tmp_path / "f.yaml"
    path.write_bytes(ENCODINGS[name])
    with pytest.raises(InvalidFile) as caught:
        load_desired([(path, "f.yaml")])
    (finding,) = caught.value.findings
    assert finding.file == "f.yaml"
    assert line_of(finding) is not None
    assert finding.hint
    assert path.read_bytes() == ENCODINGS[name]


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    """Windows editors write one."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + ROWS.encode())
    assert len(load_desired([(path, "f.yaml")]).accounts or ()) == 2


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """Absent files, folders and names that no system knows."""
    for path, message in ((tmp_path / "no", "does not exist"), (tmp_path, "is a folder"), (tmp_path / "a\0b", "read")):
        with pytest.raises(InvalidFile, match=message):
            load(path)


@pytest.mark.parametrize("more", [-1, 0, 1, 70_000])
@pytest.mark.parametrize("limit", [1, 65_535, 65_536, 65_537, 200_000])
def test_a_file_is_read_whole_or_refused(tmp_path: Path, limit: int, more: int) -> None:
    """A limit is kept to the byte, wherever it lies."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * max(0, limit + more))
    if more > 0:
        with pytest.raises(InvalidFile, match="is larger"):
            read_bytes(path, limit=limit)
    else:
        assert read_bytes(path, limit=limit) == path.read_bytes()


JSON = {
    "half": ('{"a": ', "1:7"),
    "NaN": ('{"a": "NaN", "b": NaN}', "1:19"),
    "twice": ('{"a": {"b": 1},\n "b": [{"a": "b\\""}, {"c": 1, "\\u0063" :2}]}', "2:31"),
    "two": ("{} {}", "1:4"),
    "empty": ("", "1:1"),
    "deep": ("[" * 200_000, ""),
    "long number": ("1" * 5000, ""),
}


@pytest.mark.parametrize("name", JSON)
def test_malformed_json_is_told(name: str, tmp_path: Path) -> None:
    """Machine-written files, too, give a finding and no traceback."""
    text, place = JSON[name]
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(InvalidFile) as caught:
        load_json(path, "f.json")
    assert caught.value.findings[0].where.startswith("f.json" + (f":{place}" if place else ""))


def _survives(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    try:
        load_desired([(path, "f.yaml")])
    except InvalidFile as error:
        told = error.findings
    else:
        told = [Finding("none", "", place=Place("f.yaml"))]
    assert {f.file for f in told} == {"f.yaml"}
    assert path.read_bytes() == content


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """No byte sequence gives anything but rows or `InvalidFile`."""
    _survives(content, tmp_path_factory.mktemp("any"))


@given(st.text(alphabet="ab0:-?[]{}&*!|>%@`#,'\"\\ \n\r\t~=<.é\u2028\ufeff\x07😀", max_size=80))
def test_any_yaml_looking_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The characters that YAML gives a meaning to, in any order."""
    _survives(text.encode(), tmp_path_factory.mktemp("any"))


_CUTS = st.lists(
    st.tuples(
        st.integers(0, len(ROWS.encode())),
        st.integers(0, 12),
        st.sampled_from(
            [
                b"",
                b"\n",
                b"\t",
                b" ",
                b'"',
                b"'",
                b"#",
                b": ",
                b"- ",
                b"{",
                b"]",
                b"&a ",
                b"*a",
                b"!x ",
                b"|\n",
                b"\xff",
                b"\0",
                b"\\",
                b"~",
                b"? ",
                b"---\n",
                b"%",
                b"\r",
                b"<<: ",
            ]
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(_CUTS)
def test_any_mutation_of_a_valid_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int, bytes]]
) -> None:
    """Cutting and inserting anywhere gives rows or `InvalidFile`."""
    content = ROWS.encode()
    for start, length, inserted in cuts:
        content = content[:start] + inserted + content[start + length :]
    _survives(content, tmp_path_factory.mktemp("any"))
