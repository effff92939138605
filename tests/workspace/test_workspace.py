"""The workspace: found, overridden, trusted only as far as its branch deserves, shown without secrets."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.errors import InvalidFile, PleoctlError, Refused, UsageError
from pleoctl.workspace import Workspace
from pleoctl.workspace.secrets import Secret
from pleoctl.workspace.settings import GuardLimits
from pleoctl.workspace.show import effective
from pleoctl.workspace.trust import url_problem

COMPANY = "12abc3d4-e567-4890-8234-abc56e78fabc"
OTHER = "99999999-e567-4890-8234-abc56e78fabc"
TEXT = f"""\
apiVersion: pleoctl/v1
kind: Workspace
company: {COMPANY}
pleo: {{url: "https://external.pleo.io", auth: {{apiKey: "env:PLEO_API_KEY"}}}}
"""


def write(folder: Path, text: str = TEXT, name: str = "pleoctl.yaml") -> Path:
    """A workspace file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- finding it ----------------------------------------------------------------------------------------------------


def test_the_flag_beats_the_environment_beats_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--workspace > PLEOCTL_WORKSPACE > walking up from here; each may be a file or a folder."""
    for name in ("flag", "env", "walk"):
        write(tmp_path / name, TEXT.replace(COMPANY, f"{name:0<8}-e567-4890-8234-abc56e78fabc".translate(_HEX)))
    (tmp_path / "walk" / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "walk" / "deep" / "er")
    assert Workspace.find().root == tmp_path / "walk"
    monkeypatch.setenv("PLEOCTL_WORKSPACE", str(tmp_path / "env"))
    assert Workspace.find().root == tmp_path / "env"
    assert Workspace.find(str(tmp_path / "flag")).root == tmp_path / "flag"
    assert Workspace.find(str(tmp_path / "flag" / "pleoctl.yaml")).root == tmp_path / "flag"
    assert Workspace.find("../../../flag").root.resolve() == tmp_path / "flag"


_HEX = str.maketrans(dict.fromkeys("ghijklmnopqrstuvwxyz", "a"))


def test_a_workspace_may_have_another_name(tmp_path: Path) -> None:
    """A file that is named is the workspace, whatever it is called; findings carry its name."""
    path = write(tmp_path, TEXT + "colour: red\n", "prod.yaml")
    with pytest.raises(InvalidFile) as caught:
        Workspace.find(str(path))
    assert caught.value.findings[0].where == "prod.yaml:5:1"


def test_no_workspace_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here or above; a folder or file that does not exist."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidFile) as caught:
        Workspace.find()
    assert "pleoctl init" in str(caught.value.findings[0])
    for name in ("no", str(tmp_path)):
        with pytest.raises(InvalidFile, match="does not exist"):
            Workspace.find(name)


# --- what the environment may change -----------------------------------------------------------------------------


def test_the_environment_names_another_company_and_url(tmp_path: Path) -> None:
    """PLEOCTL_COMPANY and PLEOCTL_URL stand above the file."""
    file = write(tmp_path)
    environ = {"PLEOCTL_COMPANY": OTHER.upper(), "PLEOCTL_URL": "https://pleo.example.com/"}
    workspace = Workspace(file, environ)
    assert (workspace.company, workspace.url) == (OTHER, "https://pleo.example.com")
    origins = {s.key: (s.value, s.origin) for s in effective(workspace)}
    assert origins["company"] == (OTHER.upper(), "environment PLEOCTL_COMPANY")
    assert origins["pleo.url"][1] == "environment PLEOCTL_URL"


def test_a_company_in_the_environment_must_be_one(tmp_path: Path) -> None:
    """A typing mistake there is told as one."""
    with pytest.raises(UsageError, match="not a UUID"):
        _ = Workspace(write(tmp_path), {"PLEOCTL_COMPANY": "../x"}).company


# --- where the secret may go ---------------------------------------------------------------------------------------

GOOD = [
    "https://external.pleo.io",
    "https://external.staging.pleo.io",
    "https://external.pleo.io:8443",
    "https://EXTERNAL.PLEO.IO",
    "http://127.0.0.1",
    "http://127.0.0.1:8080",
    "http://127.8.9.1:1",
    "http://localhost:80",
    "http://[::1]:8080",
    "http://[::1]",
    "https://localhost",
]
BAD = [
    "http://external.pleo.io",
    "https://pleo.io.evil.com",
    "https://evilpleo.io",
    "https://evil.com",
    "https://external-pleo.io",
    "https://user@external.pleo.io",
    "https://external.pleo.io@evil.com",
    "https://user:secret@evil.com",
    "https://evil.com\\.pleo.io",
    "https://evil.com/.pleo.io",
    "https://evil.com?.pleo.io",
    "https://evil.com#.pleo.io",
    "https://evil.com%2f.pleo.io",
    "https://external.pleo.io/v1",
    "https://",
    "external.pleo.io",
    "ftp://external.pleo.io",
    "http://127.0.0.1.evil.com",
    "http://localhost.evil.com",
    "http://2130706433",
    "http://0x7f.1",
    "http://[::1",
    "http://[::1]evil.com",
    "http://[fe80::1]",
    "https://external.pleo.io:99999",
    "https://external.pleo.io:0",
    "https://external.pleo.io:x",
    "https://external.pleo.io\n",
    "https://external. pleo.io",
    "https://ｅxternal.evil.com",
    "https://evil.com。pleo.io",
    "https://external.pleo.io.",
    "file:///etc/passwd",
    "https:external.pleo.io",
]


@pytest.mark.parametrize("url", GOOD)
def test_pleo_and_this_machine_are_trusted(url: str, tmp_path: Path) -> None:
    """With https at *.pleo.io, anything at loopback."""
    assert Workspace(write(tmp_path, TEXT.replace("https://external.pleo.io", url)), {}).url == url


@pytest.mark.parametrize("url", BAD)
def test_no_other_host_gets_the_secret(url: str, tmp_path: Path) -> None:
    """Look-alikes, user names, other schemes and places that parsers disagree on are refused or invalid."""
    with pytest.raises((Refused, InvalidFile)) as caught:
        _ = Workspace(write(tmp_path, TEXT.replace('"https://external.pleo.io"', json.dumps(url))), {}).url
    assert caught.value.findings[0].where.startswith("pleoctl.yaml:4:")
    assert "secret@" not in str(caught.value.findings[0])
    assert url_problem(url, trusted=False) is not None


def test_a_foreign_url_is_trusted_only_if_the_environment_names_it(tmp_path: Path) -> None:
    """The branch may not choose where the secret goes; whoever runs the command may."""
    file = write(tmp_path, TEXT.replace("external.pleo.io", "proxy.example.com"))
    with pytest.raises(Refused) as caught:
        _ = Workspace(file, {}).url
    assert "PLEOCTL_URL=https://proxy.example.com" in (caught.value.findings[0].hint or "")
    assert Workspace(file, {"PLEOCTL_URL": "https://proxy.example.com"}).url == "https://proxy.example.com"
    for other in ("http://proxy.example.com", "proxy", "https://u:secret@proxy.example.com", "https://a\\.b"):
        with pytest.raises(Refused) as caught:
            _ = Workspace(file, {"PLEOCTL_URL": other}).url
        assert "secret" not in str(caught.value.findings)


@given(st.text("htps:/@\\.[]1#?% pleoi。\n\t-", max_size=40))
def test_whatever_url_is_accepted_is_the_host_that_a_request_goes_to(tail: str) -> None:
    """The check and the HTTP library read a url alike."""
    from urllib3.util import parse_url

    for url in (tail, f"https://{tail}", f"https://{tail}.pleo.io", f"http://127.0.0.1{tail}"):
        if url_problem(url, trusted=False) is None:
            host = (parse_url(url).host or "").strip("[]")
            assert (
                host == "pleo.io"
                or host.endswith(".pleo.io")
                or host in {"localhost", "::1"}
                or host.startswith("127.")
            )


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_come_from_the_environment_a_file_or_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three kinds of reference; line ends of files and programs do not count."""
    monkeypatch.setenv("KEY", "from-env")
    (tmp_path / "key").write_text("from-file\r\n")
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    command = f"cmd:{sys.executable} -c \"print('from-cmd')\""
    told = [Secret(r, tmp_path).reveal() for r in ("env:KEY", "file:key", f"file:{tmp_path / 'key'}", command)]
    assert told == ["from-env", "from-file", "from-file", "from-cmd"]


@pytest.mark.parametrize("allow", [None, "", "0", "true", "yes"])
def test_a_program_runs_only_where_the_environment_allows_it(
    allow: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pushed workspace must not run code: exit 3, and nothing ran."""
    if allow is not None:
        monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", allow)
    with pytest.raises(Refused) as caught:
        Secret(f"cmd:touch {tmp_path / 'ran'}", tmp_path).reveal()
    assert "PLEOCTL_ALLOW_EXEC=1" in str(caught.value.findings[0])
    assert not (tmp_path / "ran").exists()


FAILING = {
    "env:NOT_SET": "NOT_SET is not set",
    "env:EMPTY": "is empty",
    "file:absent": "does not exist",
    "file:.": "folder",
    "file:blank": "is empty",
    "file:binary": "characters",
    "file:latin": "UTF-8",
    "cmd:no-such-program": "could not be run",
    "cmd:false": "exit code 1",
    "cmd:'unclosed": "could not be run",
    "cmd:true": "is empty",
    "env:TWO_LINES": "characters",
    "env:UMLAUT": "characters",
}


@pytest.mark.parametrize("reference", FAILING)
def test_a_secret_that_cannot_be_had_is_told_without_it(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One clear sentence, which never holds the secret."""
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("TWO_LINES", "hush\nhush")
    monkeypatch.setenv("UMLAUT", "hüsh")
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "binary").write_bytes(b"hush\x01")
    (tmp_path / "latin").write_bytes(b"h\xfcsh")
    with pytest.raises(PleoctlError) as caught:
        Secret(reference, tmp_path).reveal()
    assert FAILING[reference] in str(caught.value)
    assert "hush" not in str(caught.value.findings)


def test_a_secret_shows_itself_only_as_its_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither repr nor str reveal it."""
    monkeypatch.setenv("KEY", "hush")
    secret = Secret("env:KEY", tmp_path)
    assert "hush" not in f"{secret!r} {secret}"


LITERAL = [
    "apiKey: hush-hush",
    "apiKey: 4711471147",
    "apiKey: [hush-hush]",
    "apikey: hush-hush",
    "accessToken: {a: hush-hush}",
    "apiKey: true",
]


@pytest.mark.parametrize("auth", LITERAL)
def test_a_secret_written_out_is_refused_and_not_repeated(auth: str, tmp_path: Path) -> None:
    """The finding says how to refer to it, and does not copy it into a log."""
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path, TEXT.replace('apiKey: "env:PLEO_API_KEY"', auth)), {})
    words = " ".join(str(f) for f in caught.value.findings)
    assert "hush" not in words
    assert "4711" not in words


def test_auth_that_is_no_mapping_is_not_repeated(tmp_path: Path) -> None:
    """Also where the secret stands one level too high."""
    with pytest.raises(InvalidFile) as caught:
        Workspace(write(tmp_path, TEXT.replace('{apiKey: "env:PLEO_API_KEY"}', "hush-hush")), {})
    assert "hush" not in str(caught.value.findings)
    assert "env:NAME" in str(caught.value.findings[0])


def test_no_secret_in_any_output(cli: Any, pleo: Any, workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


# --- files below the workspace --------------------------------------------------------------------------------------

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


# --- settings --------------------------------------------------------------------------------------------------------


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
    assert caught.value.findings[0].line is not None


def test_what_no_schema_can_say_is_told_by_validate(cli: Any, workspace: Any) -> None:
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


# --- defaults, and somebody else's file ----------------------------------------------------------------------------


def defaults(schema: dict[str, Any], path: str = "") -> dict[str, Any]:
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

        def told(path: Path, *, _real: Any = real, **options: Any) -> Any:
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
