#!/usr/bin/env python3
"""Write docs/settings.md from the settings.

tools/settings_page.py [-o FILE]     default: docs/settings.md; - is standard output
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from affil.settings import FETCH, INPUT, SEARCH, TEXT, Settings, again, toml_value

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.common import write_page

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
HEAD = """# Settings

This page is written by `tools/settings_page.py` from `src/affil/settings.py`; a test compares the two.

Every threshold and choice is a setting. A workspace has its own in `settings.toml`, with the sections below as tables (`[rank]`); a
missing key has its default. As a library: `affil.load_settings(path)`, `affil.Settings(rank={"roll_up": "top"})`.

The column *again* says what must be run after a change. Each step includes those below it, except `reread`:

| again | what to run |
|---|---|
| `rebuild` | registries: `affil registry build` (the shipped one is rebuilt automatically when the code changes); then as for `retrain` |
| `retrain` | the model: `affil train` (the shipped one: `scripts/retrain`); then as for `rematch` |
| `rematch` | the matches: `affil run -w WORKSPACE`, which detects the change and matches all strings again; then as for `recount` |
| `reread` | the papers: `affil run PAPERS... -w NEW`, into a new workspace |
| `recount` | nothing by hand: the next `affil rank` recounts all venues and years |
| `nothing` | the next command uses the new value; a service must be restarted |
"""
LAST = """
The sections `text`, `search`, `fetch` and `input` cannot be set per workspace: built registries and shipped models depend on them, or they
are needed where there is no workspace. Change them in `src/affil/settings.py`.
"""


def main() -> int:
    return write_page(__doc__, PAGE, page)


def page() -> str:
    """The whole page."""
    fixed = {"text": TEXT, "search": SEARCH, "fetch": FETCH, "input": INPUT}
    return HEAD + "".join(section(*one) for one in Settings()) + LAST + "".join(section(*one) for one in fixed.items())


def section(name: str, values: BaseModel) -> str:
    """One section as a heading, its meaning and a table."""
    head = f"\n## `{name}`\n\n{type(values).__doc__}\n\n| setting | default | what it does | again |\n|---|---|---|---|\n"
    return head + "".join(rows(name, values))


def rows(path: str, values: BaseModel) -> Iterator[str]:
    """A row of the table for each setting; those of a setting that is a group of them follow it."""
    for key, value in values:
        field = type(values).model_fields[key]
        told = (field.description or "").replace("|", "\\|")
        told += f", e.g. `{toml_value(field.examples[0])}`" if field.examples else ""
        if isinstance(value, BaseModel):
            yield f"| `{path}.{key}` | | {told}: | |\n"
            yield from rows(f"{path}.{key}", value)
        else:
            yield f"| `{path}.{key}` | `{shown(value)}` | {told} | {again(f'{path}.{key}')} |\n"


def shown(value: object) -> str:
    """A default as it would be written in settings.toml."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + " }" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
