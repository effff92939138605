"""The html page as bytes: self-contained, strict, complete, and nothing live in it is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plans import HOSTILE, change, hostile_plan, make_plan, refused
from pleoctl.report.html import plan_html
from pleoctl.text import obeyed_by_nobody

if TYPE_CHECKING:
    from pleoctl.plan.artifact import Plan
    from shapes import Value

OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "header",
    "p",
    "h1",
    "h2",
    "h3",
    "dl",
    "div",
    "dt",
    "dd",
    "code",
    "main",
    "section",
    "ul",
    "li",
    "strong",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "form",
    "label",
    "input",
    "fieldset",
    "legend",
    "button",
    "ol",
    "bdi",
    "del",
    "ins",
    "pre",
    "footer",
    "script",
    "details",
    "summary",
    "em",
}
ATTRIBUTES = {"href", "src", "action", "srcset", "data", "poster", "style", "formaction"}


def page(plan: Plan, **given: Value) -> str:
    """The page as text."""
    return str(plan_html(plan, **given))


class Page(HTMLParser):
    """Tags, attributes that could load or run something, and the text inside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: set[tuple[str, str | None]] = set()
        self.inside: dict[str, str] = {}
        self.metas: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Value) -> None:
        """Note it."""
        self.tags.add(tag)
        self._open = tag
        self.loads |= {(n, v) for n, v in attrs if n in ATTRIBUTES or n.startswith("on")}
        found = dict(attrs)
        if tag == "meta" and "http-equiv" in found:
            self.metas[found["http-equiv"]] = found["content"]

    def handle_data(self, data: str) -> None:
        """Keep what style and script hold."""
        if self._open in {"style", "script"}:
            self.inside[self._open] = self.inside.get(self._open, "") + data

    def handle_endtag(self, _tag: str) -> None:
        """Leave it."""
        self._open = ""


def test_it_loads_nothing_and_runs_only_its_own_script() -> None:
    """The policy forbids everything but the page's own style and script, known by hash; no attribute loads or runs."""
    seen = Page(page(hostile_plan(200, 40)))
    policy = seen.metas["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(seen.inside[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert seen.loads == {("href", "#changes")}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(name: str) -> None:
    """Each name adds no tag and no attribute, and no raw control or bidi character."""
    changes = (change("archive", name, name, warnings=["in-use-category"]), change("update", f"{name}2", name))
    made = page(make_plan(*changes, guard=refused(name)), file=f"{name}.json")
    seen = Page(made)
    assert seen.tags <= OURS
    assert seen.loads == {("href", "#changes")}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u200b\u2028-\u202e]", made)


@settings(max_examples=40)
@example(name="::0")
@example(name="##[0")
@given(name=st.text(max_size=60))
def test_any_name_is_text(name: str) -> None:
    """Whatever the name is, the page has our tags only, can be encoded, and shows it but for what CI would obey."""
    made = page(make_plan(change("create", "k", name, code=name)))
    assert Page(made).tags <= OURS
    made.encode()
    if name.isprintable() and name.isascii():
        assert obeyed_by_nobody(name) in unescape(made)


def test_every_change_stands_in_it() -> None:
    """Without a script the page is complete: all changes, guard findings, warnings, totals, command, commit."""
    plan = hostile_plan(500, 100)
    made = page(plan, commit="f6266ba", file="plan.json")
    assert made.count('<li class="change ') == 500
    for text in (plan.id, "100 to archive", "--expect-id", "f6266ba", "held-row", "--allow-archive 100"):
        assert text in made


def test_a_refused_plan_offers_no_command() -> None:
    """The findings are told with their hints; there is no command."""
    made = page(make_plan(change("archive"), guard=refused("3 of 3 accounts would be archived")))
    assert "3 of 3 accounts would be archived" in made
    assert "(--allow-archive 3)" in made
    assert "pleoctl apply" not in made


def test_an_empty_plan_says_so() -> None:
    """No changes, no filters."""
    made = page(make_plan())
    assert "in line with the desired state" in made
    assert "<form" not in made


def test_differences_stand_side_by_side() -> None:
    """A field that differs has its value now and its value after; one that does not stands once."""
    made = page(make_plan(change("update", code="4000", after={"name": "Marketing"}, name="Advertising")))
    assert re.search(r"<del><bdi>Advertising</bdi></del>.*<ins><bdi>Marketing</bdi></ins>", made)
    assert made.count("<bdi>4000</bdi>") == 1


def test_the_worst_comes_first() -> None:
    """Archives before updates before creates; what is in use before what is not."""
    made = page(
        make_plan(
            change("create", "c"),
            change("update", "b"),
            change("archive", "a1"),
            change("archive", "a2", warnings=["in-use-category"]),
        )
    )
    order = ["account:a2</bdi>", "account:a1</bdi>", "account:b</bdi>", "account:c</bdi>"]
    body = made[made.index('id="changes"') :]
    assert sorted(order, key=body.index) == order
