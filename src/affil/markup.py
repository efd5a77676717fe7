"""HTML by which notebooks show results: tables, and lines as small as a word. All text is escaped; it needs no library and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeGuard

SHOWN = 60  # rows of a table, as many as pandas shows
SIZE = (64, 16)  # width and height of a small line, in pixels

Line = Sequence[float | None]


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def table(rows: Sequence[Mapping[str, Any]], notes: Sequence[str] = (), *, total: int | None = None) -> Html:
    """Rows as a table, of which no more than `SHOWN` are shown, and notes below it.

    Args:
        rows: the cells by heading, the same headings in each: texts, numbers, lists of texts (one below the other), None or NaN (empty).
        notes: sentences.
        total: how many rows there are; default: those given.
    """
    shown, many = rows[:SHOWN], len(rows) if total is None else total
    said = [*([f"{len(shown):,} of {many:,} rows."] if many > len(shown) else []), *notes]
    heads = "".join(f"<th>{escape(str(heading))}</th>" for heading in (shown[0] if shown else ()))
    body = "".join("<tr>" + "".join(map(_cell, row.values())) + "</tr>" for row in shown)
    below = "".join(f"<p>{escape(note)}</p>" for note in said)
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{below}")


def sparkline(values: Line, *, apart: bool = False) -> Html:
    """A small line as inline SVG, in the colour of the text; "" where there is none (see `spark_path`)."""
    path, (width, height) = spark_path(values, apart=apart), SIZE
    line = f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>'
    return Html(f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">{line}</svg>' if path else "")


def spark_path(values: Line, *, apart: bool = False) -> str:
    """The path of a small line, from zero to its largest value, gaps as gaps, an incomplete last year left out.

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


def is_value(value: float | None) -> TypeGuard[float]:
    """Whether there is a value: neither None nor NaN."""
    return value is not None and value == value


def plain(value: float) -> str:
    """A number without needless digits: 1,500, 0.5."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return f"<td>{value}</td>"
    if isinstance(value, str):
        return f'<td style="text-align: left">{escape(value)}</td>'
    if isinstance(value, Sequence):
        return f'<td style="text-align: left">{"<br>".join(escape(str(one)) for one in value)}</td>'
    return f"<td>{plain(value) if is_value(value) else ''}</td>"
