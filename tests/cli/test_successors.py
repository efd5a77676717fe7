"""A closed institution and its successor, from raw strings to `affil rank`, with the shipped registry and model."""

import json
from pathlib import Path

from typer.testing import CliRunner

from affil.cli import app


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def ranked(ws: str, level: str) -> dict[str, float]:
    rows = json.loads(call("rank", ws, "--level", level, "--json"))["ranking"]
    return {row["name"]: row["publications"] for row in rows}


def test_google_brain_is_apart_until_2023_unless_the_setting_says_otherwise(tmp_path: Path) -> None:
    papers, ws = tmp_path / "papers.jsonl", str(tmp_path / "ws")
    named = ["Google Brain", "Google DeepMind"]
    records = [
        {"id": f"{name} {year}", "venue": "NeurIPS", "year": year, "authors": [{"name": "A. Quill", "affiliations": [name]}]}
        for name in named
        for year in (2021, 2022, 2023, 2024)
    ]
    papers.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    call("run", str(papers), "-w", ws)
    assert ranked(ws, "institution") == {"Google DeepMind": 6, "Google Brain": 2}
    assert ranked(ws, "city") == {"London": 6, "Mountain View": 2}
    settings = Path(ws) / "settings.toml"
    settings.write_text(settings.read_text("utf-8").replace("successors = true", "successors = false"), "utf-8")
    assert ranked(ws, "institution") == {"Google DeepMind": 8}
    assert ranked(ws, "city") == {"London": 8}
    settings.write_text(settings.read_text("utf-8").replace("successors = false", "successors = true"), "utf-8")
    assert ranked(ws, "country") == {"United Kingdom": 6, "United States": 2}
