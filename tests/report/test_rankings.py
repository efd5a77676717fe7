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
        packed.write(Path(sample("papers.jsonl")).read_bytes())
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
    assert written == list(Workspace.open(ws).rank(by="index").frame["id"])
    with pytest.raises(AffilError, match="no rankings like 'leiden'; there are: airankings"):
        rankings(Workspace.open(ws), tmp_path / "out", like="leiden")
