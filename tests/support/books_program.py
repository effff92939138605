"""Books as a program: a file of JSON lines. ``books_program.py FILE MODE N`` misbehaves at its N-th request, once.

A file ``fault`` beside FILE holds a mode for the next booking, once; where there is one ``gone`` nothing runs.

Modes: ``ok``, ``die`` (before it books), ``forget`` (dies behind it), ``mumble`` (books and answers no JSON), ``hang``,
``refuse``, ``closed`` (a period), ``lie`` (says booked and holds nothing).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapes import Json


def counted(folder: Path) -> int:
    """The number of this request over all lives of the program."""
    path = folder / "requests"
    number = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(number))
    return number


def main() -> None:
    """Answer requests until the input ends."""
    file, mode, wanted = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if (file.parent / "gone").exists():
        sys.exit(1)
    for line in sys.stdin:
        request = json.loads(line)
        due = counted(file.parent) == wanted
        if request["op"] == "book" and (file.parent / "fault").exists():
            due, mode = True, (file.parent / "fault").read_text()
            (file.parent / "fault").unlink()
        if due and mode == "die":
            sys.exit(1)
        if due and mode == "hang":
            time.sleep(60)
        answer = answered(file, request, mode if due or mode in {"refuse", "closed"} else "ok")
        if due and mode == "forget":
            sys.exit(1)
        sys.stdout.write("hm\n" if due and mode == "mumble" else json.dumps(answer) + "\n")
        sys.stdout.flush()


def answered(file: Path, request: Json, mode: str) -> Json:
    """The answer, and what it does to the books."""
    if request["op"] == "hello":
        return {"drafts": True, "attachments": True, "readBack": ["taxCodes", "tags"]}
    if request["op"] == "find":
        rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return {"found": {row["key"]: row for row in rows if row["key"] in request["keys"]}}
    entry = request["entry"]
    if mode == "refuse":
        return {"refused": {"type": "account_unknown", "reason": "no account 5810"}}
    if mode == "closed" and entry["postingDate"] < "2026-04-01":
        return {"closedPeriod": {"nextOpen": "2026-04-01"}}
    if mode == "lie":
        return {"booked": {"id": "none"}}
    row = {
        "key": request["key"],
        "id": f"V-{request['key'][-2:]}",
        "date": entry["postingDate"],
        "postings": [
            {name: posting[name] for name in ("side", "account", "amount", "currency", "taxCode", "tags")}
            for leg in entry["entries"]
            for posting in leg["postings"]
        ],
        "moved": entry.get("moved"),
        "draft": request["draft"],
        "attachments": [one["name"] for one in request["attachments"]],
    }
    with file.open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    return {"booked": {"id": row["id"]}}


if __name__ == "__main__":
    main()
