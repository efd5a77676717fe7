"""From papers to tables and site in one command."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from affil.cli import app
from affil.demo import sample
from affil.errors import AffilError
from affil.rank import AREAS
from affil.report.rankings import rankings
from affil.workspace import Workspace

pytestmark = pytest.mark.slow


def test_all_tables_and_the_site_of_fetched_papers(tmp_path: Path) -> None:
    ws = tmp_path / "ws"
    (ws / "fetched").mkdir(parents=True)
    with gzip.open(ws / "fetched" / "openalex-1.jsonl.gz", "wb") as packed:
        packed.writelines(Path(sample("papers.jsonl")).read_bytes().splitlines(keepends=True)[::4])  # of all areas
    (ws / "settings.toml").write_text("", "utf-8")
    done = CliRunner().invoke(app, ["rankings", "-w", str(ws), "-o", str(tmp_path / "out"), "--like", "airankings", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert len(told["tables"]) == 3 * (2 + len(AREAS)) + 1
    assert Path(told["start"]).exists()
    for table in map(Path, told["tables"]):
        assert (table.parent / f"{table.name}.manifest.json").exists()
    with (tmp_path / "out" / "tables" / "institutions-index.csv").open(encoding="utf-8", newline="") as file:
        written = [row["id"] for row in csv.DictReader(file)]
    assert written == list(Workspace.open(ws, create=True).rank(by="index").frame["id"])
    with pytest.raises(AffilError, match="no rankings like 'leiden'; there are: airankings"):
        rankings(Workspace.open(ws, create=True), tmp_path / "out", like="leiden")


def test_areas_without_papers_have_no_table_and_are_told(tmp_path: Path) -> None:
    """An ordinary export has papers in one or two areas."""
    papers = tmp_path / "papers.jsonl"
    author = {"name": "Ana", "affiliations": ["清华大学"]}
    papers.write_text(json.dumps({"id": "p", "venue": "CVPR", "year": 2023, "authors": [author]}) + "\n", "utf-8")
    done = CliRunner().invoke(app, ["rankings", str(papers), "-w", str(tmp_path / "ws"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    names = {file.name for file in (tmp_path / "out" / "tables").glob("*.csv")}
    assert {"countries-computer-vision.csv", "countries-index.csv", "countries-by-year.csv"} <= names
    assert "countries-robotics.csv" not in names
    assert "no tables of areas without papers: natural language processing" in done.output
    assert (tmp_path / "out" / "site" / "index.html").exists()
