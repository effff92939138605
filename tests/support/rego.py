"""Runs policies: JSON of ``{modules: {name: text}, input}`` on standard input, the sorted denials on standard output.

A program of its own, since the interpreter of Rego and RE2 do not bear each other in one process.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Evaluate ``data.main.deny``."""
    import regopy  # only in the process that runs this

    given = json.load(sys.stdin)
    interpreter = regopy.Interpreter()
    for name, text in given["modules"].items():
        interpreter.add_module(name, text)
    interpreter.set_input(given["input"])
    json.dump(sorted(interpreter.query("data.main.deny").results[0].expressions[0]), sys.stdout)


if __name__ == "__main__":
    main()
