"""Papers that come from several sources into one workspace."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from affil.errors import InputError
from affil.papers.duplicates import Apart, Merged
from affil.workspace import Workspace

W1 = "https://openalex.org/W1"
TITLE = "Learning to Rank Institutions from Messy Strings"


def native(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return path


def record(id: str, *affiliations: str, **more: Any) -> dict[str, Any]:
    authors = [{"name": "Ana Li", "affiliations": list(affiliations)}, {"name": "Bo Chen"}]
    return {"id": id, "title": TITLE, "venue": "ICML", "year": 2024, "authors": authors, **more}


def work(id: str, *affiliations: str, doi: str | None = None) -> dict[str, Any]:
    return {
        "id": id,
        "doi": doi,
        "title": TITLE,
        "publication_year": 2024,
        "primary_location": {"source": {"display_name": "ICML"}},
        "authorships": [{"raw_author_name": "Ana Li", "raw_affiliation_strings": list(affiliations)}],
    }


def held(ws: Workspace) -> tuple[list[str], list[str | None]]:
    papers = pq.read_table(ws.table("papers")).column("id").to_pylist()
    return sorted(papers), sorted(pq.read_table(ws.table("mentions")).column("affiliation").to_pylist(), key=str)


def test_the_richer_record_wins_in_one_step_and_over_several(tmp_path: Path) -> None:
    poor = native(
        tmp_path / "poor.jsonl", record("P1", doi="10.1000/x"), record("P2", "CMU", title="Another title that is long")
    )
    rich = native(tmp_path / "rich.jsonl", work("W1", "MIT", "CSAIL, MIT", doi="https://doi.org/10.1000/X"))
    expected = (["P2", W1], ["CMU", "CSAIL, MIT", "MIT", None])
    together = Workspace.open(tmp_path / "together", create=True)
    added = together.add_papers([poor, rich])
    assert added.merged == (Merged(W1, "P1", "doi", "openalex", "affil"),)
    assert dict(added.formats) == {str(poor): "affil", str(rich): "openalex"}
    assert held(together) == expected
    for order in ([poor, rich], [rich, poor]):
        ws = Workspace.open(tmp_path / order[0].stem, create=True)
        for file in order:
            ws.add_papers(file)
        assert held(ws) == expected
        again = ws.add_papers([poor, rich])
        assert (again.new, again.replaced) == (0, 0)
        assert held(ws) == expected
        told = {"kept": W1, "dropped": "P1", "by": "doi", "kept_format": "openalex", "dropped_format": "affil"}
        assert pq.read_table(ws.table("merged")).to_pylist() == [told]


def test_by_title_only_across_sources(tmp_path: Path) -> None:
    ours = native(tmp_path / "a.jsonl", record("P1", "MIT"), record("P2"))
    theirs = native(tmp_path / "b.jsonl", work("W1"))
    ws = Workspace.open(tmp_path / "ws", create=True)
    assert ws.add_papers([ours, theirs]).merged == (Merged("P1", W1, "title", "affil", "openalex"),)
    assert held(ws)[0] == ["P1", "P2"]


def test_of_one_id_in_two_formats_the_richer_wins_in_every_order(tmp_path: Path) -> None:
    poor = native(tmp_path / "poor.jsonl", record(W1, "MIT"))
    rich = native(tmp_path / "rich.jsonl", work("W1", "MIT", "CSAIL, MIT"))
    expected = ([W1], ["CSAIL, MIT", "MIT"])
    told = Merged(W1, W1, "id", "openalex", "affil")
    for order in ([poor, rich], [rich, poor]):
        ws = Workspace.open(tmp_path / f"together-{order[0].stem}", create=True)
        assert ws.add_papers(order).merged == (told,)
        assert held(ws) == expected
        ws = Workspace.open(tmp_path / f"apart-{order[0].stem}", create=True)
        assert ws.add_papers(order[0]).merged == ()
        assert ws.add_papers(order[1]).merged == (told,)
        assert held(ws) == expected
        assert pq.read_table(ws.table("merged")).to_pylist() == [asdict(told)]
        again = ws.add_papers([poor, rich])
        assert (again.new, again.replaced, held(ws)) == (0, 0, expected)


def test_a_corrected_record_of_the_same_source_replaces_even_a_richer_one(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(native(tmp_path / "a.jsonl", work("W1", "MIT", "CSAIL, MIT")))
    added = ws.add_papers(native(tmp_path / "b.jsonl", work("W1", "MIT")))
    assert (added.replaced, added.merged, held(ws)) == (1, (), ([W1], ["MIT"]))


def test_of_two_versions_in_one_reading_the_richer_is_taken_in_every_order(tmp_path: Path) -> None:
    old = native(tmp_path / "old.jsonl", work("W1", "MIT"), work("W2", "CMU"))
    new = native(tmp_path / "new.jsonl", work("W1", "MIT", "CSAIL, MIT"))
    for order, taken in (([old, new], True), ([new, old], False)):
        ws = Workspace.open(tmp_path / order[0].stem, create=True)
        added = ws.add_papers(order)
        assert [(d.id, d.identical, d.taken) for d in added.duplicates] == [(W1, False, taken)]
        assert (added.new, added.merged, held(ws)[1]) == (2, (), ["CMU", "CSAIL, MIT", "MIT"])


def test_a_paper_with_decisions_about_single_mentions_stays(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(native(tmp_path / "a.jsonl", record("P1", "MIT", doi="10.1000/x")))
    ws.ledger.decide("MIT", ["https://ror.org/042nb2s44"], by="ana", why="it is", paper="P1", position=0)
    ws.add_papers(native(tmp_path / "b.jsonl", work("W1", "MIT", "CSAIL, MIT", doi="10.1000/x")))
    assert held(ws)[0] == ["P1"]


def test_a_record_that_changes_into_a_poorer_one_gives_way(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(native(tmp_path / "a.jsonl", record("P1", "MIT"), record("P2", "CMU", title="Another title that is long")))
    ws.add_papers(native(tmp_path / "b.jsonl", work("W1", "MIT", doi="10.1000/x")))
    assert held(ws)[0] == ["P1", "P2"]
    added = ws.add_papers(
        native(tmp_path / "c.jsonl", record("P2", "CMU", doi="10.1000/y", title="Another title that is long"))
    )
    assert (added.replaced, held(ws)[0]) == (1, ["P1", "P2"])


def test_papers_of_a_workspace_without_dois_are_read_on(tmp_path: Path) -> None:
    """Tables written before DOIs were read lack the column."""
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(native(tmp_path / "a.jsonl", record("P1", "MIT")))
    file = ws.table("papers")
    pq.write_table(pq.read_table(file).drop_columns(["doi", "format"]), file)
    older = {name: value for name, value in ws.manifest.items() if name != "digests"}
    for one in (ws.path / "manifest.json", *(ws.path / "tables").glob("manifest-*.json")):
        one.write_text(json.dumps(older), "utf-8")
    ws.add_papers(native(tmp_path / "b.jsonl", record("P2", "CMU", title="Another title that is long", doi="10.1000/x")))
    assert pq.read_table(ws.table("papers")).select(["id", "doi"]).to_pylist() == [
        {"id": "P2", "doi": "10.1000/x"},
        {"id": "P1", "doi": None},
    ]


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["Paper ID,Title,Year,Journal,Author,Affiliation,DOI", *rows]) + "\n", "utf-8")
    return path


def test_running_numbers_of_two_files_are_no_ids(tmp_path: Path) -> None:
    one = table(tmp_path / "one.csv", "1,Alpha,2022,CVPR,Zhang,MIT,", "2,Beta,2022,CVPR,Li,CMU,")
    two = table(tmp_path / "two.csv", "1,Gamma,2023,CVPR,Zhou,KAIST,", "2,Delta,2023,CVPR,Wu,ETH Zurich,")
    other = native(tmp_path / "o.jsonl", record("2", "MIT"))
    for file, place, what in ((two, "row 2", "'1' ('Gamma', 2023)"), (other, "line 1", f"'2' ('{TITLE}', 2024)")):
        ws = Workspace.open(tmp_path / f"together-{file.stem}", create=True)
        at = f"one.csv, row {2 if file == two else 3}"
        with pytest.raises(InputError) as told:
            ws.add_papers([one, file])
        assert str(told.value).startswith(f"{file}, {place}: paper {what} is another than the one of this id in ")
        assert at in str(told.value)
        ws.add_papers(one)
        with pytest.raises(InputError, match=f"is another than the one of this id in {re.escape(str(ws.path))}"):
            ws.add_papers(file)
        assert held(ws) == (["1", "2"], ["CMU", "MIT"])


def test_a_corrected_row_is_of_the_same_paper(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(table(tmp_path / "one.csv", "1,Alpha,2022,CVPR,Zhang,MIT,"))
    added = ws.add_papers(table(tmp_path / "two.csv", "1,Alpha,2023,CVPR,Zhang,MIT,"))
    assert (added.new, added.replaced) == (0, 1)


def test_papers_of_a_table_with_the_doi_of_their_volume_stay_two_in_one_run_and_in_two(tmp_path: Path) -> None:
    first, second = "1,Alpha,2022,CVPR,Zhang,MIT,10.1000/v", "2,Beta,2022,CVPR,Li,CMU,10.1000/v"
    both = Workspace.open(tmp_path / "both", create=True)
    assert both.add_papers(table(tmp_path / "b.csv", first, second)).apart == (Apart("10.1000/v", "1", "2"),)
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(table(tmp_path / "one.csv", first))
    assert ws.add_papers(table(tmp_path / "two.csv", second)).apart == (Apart("10.1000/v", "1", "2"),)
    assert held(ws) == held(both) == (["1", "2"], ["CMU", "MIT"])


def test_counts_are_of_papers_in_the_workspace(tmp_path: Path) -> None:
    poor = native(tmp_path / "poor.jsonl", record("P1", "MIT", doi="10.1000/x"))
    rich = native(tmp_path / "rich.jsonl", work("W1", "MIT", "CSAIL, MIT", doi="10.1000/x"))
    together = Workspace.open(tmp_path / "together", create=True).add_papers([poor, rich])
    assert (together.new, together.replaced, together.unchanged) == (1, 0, 0)
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(poor)
    assert [(a.new, a.replaced, a.unchanged) for a in (ws.add_papers(rich), ws.add_papers([rich, poor]))] == [
        (0, 1, 0),
        (0, 0, 1),
    ]


def test_a_newer_record_without_affiliations_is_said(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(table(tmp_path / "a.csv", "1,Alpha,2022,CVPR,Zhang,MIT,", "2,Beta,2022,CVPR,Li,,"))
    added = ws.add_papers(table(tmp_path / "b.csv", "1,Alpha,2022,CVPR,Zhang,,", "2,Beta!,2022,CVPR,Li,,"))
    assert (added.replaced, added.emptied) == (2, ("1",))
    assert added.problem_lines() == [f"{tmp_path / 'b.csv'}: 2 papers, as each has no affiliation (first: row 2)"]
