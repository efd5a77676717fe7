"""tools/sort_errors.py draws wrong strings of each set, and scores again without the errors that are not ours."""

import csv
import json
from functools import partial
from pathlib import Path

import pytest

from tests.tools.conftest import Tool

COLUMNS = ("affiliation", "expected", "expected_names", "got", "got_names", "probability", "decision", "alias")


@pytest.fixture
def sort_errors(tool: Tool) -> Tool:
    return partial(tool, "sort_errors")


@pytest.fixture
def drawn(sort_errors: Tool, tmp_path: Path) -> Path:
    folder = tmp_path / "errors"
    folder.mkdir()
    for name, count in (("one", 30), ("two", 3)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(COLUMNS)
            # every second string has a wrong answer beside what it misses, that is two errors
            writer.writerows([f"{name} {i}", "own:a", "A", "own:b" if i % 2 else "", "", "", "", ""] for i in range(count))
    out = tmp_path / "drawn.csv"
    code, said, _ = sort_errors("draw", folder, out, "--rows", "10", "--seed", "3")
    assert (code, said) == (0, f"13 strings to sort in {out}\n")
    return out


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def fill(path: Path, verdict: dict[str, str]) -> None:
    rows = read(path)
    for row in rows:
        row |= {"verdict": verdict[row["got"]], "cause": "spelling"}
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_sample_has_each_string_once_and_is_the_same_again(sort_errors: Tool, drawn: Path, tmp_path: Path) -> None:
    rows = read(drawn)
    assert len({r["affiliation"] for r in rows}) == len(rows) == 13
    assert sum(r["set"] == "two" for r in rows) == 3
    sort_errors("draw", tmp_path / "errors", tmp_path / "again.csv", "--rows", "10", "--seed", "3")
    assert (tmp_path / "again.csv").read_bytes() == drawn.read_bytes()


def test_errors_of_others_are_set_aside(sort_errors: Tool, drawn: Path, tmp_path: Path) -> None:
    fill(drawn, {"": "we are wrong", "own:b": "label wrong"})
    rows = [r for r in read(drawn) if r["set"] == "one"]
    ours, theirs = sum(r["got"] == "" for r in rows), 2 * sum(r["got"] != "" for r in rows)
    measured = tmp_path / "cv.json"
    measured.write_text(json.dumps([{"set": s, "own": {"metrics": {"f1": {"value": 0.8}}}} for s in ("one", "two")]), "utf-8")
    code, said, _ = sort_errors("score", drawn, measured, "--json")
    one = next(x for x in json.loads(said) if x["set"] == "one")
    assert code == 0
    assert (one["errors"], one["we are wrong"], one["label wrong"]) == (ours + theirs, ours, theirs)
    # of 100 right pairs F1 0.8 leaves 50 errors
    assert one["f1_ours"] == pytest.approx(200 / (200 + 50 * ours / (ours + theirs)))
    assert one["low"] <= one["f1_ours"] <= one["high"]
    assert one["causes"] == {"spelling": ours}
    fill(drawn, {"": "we are wrong", "own:b": "we are wrong"})
    _, said, _ = sort_errors("score", drawn, measured, "--json")
    assert all(x["f1_ours"] == pytest.approx(0.8) for x in json.loads(said))


def test_what_is_not_sorted_is_named(sort_errors: Tool, drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "cv.json").write_text("[]", "utf-8")
    code, _, error = sort_errors("score", drawn, tmp_path / "cv.json")
    assert code == 2
    assert "row 2" in error
    assert "label wrong" in error
    (tmp_path / "nothing").mkdir()
    code, _, error = sort_errors("draw", tmp_path / "nothing", tmp_path / "x.csv")
    assert (code, error.count("\n")) == (2, 1)
    assert not (tmp_path / "x.csv").exists()
