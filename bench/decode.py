"""How fast are plans decoded? CPU against an earlier edition's code, in turns, on a plan of 100,000 changes.

    git worktree add --detach ../first COMMIT
    python bench/decode.py ../first [--changes 100000] [--turns 5]
    git worktree remove ../first

``read`` is what `show` and `apply` do before anything else: from a file's bytes to changes that are checked and may be
trusted; what Python takes to start, to import and to end is none of it. ``show`` is the whole command, its JSON and
its text.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import cpu, pleoctl

from pleoctl.documents.canonical import canonical_text

ROOT = Path(__file__).parents[1]
_READ = """
from pathlib import Path
from time import process_time
from pleoctl.plan.artifact import read_plan
began = process_time()
found = read_plan(Path("plan.json"))
Path("took").write_text(str(process_time() - began))
assert len(found.changes) == {}
"""
_COUNTS = {"create": 0, "update": 0, "unarchive": 0, "archive": 0, "unchanged": 0, "ignored": 0, "held": 0}


def change(number: int) -> dict[str, Any]:
    """A third each of accounts that are renamed, tags that are created, and tags that are archived."""
    state = {"archived": False, "code": f"{number:06d}", "name": f"Name of {number}"}
    plain: dict[str, Any] = {"origin": f"desired-state.yaml:{number + 5}", "warnings": [], "reason": "name differs"}
    if number % 3 == 0:
        before = {**state, "name": f"Old name of {number}"}
        what: dict[str, Any] = {
            "address": f"account:ext-{number}",
            "kind": "account",
            "action": "update",
            "pleoId": f"id-{number}",
        }
        return {**plain, **what, "parent": None, "before": before, "after": state, "fields": ["name"]}
    what = {
        "address": f"tag:DIM/{number:06d}",
        "kind": "tag",
        "parent": {"address": "tagGroup:DIM", "pleoId": "id-of-dim"},
    }
    if number % 3 == 1:
        made = {"action": "create", "pleoId": None, "before": None, "after": state}
        return {**plain, **what, **made, "fields": sorted(state)}
    gone = {"action": "archive", "pleoId": f"id-{number}", "before": state, "after": {**state, "archived": True}}
    return {**plain, **what, **gone, "fields": ["archived"]}


def plan(changes: int, more: dict[str, int]) -> bytes:
    """A plan as the edition writes it; ``more`` are counts that the first one did not have."""
    made = [change(number) for number in range(changes)]

    def counts(kind: str | None) -> dict[str, int]:
        mine = [one["action"] for one in made if kind in {None, one["kind"]}]
        return {**_COUNTS, **more, **{action: mine.count(action) for action in ("create", "update", "archive")}}

    digest = f"sha256:{hashlib.sha256(b'').hexdigest()}"
    body = {
        "formatVersion": 1,
        "kind": "Plan",
        "pleoctlVersion": "0.1.0",
        "company": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "url": "http://127.0.0.1:9",
        "scope": {"accounts": True, "dimensions": ["DIM"]},
        "desired": {"digest": digest, "files": ["desired-state.yaml"]},
        "today": "2026-01-01",
        "live": {"digest": digest, "counts": {"accounts": changes}},
        "summary": {**counts(None), "byKind": {kind: counts(kind) for kind in ("account", "tag")}},
        "requests": {"read": 0, "write": changes, **more},
        "guard": {"passed": True, "acknowledged": None, "limits": {"count": changes, "share": 1.0}, "findings": []},
        "warnings": [],
        "changes": made,
    }
    identity = hashlib.sha256((canonical_text(body) + "\n").encode()).hexdigest()
    return (canonical_text({**body, "id": f"sha256:{identity}"}) + "\n").encode()


class Edition:
    """One checkout, with the plan that it reads."""

    def __init__(self, root: Path, folder: Path, content: bytes, changes: int) -> None:
        self._root, self._folder, self._changes = root.resolve(), folder, changes
        folder.mkdir()
        (folder / "plan.json").write_bytes(content)

    def read(self) -> float:
        """CPU seconds of decoding and checking alone."""
        os.environ["PYTHONPATH"] = str(self._root)
        cpu([sys.executable, "-"], self._folder, script=_READ.format(self._changes))
        return float((self._folder / "took").read_text())

    def show(self, *arguments: str) -> float:
        """CPU seconds of the command."""
        os.environ["PYTHONPATH"] = str(self._root)
        return pleoctl(self._folder, "show", "plan.json", *arguments)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="a checkout of the earlier edition")
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pleoctl-decode-") as folder:
        first = Edition(given.first, Path(folder) / "first", plan(given.changes, {}), given.changes)
        now = Edition(ROOT, Path(folder) / "now", plan(given.changes, {"confirm": 0}), given.changes)
        for name, arguments in (("read", None), ("show --format json", ("--format", "json")), ("show", ())):
            taken = [
                (first.read(), now.read()) if arguments is None else (first.show(*arguments), now.show(*arguments))
                for _ in range(given.turns)
            ]
            before, after = (statistics.median(times) for times in zip(*taken, strict=True))
            ratio = statistics.median(one / other for one, other in taken)
            print(f"{name:<20} {before:7.2f} s  {after:7.2f} s  {ratio:5.1f} x faster", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
