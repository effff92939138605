"""``export``: what it writes, what it refuses, and that a refusal leaves every file as it is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, MakeFiles, Value
    from tests.conftest import Cli, MakeWorkspace

HEADER = "externalId,code,name,active"


@pytest.fixture
def books(workspace: MakeWorkspace) -> MakeFiles:
    """Writes the accounting system's files and a workspace that reads them."""

    def make(
        accounts: list[str] | None,
        dimensions: list[str] | None = None,
        values: list[str] | None = None,
        **sections: Value,
    ) -> Path:
        tables = {
            "accounts": (HEADER, accounts),
            "dimensions": ("code,name,active", dimensions),
            "values": ("dimension,code,name,active,expires", values),
        }
        source: Json = {"type": "csv"}
        for name, (_, rows) in tables.items():
            if rows is not None:
                source[name] = {"path": f"{name}.csv"}
        folder: Path = workspace(None, **({"source": source} | sections))
        for name, (header, rows) in tables.items():
            if rows is not None:
                (folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return folder

    return make


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def chart(count: int, *, active: str = "true") -> list[str]:
    """Rows of so many accounts."""
    return [f"a{n:03},{n},Account {n},{active}" for n in range(count)]


def test_the_first_export_writes_the_file(books: MakeFiles, cli: Cli) -> None:
    """Exit 0, counts on stdout, canonical rows in the file; a second export has nothing to change."""
    folder = books(["b,2000,Bäst,true", "a,0100,First,false"])
    said = cli("export")
    assert (said.code, said.stderr) == (0, "")
    assert said.stdout == "Read 2 accounts, 0 dimensions, 0 values (0 held): wrote desired-state.yaml.\n"
    assert (folder / "desired-state.yaml").read_text(encoding="utf-8") == (
        "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
        '- {externalId: "a", code: "0100", name: "First", active: false}\n'
        '- {externalId: "b", code: "2000", name: "Bäst"}\n'
    )
    again = cli("export", "--format", "json")
    assert (again.code, again.json["result"]["changed"]) == (0, [])
    assert cli("validate").code == 0


def test_the_same_books_give_the_same_bytes(books: MakeFiles, cli: Cli) -> None:
    """In any row order."""
    rows = [*chart(30), "x,1,,true", ",2,Lost,true", "y,1,A,true", "y,2,B,true"]
    folder = books(rows)
    cli("export")
    before = (folder / "desired-state.yaml").read_bytes()
    books(random.sample(rows, len(rows)))
    said = cli("export", "--check")
    assert said.code == 0
    assert (folder / "desired-state.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"\n", b"\r\n", 0),
        (b'First"}\n', b'First"}', 2),
        (b'First"}\n', b'First"}\n\n', 2),
        (b"Caf\xef\xbf\xbd", b"Caf\xff", 78),
        (b"accounts:", b"accounts:\n# Ours.", 0),
        (b"}\n- {", b"}\n\n- {", 2),
    ],
    ids=[
        "line ends of a checkout",
        "no last line end",
        "one too many",
        "another encoding",
        "a comment",
        "a blank line",
    ],
)
def test_a_file_that_nearly_says_it_is_told_from_one_that_does(
    books: MakeFiles, cli: Cli, old: bytes, new: bytes, code: int
) -> None:
    """What is no change is none; all else is written anew, or refused."""
    folder = books(["a,1,Caf\ufffd,true", "b,2,First,true"])
    cli("export")
    file = folder / "desired-state.yaml"
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    assert cli("export", "--check").code == code


def test_check_writes_nothing_and_says_what_would_change(books: MakeFiles, cli: Cli) -> None:
    """Exit 2 while the file differs, 0 when it does not; never a write."""
    folder = books(chart(3))
    said = cli("export", "--check")
    assert (said.code, "would change desired-state.yaml" in said.stdout) == (2, True)
    assert not (folder / "desired-state.yaml").exists()
    cli("export")
    before = contents(folder)
    assert cli("export", "--check").code == 0
    books([*chart(3), "new,9,New,true"])
    said = cli("export", "--check", "--format", "json")
    assert (said.code, said.json["exitCode"], said.json["result"]["changed"]) == (2, 2, ["desired-state.yaml"])
    assert contents(folder)["desired-state.yaml"] == before["desired-state.yaml"]


def test_held_rows_are_warnings_and_no_failure(books: MakeFiles, cli: Cli) -> None:
    """One bad row does not stop a company: exit 0, the row named on stderr with file and line."""
    folder = books([*chart(5), "bad,1,,true", ",1,Lost,true"])
    said = cli("export")
    assert said.code == 0
    assert "(2 held)" in said.stdout
    assert "warning: accounts.csv:7: 'bad': name is blank" in said.stderr
    assert "warning: accounts.csv:8: has no externalId" in said.stderr
    assert (
        '- {externalId: "bad", code: "1", name: "", hold: "name is blank"}\n'
        in (folder / "desired-state.yaml").read_text()
    )
    assert cli("validate").code == 0
    assert [f["code"] for f in cli("export", "--format", "json").json["findings"]] == ["held-row", "no-key"]


# --- refusals ----------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[int, str, list[str] | None, Json]] = {
    "empty": (3, "the source has no accounts", [], {}),
    "shrunk": (3, "accounts fell from 10 to 7 rows, by more than 20%", chart(7), {}),
    "shrunk by another limit": (3, "from 10 to 9 rows, by more than 5%", chart(9), {"guard": {"maxShrink": 0.05}}),
    "not at all": (3, "from 10 to 9", chart(9), {"guard": {"maxShrink": 0}}),
    "bad rows": (1, "name is blank", [*chart(10), "x,1,,true"], {"badRows": "fail"}),
    "open quote": (1, "not readable as CSV", [*chart(10), 'x,1,"X,true'], {}),
    "no file": (1, "does not exist", None, {}),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("check", [False, True])
def test_a_refused_export_leaves_every_file_as_it_is(name: str, check: bool, books: MakeFiles, cli: Cli) -> None:
    """Empty, shrunken, unusable or unreadable: the exit code tells which, and nothing is written."""
    code, message, rows, sections = REFUSED[name]
    folder = books(chart(10))
    cli("export")
    source = {"type": "csv", "accounts": {"path": "accounts.csv"}, "badRows": sections.get("badRows", "hold")}
    books(rows, source=source, **{k: v for k, v in sections.items() if k != "badRows"})
    if rows is None:
        (folder / "accounts.csv").unlink()
    before = contents(folder)
    said = cli("export", *(["--check"] if check else []))
    assert (said.code, said.stdout) == (code, "")
    assert message in said.stderr
    assert contents(folder) == before


def test_an_allowed_shrink_goes_through(books: MakeFiles, cli: Cli) -> None:
    """Exactly the share is still allowed, and a larger one on request; the first export has nothing to shrink from."""
    books(chart(10))
    assert cli("export").code == 0
    books(chart(8))
    assert cli("export").code == 0
    books(chart(1), guard={"maxShrink": 1})
    assert cli("export").code == 0


def test_inactive_rows_count_as_rows(books: MakeFiles, cli: Cli) -> None:
    """A chart that was closed as a whole is neither empty nor shrunken."""
    folder = books(chart(10))
    cli("export")
    books(chart(10, active="false"))
    assert cli("export").code == 0
    assert (folder / "desired-state.yaml").read_text().count("active: false") == 10


def test_an_invalid_desired_state_is_told_and_kept(books: MakeFiles, cli: Cli) -> None:
    """What stands there may be someone's work: exit 78, untouched."""
    folder = books(chart(3))
    (folder / "desired-state.yaml").write_text("accounts: [\n")
    before = contents(folder)
    said = cli("export")
    assert (said.code, said.stdout) == (78, "")
    assert "desired-state.yaml:2:1" in said.stderr
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("above", "below", "line"), [('- {externalId: "x", nam: "X"}', None, 7), ("- externalId: x", "  name: X", 9)]
)
def test_a_fault_among_rows_that_stay_is_told_where_it_stands(
    books: MakeFiles, cli: Cli, above: str, below: str | None, line: int
) -> None:
    """Also where all other rows are those of the books, or stand within one: exit 78 with its own line, untouched."""
    folder = books(chart(5))
    cli("export")
    path = folder / "desired-state.yaml"
    lines = path.read_text().splitlines()
    within = [above, lines[6], *([] if below is None else [below])]
    path.write_text("\n".join([*lines[:6], *within, *lines[7:]]) + "\n")
    before = contents(folder)
    said = cli("export")
    assert said.code == 78
    assert f"desired-state.yaml:{line}:" in said.stderr
    assert contents(folder) == before


def test_the_lists_of_tags_are_guarded_too(books: MakeFiles, cli: Cli) -> None:
    """Dimensions, values, and the values of each dimension."""
    values = [f"D,{n},V{n},true," for n in range(10)]
    folder = books(None, ["D,Dim,true", "E,Else,true"], [*values, "E,1,One,true,"])
    assert cli("export").code == 0
    before = contents(folder)["desired-state.yaml"]
    for dimensions, left, words in (
        (["D,Dim,true", "E,Else,true"], [*values[:7], "E,1,One,true,"], "values of D fell from 10 to 7"),
        (["D,Dim,true", "E,Else,true"], values, "values of E fell from 1 to 0"),
        (["D,Dim,true"], values, "dimensions fell from 2 to 1"),
        (["D,Dim,true", "E,Else,true"], [], "no values"),
        ([], [*values], "no dimensions"),
    ):
        books(None, dimensions, left)
        said = cli("export")
        assert (said.code, words in said.stderr) == (3, True), said
        assert contents(folder)["desired-state.yaml"] == before


# --- what people wrote -------------------------------------------------------------------------------------------


def test_comments_survive_a_re_export(books: MakeFiles, cli: Cli) -> None:
    """Notes stay at their rows while rows come, change and go."""
    folder = books(["a,1,A,true", "b,2,B,true", "c,3,C,true", "d,4,D,true", "e,5,E,true"])
    cli("export")
    path = folder / "desired-state.yaml"
    lines = path.read_text().splitlines()
    lines[3:3] = ["# about a"]
    lines[5] += "  # behind b"
    path.write_text("# on top\n" + "\n".join(lines) + "\n# at the end\n")
    books(["a,1,Renamed,true", "aa,9,New,true", "c,3,C,true", "d,4,D,true", "e,5,E,true"])
    assert cli("export").code == 0
    assert path.read_text() == (
        "# on top\napiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n# about a\n"
        '- {externalId: "a", code: "1", name: "Renamed"}\n- {externalId: "aa", code: "9", name: "New"}\n'
        '# behind b\n- {externalId: "c", code: "3", name: "C"}\n- {externalId: "d", code: "4", name: "D"}\n'
        '- {externalId: "e", code: "5", name: "E"}\n# at the end\n'
    )


def test_sections_that_the_source_does_not_read_stay(books: MakeFiles, cli: Cli) -> None:
    """Dimensions kept by hand are not lost to an export of accounts."""
    folder = books(["a,1,A,true"])
    by_hand = 'dimensions:\n- code: "D"\n  name: "Dim"\n  values:\n  # mine\n  - {code: "1", name: "One"}\n'
    (folder / "desired-state.yaml").write_text(f"apiVersion: pleoctl/v1\nkind: DesiredState\n{by_hand}")
    assert cli("export").code == 0
    assert by_hand in (folder / "desired-state.yaml").read_text()


def test_rows_stay_in_their_file(books: MakeFiles, cli: Cli) -> None:
    """Several files: each row where it was, new ones in the first that holds their kind, and no kind anywhere new."""
    rows = ["a,1,A,true", "b,2,B,true", "c,3,C,true"]
    folder = books(rows, ["D,Dim,true"], ["D,1,One,true,"], desired=["one.yaml", "sub/two.yaml"])
    head = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
    (folder / "sub").mkdir()
    (folder / "one.yaml").write_text(head)
    (folder / "sub" / "two.yaml").write_text(
        f'{head}# mine\naccounts:\n- {{externalId: "b", code: "2", name: "B"}}\ndimensions:\n- code: "D"\n'
        '  name: "Dim"\n  values:\n  - {code: "1", name: "One"}\n'
    )
    said = cli("export", "--format", "json")
    assert (said.code, said.json["result"]["changed"]) == (0, ["sub/two.yaml"])
    assert (folder / "one.yaml").read_text() == head
    assert (folder / "sub" / "two.yaml").read_text() == (
        f'{head}# mine\naccounts:\n- {{externalId: "a", code: "1", name: "A"}}\n'
        '- {externalId: "b", code: "2", name: "B"}\n- {externalId: "c", code: "3", name: "C"}\n'
        'dimensions:\n- code: "D"\n  name: "Dim"\n  values:\n  - {code: "1", name: "One"}\n'
    )
    assert cli("validate").code == 0


def test_rows_of_people_stay_in_further_files(books: MakeFiles, cli: Cli) -> None:
    """A second file written by hand keeps its rows, comments and kinds; what the books list in it follows the books."""
    folder = books(chart(20), desired=["one.yaml", "two.yaml"])
    assert cli("export").code == 0
    head = "apiVersion: pleoctl/v1\nkind: DesiredState\n"
    mine = (
        '# by hand\n- {externalId: "only-pleo", name: "Mine"}  # keep\n'
        '- {externalId: "other", name: "Other", active: false}\n'
    )
    tags = 'dimensions:\n- code: "D"\n  name: "Dim"\n  values:\n  - {code: "1", name: "One"}\n'
    (folder / "two.yaml").write_text(f"{head}accounts:\n{mine}{tags}")
    said = cli("export", "--format", "json")
    assert (said.code, said.json["result"]["changed"]) == (0, [])
    assert [(f["code"], f["level"], f["file"]) for f in said.json["findings"]] == [("own-rows", "info", "two.yaml")]
    one = (folder / "one.yaml").read_text().replace('- {externalId: "a003", code: "3", name: "Account 3"}\n', "")
    (folder / "one.yaml").write_text(one)
    (folder / "two.yaml").write_text(f'{head}accounts:\n- {{externalId: "a003", name: "Old"}}\n{mine}{tags}')
    (folder / "accounts.csv").write_text("\n".join([HEADER, *chart(20)[1:], "zz,9,New,true"]))
    said = cli("export", "--format", "json")
    assert said.json["result"]["changed"] == ["one.yaml", "two.yaml"]
    one = (folder / "one.yaml").read_text()
    assert ("a000" in one, "a003" in one, "zz" in one, "dimensions" in one) == (False, False, True, False)
    row = '- {externalId: "a003", code: "3", name: "Account 3"}\n'
    assert (folder / "two.yaml").read_text() == f"{head}accounts:\n{row}{mine}{tags}"
    assert cli("validate").code == 0


def test_people_s_own_rows_are_no_part_of_what_shrinks(books: MakeFiles, cli: Cli) -> None:
    """Whatever stands beside the export, its own loss is what counts."""
    folder = books(chart(10), desired=["one.yaml", "two.yaml"])
    assert cli("export").code == 0
    rows = "".join(f'- {{externalId: "own-{n}", name: "N"}}\n' for n in range(100))
    (folder / "two.yaml").write_text(f"apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n{rows}")
    assert cli("export").code == 0
    (folder / "accounts.csv").write_text("\n".join([HEADER, *chart(7)]))
    assert cli("export").code == 3


def test_values_that_the_source_does_not_read_stay(books: MakeFiles, cli: Cli) -> None:
    """Values kept by hand below dimensions of the books."""
    folder = books(None, ["D,Dim,true", "E,New,true"])
    text = 'apiVersion: pleoctl/v1\nkind: DesiredState\ndimensions:\n- code: "D"\n  name: "Dim"\n  values:\n'
    text += '  # mine\n  - {code: "1", name: "One"}\n'
    (folder / "desired-state.yaml").write_text(text)
    assert cli("export").code == 0
    assert (folder / "desired-state.yaml").read_text() == f'{text}- {{code: "E", name: "New"}}\n'


# --- the selection -----------------------------------------------------------------------------------------------


def test_a_selected_dimension_that_went_inactive_is_deselected(books: MakeFiles, cli: Cli) -> None:
    """T18: pleoctl.yaml loses the code and nothing else, and the finding says what follows; --check only tells."""
    folder = books(None, ["DEPT,Department,no", "PROJ,Project,yes"], ["PROJ,1,One,yes,"])
    file = folder / "pleoctl.yaml"
    section = "dimensions:  # tags\n  selected:\n    # people\n    - dept  # first\n    - PROJ  # second\n"
    file.write_text(file.read_text() + section)
    before = file.read_text()
    said = cli("export", "--check")
    assert (said.code, "pleoctl.yaml" in said.stdout, file.read_text() == before) == (2, True, True)
    said = cli("export")
    assert said.code == 0
    assert "dimension 'dept' is inactive in the accounting system and is deselected" in said.stderr
    assert file.read_text() == before.replace("    - dept  # first\n", "")
    again = cli("export", "--format", "json")
    assert (again.code, again.json["result"]["changed"], again.json["findings"]) == (0, [], [])


def test_a_held_or_missing_dimension_is_not_deselected(books: MakeFiles, cli: Cli) -> None:
    """Only what the books call inactive is; a short list proves nothing."""
    folder = books(None, ["DEPT,,no", "OTHER,Other,yes"], ["OTHER,1,One,yes,"])
    before = (folder / "pleoctl.yaml").read_text() + "dimensions: {selected: [DEPT, GONE, OTHER]}\n"
    (folder / "pleoctl.yaml").write_text(before)
    assert cli("export").code == 0
    assert (folder / "pleoctl.yaml").read_text() == before


def test_source_check_reads_and_writes_nothing(books: MakeFiles, cli: Cli) -> None:
    """With all the guards of an export."""
    folder = books([*chart(3), "x,1,,true"])
    before = contents(folder)
    said = cli("source", "check", "--offline", "--trace", "1")
    assert said.code == 0
    assert "4 accounts" in said.stdout
    assert '"externalId": "a000"' in said.stdout
    assert contents(folder) == before
    books([])
    assert cli("source", "check", "--offline").code == 3


def test_names_that_attack_the_terminal_are_escaped(books: MakeFiles, cli: Cli) -> None:
    """A cell of the books cannot move the cursor."""
    books([*chart(3), '"x\x1b[2J\u202e",1,,true'])
    said = cli("export")
    assert "\x1b[2J" not in said.stderr
    assert "\u202e" not in said.stderr
