"""The command line from end to end: real registry, real model, real files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

import affil
from affil.cli import main
from affil.data import resource
from affil.registry import Registry, arrays

CUHK, TSINGHUA = "https://ror.org/00t33hh48", "https://ror.org/03cve4549"
STRINGS = 'id,affiliation\n1,"Dept. of CSE, The Chinese Univ. of Hong Kong, Shatin"\n2,清华大学\n3,独立研究者\n'


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Call:
    """Run the command in this process, in an empty folder, as the shell would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["affil", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            main()
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfdbinary.readouterr()
        return Outcome(int(end.value.code or 0), out.decode(), err.decode())

    return run


def refused(outcome: Outcome) -> str:
    """The one line of an error that the user can mend."""
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("affil: ")
    return outcome.err.removeprefix("affil: ").strip()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def strings(tmp_path: Path) -> Path:
    (tmp_path / "strings.csv").write_text(STRINGS, "utf-8")
    return tmp_path / "strings.csv"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of a user's own, quick to open."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "own.csv").write_text("id,name,country,city,aliases\nx:1,Quillwater Institute of Optics,GB,Oxford,QIO\n", "utf-8")
    affil.build_registry([folder / "own.csv"], folder / "own.affil")
    return folder / "own.affil"


# match


def test_match_a_file(call: Call, strings: Path) -> None:
    code, out, err = call("match", "strings.csv", "-o", "out.csv")
    assert (code, out) == (0, "")
    assert "3 rows in" in err
    assert "1 none; 3 rows written to out.csv" in err
    rows = rows_of(Path("out.csv").read_text("utf-8"))
    assert [r["institution_id"] for r in rows] == [CUHK, TSINGHUA, ""]
    assert [r["decision"] for r in rows][2] == "none"
    assert rows[1]["matched_text"] == "清华大学"
    assert (rows[0]["country"], rows[1]["city"], rows[1]["name_zh"]) == ("HK", "Beijing", "清华大学")


def test_match_what_a_european_excel_wrote(call: Call) -> None:
    Path("in.csv").write_text("Nr;Affiliations\n1;清华大学\n2;[Stanford, L.] Univ Leeds\n", "utf-8-sig")
    code, _, err = call("match", "in.csv", "-o", "out.csv")
    assert code == 0
    assert "note: in.csv: matching the column 'Affiliations'" in err
    assert Path("out.csv").read_bytes().startswith(b"\xef\xbb\xbfNr;Affiliations;institution_id;")
    rows = list(csv.DictReader(Path("out.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(r["Nr"], r["name"]) for r in rows] == [("1", "Tsinghua University"), ("2", "University of Leeds")]


def test_match_says_a_guessed_encoding(call: Call) -> None:
    Path("in.txt").write_text(
        "affiliation\nМосковский государственный университет, Москва\nИнститут проблем управления\n", "koi8_r"
    )
    code, out, err = call("match", "in.txt", "-o", "-")
    assert code == 0
    assert (
        "note: in.txt: the text looks like KOI8-R and is read so; if letters come out wrong, choose another with --encoding"
        in err
    )
    assert "Московский" in out
    assert "note:" not in call("match", "in.txt", "-o", "-", "--encoding", "koi8-r").err


def test_match_of_one_string_leaves_authors_out(call: Call) -> None:
    result = json.loads(call("match", "--text", "[Stanford, L.] Univ Leeds", "--json").out)
    assert result["affiliation"] == "Univ Leeds"
    assert [m["name"] for m in result["matches"]] == ["University of Leeds"]


def test_match_from_standard_input_to_standard_output(call: Call, python: str) -> None:
    piped = call("match", "-", "-o", "-", "--column", "x", stdin=gzip.compress("x\n清华大学\n".encode("gb18030")))
    assert (piped.code, rows_of(piped.out)[0]["institution_id"]) == (0, TSINGHUA)
    lines = call(
        "match", "-", "-o", "-", "--input-format", "jsonl", "--output-format", "jsonl", stdin=b'{"affiliation": "CUHK"}\n'
    )
    assert json.loads(lines.out)["institution_id"] == CUHK
    binary = subprocess.run(
        [python, "-m", "affil", "match", "-", "-o", "-", "--output-format", "parquet"],
        input=STRINGS.encode("utf-16"),
        capture_output=True,
        check=True,
    )
    assert pq.read_table(io.BytesIO(binary.stdout)).column("id").to_pylist() == ["1", "2", "3"]


def test_match_summary_as_json(call: Call, strings: Path) -> None:
    summary = json.loads(call("match", "strings.csv", "-o", "out.jsonl.gz", "--json").out)
    assert (summary["rows"], summary["none"], summary["written"]) == (3, 1, 3)
    with gzip.open("out.jsonl.gz", "rt", encoding="utf-8") as lines:
        assert [json.loads(line)["id"] for line in lines] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("match", "strings.csv", "-o", "-", "--json"), "--json prints a summary on standard output, where the rows go"),
        (("match", "--text", "MIT", "--column", "x"), "--column is for files; omit it with --text"),
        (("match", "--text", "MIT", "--workers", "2"), "--workers is for files"),
        (("match", "--text", "MIT", "--engine", "spark"), "--engine is for files"),
        (("match", "--text", "MIT", "--input-format", "csv"), "--input-format is for files"),
        (("match", "--text", "MIT", "--output-format", "csv"), "--output-format is for files"),
        (("match", "strings.csv", "-o", "out.csv", "--candidates", "2"), "--candidates needs --text"),
        (("train", "gold.csv", "--yes"), "--yes is for --ledger"),
        (("train", "gold.csv", "--external-registry", "x.affil"), "--external-registry is for --external"),
        (("train", "--ledger", "ws", "--external-registry", "x.affil"), "--external-registry is for --external"),
        (("train", "--ledger", "ws", "--registry", "x.affil"), "--registry is not for --ledger, which uses the workspace's"),
        (("report", "ws", "--language", "zh-hans"), "--language is for a bulletin (--format pdf or md); the site is in all"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "",
)
def test_no_option_is_ignored_silently(call: Call, strings: Path, arguments: tuple[str, ...], said: str) -> None:
    assert refused(call(*arguments)).startswith(said)
    assert not Path("out.csv").exists()


def test_match_one_string(call: Call) -> None:
    out = call("match", "--text", "Dept. of CSE, 港中大, Shatin").out
    assert "The Chinese University of Hong Kong" in out
    assert "Hong Kong, HK" in out
    result = json.loads(call("match", "--text", "清华大学 [红]", "--json").out)
    assert result["decision"] == result["matches"][0]["decision"]
    assert result["matches"][0]["institution_id"] == TSINGHUA
    assert result["affiliation"][result["matches"][0]["start"] : result["matches"][0]["end"]] == "清华大学"
    none = json.loads(call("match", "--text", "独立研究者", "--json").out)
    assert (none["affiliation"], none["decision"], none["matches"], none["candidates"]) == ("独立研究者", "none", [], [])
    assert none["none"]["said"] == "it contains no name from the registry"
    assert none["none"]["next"][0] == "look for it under another name: affil registry search '独立研究者'"


def test_match_several_strings_with_what_was_not_chosen(call: Call) -> None:
    arguments = ("match", "--text", "Northeastern University", "--text", "Paris, France", "--candidates", "2")
    printed = call(*arguments).out
    assert "not chosen: “Northeastern University” names Northeastern University" in printed
    assert "a place is named, but no organisation" in printed
    assert "next: check whether the institution's name was cut off" in printed
    first, second = json.loads(call(*arguments, "--json").out)
    assert [len(x["candidates"]) for x in (first, second)] == [2, 2]
    assert {"probability", "evidence", "why", "said"} <= {*first["candidates"][0]}
    assert "none" not in first
    assert second["none"]["why"] == "place_only"


def test_match_against_a_registry_of_the_users_own(call: Call, small: Path) -> None:
    result = json.loads(
        call("match", "--text", "Quillwater Institute of Optics, Oxford", "--registry", str(small), "--json").out
    )
    assert [m["institution_id"] for m in result["matches"]] == ["x:1"]


def test_policies(call: Call) -> None:
    def ids(policy: str) -> list[str]:
        result = json.loads(
            call("match", "--text", "Stanford University; Tsinghua University", "--policy", policy, "--json").out
        )
        return [m["institution_id"] for m in result["matches"]]

    assert len(ids("one")) == 1
    assert len(ids("most-specific")) == 2
    message = refused(call("match", "--text", "x", "--policy", "both"))
    assert message == "no policy 'both'; known are: most-specific, all, one"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), 'give a file to match (- is standard input), or one string: affil match --text "..."'),
        (("strings.csv",), "give an output with -o FILE (-o - is standard output)"),
        (("strings.csv", "--text", "x"), "--text cannot be combined with IN or OUT"),
        (("strings.csv", "-o", "out.csv", "--candidates", "3"), "--candidates needs --text"),
        (("清华大学",), "清华大学: no such file; to match the string itself: affil match --text '清华大学'"),
        (
            ("St. John's University", "-o", "out.csv"),
            "to match the string itself: affil match --text 'St. John'\"'\"'s University'",
        ),
        (("MIT " * 100,), "no such file; to match the string itself: affil match --text 'MIT MIT"),
        (("strings.csv", "-o", "out.xls"), "out.xls: unknown format; name it .csv, .tsv or .jsonl"),
        (("strings.xls", "-o", "out.csv"), "strings.xls: no such file; check the path"),
        (("strings.csv", "-o", "o", "--output-format", "xml"), "no format 'xml'; known are: csv, tsv, jsonl, parquet, xlsx"),
        (("strings.csv", "-o", "out.jsonl", "--excel"), "--excel is for .csv, .tsv and .xlsx"),
        (("strings.csv", "-o", "out.csv", "--sheet", "One"), "strings.csv: is no spreadsheet; omit --sheet"),
        (
            ("strings.csv", "-o", "out.csv", "--encoding", "klingon"),
            "strings.csv: no encoding 'klingon'; give one such as utf-8",
        ),
        (("--text", "x", "--excel"), "--excel is for files; omit it with --text"),
        (("nothing.csv", "-o", "out.csv"), "nothing.csv: no such file; check the path"),
        (("strings.csv", "-o", "no/out.csv"), "no/out.csv: there is no folder no; create it or choose another output"),
        (
            ("strings.csv", "-o", "out.csv", "--column", "x"),
            "no column 'x'; its columns are: id, affiliation; choose one with --column",
        ),
        (
            ("strings.csv", "-o", "out.csv", "--registry", "no.affil"),
            "no.affil: no such file; name a registry that is there, fetch all of ROR",
        ),
        (("strings.csv", "-o", "out.csv", "--model", "no.skops"), "no.skops: "),
    ],
)
def test_what_match_refuses(call: Call, strings: Path, arguments: tuple[str, ...], message: str) -> None:
    Path("out.csv").write_text("old")
    assert message in refused(call("match", *arguments))
    assert Path("out.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv: is empty; give a file with a header line and rows"),
        (
            "a.csv",
            "affiliation\nAnkara Etlik Şehir Hastanesi\n".encode("cp1254"),
            "line 2: byte 26 is not UTF-8; it may be ",
        ),
        (
            "a.csv",
            "Nr;Title;Where\n1;Tea;MIT\n".encode("utf-8-sig"),
            "its columns are: Nr, Title, Where; choose one with --column",
        ),
        ("a.csv", b"Affiliations,Addresses\nMIT,MIT\n", "several columns may be meant: Affiliations, Addresses; choose one"),
        ("a.csv", b"id,affiliation\n1,MIT, Cambridge\n", "a.csv, row 2: has 3 fields, the header 2; put fields that hold"),
        ("a.csv", b"affiliation\nM\0IT\n", "a.csv, row 2: holds a NUL character"),
        ("a.jsonl", b'{"affiliation": "MIT"}\n{"affiliation": "MIT\n', "a.jsonl, line 2: not JSON at character 17"),
        (
            "a.csv.gz",
            gzip.compress(b"affiliation\nMIT\n" * 99, mtime=0)[:-9],
            "a.csv.gz: the gzip file is truncated; fetch or copy it again",
        ),
        ("a.parquet", b"PAR1", "a.parquet: not a Parquet file, or truncated; fetch or write it again"),
        ("a.csv", b"PK\x03\x04", "a.csv: is a zip archive without a workbook; unpack it and give the file in it"),
    ],
)
def test_broken_input_leaves_the_output_alone(call: Call, small: Path, name: str, content: bytes, message: str) -> None:
    Path(name).write_bytes(content)
    Path("out.csv").write_text("old")
    assert message in refused(call("match", name, "-o", "out.csv", "--registry", str(small)))
    assert sorted(p.name for p in Path().iterdir()) == sorted([name, "out.csv"])
    assert Path("out.csv").read_text() == "old"


# registry


def test_registry_commands(call: Call) -> None:
    info = json.loads(call("registry", "info", "--json").out)
    assert info["records"] > 300
    assert "records" in call("registry", "info").out
    found = json.loads(call("registry", "search", "港中大", "--json", "--limit", "3").out)
    assert len(found) == 3
    assert CUHK in {one["id"] for one in found}
    assert "香港中文大學" in call("registry", "search", "Chinese University of Hong Kong").out
    assert "no institution has a name like '🝰🝰'" in call("registry", "search", "🝰🝰").out
    assert [one["exact"] for one in found] == [True, False, False]
    assert "exactly this name" not in call("registry", "search", "港中大").out
    assert call("registry", "search", "Quillwater Nonsense").out.startswith(
        "no institution has exactly this name; the most similar are:\n"
    )
    unlike = json.loads(call("registry", "search", "Quillwater Nonsense", "--json").out)
    assert unlike
    assert not any(one["exact"] for one in unlike)
    shown = call("registry", "show", "00t33hh48").out
    assert re.search(rf"^id +{re.escape(CUHK)}", shown, re.MULTILINE)
    assert json.loads(call("registry", "show", CUHK, "--json").out)["country"] == "HK"


def test_registry_build(call: Call) -> None:
    Path("own.csv").write_text("id,name,country,labels\nx:1,Quillwater Institute,GB,zh:羽水研究所\n", "utf-8")
    built = json.loads(call("registry", "build", "own.csv", "-o", "own.affil", "--json").out)
    assert built["records"] == 1
    assert "羽水研究所" in call("registry", "show", "x:1", "--registry", "own.affil").out


def test_registry_build_says_what_rows_of_ones_own_meet(call: Call) -> None:
    Path("own.csv").write_text(
        "id,name,country,city\nown:1,Tsinghua University,CN,Shenzhen\nown:2,Peking University,CN,海淀\n00t33hh48,CUHK,HK,\n",
        "utf-8",
    )
    done = call("registry", "build", "own.csv", "shipped", "-o", "own.affil")
    assert re.search(r"^rows apart +1\b", done.out, re.MULTILINE)
    lines = done.err.splitlines()
    assert [line.partition(": ")[0] for line in lines if line.startswith("own.csv, ")] == [
        f"own.csv, row {n}" for n in (4, 2, 3)
    ]
    assert "stays apart from https://ror.org/03cve4549 Tsinghua University, as it is another place" in done.err
    assert "now has name 'CUHK' instead of 'The Chinese University of Hong Kong'" in done.err
    told = json.loads(call("registry", "build", "own.csv", "shipped", "-o", "own.affil", "--json").out)
    assert [(one["row"], one["by"], one["against"]) for one in told["met"]] == [
        (4, "id", ""),
        (2, "name", "place"),
        (3, "name", ""),
    ]
    assert Registry.open("own.affil").get("own:1").city == "Shenzhen"
    shipped = Registry.open()
    assert told["records"] == len(shipped) + 1, "two rows are of institutions that it has"
    for ident in ("https://ror.org/03cve4549", "https://ror.org/02v51f717"):
        assert Registry.open("own.affil").get(ident).city == shipped.get(ident).city == "Beijing"


def test_what_registry_refuses(call: Call, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = refused(call("registry", "show", "https://ror.org/nonsense"))
    assert "has no institution 'https://ror.org/nonsense'; an id of ROR is 0, six letters or digits" in unknown
    assert unknown.endswith("; find it with: affil registry search TEXT")
    Path("old.affil").write_bytes(small.read_bytes())
    with monkeypatch.context() as patch:
        patch.setattr(arrays, "FORMAT", arrays.FORMAT + 1)
        other = refused(call("registry", "info", "--registry", "old.affil"))
    assert other.startswith(
        f"old.affil: built in format {arrays.FORMAT}, this version reads format {arrays.FORMAT + 1}; build it again"
    )
    Path("half.affil").write_bytes(small.read_bytes()[:-2000])
    assert refused(call("registry", "info", "--registry", "half.affil")).startswith(
        "half.affil: is damaged, incomplete, or no such file of this version"
    )
    with zipfile.ZipFile("ror.zip", "w") as archive:
        archive.writestr("v2.json", json.dumps([{"id": "x"}] * 1000))
    Path("ror.zip").write_bytes(Path("ror.zip").read_bytes()[:-30])
    Path("out.affil").write_text("old")
    assert refused(call("registry", "build", "ror.zip", "-o", "out.affil")).startswith("ror.zip: ")
    assert refused(call("registry", "build", "no.csv", "-o", "out.affil")).startswith("no.csv: no such file")
    Path("own.csv").write_text("id,name\nx:1,Quillwater\n")
    assert "own.csv, row 1: no column 'country'" in refused(call("registry", "build", "own.csv", "-o", "out.affil"))
    assert Path("out.affil").read_text() == "old"
    Path("own.csv").write_text("id,name,country\nx:1,Quillwater,UK\n")
    told = refused(call("registry", "build", "own.csv", "-o", "out.affil"))
    assert told.startswith("own.csv, row 2: 'UK' is no ISO 3166-1 code; did you mean GB?")
    Path("own.csv").write_text("id,name,country\nx:1,Quillwater,GB\n")
    assert refused(call("registry", "build", "own.csv", "-o", "no/out.affil")).startswith("no/out.affil: there is no folder no")


# evaluate and train


def test_evaluate(call: Call) -> None:
    lines = [
        "affiliation,institution_ids,language",
        f"清华大学,{TSINGHUA},zh",
        f"CUHK,{CUHK},en",
        f"独立研究者,{CUHK},zh",
        "x,y:z,en",
    ]
    Path("gold.csv").write_text("\n".join(lines) + "\n", "utf-8")
    scores = json.loads(call("evaluate", "gold.csv", "--json", "--errors", "wrong.csv").out)
    assert (scores["rows"], scores["left_out"]) == (3, 1)
    assert scores["metrics"]["recall"]["value"] == pytest.approx(2 / 3)
    assert scores["slices"]["language"]["en"]["f1"] == 1
    [wrong] = rows_of(Path("wrong.csv").read_text("utf-8"))
    assert (wrong["affiliation"], wrong["expected"], wrong["got"]) == ("独立研究者", CUHK, "")
    printed = call("evaluate", "gold.csv", "--picture", "curve.svg").out
    assert "3 strings" in printed
    drawn = Path("curve.svg").read_text("utf-8")
    assert drawn.startswith("<?xml")
    assert "Date" not in drawn
    assert refused(call("evaluate", "gold.csv", "--picture", "curve.gif")).startswith("curve.gif: no format for a picture")
    assert refused(call("evaluate", "gold.csv", "--picture", "no/curve.svg")).startswith("no/curve.svg: there is no folder no")
    assert "1 skipped because the registry lacks one of their ids" in printed
    outside = json.loads(call("evaluate", "gold.csv", "--json", "--outside").out)
    assert (outside["rows"], outside["left_out"]) == (4, 0)
    Path("gold.csv").write_text("affiliation\nx\n")
    assert refused(call("evaluate", "gold.csv")).startswith("gold.csv: no column with labels; its columns are: affiliation")


def test_train_passes_on_what_was_asked(call: Call, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training itself takes minutes and is tested with the matcher."""
    asked: list[Any] = []

    def fake(
        out: Path, rows: Any, registry: Registry, *, progress: Callable[[str], None], external: Any, external_registry: Any
    ) -> dict[str, Any]:
        progress("fitting")
        asked.append((out, rows, len(registry), list(external), external_registry and len(external_registry)))
        return {"rows": 7, "out_of_fold": {"precision": 0.9}}

    monkeypatch.setattr("affil.training.train", fake)
    printed = call("train", "a.csv", "b.csv", "-o", "m.skops", "--registry", str(small)).out
    assert "out_of_fold.precision  0.9" in printed
    assert "affil evaluate ROWS --model m.skops" in printed
    assert json.loads(call("train", "--registry", str(small), "--json").out)["rows"] == 7
    call("train", "--registry", str(small), "--external", "c.csv", "--external", "d.csv", "--external-registry", str(small))
    assert asked == [
        (Path("m.skops"), [Path("a.csv"), Path("b.csv")], 1, [], None),
        (Path("matcher.skops"), None, 1, [], None),
        (Path("matcher.skops"), None, 1, [Path("c.csv"), Path("d.csv")], 1),
    ]


# all of it


VERBS = ("match", "evaluate", "train", "run", "rank", "decide", "decisions", "undo", "demo")


def test_help_and_version(call: Call) -> None:
    first, model, registry = call("--version").out.splitlines()
    assert first.startswith(f"affil {affil.__version__}")
    assert model.removeprefix("model ") == hashlib.sha256(resource("models/matcher.skops").read_bytes()).hexdigest()[:12]
    assert registry.removeprefix("registry ") == Registry.open().hash[:12]
    listed = call("--help").out
    for verb in (*VERBS, "registry"):
        assert f"\n  {verb} " in listed
        assert "Usage: affil" in call(verb, "--help").out
    for verb in ("build", "search", "show", "info"):
        assert "Usage: affil registry" in call("registry", verb, "-h").out
    wrong = call("mtach")
    assert (wrong.code, wrong.out) == (2, "")
    assert "No such command 'mtach'" in wrong.err
    assert "Traceback" not in wrong.err


def test_text_that_the_terminal_lacks_is_no_reason_to_fail() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "affil", "registry", "search", "港中大", "--json"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        check=True,
    )
    assert any(one["id"] == CUHK for one in json.loads(done.stdout.decode("latin-1")))


def test_a_reader_that_leaves_early(start: Any) -> None:
    command = [sys.executable, "-m", "affil", "registry", "show", CUHK]
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""


def listen_to_interrupts() -> None:
    """Undo what a shell does to programs in the background, which ignore SIGINT, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("sent", "code", "said"), [(signal.SIGINT, 130, "affil: interrupted\n"), (signal.SIGTERM, 143, "")])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_leaves_no_half_file(
    tmp_path: Path, small: Path, start: Any, workers: str, sent: signal.Signals, code: int, said: str
) -> None:
    with (tmp_path / "big.csv").open("w", encoding="utf-8") as out:
        out.write("affiliation\n")
        out.writelines(f"Institute {i} of Optics Quillwater {i * 7919} Oxford\n" for i in range(300_000))
    (tmp_path / "out.csv").write_text("old")
    command = [
        sys.executable,
        "-m",
        "affil",
        "match",
        "big.csv",
        "-o",
        "out.csv",
        "--registry",
        str(small),
        "--workers",
        workers,
    ]
    process = start(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen_to_interrupts
    )
    for _ in range(600):
        if list(tmp_path.glob(".affil-*")):
            break
        time.sleep(0.1)
    assert list(tmp_path.glob(".affil-*"))
    process.send_signal(sent)
    out_text, err_text = process.communicate(timeout=60)
    assert (process.returncode, out_text, err_text) == (code, "", said)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.csv", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "old"
