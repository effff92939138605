"""The ``http`` source: describes requests as data, reads them through the project's one transport."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Setting
from pleoctl.sources.base import REQUIRED, SourceRow, Table, resource_names, told_of_empty
from pleoctl.sources.connect import Denied
from pleoctl.sources.context import SERVICE
from pleoctl.sources.http.guards import check_table
from pleoctl.sources.http.presets import load_preset, merged
from pleoctl.sources.http.reading import ListReader
from pleoctl.sources.http.rows import RowMaker
from pleoctl.sources.http.signing import with_servers
from pleoctl.sources.http.spec import Request, Resource, resources
from pleoctl.sources.http.templates import check_names, fill_text
from pleoctl.sources.literal import literal_rows
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.remote.transport import Answer
    from pleoctl.sources.connect import ServerConnection
    from pleoctl.sources.context import Context
    from pleoctl.sources.http.presets import Preset
    from pleoctl.sources.http.reading import Send

_SECTION: Final = Setting("source")
_REFUSALS: Final = {400, 403, 404}
_RESERVED: Final = {"page", "offset", "size", "cursor", "parent"}


class HttpSource:
    """Reads a JSON API as the section, over a preset's, describes it."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Check everything that can be checked without a request. Raises `SourceError`."""
        name = section.get("preset")
        preset = self._preset(name) if name else None
        self._config = merged(preset, section)
        self._variables = self._check_variables(preset)
        known = set(self._variables)
        self._resources: dict[str, list[Resource]] = {}
        self._literal: dict[str, list[dict[str, str]]] = {}
        for name in resource_names():
            config = self._config.get(name)
            if config and "rows" in config:
                self._literal[name] = literal_rows(name, config["rows"])
            elif config == {}:
                of = "" if preset is None else f": the preset {preset.name} does not know how to read them"
                raise SourceError(
                    f"source.{name} says nothing{of}",
                    hint="describe the request, see docs/sources.md",
                    setting=_SECTION / name,
                )
            elif config is not None and config.get("parts") != {}:  # parts that were all taken away
                _ask(name, config, preset)
                self._resources[name] = resources(name, config, known)
        self._check_parents()
        base_url = self._config.get("baseUrl")
        if not base_url:
            raise SourceError("source lacks baseUrl", setting=_SECTION)
        check_names(base_url, known, _SECTION / "baseUrl")
        self._config = with_servers(self._config, "source", self._variables)
        self._connections = {
            url: context.http(
                fill_text(url or str(base_url), self._variables),
                self._config,
                service=preset.title if preset else SERVICE,
                own=(url if preset.names(url) else preset.base_url) if preset else "",
            )
            for url in self._base_urls(known)
        }
        self._tables: dict[str, Table] = {}

    @staticmethod
    def _preset(name: str) -> Preset:
        try:
            return load_preset(name)
        except SourceError as error:
            raise SourceError(
                f"source.preset: {error.message}", hint=error.findings[0].hint, setting=_SECTION / "preset"
            ) from error

    def read(self, resource: str) -> Table | None:
        """See `Source.read`. Raises `SourceError` for whatever leaves a doubt that everything was read."""
        if resource in self._literal:
            rows = [
                SourceRow(dict(cells), f"{resource}[{n}]", record=cells)
                for n, cells in enumerate(self._literal[resource])
            ]
            return Table(resource, rows, rate_unit="fraction")
        if resource not in self._resources:
            return None
        if resource not in self._tables:
            self._tables[resource] = self._read(self._resources[resource])
        return self._tables[resource]

    # --- settings ----------------------------------------------------------------------------------------------

    def _check_variables(self, preset: Preset | None) -> dict[str, str | int]:
        """The variables as they are written: a number in a body stays one."""
        declared: Mapping[str, str] = preset.variables if preset else {}
        known = {*declared, *(preset.choices if preset else ())}
        given: dict[str, str | int] = dict(self._config.get("variables", {}))
        for name in given:
            if name in _RESERVED:
                raise SourceError(f"source.variables.{name}: this name is taken", setting=_SECTION / "variables" / name)
            if known and name not in known:
                raise SourceError(
                    f"source.variables: the preset has no variable {name!r}",
                    hint=did_you_mean(name, sorted(known)),
                    setting=_SECTION / "variables",
                )
        missing = [name for name in declared if name not in given]
        if missing:
            raise SourceError(
                f"source.variables lacks {missing[0]}: {declared[missing[0]]}",
                hint=f"add variables: {{{missing[0]}: …}}",
                setting=_SECTION / "variables",
            )
        return given

    def _base_urls(self, known: set[str]) -> list[str]:
        """The base urls that tables have of their own, and "" for the source's."""
        own = {one.base_url: one.key / "baseUrl" for parts in self._resources.values() for one in parts}
        for url, key in own.items():
            check_names(url, known, key)
        return list({"": None, **own})

    def _check_parents(self) -> None:
        at_hand = {*self._resources, *self._literal}
        for one in (one for parts in self._resources.values() for one in parts):
            if one.parent is None:
                continue
            if one.parent not in at_hand:
                raise SourceError(
                    f"{one.key}.forEach: there is no resource {one.parent!r}", setting=one.key / "forEach"
                )
            if one.name in self._ancestors(one.name):
                raise SourceError(f"{one.key}.forEach leads back to {one.name}", setting=one.key / "forEach")

    def _ancestors(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            parents = {one.parent for one in self._resources.get(waiting.pop(), ()) if one.parent is not None}
            waiting += parents - found
            found |= parents
        return found

    # --- reading -----------------------------------------------------------------------------------------------

    def _read(self, parts: list[Resource]) -> Table:
        host = urlsplit(self._connections[parts[0].base_url].base_url).netloc
        whole = Table(", ".join(dict.fromkeys(spec.label for spec in parts)) + f" ({host})")
        read: list[tuple[Setting, Table]] = []
        for spec in parts:
            table = Table(spec.label, may_be_empty=spec.may_be_empty)
            send = partial(self._send, self._connections[spec.base_url])
            beside = {of: self._indexed(one, send, whole) for of, one in spec.beside.items()}
            maker = RowMaker(spec, beside, keep_records=self._is_parent(spec.name))
            for parent, variables in self._parents(spec):
                reader = ListReader(spec, send, variables, parent)
                try:
                    for record in reader.read():
                        maker.add(record, parent, table.rows)
                except Denied as error:
                    if not reader.is_unused(error):
                        _hint(error, spec)
                        raise
                    whole.findings.append(Finding("empty-list", f"{error.message}: it is switched off there", "info"))
                maker.unproven |= reader.unproven
                whole.findings += reader.doubts()
            check_table(spec, maker, table)
            whole.findings += maker.doubts()
            whole.rows += table.rows
            table.left_out = maker.records - len(table.rows)
            whole.left_out += table.left_out
            read.append((spec.key, table))
        # One list per parent says the same for all.
        whole.findings = [*dict.fromkeys(whole.findings), *told_of_empty(read)]
        # A preset may say so as well as the workspace.
        whole.rate_unit = (self._config.get(parts[0].name) or {}).get("rateUnit", whole.rate_unit)
        whole.may_be_empty = all(spec.may_be_empty for spec in parts)
        return whole

    def _indexed(self, spec: Resource, send: Send, whole: Table) -> dict[str, dict[str, Any]]:
        """The records of a list beside a table's own, by their ids."""
        reader = ListReader(spec, send, self._variables)
        found: dict[str, dict[str, Any]] = {}
        for record in reader.read():
            key = spec.fields["id"](record)
            if not isinstance(key, str):
                raise SourceError(
                    f"{spec.key}.id is no text in a record ({spec.fields['id'].text})", setting=spec.key / "id"
                )
            found[key] = record
        whole.findings += reader.doubts()
        return found

    def _is_parent(self, name: str) -> bool:
        return any(one.parent == name for parts in self._resources.values() for one in parts)

    def _parents(self, spec: Resource) -> Iterator[tuple[dict[str, Any] | None, Mapping[str, Any]]]:
        """One parent after the other with the variables of its requests; a single empty one without ``forEach``."""
        if spec.parent is None:
            yield None, self._variables
            return
        table = self.read(spec.parent)
        key = REQUIRED[spec.parent][0]
        for row in table.rows if table is not None else ():
            # A row without a key is reported by itself and holds back every archive: there is nothing to ask for.
            if isinstance(row.cells.get(key), str) and row.cells[key].strip():
                parent = {**row.record, **row.cells}
                yield parent, {**self._variables, **_parent_variables(spec, parent)}

    @staticmethod
    def _send(
        connection: ServerConnection, request: Request, variables: Mapping[str, Any], link: str | None
    ) -> tuple[Answer, str]:
        path, arguments = request.build(variables)
        if link is not None:
            path, _ = link, arguments.pop("params", None)
        return connection.read(request.method, path, **arguments), connection.url_of(path)


def _ask(name: str, config: dict[str, Any], preset: Preset | None) -> None:
    """Raise `SourceError` for a field that the vendor's list does not say, and the workspace has to."""
    for field, about in (preset.asks.get(name, {}) if preset else {}).items():
        if field not in config.get("fields", {}):
            raise SourceError(
                f"source.{name}.fields lacks {field}: {about[0]}",
                hint=f"e.g. fields: {{{field}: {about[1]}}}",
                setting=_SECTION / name / "fields",
            )


def _hint(error: Denied, spec: Resource) -> None:
    """To a refusal of what a company may have switched off, how to leave it out: nothing may take it for empty."""
    if not spec.may_be_empty or error.status not in _REFUSALS:
        return
    part = str(spec.key[-1])
    if part != spec.name:
        left_out = f"`{spec.name}: {{parts: {{{part}: null}}}}`"
    else:
        left_out = "`dimensions: null` and `values: null`" if part == "dimensions" else f"`{part}: null`"
    told = error.findings[0]
    hint = f"{told.hint}; " if told.hint else ""
    hint += f"if the company does not use this, leave it out below source: {left_out}"
    error.findings[0] = replace(told, hint=hint)


def _parent_variables(spec: Resource, parent: Mapping[str, Any]) -> dict[str, Any]:
    """What the request needs of its parent, as ``parent.field``."""
    found = {}
    for name, field in spec.of_parent.items():
        value = parent.get(field)
        if value is None:
            raise SourceError(
                f"{spec.key} needs {{{name}}}, which a row of {spec.parent} does not have", setting=spec.key
            )
        found[name] = value
    return found
