"""Rows of the table of goals: plans, desired states as people write them, exports, writes, small companies."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, against, alternating, cpu, exponent, peak, pleoctl, python, workspace
from plan import company

from pleoctl.desired.comments import render
from pleoctl.model.records import DesiredState, Row
from pleoctl.sandbox import Sandbox, Seed

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEARCH = "/v1/chart-of-accounts:search"
_FLOOR = f"""
import json, requests
session = requests.Session()
session.auth = (KEY, "")
flags = {{"excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}}
for more in ({{}}, {{"archived": True}}):
    after, goes_on = None, True
    while goes_on:
        params = {{"limit": 100, **({{"after": after}} if after else {{}})}}
        body = {{"companyId": COMPANY, **flags, **more}}
        answer = json.loads(session.post(URL + "{_SEARCH}", params=params, json=body, timeout=60).content)
        after, goes_on = answer["pagination"].get("endCursor"), answer["pagination"]["hasNextPage"]
"""
_YAML = """
import ryaml
ryaml.loads(open("desired-state.yaml").read())
"""
_OCTODNS = """\
manager: {max_workers: 1}
providers:
  config: {class: octodns.provider.yaml.YamlProvider, directory: ./config, default_ttl: 300}
  target: {class: octodns.provider.yaml.YamlProvider, directory: ./target, default_ttl: 300}
zones:
  unit.test.: {sources: [config], targets: [target]}
"""


def _told(pleo: Sandbox) -> str:
    return f"KEY, COMPANY, URL = {pleo.api_key!r}, {pleo.company!r}, {pleo.url!r}\n"


def plans() -> Iterator[Result]:
    """A plan against the same pages and YAML by the fastest means, and against octoDNS on as many records."""
    for accounts, goal, peers in ((10_000, 1.7, 14), (100_000, 1.5, 17)):
        seed, desired = company(accounts, 0, 0)
        with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed) as pleo:
            folder = Path(name)
            workspace(folder, pleo, desired)

            ours = partial(pleoctl, folder, "plan", "-o", "plan.json", "--brief")
            if find_spec("ryaml"):
                floor = partial(python, folder, _told(pleo) + _FLOOR + _YAML)
                yield Result(f"plan of {accounts:,} accounts / pages + YAML in Rust", against(ours, floor), goal)
            ours()
            yield Result(f"plan of {accounts:,} accounts, memory", peak(folder), 300, unit="MiB")
            if find_spec("octodns"):
                _zones(folder, accounts)
                times = 1 / against(ours, partial(_octodns, folder), 1 if accounts > 10_000 else 3)
                yield Result(f"octoDNS / plan of {accounts:,} records", times, peers, most=False)


def _zones(folder: Path, records: int) -> None:
    """A zone whose records differ in one of a hundred, as the accounts do."""
    (folder / "octodns.yaml").write_text(_OCTODNS)
    for place, every in (("config", 100), ("target", records + 1)):
        (folder / place).mkdir()
        lines = (
            f"r{n:06d}:\n  ttl: 300\n  type: A\n  value: 10.{n >> 16}.{n >> 8 & 255}.{n & 255 if n % every else 9}\n"
            for n in range(records)
        )
        (folder / place / "unit.test.yaml").write_text("---\n" + "".join(lines))


def _octodns(folder: Path) -> float:
    program = str(Path(sys.executable).with_name("octodns-sync"))
    return cpu([program, "--config-file", "octodns.yaml", "--quiet"], folder)


def hand_written() -> Iterator[Result]:
    """The same rows as `export` writes them, block by block with a comment at each, and in every other form."""
    sizes = (25_000, 50_000, 100_000)
    taken: dict[str, list[float]] = {"validate": [], "plan": []}
    for size in sizes:
        seed, desired = company(size, 0, 0)
        with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed) as pleo:
            folder = Path(name)
            workspace(folder, pleo, desired)
            for command, seconds in taken.items():
                hand = partial(_spent, folder, command, _by_hand(desired))
                seconds.append(min(hand(), hand()))
                if size == sizes[-1]:
                    memory, exported = peak(folder), partial(_spent, folder, command, render(desired))
                    ratio = against(hand, exported, 3)
                    yield Result(f"{command} of {size:,} rows by hand / as exported", ratio, 4)
                    yield Result(f"{command} of {size:,} rows by hand, memory", memory, 300, unit="MiB")
                    yield Result(f"{command} of rows by hand, growth", exponent(sizes, seconds), 1.05, unit="^")
            if size == sizes[-1]:
                every = partial(_spent, folder, "validate", _in_every_form(desired))
                exported = partial(_spent, folder, "validate", render(desired))
                yield Result(f"validate of {size:,} rows in every form / as exported", against(every, exported, 3), 4)
                every()
                yield Result(f"validate of {size:,} rows in every form, memory", peak(folder), 300, unit="MiB")


def _spent(folder: Path, command: str, text: str) -> float:
    (folder / "desired-state.yaml").write_text(text)
    return pleoctl(folder, command)


def _by_hand(desired: DesiredState) -> str:
    head = "# Our chart.\napiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n"
    rows = (
        f"  - externalId: {row.key}  # since 2019\n    name: {row.fields['name']}\n    code: '{row.fields['code']}'\n"
        for row in desired.accounts or ()
    )
    return head + "".join(rows)


_FORMS = (
    "- externalId: {0}  # id\n  code: '{1}'\n  name: >-\n    {2}\n    over lines\n",
    "-\n  externalId: {0}\n  # its name\n  name: {2}\n    goes on\n  code: '{1}'\n",
    "- &r{1} {{externalId: {0}, code: '{1}', name: {2}}}\n",
    "- {{ externalId: {0}\n  , code: '{1}'  # number\n  , name: \"{2}\"\n  }}\n",
    "- externalId: &id{1} {0}\n  code: *id{1}\n  name: |-\n    {2}\n",
    "- {{\n    externalId: {0},\n    code: '{1}',  # number\n    name: '{2}\n      on two',\n  }}\n",
    "- &row{1}\n  externalId: {0}\n  name:\n    {2}\n  code: '{1}'\n",
    '- externalId: "\\x61{0}"\n  code: \'{1}\'\n  name: "{2} \\\n    on two"\n',
    "- externalId: {0}\n  code: '{1}'\n  name: |2-\n      {2}\n",
)
"""Rows as people may write them, of an id, a code and a name; the last takes a YAML parser, and is one of a hundred."""


def _in_every_form(desired: DesiredState) -> str:
    rows = (
        _FORMS[-1 if number % 100 == 0 else number % (len(_FORMS) - 1)].format(
            row.key, row.fields["code"], row.fields["name"]
        )
        for number, row in enumerate(desired.accounts or ())
    )
    return "apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n" + "".join(rows)


_EXPORTED = """
import csv, json
with open("accounts.csv", encoding="utf-8", newline="") as source, open("floor.yaml", "w", encoding="utf-8") as out:
    rows = csv.reader(source)
    header = next(rows)
    for row in rows:
        out.write("- " + json.dumps(dict(zip(header, row)), ensure_ascii=False) + "\\n")
"""
_WORDS = ("Rent", "Löner", "Bank charges", "Bürobedarf", "Travel", "Telephone", "Meals", "Interest")


def export() -> Iterator[Result]:
    """100,000 rows of a table into the desired state, over what earlier exports and people left there."""
    with tempfile.TemporaryDirectory() as name, Sandbox() as pleo:
        folder = Path(name)
        workspace(folder, pleo, more="source: {type: csv, accounts: {path: accounts.csv}}\n")
        with (folder / "accounts.csv").open("w", newline="", encoding="utf-8") as stream:
            out = csv.writer(stream)
            out.writerow(["externalId", "code", "name", "active"])
            for n in range(100_000):
                out.writerow([f"acc-{n:06d}", 100_000 + n, f"{_WORDS[n % 8]} {n:06d}", "no" if n % 50 == 7 else "yes"])
        pleoctl(folder, "export")
        file = folder / "desired-state.yaml"
        now = file.read_text(encoding="utf-8")
        for said, before, goal in _earlier(now):

            def ours(before: str | None = before) -> float:
                file.unlink()
                if before is not None:
                    file.write_text(before, encoding="utf-8")
                return pleoctl(folder, "export")

            ratio = against(ours, lambda: python(folder, _EXPORTED))
            yield Result(f"export of 100,000 csv rows{said} / csv + json.dumps", ratio, goal)
        for said, before in _odd(now):
            file.write_text(before, encoding="utf-8")
            pleoctl(folder, "export")
            yield Result(f"export of 100,000 csv rows over {said}, memory", peak(folder), 300, unit="MiB")


def _odd(now: str) -> Iterator[tuple[str, str]]:
    """What takes a YAML parser, or has more comments than rows."""
    blocks = re.sub(r"- \{(.*?), (code.*?), (name.*)\}", r"- \1\n  \2\n  # first\n  # second\n  \3", now)
    blocks = blocks.replace(", active: false", "\n  active: false")
    yield "blocks with two comments in each", blocks
    yield "such and a text over two lines", f"{blocks}- externalId: zz\n  name: a\n    b\n"
    yield "such and an anchor", f"{blocks}- externalId: &a zz\n  name: *a\n"


def _earlier(now: str) -> Iterator[tuple[str, str | None, float]]:
    """What stood in the file before, in words and as text, and the goal of an export over it."""
    head, rows = now[: now.index("- ")], now[now.index("- ") :].splitlines(keepends=True)
    yield "", None, 2.6
    yield ", none changed", now, 2.6
    for words, every in (("one in fifty", 50), ("one in ten", 10), ("all", 1)):
        changed = [row.replace('name: "', 'name: "Former ') if n % every == 0 else row for n, row in enumerate(rows)]
        yield f", {words} changed", head + "".join(changed), 3
    yield ", one in twenty new, at the head", head + "".join(rows[len(rows) // 20 :]), 3
    gone = [row.replace('externalId: "', 'externalId: "a') for row in rows[::20]]
    yield ", one in twenty gone", head + "".join([*gone, *rows]), 3
    commented = [row.replace("\n", "  # why\n") if n % 10 == 0 else row for n, row in enumerate(rows)]
    yield ", comments at one in ten", head + "".join(commented), 3.5


_PUTS = """
import json, requests
session = requests.Session()
session.auth = (KEY, "")
for record in json.load(open("ids.json")):
    body = {"name": "Bare", "code": "1", "archived": False, "taxCodeExternalId": None, "metadata": None}
    session.put(URL + "/v1/chart-of-accounts/" + record, json=body, timeout=60).json()
"""


def writes() -> Iterator[Result]:
    """What an update takes once everything is loaded, and a bare PUT."""
    small, large = 100, 1_100
    with tempfile.TemporaryDirectory() as name, Sandbox() as pleo:
        folder = Path(name)

        def seeded(count: int) -> list[dict[str, str]]:
            live = [{"externalId": f"e{n}", "code": str(n), "name": f"Account {n}"} for n in range(count)]
            pleo.reset(Seed(accounts=live))
            return live

        def ours(count: int) -> float:
            live = seeded(count)
            rows = [Row(row["externalId"], {"code": row["code"], "name": f"New {row['code']}"}) for row in live]
            workspace(folder, pleo, DesiredState(rows))
            pleoctl(folder, "plan", "-o", "plan.json", "--brief")
            return written(pleoctl(folder, "apply", "plan.json"))

        def bare(count: int) -> float:
            seeded(count)
            ids = [record["id"] for record in pleo.state()["accounts"]]
            (folder / "ids.json").write_text(json.dumps(ids))
            return written(python(folder, f"{_told(pleo)}{_PUTS}"))

        def written(seconds: float) -> float:
            if any(record["name"].startswith("Account") for record in pleo.state()["accounts"]):
                raise SystemExit("not every account was written")
            return seconds

        ratio = against(lambda: ours(large) - ours(small), lambda: bare(large) - bare(small))
        yield Result("an update of apply / a bare requests PUT", ratio, 1.2)


_COMPANIES = """
from pathlib import Path
from pleoctl.fleet.caller import Caller
from pleoctl.fleet.planning import planned
from pleoctl.plan.prepare import Choices
from pleoctl.workspace import Workspace
def ours():
    planned(Workspace.find("."), Choices(), Caller())
"""


def small_companies() -> Iterator[Result]:
    """A plan of 300 accounts: a process of its own, and one among many in a process."""
    os.environ["PLEOCTL_REQUESTS_PER_MINUTE"] = "100000"
    seed, desired = company(300, 0, 0)
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=seed) as pleo:
        folder = Path(name)
        workspace(folder, pleo, desired)
        ratio = against(
            lambda: pleoctl(folder, "plan", "--brief"),
            lambda: python(folder, "import requests, msgspec, click, yaml\n"),
            11,
        )
        yield Result("plan of 300 accounts, a process / importing its libraries", ratio, 1.5)
        floor = f"def floor():\n{''.join(f'    {line}{chr(10)}' for line in _FLOOR.splitlines())}"
        ratio = alternating(folder, f"{_told(pleo)}{floor}{_COMPANIES}")
        yield Result("plan of 300 accounts, in a process / fetching and parsing", ratio, 1.6)


ROWS = {"plan": plans, "hand": hand_written, "export": export, "put": writes, "company": small_companies}
"""By the word that asks for them."""
