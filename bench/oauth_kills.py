"""Kill runs around a refresh of tokens, and see that no grant is lost by us and no spent token leaves.

    nice python bench/oauth_kills.py [--kills 300] [--seed 1] [--grace]

Each round starts a run whose access token has ended and kills it at a random moment, most of them within 50 ms of the
refresh's arrival at the server, which takes 20 ms for it, half of the time before it carries it out. Then a run, or two
at once, find what was left: without `--grace` they may ask for login, and never send a refresh token twice; with it
they read the books. Prints what the kills hit, and ends with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from auth_server import CLIENT, SECRET, AuthServer, auth_server, kept, section, shown_secrets
from pleoctl.cli.main import run
from pleoctl.errors import RemoteError
from pleoctl.hosts import Endpoint as Server
from pleoctl.remote.oauth.client import Client, origin
from pleoctl.remote.oauth.endpoint import Endpoint
from pleoctl.remote.oauth.grant import Grant
from pleoctl.state.vault import FileVault
from pleoctl.workspace.settings import OAuth

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

# Processes are made by one that has no threads and has loaded what a run needs.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["__main__", "pleoctl.cli.source", "pleoctl.sources.http.source", "pleoctl.remote.oauth.opening"]
)
ANSWER_SECONDS = 0.02
SPAN_SECONDS = 0.05
SENT_SHARE = 0.7
"""Of the deaths: those that wait until the refresh has reached the server."""
TWO_SHARE = 0.3
PATIENCE = 60.0
READ = ["source", "check", "--offline", "--debug"]


def main() -> int:
    """All rounds; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--grace", action="store_true")
    given = parser.parse_args()
    os.environ["BOOKS_SECRET"] = SECRET
    with tempfile.TemporaryDirectory() as folder, auth_server(grace=given.grace) as server:
        os.environ["PLEOCTL_STATE_DIR"] = f"{folder}/state"
        os.chdir(folder)  # before the first process, for all take the folder from there
        rounds = Rounds(server, Path(folder), random.Random(given.seed), grace=given.grace)
        for _ in range(given.kills):
            rounds.one()
    return rounds.told()


def read(where: str) -> None:
    """One run of the source, whose output goes into a file; ends the process."""
    with Path(where).open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        os._exit(run(READ))


class Rounds:
    """Rounds of one server, and what came of them."""

    def __init__(self, server: AuthServer, folder: Path, chance: random.Random, *, grace: bool) -> None:
        self.server, self.folder, self.chance, self.grace = server, folder, chance, grace
        self.ends: Counter[str] = Counter()
        self.broken: list[str] = []
        self.arrived = threading.Event()
        self._slow_down()
        self._write_workspace()

    def one(self) -> None:
        """One kill, and two runs behind it."""
        self._sign_in()
        victim = self._run("victim")
        if self.chance.random() < SENT_SHARE:
            self.arrived.wait(PATIENCE)
        time.sleep(self.chance.uniform(0, SPAN_SECONDS))
        victim.kill()
        killed = self._ended(victim) < 0
        found = kept((self.folder / "tokens.json").read_text())
        moment = "sent" if found["sent"] else "renewed" if found["generation"] > self.first else "before"
        moment = moment if killed else "too late"
        names = ("one", "two") if self.chance.random() < TWO_SHARE else ("one",)
        after = {self._ended(process) for process in [self._run(name) for name in names]}
        self.ends[f"{moment}: {'reads' if after == {0} else 'login' if after == {1} else after}"] += 1
        self._judge(moment, after)

    def _judge(self, moment: str, after: set[int]) -> None:
        sent = Counter(self.server.refreshes)
        most = max(sent.values(), default=0)
        if most > (2 if self.grace else 1):
            self.broken.append(f"{moment}: a refresh token left {most} times")
        if self.server.spent_sent and not self.grace:
            self.broken.append(f"{moment}: a spent token was sent")
        # The victim's own may reach the server after its death, so that only all of a round can be counted.
        if len(self.server.refreshes) > (2 if self.grace else 1):
            self.broken.append(f"{moment}: two runs refreshed one generation")
        if after != {0} and (self.grace or moment != "sent"):
            self.broken.append(f"{moment}: the sign-in was lost ({after})")
        texts = [path.read_text(errors="replace") for path in self.folder.glob("*.log")]
        self.broken += [f"{moment}: a token is shown"] if shown_secrets(self.server, *texts) else []
        mode = (self.folder / "tokens.json").stat().st_mode & 0o777
        self.broken += [f"{moment}: the token file has mode {mode:o}"] if mode != 0o600 else []

    def _slow_down(self) -> None:
        """Answers take a moment, so that deaths fall into them."""
        tokens = self.server.tokens

        def slow(path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
            self.arrived.set()
            first = self.chance.random() < 0.5
            if first:
                time.sleep(ANSWER_SECONDS)
            given = tokens(path, headers, form)
            if not first:
                time.sleep(ANSWER_SECONDS)
            return given

        self.server.tokens = slow  # type: ignore[method-assign]

    def _write_workspace(self) -> None:
        source = section(self.server, tokens="file:tokens.json", refreshGrace=self.grace)
        company, pleo = (
            "12abc3d4-e567-4890-8234-abc56e78fabc",
            {"url": "http://127.0.0.1:9", "auth": {"apiKey": "env:K"}},
        )
        data = {"apiVersion": "pleoctl/v1", "kind": "Workspace", "company": company, "pleo": pleo, "source": source}
        Path("pleoctl.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items()))
        oauth = OAuth(client_id=CLIENT, token_url=f"{self.server.url}/token")
        own = Server.parse(self.server.url)
        audience = origin(f"{self.server.url}/books")
        client = Client(oauth, "source", "books", company, audience, lambda: SECRET, frozenset([own] if own else []))
        self._grant = Grant(client, FileVault(self.folder / "tokens.json"), Endpoint(client, RemoteError))

    def _sign_in(self) -> None:
        with self.server.lock:
            self.server.ended, self.server.spent_sent = False, 0
            self.server.refreshes.clear()
            pair = self.server.pair()
        self.first = self._grant.begin(pair).generation
        self.server.expire()
        self.arrived.clear()

    def _run(self, name: str) -> BaseProcess:
        """A run in a process of its own, whose modules are loaded already."""
        made = PROCESSES.Process(target=read, args=(str(self.folder / f"{name}.log"),))
        made.start()
        return made

    @staticmethod
    def _ended(process: BaseProcess) -> int:
        process.join()
        return process.exitcode or 0

    def told(self) -> int:
        """Print it all; the exit code."""
        for end, count in sorted(self.ends.items()):
            print(f"{count:5} {end}")
        for line, count in Counter(self.broken).items():
            print(f"BROKEN {count} times: {line}")
        print(f"{sum(self.ends.values())} kills, {len(self.broken)} promises broken")
        return 1 if self.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
