"""Specifications as charts of Altair that notebooks show without the internet: as SVG, drawn here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from affil.drawing.vega import CONFIG, INK, MEASURED, PAPER, PEN, Spec
from affil.errors import needing

with needing("notebook", "a chart"):
    import altair
    import vl_convert

WIDTH, PADDING = 700, 24  # in pixels; fonts of who looks may be wider than that in which it is laid out


class Drawn(altair.LayerChart):
    """A chart of Altair, with all that it can do, that is shown as a drawing."""

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        return {"image/svg+xml": vl_convert.vegalite_to_svg(self.to_dict()), "text/plain": repr(self)}


def drawn(spec: Spec, rows: Sequence[Mapping[str, Any]]) -> Drawn:
    """A chart of rows (see `affil.drawing.vega`), on paper of its own, as a notebook may be dark or light.

    Raises:
        AffilError: Altair or vl-convert is not installed (when this module is imported).
    """
    whole = {
        **spec,
        "padding": PADDING,
        "config": {**CONFIG, "font": MEASURED, "background": PAPER},
        "data": {"name": "rows", "values": [*rows]},
    }
    if whole["width"] == "container":
        whole["width"] = WIDTH
    chart: Drawn = Drawn.from_dict(json.loads(json.dumps(whole).replace(INK, PEN)))
    return chart
