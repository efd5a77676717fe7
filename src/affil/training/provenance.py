"""What a model was trained from, for its card."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from affil.data import resource
from affil.match.labels import read_strings
from affil.names import tokenize


def rules_hash() -> str:
    """Fingerprint of the text rules: a hash of the tokens of `gold/train.csv`."""
    tokens = tokenize(read_strings(resource("gold/train.csv")))
    digest = hashlib.sha256("\n".join(tokens.words).encode())
    for column in (tokens.gap, tokens.upper, tokens.ptr):
        digest.update(column.tobytes())
    return digest.hexdigest()[:16]


def commit() -> str:
    """The last commit that changed anything a model is trained from; "" outside a git checkout."""
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
    except OSError:  # git is not installed
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
