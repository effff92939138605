"""The workspace: found, overridden, trusted only as far as its branch deserves, shown without secrets."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.errors import InvalidFile, PleoctlError, Refused, UsageError
from pleoctl.place import Place
from pleoctl.workspace import Workspace
from pleoctl.workspace.secrets import Secret
from pleoctl.workspace.show import effective
from pleoctl.workspace.trust import url_problem
from workspace_text import COMPANY, TEXT, write

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "99999999-e567-4890-8234-abc56e78fabc"


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
    "cmd:yes hush": "printed more than 64 KiB",
    "env:TWO_LINES": "characters",
    "env:UMLAUT": "characters",
}


@pytest.mark.parametrize("reference", FAILING)
def test_a_secret_that_cannot_be_had_is_told_without_it(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One clear sentence, which says where the reference stands and never holds the secret."""
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("TWO_LINES", "hush\nhush")
    monkeypatch.setenv("UMLAUT", "hüsh")
    monkeypatch.setenv("PLEOCTL_ALLOW_EXEC", "1")
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "binary").write_bytes(b"hush\x01")
    (tmp_path / "latin").write_bytes(b"h\xfcsh")
    with pytest.raises(PleoctlError) as caught:
        Secret(reference, tmp_path, Place("pleoctl.yaml", 6, 18)).reveal()
    (told,) = map(str, caught.value.findings)
    assert FAILING[reference] in told
    assert told.startswith("pleoctl.yaml:6:18: ")
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
