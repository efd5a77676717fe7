"""The numbers of journals and series (ISO 3297)."""

from __future__ import annotations

from stdnum import issn
from stdnum.exceptions import InvalidChecksum, ValidationError

from affil.errors import AffilError
from affil.wording import said


def checked_issn(text: str) -> str:
    """An ISSN as it is written, "0162-8828".

    Raises:
        AffilError: it is none, or its check digit (the last) is wrong.
    """
    try:
        return issn.format(issn.validate(text))
    except InvalidChecksum as error:
        raise AffilError(
            said("{0!r} is no ISSN: its last digit does not fit the others; compare it with the journal's page", text)
        ) from error
    except ValidationError as error:
        raise AffilError(said("{0!r} is no ISSN; write it like 0162-8828", text)) from error
