"""What pydantic says of arguments and bodies, in one line each, in the words of this service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SHOWN = 3  # of one request, at most


def told(faults: Sequence[Any], known: Sequence[str] = ()) -> list[str]:
    """Faults (`ValidationError.errors()`) in a line each; `known` are the names of a body or of arguments, where those of an address
    have ROR's words.
    """
    return [_fault(fault, known) for fault in faults[:_SHOWN]]


def _fault(fault: Any, known: Sequence[str]) -> str:
    where = ".".join(map(str, fault["loc"]))[:100]
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        if not known:
            return f"query parameter '{where}' is illegal"
        return f"'{where}' is unknown; known are: {', '.join(known)}"
    if fault["type"] in ("missing", "missing_argument"):
        return f"'{where}' is missing"
    return f"'{where}' {re.sub('^(Input|String) should', 'should', fault['msg'])}" if where else str(fault["msg"])
