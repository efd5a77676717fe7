"""Whatever a file holds, every command that reads one ends with its answer, or with one line and exit code 2."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from affil.cli import main
from affil.settings import Settings, StageSettings, TrainSettings

STAGE = StageSettings(iterations=2, max_leaf_nodes=4, min_samples_leaf=5)
QUICK = TrainSettings(synthetic=60, synthetic_external=30, decoys=40, first=STAGE, second=STAGE, min_calibration=20)
FILE, SMALL = "FILE", ("--registry", "small.affil", "--model", "model.skops")

# A command, and where its file lies; in the folder is a workspace `ws`.
COMMANDS = {
    "match": (("match", FILE, "-o", "out.csv", *SMALL), "in"),
    "match with a registry": (("match", "--text", "OpenAI", "--registry", FILE, "--model", "model.skops"), "in.affil"),
    "match with a model": (("match", "--text", "OpenAI", "--registry", "small.affil", "--model", FILE), "in.skops"),
    "formats": (("formats", FILE), "in"),
    "run": (("run", FILE, "-w", "new", *SMALL), "in"),
    "evaluate": (("evaluate", FILE, *SMALL), "in"),
    "train": (("train", FILE, "-o", "trained.skops", "--registry", "small.affil"), "in"),
    "registry build": (("registry", "build", FILE, "-o", "built.affil"), "in.csv"),
    "registry search": (("registry", "search", "optics", "--registry", FILE), "in.affil"),
    "review import": (("review", "import", "ws", FILE, "--by", "ana"), "in.csv"),
    "ledger restore": (("ledger", "restore", "ws", FILE, "--force"), "in.sqlite"),
    "rank, settings": (("rank", "ws"), "ws/settings.toml"),
    "rank, venues": (("rank", "ws"), "ws/venues.csv"),
    "rank, own institutions": (("rank", "ws"), "ws/own.csv"),
    "rank, manifest": (("rank", "ws"), "ws/manifest.json"),
    "rank, ledger": (("rank", "ws"), "ws/ledger.sqlite"),
    "decisions elsewhere": (("decisions", "ws", "--ledger", FILE), "in.sqlite"),
}

WORDS = st.sampled_from([
    *("affiliation", "institution_ids", "id", "name", "country", "title", "authors", "affiliations", "year", "venue", "key", "MIT"),
    *("OpenAI", "affil:openai", "none", "2024", "-1", "1e999", "", '"', "a\nb", "\x00", "=1+1", "\ufeff", "\u202e", "清华大学", "🏫", "[rank]"),
])  # fmt: skip
CELLS = st.one_of(WORDS, st.text(max_size=12))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), CELLS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(CELLS, inner, max_size=4)),
    max_leaves=12,
)


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "ignore")


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), sink)
    return sink.getvalue()


TEXTS = st.one_of(
    st.lists(st.lists(CELLS, max_size=5), max_size=6).map(lambda rows: "\n".join(",".join(row) for row in rows)),
    st.lists(st.lists(WORDS, min_size=2, max_size=4), max_size=6).map(lambda rows: "\n".join("\t".join(row) for row in rows)),
    st.lists(VALUES, max_size=4).map(lambda rows: "\n".join(json.dumps(row) for row in rows)),
    VALUES.map(lambda value: json.dumps(value, indent=1)),
    st.dictionaries(WORDS, WORDS, max_size=4).map(lambda pairs: "".join(f"{k} = {json.dumps(v)}\n" for k, v in pairs.items())),
)
COLUMNS = st.integers(0, 3).flatmap(
    lambda rows: st.dictionaries(
        WORDS,
        st.one_of(
            st.lists(st.one_of(st.none(), WORDS), min_size=rows, max_size=rows),
            st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31)), min_size=rows, max_size=rows),
            st.lists(st.lists(WORDS, max_size=2), min_size=rows, max_size=rows),
        ),
        min_size=1,
        max_size=4,
    )
)
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.builds(_encoded, TEXTS, st.sampled_from(["utf-8", "utf-16", "gb18030", "latin-1"])),
    COLUMNS.map(_parquet),
    st.builds(
        lambda begin, rest: begin + rest,
        st.sampled_from([b"PK\x03\x04", b"SQLite format 3\x00", b"PAR1", b"\x1f\x8b"]),
        st.binary(),
    ),
    TEXTS.map(lambda text: gzip.compress(_encoded(text, "utf-8"))),
)


@pytest.fixture(scope="module")
def folder(review_folder: Path, review_registry: Any, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("any")
    shutil.copytree(review_folder, folder / "kept")
    shutil.copyfile(review_registry.path, folder / "small.affil")
    shutil.copyfile(tiny_model, folder / "model.skops")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(content="x\x1dy,\x85\x1b[31m\n1,2\n".encode())  # what ends a line, or paints it, where it is shown
@given(content=CONTENTS)
def test_any_content_is_an_answer_or_a_line(
    name: str, content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, file = COMMANDS[name]
    for left in ("ws", "new"):
        shutil.rmtree(folder / left, ignore_errors=True)
    shutil.copytree(folder / "kept", folder / "ws")
    (folder / file).write_bytes(content)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("affil.training.fit.Settings", lambda: Settings(train=QUICK))
    monkeypatch.setattr("sys.argv", ["affil", *(file if part == FILE else part for part in arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    code, told = ended.value.code or 0, capfd.readouterr().err
    assert code in (0, 2), told
    if code:
        assert [line.split(":")[0] for line in told.splitlines() if not line.startswith(("note: ", "warning: "))][
            -1
        ] == "affil", told
