"""Files that travel with the package: the shipped model and the gold rows."""

from __future__ import annotations

from pathlib import Path

from affil.errors import AffilError


def resource(name: str) -> Path:
    """The path of `models/...` or `gold/...`: inside the installed package, or at the top of a checkout.

    Raises:
        AffilError: the file is missing from the installation.
    """
    package = Path(__file__).resolve().parent
    for base in (package, package.parents[1]):
        if (base / name).exists():
            return base / name
    raise AffilError(f"{name} is missing from this installation; install affil again")
