"""Everything that Pleo's published contract leaves open, as one value with a documented default.

Each field names one unpublished behaviour. A default is the most likely reading of what is published; a test
that must hold under every reading varies the field. In YAML and JSON the names are camel-cased
(``accountCreateExisting``), in Python they are not.
"""

from __future__ import annotations

import dataclasses
import re
import types
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from pleoctl.sandbox.auth import ALL_SCOPES, DEFAULT_CREDENTIALS, Credential
from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The unpublished behaviours of a sandbox; every field has a default.

    Raises `BadInput` naming the field when a value is not one of those documented.
    """

    account_create_existing: Literal[200, 409, "200-if-equal"] = "200-if-equal"
    """Creating an account whose externalId exists: matched (200, stored account unchanged), refused (409), or
    matched only if the request equals the stored account."""
    account_ids_ignore_case: bool = False
    """Whether an externalId that differs only in case from an account's counts as that account's."""
    account_archived_default: Literal["both", "active"] = "both"
    """What an account search without ``archived`` finds."""
    account_empty_name: Literal["accept", "refuse"] = "accept"
    """Whether a single create or an update may set an empty name; a batch item never may (NAME_EMPTY)."""
    put_omitted: Literal["keep", "clear"] = "clear"
    """What happens to an optional field that a PUT of an account or a tag leaves out."""
    batch_existing: Literal["failed", "created-if-equal"] = "failed"
    """A batch item whose externalId exists: always failed, or listed as created if it equals the account."""
    batch_duplicates: Literal["first", "refuse"] = "first"
    """One externalId twice in a batch: the first is created and the others fail, or the call gets 400."""
    batch_order: Literal["request", "reversed"] = "request"
    """The order of ``created`` and ``failed`` in a batch answer."""
    validate_tax_codes: Literal[False] | tuple[str, ...] = False
    """The taxCodeExternalIds that Pleo knows; any other gets 400 (in a batch: OTHER). False: not checked."""
    default_page_size: int = 20
    """Rows of a page when ``limit`` is absent."""
    max_page_size: int | None = 100
    """The largest ``limit``; None: any."""
    over_limit: Literal["error", "cut"] = "error"
    """What a larger ``limit`` does: 400, or a page of the largest size."""
    totals: bool = True
    """Whether ``pagination`` carries ``total``."""
    omit_nulls: bool = False
    """Whether fields that are null are left out of answers."""
    rate_limit: int | None = None
    """Calls that are answered in any rolling minute; the next one gets 429. None: no limit."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """The Retry-After header of that 429."""
    latency_seconds: float = 0.0
    """How long every call waits before it is handled."""
    wrong_company: Literal["forbidden", "empty"] = "forbidden"
    """Reading another company's records: 403, or an empty list. Writing to it is always 403."""
    unknown_fields: Literal["ignore", "refuse"] = "ignore"
    """Fields and query parameters that the contract does not know: passed over, or 400. Either way they are
    counted as violations."""
    tag_conflict_ignores_case: bool = True
    """Whether the 409 on tag codes (and on group codes, see ``group_conflict``) folds case."""
    tag_conflict_counts_archived: bool = True
    """Whether the code of an archived tag (or group) is taken."""
    tag_conflict_on_unarchive: bool = False
    """Whether unarchiving a tag whose code another active tag has gets 409."""
    max_active_tags: int | None = None
    """The most active tags of a group; creating one more gets 400. None: no maximum."""
    max_active_tags_on_unarchive: bool = False
    """Whether that maximum refuses unarchiving, too."""
    tag_list_default: Literal["active", "all"] = "active"
    """What the tags of a group without ``include_archived`` are."""
    group_list_default: Literal["active", "all"] = "active"
    """What the tag group list without ``include_archived`` is."""
    group_conflict: Literal["none", 409] = "none"
    """Creating a tag group, or changing its code, when the code is taken."""
    archive_cascade: Literal["none", "cascade"] = "none"
    """Whether archiving or unarchiving a group does the same to all its tags."""
    tags_count_archived: bool = True
    """Whether ``totalTagsCount`` counts archived tags."""
    usage_lists_unused: bool = True
    """Whether the usage of a group lists tags that no expense uses (count 0)."""
    v0_create_status: Literal[200, 201] = 201
    """The status of a created tag group, for which only a default answer is published."""
    bulk_archive_status: Literal[200, 201, 202] = 200
    """The status of a bulk archive, for which only a default answer is published."""
    bulk_archive_answers: Literal["all", "changed"] = "all"
    """Which tags a bulk archive answers with: all that were named, or those that it changed."""
    bulk_archive_unknown_ids: Literal["refuse", "ignore"] = "refuse"
    """A tag id that does not exist in a bulk archive: 404 and nothing changed, or passed over."""
    bulk_archive_at_most: int | None = None
    """How many tags a bulk archive changes before it silently stops; None: all."""
    seed_ids: int | None = None
    """Makes ids and timestamps of new records the same in every run with the same number; None: random ids
    and the time of day."""
    credentials: tuple[Credential, ...] = DEFAULT_CREDENTIALS
    """The API keys and tokens that are let in."""

    def __post_init__(self) -> None:
        """Refuse values that no field documents."""
        for name, hint in _hints().items():
            _check(camel(name), hint, getattr(self, name), _LEAST.get(name))

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], where: str = "settings") -> Settings:
        """Settings from camel-cased names, as a config file or the control endpoint gives them."""
        return cls().changed(data, where)

    def changed(self, data: Mapping[str, Any], where: str = "settings") -> Settings:
        """A copy in which the given camel-cased names have new values."""
        names = {camel(name): name for name in _hints()}
        refuse_unknown(data, names, where)
        try:
            return dataclasses.replace(self, **{names[k]: _value(k, v) for k, v in data.items()})
        except BadInput as error:
            raise BadInput(f"{where}.{error.field}", error.message) from None

    def as_json(self) -> Record:
        """The settings by their camel-cased names; credentials show everything but their secrets."""
        values = {camel(f.name): getattr(self, f.name) for f in dataclasses.fields(self)}
        return values | {"credentials": [c.as_json() for c in self.credentials]}


_LEAST = {"default_page_size": 1, "max_page_size": 1, "rate_limit": 1, "bulk_archive_at_most": 0}


def camel(name: str) -> str:
    """The YAML and JSON spelling of a Python name."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)


def _value(name: str, value: Any) -> Any:
    if name == "credentials":
        if not isinstance(value, list):
            raise BadInput(name, "must be a list")
        return tuple(Credential.from_mapping(item, f"credentials[{n}]") for n, item in enumerate(value))
    return tuple(value) if isinstance(value, list) else value


def _check(name: str, hint: Any, value: Any, least: int | None) -> None:
    if not _accepts(hint, value):
        raise BadInput(name, f"{value!r} is not {_words(hint)}")
    if least is None and isinstance(value, int | float) and name != "seedIds":
        least = 0
    if least is not None and value is not None and value < least:
        raise BadInput(name, f"{value!r} is less than {least}")


def _accepts(hint: Any, value: Any) -> bool:
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return any(value == option and type(value) is type(option) for option in options)
    if origin in {Union, types.UnionType}:
        return any(_accepts(option, value) for option in options)
    if origin is tuple:
        return isinstance(value, tuple) and all(_accepts(options[0], item) for item in value)
    if hint is float:
        return type(value) in {int, float}
    return type(value) is hint


def _words(hint: Any) -> str:
    options = get_args(hint)
    if get_origin(hint) is Literal:
        return " or ".join(map(str, options))
    if get_origin(hint) is tuple:
        return f"a list of {options[0].__name__}"
    if options:
        return " or ".join(_words(option) for option in options)
    return "null" if hint is type(None) else str(hint.__name__)


__all__ = ["ALL_SCOPES", "Credential", "Settings", "camel"]
