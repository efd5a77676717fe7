"""One institution under all its ids, through every command that takes one."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from affil.cli import app
from affil.errors import AffilError
from affil.workspace import Workspace

CUHK = "https://ror.org/00t33hh48"
FORMS = ("00T33HH48", "www.ror.org/00t33hh48/", "affil:cuhk", "grid.10784.3a", "Q15567")


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    if isinstance(result.exception, AffilError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ids")
    (folder / "own.csv").write_text(
        "id,name,country,city,kind,acronyms,other_ids\n"
        f"{CUHK},The Chinese University of Hong Kong,HK,Hong Kong,education,CUHK,affil:cuhk|grid.10784.3a|wikidata:Q15567\n"
        "own:qio,Quillwater Institute of Optics,GB,Oxford,facility,QIO,\n"
    )
    (folder / "names.csv").write_text("id,name,country,aliases\naffil:cuhk,Chinese University HK,HK,Shatin Uni of Folding\n")
    call("registry", "build", folder / "names.csv", folder / "own.csv", "-o", folder / "own.affil")
    return folder / "own.affil"


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Path:
    folder = tmp_path_factory.mktemp("matched")
    strings = ["Dept. of Folding, Shatin", "Optics, Quillwater Institute of Optics, Oxford"]
    papers = [
        {"id": f"p{n}", "venue": "CVPR", "year": 2024, "authors": [{"name": f"A {n}", "affiliations": [s]}]}
        for n, s in enumerate(strings)
    ]
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, papers)))
    call("run", folder / "papers.jsonl", "-w", folder / "ws", "--registry", registry)
    return folder / "ws"


@pytest.fixture
def ws(tmp_path: Path, matched: Path) -> Path:
    return Path(shutil.copytree(matched, tmp_path / "ws"))


@pytest.mark.parametrize("form", FORMS)
def test_registry_commands(registry: Path, form: str) -> None:
    assert json.loads(call("registry", "show", form, "--registry", registry, "--json"))["id"] == CUHK
    assert [x["id"] for x in json.loads(call("registry", "search", form, "--registry", registry, "--json"))] == [CUHK]
    assert "wikidata:Q15567" in call("registry", "show", form, "--registry", registry)


def test_a_table_under_an_old_id_adds_its_names(registry: Path) -> None:
    found = json.loads(call("match", "--text", "Shatin Uni of Folding", "--registry", registry, "--json"))
    assert [m["institution_id"] for m in found["matches"]] == [CUHK]


@pytest.mark.parametrize("form", FORMS)
def test_decisions_are_kept_under_the_id_of_today(ws: Path, form: str) -> None:
    said = call("decide", ws, "Dept. of Folding, Shatin", "--institution", form, "--by", "ana", "--why", "it is in Shatin")
    assert CUHK in said
    assert CUHK in [r["id"] for r in json.loads(call("rank", ws, "--json"))["ranking"]]
    assert json.loads(call("why", ws, form, "--json"))["id"] == CUHK


@pytest.mark.parametrize("form", FORMS)
def test_decisions_of_before_count_for_the_institution_of_today(ws: Path, form: str) -> None:
    Workspace.open(ws, create=True).ledger.decide(
        "Dept. of Folding, Shatin", form, by="ana", why="decided when that was its id"
    )
    ranking = json.loads(call("rank", ws, "--json"))
    assert CUHK in [r["id"] for r in ranking["ranking"]]
    assert ranking["warnings"] == []


def test_a_sheet_takes_every_form_and_knows_what_is_unchanged(ws: Path, tmp_path: Path) -> None:
    Workspace.open(ws, create=True).ledger.decide(
        "Dept. of Folding, Shatin", "affil:cuhk", by="ana", why="decided when that was its id"
    )
    sheet = tmp_path / "sheet.csv"
    for ids, said in ((CUHK, "1 row unchanged"), (f"own:qio {FORMS[0]}", "1 decision recorded")):
        with sheet.open("w", newline="") as lines:
            csv.writer(lines).writerows([["affiliation", "institution_ids", "entry"], ["Dept. of Folding, Shatin", ids, "1"]])
        assert said in call("review", "import", ws, sheet, "--by", "ana")
    assert Workspace.open(ws, create=True).ledger.entries()[-1].institutions == ("own:qio", CUHK)


def test_labels_are_read_in_every_form(registry: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.csv"
    with gold.open("w", newline="") as lines:
        csv.writer(lines).writerows([["affiliation", "institution_ids"], *(["CUHK, Hong Kong", form] for form in FORMS)])
    scores = json.loads(call("evaluate", gold, "--registry", registry, "--json"))
    assert [scores["metrics"][m]["value"] for m in ("precision", "recall")] == [1.0, 1.0]


def test_mistakes(ws: Path, registry: Path) -> None:
    with pytest.raises(AffilError, match="check digits of the ROR id 00t33hh49 are wrong"):
        call("decide", ws, "x", "--institution", "https://ror.org/00t33hh49", "--by", "ana", "--why", "typo")
    with pytest.raises(AffilError, match="check digits of the ROR id 00t33hh49 are wrong"):
        call("registry", "show", "00t33hh49", "--registry", registry)
