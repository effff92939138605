"""Plans for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from plans import change, hostile_plan, make_plan, refused
from pleoctl.report.markdown import plan_markdown
from pleoctl.report.text import plan_text
from pleoctl.text import Shown


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_lines_of_changes_fit_the_terminal(width: int) -> None:
    """Whatever names contain, wide characters too, no line of a change is wider than the terminal."""
    plan = make_plan(*(change("update", f"名前{i}", "長い名前 " * 12) for i in range(20)))
    lines = plan_text(plan, width=width).plain.splitlines()
    changes = lines[lines.index("") : -3]
    assert max(map(cell_len, changes)) <= width


@pytest.mark.parametrize("width", [60, 80])
def test_every_other_line_fits_the_terminal(width: int) -> None:
    """Totals, warnings, refusals and the words of a long address are wrapped as well, without blanks at the end."""
    warnings = [{"code": "held-row", "address": "account:a", "message": "may mean any account" + " at all" * 20}]
    guard = refused("21 accounts would be archived" + " and more" * 20)
    plan = make_plan(change("create", "a"), change("archive", "b" * 34), warnings=warnings, guard=guard)
    lines = plan_text(plan, width=width).plain.splitlines()
    assert max(map(cell_len, lines[1:])) <= width
    assert all(line == line.rstrip() for line in lines)


def test_a_refusal_without_an_address_reads_like_one_with() -> None:
    """Code, a colon, the words; no blank where an address would stand."""
    finding = {"code": "wrong-number", "level": "error", "message": "1 archive is in the plan, not 2", "hint": "x"}
    guard = {**refused(), "findings": [finding]}
    assert "\n  wrong-number: 1 archive is in the plan, not 2 (x)\n" in plan_text(make_plan(guard=guard)).plain
    assert "\n> - 1 archive is in the plan, not 2 (x)\n" in str(plan_markdown(make_plan(guard=guard)))


def test_without_a_terminal_a_change_is_one_line() -> None:
    """In a file or a pipe every change is one line that can be searched for, however long."""
    plan = make_plan(change("update", "ext-1", "long " * 100))
    assert sum("ext-1" in line and "new" in line for line in plan_text(plan).plain.splitlines()) == 1


def test_ten_thousand_changes_stay_readable() -> None:
    """Thousands of changes become some hundred lines with counts; archives are all there, and before the others."""
    text = plan_text(hostile_plan(10_000, 60)).plain
    assert len(text.splitlines()) < 2000
    assert text.count("- archive") == 60
    assert "more to create (all of them: --format json or html)" in text


def test_each_group_shows_the_worst_first() -> None:
    """Archives, then unarchives, updates, creates; the tag group that loses something before one that does not."""
    plan = make_plan(
        change("create", "c"),
        change("update", "u"),
        change("archive", "a"),
        change("unarchive", "n"),
        change("create", "t1", parent="AAA"),
        change("archive", "t2", parent="BBB"),
    )
    text = plan_text(plan).plain
    order = ["account:a", "account:n", "account:u", "account:c", "Tags of BBB", "Tags of AAA"]
    assert sorted(order, key=text.index) == order


def test_brief_is_counts_only() -> None:
    """Brief names kinds, groups and counts, no single change."""
    text = plan_text(hostile_plan(300, 30), brief=True).plain
    assert "Accounts: " in text
    assert "account:" not in text.split("warning")[0]


def test_a_risky_change_says_why() -> None:
    """A new account number and an archive in use are marked in their own line."""
    plan = make_plan(change("update", "u", after={"code": "9"}), change("archive", "a", warnings=["in-use-contra"]))
    text = plan_text(plan).plain
    assert "[its number changes]" in text
    assert "[a contra account uses it]" in text


def test_a_colour_ends_with_its_line() -> None:
    """Coloured words that are wrapped are coloured on each line, and what stands before them on it is not."""
    lines = Shown("ab ").hanging("c " + Shown.styled("word " * 8, colour="red") + "d", 3, 30).coloured.split("\n")
    assert len(lines) > 1
    assert [line.count("\x1b[31m") for line in lines] == [line.count("\x1b[0m") for line in lines] == [1] * len(lines)
    assert all(line.startswith("   \x1b[31mword") for line in lines[1:])


def test_no_control_character_reaches_the_terminal() -> None:
    """Apart from our own colours nothing in the text moves a cursor or turns its direction."""
    text = plan_text(hostile_plan(500, 100)).plain
    assert not set(text) & {"\x1b", "\u202e", "\x07", "\r", "\t", "\u200b"}


@given(text=st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])), width=st.integers(30, 90))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    """A wrapped text has all its characters except blanks, and no line is too wide."""
    lines = str(Shown("ab ").hanging(text, 3, width)).split("\n")
    assert "".join("".join(lines).split()) == "".join(f"ab {text}".split())
    assert all(cell_len(line) <= width or " " not in line.strip() for line in lines)


def test_padding_counts_cells() -> None:
    """A wide character takes two cells."""
    assert str(Shown("名").padded(4)) == "名  "


@pytest.mark.parametrize(
    ("url", "per_minute", "told"),
    [
        ("https://external.staging.pleo.io", None, "30 to write; applying takes about 4 s (0.15 s a write)."),
        ("https://external.staging.pleo.io", 10, "30 to write; applying takes about 2 min (10 requests a minute)."),
        ("http://127.0.0.1:8080", None, "30 to write."),
        ("http://127.0.0.1:8080", 10, "30 to write; applying takes about 2 min (10 requests a minute)."),
        ("http://127.0.0.1:8080", 500, "30 to write."),
    ],
)
def test_what_applying_takes_is_told_with_its_reason(url: str, per_minute: int | None, told: str) -> None:
    """Pleo's pace or the limit that was asked for, whichever is slower; no guess for a server on this machine."""
    plan = make_plan(*(change("create", str(number)) for number in range(30)), url=url)
    assert f"\nRequests: 7 read, {told}\n" in plan_text(plan, per_minute=per_minute).plain
