"""A runner for the example workflows: their scripts by bash in a checkout, their actions as far as they are used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from fake_github import FakeGitHub
    from shapes import Json, Value

ROOT = Path(__file__).parents[2]
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(r"'[^']*'|&&|\|\||[!=]=|[!(),]|[\w.-]+|\s+")
WORDS = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False", "null": "None"}
FUNCTIONS = {"startsWith": lambda text, start: str(text or "").startswith(start), "cancelled": lambda: False}


def evaluate(text: str, contexts: Json) -> Value:
    """One expression; a name that is not there is an empty text."""
    parts = []
    for token in TOKEN.findall(text):
        known = token in FUNCTIONS or not re.match(r"[A-Za-z]", token) or token in WORDS
        parts.append(WORDS.get(token, token) if known else f"look({token!r})")
    scope = {**FUNCTIONS, "look": lambda path: _look(contexts, path)}
    return eval("".join(parts).strip().replace("\n", " "), {"__builtins__": {}}, scope)


def _look(contexts: Json, path: str) -> Value:
    found: Value = contexts
    for name in path.split("."):
        found = found.get(name, "") if isinstance(found, dict) else ""
    return found


def fill(value: Value, contexts: Json) -> str:
    """A text with its expressions replaced."""
    return EXPRESSION.sub(lambda match: _shown(evaluate(match[1], contexts)), _shown(value))


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class Runner:
    """One machine with one checkout: ``secrets`` and ``variables`` are the repository's."""

    checkout: Path
    temporary: Path
    forge: FakeGitHub
    secrets: Json
    variables: Json = field(default_factory=dict)
    runs: int = 0
    seen: list[tuple[str, Json]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put a pleoctl where the action would install it, and a `gh` on the PATH."""
        tools = {
            "pleoctl/bin/python": f'exec "{sys.executable}" "$@"',
            "pleoctl/bin/pleoctl": "exit 70",
            "tools/gh": f'exec "{sys.executable}" "{Path(__file__).parent / "fake_gh.py"}" "$@"',
        }
        for name, words in tools.items():
            path = self.temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/sh\n{words}\n")
            path.chmod(0o755)

    def run(self, workflow: str, event: Json) -> dict[str, int]:
        """All jobs of a workflow for an event: the exit code of each that ran."""
        self.runs += 1
        jobs = YAML(typ="safe").load(ROOT / f"examples/ci/github/{workflow}.yml")["jobs"]
        contexts: Json = {
            "github": {
                "event": event,
                "repository": "acme/books",
                "token": "t0ken",
                "run_id": str(self.runs),
                "run_attempt": "1",
            },
            "secrets": {"GITHUB_TOKEN": "t0ken", **self.secrets},
            "vars": self.variables,
            "runner": {"temp": str(self.temporary)},
            "needs": {},
        }
        codes = {}
        for name, job in jobs.items():
            if "if" in job and not evaluate(_bare(job["if"]), contexts):
                continue
            codes[name], steps = self._steps(job["steps"], contexts)
            outputs = {key: fill(value, contexts | {"steps": steps}) for key, value in job.get("outputs", {}).items()}
            contexts["needs"][name] = {"outputs": outputs}
            if codes[name]:
                break
        return codes

    def _steps(self, steps: list[Json], contexts: Json, environment: Json | None = None) -> tuple[int, Json]:
        known: Json = {}
        contexts = contexts | {"steps": known}
        code = 0
        for step in steps:
            condition = step.get("if")
            wanted = code == 0 if condition is None else evaluate(_bare(condition), contexts)
            if not wanted or (code and "cancelled()" not in str(condition)):
                continue
            own = {**(environment or {}), **{k: fill(v, contexts) for k, v in step.get("env", {}).items()}}
            given = {k: fill(v, contexts) for k, v in step.get("with", {}).items()}
            label = step.get("name") or step.get("id") or step["uses"]
            self.seen.append((label, own | given))
            failed, outputs = (
                self._script(step["run"], own) if "run" in step else self._use(step["uses"], given, own, contexts)
            )
            code = code or failed
            if "id" in step:
                known[step["id"]] = {"outputs": outputs}
        return code, known

    def _script(self, script: str, environment: Json) -> tuple[int, Json]:
        output = self.temporary / "output"
        output.write_text("")
        path = f"{self.temporary / 'tools'}{os.pathsep}{os.environ['PATH']}"
        fixed = {
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(output),
            "PATH": path,
            "CI": "true",
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_REPOSITORY": "acme/books",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
            cwd=self.checkout,
            env={**os.environ, **fixed, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        self.seen.append(("output", {"stdout": done.stdout, "stderr": done.stderr}))
        return done.returncode, dict(line.split("=", 1) for line in output.read_text().splitlines())

    def _use(self, action: str, given: Json, environment: Json, contexts: Json) -> tuple[int, Json]:
        name = action.split("@", maxsplit=1)[0]
        if name == "acme/pleoctl":
            return self._pleoctl(given, environment, contexts)
        if name == "actions/checkout":
            assert given["persist-credentials"] == "false"
        elif name == "actions/upload-artifact":
            self._upload(given, contexts)
        elif name == "actions/download-artifact":
            kept = next(a for a in self.forge.artifacts if a["name"] == given["name"])
            assert str(kept["workflow_run"]["id"]) == given["run-id"]
            Path(given["path"]).mkdir(parents=True, exist_ok=True)
            shutil.copy(kept["file"], given["path"])
        return 0, {}

    def _upload(self, given: Json, contexts: Json) -> None:
        path = self.checkout / given["path"]
        if not path.exists():
            return
        file = self.temporary / "artifacts" / given["name"] / path.name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, file)
        head = contexts["github"]["event"]["pull_request"]["head"]["sha"]
        run = {"id": int(contexts["github"]["run_id"]), "head_sha": head}
        self.forge.artifacts = [a for a in self.forge.artifacts if a["name"] != given["name"]]
        self.forge.artifacts.append({"name": given["name"], "expired": False, "workflow_run": run, "file": str(file)})

    def _pleoctl(self, given: Json, environment: Json, contexts: Json) -> tuple[int, Json]:
        action = YAML(typ="safe").load(ROOT / "action.yml")
        inputs = {name: given.get(name, spec["default"]) for name, spec in action["inputs"].items()}
        assert set(given) <= set(inputs)
        inner = {"github": {**contexts["github"], "action_path": str(ROOT)}, "inputs": inputs}
        event = {"GITHUB_REF": f"refs/pull/{contexts['github']['event'].get('number')}/merge"}
        code, steps = self._steps(action["runs"]["steps"], inner, {**environment, **event})
        return code, {name: fill(spec["value"], {"steps": steps}) for name, spec in action["outputs"].items()}


def _bare(condition: Value) -> str:
    text = str(condition).strip()
    match = EXPRESSION.fullmatch(text)
    return match[1] if match else text
