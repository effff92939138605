"""Settings, secrets and paths of a workspace."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from findings import line_of
from pleoctl.errors import InvalidFile, Refused
from pleoctl.pleo.connect import connect
from pleoctl.pleo.reader import PleoReader
from pleoctl.workspace import Workspace
from pleoctl.workspace.settings import GuardLimits
from pleoctl.workspace.show import effective
from workspace_text import COMPANY, TEXT, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import Cli, MakeWorkspace


def test_auth_that_is_no_mapping_is_not_repeated(tmp_path: Path) -> None:
    """Also where the secret stands one level too high."""
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path, TEXT.replace('{apiKey: "env:PLEO_API_KEY"}', "hush-hush")), {})
    assert "hush" not in str(caught.value.findings)
    assert "env:NAME" in str(caught.value.findings[0])


def test_no_secret_in_any_output(
    cli: Cli, pleo: Sandbox, workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in config show, doctor and errors with --debug: the key itself appears nowhere."""
    workspace(pleo)
    monkeypatch.setenv("PLEO_API_KEY", "sandbox-key")
    for arguments in (["config", "show"], ["doctor"], ["doctor", "--debug", "-v"], ["plan", "--debug"]):
        said = cli(*arguments)
        assert "sandbox-key" not in said.stdout + said.stderr
        assert "c2FuZGJveC1rZXk6" not in said.stdout + said.stderr
    monkeypatch.setenv("PLEO_API_KEY", "hush-hush")
    said = cli("doctor", "--debug")
    assert said.code == 1
    assert "hush-hush" not in said.stdout + said.stderr


OUTSIDE = ["../x.yaml", "/etc/passwd", "a/../../x.yaml", "~/x.yaml", "C:/x.yaml", "..", "a\\..\\x"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("place", ["desired", "list", "mapping", "source"])
def test_no_path_leads_outside(name: str, place: str, tmp_path: Path) -> None:
    """Desired state, mapping and source files lie below the workspace file."""
    quoted = json.dumps(name)
    section = {
        "desired": f"desired: {quoted}",
        "list": f"desired: [a.yaml, {quoted}]",
        "mapping": f"mapping: {quoted}",
        "source": f"source: {{type: csv, accounts: {{path: {quoted}}}}}",
    }[place]
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path / "w", f"{TEXT}{section}\n"), {})
    assert "leads outside the workspace" in str(caught.value.findings[0])


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_no_link_leads_outside(tmp_path: Path) -> None:
    """A link below the workspace to a file elsewhere, or to itself."""
    file = write(tmp_path / "w", TEXT + "desired: [out.yaml, loop.yaml, 'nul\\0.yaml']\n".replace("\\0", ""))
    (tmp_path / "out.yaml").write_text("")
    Path(tmp_path / "w" / "out.yaml").symlink_to(tmp_path / "out.yaml")
    Path(tmp_path / "w" / "loop.yaml").symlink_to(tmp_path / "w" / "loop.yaml")
    workspace = Workspace(file, {})
    for name in ("out.yaml", "loop.yaml", "nul\0.yaml"):
        with pytest.raises(Refused, match="outside the workspace"):
            workspace.inside(name, "desired")


def test_a_link_inside_is_fine(tmp_path: Path) -> None:
    """Only the target counts; the workspace itself may be reached by a link, too."""
    write(tmp_path / "w" / "real", TEXT + "desired: link.yaml\n")
    (tmp_path / "w" / "real" / "link.yaml").symlink_to("pleoctl.yaml")
    (tmp_path / "link").symlink_to(tmp_path / "w" / "real")
    ((path, shown),) = Workspace.find(str(tmp_path / "link")).desired_files
    assert (path.name, shown) == ("link.yaml", "link.yaml")


def test_every_setting_is_shown_with_its_origin(tmp_path: Path) -> None:
    """File and line, environment, or default; secrets stay references, literals below a secret's key are masked."""
    text = TEXT + (
        "source:\n  type: other\n  auth: {bearer: env:AS_TOKEN, basic: {user: u, password: hush}}\n  apiKey: hush\n"
        "guard: {maxShrink: 0.5}\n"
    )
    told = {s.key: (s.value, s.origin) for s in effective(Workspace(write(tmp_path, text), {}))}
    assert told["pleo.auth.apiKey"] == ("env:PLEO_API_KEY", "pleoctl.yaml:4")
    assert told["source.auth.bearer"] == ("env:AS_TOKEN", "pleoctl.yaml:7")
    assert told["source.auth.basic.password"] == ("***", "pleoctl.yaml:7")
    assert told["source.apiKey"] == ("***", "pleoctl.yaml:8")
    assert told["guard.maxShrink"] == (0.5, "pleoctl.yaml:9")
    assert told["guard.maxArchive.count"] == (20, "default")
    assert told["pleo.requestsPerMinute"] == (500, "default")
    assert told["desired"] == ("desired-state.yaml", "default")


def test_a_budget_is_set_only_where_it_matters(tmp_path: Path) -> None:
    """500 a minute at Pleo, no limit on loopback unless it is asked for."""
    local = TEXT.replace("https://external.pleo.io", "http://127.0.0.1:1")
    asked = local.replace("auth:", "requestsPerMinute: 60, auth:")
    told = [Workspace(write(tmp_path, text), {}).requests_per_minute for text in (TEXT, local, asked)]
    assert told == [500, None, 60]


@pytest.mark.parametrize(("by", "budgets"), [("", 2), ("budgetBy: credential, ", 2), ("budgetBy: company, ", 1)])
def test_requests_are_counted_by_credential_or_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, budgets: int
) -> None:
    """Two keys of one company have a budget each, unless the workspace says that they share it."""
    monkeypatch.setenv("PLEOCTL_STATE_DIR", str(tmp_path / "state"))
    found = write(
        tmp_path,
        TEXT.replace("https://external.pleo.io", "http://127.0.0.1:1").replace(
            "auth:", f"requestsPerMinute: 60, {by}auth:"
        ),
    )
    for key in ("one", "two"):
        connect(Workspace(found, {"PLEO_API_KEY": key}), PleoReader).http.budget.acquire()
    assert len(list((tmp_path / "state" / "budget").iterdir())) == budgets


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [
        ("", (30, 300)),
        ("timeoutSeconds: 2, ", (2, 20)),
        ("timeoutSeconds: 400, ", (400, 400)),
        ("timeoutSeconds: 2, answerSeconds: 5, ", (2, 5)),
    ],
)
def test_an_answer_may_take_ten_reads_unless_it_is_said(tmp_path: Path, keys: str, seconds: tuple[int, int]) -> None:
    """`answerSeconds` is ten times `timeoutSeconds`, at most 300, and never shorter than one read."""
    found = Workspace(write(tmp_path, TEXT.replace("auth:", f"{keys}auth:")), {}).limits
    assert (found.timeout, found.answer_seconds, found.answer_bytes) == (*seconds, 256 * 1024 * 1024)


INVALID = {
    "company: x\n": "is not a UUID",
    "company: 12abc3d4-e567-4890-8234-abc56e78fabc\n": None,
    f'company: "{COMPANY}\\n"\n': "is not a UUID",
    "dimensions: {selected: [a, b, c, d, e, f]}\n": "6 entries, more than 5",
    'dimensions: {selected: [a, " "]}\n': "is blank",
    "dimensions: {selected: [0100]}\n": "not read alike",
    "guard: {maxArchive: {count: -1}}\n": "less than 0",
    "guard: {maxArchive: 3}\n": "must be a mapping",
    "guard: {protect: [ext-1930]}\n": "is not an address",
    "desired: []\n": "needs 1 or more entries",
    "desired: [a.yaml, a.yaml]\n": "twice",
    "source: {type: csv, acounts: {path: x}}\n": "did you mean 'accounts'?",
    "source: {type: csv, accounts: {path: x, delimiter: ';;'}}\n": "has 2 characters",
    "source: {path: x}\n": "lacks type",
    "source: {type: csv, accounts: {delimiter: ;}}\n": "source.accounts needs one of path, parts and rows",
    "sink: {type: http, preset: odoo, auth: {bearer: env:A, headers: {A: env:B}}}\n": "auth has bearer and headers",
    "gaurd: {}\n": "did you mean 'guard'?",
}


@pytest.mark.parametrize("section", INVALID)
def test_wrong_settings_are_told_with_their_place(section: str, tmp_path: Path) -> None:
    """The workspace file is checked like any other."""
    text = TEXT.replace(f"company: {COMPANY}\n", "") + section if section.startswith("company") else TEXT + section
    message = INVALID[section]
    if message is None:
        Workspace(write(tmp_path, text), {})
        return
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path, text), {})
    assert message in str(caught.value.findings[0])
    assert line_of(caught.value.findings[0]) is not None


def test_a_number_in_quotes_is_told_without_them(tmp_path: Path) -> None:
    """Where a whole number is due; what is no number gets no such advice. The books' own numbers may be quoted."""
    keys = 'taxKeys: {V19: "9", V7: "acht", V0: "007"}'
    sink = f"sink: {{type: datev, path: books, consultant: '1001', client: 1, currency: EUR, {keys}}}\n"
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path, TEXT + sink), {})
    assert [finding.hint for finding in caught.value.findings] == ["write 9, without quotes", None, None]
    for number in ("'01001'", "0", "'A'"):
        with pytest.raises(InvalidFile) as caught:
            Workspace(write(tmp_path, TEXT + sink.replace("'1001'", number).replace(keys, "")), {})
        assert [finding.message[:16] for finding in caught.value.findings] == ["sink.consultant "]


def test_what_no_schema_can_say_is_told_by_validate(cli: Cli, workspace: MakeWorkspace) -> None:
    """A dimension in both lists or twice in other case, and a foreign url: all at once, exit 78."""
    folder = workspace(None, dimensions={"selected": ["DEPT", "dept"], "leave": ["PROJ", "Dept"]})
    dimension = '- {code: "DEPT", name: "Departments", values: []}\n'
    (folder / "desired-state.yaml").write_text(f"apiVersion: pleoctl/v1\nkind: DesiredState\ndimensions:\n{dimension}")
    said = cli("validate", "--format", "json")
    assert said.code == 78
    assert [f["code"] for f in said.json["findings"]] == ["invalid-dimensions"] * 2
    assert all(f["file"] == "pleoctl.yaml" and f["line"] for f in said.json["findings"])


def test_the_working_folder_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the workspace file."""
    write(tmp_path / "w")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.find("w")
    monkeypatch.chdir(os.sep)
    assert workspace.desired_files == [(tmp_path / "w" / "desired-state.yaml", "desired-state.yaml")]
    assert workspace.shown(tmp_path / "w" / "as" / "x.csv") == "as/x.csv"
    assert workspace.shown(tmp_path / "x.csv") == "../x.csv"


def defaults(schema: Json, path: str = "") -> Json:
    """Dotted key to default, as the schema states it; a source's keys are its type's own."""
    found = {}
    for name, part in schema.get("properties", {}).items():
        if "default" in part:
            found[f"{path}{name}"] = part["default"]
        found |= defaults(part, f"{path}{name}.")
    return found


def test_the_schema_states_the_defaults_that_hold(tmp_path: Path) -> None:
    """What `config show` calls a default is what schemas/workspace.schema.json says, key by key."""
    schema = json.loads((Path(__file__).parents[2] / "schemas/workspace.schema.json").read_text(encoding="utf-8"))
    workspace = Workspace(write(tmp_path), {})
    told = {s.key: s.value for s in effective(workspace) if s.origin == "default"}
    stated = defaults(schema)
    assert {key: told[key] for key in stated} == stated
    assert (GuardLimits().count, GuardLimits().share) == (workspace.guard.count, workspace.guard.share)


def owned(monkeypatch: pytest.MonkeyPatch, owners: dict[Path, int], uid: int) -> None:
    """Let files have these owners and the process this user, which only root could do truly."""
    for name in ("stat", "lstat"):
        real = getattr(Path, name)

        def told(path: Path, *, _real: Callable[..., os.stat_result] = real, **options: Value) -> os.stat_result:
            result = _real(path, **options)
            owner = owners.get(path)
            return result if owner is None else os.stat_result([*result[:4], owner, *result[5:10]])

        monkeypatch.setattr(Path, name, told)
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize(
    ("uid", "owner", "environ", "fine"),
    [
        (1000, 1000, {}, True),
        (1000, 0, {}, True),
        (1000, 1001, {}, False),
        (1000, 1001, {"CI": "true"}, False),
        (0, 1001, {}, False),
        (0, 1001, {"SUDO_UID": "1001"}, True),
        (0, 1001, {"SUDO_UID": "1002"}, False),
        (0, 1001, {"CI": "true"}, True),
        (0, 1002, {"CI": "true"}, False),
    ],
)
def test_a_file_that_somebody_else_put_above_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, owner: int, environ: dict[str, str], fine: bool
) -> None:
    """Walking up trusts the user, root, who called sudo, and in a job's container the owner of the checkout."""
    file = write(tmp_path)
    inner = tmp_path / "checkout"
    inner.mkdir()
    monkeypatch.chdir(inner)
    owned(monkeypatch, {file: owner, inner: 1001}, uid)
    if fine:
        assert Workspace.find(environ=environ).file == file
        return
    with pytest.raises(Refused) as caught:
        Workspace.find(environ=environ)
    assert f"--workspace {file}" in str(caught.value.findings[0])
    assert Workspace.find(str(file), environ).file == file
    assert Workspace.find(environ={**environ, "PLEOCTL_WORKSPACE": str(file)}).file == file


def test_a_link_of_somebody_else_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in a shared folder to one's own file would move the workspace there."""
    mine = write(tmp_path / "mine")
    shared = tmp_path / "shared"
    shared.mkdir()
    link = shared / "pleoctl.yaml"
    link.symlink_to(mine)
    monkeypatch.chdir(shared)
    uid = os.geteuid()
    assert Workspace.find(environ={}).file == link
    real = Path.lstat
    monkeypatch.setattr(Path, "lstat", lambda path: os.stat_result([*real(path)[:4], uid + 7, *real(path)[5:10]]))
    with pytest.raises(Refused, match="belongs to another user"):
        Workspace.find(environ={})


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder may have been deleted under a command."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(InvalidFile, match="no longer exists"):
        Workspace.find(environ={})


def test_many_codes_are_judged_in_no_time(tmp_path: Path) -> None:
    """Work grows with the list, not with its square; the second of two is named, whichever list the first stands in."""
    codes = [f"C{n}" for n in range(20_000)]
    text = TEXT + f"dimensions: {json.dumps({'selected': ['A', 'a'], 'leave': [*codes, 'A', 'c7']})}\n"
    found = [str(f) for f in Workspace(write(tmp_path, text), {}).findings()]
    assert [words.partition(": ")[2] for words in found] == [
        "a stands in the list twice (remove one)",
        "A stands in both lists (remove one)",
        "c7 stands in the list twice (remove one)",
    ]
