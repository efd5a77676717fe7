"""Numbers in messages agree with their nouns."""

from __future__ import annotations

import ast
from pathlib import Path

import affil
from affil.wording import counted

NOUNS = ("answer", "author mention", "decision", "field", "paper", "record", "row", "share", "string", "venue", "work")
ALWAYS_SEVERAL = {
    "cli/demo.py": "the sample",
    "io/writers.py": "the most rows of a sheet",
    "markup.py": "more rows than are shown",
    "pages/tryit.py": "more than the most",
    "papers/tally.py": "after the case of one",
    "rank/venue_list.py": "all venues of the table",
    "review/bulk.py": "more than the most",
    "review/spreadsheet.py": "more than one",
}
"""Modules that write numbers which are never one, and why."""


def test_one_and_several() -> None:
    assert [counted(n, "paper") for n in (0, 1, 2, 2000)] == ["0 papers", "1 paper", "2 papers", "2,000 papers"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_no_message_writes_a_plural_behind_a_number_that_may_be_one() -> None:
    root = Path(affil.__file__).parent
    plurals = tuple(f" {one}s" for one in NOUNS)
    wrong = []
    for file in sorted(root.rglob("*.py")):
        name = file.relative_to(root).as_posix()
        if name in ALWAYS_SEVERAL or name.startswith(("service/", "training/", "evaluate/")):
            continue
        for text in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)):
            for number, noun in zip(text.values, text.values[1:], strict=False):
                behind = str(noun.value) if isinstance(number, ast.FormattedValue) and isinstance(noun, ast.Constant) else ""
                if behind.startswith(plurals) and not behind.startswith(" rows/s"):
                    wrong.append(f"{name}:{text.lineno}:{behind}")
    assert wrong == []
