"""The description of an entry: a jinja2 template that can read the item and nothing else.

Templates come from a file that anyone may have pushed. So only output, conditions and a few filters are allowed: no
calls, no loops, no arithmetic, nothing whose result could outgrow its inputs. The sandbox is the second fence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from pleoctl.errors import Finding, InvalidFile
from pleoctl.mapping.failures import wrong
from pleoctl.mapping.items import attribute
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pleoctl.mapping.items import Item
    from pleoctl.place import Place

DEFAULT: Final = "{{ supplier.name }} {{ user.name }} {{ note }}"
MAX_LENGTH: Final = 500
MAX_DEPTH: Final = 40

#: What a template may name, and the item's field behind it.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "supplier": ("name", "code", "account", "categoryCode", "country", "taxIdentifier"),
    "vendor": ("name", "code", "externalId", "taxRegistrationNumber"),
    "user": ("name", "code"),
    "team": ("name", "code"),
    "invoice": ("number", "date", "dueDate"),
    "note": (),
    "type": (),
    "subType": (),
    "date": (),
    "currency": (),
    "reconciliationId": (),
}
_FULL: Final = {name: dict.fromkeys(fields, name) if fields else name for name, fields in FIELDS.items()}
_LEAST: Final = {name: name for name in ("type", "date", "currency", "reconciliationId")}
_FILTERS: Final = (
    "capitalize",
    "default",
    "first",
    "initials",
    "last",
    "lower",
    "replace",
    "title",
    "trim",
    "truncate",
    "upper",
)
_NODES: Final = (
    "Template",
    "Output",
    "TemplateData",
    "Name",
    "Getattr",
    "Filter",
    "Const",
    "If",
    "CondExpr",
    "Compare",
    "Operand",
    "And",
    "Or",
    "Not",
    "Test",
    "Concat",
    "Keyword",
)

Path = tuple[str, ...]
_PATHS: Final[set[Path]] = {
    path for name, fields in FIELDS.items() for path in ([(name, field) for field in fields] if fields else [(name,)])
}
_VALUE: Final = re.compile(r"\{\{ *([A-Za-z]+(?:\.[A-Za-z]+)?) *(?:\| *(initials|lower|trim|upper) *)?\}\}")


def initials(name: Any) -> str:
    """``Marie Jensen`` becomes ``MJ`` (D2: names are shortened to initials when space is short)."""
    return "".join(word[0] for word in str(name or "").split())


#: The filters that need nothing of jinja2's: of a text they make what jinja2's own make of it.
_PLAIN_FILTERS: Final[dict[str, Callable[[str], str]]] = {
    "initials": lru_cache(maxsize=1024)(initials),
    "lower": str.lower,
    "trim": str.strip,
    "upper": str.upper,
}


def _replaced(text: Any, old: str, new: str) -> str:
    """jinja2's filter, whose result may outgrow all bounds: a long note in the place of each of its letters."""
    if not old:
        raise ValueError("replace needs a text to look for")
    most = 10 * MAX_LENGTH
    return str(text)[:most].replace(str(old), str(new)[:most])[:most]


def squeeze(text: str) -> str:
    """Whitespace collapsed and the length bounded to `MAX_LENGTH` characters."""
    # Most texts are as they should be; no blank but the common one can be printed.
    plain = text.isprintable() and "  " not in text and text == text.strip()
    joined = text if plain else " ".join(text.split())
    return joined if len(joined) <= MAX_LENGTH else joined[: MAX_LENGTH - 1] + "…"


class Template(msgspec.Struct, frozen=True):
    """A compiled template: ``render`` gives the description of an item."""

    text: str
    render: Callable[[Item], str]


def compile_template(text: str, place: Place) -> Template:
    """The template of a text. Raises `InvalidFile` with every problem, unknown names as MAP001."""
    parts = _plain_parts(text)
    if parts is not None:
        return Template(text, _joiner(parts))
    from jinja2 import TemplateSyntaxError, nodes  # 40 ms that plain templates do not need

    environment = _environment()
    try:
        tree = environment.parse(text)
        deep = _is_deep(tree)
    except TemplateSyntaxError as error:
        raise InvalidFile.of(
            [Finding("template", _sentence(error.message), place=_at(place, text, error.lineno))]
        ) from error
    except RecursionError:
        deep = True
    if deep:
        raise InvalidFile.of(
            [Finding("template", _sentence("nested too deep"), place=place, hint="write a simpler one")]
        )
    problems = list(_problems(tree, place, text))
    if problems:
        raise InvalidFile.of(problems)
    hint = None
    try:
        template = environment.from_string(text)
        # A wrong argument of a filter shows only when it is used: with everything there, and with the least.
        template.render(_FULL).encode()
        hint = "test first what an item may lack: {% if note and note < … %}"
        template.render(_LEAST).encode()
    except Exception as error:
        raise InvalidFile.of([Finding("template", _sentence(f"{error}"), place=place, hint=hint)]) from error
    used = {node.name for node in tree.find_all(nodes.Name)}
    return Template(text, renderer(template, used))


def _is_deep(tree: Any) -> bool:
    """Whether working with the template would take for ever, or break the interpreter."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
    return bool(level)


def _sentence(message: str | None) -> str:
    return f"description: {message or 'malformed template'}"


def _at(place: Place, text: str, lineno: int) -> Place:
    """Where a line of a template stands."""
    # A folded or quoted scalar may join lines, so only a template of one line is sure to stand where it says.
    return place.below(lineno - 1) if "\n" in text else place


def _environment() -> Any:
    from jinja2 import ChainableUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Environment(SandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            # What a template may name is in plain dictionaries; to look among their methods first takes long.
            return obj[attribute] if type(obj) is dict and attribute in obj else super().getattr(obj, attribute)

    environment = Environment(undefined=ChainableUndefined, finalize=_text, autoescape=False)
    environment.filters["initials"] = initials
    environment.filters["replace"] = _replaced
    environment.globals.clear()
    return environment


def _text(value: Any) -> Any:
    return "" if value is None or isinstance(value, dict) else value


def _problems(tree: Any, place: Place, text: str) -> Iterator[Finding]:
    from jinja2 import nodes

    for node in (tree, *tree.find_all(nodes.Node)):
        kind = type(node).__name__
        if kind not in _NODES:
            yield Finding(
                "template",
                f"description: {kind} is not allowed in a template",
                place=_at(place, text, node.lineno),
                hint="use values, conditions and filters",
            )
        elif kind == "Filter" and node.name not in _FILTERS:
            yield _unknown(place, text, node, f"filter {node.name!r}", did_you_mean(node.name, list(_FILTERS), "known"))
        elif kind == "Name" and node.name not in FIELDS:
            yield _unknown(place, text, node, f"name {node.name!r}", did_you_mean(node.name, list(FIELDS), "known"))
        elif kind == "Getattr" and not _is_field(node):
            known = list(FIELDS.get(getattr(node.node, "name", ""), ()))
            yield _unknown(place, text, node, f"field {node.attr!r}", did_you_mean(node.attr, known, "known"))
        elif kind == "Output":
            for part in node.nodes:
                fields = FIELDS.get(getattr(part, "name", ""), ()) if type(part).__name__ == "Name" else ()
                if fields:
                    yield Finding(
                        "template",
                        f"description: {part.name} has several fields",
                        place=_at(place, text, part.lineno),
                        hint=f"write e.g. {{{{ {part.name}.{fields[0]} }}}}",
                    )


def _unknown(place: Place, text: str, node: Any, what: str, hint: str) -> Finding:
    return Finding(UNKNOWN, f"description: unknown {what}", place=_at(place, text, node.lineno), hint=hint)


def _is_field(node: Any) -> bool:
    if type(node.node).__name__ != "Name":
        return False
    # A name that is unknown is reported itself.
    return node.node.name not in FIELDS or node.attr in FIELDS[node.node.name]


class _Value(NamedTuple):
    path: Path
    filter: str | None


def _plain_parts(text: str) -> list[str | _Value] | None:
    """The parts of a template that only strings values together; None for any other template."""
    words = _VALUE.split(text)
    mixed: list[str | _Value] = [words[0]]
    for name, chosen, between in zip(words[1::3], words[2::3], words[3::3], strict=True):
        mixed += [_Value(tuple(name.split(".")), chosen), between]
    for part in mixed:
        if (part.path not in _PATHS) if isinstance(part, _Value) else ("{" in part or "}" in part):
            return None
    return [part for part in mixed if part]


_OF_INVOICE: Final = {"number": "invoice_number", "date": "invoice_date", "dueDate": "due_date"}


def _attributes(path: Path) -> tuple[str, str | None]:
    """The attribute of an item that a value begins at, and the one there that ends it, if it takes two."""
    name, *field = path
    if not field:
        return attribute(name), None
    return attribute(name), _OF_INVOICE[field[0]] if name == "invoice" else attribute(field[0])


def _reader(path: Path) -> Callable[[Item], str | None]:
    first, second = _attributes(path)
    find = attrgetter(first)
    if second is None:
        return find
    return lambda item: None if (holder := find(item)) is None else getattr(holder, second)


def _joiner(parts: list[str | _Value]) -> Callable[[Item], str]:
    # Templates of plain values are most templates; joining them directly is what keeps `map` fast.
    if parts == _plain_parts(DEFAULT):
        return _default
    pattern = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    texts = _texts([part for part in parts if not isinstance(part, str)])
    if pattern.split() != ["%s"] * pattern.count("%s"):
        return lambda item: squeeze(pattern % tuple(texts(item)))
    # The same where there are but blanks between values, which leaves less to squeeze.
    return lambda item: squeeze(" ".join([text for text in texts(item) if text]))


def _default(item: Item) -> str:
    """What `DEFAULT` gives, which most rules leave as it is, in the least steps."""
    supplier, user, note = item.supplier, item.user, item.note
    who = "" if supplier is None else supplier.name
    name = "" if user is None else user.name
    if who and name and note:
        return squeeze(f"{who} {name} {note}")
    return squeeze(" ".join([text for text in (who, name, note) if text]))


def _texts(values: list[_Value]) -> Callable[[Item], list[str]]:
    """What an item has in place of values, read in few steps."""
    asked = [(*_attributes(value.path), value.filter and _PLAIN_FILTERS[value.filter]) for value in values]

    def texts(item: Item) -> list[str]:
        made = []
        for first, second, change in asked:
            found = getattr(item, first)
            text = found if second is None or found is None else getattr(found, second)
            made.append("" if not text else change(text) if change else text)
        return made

    return texts


def renderer(template: Any, used: Collection[str] = FIELDS) -> Callable[[Item], str]:
    """How a template of jinja2 that has ``used`` names is filled from an item, in its own way.

    That is slower than what `compile_template` makes of plain values.
    """
    parts = [(name, _part(name, fields)) for name, fields in FIELDS.items() if name in used]

    def render(item: Item) -> str:
        # What an item lacks is undefined, since jinja2's filters would print None.
        context = {name: found for name, read in parts if (found := read(item)) is not None}
        try:
            return squeeze(template.render(context))
        except Exception as error:
            raise wrong(f"description: {error}; correct the template") from error

    return render


def _part(name: str, fields: tuple[str, ...]) -> Callable[[Item], dict[str, str] | str | None]:
    if not fields:
        return _reader((name,))
    readers = [(field, _reader((name, field))) for field in fields]
    return lambda item: {field: value for field, read in readers if (value := read(item)) is not None} or None
