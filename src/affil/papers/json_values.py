"""Values out of JSON that others wrote, where any key can be missing, null, or of another type than it should be."""

from __future__ import annotations

import re
from typing import Any

from affil.papers.common import whole_text


def inside(value: Any, *keys: str) -> Any:
    """What stands below these keys; None where one is missing or its value is no object."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def members(value: Any, *keys: str) -> list[Any]:
    """The list below these keys: empty where there is none, and one value that stands without a list as a list of it."""
    found = inside(value, *keys)
    return found if isinstance(found, list) else [] if found is None else [found]


def objects(value: Any, *keys: str) -> list[dict[str, Any]]:
    """The objects of the list below these keys."""
    return [one for one in members(value, *keys) if isinstance(one, dict)]


def text(value: Any, *keys: str) -> str:
    """The text below these keys, without blanks around; a number as text; "" where there is neither."""
    found = inside(value, *keys)
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else whole_text(found)


def texts(value: Any, *keys: str) -> tuple[str, ...]:
    """The texts of the list below these keys, without blank ones."""
    return tuple(filter(None, map(whole_text, members(value, *keys))))


def joined(*parts: str) -> str:
    """The parts of an address with commas between, without blank ones and those that an earlier one holds already."""
    kept: list[str] = []
    for part in parts:
        if part and not any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", earlier) for earlier in kept):
            kept.append(part)
    return ", ".join(kept)


def year(value: Any) -> int | None:
    """The year that a number, a text ("2021", "2021-05-01") or a list of date parts begins with, if it is from 1900 to 2100."""
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str) and value.strip()[:4].isdecimal() and not value.strip()[4:5].isdecimal():
        value = int(value.strip()[:4])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1900 <= value <= 2100:
        return None
    return value
