from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.cli.main import run
from pleoctl.errors import MissingExtra, SourceError
from pleoctl.sources import bounds, connect, running
from pleoctl.sources.opening import BUILT_IN, EXTRAS, source_class, source_types
from pleoctl.testing.sources import conform
from pleoctl.workspace.limits import Limits
from plugged_in import plugged_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value
    from tests.conftest import Cli, MakeWorkspace

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "sources" / "pleoctl-source-ini"
ROWS = [{"id": n, "name": f"Account \x1b[31m{n}", "off": n == 2, "kind": "x"} for n in range(1, 4)]


@pytest.mark.parametrize(("kind", "module"), EXTRAS.items())
def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, kind: str, module: str) -> None:
    """It says what to install."""
    target = BUILT_IN[kind].partition(":")[0]
    for name in [name for name in sys.modules if name == target or name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("pleoctl.sources.http.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra) as caught:
        source_class(kind)
    assert str(caught.value.findings[0]) == (
        f"the {kind} source needs the package {module} (pip install 'pleoctl[{kind}]')"
    )


def test_the_core_imports_no_source_library() -> None:
    """Opening a csv workspace and exporting loads neither an extra nor anything under the GPL."""
    code = (
        "import sys, pleoctl.sources.export, pleoctl.sources.csv_files, pleoctl.cli.main, pleoctl.cli.source\n"
        "print([m for m in sys.modules if m.partition('.')[0] in "
        "{'jmespath', 'sqlalchemy', 'openpyxl', 'beancount', 'trytond', 'piecash', 'sqlite3'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_type_names_the_known_ones() -> None:
    """With everything that is installed."""
    with pytest.raises(SourceError) as caught:
        source_class("qbooks")
    assert all(kind in str(caught.value.findings[0]) for kind in BUILT_IN)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """The example package, installed into a folder of its own."""
    with plugged_in(EXAMPLE, tmp_path) as site:
        yield site


def test_a_third_party_adds_a_source(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example is installed, listed, conforms, and is read and told like any other source."""
    assert installed.is_dir()
    assert "ini" in source_types()
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "chart.ini").write_text("[1000]\nname = Cash\n[2000]\nname = Old\nactive = no\n", encoding="utf-8")
    workspace(folder, {"type": "ini", "path": "chart.ini"})
    conform(runpy.run_path(str(EXAMPLE / "tests" / "test_conformance.py"))["CASE"], tmp_path)
    assert run(["export"]) == 0
    text = (folder / "desired-state.yaml").read_text(encoding="utf-8")
    assert '- {externalId: "2000", code: "2000", name: "Old", active: false}' in text
    (folder / "chart.ini").write_text("[1000\n", encoding="utf-8")
    assert run(["export"]) == 1


def test_the_example_is_as_short_as_promised() -> None:
    """Forty lines are enough for a source."""
    (module,) = EXAMPLE.glob("*/__init__.py")
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 40


def workspace(folder: Path, source: Json, **more: Value) -> None:
    """Write pleoctl.yaml."""
    data = {
        "apiVersion": "pleoctl/v1",
        "kind": "Workspace",
        "company": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "pleo": {"url": "http://127.0.0.1:9", "auth": {"apiKey": "env:THE_PLEO_KEY"}},
        "source": source,
        **more,
    }
    (folder / "pleoctl.yaml").write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose source is a program that prints three rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    rows = [{"externalId": str(row["id"]), "name": row["name"], "active": not row["off"]} for row in ROWS]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    workspace(tmp_path, {"type": "exec", "accounts": {"command": "cat rows.jsonl"}})
    return tmp_path


def test_check_counts_and_writes_nothing(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All guards, no file; the trace shows the first rows with control characters escaped."""
    assert run(["source", "check", "--offline", "--trace", "2"]) == 0
    out = capsys.readouterr().out
    summary, _, traced = out.partition("\n\n")
    counts, accounts, hints = summary.splitlines()
    assert counts == "3 accounts, 0 dimensions, 0 values, 0 held"
    assert accounts.startswith("accounts: 2 active, 1 inactive, 0 held, first '1' 'Account ")
    assert hints == "hints: 1 doubtful-text"
    assert traced.startswith("accounts\n")
    assert out.count("fields") == 2
    assert "\x1b" not in out
    assert sorted(path.name for path in chart.iterdir()) == ["pleoctl.yaml", "rows.jsonl"]


def test_check_tells_what_each_list_became(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Active, inactive and held rows, fields that are missing, dimensions by name."""
    source = {
        "type": "csv",
        "accounts": {"path": "a.csv"},
        "dimensions": {"rows": [{"code": "CC", "name": "Cost centre"}]},
        "values": {"path": "v.csv", "fixed": {"dimension": "CC"}},
    }
    workspace(chart, source)
    (chart / "a.csv").write_text(
        "externalId,code,name,active\n1,,Cash,true\n2,2,Bank,no\n3,3,,true\n", encoding="utf-8"
    )
    (chart / "v.csv").write_text("code,name\nN,North\n", encoding="utf-8")
    assert run(["source", "check", "--offline"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "3 accounts, 1 dimension, 1 value, 1 held",
        "accounts: 1 active, 1 inactive, 1 held, 1 without code, first '1' 'Cash'",
        "dimension CC (Cost centre): values 1 active, 0 inactive, 0 held, first 'N' 'North'",
        "hints: 1 held-row",
    ]


def test_check_applies_the_shrink_guard(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an export would refuse, the check refuses."""
    assert run(["export"]) == 0
    content = (chart / "rows.jsonl").read_text(encoding="utf-8")
    (chart / "rows.jsonl").write_text(content.splitlines()[0] + "\n", encoding="utf-8")
    assert run(["source", "check", "--offline"]) == 3
    assert "fell from 3 to 1" in capsys.readouterr().err


def test_check_gives_the_trace_as_json(chart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs, with place, record and fields."""
    assert chart.is_dir()
    assert run(["source", "check", "--offline", "--trace", "1", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["counts"] == {"accounts": 3, "dimensions": 0, "values": 0, "held": 0}
    assert [row["fields"]["externalId"] for row in result["trace"]["accounts"]] == ["1"]


def test_presets_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """All with what they were tested against; one with its notes, its variables and its text."""
    assert run(["source", "presets"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") > 11
    assert "not certified" in out
    assert run(["source", "presets", "datev"]) == 0
    out = capsys.readouterr().out
    assert "    client: …   # the id of the client" in out
    assert "  baseUrl: https://…" in out
    assert "/general-ledger-accounts" in out
    assert run(["source", "presets", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["result"]) == 11
    assert run(["source", "presets", "dattev"]) == 64
    assert "did you mean 'datev'" in capsys.readouterr().err


def test_the_schema_states_the_defaults_of_sources() -> None:
    """What schemas/workspace.schema.json calls a default is what the source does without the key."""
    schema = json.loads((ROOT / "schemas/workspace.schema.json").read_text(encoding="utf-8"))
    branches = {
        one["if"]["properties"]["type"]["const"]: one["then"]["properties"]
        for one in schema["definitions"]["source"]["allOf"]
    }
    for kind in ("http", "tryton"):
        assert branches[kind]["requestsPerMinute"]["default"] == connect.DEFAULT_REQUESTS
        assert branches[kind]["timeoutSeconds"]["default"] == connect.DEFAULT_TIMEOUT
        assert branches[kind]["answerBytes"]["default"] == Limits().answer_bytes
    assert branches["sql"]["timeoutSeconds"]["default"] == bounds.DEFAULT_SECONDS
    assert schema["definitions"]["exec"]["properties"]["timeoutSeconds"]["default"] == running.DEFAULT_SECONDS


_HTTP = {"type": "http", "baseUrl": "http://127.0.0.1:9"}
_LIST = {"paginate": {"type": "none"}, "path": "/a", "records": "rows"}


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ({**_HTTP, "accounts": {**_LIST, "fields": {"externalId": "id", "name": "na me"}}}, '"na me"'),
        ({**_HTTP, "accounts": {**_LIST, "parts": {"a.b": {"paginate": {"type": "x"}}}}}, '"x"'),
        ({"type": "http", "baseUrl": "http://a.example", "accounts": {}}, "{}}"),
        ({"type": "http", "baseUrl": "http://a.example"}, '"http://a'),
        ({"type": "sql", "url": "env:BOOKS", "accounts": {"query": "drop table a"}}, '"drop'),
        ({"type": "http", "preset": "fortnocks"}, '"fortnocks"'),
        ({"type": "csv", "accounts": {"rows": [{"externalId": "1", "name": "a"}, {"nome": "a"}]}}, '{"nome"'),
        ({"type": "beancont"}, '"beancont"'),
    ],
)
def test_what_is_wrong_in_a_section_is_told_where_it_stands(
    section: Json, word: str, workspace: MakeWorkspace, cli: Cli
) -> None:
    """Line and column of the very value, also behind names with dots and in lists."""
    text = (workspace(source=section) / "pleoctl.yaml").read_text(encoding="utf-8")
    line, column = text[: text.rindex(word)].count("\n") + 1, text.splitlines()[-1].rindex(word) + 1
    said = cli("source", "check")
    assert said.code == 78
    assert f"pleoctl.yaml:{line}:{column}: source." in said.stderr
