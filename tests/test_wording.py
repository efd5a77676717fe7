"""Messages are English texts that keep their templates, and their numbers agree with their nouns."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
from pathlib import Path

import affil
from affil.wording import counted, joined, message_of, said

NOUNS = ("answer", "author mention", "decision", "field", "paper", "record", "row", "share", "string", "venue", "work")
ALWAYS_SEVERAL = {
    "cli/tables.py": "after the case of one",
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
    plural = re.compile(rf"{{\w[^{{}}]*}} (?:{'|'.join(NOUNS)})s\b(?!/s)")
    wrong = []
    for file in sorted(root.rglob("*.py")):
        name = file.relative_to(root).as_posix()
        if name in ALWAYS_SEVERAL or name.startswith(("service/", "training/", "evaluate/")):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if plural.search(written(node)):
                wrong.append(f"{name}: {written(node)}")
    assert wrong == []


def written(node: ast.AST) -> str:
    """A text of the code, with each value of an f-string as {x}; "" for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{x}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_a_message_is_its_english_text_and_keeps_its_template() -> None:
    message = said("{0} in {place}, {1:,} {1:row|rows}", "x", 1, place=said("a.csv"))
    assert message == "x in a.csv, 1 row"
    assert message.told({"{0} in {place}, {1:,} {1:row|rows}": "{place}: {1} {0}", "a.csv": "A"}.get) == "A: 1 x"  # type: ignore[arg-type]
    assert json.loads(json.dumps([message])) == ["x in a.csv, 1 row"]
    assert hash(message) == hash("x in a.csv, 1 row")
    assert copy.deepcopy(message).values == ("x", 1)


def test_messages_stay_messages_where_texts_are_put_together() -> None:
    upper: dict[str, str] = {"one": "ONE", "two": "TWO", "; ": " / "}
    both = "(" + joined("; ", [said("one"), said("two")]) + ")"
    assert both == "(one; two)"
    assert both.told(lambda text: upper.get(text, text)) == "(ONE / TWO)"
    assert (said("one") + " {0}").told(lambda text: upper.get(text, text)) == "ONE {0}"  # braces of a value are text
    assert joined(", ", []) == ""


def test_an_error_in_a_message_is_told_too_and_goes_through_a_process() -> None:
    message = said("{0}!", ValueError(said("one")))
    assert message == "one!"
    for one in (message, pickle.loads(pickle.dumps(message))):
        assert one.told(lambda text: text.replace("one", "ONE")) == "ONE!"
    assert message_of(KeyError("x")) == "'x'"
