"""Files that travel with the package: the shipped model and the gold rows."""

from __future__ import annotations

import hashlib
from pathlib import Path

from affil.errors import AffilError
from affil.wording import said

SHIPPED_MODEL = "models/matcher.skops"


def resource(name: str) -> Path:
    """The path of `models/...` or `gold/...`: inside the installed package, or at the top of a checkout.

    Raises:
        AffilError: the file is missing from the installation.
    """
    package = Path(__file__).resolve().parent
    for base in (package, package.parents[1]):
        if (base / name).exists():
            return base / name
    raise AffilError(said("{0} is missing from this installation; install affil again", name))


def shipped_model() -> str:
    """The SHA-256 of the shipped model."""
    with resource(SHIPPED_MODEL).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
