"""Specifications as charts of Altair that notebooks show without the internet: as SVG, drawn here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from affil.drawing.vega import CONFIG, INK, MEASURED, PAPER, PEN, Spec
from affil.errors import needing
from affil.wording import said

if TYPE_CHECKING:
    import altair

WIDTH, PADDING = 700, 24  # in pixels; fonts of who looks may be wider than that in which it is laid out


def drawn(spec: Spec, rows: Sequence[Mapping[str, Any]]) -> altair.LayerChart:
    """A chart of rows (see `affil.drawing.vega`), on paper of its own, as a notebook may be dark or light.

    Raises:
        AffilError: Altair or vl-convert is not installed.
    """
    config = {**CONFIG, "font": MEASURED, "background": PAPER}
    whole = {**spec, "padding": PADDING, "config": config, "data": {"name": "rows", "values": [*rows]}}
    if whole["width"] == "container":
        whole["width"] = WIDTH
    chart: altair.LayerChart = _kind().from_dict(json.loads(json.dumps(whole).replace(INK, PEN)))
    return chart


@cache
def _kind() -> type[altair.LayerChart]:
    """Charts of Altair, with all that these can do, that are shown as drawings."""
    with needing("notebook", said("a chart")):
        import altair
        import vl_convert

    class Drawn(altair.LayerChart):
        def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
            return {"image/svg+xml": vl_convert.vegalite_to_svg(self.to_dict()), "text/plain": repr(self)}

    return Drawn
