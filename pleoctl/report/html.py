"""A plan as one self-contained page: no network, a strict content security policy, readable without scripts."""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pleoctl.model.kinds import KINDS, kind_titles
from pleoctl.report import impact, posting
from pleoctl.report.flows import BAR, WIDTH, drawings
from pleoctl.report.markdown import totals
from pleoctl.report.review import ACTIONS, TITLES, by_code, by_kind, columns, differences, left_alone, ranked, risk
from pleoctl.text import Shown
from pleoctl.words import many, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Template

    from pleoctl.mapping.analysis.impact import Impact
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.model.changes import Change
    from pleoctl.plan.artifact import Plan
    from pleoctl.report.posting import Review

_TOGETHER: Final = 10_000
STATES: Final = {"archive": ("active", "archived"), "unarchive": ("archived", "active")}


class Html:
    """A page: a template of ours, filled with what is shown as it is."""

    def __init__(self, template: Template, **values: object) -> None:
        self._page = b"".join(_encoded(chain(template.generate(values), "\n")))

    def __bytes__(self) -> bytes:
        return self._page

    def __str__(self) -> str:
        return self._page.decode()


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    """Some at a time: as one text, with a single character that is a picture, a page takes four times its bytes."""
    while some := list(islice(pieces, _TOGETHER)):
        # Lone surrogates cannot be encoded; the filter of all that is filled in has turned them into escapes.
        yield "".join(some).encode()


def plan_html(plan: Plan, *, file: str = "plan.json", commit: str | None = None) -> Html:
    """The page; ``file`` and ``commit`` go into the instructions."""
    changes = ranked(plan.changes)
    groups = [(TITLES[a], found) for a in ACTIONS if (found := [c for c in changes if c.action == a])]
    return page(
        "plan.html.j2",
        ["plan.css"],
        "plan.js",
        plan=plan,
        head=plan.head,
        headline=totals(plan.head.summary) or "no changes",
        counted=columns(plan.head.summary),
        kind_titles=kind_titles(),
        left=left_alone(plan),
        kinds=by_kind(plan.head.summary),
        groups=groups,
        warnings=by_code(plan.head.warnings),
        risky=sum(bool(risk(c)) for c in changes),
        commit=commit if commit and commit.isalnum() else None,
        command=f"pleoctl apply {shlex.quote(file)} --expect-id {plan.id}",
    )


def posting_html(review: Review, *, file: str = "posting.json") -> Html:
    """A posting plan as a page; ``file`` goes into the instructions."""
    return page(
        "posting.html.j2",
        ["plan.css", "posting.css"],
        review=review,
        plan=review.plan,
        command=f"pleoctl apply {shlex.quote(file)} --expect-id {review.plan.id}",
    )


#: Items that a page of an impact lists.
MOST_ITEMS: Final = 1000


def impact_html(found: Impact, rules: Rules) -> Html:
    """An impact as a page: what moves, drawn and as tables, and the items that move."""
    shown = found.listed[:MOST_ITEMS]
    return page(
        "impact.html.j2",
        ["plan.css", "impact.css"],
        found=found,
        headline=impact.headline(found),
        drawings=drawings(found, rules),
        width=WIDTH,
        bar_width=BAR,
        tables=impact.tables(found, rules),
        items=[(one, impact.changes(one, rules)) for one in shown],
        left_out=found.changed - len(shown),
    )


def page(template: str, styles: Sequence[str], script: str | None = None, **values: object) -> Html:
    """A page of a template with its styles and its script, which alone may run in it."""
    style, code = Markup().join(map(_asset, styles)), _asset(script) if script else None
    runs = f" script-src '{_hash(code)}';" if code else ""
    policy = f"default-src 'none'; style-src '{_hash(style)}';{runs} base-uri 'none'; form-action 'none'"
    return Html(_template(template), css=style, script=code, policy=policy, **values)


def _rows(change: Change) -> list[tuple[str, str, str, bool]]:
    """``(field, before, after, differs)`` as a reader sees them."""
    rows = []
    if change.action in STATES:
        rows.append(("state", *STATES[change.action], True))
    created = change.before is None
    titles = {one.name: one.title for one in KINDS[change.kind].fields if one.title}
    for field, before, after, differs in differences(change):
        if after is not None or not created:
            title = titles.get(field, field)
            rows.append((title, "–" if created else _value(before), _value(after), differs))
    return rows


def _value(value: Any) -> str:
    return "(none)" if value is None else str(value)


@cache
def _template(name: str) -> Template:
    loader = PackageLoader("pleoctl.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_shown)
    environment.filters |= {"risk": risk, "rows": _rows, "many": many, "spoken": spoken}
    environment.filters |= {"title": posting.title, "t_lines": posting.t_lines, "looks": posting.looks_at}
    return environment.get_template(name)


def _shown(value: object) -> object:
    """What every expression of the template goes through."""
    return value if isinstance(value, Markup) else str(Shown(value))


def _asset(name: str) -> Markup:
    """A file of our own, without markup that would end its element."""
    text = (files("pleoctl.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
