"""tools/check_registry.py passes on the shipped tables, and says what is wrong with broken ones."""

import contextlib
import csv
import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import check_registry

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "affil" / "registry" / "data"
DUMPS = sorted((ROOT.parent / "shared" / "data" / "ror").glob("*.zip"))
Row = dict[str, str]


Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the tool in this process, which reads GeoNames once for all tests."""

    def run(*arguments: str | Path) -> tuple[int, list[str]]:
        monkeypatch.setattr(sys, "argv", ["check_registry.py", *map(str, arguments)])
        code = check_registry.main()
        out, err = capsys.readouterr()
        assert not err
        return code, out.splitlines()

    return run


def test_shipped_tables_have_no_fault(check: Check) -> None:
    """Against ROR, too, where a dump is at hand."""
    code, lines = check(*(["--ror", DUMPS[-1]] if DUMPS else []))
    assert code == 0, lines
    assert lines[-1].endswith("; 0 faults")
    assert len(lines) == 1
    assert not DUMPS or "with a ROR id, checked" in lines[-1]


def change(path: Path, edit: Callable[[list[Row]], None]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        fields, rows = list(reader.fieldnames or ()), list(reader)
    edit(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    return folder


def test_every_kind_of_fault_is_found_with_its_row(check: Check, tables: Path) -> None:
    def institutions(rows: list[Row]) -> None:
        rows[0]["id"] = "affil:Not_Well_Formed"  # its names lose their institution, too
        rows[2]["id"] = rows[1]["id"]
        rows[3]["parents"] = "affil:nobody"
        rows[4]["successors"], rows[5]["successors"] = rows[5]["id"], rows[4]["id"]
        rows[6]["city"] = "Nowhere at All"
        rows[7]["lat"] = str(float(rows[7]["lat"]) + 1)

    def names(rows: list[Row]) -> None:
        rows.append(rows[-1] | {"name": "ETH Zürich", "kind": "alias"})
        rows.append(rows[-1] | {"name": "T.B.D.", "kind": "acronym"})
        rows.append(rows[-1] | {"name": "ACAD", "kind": "acronym"})

    def ambiguous(rows: list[Row]) -> None:
        rows[0]["context"] = ""
        rows[1]["institutions"] += " | Somebody"
        rows.append({"name": "Only One Bears This", "institutions": "A | B", "context": "place"})

    def exceptions(rows: list[Row]) -> None:
        rows.append({"id": "affil:nobody", "check": "city", "why": "stale"})

    def successors(rows: list[Row]) -> None:
        rows[0]["successor_from"] = "20l7"
        rows[1]["id"] = "https://ror.org/01nrxwf90"  # the University of Edinburgh is not closed
        rows[3]["id"] = rows[2]["id"]

    for edit in (institutions, names, ambiguous, exceptions, successors):
        change(tables / f"{edit.__name__}.csv", edit)
    code, lines = check("--data", tables)
    assert code == 1
    expected = [
        ("institutions.csv:2", "[id] is not a ROR id"),
        ("names.csv:2", "[id] 'University of Andorra' belongs to no institution"),
        ("institutions.csv:4", "[id] stands in institutions.csv:3 already"),
        ("institutions.csv:5", "[relative] parents names affil:nobody"),
        ("institutions.csv:6", "[relative] is among its own successors"),
        ("institutions.csv:7", "[relative] is among its own successors"),
        ("successors.csv:2", "[relative] '20l7' is not a year"),
        ("successors.csv:3", "[relative] is no closed institution with an active successor"),
        ("successors.csv:5", "[relative] stands there already"),
        ("institutions.csv:8", "[city] GeoNames has no 'Nowhere at All'"),
        ("institutions.csv:9", "[place] coordinates are 111 km from"),
        ("names.csv", "[name] 'T.B.D.' names nobody: it folds to 'tbd'"),
        ("names.csv", "[name] 'ACAD' names nobody: it folds to 'academy'"),
        ("names.csv", "[ambiguous] is shared by"),
        ("ambiguous.csv:2", "[ambiguous] has no context"),
        ("ambiguous.csv:3", "[ambiguous] is shared by"),
        ("ambiguous.csv", "[ambiguous] is not shared by several"),
        ("exceptions.csv", "[exception] the city check finds nothing any more"),
    ]
    for where, what in expected:
        assert any(line.startswith(where) and what in line for line in lines), (where, what)


RESPELT = (("Zürich", "Zurich"), ("Munich", "München"), ("Boston", "Cambridge"))  # Boston and Cambridge are two cities
MOVED: dict[str, Row] = {
    "https://ror.org/01nc8zs04": {"lat": "25.9553", "lon": "80.1484"},  # Hamirpur of Uttar Pradesh, not of Himachal Pradesh
    "https://ror.org/05rp1t554": {"lat": "22.6305", "lon": "110.1469"},  # Yulin of Guangxi, not of Shaanxi
    "https://ror.org/04aah1z61": {"region": "NO-30"},  # Viken was dissolved in 2024
    "https://ror.org/05a28rw58": {"region": "DE-BE"},  # of another country
    "https://ror.org/0161xgx34": {"region": ""},
    "https://ror.org/01r4bn552": {"region": "BE-WAL"},  # it is in Flanders
    "https://ror.org/05f950310": {"region": "BE-VBR"},  # a province of Flanders, of the second level
}


class Broken:
    """What the tool says of tables with some faults in a few rows, and where these rows are."""

    def __init__(self, tables: Path) -> None:
        self.respelt: list[str] = []
        self.moved: dict[str, str] = {}
        self.nowhere: list[str] = []
        change(tables / "institutions.csv", self._institutions)
        change(tables / "names.csv", self._names)
        excused = {"id": self._excused, "check": "city", "why": "a village"}
        change(tables / "exceptions.csv", lambda rows: rows.append(excused))
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.setattr(sys, "argv", ["check_registry.py", "--data", str(tables)])
            assert check_registry.main() == 1
        self.lines = said.getvalue().splitlines()[:-1]

    def _institutions(self, rows: list[Row]) -> None:
        places = {row["id"]: f"institutions.csv:{n}" for n, row in enumerate(rows, 2)}

        def where(row: Row) -> str:
            return places[row["id"]]

        for id, values in MOVED.items():
            row = next(r for r in rows if r["id"] == id)
            row |= values
            self.moved[id] = where(row)
        for city, other in RESPELT:
            row = next(r for r in rows if r["city"] == city and r["id"] not in MOVED)
            row["city"] = other
            self.respelt.append(where(row))
        one, two = [r for r in rows if where(r) not in (*self.respelt, *self.moved.values())][6:8]
        one["city"], two["city"] = "Nowhere at All", "Nowhere Else"
        self.nowhere, self._excused = [where(one), where(two)], one["id"]

    def _names(self, rows: list[Row]) -> None:
        peking = "https://ror.org/02v51f717"
        rows.append({"id": peking, "name": "北京大学堂", "language": "zh", "kind": "label", "until": ""})
        rows.append({"id": peking, "name": "京師大學堂", "language": "zh-hant", "kind": "label", "until": ""})
        rows.append({"id": peking, "name": "京师大学堂", "language": "zh", "kind": "former", "until": "1912"})

    def of(self, *where: str) -> list[str]:
        return [line for line in self.lines if line.split(": ")[0] in where]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    return Broken(shutil.copytree(DATA, tmp_path_factory.mktemp("broken") / "data"))


def test_a_city_is_spelt_in_one_way(broken: Broken) -> None:
    zurich, munich, boston = broken.respelt
    assert ["'Zurich' is 'Zürich' elsewhere" in line for line in broken.of(zurich)] == [True]
    assert ["'München' is 'Munich' elsewhere" in line for line in broken.of(munich)] == [True]
    assert broken.of(boston) == []


def test_coordinates_lie_in_the_region_named(broken: Broken) -> None:
    found = {line.split(": ")[1]: line for line in broken.lines if "[region]" in line}
    assert {id: line.split(": ")[0] for id, line in found.items()} == broken.moved
    assert "coordinates are in IN-UP (near Hamīrpur), not in IN-HP" in found["https://ror.org/01nc8zs04"]
    assert "coordinates are in CN-GX (near Yulin), not in CN-SN" in found["https://ror.org/05rp1t554"]
    assert "'NO-30' is no region of NO" in found["https://ror.org/04aah1z61"]
    assert "'DE-BE' is no region of CH" in found["https://ror.org/05a28rw58"]
    assert "coordinates are in CA-QC (near Montréal), not in a region" in found["https://ror.org/0161xgx34"]
    assert "coordinates are in BE-VLG" in found["https://ror.org/01r4bn552"]
    assert "'BE-VBR' is no region of BE but a part of one; use BE-VLG" in found["https://ror.org/05f950310"]


def test_a_row_has_one_chinese_label_a_script(broken: Broken) -> None:
    assert [line for line in broken.lines if line.startswith("names.csv")] == [
        "names.csv: https://ror.org/02v51f717: [name] has 2 labels in zh; make all but one alias or former",
    ]


def test_an_exception_excuses_its_fault_only(broken: Broken) -> None:
    excused, other = broken.nowhere
    assert broken.of(excused) == []
    assert ["[city] GeoNames has no 'Nowhere Else'" in line for line in broken.of(other)] == [True]


def test_rows_without_a_fault_are_left_alone(broken: Broken) -> None:
    known = {"names.csv", *broken.respelt, *broken.moved.values(), *broken.nowhere}
    assert {line.split(": ")[0] for line in broken.lines} <= known
