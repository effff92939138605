"""Receipts form a chain: `log verify` tells what is missing, changed or put in between; `log RUN` shows one run."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.canonical import digest
from pleoctl.run.places import has

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


@pytest.fixture
def runs(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> Path:
    """The runs of a workspace after four: done, refused, partial by nothing to do, done."""
    folder: Path = workspace(pleo)
    seeded = [{"externalId": key, "code": key, "name": "N"} for key in ("ext-1000", "ext-2000")]
    for number in (1, 2, 3):
        desired(folder, accounts=[*seeded, {"externalId": "new", "code": "n", "name": f"Name {number}"}])
        assert cli("plan", "-o", "plan.json").code == 0
        assert cli("apply", "plan.json").code == 0
        if number == 1:
            desired(folder, accounts=[])
            assert cli("plan", "-o", "refused.json").code == 3
            assert cli("apply", "refused.json").code == 3
    return folder / ".pleoctl" / "runs"


def folders(runs: Path) -> list[Path]:
    """The folders of the runs, oldest first."""
    return sorted(runs.glob("*/"))


def receipt(folder: Path) -> Json:
    """A run's receipt."""
    read: Json = json.loads((folder / "receipt.json").read_text())
    return read


def rewrite(folder: Path, *, sealed: bool, **fields: Value) -> Json:
    """Change a receipt; ``sealed``: give it the id that its new content has."""
    made = receipt(folder) | fields
    if sealed:
        made["id"] = digest({name: value for name, value in made.items() if name != "id"})
    (folder / "receipt.json").write_text(json.dumps(made))
    return made


def broken(cli: Cli, *more: str) -> list[str]:
    """The codes of the breaks that `log verify` names; it ends with 1 exactly where there are some."""
    said = cli("log", "verify", "--format", "json", *more)
    assert said.json["command"] == "log verify"
    codes = [finding["code"] for finding in said.json["findings"]]
    assert said.code == (1 if codes else 0), said
    assert said.json["result"]["unbroken"] == (not codes)
    return codes


def test_each_receipt_names_the_one_before(runs: Path, cli: Cli) -> None:
    """Also that of a refused plan; the first names none; ids are digests of everything else."""
    read = [receipt(folder) for folder in folders(runs)]
    assert [one["outcome"] for one in read] == ["done", "refused", "done", "done"]
    assert [one["previous"] for one in read] == [None, *(one["id"] for one in read[:-1])]
    for one in read:
        assert one["id"] == digest({name: value for name, value in one.items() if name != "id"})
    assert broken(cli) == []
    assert read[-1]["id"] in cli("log", "verify").stdout
    assert broken(cli, "--head", read[1]["id"]) == []


def test_the_receipt_at_hand_is_the_one_that_is_kept(runs: Path, cli: Cli, tmp_path: Path) -> None:
    """What `--receipt` and `--format json` give has the id that the chain knows."""
    plan = folders(runs)[-1] / "plan.json"
    shutil.copy(plan, runs.parent.parent / "again.json")
    said = cli("apply", "again.json", "--receipt", str(tmp_path / "r.json"), "--format", "json")
    assert said.json["id"] == receipt(folders(runs)[-1])["id"] == json.loads((tmp_path / "r.json").read_text())["id"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_removed_run_is_missed(runs: Path, cli: Cli, number: int) -> None:
    """The next receipt names it; the first one's absence shows as well."""
    shutil.rmtree(folders(runs)[number])
    assert broken(cli) == ["receipt-missing"]


def test_a_removed_last_run_is_missed_by_its_head(runs: Path, cli: Cli) -> None:
    """Nothing comes after it, so only an id that was kept elsewhere proves it."""
    last = folders(runs)[-1]
    head = receipt(last)["id"]
    shutil.rmtree(last)
    assert broken(cli) == []
    assert broken(cli, "--head", head) == ["receipt-missing"]


def test_a_changed_receipt_is_told(runs: Path, cli: Cli) -> None:
    """Whether or not its id was made to fit."""
    before = receipt(folders(runs)[2])
    rewrite(folders(runs)[2], sealed=False, outcome="partial")
    assert broken(cli) == ["receipt-changed"]
    rewrite(folders(runs)[2], sealed=True, outcome="partial")
    assert broken(cli) == ["receipt-missing"]
    rewrite(folders(runs)[2], sealed=False, **before)
    assert broken(cli) == []


def test_a_changed_journal_is_told(runs: Path, cli: Cli) -> None:
    """Its digest stands in the receipt; a journal that was removed is no better."""
    journal = folders(runs)[0] / "journal.jsonl"
    journal.write_text(journal.read_text().replace("confirmed", "failed"))
    assert broken(cli) == ["journal-changed"]
    journal.unlink()
    assert broken(cli) == ["journal-changed"]


def test_a_receipt_put_in_between_is_told(runs: Path, cli: Cli) -> None:
    """Two receipts cannot come after the same one."""
    shutil.copytree(folders(runs)[2], runs / "20200101T000000000000-forged")
    rewrite(runs / "20200101T000000000000-forged", sealed=True, runId="20200101T000000000000-forged")
    assert broken(cli)[0] == "receipt-forked"


def test_ids_that_go_in_circles_end(runs: Path, cli: Cli) -> None:
    """Forged ids are told, not followed for ever."""
    one, two = folders(runs)[2], folders(runs)[3]
    rewrite(one, sealed=False, id="sha256:a", previous="sha256:b")
    rewrite(two, sealed=False, id="sha256:b", previous="sha256:a")
    assert broken(cli) == ["receipt-changed", "receipt-changed"]


def test_a_run_that_died_is_named_by_the_next(runs: Path, cli: Cli) -> None:
    """With the digest of its journal, once; until then it is told as open; then it may not vanish."""
    died = runs / "20990101T000000000000-died"
    died.mkdir()
    (died / "journal.jsonl").write_text('{"event": "sent", "addresses": ["account:a"], "at": "x"}\n')
    said = cli("log", "verify", "--format", "json")
    assert (said.code, said.json["result"]["unfinished"]) == (0, [died.name])
    for _ in range(2):
        assert cli("plan", "-o", "plan.json").code == 0
        assert cli("apply", "plan.json").code == 0
    naming = [receipt(folder) for folder in folders(runs)[:-1] if "died" in receipt(folder)]
    assert [[one["runId"] for one in receipt["died"]] for receipt in naming] == [[died.name]]
    assert cli("log", "verify", "--format", "json").json["result"]["unfinished"] == []
    (died / "journal.jsonl").write_text("")
    assert broken(cli) == ["journal-changed"]
    shutil.rmtree(died)
    assert broken(cli) == ["run-missing"]


def test_a_run_that_shows_up_late_is_named(runs: Path, cli: Cli) -> None:
    """Older than all that were looked at; and once more where the receipt that named it was not kept."""
    late = runs / "20200101T000000000000-late"
    late.mkdir()
    assert cli("apply", str(folders(runs)[-1] / "plan.json")).code == 0
    naming = folders(runs)[-1]
    assert receipt(naming)["died"] == [{"runId": late.name, "journal": None}]
    (naming / "receipt.json").unlink()
    assert cli("apply", str(naming / "plan.json")).code == 0
    assert [one["runId"] for one in receipt(folders(runs)[-1])["died"]] == [late.name, naming.name]
    assert broken(cli) == []


def test_a_run_looks_only_at_those_after_the_last_look(runs: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are never removed, so that what each of thousands costs is paid at every run."""
    asked: list[str] = []

    def noted(folder: str, name: str) -> bool:
        asked.append(folder)
        return has(folder, name)

    last = folders(runs)[-1]
    monkeypatch.setattr("pleoctl.run.chain.has", noted)
    assert cli("apply", str(last / "plan.json")).code == 0
    assert asked == [str(last)]


def test_the_chain_goes_on_without_its_note(runs: Path, cli: Cli) -> None:
    """The note only saves looking: lost, torn, or of a receipt that was never kept, the right end is found."""
    for content in (None, b"{", b'{"x": 1}'):
        if content is None:
            (runs / ".chain").unlink()
        else:
            (runs / ".chain").write_bytes(content)
        assert cli("apply", str(folders(runs)[-1] / "plan.json")).code == 0
        assert broken(cli) == []
    note = json.loads((runs / ".chain").read_text())
    (company,) = note
    note[company] = {"id": "sha256:x", "run": "never kept", "before": note[company]["id"], "named": []}
    (runs / ".chain").write_text(json.dumps(note))
    assert cli("apply", str(folders(runs)[-1] / "plan.json")).code == 0
    assert broken(cli) == []


def test_receipts_of_earlier_versions_stay_readable(runs: Path, cli: Cli) -> None:
    """They have no id and stand in no chain; the next receipt begins one."""
    for folder in folders(runs):
        made = receipt(folder)
        for name in ("id", "previous", "journal"):
            del made[name]
        (folder / "receipt.json").write_text(json.dumps(made))
    (runs / ".chain").unlink()
    assert cli("apply", str(folders(runs)[-1] / "plan.json")).code == 0
    assert receipt(folders(runs)[-1])["previous"] is None
    said = cli("log", "verify", "--format", "json")
    assert (said.code, said.json["result"]["unchained"], said.json["result"]["chains"][0]["receipts"]) == (0, 4, 1)
    assert cli("show", str(folders(runs)[0] / "receipt.json")).code == 0


def test_a_receipt_cannot_pass_for_one_of_an_earlier_version(runs: Path, cli: Cli) -> None:
    """Since the first receipt with an id each has one: the newest without it was changed."""
    last = folders(runs)[-1]
    kept = {name: value for name, value in receipt(last).items() if name not in {"id", "previous", "journal"}}
    (last / "receipt.json").write_text(json.dumps(kept | {"outcome": "partial"}))
    assert broken(cli) == ["receipt-changed"]


def test_receipts_in_folders_of_other_runs_are_told(runs: Path, cli: Cli) -> None:
    """Each folder that has changed its name or place in the order."""
    one, two, spare = folders(runs)[1], folders(runs)[2], runs / "spare"
    one.rename(spare)
    two.rename(one)
    spare.rename(two)
    assert broken(cli) == ["receipt-changed", "receipt-changed"]


def test_the_proof_says_how_far_it_goes(runs: Path, cli: Cli) -> None:
    """The newest receipt can vanish unseen, so nothing is said of newer ones than the last."""
    shutil.rmtree(folders(runs)[-1])
    assert "`--head ID` tells" in cli("log", "verify").stdout
    assert "--head" not in cli("log", "verify", "--head", receipt(folders(runs)[-1])["id"]).stdout


def test_log_shows_one_run(runs: Path, cli: Cli) -> None:
    """By its name or a beginning that only it has; a run without a receipt is told by its journal."""
    last = folders(runs)[-1]
    assert cli("log", last.name, "--format", "json").json["result"] == receipt(last)
    assert "done" in cli("log", last.name).stdout
    (last / "receipt.json").unlink()
    said = cli("log", last.name)
    assert (said.code, "no receipt" in said.stdout, str(last / "plan.json") in said.stdout) == (0, True, True)
    assert cli("log", last.name, "--format", "json").json["result"]["journal"] == {"confirmed": 1}


@pytest.mark.parametrize(("given", "words"), [("nothing", "no run"), ("2", "runs begin with"), ("--head=x", "verify")])
def test_a_run_that_is_not_there_is_a_usage_error(runs: Path, cli: Cli, given: str, words: str) -> None:
    """With what to do."""
    said = cli("log", given)
    assert (said.code, words in said.stderr) == (64, True), said
    assert runs.exists()
