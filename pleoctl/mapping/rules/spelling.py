"""Unknown names (MAP001): keys and words of a rule file that its schema does not know.

A name with an obvious correction is corrected in the loaded data, so that the rest of the file is analysed as it was
meant; a name without one is taken out, and its row is doubtful: no conclusion is drawn from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.schemas import validator

if TYPE_CHECKING:
    from pleoctl.documents.load import Document, Steps
    from pleoctl.errors import Finding

UNKNOWN: Final = "MAP001"
SCHEMA: Final = "mapping"
_SHOWN: Final = 12


def closest(name: str, known: list[str]) -> str | None:
    """The one known name that was probably meant."""
    folded = {k.casefold(): k for k in reversed(known)}
    found = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def hint_for(name: str, known: list[str]) -> str:
    """A "did you mean", or what is known."""
    meant = closest(name, known)
    if meant is not None:
        return f"did you mean {meant!r}?"
    more = ", …" if len(known) > _SHOWN else ""
    return f"known: {', '.join(known[:_SHOWN])}{more}"


@dataclass(slots=True)
class Spelling:
    """Findings about unknown names of one document, whose data is put right in place.

    ``lost`` are the paths at which something without a correction was taken out.
    """

    document: Document
    findings: list[Finding] = field(default_factory=list)
    lost: list[Steps] = field(default_factory=list)
    _root: Any = field(default_factory=lambda: validator(SCHEMA).schema, repr=False)

    def correct(self) -> None:
        """Walk the document's data along its schema."""
        self._walk(self._root, self.document.data, ())

    def is_lost(self, path: Steps) -> bool:
        """Whether something below ``path`` was taken out."""
        return any(lost[: len(path)] == path for lost in self.lost)

    def _walk(self, schema: Any, data: Any, path: Steps) -> None:
        schema = self._resolve(schema, data)
        if isinstance(data, dict):
            self._keys(schema, data, path)
            self._values(schema, data, path)
        elif isinstance(data, list) and "items" in schema:
            self._items(schema["items"], data, path)

    def _resolve(self, schema: Any, data: Any) -> Any:
        while "$ref" in schema or "if" in schema:
            if "$ref" in schema:
                schema = self._root["definitions"][schema["$ref"].rpartition("/")[2]]
            else:
                # The only condition that the schema uses is "is it a list".
                schema = schema["then"] if isinstance(data, list) else schema["else"]
        return schema

    def _keys(self, schema: Any, data: dict[str, Any], path: Steps) -> None:
        if schema.get("additionalProperties", True) is not False:
            return
        known = list(schema.get("properties", {}))
        patterns = [re.compile(p) for p in schema.get("patternProperties", {})]
        for name in [k for k in data if k not in known and not any(p.match(k) for p in patterns)]:
            self._report(f"unknown key {name!r}", name, known, (*path, name), key=True)
            value = data.pop(name)
            meant = closest(name, known)
            if meant is not None and meant not in data:
                data[meant] = value
            else:
                self.lost.append(path)

    def _values(self, schema: Any, data: dict[str, Any], path: Steps) -> None:
        for name in list(data):
            part = self._property(schema, name)
            required = name in schema.get("required", ())
            if part is not None and not self._word(part, data, name, path, required=required):
                self._walk(part, data[name], (*path, name))

    @staticmethod
    def _property(schema: Any, name: str) -> Any:
        if name in schema.get("properties", {}):
            return schema["properties"][name]
        found = [s for p, s in schema.get("patternProperties", {}).items() if re.match(p, name)]
        other = schema.get("additionalProperties")
        return found[0] if found else other if isinstance(other, dict) else None

    def _items(self, schema: Any, data: list[Any], path: Steps) -> None:
        for index in reversed(range(len(data))):
            if not self._word(schema, data, index, path):
                self._walk(schema, data[index], (*path, index))

    def _word(self, schema: Any, holder: Any, step: str | int, path: Steps, *, required: bool = False) -> bool:
        """Put an unknown word right; whether the value is a word of a closed list at all."""
        value = holder[step]
        known = self._resolve(schema, value).get("enum")
        if known is None or not isinstance(value, str):
            return known is not None
        words = [word for word in known if isinstance(word, str)]
        if words and value not in words:
            self._report(f"unknown {_noun(path, step)} {value!r}", value, words, (*path, step), key=False)
            meant = closest(value, words)
            if meant is not None:
                holder[step] = meant
                return True
            self.lost.append(path)
            if required:
                # Any word will do, since nothing is concluded from it; without one the schema would miss it too.
                holder[step] = words[0]
            else:
                del holder[step]
        return True

    def _report(self, message: str, name: str, known: list[str], path: Steps, *, key: bool) -> None:
        self.findings.append(self.document.finding(path, UNKNOWN, message, hint=hint_for(name, known), key=key))


def _noun(path: Steps, step: str | int) -> str:
    names = [s for s in (*path, step) if isinstance(s, str)]
    return names[-1] if names else "word"
