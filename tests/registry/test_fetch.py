"""ROR is fetched from a server on this machine that answers as Zenodo does, in good and in bad times."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from affil.cli import app
from affil.errors import AffilError
from affil.match import Matcher
from affil.registry import Registry, build_registry, fetch_ror
from affil.registry.dump import last_dump
from affil.settings import FETCH
from affil.workspace import Workspace

NEW = "https://ror.org/0abcdef12"


def dump(version: str, day: str, *more: dict[str, Any]) -> tuple[str, bytes]:
    """A dump as ROR publishes it: its name and its bytes."""
    place = {"name": "Oxford", "country_code": "GB", "lat": 51.75, "lng": -1.25}
    record = {
        "id": NEW,
        "types": ["education"],
        "names": [{"value": "Fernhollow College", "types": ["ror_display", "label"], "lang": "en"}],
        "locations": [{"geonames_details": place}],
        "external_ids": [{"type": "grid", "all": ["grid.99999.9f"], "preferred": None}],
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(f"{version}-{day}-ror-data_schema_v2.json", json.dumps([record, *more]) + " " * 300_000)
    return f"{version}-{day}-ror-data.zip", held.getvalue()


@dataclass
class Zenodo:
    """What the server holds, how it behaves, and what it was asked."""

    file: tuple[str, bytes]
    version: str
    day: str
    md5: str = ""
    cut_at: list[int] = field(default_factory=list)  # bytes after which each of the next downloads breaks off
    ranges: bool = True
    fail: list[int] = field(default_factory=list)  # statuses of the next answers
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def downloads(self) -> list[str]:
        return [span for path, span in self.asked if path.endswith("/content")]

    def record(self) -> dict[str, Any]:
        name, content = self.file
        md5 = self.md5 or hashlib.md5(content).hexdigest()
        link = f"{self.url}/api/records/17953395/files/{name}/content"
        return {
            "id": 17953395,
            "conceptrecid": "6347574",
            "metadata": {"title": "ROR Data", "version": self.version, "publication_date": self.day},
            "files": [{"key": name, "size": len(content), "checksum": f"md5:{md5}", "links": {"self": link}}],
        }


@pytest.fixture
def zenodo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    held = Zenodo(dump("v2.0", "2026-06-23"), "v2.0", "2026-06-23")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            held.asked.append((self.path, self.headers.get("Range", "")))
            if held.fail:
                self.answer(held.fail.pop(0), b"busy", {"Retry-After": "0"})
            elif self.path == "/api/records/6347574":
                self.answer(302, b"", {"Location": "/api/records/17953395"})
            elif self.path == "/api/records/17953395":
                self.answer(200, json.dumps(held.record()).encode(), {"Content-Type": "application/json"})
            elif self.path.endswith("/content"):
                self.content(held.file[1])
            else:
                self.answer(404, b"{}")

        def content(self, whole: bytes) -> None:
            begin = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(begin[1]) if begin and held.ranges else 0
            part = whole[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            if held.cut_at:
                part = part[: held.cut_at.pop(0)]
                self.close_connection = True
            self.wfile.write(part)

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    quick = FETCH.model_copy(update={"wait": 0.0, "timeout": 5.0})
    monkeypatch.setattr("affil.registry.fetch.FETCH", quick)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # built over a small table, as what is shipped takes its time
    (tmp_path / "few.csv").write_text("id,name,country\naffil:qio,Quillwater Institute of Optics,GB\n")
    monkeypatch.setattr("affil.registry.cached.SHIPPED", tmp_path / "few.csv")
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(zenodo: Zenodo, **more: Any) -> Any:
    return fetch_ror(record=f"{zenodo.url}/api/records/6347574", **more)


def kept(tmp_path: Path) -> list[str]:
    return sorted(re.sub("[0-9a-f]{12,}", "HASH", p.name) for p in (tmp_path / "cache" / "affil" / "ror").iterdir())


WHOLE = ["HASH-HASH.affil", "dump.json", "v2.0-2026-06-23-ror-data.zip"]


def test_the_newest_dump_is_brought_checked_and_built_and_ror_means_it(zenodo: Zenodo, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = fetch(zenodo, progress=lambda done, whole: steps.append((done, whole)))
    size = len(zenodo.file[1])
    assert (found.new, found.dump.version, found.dump.date) == (True, "v2.0", "2026-06-23")
    assert steps[-1] == (size, size)
    assert len(steps) > 2
    assert kept(tmp_path) == WHOLE
    registry = Registry.open("ror")
    assert {one.id for one in registry} == {NEW, "affil:qio"}
    assert registry.get("grid.99999.9f").id == NEW
    assert list(registry.info()["dates"].values()) == ["2026-06-23"]
    assert Matcher.load("ror").match("Fernhollow College, Oxford").matches[0].institution.id == NEW
    assert len(build_registry(["ror"], tmp_path / "alone.affil")) == 1


def test_nothing_is_brought_twice(zenodo: Zenodo, tmp_path: Path) -> None:
    first, again = fetch(zenodo), fetch(zenodo)
    assert (first.new, again.new) == (True, False)
    assert zenodo.downloads == [""]
    assert again.registry.hash == first.registry.hash
    assert kept(tmp_path) == WHOLE


def test_a_newer_version_takes_the_place_of_the_older(zenodo: Zenodo, tmp_path: Path) -> None:
    fetch(zenodo)
    zenodo.file, zenodo.version, zenodo.day = dump("v2.1", "2026-09-01"), "v2.1", "2026-09-01"
    assert fetch(zenodo).dump.version == "v2.1"
    assert kept(tmp_path) == ["HASH-HASH.affil", "dump.json", "v2.1-2026-09-01-ror-data.zip"]
    assert list(Registry.open("ror").info()["dates"].values()) == ["2026-09-01"]


def test_what_breaks_off_goes_on_by_itself(zenodo: Zenodo, tmp_path: Path) -> None:
    zenodo.cut_at = [100_000, 50_000]
    assert fetch(zenodo).new
    assert zenodo.downloads == ["", "bytes=100000-", "bytes=150000-"]
    assert kept(tmp_path) == WHOLE


def test_what_breaks_off_again_and_again_goes_on_the_next_time(zenodo: Zenodo, tmp_path: Path) -> None:
    zenodo.cut_at = [100_000, 0, 0, 0]
    with pytest.raises(AffilError, match=r"broke off after 0\.1 of 0\.3 MB .*run it again, it goes on from there"):
        fetch(zenodo)
    assert kept(tmp_path) == ["HASH.part"]
    with pytest.raises(AffilError, match="ROR was not fetched yet on this machine; do so with: affil registry fetch"):
        Registry.open("ror")
    zenodo.asked.clear()
    assert fetch(zenodo).new
    assert zenodo.downloads == ["bytes=100000-"]
    assert kept(tmp_path) == WHOLE


def test_a_server_without_ranges_gives_it_from_the_start(zenodo: Zenodo, tmp_path: Path) -> None:
    zenodo.cut_at, zenodo.ranges = [100_000], False
    assert fetch(zenodo).new
    assert (tmp_path / "cache" / "affil" / "ror" / zenodo.file[0]).read_bytes() == zenodo.file[1]


def test_a_wrong_checksum_keeps_nothing_and_what_was_there_stays(zenodo: Zenodo, tmp_path: Path) -> None:
    fetch(zenodo)
    zenodo.file, zenodo.md5 = dump("v2.1", "2026-09-01"), "0" * 32
    with pytest.raises(AffilError, match=r"arrived damaged .*nothing is kept of it"):
        fetch(zenodo)
    assert kept(tmp_path) == WHOLE
    known = last_dump()
    assert known is not None
    assert known.version == "v2.0"
    assert NEW in Registry.open("ror")


def test_a_damaged_dump_in_the_cache_is_brought_again(zenodo: Zenodo, tmp_path: Path) -> None:
    fetch(zenodo)
    (tmp_path / "cache" / "affil" / "ror" / zenodo.file[0]).write_bytes(b"half")
    assert fetch(zenodo).new


def test_a_dump_that_is_none_leaves_what_was_there(zenodo: Zenodo) -> None:
    fetch(zenodo)
    zenodo.file = ("v2.1-2026-09-01-ror-data.zip", b"no archive")
    with pytest.raises(AffilError, match=r"v2\.1-2026-09-01-ror-data\.zip: damaged or truncated archive"):
        fetch(zenodo)
    assert NEW in Registry.open("ror")


def test_a_busy_server_is_asked_again(zenodo: Zenodo) -> None:
    zenodo.fail = [503, 429]
    assert fetch(zenodo).new


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([503] * 4, "answers 503 Service Unavailable; try again later, or download"),
        ([404], "answers 404 Not Found; it may have moved, or download"),
    ],
)
def test_a_server_that_has_nothing_is_said_in_one_line(zenodo: Zenodo, statuses: list[int], said: str, tmp_path: Path) -> None:
    zenodo.fail = statuses
    with pytest.raises(AffilError, match=said) as told:
        fetch(zenodo)
    assert "\n" not in str(told.value)
    assert "affil registry build shipped FILE" in str(told.value)
    assert not (tmp_path / "cache" / "affil" / "ror").exists()


@pytest.mark.parametrize("record", ["http://127.0.0.1:9/api", "http://nowhere.invalid/api", "ftp://x/y", "zenodo"])
def test_without_network_one_line_says_what_to_do(zenodo: Zenodo, record: str) -> None:
    said = r"cannot be reached \(.*\); connect this machine to the internet, or download a dump"
    with pytest.raises(AffilError, match=said) as told:
        fetch_ror(record=record)
    assert "\n" not in str(told.value)


def test_another_answer_is_no_record(zenodo: Zenodo) -> None:
    zenodo.md5 = "../../etc"
    with pytest.raises(AffilError, match="is no record of a ROR dump"):
        fetch(zenodo)


def test_the_command(zenodo: Zenodo) -> None:
    def call(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    record = f"{zenodo.url}/api/records/6347574"
    assert call("registry", "fetch", "--record", record) == (
        "ROR v2.0 of 2026-06-23, 2 institutions: fetched\nuse it with: affil match strings.csv -o matches.csv --registry ror\n"
    )
    assert "already up to date" in call("registry", "fetch", "--record", record)
    assert json.loads(call("registry", "fetch", "--record", record, "--json"))["new"] is False
    info = call("registry", "info", "--registry", "ror")
    assert re.search(r"dates +v2\.0-2026-06-23-ror-data\.zip sha256:\w+ of 2026-06-23, [\d,]+ days ago", info)
    found = json.loads(call("match", "--text", "Fernhollow College", "--registry", "ror", "--json"))
    assert found["matches"][0]["institution_id"] == NEW


def test_a_workspace_remembers_the_word_and_takes_the_newest(zenodo: Zenodo, tmp_path: Path) -> None:
    fetch(zenodo)
    paper = {"id": "p", "venue": "CVPR", "year": 2024, "authors": [{"name": "A", "affiliations": ["Fernhollow College"]}]}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper) + "\n")
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(tmp_path / "papers.jsonl")
    ws.run(registry="ror")
    assert ws.manifest["chosen"]["registry"] == "ror"
    assert ws.registry().hash == Registry.open("ror").hash
    more = {
        "id": "https://ror.org/0abcdeg07",
        "names": [{"value": "Inkwell University", "types": ["ror_display"], "lang": "en"}],
    }
    zenodo.file = dump("v2.1", "2026-09-01", more)
    fetch(zenodo)
    assert ws.run().again == "the registry changed"


def test_the_shipped_tables_are_no_younger_than_they_say() -> None:
    """`data/date.txt` is the day of the last change to the tables."""
    folder = Path(str(resources.files("affil.registry"))) / "data"
    said = date.fromisoformat((folder / "date.txt").read_text().strip())
    git = shutil.which("git")
    tables = ("institutions.csv", "names.csv", "alternative_ids.csv")
    log = git and subprocess.run(
        [git, "log", "-1", "--format=%cs", "--", *tables], cwd=folder, capture_output=True, text=True, check=False
    )
    if not log or not log.stdout.strip():
        pytest.skip("not in a checkout of the project, where it is known when the tables changed")
    assert date.fromisoformat(log.stdout.strip()) <= said, "put today's date into data/date.txt"
