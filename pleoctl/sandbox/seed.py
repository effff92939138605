"""Seeds: the company that a sandbox starts with, from YAML or from Python values.

A seed may hold what the API would refuse to create: duplicate tag codes, duplicate groups, records in use.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DEFAULT_COMPANY: Final = "12abc3d4-e567-4890-8234-abc56e78fabc"
SEEDED_AT: Final = "2025-01-01T00:00:00Z"

# One row per kind: field, whether it must be given, its types, its value when absent.
_Fields = dict[str, tuple[bool, tuple[type, ...], Any]]
_NONE: Final = type(None)
ACCOUNT_FIELDS: Final[_Fields] = {
    "externalId": (True, (str,), None), "code": (False, (str, _NONE), None), "name": (True, (str,), None),
    "archived": (False, (bool,), False), "taxCodeExternalId": (False, (str, _NONE), None),
    "metadata": (False, (dict, _NONE), None), "usedByCategory": (False, (bool,), False),
    "usedByContra": (False, (bool,), False), "hasEntries": (False, (bool,), False),
    "extra": (False, (dict,), {}), "id": (False, (str,), None),
}  # fmt: skip
GROUP_FIELDS: Final[_Fields] = {
    "code": (True, (str,), None), "name": (True, (str,), None), "archived": (False, (bool,), False),
    "metadata": (False, (dict,), {}), "createdAt": (False, (str,), SEEDED_AT), "extra": (False, (dict,), {}),
    "id": (False, (str,), None),
}  # fmt: skip
TAG_FIELDS: Final[_Fields] = {
    "code": (True, (str,), None), "name": (False, (str, _NONE), None), "archived": (False, (bool,), False),
    "usage": (False, (int,), 0), "otherDimensionValues": (False, (list,), []),
    "createdAt": (False, (str,), SEEDED_AT), "extra": (False, (dict,), {}), "id": (False, (str,), None),
}  # fmt: skip
RECORD_FIELDS: Final = {"account": ACCOUNT_FIELDS, "tagGroup": GROUP_FIELDS, "tag": TAG_FIELDS}


@dataclass(frozen=True)
class Seed:
    """What a company holds before the first call.

    ``accounts`` and ``tag_groups`` are rows with camel-cased fields; a group carries its ``tags``. An absent
    id is worked out from company and key, so that the same seed gives the same ids. ``installation`` is
    ``{status, metadata}`` if the integration is installed already. Raises `BadInput` with the wrong field.
    """

    company: str = DEFAULT_COMPANY
    accounts: Sequence[Mapping[str, Any]] = ()
    tag_groups: Sequence[Mapping[str, Any]] = ()
    organization: str | None = None
    installation: Mapping[str, Any] | None = field(default=None)

    def __post_init__(self) -> None:
        """Refuse what cannot be held."""
        owners: tuple[tuple[str, Any], ...] = (("company", self.company), ("organization", self.organization))
        for name, value in owners:
            if value is not None and not (isinstance(value, str) and UUID.fullmatch(value)):
                raise BadInput(name, f"{value!r} is not a UUID")
        if self.installation is not None:
            refuse_unknown(self.installation, ("status", "metadata"), "installation")
        _refuse_twins([*self.account_rows, *self.group_rows, *self.tag_rows])

    @classmethod
    def from_mapping(cls, data: Any) -> Seed:
        """A seed from the content of a seed file. Raises `BadInput`."""
        if not isinstance(data, dict):
            raise BadInput("", "a seed is a mapping")
        known = {"company", "accounts", "tagGroups", "organization", "installation"}
        refuse_unknown(data, known | {"apiVersion", "kind"})
        check_header(data, "SandboxSeed")
        given: dict[str, Any] = {k: v for k, v in data.items() if k in known and v is not None}
        if "tagGroups" in given:
            given["tag_groups"] = given.pop("tagGroups")
        return cls(**given)

    @classmethod
    def load(cls, path: Path) -> Seed:
        """A seed from a YAML file. Raises `InvalidFile`, or `BadInput` for what a schema cannot say."""
        try:
            return cls.from_mapping(read_yaml(path, "sandbox-seed"))
        except BadInput as error:
            raise error.inside(str(path)) from None

    @cached_property
    def account_rows(self) -> list[Record]:
        """The accounts with every field filled in."""
        keys = _Keys(self.company, "account")
        return list(_rows(self.accounts, ACCOUNT_FIELDS, "accounts", keys, "externalId"))

    @cached_property
    def group_rows(self) -> list[Record]:
        """The tag groups with every field filled in, without their tags."""
        keys = _Keys(self.company, "tagGroup")
        fields = GROUP_FIELDS | {"tags": (False, (list, tuple), ())}
        rows = list(_rows(self.tag_groups, fields, "tagGroups", keys, "code"))
        return [{k: v for k, v in row.items() if k != "tags"} | {"updatedAt": row["createdAt"]} for row in rows]

    @cached_property
    def tag_rows(self) -> list[Record]:
        """The tags of all groups with every field filled in."""
        return [
            row | {"groupId": group["id"], "updatedAt": row["createdAt"]}
            for n, (group, given) in enumerate(zip(self.group_rows, self.tag_groups, strict=True))
            for row in _rows(
                given.get("tags", ()), TAG_FIELDS, f"tagGroups[{n}].tags", _Keys(group["id"], "tag"), "code"
            )
        ]


class _Keys:
    """Gives each key of a kind its id; the second record with the same key gets another one."""

    def __init__(self, owner: str, kind: str) -> None:
        self._prefix = f"{owner}/{kind}/"
        self._seen: Counter[str] = Counter()

    def id_of(self, key: str) -> str:
        self._seen[key] = count = self._seen[key] + 1
        return derived_id(f"{self._prefix}{key}" if count == 1 else f"{self._prefix}{key}\n{count}")


def derived_id(name: str) -> str:
    """The id that belongs to a name, the same in every run."""
    # A UUID of version 5 in all but its making: uuid.uuid5 costs three times as much, and seeds are large.
    h = hashlib.sha1(name.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def read_yaml(path: Path, schema: str) -> Any:
    """The content of one YAML file that keeps to a schema. Raises `InvalidFile` with every place."""
    from pleoctl.documents import load  # noqa: PLC0415 - only seeds and configs from files need it

    return load(path, schema).data


def check_header(data: Mapping[str, Any], kind: str) -> None:
    """Raise `BadInput` unless a document that says what it is says the right thing."""
    for name, wanted in (("apiVersion", "pleoctl/v1"), ("kind", kind)):
        if data.get(name, wanted) != wanted:
            raise BadInput(name, f"{data[name]!r} is not {wanted}")


def _rows(given: Any, fields: _Fields, where: str, keys: _Keys, key: str) -> Iterator[Record]:
    if not isinstance(given, list | tuple):
        raise BadInput(where, "must be a list")
    defaults = {name: default for name, (_, _, default) in fields.items()}
    required = {name for name, rule in fields.items() if rule[0]}
    kinds = {name: rule[1] for name, rule in fields.items()}
    for n, row in enumerate(given):
        problem = _problem(row, kinds, required)
        if problem is not None:
            name, message = problem
            raise BadInput(f"{where}[{n}].{name}" if name else f"{where}[{n}]", message)
        full = {**defaults, **row}
        full["id"] = full["id"].lower() if full["id"] else keys.id_of(full[key])
        yield full


def _problem(row: Any, kinds: dict[str, tuple[type, ...]], required: set[str]) -> tuple[str, str] | None:
    if not isinstance(row, dict):
        return "", "must be a mapping"
    for name, value in row.items():
        if name not in kinds:
            return name, f"unknown field; one of {', '.join(sorted(kinds))}"
        if type(value) not in kinds[name]:
            return name, f"must be {_words(kinds[name])}, not {value!r}"
    if not required <= row.keys():
        return min(required - row.keys()), "is missing"
    return ("id", "is not a UUID") if "id" in row and not UUID.fullmatch(row["id"]) else None


_WORDS: Final = {str: "text", bool: "true or false", int: "a whole number", dict: "a mapping", _NONE: "null"}


def _words(kinds: Iterable[type]) -> str:
    return " or ".join(dict.fromkeys(_WORDS.get(kind, "a list") for kind in kinds))


def _refuse_twins(rows: Iterable[Record]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            raise BadInput("id", f"{row['id']} is given twice")
        seen.add(row["id"])
