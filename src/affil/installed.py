"""How affil was installed, for advice that fits: affil may be a checkout, a file, or a package of an index."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit


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
        return f"{Path(__file__).parents[2]}[{extra}]"
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
