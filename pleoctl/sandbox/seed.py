"""Seeds: the company that a sandbox starts with, from YAML or from Python values.

A seed may hold what the API would refuse to create: duplicate tag codes, duplicate groups, records in use.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown
from pleoctl.sandbox.kinds import PARTS, children
from pleoctl.sandbox.parts import Uuid, derived_id
from pleoctl.sandbox.shapes import schema_of
from pleoctl.sandbox.typed import Document, camel, decoded, field_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pleoctl.sandbox.parts import Part

DEFAULT_COMPANY: Final = "12abc3d4-e567-4890-8234-abc56e78fabc"
Status = Literal["ACTIVATED", "INACTIVE", "AUTHORIZED", "PENDING_INTEGRATION", "ERROR"]


class Installation(Document, frozen=True, kw_only=True):
    """The installation that is there before the first call."""

    status: Status = "AUTHORIZED"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class Head(Document, frozen=True, kw_only=True):
    """What every seed has, beside a list of rows for each kind."""

    api_version: Literal["pleoctl/v1"] = "pleoctl/v1"
    kind: Literal["SandboxSeed"] = "SandboxSeed"
    company: Annotated[Uuid, Meta(description="UUID of the company.")] = DEFAULT_COMPANY
    organization: Annotated[Uuid, Meta(description="UUID of its organisation.")] | None = None
    installation: Annotated[Installation, Meta(description="The installation, if there is one already.")] | None = None


def seed_file() -> type[Head]:
    """The document of a seed file: the head, and a section for each kind that stands for itself."""
    return _seed_file(tuple(PARTS.values()))


@cache
def _seed_file(_parts: tuple[Part, ...]) -> type[Head]:
    sections = [_section(part) for part in PARTS.values() if part.parent is None]
    return _with(Head, "SeedFile", sections)


def seed_schema() -> dict[str, Any]:
    """The schema of a seed file, of whatever kinds there are."""
    return schema_of("sandbox-seed", seed_file())


def _section(part: Part) -> tuple[str, Any, Any]:
    inner = [_section(child) for child in children(part.kind)]
    row: Any = _with(part.row, part.row.__name__, inner) if inner else part.row
    if part.free is not None:
        row = dict[str, Any]
    return part.section, list[row], msgspec.field(default_factory=list)


def _with(base: type[Any], name: str, sections: list[tuple[str, Any, Any]]) -> type[Any]:
    return msgspec.defstruct(
        name, sections, bases=(base,), kw_only=True, namespace={"__doc__": base.__doc__, "__module__": base.__module__}
    )


class Seed:
    """What a company holds before the first call.

    Sections, such as ``accounts`` and ``tag_groups``, are rows with camel-cased fields; a group carries its ``tags``.
    An absent id is worked out from company and key, so that the same seed gives the same ids. ``installation`` is
    ``{status, metadata}`` if the integration is installed already. Raises `BadInput` with the wrong field.
    """

    def __init__(
        self,
        *,
        company: str = DEFAULT_COMPANY,
        organization: str | None = None,
        installation: Mapping[str, Any] | None = None,
        **sections: Sequence[Mapping[str, Any]],
    ) -> None:
        """Refuse what cannot be held."""
        given = {"company": company, "organization": organization, "installation": installation}
        found: Any = decoded({**given, **{camel(name): rows for name, rows in sections.items()}}, seed_file())
        self.company: str = found.company
        self.organization: str | None = found.organization
        self.installation: Record | None = msgspec.to_builtins(found.installation)
        self._rows: dict[str, list[Record]] = {kind: [] for kind in PARTS}
        for part in PARTS.values():
            if part.parent is None:
                self._take(part, msgspec.to_builtins(getattr(found, part.section)), f"{self.company}/{part.kind}/")
        _refuse_twins(row for rows in self._rows.values() for row in rows)

    @classmethod
    def from_mapping(cls, data: Any) -> Seed:
        """A seed from the content of a seed file. Raises `BadInput`."""
        if not isinstance(data, dict):
            raise BadInput("", "a seed is a mapping")
        refuse_unknown(data, field_names(seed_file()))
        return cls(**{key: value for key, value in data.items() if value is not None})

    @classmethod
    def load(cls, path: Path) -> Seed:
        """A seed from a YAML file. Raises `InvalidFile`, or `BadInput` for what a schema cannot say."""
        try:
            return cls.from_mapping(read_yaml(path, seed_schema()))
        except BadInput as error:
            raise error.inside(str(path)) from None

    def _take(self, part: Part, given: list[Record], owner: str, parent_id: str | None = None) -> None:
        """Keep rows with every field filled in, and those that they carry. Raises `BadInput` below the section."""
        keys = _Keys(owner)
        for n, known in enumerate(given):
            with _below(f"{part.section}[{n}]"):
                row = known if part.free is None else part.free.new(known, self.company, f"{owner}{n + 1}")
                row["id"] = row["id"].lower() if "id" in row else keys.id_of(row.get(part.key, ""))
                if part.stamped:
                    row["updatedAt"] = row["createdAt"]
                if part.table.parent is not None:
                    row[part.table.parent] = parent_id
                for child in children(part.kind):
                    self._take(child, row.pop(child.section), f"{row['id']}/{child.kind}/", row["id"])
            self._rows[part.kind].append(row)

    def rows(self, kind: str) -> list[Record]:
        """All rows of one kind, of whatever parent, with every field filled in."""
        return self._rows.get(kind, [])


@contextmanager
def _below(where: str) -> Iterator[None]:
    """Let errors say in which row they are."""
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{where}.{error.field}", error.message) from None


class _Keys:
    """Gives each key of a kind its id; the second record with the same key gets another one."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._seen: Counter[str] = Counter()

    def id_of(self, key: str) -> str:
        self._seen[key] = count = self._seen[key] + 1
        return derived_id(f"{self._prefix}{key}" if count == 1 else f"{self._prefix}{key}\n{count}")


def read_yaml(path: Path, schema: dict[str, Any]) -> Any:
    """The content of one YAML file that keeps to a schema. Raises `InvalidFile` with every place."""
    from pleoctl.documents.load import load  # only seeds and configs from files need it

    return load(path, schema).data


def _refuse_twins(rows: Iterable[Record]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            raise BadInput("id", f"{row['id']} is given twice")
        seen.add(row["id"])
