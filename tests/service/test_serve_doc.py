"""The examples of docs/serve.md and docs/openrefine.md run against the service; what they say of limits, pictures and a sheet is so."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import tomllib
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from affil.settings import ServeSettings

ROOT = Path(__file__).parents[2]
DOC, REFINE = (ROOT / "docs" / name for name in ("serve.md", "openrefine.md"))
MARKED = re.compile(r"<!-- (run|not run) by the tests -->\n```sh\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(not DOC.exists(), reason="the tests run without the project's folder around them")


@pytest.mark.parametrize(("doc", "least"), [(DOC, 9), (REFINE, 5)])
def test_the_examples_run(serve: Any, lacking: Any, tmp_path: Path, doc: Path, least: int) -> None:
    if shutil.which("curl") is None:
        lacking("curl (apt-get install curl)")
    text = doc.read_text("utf-8")
    blocks = MARKED.findall(text)
    assert len(blocks) == text.count("\n```sh\n")
    server, ran = serve(None, "--quiet", "--jobs", str(tmp_path / "jobs")), 0
    for state, block in blocks:
        if state == "not run":
            continue
        block = block.strip().replace("http://127.0.0.1:8372/", server.url)
        # each curl for itself, but for those that need what was said before
        for command in [block] if "$id" in block else re.split(r"\n(?=curl)", block):
            run = ["bash", "-euo", "pipefail", "-c", command]
            done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, timeout=300)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert done.stdout
            assert '"errors"' not in done.stdout
            ran += 1
    assert ran >= least
    assert server.stop() == ""


def test_defaults_and_pictures_are_as_told() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    assert ServeSettings(**tomllib.loads(shown)["serve"]) == ServeSettings()
    for doc in (DOC, REFINE):
        for picture in re.findall(r"!\[[^]]+\]\((images/[^)]+)\)", doc.read_text("utf-8")):
            assert (DOC.parent / picture).exists(), picture


def test_the_messy_sheet_is_reconciled_as_told(service_url: str) -> None:
    (sheet,) = re.findall(r"```csv\n(.*?)```", REFINE.read_text("utf-8"), re.DOTALL)
    _heads, *rows = csv.reader(io.StringIO(sheet))

    def matched(kind: str) -> list[str | None]:
        details = [
            [{"pid": p, "v": v} for p, v in zip(("country", "city", "name_zh"), row[1:], strict=True) if v] for row in rows
        ]
        queries = {
            str(i): {"query": row[0], "type": kind, "type_strict": "should", "properties": details[i]}
            for i, row in enumerate(rows)
        }
        form = urlencode({"queries": json.dumps(queries)}).encode()
        with urllib.request.urlopen(f"{service_url}reconcile", form) as answer:
            found = [result["result"] for result in json.load(answer).values()]
        return [next((c["name"] for c in candidates if c["match"]), None) for candidates in found]

    assert matched("organization") == [
        "Tsinghua University",
        "Northeastern University (China)",
        "Northeastern University",
        "The Chinese University of Hong Kong",
        "University of Oxford",
        "Tencent AI Lab",
        None,
        None,
    ]
    assert matched("company")[6] == "SenseTime"
    assert matched("education")[6] == "The Chinese University of Hong Kong"
