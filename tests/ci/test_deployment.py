"""What service managers, clusters and runners are given is what they take, and what it starts exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from commands import known_options

if TYPE_CHECKING:
    from shapes import Json

ROOT = Path(__file__).parents[2]
UNITS = sorted([*(ROOT / "examples/service").iterdir(), *(ROOT / "examples/fleet/systemd").iterdir()])
SERVICES = [path for path in UNITS if path.suffix == ".service"]
MANIFESTS = sorted((ROOT / "examples/fleet/kubernetes").glob("*.yaml"))
IMAGE = ROOT / "examples/fleet/Containerfile"
BIN = Path(sys.executable).parent


def lines_of(unit: Path, key: str) -> list[str]:
    """The values of a key, also of lines that are put there as a choice."""
    return re.findall(rf"^#? ?{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed (apt: systemd)")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Of a service and of a timer no key and no value is wrong; the program stands where this machine has one."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/pleoctl/bin/pleoctl", "/bin/true")
        (tmp_path / unit.name.replace("@", "@acme")).write_text(text)
    names = sorted(map(str, tmp_path.iterdir()))
    assert len(names) == 7
    command = ["systemd-analyze", "verify", "--man=no", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "pleoctl" in line]
    assert (done.returncode, told) == (0, [])


def test_units_use_commands_and_options_that_exist() -> None:
    """What a unit starts can be parsed; a service that a person must mend is not started again; a timer has its own."""
    lines = [line for unit in UNITS for key in ("ExecStart", "ExecStopPost") for line in lines_of(unit, key)]
    assert len(lines) == 7
    assert [line for line in lines if not known_options(line.split()[1:])] == []
    for service in SERVICES:
        if lines_of(service, "Restart"):
            assert lines_of(service, "RestartPreventExitStatus") == ["3 64 78"]
            assert lines_of(service, "SuccessExitStatus") == ["143"]
    assert {path.with_suffix(".service") for path in UNITS if path.suffix == ".timer"} <= set(SERVICES)


def test_units_let_companies_be_confined_and_finish() -> None:
    """Whatever works on companies may use Landlock, and its signal is for pleoctl alone."""
    for service in SERVICES:
        if re.search(r"fleet (sync|worker)", " ".join(lines_of(service, "ExecStart"))):
            (calls,) = lines_of(service, "SystemCallFilter")
            assert {"@system-service", "landlock_restrict_self"} <= set(calls.split())
            assert lines_of(service, "KillMode") == ["mixed"]


def documents() -> list[Json]:
    """What the manifests ask for."""
    return [document for path in MANIFESTS for document in YAML(typ="safe").load_all(path)]


def pods() -> dict[str, Json]:
    """The pods of each, by its name."""
    found = {}
    for document in documents():
        spec = document["spec"]
        spec = spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec
        found[str(document["metadata"]["name"])] = spec["template"]["spec"]
    return found


@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_kubernetes_takes_the_manifests(version: str) -> None:
    """Every field is one that its schema has, none is of a wrong type."""
    assert [document["kind"] for document in documents()] == ["CronJob", "Job", "Deployment", "Deployment"]
    for document in documents():
        kubernetes_validate.validate(document, version, strict=True)


def test_pods_have_no_more_rights_than_they_need() -> None:
    """Nobody is root or becomes it, images are read-only, no token of the cluster is there, memory is bounded."""
    for name, pod in pods().items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 65532
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            context = container["securityContext"]
            assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_pods_start_commands_that_exist() -> None:
    """With the options that they have; what works on companies has time to finish its writes in flight."""
    for name, pod in pods().items():
        (container,) = pod["containers"]
        words = container.get("args") or shlex.split(container["command"][-1])[2:]
        assert known_options(words), words
        if name in {"pleoctl-fleet-sync", "pleoctl-fleet-worker"}:
            assert pod["terminationGracePeriodSeconds"] >= 60


@pytest.mark.parametrize("index", range(4))
def test_pods_side_by_side_take_every_part_once(index: int) -> None:
    """Shards count from 1, a Job's completions from 0."""
    (job,) = [document["spec"]["jobTemplate"]["spec"] for document in documents() if document["kind"] == "CronJob"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completions"] == job["parallelism"] == 4
    script = container["command"][-1].replace("exec pleoctl", "echo")
    told = subprocess.run(
        ["sh", "-c", script], env={"JOB_COMPLETION_INDEX": str(index)}, capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[3] == f"{index + 1}/4"


@pytest.mark.skipif(not (BIN / "hadolint").exists(), reason="hadolint is not installed")
def test_the_fleets_image_is_sound() -> None:
    """As hadolint sees it; whoever it runs as is the user of pleoctl's image, and the fleet stays root's."""
    done = subprocess.run([BIN / "hadolint", "--no-color", IMAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    text = IMAGE.read_text(encoding="utf-8")
    assert "USER" not in text
    assert "--chown" not in text


def test_the_matrix_takes_every_part_once() -> None:
    """Of five, counted from 1."""
    (job,) = YAML(typ="safe").load(ROOT / "examples/ci/github/fleet.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["shard"] == [f"{number}/5" for number in range(1, 6)]
    assert job["strategy"]["fail-fast"] is False


def test_the_folders_page_names_each_file() -> None:
    """Its table is whole."""
    folder = ROOT / "examples/fleet"
    page = (folder / "README.md").read_text(encoding="utf-8")
    names = [path.stem if path.suffix == ".timer" else path.name for path in folder.rglob("*") if path.is_file()]
    assert [name for name in names if name not in page and name != "README.md"] == []
