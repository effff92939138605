"""Where a value of JSON text stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pleoctl.documents.strict import located

if TYPE_CHECKING:
    from shapes import Value

_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(data=_DATA, indent=st.sampled_from([None, 1, "\t"]), escaped=st.booleans(), choose=st.data())
def test_a_value_of_json_is_found_where_it_stands(
    data: Value, indent: int | str | None, *, escaped: bool, choose: st.DataObject
) -> None:
    """Whatever stands before it; a step that is not there ends at what it would stand in."""
    steps: list[str | int] = []
    value = data
    while value and isinstance(value, list | dict) and choose.draw(st.booleans()):
        step = choose.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        steps, value = [*steps, step], value[step]
    text = "\n " + json.dumps(data, indent=indent, ensure_ascii=escaped)
    line, column = located(text, steps)
    begin = sum(len(one) for one in text.split("\n")[: line - 1]) + line - 1 + column - 1
    assert json.JSONDecoder().raw_decode(text, begin)[0] == value
    assert located(text, [*steps, "\0absent", 0]) == (line, column) or (isinstance(value, dict) and "\0absent" in value)
