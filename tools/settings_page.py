#!/usr/bin/env python3
"""Write docs/settings.md from the settings.

tools/settings_page.py [-o FILE]     default: docs/settings.md; - is standard output
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from affil.settings import AGAIN, FETCH, SEARCH, TEXT, Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

This page is written by `tools/settings_page.py` from `src/affil/settings.py`; a test compares the two.

Every threshold and choice is a setting. A workspace keeps its own in `settings.toml`, with the sections below as tables (`[rank]`); a
key that is not there has its default. As a library: `affil.load_settings(path)`, `affil.Settings(rank={"roll_up": "top"})`.

The column *again* says what must be run after a change. Each step entails those below it, but for `reread`:

| again | what to run |
|---|---|
| `rebuild` | registries: `affil registry build`, for the shipped one nothing: it is built anew when the code changes; then as for `retrain` |
| `retrain` | the model: `affil train`, for the shipped one `scripts/retrain`; then as for `rematch` |
| `rematch` | the matches: `affil run -w WORKSPACE`, which sees that settings changed and matches all strings again; then as for `recount` |
| `reread` | the papers: `affil run PAPERS... -w NEW`, into a new workspace |
| `recount` | nothing by hand: the next `affil rank` counts all venues and years again |
| `nothing` | the next command takes the new value; a service must be started again |
"""
LAST = """
The sections `text`, `search` and `fetch` are no workspace's choice: built registries and shipped models rest on them, or no
workspace is there when they are needed. They are changed in `src/affil/settings.py`.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", default=str(PAGE), metavar="FILE")
    output = parser.parse_args().output
    text = page()
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, "utf-8")
    return 0


def page() -> str:
    """The whole page."""
    fixed = {"text": TEXT, "search": SEARCH, "fetch": FETCH}
    return HEAD + "".join(section(*one) for one in Settings()) + LAST + "".join(section(*one) for one in fixed.items())


def section(name: str, values: BaseModel) -> str:
    """One section as a heading, its meaning and a table."""
    head = f"\n## `{name}`\n\n{type(values).__doc__}\n\n| setting | default | what it does | again |\n|---|---|---|---|\n"
    return head + "".join(rows(name, values, name))


def rows(section: str, values: BaseModel, path: str) -> Iterator[str]:
    """A row of the table for each setting; those of a setting that is a group of them follow it."""
    for key, value in values:
        told = (type(values).model_fields[key].description or "").replace("|", "\\|")
        again = AGAIN.get(f"{path}.{key}", AGAIN[section])
        if isinstance(value, BaseModel):
            yield f"| `{path}.{key}` | | {told}: | |\n"
            yield from rows(section, value, f"{path}.{key}")
        else:
            yield f"| `{path}.{key}` | `{shown(value)}` | {told} | {again} |\n"


def shown(value: object) -> str:
    """A default as it would be written in settings.toml."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + " }" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
