"""Kill ``pleoctl apply`` at random moments, run it again, and see whether everything ends as without a kill.

    python bench/kills.py --rounds 100 --seed 7

A round draws a company, what its books want, and how this Pleo reads what is not published; now and then lost answers,
error statuses, slow answers, or a ``.pleoctl/`` that is gone. One apply is killed when Pleo has seen a drawn number of
requests, or after a drawn time; often a second one, too. Then the same plan is applied until it ends with 0, as a
person would. What must hold: the records are those of an undisturbed run, none twice, nothing deleted, and the next
plan is empty. Each round prints its seed if it does not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pleoctl.cli.main import run
from pleoctl.sandbox import Fault, Sandbox, Seed, Settings
from pleoctl.testing.worlds import READINGS

Json = dict[str, Any]
# What Pleo may refuse is left out: an undisturbed run of these ends with 0.
REFUSING: Final = {"validate_tax_codes", "max_active_tags", "max_active_tags_on_unarchive", "tag_conflict_on_unarchive"}
FAULTS: Final[tuple[Json, ...]] = (
    {"kind": "lostAnswer"},
    {"kind": "droppedBefore"},
    {"kind": "status", "status": 503, "commit": True},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 429, "retry_after": 0.2},
    {"kind": "truncatedBody"},
    {"kind": "htmlBody"},
    {"kind": "slow", "seconds": 0.2, "when": "after"},
)
TRIES: Final = 4


@dataclass
class World:
    """A company, its desired state, and the settings and faults of its Pleo."""

    accounts: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    desired: Json = field(default_factory=lambda: {"accounts": [], "dimensions": []})
    settings: Json = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def draw(chance: random.Random) -> World:
    """A world in which every kind of change is likely."""
    world = World()
    world.accounts, world.desired["accounts"] = _rows(chance, chance.randint(3, 40), "externalId", "acc")
    for number in range(chance.randint(0, 5)):
        group, code = {}, f"G{number}"
        group["tags"], values = _rows(chance, chance.randint(0, 15), "code", f"T{number}-")
        stands, wanted = _standing(chance)
        if stands != "none":
            name = "Other" if stands == "other" else code
            world.groups.append({"code": code, "name": name, "archived": stands == "archived", **group})
        world.desired["dimensions"].append({"code": code, "name": code, "active": wanted, "values": values})
    allowed = [reading for reading in READINGS if not REFUSING & set(reading)]
    for reading in chance.sample(allowed, chance.choice([0, 0, 1, 2])):
        world.settings |= reading
    if chance.random() < 0.5:
        for fault in chance.sample(FAULTS, chance.randint(1, 2)):
            method = chance.choice([None, "POST", "PUT"])
            likely = chance.choice([0.05, 0.2])
            world.faults.append(Fault(**fault, method=method, probability=likely, seed=chance.randrange(1000)))
    return world


def _rows(chance: random.Random, count: int, key: str, prefix: str) -> tuple[list[Json], list[Json]]:
    live, wanted = [], []
    for number in range(count):
        identity = f"{prefix}{chance.choice(['', '/', '%', 'Ü'])}{number}"
        stands, active = _standing(chance)
        fields = {key: identity, "code": str(number)} if key != "code" else {key: identity}
        if stands != "none":
            name = "Other" if stands == "other" else f"Name {number}"
            live.append({**fields, "name": name, "archived": stands == "archived"})
        if chance.random() < 0.85:
            wanted.append({**fields, "name": f"Name {number}", "active": active})
    return live, wanted


def _standing(chance: random.Random) -> tuple[str, bool]:
    return chance.choice(["same", "other", "archived", "none", "none"]), chance.random() < 0.85


class Workspace:
    """A folder with a workspace for a sandbox; it is the current one."""

    def __init__(self, server: Sandbox, world: World) -> None:
        """Start anew with this world."""
        self._server, self._world = server, world
        shutil.rmtree(".pleoctl", ignore_errors=True)
        selected = [dimension["code"] for dimension in world.desired["dimensions"]]
        pleo = {"url": server.url, "auth": {"apiKey": "env:PLEO_API_KEY"}}
        guard = {"maxArchive": {"count": 1000, "share": 1.0}}
        sections = {"company": server.company, "pleo": pleo, "guard": guard, "dimensions": {"selected": selected}}
        _write("pleoctl.yaml", {"apiVersion": "pleoctl/v1", "kind": "Workspace", **sections})
        _write("desired-state.yaml", {"apiVersion": "pleoctl/v1", "kind": "DesiredState", **world.desired})
        self.start()

    def start(self) -> None:
        """Pleo as it was, without faults."""
        seed = Seed(accounts=self._world.accounts, tag_groups=self._world.groups)
        self._server.reset(seed, Settings(seed_ids=1, **self._world.settings))

    def plan(self) -> int:
        """The exit code of a plan whose archives are allowed."""
        code, _ = said("plan", "-o", "plan.json")
        if code == 3:
            changes = json.loads(Path("plan.json").read_text(encoding="utf-8"))["changes"]
            archives = sum(change["action"] == "archive" for change in changes)
            code, _ = said("plan", "-o", "plan.json", "--allow-archive", str(archives))
        return code

    def kill(self, chance: random.Random, most: int) -> None:
        """Apply in a process that is killed somewhere between its start and its end, unless it is sooner there."""
        seen, began = self._server.stats()["total"], time.monotonic()
        by_request = chance.random() < 0.75
        count, seconds = chance.randint(0, most), chance.uniform(0.0, 1.0)
        child = _forked("apply", "plan.json")
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if by_request and self._server.stats()["total"] - seen >= count:
                time.sleep(chance.choice([0, 0.002, 0.01]))
                break
            if not by_request and time.monotonic() - began > seconds:
                break
            time.sleep(0.001)
        else:
            return
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def shown(self) -> Counter[str]:
        """What Pleo holds, without ids and times."""
        state = self._server.state()
        codes = {group["id"]: group["code"] for group in state["tagGroups"]}
        found: Counter[str] = Counter()
        for kind in ("accounts", "tagGroups", "tags"):
            for record in state[kind]:
                left = {k: v for k, v in record.items() if k not in {"id", "groupId", "createdAt", "updatedAt"}}
                found[json.dumps([kind, codes.get(record.get("groupId", "")), left], sort_keys=True)] += 1
        return found


def _forked(*arguments: str) -> int:
    """The process id of a command in a child that has everything imported, so that it is soon where it can be hurt."""
    child = os.fork()
    if child == 0:
        try:
            said(*arguments)
        finally:
            os._exit(0)
    return child


def said(*arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command in this process."""
    words = io.StringIO()
    with contextlib.redirect_stderr(words), contextlib.redirect_stdout(io.StringIO()):
        return run(list(arguments)), words.getvalue()


def _write(name: str, document: Json) -> None:
    Path(name).write_text(json.dumps(document), encoding="utf-8")


def play(server: Sandbox, seed: int) -> tuple[str, Counter[str]]:
    """One round: what is wrong with its end, empty if nothing is; and what happened in it."""
    chance, told = random.Random(seed), Counter[str]()
    world = draw(chance)
    workspace = Workspace(server, world)
    if workspace.plan() != 0 or said("apply", "plan.json")[0] != 0:
        return "", Counter({"worlds that Pleo refuses": 1})
    wanted, most = workspace.shown(), server.stats()["total"]
    workspace.start()
    shutil.rmtree(".pleoctl", ignore_errors=True)
    server.add_fault(*world.faults)
    told["with faults"] += bool(world.faults)
    for _ in range(chance.choice([1, 1, 2])):
        workspace.kill(chance, most)
        told["kills"] += 1
        if chance.random() < 0.3:
            shutil.rmtree(".pleoctl", ignore_errors=True)
            told["without journal"] += 1
    if chance.random() < 0.5:
        server.clear_faults()
    return _ended(server, workspace, wanted, told), told


def _ended(server: Sandbox, workspace: Workspace, wanted: Counter[str], told: Counter[str]) -> str:
    codes: list[int] = []
    words = ""
    while (not codes or codes[-1] != 0) and len(codes) < TRIES:
        code, words = said("apply", "plan.json")
        codes.append(code)
        told["waits"] += "waiting" in words
        server.clear_faults()
    stats = server.stats()
    wrong = {
        f"apply ended with {codes}: {words[-600:]}": codes[-1] != 0,
        f"{stats['deletes']} deletes": stats["deletes"] > 0,
        f"violations: {stats['violations']}": bool(stats["violations"]),
        f"missing {wanted - workspace.shown()}, too much {workspace.shown() - wanted}": workspace.shown() != wanted,
        "the next plan is not empty": said("plan", "--detailed-exitcode")[0] != 0,
    }
    return "; ".join(what for what, holds in wrong.items() if holds)


def main() -> int:
    """The command line; exit 1 if a round ended wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each has the next number")
    given = parser.parse_args()
    bad, told = 0, Counter[str]()
    with tempfile.TemporaryDirectory(prefix="pleoctl-kills-") as folder, Sandbox() as server:
        os.chdir(folder)
        os.environ |= {"PLEO_API_KEY": server.api_key, "PLEOCTL_STATE_DIR": f"{folder}/state"}
        for seed in range(given.seed, given.seed + given.rounds):
            wrong, happened = play(server, seed)
            told += happened
            bad += bool(wrong)
            if wrong:
                print(f"round {seed}: {wrong}", flush=True)
            elif (seed - given.seed) % 20 == 19:
                print(dict(told), flush=True)
        os.chdir("/")
    print(f"{given.rounds} rounds, {bad} wrong; {dict(told)}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
