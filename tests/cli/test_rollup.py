"""A joint unit from raw strings to `affil rank --roll-up`, with a registry of one's own: it goes to the parent that the string names."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from affil.cli import app
from affil.report.collect import collect
from affil.report.pack import numbers, pack
from affil.workspace import Workspace

OWN = """id,name,country,kind,city,parents,acronyms
own:lmu,Ludwig Maximilian University,DE,education,Munich,,LMU
own:tum,Technical University of Munich,DE,education,Munich,,TUM
own:joint,Joint Institute of Quillology,DE,facility,Garching,own:lmu|own:tum,
own:clinic,Penmanship Hospital Isar,DE,healthcare,Munich,own:lmu|own:tum,
"""
STRINGS = {
    "one": "Joint Institute of Quillology, Technical University of Munich, Garching, Germany",
    "both": "Joint Institute of Quillology, Ludwig Maximilian University and Technical University of Munich, Germany",
    "none": "Joint Institute of Quillology, Garching, Germany",
    "hospital": "Penmanship Hospital Isar, Ludwig Maximilian University, Munich, Germany",
}
LMU, TUM, JOINT = "Ludwig Maximilian University", "Technical University of Munich", "Joint Institute of Quillology"


def call(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("rollup")
    (folder / "own.csv").write_text(OWN, "utf-8")
    papers = [
        {"id": name, "venue": "NeurIPS", "year": 2023, "authors": [{"name": f"A. {name}", "affiliations": [string]}]}
        for name, string in STRINGS.items()
    ]
    (folder / "papers.jsonl").write_text("".join(json.dumps(one) + "\n" for one in papers), "utf-8")
    call("registry", "build", str(folder / "own.csv"), "-o", str(folder / "own.affil"))
    using = ("--registry", str(folder / "own.affil"), "--model", str(tiny_model))
    call("run", str(folder / "papers.jsonl"), "-w", str(folder / "ws"), *using)
    return folder / "ws"


def ranked(ws: Path, *more: str) -> dict[str, Any]:
    return {row["name"]: row["adjusted"] for row in json.loads(call("rank", str(ws), "--json", *more))["ranking"]}


def test_a_roll_up_goes_to_the_parent_that_the_string_names(made: Path) -> None:
    assert ranked(made) == {JOINT: 3.0, "Penmanship Hospital Isar": 1.0}
    assert ranked(made, "--roll-up", "labs") == {TUM: 2.0, LMU: 1.0, "Penmanship Hospital Isar": 1.0}
    assert ranked(made, "--roll-up", "parent") == ranked(made, "--roll-up", "top") == {TUM: 2.0, LMU: 2.0}
    assert ranked(made, "--level", "city") == {"Garching": 3.0, "Munich": 1.0}


def test_why_says_what_the_string_decided(made: Path) -> None:
    told = call("why", str(made), "TUM", "--roll-up", "labs")
    assert re.search(r"1 paper, 100%, named in the string: 'Joint Institute of Quillology, Technical", told), told
    assert re.search(r"1 paper, 50%, an equal part: 'Joint Institute of Quillology, Garching, Germany'", told), told
    assert "Joint Institute of Quillology, Technical" not in call("why", str(made), "LMU", "--roll-up", "labs")
    rolled = json.loads(call("why", str(made), "TUM", "--roll-up", "labs", "--json"))["rolled"]
    assert {(row["affiliation"], row["part"], row["named"]) for row in rolled} == {
        (STRINGS["one"], 1.0, True),
        (STRINGS["both"], 0.5, False),
        (STRINGS["none"], 0.5, False),
    }
    assert "other parents" not in call("why", str(made), JOINT)


def test_a_name_that_counts_for_its_part_is_told_the_way_of_rolling_up(made: Path) -> None:
    # the strings that name LMU name the hospital, too, which is no laboratory
    for name, how in ((TUM, "labs"), (LMU, "top")):
        error = CliRunner().invoke(app, ["why", str(made), name]).exception
        assert f"see --roll-up {how}, or decide.policy" in str(error)


def test_the_pages_of_the_site_count_as_the_library(made: Path) -> None:
    """As the script of the pages does it, by each way of rolling up; and by kind, which is that of the unit."""
    data = collect(Workspace.open(made))
    facts = json.loads(gzip.decompress(base64.b64decode(pack(data)["facts"].split('"')[3])))
    number, institutions = numbers(data, data.facts.to_pandas())["institution"], data.entities["institution"]
    names = {number[i]: one.names[0] for i, one in institutions.items()}
    credit = [(i, facts["credits"][code]) for i, code in zip(facts["inst"], facts["credit"], strict=True)]
    for how in ("none", "labs", "parent", "top"):
        counted: dict[str, float] = {}
        for i, part in credit:
            to = facts["place"][how][i]
            for entity, share in [[to, 1.0]] if isinstance(to, int) else to:
                counted[names[entity]] = counted.get(names[entity], 0.0) + part * share
        assert counted == ranked(made, "--roll-up", how)
    kinds = [facts["kinds"][facts["entities"]["institution"]["kind"][i]] for i, _ in credit]
    assert sorted(kinds) == ["facility", "facility", "facility", "healthcare"]


def test_matches_of_an_older_version_are_read_and_made_again_by_the_next_run(made: Path, tmp_path: Path) -> None:
    """They lack what a string names beside a unit: until then all parents share."""
    import shutil

    from affil.io.checksums import digest_of, sealed_json

    ws = tmp_path / "old"
    shutil.copytree(made, ws)
    manifest = json.loads((ws / "manifest.json").read_text("utf-8"))
    file = ws / manifest["tables"]["matches"]
    table = pq.read_table(file)
    about = json.loads(table.schema.metadata[b"affil"])
    del about["columns"]
    pq.write_table(table.drop_columns("named_parents").replace_schema_metadata({"affil": json.dumps(about)}), file)
    manifest["digests"]["matches"] = digest_of(file)
    for place in (ws / "manifest.json", *(ws / "tables").glob("manifest-*.json")):
        place.write_text(sealed_json({k: v for k, v in manifest.items() if k != "checksum"}), "utf-8")
    assert ranked(ws, "--roll-up", "labs") == {TUM: 1.5, LMU: 1.5, "Penmanship Hospital Isar": 1.0}
    result = CliRunner().invoke(app, ["run", "-w", str(ws)])
    assert result.exit_code == 0 and "what is kept of a match changed: all strings were matched again" in result.output
    assert ranked(ws, "--roll-up", "labs") == {TUM: 2.0, LMU: 1.0, "Penmanship Hospital Isar": 1.0}
