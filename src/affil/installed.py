"""Which affil is installed here, and how, for advice that fits: it may be a checkout, a file, or a package of an index."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHECKOUT = Path(__file__).parents[2]  # where affil runs from one


def version() -> str:
    """The version of affil."""
    from importlib import metadata  # a tenth of a second that few commands need

    try:
        return metadata.version("affil")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def commit() -> str:
    """The commit of the checkout that affil runs from, or that a version between two releases was built from; else ""."""
    if (CHECKOUT / ".git").exists():
        with suppress(OSError):
            asked = ["git", "-C", str(CHECKOUT), "rev-parse", "--short=9", "HEAD"]
            return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return version().partition("+g")[2].partition(".")[0]


def pip_install(extra: str) -> str:
    """The command that adds an extra of pyproject.toml to this installation.

    A name alone is advised only where affil came from an index by that name: elsewhere it may be somebody else's.
    """
    return f"pip install '{_requirement(extra, _direct_url())}'"


def _requirement(extra: str, direct: str | None) -> str:
    """What pip is to install, as PEP 508 writes it.

    Args:
        extra: the extra.
        direct: what pip recorded of an installation that is not from an index (direct_url.json, PEP 610); "" of one from an index,
            None where affil runs without being installed.
    """
    if direct is None:
        return f"{CHECKOUT}[{extra}]"
    if not direct:
        return f"affil[{extra}]"
    recorded = json.loads(direct)
    url = str(recorded["url"])
    if "dir_info" in recorded:
        return f"{unquote(urlsplit(url).path)}[{extra}]"
    source = recorded.get("vcs_info")
    if source:
        return f"affil[{extra}] @ {source['vcs']}+{url}@{source['commit_id']}"
    return f"affil[{extra}] @ {url}"


@cache
def _direct_url() -> str | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution("affil").read_text("direct_url.json") or ""
    except PackageNotFoundError:
        return None
