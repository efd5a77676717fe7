"""The numbers of journals and series (ISO 3297)."""

from __future__ import annotations

import re

from affil.errors import AffilError

_ISSN = re.compile(r"(\d{4})-?(\d{3}[\dX])")


def checked_issn(text: str) -> str:
    """An ISSN as it is written, "0162-8828".

    Raises:
        AffilError: it is none, or its check digit (the last) is wrong.
    """
    found = _ISSN.fullmatch(text.strip().upper())
    if found is None:
        raise AffilError(f"{text!r} is no ISSN; write it like 0162-8828")
    digits = found[1] + found[2]
    check = -sum((8 - place) * int(digit) for place, digit in enumerate(digits[:7])) % 11
    if digits[7] != "0123456789X"[check]:
        raise AffilError(f"{text!r} is no ISSN: its last digit does not fit the others; compare it with the journal's page")
    return f"{found[1]}-{found[2]}"
