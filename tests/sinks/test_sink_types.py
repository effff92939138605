"""Types of sinks: ours, those of third parties, and what is said of one that is none."""

from __future__ import annotations

import runpy
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.sinks.opening import open_sink, sink_class, sink_types
from pleoctl.testing.sinks import conform
from pleoctl.workspace import Workspace
from plugged_in import plugged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapes import Json, Value
    from tests.conftest import Cli, MakeWorkspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "sinks" / "pleoctl-sink-sqlite"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example, built and installed for this test alone; what is installed is looked for once, not at each death."""
    monkeypatch.setattr("importlib.metadata.entry_points", cache(entry_points))
    with plugged_in(EXAMPLE, tmp_path) as site:
        yield site


def test_a_third_party_adds_a_sink(installed: Path, tmp_path: Path) -> None:
    """The example is installed, listed, and passes the suite."""
    assert installed.is_dir()
    assert "sqlite" in sink_types()
    conform(runpy.run_path(str(EXAMPLE / "tests" / "test_conformance.py"))["CASE"], tmp_path)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Give a class the type `mine`, as an entry point does."""

    class Point:
        """One entry point."""

        name = "mine"

        def __init__(self, made: Value) -> None:
            self.load = lambda: made

    def offer(made: Value) -> None:
        monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [Point(made)])

    return offer


class Unlike:
    """Made as sinks are, but none."""

    def __init__(self, context: Value, section: Value) -> None:
        """Nothing."""


class Greedy:
    """Wants the workspace."""

    def __init__(self, workspace: MakeWorkspace) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Greedy, "a sink is made with a context and its section, not with (workspace)"),
        (Unlike, "it has no check, find, refuse, confirm, book, attach, close, capabilities"),
    ],
)
def test_a_plug_in_that_is_no_sink_gets_a_sentence(
    made: Value, words: str, offered: Callable[[object], None], workspace: MakeWorkspace, cli: Cli
) -> None:
    """Exit 78 at the section, before anything is booked, with where to read on."""
    offered(made)
    workspace(sink={"type": "mine", "anything": 1})
    said = cli("sink", "check")
    assert said.code == 78
    assert words in said.stderr
    assert "docs/sinks.md" in said.stderr
    assert "pleoctl.yaml:" in said.stderr


def test_a_type_that_there_is_not_is_told_with_the_nearest(workspace: MakeWorkspace, cli: Cli) -> None:
    """A slip in the type is no program and no file."""
    workspace(sink={"type": "beancont", "path": "books"})
    said = cli("sink", "check")
    assert said.code == 78
    assert "beancount" in said.stderr


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"book": [{"path": "/b", "body": {"a.b": ["draft", "na me"]}}]}, '"na me"'),
        ({"lookups": {"account": {"path": "/a", "records": "rows", "id": "id"}}}, '{"path": "/a"'),
        ({"baseUrl": "http://books.example"}, '"http://books'),
    ],
)
def test_what_is_wrong_in_the_section_is_told_where_it_stands(
    changes: Json, word: str, workspace: MakeWorkspace, cli: Cli
) -> None:
    """Line and column of the very value, also in lists and behind names with dots."""
    find = {"path": "/x", "records": "rows", "id": "id", "key": "reference"}
    plain = {"type": "http", "baseUrl": "http://127.0.0.1:9", "find": find, "book": {"path": "/b", "body": {}}}
    text = (workspace(sink=plain | changes) / "pleoctl.yaml").read_text(encoding="utf-8")
    line, column = text[: text.rindex(word)].count("\n") + 1, text.splitlines()[-1].rindex(word) + 1
    said = cli("sink", "check")
    assert said.code == 78
    assert f"pleoctl.yaml:{line}:{column}: sink." in said.stderr


@pytest.mark.parametrize("kind", ["http", "tryton"])
def test_what_talks_to_servers_is_made_as_plug_ins_are(kind: str) -> None:
    """Ours ask for no more than theirs may."""
    assert sink_class(kind).__name__.endswith("Sink")


def test_a_plug_in_gets_the_narrow_context(
    offered: Callable[[object], None], workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """root, inside, reveal, run, http, stop; neither the workspace nor Pleo's credential."""
    seen: list[Value] = []

    class Sees(Unlike):
        """Keeps what it is given."""

        capabilities = None
        check = find = refuse = confirm = book = attach = close = lambda *_: None

        def __init__(self, context: Value, section: Value) -> None:
            super().__init__(context, section)
            seen.append(context)

    monkeypatch.setenv("PLEO_API_KEY", "key-of-pleo")
    offered(Sees)
    folder = workspace(sink={"type": "mine"})
    open_sink(Workspace(folder / "pleoctl.yaml"))
    public = {name for name in dir(seen[0]) if not name.startswith("_")}
    assert public == {"root", "inside", "reveal", "run", "http", "stop"}


def test_presets_are_listed_with_what_they_hold(cli: Cli) -> None:
    """A line for each, everything of one, and all of it as data; an unknown one is told with the nearest."""
    said = cli("sink", "presets")
    assert (said.code, "shape-tested" in said.stdout) == (0, True)
    rows = {row["name"]: row for row in cli("sink", "presets", "--format", "json").json["result"]}
    assert rows["e-conomic"]["capabilities"]["drafts"] == "only"
    assert rows["business-central"]["variables"].keys() == {"tenant", "environment", "company", "journal"}
    one = cli("sink", "presets", "odoo").stdout
    assert "action_post" in one
    assert "baseUrl: https://…" in one
    for kind in ("sink", "source"):
        wrong = cli(kind, "presets", "odo")
        assert (wrong.code, "there is no preset 'odo' (did you mean 'odoo'?)" in wrong.stderr) == (64, True)
