"""Texts that writers and readers of YAML may stumble over."""

from __future__ import annotations

import re

from hypothesis import strategies as st

PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


AWKWARD = [
    '"',
    "\\",
    "'",
    "#",
    ": ",
    " #",
    "- ",
    "{",
    "}",
    "[",
    ",",
    "&a",
    "*a",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "\t",
    "\n",
    "\r",
    "\0",
    "\x07",
    "\x1f",
    "\x7f",
    "\x85",
    "\x9f",
    "\xa0",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ud800",
    "\udc00",
    "\ue000",
    "😀",
    "🇸🇪",
    "ä",
    "a\u0308",
    "ß",
    "İ",
    "null",
    "true",
    "0100",
    "NO",
    "~",
    " ",
    "\\u0041",
    "\\n",
    "active: false",
    ', hold: "x"',
    "...",
    "---",
    "/",
]


TEXT = st.one_of(
    st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(max_size=4)), max_size=5).map("".join),
    st.text(max_size=20),
    st.characters().map(lambda c: c * 255),
).filter(lambda t: not PAIR.search(t))
