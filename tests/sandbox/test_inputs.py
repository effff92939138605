from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from ruamel.yaml import YAML

from findings import line_of
from pleoctl.documents.published import schema_file
from pleoctl.errors import InvalidFile
from pleoctl.sandbox import BadInput, Credential, Fault, Seed, Settings, load_config
from pleoctl.sandbox.schemas import schemas
from pleoctl.sandbox.typed import field_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Json

SCHEMAS = Path(__file__).parents[2] / "schemas"
SEED_TEXT = """\
apiVersion: pleoctl/v1
kind: SandboxSeed
company: 00000000-0000-4000-8000-000000000001
accounts:
- {externalId: "ext-1", code: "0100", name: "Cash", metadata: {owner: 1}}
tagGroups:
- code: "DEPT"
  name: "Department"
  tags:
  - {code: "ENG", usage: 2}
  - {code: "ENG", archived: true}
- {code: "dept", name: "Twin"}
"""
CONFIG_TEXT = """\
apiVersion: pleoctl/v1
kind: SandboxConfig
settings:
  accountCreateExisting: 409
  validateTaxCodes: ["V25"]
  credentials:
  - {scheme: bearer, secret: "t", scopes: ["accounts:read"], expiresAfterCalls: 3}
faults:
- {kind: status, status: 429, retryAfter: 2, path: "batch$", nth: 1}
- {kind: actor, edits: [{op: archive, kind: tag, key: ["DEPT", "ENG"]}]}
"""


def test_a_seed_file_holds_what_the_api_would_refuse(tmp_path: Path) -> None:
    """Duplicate tags and groups load, each with an id of its own that is the same in every load."""
    path = _file(tmp_path, SEED_TEXT)
    seed, again = Seed.load(path), Seed.load(path)
    assert [row["code"] for row in seed.rows("tag")] == ["ENG", "ENG"]
    assert [row["code"] for row in seed.rows("tagGroup")] == ["DEPT", "dept"]
    ids = [row["id"] for row in (*seed.rows("account"), *seed.rows("tagGroup"), *seed.rows("tag"))]
    assert len(set(ids)) == 5
    assert ids == [row["id"] for row in (*again.rows("account"), *again.rows("tagGroup"), *again.rows("tag"))]


def test_a_config_file_holds_settings_and_faults(tmp_path: Path) -> None:
    """Names are camel-cased in the file; what is not named keeps its default."""
    settings, faults = load_config(_file(tmp_path, CONFIG_TEXT))
    credential = Credential(scheme="bearer", secret="t", scopes=("accounts:read",), expires_after_calls=3)
    assert settings == Settings(account_create_existing=409, validate_tax_codes=("V25",), credentials=(credential,))
    assert faults[0] == Fault(kind="status", status=429, retry_after=2, path="batch$", nth=1)
    assert faults[1].edits[0].key == ("DEPT", "ENG")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("accounts: [{externalId: a, name: 7}]", "accounts[0].name"),
        ("accounts: [{externalId: a}]", "accounts[0].name"),
        ("accounts: [{externalId: a, name: b, nmae: c}]", "accounts[0].nmae"),
        ("accounts: [{externalId: a, name: b, id: c}]", "accounts[0].id"),
        ("accounts: 7", "accounts"),
        ("accounts: [7]", "accounts[0]"),
        ("tagGroups: [{code: a, name: b, tags: [{code: 1}]}]", "tagGroups[0].tags[0].code"),
        ("company: x", "company"),
        ("companies: x", "companies"),
        ("kind: SandboxConfig", "kind"),
        ("apiVersion: v2", "apiVersion"),
        ("installation: {state: x}", "installation.state"),
    ],
)
def test_a_wrong_seed_names_its_field(text: str, field: str) -> None:
    """Every problem is one error with the path of the field and the reason."""
    with pytest.raises(BadInput) as caught:
        Seed.from_mapping(YAML(typ="safe").load(text))
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize("load", [Seed.load, load_config])
@pytest.mark.parametrize("text", ["", "a: [", "[]", "settings: 7\naccounts: 7\n"])
def test_a_wrong_file_says_where(tmp_path: Path, load: Callable[[Path], object], text: str) -> None:
    """A file that breaks its schema, or is no YAML, is refused with file, line and column."""
    path = _file(tmp_path, text)
    with pytest.raises(InvalidFile) as caught:
        load(path)
    assert {finding.file for finding in caught.value.findings} == {str(path)}
    assert all(line_of(finding) for finding in caught.value.findings)


def test_what_a_schema_cannot_say_names_the_file(tmp_path: Path) -> None:
    """Two records with one id keep to the schema and are refused all the same."""
    row = '- {externalId: "a", name: "a", id: 00000000-0000-4000-8000-000000000001}\n'
    path = _file(tmp_path, f"apiVersion: pleoctl/v1\nkind: SandboxSeed\naccounts:\n{row}{row}")
    with pytest.raises(BadInput) as caught:
        Seed.load(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"putOmited": "keep"}, "settings.putOmited"),
        ({"putOmitted": "drop"}, "settings.putOmitted"),
        ({"totals": 1}, "settings.totals"),
        ({"maxPageSize": 0}, "settings.maxPageSize"),
        ({"maxPageSize": "10"}, "settings.maxPageSize"),
        ({"latencySeconds": -1}, "settings.latencySeconds"),
        ({"vendorUnique": ["state"]}, "settings.vendorUnique[0]"),
        ({"validateTaxCodes": [1]}, "settings.validateTaxCodes[0]"),
        ({"accountCreateExisting": True}, "settings.accountCreateExisting"),
        ({"credentials": [{"scheme": "apiKey"}]}, "settings.credentials[0].secret"),
        ({"credentials": "key"}, "settings.credentials"),
    ],
)
def test_a_wrong_setting_is_named(settings: Json, field: str) -> None:
    """A value or name that no field documents is refused, with the nearest name."""
    with pytest.raises(BadInput) as caught:
        Settings.from_mapping(settings)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"company": "x"}, "company: is not a UUID"),
        ({"installation": {"status": "x"}}, "installation.status: must be ACTIVATED or"),
        ({"accounts": [{"externalId": "a", "name": 7}]}, "accounts[0].name: expected text, got a whole number"),
        ({"tagGroups": [{"code": "a", "name": "a", "tag": []}]}, "tagGroups[0].tag: unknown field; did you mean"),
        (
            {"tagGroups": [{"code": "a", "name": "a", "tags": [{"code": "b", "id": "c"}]}]},
            "tagGroups[0].tags[0].id: is not a UUID",
        ),
    ],
)
def test_a_wrong_seed_says_what_is_right(document: Json, words: str) -> None:
    """Values are listed and near names named; only what has no better words is told in the library's."""
    with pytest.raises(BadInput) as caught:
        Seed.from_mapping(document)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("name", ["sandbox-config", "sandbox-seed"])
def test_the_schemas_are_made_from_the_types(name: str) -> None:
    """The files are what `python -m pleoctl.sandbox.schemas schemas` writes."""
    assert (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8") == schema_file(schemas()[name])


def test_the_schemas_accept_what_the_code_accepts(tmp_path: Path) -> None:
    """The files of these tests are valid, and a typo is not."""
    yaml = YAML(typ="safe")
    for name, text in (("seed", SEED_TEXT), ("config", CONFIG_TEXT)):
        validator = jsonschema.Draft7Validator(_schema(name))
        assert list(validator.iter_errors(yaml.load(_file(tmp_path, text)))) == []
        assert list(validator.iter_errors({**yaml.load(text), "acounts": []}))


def test_the_page_on_the_sandbox_names_every_setting_and_fault() -> None:
    """docs/sandbox.md lists all settings and fault fields by name."""
    text = (SCHEMAS.parent / "docs" / "sandbox.md").read_text(encoding="utf-8")
    names = [name for document in (Settings, Fault) for name in field_names(document)]
    assert [name for name in names if f"`{name}`" not in text] == []


def _schema(name: str) -> Json:
    content: Json = json.loads((SCHEMAS / f"sandbox-{name}.schema.json").read_text(encoding="utf-8"))
    return content


def _file(folder: Path, text: str) -> Path:
    path = folder / "input.yaml"
    path.write_text(text, encoding="utf-8")
    return path
