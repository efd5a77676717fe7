"""What a model is made from, for its card."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from affil.data import resource
from affil.match.labels import read_strings
from affil.names import tokenize


def rules_hash() -> str:
    """A fingerprint of the rules of text: how they read the strings of `gold/train.csv`."""
    tokens = tokenize(read_strings(resource("gold/train.csv")))
    digest = hashlib.sha256("\n".join(tokens.words).encode())
    for column in (tokens.gap, tokens.upper, tokens.ptr):
        digest.update(column.tobytes())
    return digest.hexdigest()[:16]


def commit() -> str:
    """The last commit of this checkout that changed what a model is made from; "" outside of one."""
    top = Path(__file__).resolve().parents[3]
    sources = (
        "src/affil/match",
        "src/affil/training",
        "src/affil/registry",
        "src/affil/names",
        "src/affil/settings.py",
        "gold/train.csv",
    )
    try:
        asked = subprocess.run(
            ("git", "log", "-1", "--format=%H", "--", *sources), cwd=top, capture_output=True, text=True, check=False
        )
    except OSError:  # no git here
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
