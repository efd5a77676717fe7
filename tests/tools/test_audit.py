"""tools/audit.py holds matches against labelled author mentions, and says what is wrong with broken labels."""

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from affil.data import resource
from affil.registry import Registry
from tests.tools.conftest import Tool

TSINGHUA, STANFORD, HSINCHU = "https://ror.org/03cve4549", "https://ror.org/00f54p054", "https://ror.org/00zdnkx70"
MERGED = "https://ror.org/00892tw58"  # the University of Adelaide, now Adelaide University
# String, labelled ids, note; all are authors of one paper, in this order.
MENTIONS = [
    ("Tsinghua University, Beijing, China", TSINGHUA, ""),
    ("Tsinghua University, Beijing, China", STANFORD, "another one"),
    ("Stanford University, Stanford, CA, USA; Tsinghua University, Beijing, China", STANFORD, "one of two"),
    ("Tsinghua University, Beijing, China", f"{TSINGHUA} {HSINCHU}", "ambiguous"),
    ("The University of Adelaide, Adelaide, Australia", MERGED, "merged"),
    ("Ana Quillwater", "", "no organisation: person"),
    ("Quillwater Teacups", "", "unknown: Quillwater Teacups"),
]
LABELS = [("p1", str(i), ids, note) for i, (_, ids, note) in enumerate(MENTIONS)]


@pytest.fixture
def audit(tool: Tool) -> Tool:
    return partial(tool, "audit")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    authors: list[dict[str, Any]] = [{"name": "Ana Quillwater", "affiliations": [string]} for string, _, _ in MENTIONS]
    paper = {"id": "p1", "venue": "CVPR", "year": 2024, "authors": [*authors, {"name": "Bo Inkwell"}]}
    path = tmp_path / "papers.jsonl"
    path.write_text(json.dumps(paper) + "\n", "utf-8")
    return path


def write(path: Path, rows: list[tuple[str, ...]], header: str = "paper,position,institution_ids,note") -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header.split(","), *rows])
    return path


def test_matches_are_counted_and_the_wrong_ones_listed(audit: Tool, papers: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.csv", [*LABELS, ("p2", "0", TSINGHUA, "")])
    code, out, err = audit(papers, "--labels", labels, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["labels"], found["labelled"], found["unnamed_matched"]) == (8, 7, 0)
    assert (found["ambiguous"], found["ambiguous_matched"]) == (1, 1)
    counted = {key: (found[key]["count"], found[key]["of"]) for key in ("named", "match", "review", "none", "right", "pairs")}
    assert counted == {"named": (6, 7), "match": (5, 6), "review": (0, 6), "none": (1, 6), "right": (3, 5), "pairs": (4, 6)}
    # Wilson's interval of 3 of 5: (0.6 + z²/10 ± z √(0.24/5 + z²/100)) / (1 + z²/5), z = 1.96
    assert [round(found["right"][key], 3) for key in ("low", "share", "high")] == [0.231, 0.6, 0.882]
    ids = [(row["position"], *([i["id"] for i in row[key]] for key in ("labelled", "matched"))) for row in found["wrong"]]
    assert ids == [(1, [STANFORD], [TSINGHUA]), (2, [STANFORD], [STANFORD, TSINGHUA])]
    assert {i["name"] for row in found["wrong"] for i in row["matched"]} == {"Tsinghua University", "Stanford University"}


def test_tables_say_the_same_without_the_strings(audit: Tool, papers: Path, tmp_path: Path) -> None:
    code, out, err = audit(papers, "--labels", write(tmp_path / "labels.csv", LABELS))
    assert (code, err) == (0, "")
    for words in ("7 mentions labelled", "2 wrong matches", "60.0%", "23.1% to 88.2%", f"Stanford University ({STANFORD})"):
        assert words in out
    assert "Beijing, China" not in out


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("p1", "first", TSINGHUA, ""), "row 3: position 'first' is no number"),
        (("p1", "0", TSINGHUA, ""), "row 3: p1 0 is labelled twice"),
        (("p1", "1", "affil:nobody", ""), "row 3: the registry has no institution 'affil:nobody'"),
        (("p1", "1", "", ""), "row 3: ids and note do not go together"),
        (("p1", "1", TSINGHUA, "no organisation"), "row 3: ids and note do not go together"),
        (("p1", "7", TSINGHUA, ""), "p1: author 7 has 0 affiliations"),
        (("p1", "8", TSINGHUA, ""), "p1: author 8 has 0 affiliations"),
    ],
)
def test_a_broken_label_is_one_clear_line(
    audit: Tool, papers: Path, tmp_path: Path, row: tuple[str, ...], problem: str
) -> None:
    code, out, err = audit(papers, "--labels", write(tmp_path / "labels.csv", [LABELS[0], row]))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert problem in err


def test_labels_without_a_column_or_a_common_paper(audit: Tool, papers: Path, tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.csv", [("p1", "0")], "paper,position")
    code, _, err = audit(papers, "--labels", bare)
    assert (code, err.count("\n")) == (2, 1)
    assert "no column 'institution_ids'" in err
    other = write(tmp_path / "other.csv", [("p2", "0", TSINGHUA, "")])
    code, _, err = audit(papers, "--labels", other)
    assert (code, err.count("\n")) == (2, 1)
    assert "none of its papers is among those given" in err


def test_shipped_labels_are_in_order_and_of_today() -> None:
    registry = Registry.open()
    with Path(resource("gold/audits/papers.csv")).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    mentions = [(r["paper"], int(r["position"])) for r in rows]
    assert mentions == sorted(set(mentions))
    assert len(rows) == 420
    for r in rows:
        ids = r["institution_ids"].split()
        assert [registry.resolve(i) for i in ids] == ids
        assert bool(ids) != r["note"].startswith("no organisation") or r["note"].startswith("unknown: ")
        assert ids or r["note"]
