"""How files of papers are read, where their content does not tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class Reading(TypedDict, total=False):
    """Options of reading papers; all keys are optional, and hold for all files that are read together.

    format: the name of their format, instead of recognising it. mapping: for tables: headings of the file and the usual names that they
    stand for, {"Journal": "venue"}. sheet: the sheet of a workbook (default: the first that is recognised). encoding: that of text, instead of
    telling it (see `affil.io.encoding`).
    """

    format: str | None
    mapping: Mapping[str, str] | None
    sheet: str | None
    encoding: str | None
