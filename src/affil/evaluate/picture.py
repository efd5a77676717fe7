"""Plot an evaluation: automatic coverage against precision, and reliability of the probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affil.errors import AffilError, needing
from affil.evaluate.score import Evaluation
from affil.io.outputs import atomic_path
from affil.wording import said

FORMATS = (".svg", ".png", ".pdf")
# Okabe and Ito's palette, safe for colour-blind readers
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def draw(evaluations: Mapping[str, Evaluation], path: Path | str, match: float) -> None:
    """Plot the curve of automatic coverage against precision, and the reliability diagram.

    Args:
        evaluations: by display name.
        path: an .svg, .png or .pdf.
        match: the current threshold, marked on the curve.

    Raises:
        AffilError: the format is unsupported, matplotlib (the extra `plot`) is missing, or the file cannot be written.
    """
    check_picture(path)
    kind = Path(path).suffix.lower()
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {"svg.hashsalt": "affil", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style), atomic_path(path) as target:
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        curve, reliable = figure.subplots(1, 2)
        for color, (name, evaluation) in zip(_COLORS * len(evaluations), evaluations.items(), strict=False):
            points = [p for p in evaluation.curve if p.precision is not None and p.coverage is not None]
            curve.plot([p.coverage for p in points], [p.precision for p in points], ".-", color=color, label=name)
            used = [p for p in points if p.threshold == match]
            curve.plot([p.coverage for p in used], [p.precision for p in used], "o", color=color, markersize=8, mfc="white")
            reliable.plot([b.probability for b in evaluation.bins], [b.right for b in evaluation.bins], ".-", color=color)
        curve.set(xlabel="share of strings decided match", ylabel="precision of match", title="Coverage and precision")
        curve.set_xlim(0, 1)
        curve.legend(frameon=False, loc="lower left", title=f"circle: match from {match:.2f}")
        reliable.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        reliable.set(xlabel="probability", ylabel="share right", title="Reliability", aspect="equal")
        figure.savefig(target, format=kind[1:], metadata={"Date": None} if kind == ".svg" else None, dpi=150)


def check_picture(path: Path | str) -> None:
    """Say before anything is measured that a picture cannot be drawn.

    Raises:
        AffilError: the format is another than those of `draw`, or matplotlib (the extra `plot`) is missing.
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise AffilError(said("{0}: no format for a picture; use one of {1}", path, ", ".join(FORMATS)))
    with needing("plot", said("a picture")):
        import matplotlib.figure  # noqa: F401
