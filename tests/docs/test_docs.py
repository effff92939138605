"""The documentation says what the commands, schemas and codes say, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from pleoctl.cli.main import COMMANDS, cli
from pleoctl.cli.reference import reference
from pleoctl.errors import ExitCode
from pleoctl.model.kinds import flat_kinds
from pleoctl.report.sinks import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md"])


def page(name: str) -> str:
    """The text of a page."""
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_command_reference_is_made_from_the_commands() -> None:
    """docs/commands.md is what `python -m pleoctl.cli.reference` prints."""
    assert page("commands.md") == reference()


def test_the_presets_of_sinks_are_made_from_their_files() -> None:
    """docs/sinks.md is what `python -m pleoctl.report.sinks` makes of it."""
    assert page("sinks.md") == written(page("sinks.md"))


def test_every_command_has_help_with_an_example() -> None:
    """Each command explains itself and shows at least one call."""
    context = click.Context(cli, info_name="pleoctl")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for child in leaves(command):
            assert "Examples:" in (child.help or ""), f"{name} {child.name}"
            assert all(getattr(p, "help", "") for p in child.params if isinstance(p, click.Option)), name


def test_a_usage_line_says_what_may_be_left_out_and_what_may_be_given_again() -> None:
    """Brackets stand around what no call needs, dots behind what may be repeated, in every command.

    Options that each call needs stand there as well.
    """
    context = click.Context(cli, info_name="pleoctl")
    for name in COMMANDS:
        for child in leaves(cli.get_command(context, name) or cli):
            for given in (param for param in child.params if isinstance(param, click.Argument)):
                shown = given.make_metavar(context)
                told = (shown.startswith("["), shown.endswith("..."))
                # It takes several to refuse them with the way to give one after the other.
                repeated = given.nargs == -1 and (name, child.name) != ("source", "init")
                assert told == (not given.required, repeated), f"{name} {child.name} {shown}"
            needed = [p.opts[0] for p in child.params if isinstance(p, click.Option) and p.required]
            assert [piece for piece in child.get_usage(context).split() if piece.startswith("--")] == needed


def leaves(command: click.Command) -> Iterator[click.Command]:
    """The commands of a group, and of its groups."""
    if not isinstance(command, click.Group):
        yield command
        return
    for child in command.commands.values():
        yield from leaves(child)


def test_every_exit_code_is_documented_and_no_other() -> None:
    """docs/exit-codes.md lists exactly the table in errors.py."""
    section = page("exit-codes.md").partition("## Output")[0]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert listed == {int(code) for code in ExitCode}


def test_every_finding_code_is_documented_and_no_other() -> None:
    """Each code that the source names as a finding's stands in docs/exit-codes.md, and the other way round."""
    section = page("exit-codes.md").partition("## Finding codes")[2]
    documented = {
        c for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for c in re.findall(r"`([^`]+)`", row)
    }
    assert documented == finding_codes()


def finding_codes() -> set[str]:
    """Codes that the source gives to findings and errors."""
    patterns = (
        r'Finding\(\s*"([a-z-]+)"',
        r'^\s+code(?:: str)? = "([a-z-]+)"',
        r'(?:close|correct)\(\s*[\w.]+,\s*"\w+",\s*"([a-z-]+)"',
        r'(?:Failed|Ambiguous)\(\s*"([a-z-]+)"',
        r'"code": "([a-z]+-[a-z-]+|stale|blocked)"',
        r'CODE: Final = "([a-z-]+)"',
        r'\.finding\(\s*\(.*?\),\s*"([a-z-]+)"',
        r'place\.finding\(\s*"([a-z-]+)"',
        r'"([a-z-]+)" if row\.key is not None else "[a-z-]+"',
        r'"[a-z-]+" if row\.key is not None else "([a-z-]+)"',
        r'code = "([a-z-]+)" if ',
        r'code = "[a-z-]+" if .* else "([a-z-]+)"',
    )
    found: set[str] = set()
    for path in (ROOT / "pleoctl").rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in patterns:
            if "mapping" in path.parts and pattern.startswith(r"\.finding\(\s*\("):
                continue  # findings of rule files have one code, `schema`
            found |= set(re.findall(pattern, text, re.MULTILINE | re.DOTALL if "finding" in pattern else re.MULTILINE))
    return found


def test_every_warning_of_a_plan_is_documented() -> None:
    """docs/accounts.md names each warning code of the plan's schema, which has each that a plan is given."""
    schema = json.loads((ROOT / "schemas/plan.schema.json").read_text(encoding="utf-8"))
    codes = schema["properties"]["warnings"]["items"]["properties"]["code"]["enum"]
    assert [code for code in codes if f"`{code}`" not in page("accounts.md")] == []
    given = r'(?:warning|_mark|Warned)\(\s*(?:change,\s*)?(?:code=)?"([a-z]+(?:-[a-z]+)+)"'
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "pleoctl").rglob("*.py") if "jobs" not in path.parts]
    assert {code for text in texts for code in re.findall(given, text)} - {*codes} == set()


def keys(schema: Json, path: str = "") -> list[str]:
    """Dotted keys of a schema's leaves."""
    found = []
    for name, sub in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        found += keys(sub, here) or [here]
    return found


def test_every_config_key_is_documented_and_no_other() -> None:
    """docs/configuration.md lists exactly the keys of the workspace schema (sources and sinks have pages)."""
    schema = json.loads((ROOT / "schemas/workspace.schema.json").read_text(encoding="utf-8"))
    wanted = {key for key in keys(schema) if key != "source"}
    rows = re.findall(r"^\| (`.*?) \| ", page("configuration.md").partition("## Secrets")[0], re.MULTILINE)
    listed = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert {key for key in listed if key.partition(".")[0] != "source"} == wanted


def test_every_key_of_a_sign_in_is_documented_and_no_other() -> None:
    """docs/signing-in.md lists exactly the keys of `oauth`."""
    schema = json.loads((ROOT / "schemas/workspace.schema.json").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`.*?) \| ", page("signing-in.md").partition("## Settings")[2], re.MULTILINE)
    listed = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert listed == set(schema["definitions"]["oauth"]["properties"])


def test_every_environment_variable_is_documented() -> None:
    """Each PLEOCTL_ variable that the source reads stands in docs/configuration.md."""
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "pleoctl").rglob("*.py"))
    used = set(re.findall(r'"(PLEOCTL_[A-Z_]+)"', source))
    assert [name for name in sorted(used) if f"`{name}`" not in page("configuration.md")] == []


def test_every_kind_that_is_a_list_has_a_page() -> None:
    """The page has the name of the kind's module, and shows its section of the desired state."""
    for kind in flat_kinds():
        assert f"\n{kind.section}:" in page(f"{kind.module.replace('_', '-')}.md")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that exists."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
