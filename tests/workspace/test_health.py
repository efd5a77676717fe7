"""What `affil doctor` says of a workspace, and what it makes again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import affil
from affil.cli import app
from affil.errors import AffilError, InputError
from affil.io.checksums import sealed_json
from affil.registry import Registry
from affil.registry.local import Details
from affil.workspace import Health, Workspace, doctor
from affil.workspace.layout import manifest_copy


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, review_registry: Registry, tiny_model: Path) -> Path:
    """A workspace with one of everything."""
    folder = tmp_path_factory.mktemp("health")
    rows = [
        {
            "id": f"P{n}",
            "title": f"A paper of number {n}",
            "venue": "CVPR",
            "year": 2020,
            "authors": [{"name": "Ana", "affiliations": [f"Lab {n % 3}, {('OpenAI', 'Fernhollow College')[n % 2]}"]}],
        }
        for n in range(8)
    ]
    (folder / "papers.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    ws = Workspace.open(folder / "ws", create=True)
    ws.run(folder / "papers.jsonl", registry=review_registry.path, model=tiny_model)
    ws.add_institution(Details("Tanglewick Robotics", "GB"))
    ws.run()
    ws.decide("Lab 1, OpenAI", "affil:openai", by="ana", why="w")
    ws.snapshot("first")
    ws.discover()
    return ws.path


@pytest.fixture
def ws(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "ws")


def names(health: Health) -> set[str]:
    return {part.name for part in health.problems}


def write_manifest(ws: Path, manifest: dict[str, Any]) -> None:
    """Put a manifest in the place of the last one, as if the last step had written it."""
    for file in (ws / "manifest.json", manifest_copy(ws, manifest["step"])):
        file.write_text(sealed_json(manifest), "utf-8")


def table(ws: Path, name: str) -> Path:
    return Workspace.open(ws, create=True).table(name)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def ranked(ws: Path) -> Any:
    return Workspace.open(ws, create=True).rank().to_frame()


def test_a_whole_workspace_is_whole(ws: Path) -> None:
    found = doctor(ws)
    assert affil.doctor is doctor
    assert found.problems == () and found.mended == ()
    held = {part.name.partition("/")[0] for part in found.parts}
    files = {f.relative_to(ws).parts[0] for f in ws.rglob("*") if f.is_file()}
    assert files - {".lock"} <= held, "it speaks of everything"
    gone = {ws / file for file in (".lock", *Workspace.open(ws, create=True).manifest["replaced"])}  # which every step deletes
    before = {f: f.read_bytes() for f in {*ws.rglob("*")} - gone if f.is_file()}
    assert doctor(ws, mend=True).mended == ()
    assert before == {f: f.read_bytes() for f in before}


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("papers", flip),
        ("mentions", lambda f: f.unlink()),
        ("strings", lambda f: f.write_bytes(b"")),
        ("matches", flip),
        ("institutions", lambda f: f.unlink()),
    ],
)
def test_tables_are_made_again(ws: Path, name: str, harm: Callable[[Path], Any]) -> None:
    before, content = ranked(ws), pq.read_table(table(ws, name)).to_pylist()
    damaged = table(ws, name)
    harm(damaged)
    assert names(doctor(ws)) == {str(damaged.relative_to(ws))}
    with pytest.raises(AffilError, match=f"{damaged.name}: .*affil doctor .* --mend"):
        Workspace.open(ws, create=True).rank()
        Workspace.open(ws, create=True).run()
    assert doctor(ws, mend=True).problems == ()
    assert ranked(ws).equals(before)
    assert sorted(map(str, pq.read_table(table(ws, name)).to_pylist())) == sorted(map(str, content))


def test_papers_that_are_gone_are_asked_for(ws: Path) -> None:
    flip(table(ws, "mentions"))
    manifest = Workspace.open(ws, create=True).manifest
    told = [{**i, "file": str(ws / "gone.jsonl")} for i in manifest["inputs"]]
    write_manifest(ws, {**manifest, "inputs": told})
    (part,) = doctor(ws, mend=True).problems
    assert part.cure == f"put back a copy of it, or, as they were: {ws / 'gone.jsonl'}"


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("manifest.json", lambda f: f.write_bytes(f.read_bytes()[:9])),
        ("settings.toml", lambda f: f.write_bytes(b"\xff")),
        ("registry.affil", flip),
        ("proposals.json", lambda f: f.write_bytes(b"")),
    ],
)
def test_other_files_are_made_again(ws: Path, name: str, harm: Callable[[Path], Any]) -> None:
    text = (ws / "settings.toml").read_text("utf-8").replace("min_title = 20", "min_title = 5")
    (ws / "settings.toml").write_text(text, "utf-8")
    Workspace.open(ws, create=True).run()
    before = ranked(ws)
    harm(ws / name)
    assert name in names(doctor(ws))
    assert doctor(ws, mend=True).problems == ()
    assert ranked(ws).equals(before)
    assert Workspace.open(ws, create=True).settings.rank.min_title == 5


def test_counts_are_made_again_and_lost_snapshots_put_aside(ws: Path) -> None:
    before = ranked(ws)
    store = Workspace.open(ws, create=True).counts
    for file in [f for f, _ in store.kept() if f.suffix == ".parquet"]:
        flip(file)
    found = doctor(ws, mend=True)
    assert found.problems == ()
    assert found.mended == ("counts: made again",), "the snapshot's are those of now"
    assert ranked(ws).equals(before)
    flip(ws / "counts" / "snapshots" / "first.json")
    assert doctor(ws, mend=True).mended == ("counts: made again; lost, and put aside: snapshot first",)
    assert [f.name for f in (ws / "counts" / "snapshots").iterdir()] == ["first.json.damaged"]
    assert ranked(ws).equals(before)


def test_what_does_not_fit_is_told_and_made_again(ws: Path) -> None:
    """Each file is what its checksum says, and still not what belongs here."""
    before, file = ranked(ws), table(ws, "strings")
    pq.write_table(pq.read_table(file).slice(1), file)
    manifest = {n: v for n, v in Workspace.open(ws, create=True).manifest.items() if n != "digests"}
    write_manifest(ws, manifest)
    (part,) = doctor(ws).problems
    assert part.problem == "2 mentioned strings that it lacks"
    assert doctor(ws, mend=True).problems == ()
    assert ranked(ws).equals(before)


def test_a_manifest_of_another_step_or_workspace_is_refused_and_put_back(ws: Path, tmp_path: Path) -> None:
    """Each of them is whole, and so are the tables of the older one, which are kept for who still reads them."""
    before, newest, older = ranked(ws), (ws / "manifest.json").read_text("utf-8"), Workspace.open(ws, create=True).manifest
    other = Workspace.open(tmp_path / "other", create=True)
    for _ in range(2):
        other.choose(registry="shipped")
        Workspace.open(ws, create=True).choose(registry=older["chosen"]["registry"], model=older["chosen"]["model"])
    wrong = {
        "older": newest,
        "another's": (other.path / "manifest.json").read_text("utf-8"),
        "another's, of the same step": sealed_json(
            {**other.manifest, "step": Workspace.open(ws, create=True).manifest["step"]}
        ),
        "another's, of the next step": sealed_json(
            {**other.manifest, "step": Workspace.open(ws, create=True).manifest["step"] + 1}
        ),
        "a state of the counts": next((ws / "counts" / "states").glob("*.json")).read_text("utf-8"),
    }
    for what, text in wrong.items():
        (ws / "manifest.json").write_text(text, "utf-8")
        with pytest.raises(InputError, match=r"manifest\.json: is (not the one that the last step wrote|damaged)"):
            ranked(ws)
        assert doctor(ws, mend=True).problems == (), what
        assert ranked(ws).equals(before), what
    (ws / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"manifest\.json: is missing"):
        ranked(ws)
    assert doctor(ws, mend=True).problems == ()
    assert ranked(ws).equals(before)


def test_a_step_that_was_killed_before_it_copied_its_manifest_has_ended(ws: Path) -> None:
    before = ranked(ws)
    step, chosen = (Workspace.open(ws, create=True).manifest[name] for name in ("step", "chosen"))
    Workspace.open(ws, create=True).choose(registry=chosen["registry"], model=chosen["model"])
    manifest_copy(ws, step + 1).unlink()
    assert manifest_copy(ws, step).exists()
    assert Workspace.open(ws, create=True).manifest["step"] == step + 1
    assert ranked(ws).equals(before)


def test_what_is_left_behind_is_swept(ws: Path) -> None:
    strays = [
        ws / ".affil-0123456789ab.parquet",
        ws / "tables" / "mentions-000099.parquet",
        ws / "tables" / "manifest-000099.json",
    ]
    for stray in strays:
        stray.touch()
    assert names(doctor(ws)) == {str(s.relative_to(ws)) for s in strays}
    assert doctor(ws, mend=True).problems == ()
    assert not any(s.exists() for s in strays)


def test_a_damaged_ledger_is_for_people_to_restore(ws: Path) -> None:
    flip(ws / "ledger.sqlite")
    (ws / "ledger.sqlite").write_bytes(b"")
    (part,) = doctor(ws, mend=True).problems
    assert (part.name, part.cure) == ("ledger.sqlite", f"affil ledger restore {ws}")
    done = CliRunner().invoke(app, ["doctor", str(ws)])
    assert str(done.exception) == f"{ws}/ledger.sqlite: is empty; affil ledger restore {ws}"
    assert CliRunner().invoke(app, ["ledger", "restore", str(ws)]).exit_code == 0
    done = CliRunner().invoke(app, ["doctor", str(ws), "--json"])
    assert (done.exit_code, {p["problem"] for p in json.loads(done.stdout)["parts"]}) == (0, {""})


def test_another_model_or_registry_is_told(ws: Path, tmp_path: Path, tiny_model: Path) -> None:
    manifest = Workspace.open(ws, create=True).manifest
    write_manifest(ws, {**manifest, "model": {"hash": "x"}})
    (part,) = doctor(ws).problems
    assert part.problem == "is another than in the last run"
    assert part.name == str(tiny_model)


def test_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="not a workspace"):
        doctor(tmp_path)
