from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from affil.cli import app
from affil.errors import AffilError
from affil.workspace import Workspace

OPENAI = "affil:openai"


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture
def ws(review_ws: Workspace) -> str:
    return str(review_ws.path)


def test_out_to_a_sheet_and_in_again(ws: str, tmp_path: Path) -> None:
    sheet = tmp_path / "q.csv"
    assert "1 string written to" in run("review", "export", ws, "-o", str(sheet), "--audit", "--text", "leeds").output
    text = sheet.read_text("utf-8-sig")
    assert len(text.splitlines()) == 2
    sheet.write_text(text.replace(",,,,\r\n", f",,,{OPENAI},w\r\n").replace(",,,,\n", f",,,{OPENAI},w\n"), "utf-8")
    out = json.loads(run("review", "import", ws, str(sheet), "--by", "ana", "--json").output)
    assert out == {"decided": 1, "opinions": 0, "unchanged": 0, "blank": 0, "left_out": []}
    result = CliRunner().invoke(app, ["review", "export", ws, "-o", str(tmp_path / "x.ods")])
    assert isinstance(result.exception, AffilError)


def rows_of(sheet: Path) -> list[dict[str, str]]:
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def write_rows(sheet: Path, rows: list[dict[str, str]]) -> None:
    with sheet.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_asks_doubtful_strings_alone_unless_the_audit_is_wanted(ws: str, tmp_path: Path) -> None:
    sheets = {}
    for name, words in {"plain": (), "audit": ("--audit",), "all": ("--scope", "all")}.items():
        run("review", "export", ws, "-o", str(tmp_path / f"{name}.csv"), *words)
        sheets[name] = rows_of(tmp_path / f"{name}.csv")
    assert {row["model"] for row in sheets["plain"]} == {"review"}
    assert len(sheets["plain"]) > 20
    audited = [row for row in sheets["audit"] if row["model"] != "review"]
    assert {row["model"] for row in audited} == {"match", "none"}
    assert {row["reason"] for row in audited} == {"audited"}
    assert [row for row in sheets["audit"] if row["model"] == "review"] == sheets["plain"]
    for row in sheets["plain"]:
        assert row["reason"]
        assert "audited" not in row["reason"]
        assert OPENAI not in row["candidates"] or f"{OPENAI} OpenAI (San Francisco, US)" in row["candidates"]
    assert {row["key"] for row in sheets["audit"]} <= {row["key"] for row in sheets["all"]}
    assert all(row["reason"] for row in sheets["all"])


def test_names_in_a_sheet_are_looked_up(ws: str, tmp_path: Path) -> None:
    sheet = tmp_path / "q.csv"
    run("review", "export", ws, "-o", str(sheet))
    rows = rows_of(sheet)[:6]
    copied = next(row["candidates"] for row in rows if row["candidates"]).split("; ")[0]
    cells = [
        "openai",
        "港中大; Quillwater Institute of Optics",
        "OpenAI\nFernhollow College",
        f"{OPENAI}, affil:fernhollow-college",
        copied,
        f"{OPENAI} OpenAI; affil:fernhollow-college Fernhollow College (Leeds, GB)",
    ]
    for row, cell in zip(rows, cells, strict=True):
        row["institution_ids"] = cell
    write_rows(sheet, rows)
    assert json.loads(run("review", "import", ws, str(sheet), "--by", "ana", "--json").output)["decided"] == 6
    said = Workspace.open(ws, create=True).ledger.current()
    cuhk, optics, college = (
        "affil:the-chinese-university-of-hong-kong",
        "affil:quillwater-institute-of-optics",
        "affil:fernhollow-college",
    )
    wanted = [{OPENAI}, {cuhk, optics}, {OPENAI, college}, {OPENAI, college}, {copied.split(" ")[0]}, {OPENAI, college}]
    assert [set(said[row["affiliation"]]) for row in rows] == wanted


def test_a_name_that_is_not_of_one_institution_is_one_problem(ws: str, tmp_path: Path) -> None:
    sheet = tmp_path / "q.csv"
    run("review", "export", ws, "-o", str(sheet))
    rows = rows_of(sheet)[:5]
    cells = [
        "Northeastern University",
        "Quilwater Institut",
        "OpenAI; nobody, anywhere",
        f"{OPENAI} Fernhollow College",
        OPENAI,
    ]
    for row, cell in zip(rows, cells, strict=True):
        row["institution_ids"] = cell
    write_rows(sheet, rows)
    failed = CliRunner().invoke(app, ["review", "import", ws, str(sheet), "--by", "ana"])
    assert isinstance(failed.exception, AffilError)
    head, *lines = str(failed.exception).splitlines()
    assert head.endswith("4 problems, nothing was recorded; correct the sheet and do it again")
    assert lines == [
        "  row 2: several institutions are called 'Northeastern University': affil:northeastern-shenyang (Shenyang, CN), "
        "affil:northeastern-boston (Boston, US); write the id of the one that is meant",
        "  row 3: the registry has no institution 'Quilwater Institut'; did you mean: affil:quillwater-institute-of-optics "
        "Quillwater Institute of Optics (Oxford, GB)?",
        "  row 4: the registry has no institution 'nobody, anywhere'",
        "  row 5: 'Fernhollow College' is not a name of affil:openai OpenAI (San Francisco, US); write ids, or one id and its name "
        "between semicolons",
    ]
    assert Workspace.open(ws, create=True).ledger.entries() == []


def test_a_decision_by_name(ws: str) -> None:
    words = ("--by", "ana", "--why", "w", "--json")
    entry = json.loads(run("decide", ws, "Room 12", "--institution", "港中大", "--institution", OPENAI, *words).output)
    assert entry["institutions"] == ["affil:the-chinese-university-of-hong-kong", OPENAI]
    for name, said in {
        "Northeastern University": r"several institutions are called .* \(Shenyang, CN\), affil:northeastern-boston \(Boston, US\)",
        "Fernhollow Collage": "did you mean: affil:fernhollow-college Fernhollow College",
    }.items():
        failed = CliRunner().invoke(app, ["decide", ws, "Room 12", "--institution", name, *words])
        assert isinstance(failed.exception, AffilError)
        assert re.search(said, str(failed.exception))
    assert len(Workspace.open(ws, create=True).ledger.entries()) == 1


def test_a_dispute_from_beginning_to_end(ws: str) -> None:
    run("decide", ws, "Room 12", "--institution", "none", "--by", "ana", "--why", "a room")
    said = run("decide", ws, "Room 12", "--institution", OPENAI, "--by", "bo", "--why", "they sit there").output
    assert "ana decided before (entry 1), and that holds until someone settles the two" in said
    listed = run("review", "conflicts", ws).output
    assert "Room 12" in listed
    assert "they sit there" in listed
    found = json.loads(run("review", "conflicts", ws, "--json").output)
    assert [e["by"] for e in found["conflicts"][0]["said"]] == ["ana", "bo"]
    run("decide", ws, "Room 12", "--institution", OPENAI, "--by", "cy", "--why", "asked", "--settle")
    assert "no conflicts" in run("review", "conflicts", ws).output
    assert Workspace.open(ws, create=True).ledger.current() == {"Room 12": (OPENAI,)}


def test_one_mention(ws: str) -> None:
    run("decide", ws, "OpenAI!", "--institution", "none", "--by", "ana", "--why", "w", "--paper", "p0-0", "--position", "1")
    (key,) = Workspace.open(ws, create=True).ledger.cases()
    assert key == ("OpenAI!", "p0-0", 1)


def test_a_workspace_may_have_the_name_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of that name is what is reviewed, where no other workspace stands behind it."""
    monkeypatch.chdir(tmp_path)
    opened: list[Path] = []

    def stop(workspace: Path, ledger: str | None) -> None:
        opened.append(workspace)
        raise AffilError("stop")

    monkeypatch.setattr("affil.cli.review._session", stop)
    monkeypatch.setattr("affil.cli.review.open_workspace", stop)
    assert "Missing argument 'WS'" in run("review", "names", code=2).output, "there is no such folder"
    for name in ("names", "export"):
        (tmp_path / name).mkdir()
    for words, workspace in {
        ("names",): "names",
        ("names", "--by", "ana", "--port", "0"): "names",
        ("export",): "export",
        ("page", "names"): "names",
        ("names", "export"): "export",
        ("names", "--accept", "ws"): "ws",
        ("export", "-o", "q.csv", "ws"): "ws",
    }.items():
        assert str(CliRunner().invoke(app, ["review", *words]).exception) == "stop", words
        assert opened.pop() == Path(workspace)
    assert "Suggest decided strings" in run("review", "names", "--help").output


def test_names(ws: str) -> None:
    run("decide", ws, "Room 12", "--institution", OPENAI, "--by", "ana", "--why", "w")
    assert "1 name; add them with" in run("review", "names", ws).output
    (offered,) = json.loads(run("review", "names", ws, "--json").output)
    assert (offered["name"], offered["institution_id"]) == ("Room 12", OPENAI)
    assert "1 name added" in run("review", "names", ws, "--accept").output
    assert "0 names" in run("review", "names", ws).output


def test_discover(ws: str, tmp_path: Path) -> None:
    said = run("discover", ws).output
    assert "Tanglewick Robotics" in said
    assert "1 proposal" in said
    (found,) = json.loads(run("discover", ws, "--json").output)
    assert (found["country"], found["city"], len(found["strings"])) == ("GB", "Leeds", 3)
    run("discover", ws, "-o", str(tmp_path / "new.csv"))
    assert (tmp_path / "new.csv").read_text("utf-8").startswith("name,country,city,kind,mentions,spellings,strings\n")


def test_duplicates(review_registry: object) -> None:
    path = str(review_registry.path)  # type: ignore[attr-defined]
    assert "0 pairs" in run("registry", "duplicates", "--registry", path).output
    assert json.loads(run("registry", "duplicates", "--registry", path, "--json").output) == []


def test_training_with_the_ledger_shows_the_change_and_keeps_the_model_unless_told(ws: str, tmp_path: Path) -> None:
    settings = Path(ws) / "settings.toml"
    text = settings.read_text("utf-8")
    smaller = {"synthetic": 240, "decoys": 150, "min_calibration": 20, "iterations": 8, "min_samples_leaf": 10}
    for name, value in smaller.items():
        text, found = re.subn(rf"^{name} = \d+", f"{name} = {value}", text, flags=re.MULTILINE)
        assert found
    settings.write_text(text, "utf-8")
    for dept in ("Physics", "Dept. of Physics", "Chemistry", "School of Law", "Lab 4", "Music"):
        run("decide", ws, f"{dept}, OpenAI", "--institution", OPENAI, "--by", "ana", "--why", "w")
    rows = tmp_path / "rows.csv"
    rows.write_text(f"affiliation,institution_ids\nOpenAI,{OPENAI}\n", "utf-8")
    before = Workspace.open(ws, create=True).matcher().model_hash
    said = run("train", str(rows), "--ledger", ws).output
    assert "decided strings held out" in said
    assert "change" in said
    assert "the workspace keeps its model" in said
    assert Workspace.open(ws, create=True).matcher().model_hash == before
    result = run("train", str(rows), "--ledger", ws, "--yes", "--json")
    changed = json.loads(result.stdout)
    assert changed["used"] is True
    assert set(changed["changes"]["decided strings held out"]["f1"]) == {"before", "after"}
    assert Workspace.open(ws, create=True).matcher().model_hash != before
    refused = CliRunner().invoke(app, ["train", "--ledger", ws, "--registry", "x.affil"])
    assert isinstance(refused.exception, AffilError)


def test_the_page_needs_a_workspace(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["review", str(tmp_path)])
    assert isinstance(result.exception, AffilError)
    assert "not a workspace" in str(result.exception)
    assert "Commands:" in run("review", "--help").output
