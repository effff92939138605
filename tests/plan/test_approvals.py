"""`approve` signs a plan; `apply --approvers` carries it out only where the right people have."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from signers import HAS_SSH, allowed_signers, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

pytestmark = HAS_SSH


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of three people, made once."""
    folder = tmp_path_factory.mktemp("keys")
    keys_of(folder, "ann", "bob", "eve")
    return folder


@pytest.fixture
def allowed(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Factory of allowed_signers files outside of any workspace: ``allowed(ann="", bob='namespaces="x"')``."""
    folder = tmp_path_factory.mktemp("pipeline")

    def make(**people: str) -> str:
        (folder / "allowed_signers").write_text(allowed_signers(keys, people))
        return str(folder / "allowed_signers")

    return make


@pytest.fixture
def folder(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> Path:
    """A workspace with a plan of one change."""
    made: Path = workspace(pleo)
    rows = [{"externalId": key, "code": key, "name": "N"} for key in ("ext-1000", "ext-2000")]
    desired(made, accounts=rows)
    assert cli("plan", "-o", "plan.json").code == 0
    return made


def test_an_approved_plan_is_carried_out(
    folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str], pleo: Sandbox
) -> None:
    """Also in a checkout with CRLF; and no plan without approval: exit 3, nothing sent, a receipt that says so."""
    writes = pleo.stats()["writes"]
    said = cli("apply", "plan.json", "--approvers", allowed(ann=""), "--format", "json")
    assert (said.code, said.json["outcome"], pleo.stats()["writes"]) == (3, "refused", writes)
    said = cli("approve", "plan.json", "--key", str(keys / "ann"))
    assert (said.code, said.stdout.splitlines()[1:]) == (0, ["The signature is in plan.json.sig."])
    assert (folder / "plan.json.sig").read_text().startswith("-----BEGIN SSH SIGNATURE-----")
    for file in (folder / "plan.json", folder / "plan.json.sig"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert cli("apply", "plan.json", "--approvers", allowed(ann="")).code == 0


def test_an_approval_is_good_for_one_run(folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str]) -> None:
    """A plan that was carried out is refused; without --approvers it may run again, as ever."""
    assert folder.exists()
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    assert cli("apply", "plan.json", "--approvers", allowed(ann="")).code == 0
    said = cli("apply", "plan.json", "--approvers", allowed(ann=""))
    assert (said.code, "carried out already" in said.stderr + said.stdout) == (3, True)
    assert cli("apply", "plan.json").code == 0


@pytest.mark.parametrize(
    ("signers", "people", "number", "code"),
    [
        (["ann", "bob"], {"ann": "", "bob": ""}, 2, 0),
        (["ann", "ann"], {"ann": "", "bob": ""}, 2, 3),
        (["ann", "eve"], {"ann": "", "bob": ""}, 2, 3),
        (["eve"], {"ann": ""}, 1, 3),
        (["ann"], {"ann": 'namespaces="git"'}, 1, 3),
        (["ann"], {"ann": 'namespaces="git,pleoctl-plan"'}, 1, 0),
        (["ann"], {"ann": 'valid-before="20200101"'}, 1, 3),
        (["ann"], {"ann": 'valid-after="20990101"'}, 1, 3),
        (["ann"], {"ann": 'valid-after="20200101",valid-before="20990101"'}, 1, 0),
    ],
)
def test_who_counts(
    folder: Path,
    cli: Cli,
    keys: Path,
    allowed: Callable[..., str],
    signers: list[str],
    people: dict[str, str],
    number: int,
    code: int,
) -> None:
    """Distinct people whom the file names for plans, now."""
    for signer in signers:
        assert cli("approve", "plan.json", "--key", str(keys / signer)).code == 0
    assert [path.name for path in sorted(folder.glob("*.sig*"))] == ["plan.json.sig", "plan.json.sig.2"][: len(signers)]
    assert cli("apply", "plan.json", "--approvers", allowed(**people), "--approvals", str(number)).code == code


def test_a_revoked_key_counts_no_more(folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str]) -> None:
    """The list is the pipeline's as well."""
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    file = allowed(ann="")
    revoked = f"{file}.revoked"
    shutil.copy(keys / "ann.pub", revoked)
    assert cli("apply", "plan.json", "--approvers", file, "--revoked", revoked).code == 3
    assert cli("apply", "plan.json", "--approvers", file).code == 0
    assert folder.exists()


def test_a_signature_is_of_one_plan(
    folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str], desired: MakeDesired
) -> None:
    """Laid beside another plan it is worth nothing; junk is passed over."""
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    rows = [{"externalId": key, "code": key, "name": "M"} for key in ("ext-1000", "ext-2000")]
    desired(folder, accounts=rows)
    assert cli("plan", "-o", "other.json").code == 0
    shutil.copy(folder / "plan.json.sig", folder / "other.json.sig")
    (folder / "other.json.sig.2").write_bytes(b"\xff" * 100)
    (folder / "other.json.sig.3").symlink_to("/dev/zero")
    assert cli("apply", "other.json", "--approvers", allowed(ann="")).code == 3


def test_a_branch_cannot_bring_its_own_approvers(
    folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str]
) -> None:
    """A file in the workspace, or a link in it, is refused whatever it says; one that is not there is a usage error."""
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    shutil.copy(allowed(ann=""), folder / "allowed")
    (folder / "link").symlink_to(allowed(ann=""))
    for name in ("allowed", "link"):
        said = cli("apply", "plan.json", "--approvers", name)
        assert (said.code, "in the workspace" in said.stderr + said.stdout) == (3, True)
    assert cli("apply", "plan.json", "--approvers", "/nonexistent/file").code == 64
    for number in ("1", "2"):
        assert cli("apply", "plan.json", "--approvals", number).code == 64  # also where it is the default
    assert "is no file" in cli("apply", "plan.json", "--approvers", "/dev/null").stderr


def test_approvers_beside_the_workspace_may_be_named_from_within(
    folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way up out of the workspace is the machine's own; one through a link in it is the branch's."""
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    beside = folder.parent / "pipeline"
    beside.mkdir()
    shutil.copy(allowed(ann=""), beside)
    (folder / "below").mkdir()
    (folder / "link").symlink_to(beside)
    for name in ("link/../pipeline/allowed_signers", "./link/allowed_signers", "../pipeline/../link/allowed_signers"):
        said = cli("apply", "plan.json", "--approvers", name.replace("/../link", f"/../{folder.name}/link"))
        assert (said.code, "in the workspace" in said.stderr + said.stdout) == (3, True), name
    monkeypatch.chdir(folder / "below")
    for code, name in ((64, f"{folder}/../pipeline/none"), (0, "../../pipeline/allowed_signers")):
        said = cli("apply", "../plan.json", "--workspace", str(folder), "--approvers", name)
        assert said.code == code, said.stderr


def test_sync_carries_out_what_was_approved(
    folder: Path, cli: Cli, keys: Path, allowed: Callable[..., str], pleo: Sandbox
) -> None:
    """The plan that it makes has the id of the one that was signed; with nothing to do nobody need sign."""
    (folder / "accounts.csv").write_text("externalId,code,name\next-1000,ext-1000,N\next-2000,ext-2000,N\n")
    text = (folder / "pleoctl.yaml").read_text()
    (folder / "pleoctl.yaml").write_text(f"{text}source: {{type: csv, accounts: {{path: accounts.csv}}}}\n")
    writes = pleo.stats()["writes"]
    assert cli("sync", "--approvers", allowed(ann="")).code == 3
    assert pleo.stats()["writes"] == writes
    assert cli("plan", "-o", "plan.json").code == 0
    cli("approve", "plan.json", "--key", str(keys / "ann"))
    assert cli("sync", "--approvers", allowed(ann="")).code == 0
    (folder / "plan.json.sig").unlink()
    assert cli("sync", "--approvers", allowed(ann="")).code == 0
