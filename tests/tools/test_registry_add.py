"""tools/registry_add.py adds drafts to the tables, and takes nothing away."""

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.conftest import Tool

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "affil" / "registry" / "data"
ANDORRA = "https://ror.org/00w7mf142"
Add = Callable[[str], tuple[int, str]]
RECORD = {
    "id": ANDORRA,
    "status": "active",
    "names": [{"value": "University of Andorra", "types": ["ror_display", "label"], "lang": "en"}],
    "locations": [{"geonames_details": {"country_code": "AD", "name": "Sant Julià de Lòria", "lat": 42.46, "lng": 1.49}}],
    "links": [],
    "relationships": [],
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "ror.zip", "w") as dump:
        dump.writestr("ror-data.json", json.dumps([RECORD]))
    return Path(shutil.copytree(DATA, tmp_path / "data"))


@pytest.fixture
def add(tool: Tool, tables: Path) -> Add:
    def run(draft: str) -> tuple[int, str]:
        path = tables.parent / "draft.txt"
        path.write_text(draft, "utf-8")
        code, out, err = tool("registry_add", path, "--ror", tables.parent / "ror.zip", "--data", tables)
        assert not err
        return code, out

    return run


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_draft_adds_institutions_and_names_and_keeps_the_rest(add: Add, tables: Path) -> None:
    before = [(name, read(tables / f"{name}.csv")) for name in ("institutions", "names")]
    code, told = add(
        "University of Andorra | education | AD | Sant Julià de Lòria | | | s=Andorra Uni\n"
        "Invented Institute | facility | AD | Andorra la Vella | invented.example | University of Andorra | a=INVI\n",
    )
    assert code == 0, told
    for name, rows in before:
        old = {tuple(row.values()) for row in rows}
        assert [row for row in read(tables / f"{name}.csv") if tuple(row.values()) in old] == rows
    names = {(row["id"], row["name"], row["kind"]) for row in read(tables / "names.csv")}
    assert (ANDORRA, "Andorra Uni", "alias") in names
    assert ("affil:invented-institute", "INVI", "acronym") in names
    added = [row for row in read(tables / "institutions.csv") if row["id"] == "affil:invented-institute"]
    assert [(row["city"], row["parents"], row["status"]) for row in added] == [("Andorra la Vella", ANDORRA, "active")]


def test_the_id_of_another_institution_is_refused(add: Add, tables: Path) -> None:
    before = [(tables / f"{name}.csv").read_bytes() for name in ("institutions", "names")]
    code, told = add(f"Invented Institute | facility | AD | Andorra la Vella | | | ror={ANDORRA}\n")
    assert code == 1
    assert "ERROR Invented Institute has the id of University of Andorra" in told
    assert [(tables / f"{name}.csv").read_bytes() for name in ("institutions", "names")] == before


def test_a_city_is_looked_up_in_its_region(add: Add, tables: Path) -> None:
    code, told = add(
        "Invented Institute of Yulin | facility | CN-SN | Yulin | | | a=IIYS\n"
        "Invented Institute of Yulin, Guangxi | facility | CN-GX | Yulin | | | a=IIYG\n",
    )
    assert code == 0, told
    rows = {row["region"]: row for row in read(tables / "institutions.csv") if row["name"].startswith("Invented Institute")}
    assert float(rows["CN-SN"]["lat"]) > 38
    assert float(rows["CN-GX"]["lat"]) < 23
    code, told = add("Other Institute | facility | NO-30 | Drammen | | | a=OI\n")
    assert code == 1
    assert "NO-30 is no ISO 3166-2 code of today" in told
