"""What a table's own settings make of its cells: rates in their unit, a currency that is the same for all vendors."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pleoctl.model.rates import of_number, of_percent, spelt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.model.kind import Kind
    from pleoctl.sources.base import Table


def filled(cells: dict[str, Any], kind: Kind, table: Table, section: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a row as the source's section (``rateUnit``, ``defaultCurrency``) says that they are meant."""
    if not kind.rated and not kind.general:
        return cells
    said = _said(kind, section)
    unit = said.get("rateUnit", table.rate_unit)
    made = {one: rate(cells[one], unit) for one in kind.rated if one in cells}
    made |= {one: said[one] for one in kind.general if one in said and not cells.get(one)}
    return {**cells, **made} if made else cells


def doubtful_rate(cells: Mapping[str, Any], kind: Kind, table: Table, section: Mapping[str, Any]) -> str | None:
    """Why a row's rates, as the source gives them, may be others than they seem: 1, where nobody says the unit."""
    if not kind.rated or _said(kind, section).get("rateUnit", table.rate_unit) is not None:
        return None
    doubts = (one for one in kind.rated if rate(cells.get(one), None) == "1" and not str(cells[one]).endswith("%"))
    return next((f"{one} {str(cells[one])!r} may be 1 % or 100 %" for one in doubts), None)


def _said(kind: Kind, section: Mapping[str, Any]) -> Mapping[str, Any]:
    config = section.get(kind.section)
    return config if isinstance(config, dict) else {}


def rate(value: Any, unit: str | None) -> Any:
    """A rate as a fraction, which it is where nobody says its unit.

    What is no number stays as it is, to be told as it stands in the books.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return value
    text = value if isinstance(value, str) else of_number(float(value))
    percent = unit == "percent" or text.endswith("%")
    plain = text.removesuffix("%").strip().replace(",", ".", 1)
    made = of_percent(plain) if percent else spelt(plain)
    return text if made == plain and made != text else made
