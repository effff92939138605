"""Unknown names (MAP001): keys and words of a rule file that its schema does not know.

A name with an obvious correction is corrected in the loaded data, so that the rest of the file is analysed as it was
meant; a name without one is taken out, and its row is doubtful: no conclusion is drawn from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.documents.published import schema_of
from pleoctl.errors import MOST_ALIKE, More
from pleoctl.model.kinds import KINDS
from pleoctl.text import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

    from pleoctl.documents.document import Document, Steps
    from pleoctl.errors import Finding

UNKNOWN: Final = "MAP001"
SCHEMA: Final = "mapping"


class Spelling(msgspec.Struct, eq=False):
    """Findings about unknown names of one document, whose data is put right in place.

    ``more`` counts the unknown names that no finding tells of.
    """

    document: Document
    findings: list[Finding] = msgspec.field(default_factory=list)
    more: int = 0
    _lost: set[Steps] = msgspec.field(default_factory=set)
    _root: Any = msgspec.field(default_factory=lambda: schema_of(SCHEMA, tuple(KINDS)))

    def correct(self) -> None:
        """Walk the document's data along its schema."""
        self._walk(self._root, self.document.data, ())
        if self.more:
            self.findings.append(More.like(self.findings[0], self.more, "error"))

    def is_lost(self, path: Steps) -> bool:
        """Whether something below ``path`` was taken out."""
        return path in self._lost

    def _lose(self, path: Steps) -> None:
        self._lost.update(path[:depth] for depth in range(len(path) + 1))

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
                # The only conditions that the schema uses are "is it a list" and "is it a mapping".
                kind = list if schema["if"]["type"] == "array" else dict
                schema = schema["then"] if isinstance(data, kind) else schema["else"]
        return schema

    def _keys(self, schema: Any, data: dict[str, Any], path: Steps) -> None:
        if schema.get("additionalProperties", True) is not False:
            return
        known = schema.get("properties", {})
        patterns = [re.compile(p) for p in schema.get("patternProperties", {})]
        for name in [k for k in data if k not in known and not any(p.match(k) for p in patterns)]:
            meant = self._report(f"unknown key {name!r}", name, known, (*path, name), key=True)
            value = data.pop(name)
            if meant is not None and meant not in data:
                data[meant] = value
            else:
                self._lose(path)

    def _values(self, schema: Any, data: dict[str, Any], path: Steps) -> None:
        for name in list(data):
            part = self._property(schema, name)
            required = name in schema.get("required", ())
            if part is not None and not self._word(part, data, name, path, required=required):
                self._walk(part, data[name], (*path, name))
                if not required and self._emptied(data[name], (*path, name)):
                    del data[name]

    def _emptied(self, value: Any, path: Steps) -> bool:
        """Whether all that a mapping or a list had was taken out, so that the schema would miss something in it."""
        return not value and isinstance(value, dict | list) and path in self._lost

    @staticmethod
    def _property(schema: Any, name: str) -> Any:
        if name in schema.get("properties", {}):
            return schema["properties"][name]
        found = [s for p, s in schema.get("patternProperties", {}).items() if re.match(p, name)]
        other = schema.get("additionalProperties")
        return found[0] if found else other if isinstance(other, dict) else None

    def _items(self, schema: Any, data: list[Any], path: Steps) -> None:
        for index in range(len(data)):
            if not self._word(schema, data, index, path):
                self._walk(schema, data[index], (*path, index))
                if self._emptied(data[index], (*path, index)):
                    data[index] = _GONE
        data[:] = [item for item in data if item is not _GONE]

    def _word(self, schema: Any, holder: Any, step: str | int, path: Steps, *, required: bool = False) -> bool:
        """Put an unknown word right; whether the value is a word of a closed list at all."""
        value = holder[step]
        known = self._resolve(schema, value).get("enum")
        if known is None or not isinstance(value, str):
            return known is not None
        words = [word for word in known if isinstance(word, str)]
        if words and value not in words:
            meant = self._report(f"unknown {_noun(path, step)} {value!r}", value, words, (*path, step), key=False)
            if meant is not None:
                holder[step] = meant
                return True
            self._lose(path)
            if required:
                # Any word will do, since nothing is concluded from it; without one the schema would miss it too.
                holder[step] = words[0]
            elif isinstance(step, int):
                holder[step] = _GONE
            else:
                del holder[step]
        return True

    def _report(self, message: str, name: str, known: Collection[str], path: Steps, *, key: bool) -> str | None:
        """Tell an unknown name, and what was meant by it; names that nobody would read are counted and not guessed."""
        if len(self.findings) >= MOST_ALIKE:
            self.more += 1
            return None
        hint = did_you_mean(name, known, "known")
        self.findings.append(self.document.finding(path, UNKNOWN, message, hint=hint, key=key))
        return closest(name, known)


#: Stands for an item of a list that is taken out.
_GONE: Final = object()


def _noun(path: Steps, step: str | int) -> str:
    names = [s for s in (*path, step) if isinstance(s, str)]
    return names[-1] if names else "word"
