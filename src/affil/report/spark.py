"""Lines as small as a word, for the rows of boards: a path each, as a chart of Vega in every row would be wasteful."""

from __future__ import annotations

from affil.report.charts import Line, is_value

SIZE = (64, 16)  # width and height, in pixels


def spark_path(values: Line, *, apart: bool = False) -> str:
    """The path of a line, from zero to its largest value, gaps as gaps, an incomplete last year left out.

    Empty where no two years follow each other, as there is no line then.
    """
    whole = values[:-1] if apart else values
    most = max((v for v in whole if is_value(v)), default=0.0) or 1.0
    width, height = SIZE[0] - 4, SIZE[1] - 4
    step = width / max(len(whole) - 1, 1)
    at = [(2 + round(step * k), 2 + round(height * (1 - v / most))) if is_value(v) else None for k, v in enumerate(whole)]
    out, before = "", None
    for k, point in enumerate(at):
        after = at[k + 1] if k + 1 < len(at) else None
        if point is not None and (before is not None or after is not None):
            out += f"{'M' if before is None else 'L'}{point[0]} {point[1]}"
        before = point
    return out
