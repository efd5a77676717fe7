"""The home page: what the data say."""

from __future__ import annotations

from typing import Any

from affil.report.pages.frame import Frame
from affil.report.pages.trends import trends


def home(frame: Frame) -> dict[str, Any]:
    """What the data say, countries over the years first."""
    found = trends(frame)
    return {
        "heading": frame.text("home_title"),
        "section": "home",
        "chart": found["chart"],
        "basis": found["basis"],
    }
