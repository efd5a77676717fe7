from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, InputError, UnknownIdError
from affil.evaluate import METRICS, evaluate, read_gold
from affil.settings import BatchSettings, EvaluateSettings, Settings
from affil.types import Institution

QUICK = Settings(evaluate=EvaluateSettings(resamples=20))


STANDS = {"A": "A", "B": "B", "C": "C", "D": "D", "a": "A", "b": "B"}  # a and b are closed and go on as A and B


STANDS = {"A": "A", "B": "B", "C": "C", "D": "D", "a": "A", "b": "B"}  # a and b are closed and go on as A and B


class FakeRegistry:
    version = "fake"

    def resolve(self, identifier: str) -> str:
        if identifier not in STANDS:
            raise UnknownIdError(identifier)
        return STANDS[identifier]

    def get(self, identifier: str) -> Institution:
        return Institution(self.resolve(identifier), f"University {identifier}")


class FakeMatcher:
    """Answers as it was told: for each string a list of (id, probability, decision)."""

    model_hash = "fake"

    def __init__(self, answers: dict[str, list[tuple[str, float, str]]]) -> None:
        self.answers, self.registry = answers, FakeRegistry()
        self.sizes: list[int] = []

    def match_table(self, strings: list[str], /) -> pa.Table:
        self.sizes.append(len(strings))
        rows = [(i, *a, "alias of " + a[0]) for i, s in enumerate(strings) for a in self.answers.get(s, [])]
        random.Random(1).shuffle(rows)
        names = ("row", "institution_id", "probability", "decision", "alias")
        return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {n: [] for n in names})


def gold(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def score(matcher: Any, rows: Any, **options: Any) -> Any:
    return evaluate(rows, matcher, settings=QUICK, **options)


ids = st.sampled_from("ABCDab")
answer = st.tuples(ids, st.integers(0, 100).map(lambda x: x / 100), st.sampled_from(["match", "review", "none"]))


@given(st.lists(st.tuples(st.sets(ids, max_size=3), st.lists(answer, max_size=4)), min_size=1, max_size=15))
def test_against_a_naive_reference(cases: list[tuple[set[str], list[tuple[str, float, str]]]]) -> None:
    matcher = FakeMatcher({str(i): found for i, (_, found) in enumerate(cases)})
    frame = pd.DataFrame({"affiliation": map(str, range(len(cases))), "institution_ids": [" ".join(i) for i, _ in cases]})
    got = score(matcher, frame)

    tp = fp = fn = nil_tp = nil_fp = nil_fn = sure_tp = sure_fp = named = sure_named = first = 0
    for labels, found in cases:
        truth = {x.upper() for x in labels}
        best: dict[str, tuple[float, str]] = {}
        for identifier, probability, decision in sorted(found, key=lambda x: (-x[1], x[0], x[2])):
            if decision != "none":
                best.setdefault(identifier.upper(), (probability, decision))
        said = set(best)
        tp, fp, fn = tp + len(said & truth), fp + len(said - truth), fn + len(truth - said)
        nil_tp += not said and not truth
        nil_fp += not said and bool(truth)
        nil_fn += bool(said) and not truth
        sure = {i for i, (_, d) in best.items() if d == "match"}
        sure_tp, sure_fp = sure_tp + len(sure & truth), sure_fp + len(sure - truth)
        if truth:
            named += 1
            sure_named += bool(said) and sure == said
            first += bool(best) and next(iter(best)) in truth

    def ratio(above: float, below: float) -> float | None:
        return pytest.approx(above / below) if below else None  # type: ignore[return-value]

    assert {name: m.value for name, m in got.metrics.items()} == {
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "nil_precision": ratio(nil_tp, nil_tp + nil_fp),
        "nil_recall": ratio(nil_tp, nil_tp + nil_fn),
        "precision_at_1": ratio(first, named),
        "match_precision": ratio(sure_tp, sure_tp + sure_fp),
        "match_recall": ratio(sure_tp, tp + fn),
        "match_coverage": ratio(sure_named, named),
    }
    assert got.pairs == tp + fp
    assert len(got.mistakes) == sum(
        {x.upper() for x in labels} != {i.upper() for i, _, d in found if d != "none"} for labels, found in cases
    )


ROWS = [
    {"affiliation": "one", "ror_ids": "A", "source": "logs", "in_registry": "true"},
    {"affiliation": "two", "ror_ids": "a B", "source": "logs", "in_registry": "true"},
    {"affiliation": "outside", "ror_ids": "X", "source": "logs", "in_registry": "false"},
    {"affiliation": "unknown", "ror_ids": "B Y", "source": "other", "in_registry": "true"},
    {"affiliation": "nobody", "ror_ids": "", "source": "other", "in_registry": "true"},
]
FOUND = {"one": [("A", 0.9, "match")], "two": [("B", 0.8, "match"), ("C", 0.6, "review")], "nobody": [("D", 0.5, "review")]}


def test_external_rows_and_closed_institutions(tmp_path: Path) -> None:
    path = gold(tmp_path / "logs.csv", ROWS)
    seen: list[tuple[int, int]] = []
    got = score(FakeMatcher(FOUND), path, progress=lambda *x: seen.append(x))
    assert (got.rows, got.left_out, got.pairs) == (3, 2, 4)
    assert got.metrics["precision"].value == 0.5
    assert got.metrics["recall"].value == pytest.approx(2 / 3)
    assert got.slices["source"]["logs"]["rows"] == 2
    assert got.slices["source"]["logs"]["precision"] == pytest.approx(2 / 3)
    assert got.slices["source"]["other"]["nil_recall"] == 0
    assert seen == [(3, 3)]
    everything = score(FakeMatcher(FOUND), path, in_registry_only=False)
    assert (everything.rows, everything.left_out) == (5, 0)
    assert everything.metrics["recall"].value == pytest.approx(2 / 6)


def test_what_is_acceptable_neither_helps_nor_hurts(tmp_path: Path) -> None:
    rows = [
        {"affiliation": "one", "required": "A", "acceptable": "b D"},
        {"affiliation": "two", "required": "", "acceptable": "B"},
        {"affiliation": "three", "required": "A", "acceptable": ""},
    ]
    found = {
        "one": [("A", 0.9, "match"), ("B", 0.95, "match"), ("D", 0.6, "review")],
        "two": [("B", 0.9, "match")],
        "three": [("A", 0.9, "match"), ("B", 0.9, "match")],
    }
    got = score(FakeMatcher(found), gold(tmp_path / "complete.csv", rows))
    assert got.pairs == 3
    assert {n: got.metrics[n].value for n in ("recall", "nil_recall", "nil_precision", "match_coverage", "match_recall")} == {
        "recall": 1.0,
        "nil_recall": 1.0,
        "nil_precision": 1.0,
        "match_coverage": 1.0,
        "match_recall": 1.0,
    }
    assert got.metrics["precision"].value == pytest.approx(2 / 3)
    assert [m.affiliation for m in got.mistakes] == ["three"]


def test_mistakes_are_written_for_reading(tmp_path: Path) -> None:
    got = score(FakeMatcher(FOUND), gold(tmp_path / "g.csv", ROWS))
    got.write_mistakes(tmp_path / "wrong.csv")
    with (tmp_path / "wrong.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows == [
        {
            "affiliation": "two",
            "expected": "A B",
            "expected_names": "University A; University B",
            "got": "B C",
            "got_names": "University B; University C",
            "probability": "0.800; 0.600",
            "decision": "match; review",
            "alias": "alias of B; alias of C",
        },
        {
            "affiliation": "nobody",
            "expected": "",
            "expected_names": "",
            "got": "D",
            "got_names": "University D",
            "probability": "0.500",
            "decision": "review",
            "alias": "alias of D",
        },
    ]
    outside = score(FakeMatcher({}), gold(tmp_path / "g.csv", ROWS), in_registry_only=False)
    assert next(m for m in outside.mistakes if m.affiliation == "outside").expected_names == "(not in the registry)"


def test_our_gold_columns(tmp_path: Path) -> None:
    rows = [
        {"affiliation": "one", "institution_ids": "A", "language": "en", "stratum": "plain", "note": "x"},
        {"affiliation": "二", "institution_ids": "", "language": "zh", "stratum": "plain", "note": ""},
    ]
    got = score(FakeMatcher(FOUND), gold(tmp_path / "g.csv", rows))
    assert list(got.slices) == ["language"]  # all rows are of one stratum, which says nothing
    assert got.slices["language"]["en"] == {
        **dict.fromkeys(METRICS, None),
        **dict.fromkeys(
            ("precision", "recall", "f1", "precision_at_1", "match_precision", "match_recall", "match_coverage"), 1.0
        ),
        "rows": 1,
    }
    assert got.slices["language"]["zh"]["nil_precision"] == 1


def test_it_is_ready_for_json_and_says_what_was_scored(tmp_path: Path) -> None:
    got = json.loads(json.dumps(score(FakeMatcher(FOUND), gold(tmp_path / "g.csv", ROWS)).to_dict()))
    assert got["registry"] == got["model"] == "fake"
    assert set(got["metrics"]) == set(METRICS)
    low, value, high = (got["metrics"]["precision"][x] for x in ("low", "value", "high"))
    assert low <= value <= high
    assert "mistakes" not in got


def test_batches(tmp_path: Path) -> None:
    matcher = FakeMatcher({str(i): [("A", 0.9, "match")] for i in range(10)})
    path = gold(tmp_path / "g.csv", [{"affiliation": str(i), "institution_ids": "A"} for i in range(10)])
    got = evaluate(path, matcher, settings=Settings(batch=BatchSettings(rows=4), evaluate=EvaluateSettings(resamples=5)))  # type: ignore[arg-type]
    assert matcher.sizes == [4, 4, 2]
    assert got.metrics["f1"].value == 1


def test_what_cannot_be_scored_is_said(tmp_path: Path) -> None:
    matcher = FakeMatcher({})
    outside = gold(tmp_path / "g.csv", [{"affiliation": "x", "ror_ids": "X"}])
    with pytest.raises(AffilError, match=r"g.csv: no row to score: the registry has the ids of none of them"):
        score(matcher, outside)
    with pytest.raises(InputError, match="no column with labels; its columns are: affiliation, x; labels stand in a column"):
        score(matcher, gold(tmp_path / "h.csv", [{"affiliation": "x", "x": "X"}]))
    with pytest.raises(InputError, match="no column 'affiliation'"):
        score(matcher, gold(tmp_path / "i.csv", [{"string": "x", "ror_ids": "X"}]))
    with pytest.raises(InputError, match="the frame: no column 'affiliation'; its columns are: x"):
        score(matcher, pd.DataFrame({"x": ["y"]}))


SHARED = Path(__file__).parents[3] / "shared" / "data" / "gold"


@pytest.mark.skipif(not SHARED.exists(), reason="shared data absent")
def test_reads_the_external_sets() -> None:
    rows = {path.stem: read_gold(path) for path in SHARED.glob("*.csv")}
    assert {name: len(r) for name, r in rows.items()} == {
        "s2aff": 1679,
        "crossref": 6580,
        "springer": 4923,
        "logs": 656,
        "openalex": 952,
        "adjudicated": 1999,
    }
    assert sum(r.in_registry for r in rows["crossref"]) == 5884
    assert sum(not r.ids for r in rows["logs"]) == 294


def test_labels_that_contradict_each_other_are_said(tmp_path: Path) -> None:
    assert score(FakeMatcher(FOUND), gold(tmp_path / "g.csv", ROWS)).warning == ""
    again = [{**ROWS[0], "ror_ids": "B"}, dict(ROWS[1]), {**ROWS[0], "ror_ids": "A"}]
    said = score(FakeMatcher(FOUND), gold(tmp_path / "h.csv", [*ROWS, *again])).warning
    assert said == "1 string has labels that contradict each other (first: 'one'); each of their rows counts: correct them"
