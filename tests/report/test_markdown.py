"""Markdown plans: what stands where, how long they get, and that nothing live becomes markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from plans import HOSTILE, change, hostile_plan, make_plan, refused
from pleoctl.markup import markdown
from pleoctl.report.markdown import Names, marker, part_marker, plan_comments, plan_markdown
from pleoctl.text import COMMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.plan.artifact import Plan

OURS = {
    "blockquote",
    "code",
    "details",
    "h2",
    "h3",
    "hr",
    "li",
    "p",
    "pre",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "br",
}
# What GitHub makes something of outside of code: mentions, references, digests, emoji, addresses.
LIVE = re.compile(r"@\w|(?<![\w&])#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|:\w+:|://|www\.|\w@\w", re.IGNORECASE)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from([*HOSTILE, "`", "|", "\\", " ", "@", "<", "\n", "a"]), max_size=6).map("".join),
)


class Seen(HTMLParser):
    """The tags of a page, its text inside code, and its text outside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.code: list[str] = []
        self.prose: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        """Note it."""
        self.tags.add(tag)
        if tag in {"code", "pre"}:
            self._open.append(tag)
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave code."""
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Sort the text."""
        if self._open:
            self.code[-1] += data
        else:
            self.prose.append(data)


def _markdown_it(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"linkify": True, "html": True}).render(text))


def _cmark(text: str) -> str:
    extensions = [part for name in ("autolink", "table", "strikethrough", "tasklist") for part in ("-e", name)]
    done = subprocess.run(
        ["cmark-gfm", "--unsafe", *extensions], input=text.encode(), capture_output=True, check=True, timeout=30
    )
    return done.stdout.decode()


RENDERERS = [
    pytest.param(_markdown_it, id="markdown-it"),
    pytest.param(
        _cmark,
        id="cmark-gfm",
        marks=pytest.mark.skipif(
            shutil.which("cmark-gfm") is None, reason="GitHub's own renderer is not installed (apt: cmark-gfm)"
        ),
    ),
]


def written(plan: Plan, names: Names | None = None, *, max_bytes: int = COMMENT_BYTES) -> str:
    """The plan's markdown as text."""
    return str(plan_markdown(plan, names or Names(), max_bytes=max_bytes))


def comments(plan: Plan, *, max_bytes: int = COMMENT_BYTES) -> list[str]:
    """The plan's comments as text."""
    return [str(comment) for comment in plan_comments(plan, max_bytes=max_bytes)]


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("archives", [0, 30, 4000])
def test_nothing_hostile_comes_to_life(render: Callable[[str], str], archives: int) -> None:
    """4,000 changes with hostile names give our own tags and text, and no mention, reference, link, image or HTML."""
    seen = Seen(render(written(hostile_plan(archives=archives), Names(commit="f6266ba"))))
    assert seen.tags <= OURS
    assert LIVE.findall("".join(seen.prose)) == []


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_reads_as_it_is(render: Callable[[str], str], name: str) -> None:
    """Each name stands in a list and in a table cell as its own characters, whatever they are."""
    plan = make_plan(change("archive", name=name), change("create", "ext-2", name=name))
    page = render(written(plan))
    text = "".join(re.sub(r"<[^>]*>", "", page).split())
    shown = re.sub(r"[\x00-\x1f\u200b-\u202e\U000e0041]", lambda m: _spelt(m[0]), name)
    assert text.count(_html("".join(shown.split()))) >= 2


@settings(max_examples=150)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text_stays_text(texts: list[str]) -> None:
    """Whatever the texts are, a row of them gives code and prose only, and prose that GitHub makes nothing of."""
    row = "| a |\n|---|\n" + "\n".join(f"| {markdown(t)} |" for t in texts) + "\n\n"
    seen = Seen(_markdown_it(row + "\n".join(f"- x {markdown(t)}" for t in texts)))
    assert seen.tags <= {"table", "thead", "tbody", "tr", "th", "td", "ul", "li", "code", "p"}
    assert LIVE.findall(" ".join(seen.prose)) == []


@pytest.mark.parametrize("budget", [5_000, 20_000, 60_000])
@pytest.mark.parametrize("archives", [0, 3, 40])
def test_the_budget_is_kept(budget: int, archives: int) -> None:
    """As long as the archives fit, the text is no longer than asked for, in UTF-8 bytes."""
    text = written(hostile_plan(archives=archives), max_bytes=budget)
    assert len(text.encode()) <= budget
    assert "no archive is ever left out" not in text


@pytest.mark.parametrize("archives", [1, 30, 600, 2500])
def test_no_archive_is_ever_cut_away(archives: int) -> None:
    """However many there are, each archive's key stands in the text; other changes make room."""
    changes = [change("archive", f"gone-{i:04}") for i in range(archives)]
    others = [change("create", f"new-{i}") for i in range(4000)]
    text = written(make_plan(*changes, *others))
    assert all(f"gone-{i:04}" in text for i in range(archives))
    assert "more; the plan file has them all" in text
    assert len(text.encode()) <= 60_000


def test_too_many_archives_are_said_to_be_too_many() -> None:
    """Where even keys alone exceed the budget, all of them stay and the text says that it is longer."""
    text = written(make_plan(*(change("archive", f"gone-{i:04}") for i in range(500))), max_bytes=3000)
    assert "Longer than the 3000 bytes asked for" in text
    assert all(f"gone-{i:04}" in text for i in range(500))


def test_the_worst_comes_first() -> None:
    """Totals, then archives in use, other archives, risky updates, and collapsed the rest."""
    plan = make_plan(
        change("archive", "a-plain"),
        change("archive", "z-used", warnings=["in-use-contra"]),
        change("update", "m-code", after={"code": "2000"}),
        change("update", "m-name"),
        change("create", "c-new"),
    )
    text = written(plan)
    places = [
        "2 to archive, 2 to update, 1 to create",
        "account:z-used",
        "account:a-plain",
        "Risky updates (1)",
        "account:m-code",
        "<details><summary>Updates (1)",
        "account:m-name",
        "Creates (1)",
        "account:c-new",
    ]
    assert sorted(places, key=text.index) == places
    assert "a contra account uses it" in text


def test_it_says_what_it_is_and_how_to_apply_it() -> None:
    """Marker on the first line, id, commit and the exact command are there; a file name cannot break out of it."""
    plan = make_plan(change())
    text = written(plan, Names("a b;`id`\n.json", "f6266ba"))
    assert text.startswith(f"{marker(plan)}\n<!-- pleoctl-plan-id {plan.id} -->\n")
    assert "commit `f6266ba`" in text
    assert f"pleoctl apply 'a b;`id`\\u000a.json' --expect-id {plan.id}\n" in text


def test_a_refused_plan_offers_no_command() -> None:
    """The guard's findings stand on top, and there is nothing to apply."""
    text = written(make_plan(change("archive"), guard=refused("21 accounts would be archived")))
    assert text.index("The guard refuses this plan") < text.index("### ⛔ Archives")
    assert "pleoctl apply" not in text


def test_an_empty_plan_is_short() -> None:
    """No changes is said in the title."""
    text = written(make_plan())
    assert "no changes" in text
    assert "pleoctl apply" not in text


def test_archives_go_on_in_further_comments() -> None:
    """Archives too many for one comment fill others; each is small enough and found by a marker of its own."""
    plan = make_plan(
        *(change("archive", f"gone-{i:04}") for i in range(4000)), *(change(key=f"u{i}") for i in range(99))
    )
    parts = comments(plan, max_bytes=20_000)
    assert len(parts) > 2
    assert all(len(part.encode()) <= 20_000 for part in parts)
    assert all(any(f"gone-{i:04}" in part for part in parts) for i in range(4000))
    firsts = [part.split("\n", 1)[0] for part in parts]
    assert firsts[0] == str(marker(plan))
    assert firsts[1:] == [str(part_marker(plan, ".", number)) for number in range(2, len(parts) + 1)]


def test_a_plan_that_fits_is_one_comment() -> None:
    """Most plans are one comment, the same as the markdown."""
    plan = make_plan(change("archive"))
    assert comments(plan) == [written(plan)]


def _spelt(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def test_names_in_a_table_look_alike() -> None:
    """Codes and names of archives are code, whether or not they have characters that need it."""
    text = written(
        make_plan(change("archive", "a", "Fax", code="1"), change("archive", "b", "Fax – gammal", code="K.2"))
    )
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("|  |") and "account:" in line]
    assert [row[2:4] for row in rows] == [["`1`", "`Fax`"], ["`K.2`", "`Fax – gammal`"]]
