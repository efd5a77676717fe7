"""tools/fetch_benchmarks.py downloads from a real server, verifies, and writes tables that training and evaluation read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest

from affil.evaluate.gold import read_gold
from affil.match.labels import Labelled
from affil.registry import Registry
from affil.settings import TrainSettings
from affil.training.samples import read_rows

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "fetch_benchmarks.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the tests run without the project's folder around them")

Result = tuple[int, str, str]
A, B, C = (f"https://ror.org/{x}" for x in ("03cve4549", "00f54p054", "00ccccc03"))  # the shipped registry lacks C
ODD = 'Quill "Well",\rInstitute \N{GREEK SMALL LETTER PHI}; 1 , Oxford'
NUMBERS = {"101": A, "4210000102": B, "103": None}  # what the API knows; 104 it does not


def halves(stem: str) -> tuple[list[str], list[str]]:
    """Strings whose SHA-1 is even, and odd, worked out apart from the script."""
    made = [f"{stem} {i} College" for i in range(40)]
    even = [s for s in made if int(hashlib.sha1(s.lower().encode()).hexdigest(), 16) % 2 == 0]
    return even, [s for s in made if s not in even]


def table(*rows: tuple[str, ...], delimiter: str = ",", bom: bool = False) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


EVEN, ODDS = halves("Inkwell")


def gold(*rows: tuple[str, ...], column: str = "labels") -> bytes:
    return table(("paper_id", "affiliation_string", column, "dataset"), *(("W1", *r, "gold") for r in rows), delimiter="\t")


def files() -> dict[str, bytes]:
    """Made-up files in the formats of the sources, by the end of their path."""
    first = gold((EVEN[0], "[101, 4210000102]"), (EVEN[1], "[-1]"), (ODDS[0], "[101]"))
    second = gold((EVEN[2], "101||||103"), (EVEN[3], "104"), (EVEN[4], "101"), (EVEN[4].upper(), "4210000102"))
    return {
        "IDs_test.csv": table(
            ("affiliation", "ror_id"), (ODD, A), ("Both  Places", A), ("both places ", B), ("In Two", A), bom=True
        ),
        "IDs_train.csv": table(("affiliation", "ror_id"), ("IN two", B)),
        "logs_test.csv": table(("affiliation", "ror_id"), ("Nobody", "NP"), ("A and B", f"{A}; {B}"), ("Old", C)),
        "logs_valid.csv": table(("affiliation", "ror_id"), ("Else", C)),
        "datasets_v2.tgz": archive(**{"gold/a.tsv": first, "gold/b.tsv": second, "gold/._b.tsv": b"\0", "gold/x.txt": b"x"}),
        "annotations.csv": table(
            ("original_affiliation", "original_labels_correct", "labels", "split"),
            ("Teacup Hospital", "yes", str([A, "some words"]), "train"),
            ("teacup hospital", "no", f"{{'{B}'}}", "train"),
            ("Words Only", "no", "{'Words Only'}", "val"),
            ("Seen in Test", "yes", f"['{A}']", "val"),
            ("Seen in  test", "yes", f"['{A}']", "test"),
        ),
        "springer_nature.csv": table(
            ("doi", "affiliation", "ror_id"), *(("10.1", s, A) for s in [*EVEN, *ODDS]), ("10.1", EVEN[5], "")
        ),
    }


class Server(ThreadingHTTPServer):
    """Serves the files, and the API under /api; `broken` ends are cut off in the middle, `asked` holds all requests.

    `refusal` is the code with which the API refuses; `interrupts` says that Ctrl-C comes in the middle of a broken file.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.broken, self.asked = files(), set[str](), list[str]()
        self.refusal, self.interrupts = 0, False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> bytes | None:
        if not path.startswith("/api/institutions?"):
            return next((body for end, body in self.files.items() if path.endswith(end)), None)
        query = parse_qs(urlsplit(path).query)
        numbers = query["filter"][0].removeprefix("ids.openalex:").replace("I", "").split("|")
        found = [{"id": f"https://openalex.org/I{n}", "ror": NUMBERS[n]} for n in numbers if n in NUMBERS]
        return json.dumps({"results": found}).encode()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.answer(self.path)
        refused = self.server.refusal if self.path.startswith("/api") else 0
        self.send_response(refused or (404 if body is None else 200))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        whole = not any(self.path.endswith(end) for end in self.server.broken)
        self.wfile.write((body or b"")[: None if whole else 20])
        if not whole and self.server.interrupts:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(0.3)  # the script waits for the rest

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("fetch_benchmarks", str(SCRIPT))
    spec = importlib.util.spec_from_loader("fetch_benchmarks", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fetch_benchmarks"] = module  # where dataclasses look for it
    loader.exec_module(module)
    return module


class Fetch(Protocol):
    def __call__(self, folder: Path, *arguments: str | Path, server: str = "") -> Result: ...


@pytest.fixture
def fetch(script: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Fetch:
    """Run the script against the server: code, standard output, standard error."""
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    def run(folder: Path, *arguments: str | Path, server: str = server.address) -> Result:
        all_arguments = [folder, "--server", server, "--openalex", f"{server}/api", *arguments]
        monkeypatch.setattr(sys, "argv", ["fetch_benchmarks", *map(str, all_arguments)])
        try:
            code: Any = script.main()
        except SystemExit as end:
            code = end.code
        return (code, *capfd.readouterr())

    return run


def one_line(result: Result, *parts: str) -> None:
    code, out, err = result
    assert (code, out, err.count("\n")) == (2, "", 1), err
    for part in parts:
        assert part in err


def rows(path: Path) -> list[tuple[str, str, str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [(r["affiliation"], r["ror_ids"], r["source"], r["split"]) for r in csv.DictReader(stream)]


def test_the_five_sets(fetch: Fetch, tmp_path: Path) -> None:
    code, out, err = fetch(tmp_path)
    assert (code, err) == (0, "")
    assert rows(tmp_path / "crossref.csv") == [(ODD, A, "crossref", "test"), ("Both  Places", f"{A} {B}", "crossref", "test")]
    assert rows(tmp_path / "logs.csv") == [
        ("Nobody", "", "logs", "test"),
        ("A and B", f"{A} {B}", "logs", "test"),
        ("Old", C, "logs", "test"),
    ]
    assert rows(tmp_path / "openalex.csv") == [
        (EVEN[0], f"{A} {B}", "openalex", "dev"),
        (EVEN[1], "", "openalex", "dev"),
        (EVEN[4], f"{A} {B}", "openalex", "dev"),
    ]
    assert rows(tmp_path / "s2aff.csv") == [
        ("Teacup Hospital", f"{A} {B}", "s2aff", "train"),
        ("Words Only", "", "s2aff", "val"),
    ]
    assert rows(tmp_path / "springer.csv") == [(s, A, "springer", "dev") for s in EVEN]
    summary = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:]}
    assert summary["crossref"] == ["2", "0", "1", "1", "1"]
    assert summary["openalex"] == ["3", "1", "0", "2", "2"]


def test_training_and_evaluation_read_them(fetch: Fetch, tmp_path: Path) -> None:
    code, out, err = fetch(tmp_path / "sets", "--registry", Registry.open().path)
    assert (code, err) == (0, "")
    policies = TrainSettings().policies
    assert read_rows(tmp_path / "sets" / "crossref.csv", policies) == [
        Labelled(ODD, (A,), "one"),
        Labelled("Both  Places", (A, B), "one"),
    ]
    # C is not in the registry; such rows are marked, and training leaves them out
    logs = read_rows(tmp_path / "sets" / "logs.csv", policies)
    assert [(r.affiliation, r.institutions) for r in logs] == [("Nobody", ()), ("A and B", (A, B))]
    assert [r.in_registry for r in read_gold(tmp_path / "sets" / "logs.csv")] == [True, True, False]
    assert re.search(r"^logs +3 +1 +1 +1 +2 +0$", out, re.MULTILINE)


def test_a_second_run_downloads_nothing(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    assert fetch(tmp_path)[0] == 0
    before = {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    asked = len(server.asked)
    assert asked == 8  # seven files, one question to the API
    assert fetch(tmp_path)[0] == 0
    assert len(server.asked) == asked
    assert {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    lines = (tmp_path / "sources" / "checksums.txt").read_text().splitlines()
    assert len(lines) == asked
    for line in lines:
        value, name = line.split("  ")
        assert value == hashlib.sha256((tmp_path / "sources" / name).read_bytes()).hexdigest()


def test_the_addresses_are_pinned_by_commit(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    assert fetch(tmp_path)[0] == 0
    paths = [p for p in server.asked if not p.startswith("/api")]
    assert len(set(paths)) == 7
    assert all(re.match(r"/[\w-]+/[\w-]+/[0-9a-f]{40}/\w", p) for p in paths)


def test_checksums_to_paste(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    code, out, err = fetch(tmp_path, "--record", "--sets", "logs")
    assert (code, err) == (0, "")
    wanted = hashlib.sha256(server.files["logs_test.csv"]).hexdigest()
    assert f'    "logs-test.csv": "{wanted}",\n' in out
    assert '    "springer.csv": "",\n' in out
    changed = tmp_path / "fetch_benchmarks"
    table = re.search(r"(?s)(SHA256 = \{[^\n]*\n)(.*?)\}", SCRIPT.read_text("utf-8"))
    assert table
    changed.write_text(SCRIPT.read_text("utf-8").replace(table[0], table[1] + out.replace(wanted, "0" * 64) + "}"), "utf-8")
    command: list[str | Path] = [sys.executable, changed, tmp_path / "new", "--server", server.address, "--sets", "logs"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    one_line((done.returncode, done.stdout, done.stderr), "SHA-256 is not the one in this script")
    assert not list((tmp_path / "new").rglob("*.csv"))


def test_a_file_that_was_changed_is_refused(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    assert fetch(tmp_path, "--sets", "logs")[0] == 0
    path, made = tmp_path / "sources" / "logs-test.csv", (tmp_path / "logs.csv").read_bytes()
    path.write_bytes(path.read_bytes().replace(b"Nobody", b"Nobodi"))
    one_line(fetch(tmp_path, "--sets", "logs"), f"{path}: its SHA-256 is not the recorded one", "delete it")
    assert (tmp_path / "logs.csv").read_bytes() == made
    path.unlink()  # as the message says
    assert fetch(tmp_path, "--sets", "logs")[0] == 0


def test_a_download_that_is_not_what_was_recorded_is_refused(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    assert fetch(tmp_path, "--sets", "logs")[0] == 0
    (tmp_path / "sources" / "logs-test.csv").unlink()
    server.files["logs_test.csv"] += b"Somebody,NP\n"
    one_line(fetch(tmp_path, "--sets", "logs"), "logs_test.csv: its SHA-256 is not the one in", "checksums.txt")
    assert sorted(p.name for p in (tmp_path / "sources").iterdir()) == ["checksums.txt", "logs-valid.csv"]


@pytest.mark.parametrize("interrupts", [False, True])
def test_an_interrupted_download_leaves_nothing_and_is_gone_on_with(
    fetch: Fetch, server: Server, tmp_path: Path, interrupts: bool
) -> None:
    server.broken.add("springer_nature.csv")
    server.interrupts = interrupts
    result = fetch(tmp_path, "--sets", "logs", "springer")
    if interrupts:
        assert result == (130, "", "interrupted; run this again to go on\n")
    else:
        one_line(result, "springer_nature.csv: breaks off", "run this again")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["logs.csv", "sources"]
    assert sorted(p.name for p in (tmp_path / "sources").iterdir()) == ["checksums.txt", "logs-test.csv", "logs-valid.csv"]
    server.broken.clear()
    assert fetch(tmp_path, "--sets", "logs", "springer")[0] == 0
    assert len(rows(tmp_path / "springer.csv")) == len(EVEN)
    assert sum(p.endswith("logs_test.csv") for p in server.asked) == 1


def test_servers_that_do_not_answer(fetch: Fetch, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del server.files["logs_valid.csv"]
    one_line(fetch(tmp_path, "--sets", "logs"), "logs_valid.csv: the server answers 404 (Not Found)")
    one_line(fetch(tmp_path, "--sets", "logs", server="http://127.0.0.1:1"), "cannot be reached")
    server.refusal = 429
    monkeypatch.setenv("OPENALEX_API_KEY", "secret")
    result = fetch(tmp_path, "--sets", "openalex")
    one_line(result, "/api/institutions: the server answers 429 (Too Many Requests)", "set OPENALEX_API_KEY")
    assert "api_key=secret" in server.asked[-1]
    assert "secret" not in result[2]
    assert not (tmp_path / "openalex.csv").exists()


@pytest.mark.parametrize(
    ("name", "end", "content", "parts"),
    [
        ("logs", "logs_test.csv", table(("affiliation", "ids"), ("x", A)), ("row 1: no column 'ror_id'", "affiliation, ids")),
        ("logs", "logs_test.csv", b"", ("row 1: no column 'affiliation'",)),
        ("logs", "logs_test.csv", b"affiliation,ror_id\nx,NP\n", ("holds no ROR id",)),
        ("logs", "logs_test.csv", "affiliation,ror_id\nné,NP\n".encode("latin-1"), ("no table in UTF-8",)),
        ("s2aff", "annotations.csv", table(("original_affiliation", "labels"), ("x", A)), ("row 1: no column 'split'",)),
        ("openalex", "datasets_v2.tgz", b"no archive", ("no archive of tables",)),
        ("openalex", "datasets_v2.tgz", files()["datasets_v2.tgz"][:200], ("no archive of tables",)),
        ("openalex", "datasets_v2.tgz", archive(a=b"x"), ("holds no ROR id",)),
        (
            "openalex",
            "datasets_v2.tgz",
            archive(**{"a.tsv": gold(("x", "[1]"), column="y")}),
            ("a.tsv, row 1: no column 'labels'",),
        ),
        (
            "openalex",
            "datasets_v2.tgz",
            archive(**{"a.tsv": gold(("x", "[1]"), ("x", "no"))}),
            ("a.tsv, row 3: labels are no numbers",),
        ),
    ],
)
def test_files_of_another_format(
    fetch: Fetch, server: Server, tmp_path: Path, name: str, end: str, content: bytes, parts: tuple[str, ...]
) -> None:
    good, server.files[end] = server.files[end], content
    one_line(fetch(tmp_path, "--sets", name), *parts)
    assert not (tmp_path / f"{name}.csv").exists()
    server.files[end] = good  # what could not be read was not recorded either
    assert fetch(tmp_path, "--sets", name)[0] == 0


def test_answers_of_the_api_that_are_none(
    fetch: Fetch, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "answer", lambda path: b"[]" if "/api" in path else Server.answer(server, path))
    one_line(fetch(tmp_path, "--sets", "openalex"), "no list of OpenAlex institutions")


def test_without_pooch(fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    one_line(fetch(tmp_path), "pooch", "pip install '.[dev]'")


def test_wrong_arguments(fetch: Fetch, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one_line(fetch(tmp_path / "file"), "cannot be made: Not a directory")
    one_line(fetch(tmp_path, "--registry", tmp_path / "none.affil"), "none.affil")
    (tmp_path / "sources").mkdir(exist_ok=True)
    (tmp_path / "sources" / "checksums.txt").write_text("abc\n")
    one_line(fetch(tmp_path), "checksums.txt, row 1: no checksum")
    assert not server.asked
    code, _, err = fetch(tmp_path, "--sets", "grid")
    assert code == 2
    assert "invalid choice: 'grid'" in err
