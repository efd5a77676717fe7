"""Pictures that stand for a page where it is shared: its title, its chart or its first rows, and the name of the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from affil.drawing.vega import bars, card
from affil.report.charts import Figure, png

WIDTH, HEIGHT = 1200, 630  # pixels, as Open Graph asks for

_ROWS = 8


def page_card(site: str, title: str, values: Mapping[str, Any], at: int) -> bytes | None:
    """The picture of a page as PNG, or None where the page has neither a chart nor a ranking.

    Args:
        site: the name of the site.
        title: the title of the page.
        values: what its template is given: `chart`, or the `rows` of a board.
        at: the number of the language in names of entities.
    """
    figure = values.get("chart")
    if not isinstance(figure, Figure) and values.get("level") and values.get("rows"):
        rows = [(f"{r['rank']}  {r['entity'].names[at]}", r["adjusted"]) for r in values["rows"][:_ROWS]]
        figure = Figure("", title, bars(title, "", len(rows), "format(datum.value, ',.1f')"), ("", title), rows)
    if not isinstance(figure, Figure) or figure.empty:
        return None
    return png(replace(figure, spec=card(figure.spec, title, site, WIDTH, HEIGHT)), WIDTH)
