"""The html page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from plans import HOSTILE, change, hostile_plan, make_plan, refused
from pleoctl.report.html import plan_html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome

    from pleoctl.plan.artifact import Plan
    from shapes import Value

# The relative luminance and ratio of WCAG 2, over every element that has text of its own.
CONTRAST = """
const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const found = rgb(getComputedStyle(e).backgroundColor);
    if (found.length < 4 || found[3] === 1) return found;
  }
  return rgb(getComputedStyle(document.documentElement).colorScheme === "dark" ? "rgb(0,0,0)" : "rgb(255,255,255)");
};
const poor = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  if (element.closest(".hidden, .skip")) continue;
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
}
return [...new Set(poor)];
"""


@pytest.fixture
def open_plan(chromium: Chrome, tmp_path: Path) -> Callable[[Plan], Chrome]:
    """Shows a plan in the browser; its console is empty at the start."""

    def show(plan: Plan) -> Chrome:
        path = tmp_path / "plan.html"
        path.write_text(str(plan_html(plan, commit="f6266ba")), encoding="utf-8")
        chromium.get_log("browser")  # type: ignore[no-untyped-call]
        chromium.get(path.as_uri())
        return chromium

    return show


def _visible(browser: Chrome) -> list[str]:
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('.change')].filter((e) => e.checkVisibility()).map("
        "(e) => e.querySelector('.address').textContent)"
    )
    return found


def _console(browser: Chrome) -> list[Value]:
    found: list[Value] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return found


def _mixed() -> Plan:
    return make_plan(
        change("archive", "old", "Fax", warnings=["in-use-category"]),
        change("update", "mid", "Travel"),
        change("update", "num", "Rent", code="5000", after={"code": "5001"}),
        change("create", "new", "Solar"),
        change("create", "eng", "Engineering", parent="DEPT"),
        change("unarchive", "back", "Post"),
        guard=refused("1 of 1 active accounts would be archived"),
    )


def test_search_and_filters_narrow_the_list(open_plan: Callable[[Plan], Chrome]) -> None:
    """Words, actions, kinds and risk each hide what does not match, the count says so, and Clear brings all back."""
    browser = open_plan(_mixed())
    search = browser.find_element(By.ID, "search")
    assert len(_visible(browser)) == 6
    search.send_keys("SOLAR")
    assert _visible(browser) == ["account:new"]
    assert browser.find_element(By.ID, "shown").text == "1 of 6"
    search.send_keys(Keys.ESCAPE)
    assert len(_visible(browser)) == 6
    browser.find_element(By.CSS_SELECTOR, "input[value=archive]").click()
    assert "account:old" not in _visible(browser)
    browser.find_element(By.CSS_SELECTOR, "input[value=account]").click()
    assert _visible(browser) == ["tag:DEPT/eng"]
    browser.find_element(By.ID, "clear").click()
    assert len(_visible(browser)) == 6
    browser.find_element(By.ID, "risky").click()
    assert _visible(browser) == ["account:old", "account:num"]
    search.send_keys("no such thing")
    assert browser.find_element(By.ID, "nothing").is_displayed()
    assert _console(browser) == []


def test_the_keyboard_is_enough(open_plan: Callable[[Plan], Chrome]) -> None:
    """The first stop skips to the changes; slash goes to the search; a filter is toggled by the space bar."""
    browser = open_plan(_mixed())
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the changes"
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    assert browser.switch_to.active_element.get_attribute("id") == "search"
    browser.switch_to.active_element.send_keys(Keys.TAB, Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert "account:old" not in _visible(browser)


def test_hostile_names_show_as_text(open_plan: Callable[[Plan], Chrome]) -> None:
    """Names that try everything run nothing, load nothing and stand there as they are."""
    browser = open_plan(hostile_plan(len(HOSTILE) * 2, len(HOSTILE)))
    text = browser.execute_script("return document.body.textContent")
    for name in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "@octocat",
        "{{ 7*7 }}",
        "\\u202etxt.exe",
    ):
        assert name in text
    count = "return document.images.length + document.scripts.length + document.links.length"
    assert browser.execute_script(count) == 2
    assert _console(browser) == []


def test_five_thousand_changes_are_narrowed_by_a_search(open_plan: Callable[[Plan], Chrome]) -> None:
    """The page of a large plan loads without a complaint, and a key press leaves those that match."""
    browser = open_plan(hostile_plan(5000, 500))
    browser.execute_script(
        "const search = document.getElementById('search'); search.value = 'octocat4';"
        "search.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    assert 0 < len(_visible(browser)) < 5000
    assert _console(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(open_plan: Callable[[Plan], Chrome], scheme: str) -> None:
    """Every text has a contrast of 4.5 to 1 or more, in the light and in the dark."""
    browser = open_plan(_mixed())
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        assert browser.execute_script(CONTRAST) == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_is_laid_out_in_landmarks(open_plan: Callable[[Plan], Chrome]) -> None:
    """One banner, main, footer and title; every section and input has a name; headings go down in steps of one."""
    browser = open_plan(_mixed())
    problems = browser.execute_script(
        "const bad = []; for (const tag of ['header', 'main', 'footer', 'h1'])"
        " if (document.querySelectorAll(tag).length !== 1) bad.push(tag);"
        "for (const e of document.querySelectorAll('section'))"
        " if (!document.getElementById(e.getAttribute('aria-labelledby'))) bad.push(e.className);"
        "for (const e of document.querySelectorAll('input')) if (!e.labels.length) bad.push(e.name);"
        "const levels = [...document.querySelectorAll('h1,h2,h3')].map((e) => +e.tagName[1]);"
        "levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) bad.push(`h${level}`) }); return bad"
    )
    assert problems == []
    assert browser.title.startswith("Pleo plan: 1 to archive")


def test_it_is_whole_without_scripts_and_on_paper(open_plan: Callable[[Plan], Chrome]) -> None:
    """Without scripts there are all changes and no dead filters; on paper the filters are gone and rows are not."""
    browser = open_plan(_mixed())
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.refresh()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert len(_visible(browser)) == 6
    assert not browser.find_element(By.ID, "filters").is_displayed()
    browser.refresh()
    assert browser.find_element(By.ID, "filters").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not browser.find_element(By.ID, "filters").is_displayed()
        assert len(_visible(browser)) == 6
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("width", [500, 1280])
def test_the_totals_fit_a_narrow_window(open_plan: Callable[[Plan], Chrome], width: int) -> None:
    """No column of the totals has to be scrolled to, and nothing stands out at the side."""
    browser = open_plan(_mixed())
    browser.set_window_size(width, 1000)
    try:
        over = "return [document.documentElement, ...document.querySelectorAll('.scroll')]"
        over += ".map((e) => e.scrollWidth - e.clientWidth)"
        assert max(browser.execute_script(over)) <= 0
    finally:
        browser.set_window_size(1280, 1000)
