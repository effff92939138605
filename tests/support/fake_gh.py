"""GitHub's command line, as far as the example workflows use it, against `FakeGitHub`."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import TYPE_CHECKING

import jq

if TYPE_CHECKING:
    from shapes import Value


def main(words: list[str]) -> None:
    """Run one command."""
    if words == ["auth", "setup-git"]:
        return
    if words[0] == "api":
        _api(words[1:])
    else:
        _pull_request(words[1], _options(words[2:])[0])


def _api(words: list[str]) -> None:
    options, paths = _options(words)
    answer = _call(options.get("method", "GET"), paths[0])
    if "silent" not in options:
        _show(answer, options.get("jq", "."))


def _pull_request(action: str, options: dict[str, str]) -> None:
    path = f"repos/{os.environ['GITHUB_REPOSITORY']}/pulls"
    if action == "list":
        _show(_call("GET", f"{path}?head={options['head']}"), options["jq"])
    else:
        _call("POST", path, options)


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    options, rest, left = {}, [], list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            rest.append(word)
        elif word in {"--paginate", "--silent"}:
            options[word[2:]] = ""
        else:
            options[word[2:]] = left.pop(0)
    return options, rest


def _call(method: str, path: str, body: Value = None) -> Value:
    separator = "&" if "?" in path else "?"
    url = f"{os.environ['GITHUB_API_URL']}/{path}{separator if method == 'GET' else ''}"
    url += "page=1&per_page=1000" if method == "GET" else ""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {os.environ['GH_TOKEN']}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def _show(answer: Value, program: str) -> None:
    for value in jq.compile(program).input_value(answer):
        sys.stdout.write(f"{value if isinstance(value, str) else json.dumps(value)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
