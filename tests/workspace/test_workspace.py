from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from affil.errors import AffilError, InputError, UnknownIdError
from affil.rank import rank
from affil.review.items import Filters
from affil.review.queue import Queue
from affil.settings import DecideSettings, RankSettings, Settings, load_settings, settings_toml
from affil.types import Institution, Name
from affil.workspace import Added, Run, Workspace
from affil.workspace.layout import INSTITUTIONS, institution_row
from affil.workspace.waiting import Candidate

MIT, CUHK, OLD = "https://ror.org/mit", "https://ror.org/cuhk", "affil:old"


class FakeRegistry:
    """A registry in memory."""

    def __init__(self, *institutions: Institution, hash: str = "r1") -> None:
        self.institutions = {i.id: i for i in institutions}
        self.hash, self.version = hash, f"version {hash}"

    def __iter__(self) -> Any:
        return iter(self.institutions.values())

    def __len__(self) -> int:
        return len(self.institutions)

    def resolve(self, identifier: str) -> str:
        one = self.institutions[identifier]
        return one.successors[0] if one.successors else identifier

    def to_table(self) -> pa.Table:
        return pa.Table.from_pylist([institution_row(one, self.resolve(one.id)) for one in self], INSTITUTIONS)


class FakeMatcher:
    """Finds an institution where its name stands in the string; a question mark makes it doubtful."""

    def __init__(self, registry: FakeRegistry, model_hash: str = "m1") -> None:
        self.registry, self.model_hash = registry, model_hash
        self.batches: list[list[str]] = []
        self.interrupt_at: int | None = None

    def match_table(self, strings: list[str]) -> pa.Table:
        if len(self.batches) == self.interrupt_at:
            raise KeyboardInterrupt
        self.batches.append(strings)
        rows = [
            (row, i.id, 0.6 if "?" in s else 0.97, "review" if "?" in s else "match")
            for row, s in enumerate(strings)
            for i in self.registry
            if i.name in s
        ]
        names = ["row", "institution_id", "probability", "decision"]
        types = [pa.int64(), pa.string(), pa.float64(), pa.string()]
        return pa.table({n: pa.array([r[k] for r in rows], t) for k, (n, t) in enumerate(zip(names, types, strict=True))})


def registry(*more: Institution, hash: str = "r1") -> FakeRegistry:
    return FakeRegistry(
        Institution(MIT, "MIT", kind="education", country="US", region="US-MA", city="Cambridge"),
        Institution(CUHK, "CUHK", (Name("香港中文大学", "zh", "label"),), "education", "HK", "", "Hong Kong"),
        *more,
        hash=hash,
    )


def paper(number: int, *affiliations: str, **more: Any) -> dict[str, Any]:
    authors = [{"name": f"Author {number} {i}", "affiliations": [a] if a else []} for i, a in enumerate(affiliations)]
    return {"id": f"P{number}", "title": "T", "venue": "CVPR", "year": 2020, "authors": authors, "aligned": True, **more}


def write(path: Path, *papers: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(p) + "\n" for p in papers), "utf-8")
    return path


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    out = Workspace.open(tmp_path / "ws", create=True)
    loose = paper(3, aligned=False, authors=[{"name": "X"}], paper_affiliations=["MIT", "nobody knows"])
    out.add_papers(write(tmp_path / "a.jsonl", paper(1, "MIT", "CUHK"), paper(2, "MIT", "CUHK?", ""), loose))
    return out


def test_what_waits_for_review_is_one_number_until_it_is_decided(ws: Workspace, tmp_path: Path) -> None:
    assert ws.run(matcher=FakeMatcher(registry())).waiting == 1
    assert ws.waiting() == {"CUHK?": (Candidate(CUHK, "CUHK", 0.6),)}
    queue = Queue(*ws.matched_tables(), [], ws.settings.review)
    assert [*ws.waiting()] == [queue.item(n).affiliation for n in queue.select(Filters(scope="doubtful")).tolist()]
    told = "the string 'CUHK?' waits for review and is not counted for: CUHK (https://ror.org/cuhk, 0.60); decide it with affil review"
    assert told in ws.why("CUHK?").notes[0], "which is also a name of the institution"
    assert ws.why("CUHK").notes == ()
    ws.decide("CUHK?", CUHK, by="ana", why="she asked")
    assert ws.waiting() == {}
    assert ws.run(matcher=FakeMatcher(registry())).waiting == 0
    assert ws.why("CUHK?").notes == ()
    ws.add_papers(write(tmp_path / "b.jsonl", paper(9, "Dept. of MIT?")))
    assert ws.run(matcher=FakeMatcher(registry())).waiting == 1
    with pytest.raises(AffilError, match=r"the string 'Dept. of MIT\?' waits for review and is not counted for: MIT"):
        ws.why("Dept. of MIT?")


def counted(ws: Workspace, **kwargs: Any) -> dict[str, float]:
    frame = ws.rank(**kwargs).to_frame()
    return {i: round(a, 9) for i, a in zip(frame["id"], frame["adjusted"], strict=True)}


def rows(ws: Workspace, table: str) -> list[tuple[Any, ...]]:
    found = pq.read_table(ws.table(table))
    found = found.select([c for c in found.column_names if not c.startswith(("named", "stated_"))])
    return [tuple(r.values()) for r in found.to_pylist()]


@pytest.mark.parametrize("given", [3, pd.DataFrame({"affiliation": ["MIT"]})])
def test_what_is_no_file_of_papers_is_told(ws: Workspace, given: Any) -> None:
    with pytest.raises(AffilError, match=f"papers are read from files: give their paths, not {type(given).__name__}"):
        ws.add_papers(given)


def test_periods_are_written_as_years_are(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    told = [ws.compare(a, b).frame for a, b in (((2019, 2019), (2020, 2020)), (2019, "2020"), ("2019-2019", 2020))]
    assert all(one.equals(told[0]) for one in told)
    with pytest.raises(AffilError, match="give the years of both"):
        ws.compare(None, 2020)  # type: ignore[arg-type]


def test_settings_that_were_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.toml: cannot be read: No such file"):
        load_settings(str(tmp_path / "gone.toml"))
    assert load_settings(None) == Settings()


@pytest.mark.parametrize(
    "ask",
    [
        lambda ws, file, **given: ws.rank(**given),
        lambda ws, file, **given: ws.map(**given),
        lambda ws, file, **given: ws.trend(**given),
        lambda ws, file, **given: ws.trend(entity="MIT", **given),
        lambda ws, file, **given: ws.ranks_by_year(**given),
        lambda ws, file, **given: ws.compare((2019, 2019), (2020, 2020), **given),
        lambda ws, file, **given: ws.why("MIT", **given),
        lambda ws, file, **given: ws.diff("before", **given),
        lambda ws, file, **given: ws.diff("before", entity="MIT", **given),
        lambda ws, file, **given: ws.add_papers(file, **given),
        lambda ws, file, **given: ws.run(file, **given),
    ],
)
def test_a_keyword_that_nobody_reads_is_refused(ws: Workspace, tmp_path: Path, ask: Callable[..., Any]) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    ws.snapshot("before")
    with pytest.raises(TypeError, match=r"there is no argument 'country'; there are: (level, area|format, mapping)"):
        ask(ws, tmp_path / "a.jsonl", country="CN")


def test_papers_become_mentions_and_strings(ws: Workspace) -> None:
    assert sorted(rows(ws, "mentions"), key=str) == [
        ("P1", 0, "Author 1 0", "MIT"),
        ("P1", 1, "Author 1 1", "CUHK"),
        ("P2", 0, "Author 2 0", "MIT"),
        ("P2", 1, "Author 2 1", "CUHK?"),
        ("P2", 2, "Author 2 2", None),
        ("P3", None, None, "MIT"),
        ("P3", None, None, "nobody knows"),
    ]
    assert rows(ws, "strings") == [("MIT", 3, 3), ("CUHK", 1, 1), ("CUHK?", 1, 1), ("nobody knows", 1, 1)]


def test_a_run_matches_and_ranks(ws: Workspace) -> None:
    assert ws.run(matcher=FakeMatcher(registry())) == Run(4, 4, waiting=1)
    assert counted(ws) == {MIT: round(1 / 2 + 1 / 3 + 1 / 2, 9), CUHK: 0.5}
    ranking = ws.rank(level="country")
    assert list(ranking.to_frame()["name"]) == ["United States", "Hong Kong"]
    cover = ranking.coverage
    assert (cover.mentions, cover.papers, cover.unaligned) == (7, 3, 1)
    assert [round(7 * s) for s in (cover.matched, cover.review, cover.none, cover.missing, cover.pending)] == [4, 1, 1, 1, 0]
    assert rows(ws, "matches") == [
        ("MIT", MIT, 0.97, "match", "model"),
        ("CUHK", CUHK, 0.97, "match", "model"),
        ("CUHK?", CUHK, 0.6, "review", "model"),
        ("nobody knows", None, None, "none", "model"),
    ]


def test_only_new_strings_are_matched(ws: Workspace, tmp_path: Path) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    matcher = FakeMatcher(registry())
    assert ws.run(matcher=matcher) == Run(4, 0, waiting=1)
    assert matcher.batches == []
    added = ws.add_papers(write(tmp_path / "b.jsonl", paper(4, "MIT", "MIT Lab")))
    assert added == Added(1, 0, 0, formats=((str(tmp_path / "b.jsonl"), "affil"),))
    assert ws.rank().coverage.pending == pytest.approx(1 / 9)
    assert ws.run(matcher=matcher) == Run(5, 1, waiting=1)
    assert matcher.batches == [["MIT Lab"]]
    assert len(rows(ws, "matches")) == 5


def test_all_is_matched_again_where_registry_model_or_settings_changed(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    more = Institution("affil:x", "nobody knows", country="FR", city="Paris")
    assert ws.run(matcher=FakeMatcher(registry(more, hash="r2"))) == Run(4, 4, "the registry changed", waiting=1)
    assert counted(ws)["affil:x"] == 0.5
    assert ws.run(matcher=FakeMatcher(registry(more, hash="r2"), "m2")).again == "the model changed"
    ws.settings = Settings.model_validate({"decide": {"match": 0.5}})
    assert (
        ws.run(matcher=FakeMatcher(registry(more, hash="r3"), "m2")).again == "the registry and the matching settings changed"
    )
    ws.settings = Settings.model_validate({"decide": {"match": 0.5}, "retrieve": {"batch": 1}, "rank": {"offset": 2}})
    assert ws.run(matcher=FakeMatcher(registry(more, hash="r3"), "m2")) == Run(4, 0, waiting=1)


def test_an_interrupted_run_keeps_what_it_finished(ws: Workspace) -> None:
    ws.settings = Settings.model_validate({"retrieve": {"batch": 1}})
    matcher = FakeMatcher(registry())
    matcher.interrupt_at = 2
    with pytest.raises(KeyboardInterrupt):
        ws.run(matcher=matcher)
    assert [r[0] for r in rows(ws, "matches")] == ["MIT", "CUHK"]
    assert ws.rank().coverage.pending == pytest.approx(2 / 7)
    matcher.interrupt_at = None
    seen: list[tuple[int, int]] = []
    assert ws.run(progress=lambda done, total: seen.append((done, total)), matcher=matcher) == Run(4, 2, waiting=1)
    assert seen == [(1, 2), (2, 2)]
    assert [b[0] for b in matcher.batches] == ["MIT", "CUHK", "CUHK?", "nobody knows"]
    assert [r[0] for r in rows(ws, "matches")] == ["MIT", "CUHK", "CUHK?", "nobody knows"]
    assert not (ws.path / "matching").exists()


def test_an_interrupted_rematch_leaves_the_old_matches_until_it_is_complete(ws: Workspace) -> None:
    ws.settings = Settings.model_validate({"retrieve": {"batch": 3}})
    ws.run(matcher=FakeMatcher(registry()))
    before = counted(ws)
    matcher = FakeMatcher(registry(Institution("affil:x", "nobody", country="FR"), hash="r2"))
    matcher.interrupt_at = 1
    with pytest.raises(KeyboardInterrupt):
        ws.run(matcher=matcher)
    assert counted(ws) == before
    matcher.interrupt_at = None
    assert ws.run(matcher=matcher) == Run(4, 1, "the registry changed", waiting=1)
    assert [len(b) for b in matcher.batches] == [3, 1]
    assert "affil:x" in counted(ws)


def test_unfinished_batches_of_another_model_are_dropped(ws: Workspace) -> None:
    ws.settings = Settings.model_validate({"retrieve": {"batch": 3}})
    ws.run(matcher=FakeMatcher(registry()))
    matcher = FakeMatcher(registry(), "m2")
    matcher.interrupt_at = 1
    with pytest.raises(KeyboardInterrupt):
        ws.run(matcher=matcher)
    assert ws.run(matcher=FakeMatcher(registry(), "m3")).matched == 4


def test_a_newer_record_replaces_the_older_one(ws: Workspace, tmp_path: Path) -> None:
    changed = write(tmp_path / "c.jsonl", paper(1, "CUHK"), paper(2, "MIT", "CUHK?", ""), paper(9, "MIT"))
    assert ws.add_papers(changed) == Added(1, 1, 1, formats=((str(changed), "affil"),))
    assert sorted(r[0] for r in rows(ws, "papers")) == ["P1", "P2", "P3", "P9"]
    assert [r for r in rows(ws, "mentions") if r[0] == "P1"] == [("P1", 0, "Author 1 0", "CUHK")]
    assert ws.add_papers(changed) == Added(0, 0, 3, formats=((str(changed), "affil"),))
    assert ("MIT", 3, 3) in rows(ws, "strings")


def test_repeats_in_the_input_are_flagged(ws: Workspace, tmp_path: Path) -> None:
    added = ws.add_papers([write(tmp_path / "d.jsonl", paper(5, "MIT"), paper(5, "CUHK"), paper(5, "MIT"))])
    assert (added.new, [(d.row, d.identical) for d in added.duplicates]) == (1, [(2, False), (3, True)])


def test_bad_input_leaves_the_workspace_as_it_was(ws: Workspace, tmp_path: Path) -> None:
    before = {f.name: f.read_bytes() for f in ws.path.rglob("*.parquet")}
    assert len(before) == 3
    bad = write(tmp_path / "bad.jsonl", paper(7, "MIT"), paper(8, "MIT", title=5))
    with pytest.raises(InputError, match=r"bad.jsonl, line 2: title: input should be a valid string"):
        ws.add_papers([bad])
    assert {f.name: f.read_bytes() for f in ws.path.rglob("*.parquet")} == before
    assert {f.name for f in ws.path.rglob("*")} == {
        *before,
        "tables",
        "settings.toml",
        "manifest.json",
        "manifest-000001.json",
        ".lock",
    }


def test_any_order_of_additions_gives_the_same_ranking(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.jsonl", paper(n, "MIT", "CUHK"), paper(n + 10, "CUHK")) for n in range(3)]
    at_once, apart = Workspace.open(tmp_path / "one", create=True), Workspace.open(tmp_path / "two", create=True)
    at_once.add_papers(files)
    at_once.run(matcher=FakeMatcher(registry()))
    for file in reversed(files):
        apart.add_papers(file)
        apart.run(matcher=FakeMatcher(registry()))
    assert at_once.rank().to_frame().equals(apart.rank().to_frame())


def test_a_decision_counts_at_once_and_undo_too(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    before = counted(ws)
    entry, warnings = ws.decide("CUHK?", CUHK, by="ana", why="asked")
    assert (entry.registry, entry.model, warnings) == ("version r1", "m1", ())
    assert counted(ws)[CUHK] == pytest.approx(0.5 + 1 / 3)
    assert ws.rank().coverage.decided == pytest.approx(1 / 7)
    ws.decide("MIT", None, by="ana", why="a test")
    assert set(counted(ws)) == {CUHK}
    ws.ledger.undo(2, by="ana", why="of course it is")
    ws.ledger.undo(1, by="ana", why="unsure")
    assert counted(ws) == before


def test_decisions_survive_new_registries_and_models(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry(Institution(OLD, "Old", country="DE", city="Bonn"))))
    ws.decide("nobody knows", OLD, by="ana", why="w")
    assert counted(ws)[OLD] == 0.5
    closed = Institution(OLD, "Old", country="DE", city="Bonn", successors=(MIT,), status="inactive")
    ws.run(matcher=FakeMatcher(registry(closed, hash="r2"), "m2"))
    assert set(counted(ws)) == {MIT, CUHK}
    assert counted(ws)[MIT] == pytest.approx(1 / 2 + 1 / 3 + 1)
    assert ws.rank().warnings == ()
    ws.run(matcher=FakeMatcher(registry(hash="r3"), "m2"))
    assert counted(ws)[MIT] == pytest.approx(1 / 2 + 1 / 3 + 1 / 2)
    assert "no longer has affil:old, decided for 'nobody knows'; the decision is kept" in ws.rank().warnings[0]
    ws.run(matcher=FakeMatcher(registry(closed, hash="r2"), "m2"))
    assert counted(ws)[MIT] == pytest.approx(1 / 2 + 1 / 3 + 1)


def test_decisions_are_checked(ws: Workspace) -> None:
    with pytest.raises(AffilError, match="nothing matched yet"):
        ws.decide("MIT", MIT, by="ana", why="w")
    closed = Institution(OLD, "Old", successors=(MIT,), status="inactive")
    ws.run(matcher=FakeMatcher(registry(closed)))
    with pytest.raises(UnknownIdError, match="has no institution 'affil:mit'; find it with: affil registry search"):
        ws.decide("MIT", [CUHK, "affil:mit"], by="ana", why="w")
    assert ws.ledger.entries() == []
    _, warnings = ws.decide("MIT ", OLD, by="ana", why="w")
    assert warnings == (
        f"{OLD} is closed; it counts for its successor {MIT}",
        f"'MIT ' does not occur in {ws.path}; the decision waits until it does",
    )
    entry, _ = ws.decide("MIT", MIT, by="ana", why="w")
    assert entry.institutions == (MIT,)


def test_opening(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="not a workspace; create one with: affil run PAPERS"):
        Workspace.open(tmp_path / "none", create=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("x")
    with pytest.raises(AffilError, match="not an empty folder"):
        Workspace.open(tmp_path / "home", create=True)
    with pytest.raises(AffilError, match="not an empty folder"):
        Workspace.open(tmp_path / "home" / "letter.txt", create=True)
    ws = Workspace.open(tmp_path / "deep" / "new", create=True)
    assert Workspace.open(ws.path, create=False).settings == Settings()
    with pytest.raises(AffilError, match="no papers yet; add some with: affil run PAPERS"):
        ws.run(matcher=FakeMatcher(registry()))
    with pytest.raises(AffilError, match="nothing matched yet; first run: affil run PAPERS"):
        ws.rank()
    (ws.path / "settings.toml").write_text("[rank]\nofset = 1\n")
    with pytest.raises(InputError, match=r"setting rank\.ofset"):
        Workspace.open(ws.path)


def test_settings_are_kept_with_their_meanings_and_read_back(tmp_path: Path) -> None:
    settings = Settings(rank=RankSettings(offset=0.5, include_review=True, country_groups={"HK": "CN", "MO": "CN"}))
    (tmp_path / "settings.toml").write_text(settings_toml(settings), "utf-8")
    assert load_settings(tmp_path / "settings.toml") == settings
    assert "# count matches that are still waiting for review" in settings_toml(settings)


def test_what_is_commented_in_the_settings_is_valid_as_it_stands(tmp_path: Path) -> None:
    lines, file = settings_toml(Settings()).splitlines(), tmp_path / "settings.toml"
    commented = [n for n, line in enumerate(lines) if re.match(r"# \w+ = ", line)]
    assert {lines[n].split()[1] for n in commented} >= {
        "country_groups",
        "region_groups",
        "area_weights",
        "not_parents",
        "origins",
    }
    for some in (*([n] for n in commented), commented):
        file.write_text("\n".join(line.removeprefix("# ") if n in some else line for n, line in enumerate(lines)), "utf-8")
        changed = load_settings(file)
        assert changed != Settings()
    assert changed.rank.country_groups == {"HK": "CN", "MO": "CN"}
    assert changed.rank.area_weights == {"computer vision": 0.5, "robotics": 0}


def test_country_groups_and_own_venues(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    (ws.path / "settings.toml").write_text('[rank.country_groups]\nHK = "CN"\n')
    own = Workspace.open(ws.path)
    assert list(own.rank(level="country").to_frame()["id"]) == ["US", "CN"]
    (ws.path / "venues.csv").write_text("venue,name,areas,weight,aliases\nCVPR,Mine,robotics,2,\n")
    assert own.rank(area="robotics").to_frame()["adjusted"].sum() == pytest.approx(2 * (1 + 1 / 3 + 1 / 2))


def test_the_manifest_tells_how_to_repeat_it(ws: Workspace, tmp_path: Path) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    manifest = ws.manifest
    assert manifest["registry"] == {"version": "version r1", "hash": "r1"}
    assert manifest["model"] == {"hash": "m1"}
    assert manifest["counts"] == {"papers": 3, "mentions": 7, "strings": 4, "matches": 4, "institutions": 2}
    assert [i["file"] for i in manifest["inputs"]] == [str(tmp_path / "a.jsonl")]
    assert len(manifest["inputs"][0]["sha256"]) == 64
    assert manifest["settings"]["decide"]["match"] == Settings().decide.match
    (ws.path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest.json: is damaged: .*affil doctor .* --mend"):
        ws.rank()


def test_a_run_goes_on_with_the_registry_and_model_it_began_with(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[tuple[str | None, str | None]] = []
    matcher = FakeMatcher(registry())

    def load(self: Workspace, registry: str | None, model: str | None) -> FakeMatcher:
        loaded.append((registry, model))
        return matcher

    monkeypatch.setattr("affil.workspace.matching.open_matcher", load)
    matcher.interrupt_at = 0
    with pytest.raises(KeyboardInterrupt):
        ws.run(registry="/data/ror.affil")
    matcher.interrupt_at = None
    ws.run()
    ws.run(model="/data/m.skops")
    ws.run(registry="shipped")
    assert loaded == [
        ("/data/ror.affil", None),
        ("/data/ror.affil", None),
        ("/data/ror.affil", "/data/m.skops"),
        (None, "/data/m.skops"),
    ]


def test_one_process_at_a_time(ws: Workspace, tmp_path: Path) -> None:
    with closing(sqlite3.connect(ws.path / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AffilError, match="locked by another process; try again"):
            ws.run(matcher=FakeMatcher(registry()))
        with pytest.raises(AffilError, match="another process"):
            ws.add_papers(tmp_path / "a.jsonl")
    ws.run(matcher=FakeMatcher(registry()))


def test_while_another_process_writes_rankings_are_those_of_before(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    before = ws.rank()
    with closing(sqlite3.connect(ws.path / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        now = ws.rank()
        assert now.frame.equals(before.frame)
        assert "locked by another process; try again when it is done; showing the state of 20" in now.warnings[0]
        with pytest.raises(AffilError, match="another process"):
            ws.snapshot("later")


def test_a_result_is_saved_while_another_process_writes(ws: Workspace, tmp_path: Path) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    kept = ws.rank()
    with closing(sqlite3.connect(ws.path / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for name, result in {"r": ws.rank(), "t": ws.trend(), "w": ws.why(MIT)}.items():
            assert "showing the state of 20" in result.warnings[0]
            told = json.loads(ws.save(result, tmp_path / f"{name}.json").read_text("utf-8"))
            assert (told["workspace"]["model"], told["counted"]) == ({"hash": "m1"}, kept.state.time)
    assert len(pd.DataFrame(json.loads((tmp_path / "r.json").read_text("utf-8"))["ranking"])) == len(kept.frame)


def test_why_of_a_string_of_the_papers_says_how_it_is_explained(ws: Workspace) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    with pytest.raises(
        AffilError, match=r"'nobody knows' is a string of the papers.*affil match --text 'nobody knows' --candidates 3"
    ):
        ws.why("nobody knows")
    with pytest.raises(AffilError, match="no institution 'nobody knew' is in this ranking"):
        ws.why("nobody knew")


def test_a_manifest_describes_the_state_that_was_ranked(ws: Workspace, tmp_path: Path) -> None:
    """Not that of the workspace when the result is saved."""
    ws.run(matcher=FakeMatcher(registry()))
    ranking = ws.rank()
    ws.decide("nobody knows", CUHK, by="ana", why="w")
    ws.add_papers(write(tmp_path / "b.jsonl", paper(9, "MIT")))
    again = FakeRegistry(*registry(), hash="r2")
    ws.run(matcher=FakeMatcher(again))
    told = json.loads(ws.save(ranking, tmp_path / "r.csv").read_text("utf-8"))
    assert (told["workspace"]["registry"]["hash"], told["workspace"]["counts"]["papers"], told["last_decision"]) == ("r1", 3, 0)
    now = json.loads(ws.save(ws.rank(), tmp_path / "r.csv").read_text("utf-8"))
    assert (now["workspace"]["registry"]["hash"], now["workspace"]["counts"]["papers"], now["last_decision"]) == ("r2", 4, 1)


def test_a_manifest_is_up_to_date_where_no_number_changed(ws: Workspace, tmp_path: Path) -> None:
    """Counts that are equal stay, but what they stand on now is another model."""
    ws.run(matcher=FakeMatcher(registry()))
    before = ws.rank()
    ws.run(matcher=FakeMatcher(registry(), "m2"))
    ranking = ws.rank()
    assert ranking.state.number == before.state.number
    told = json.loads(ws.save(ranking, tmp_path / "r.csv").read_text("utf-8"))
    assert told["workspace"]["model"]["hash"] == "m2"
    assert ws.counts.last().about["model"] == "m2"


def test_a_ranking_of_plain_tables_tells_of_no_workspace(ws: Workspace, tmp_path: Path) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    told = json.loads(ws.save(rank(ws.tables), tmp_path / "r.csv").read_text("utf-8"))
    assert not {"workspace", "last_decision", "counted"} & told.keys()


def test_an_institution_withdrawn_half_way(ws: Workspace) -> None:
    """The registry changes between a run and the next, and with it who exists."""
    ws.run(matcher=FakeMatcher(registry()))
    ws.decide("nobody knows", CUHK, by="ana", why="w")
    ws.snapshot("before")
    without = FakeRegistry(Institution(MIT, "MIT", kind="education", country="US", city="Cambridge"), hash="r2")
    assert ws.run(matcher=FakeMatcher(without)).again == "the registry changed"
    ranking = ws.rank()
    assert list(ranking.frame["id"]) == [MIT]
    assert ranking.warnings == (
        f"the registry no longer has {CUHK}, decided for 'nobody knows'; the decision is kept but counts for nobody: "
        "decide again with an id of today",
    )
    moved = ws.diff("before")
    assert moved.notes == ("the registry changed",)
    gone = moved.moves.set_index("id").loc[CUHK]
    assert (gone["rank_before"], gone["name"]) == (2, "CUHK")
    assert moved.moves["rank_after"].isna().tolist() == [True]
    assert {*moved.causes["cause"]} == {"answer"}


def test_papers_without_any_affiliation(tmp_path: Path) -> None:
    ws = Workspace.open(tmp_path / "ws", create=True)
    ws.add_papers(write(tmp_path / "a.jsonl", paper(1, "", "")))
    assert ws.run(matcher=FakeMatcher(registry())) == Run(0, 0)
    ranking = ws.rank()
    assert len(ranking.to_frame()) == 0
    assert ranking.coverage.missing == 1


def test_exports(ws: Workspace, tmp_path: Path) -> None:
    ws.run(matcher=FakeMatcher(registry()))
    ranking = ws.rank(years="2020")
    for suffix in ("csv", "json", "parquet"):
        ws.save(ranking, tmp_path / f"r.{suffix}")
    assert list(pd.read_csv(tmp_path / "r.csv")["id"]) == [MIT, CUHK]
    saved = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert saved["coverage"]["mentions"] == 7
    assert [row["name_zh"] for row in saved["ranking"]] == ["", "香港中文大学"]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "r.parquet"), ranking.frame)
    assert json.loads(pq.read_schema(tmp_path / "r.parquet").metadata[b"affil"]) == ranking.about()
    ws.save(ranking, tmp_path / "r.xlsx")
    book = pd.read_excel(tmp_path / "r.xlsx", keep_default_na=False)
    assert list(book.columns) == [*ranking.frame.columns]
    assert [*book["adjusted"]] == [*ranking.frame["adjusted"]]
    ws.save(ranking, tmp_path / "excel.csv", excel=True)
    assert (tmp_path / "excel.csv").read_bytes().startswith(b"\xef\xbb\xbf" + ";".join(ranking.frame.columns).encode())
    german = pd.read_csv(tmp_path / "excel.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert [*german["adjusted"]] == [*ranking.frame["adjusted"]]
    with pytest.raises(AffilError, match=r"--excel is for .csv and .xlsx"):
        ws.save(ranking, tmp_path / "r.json", excel=True)
    (tmp_path / "r.ods").write_text("mine")
    with pytest.raises(AffilError, match=r"must be .csv, .xlsx, .json or .parquet"):
        ws.save(ranking, tmp_path / "r.ods")
    assert (tmp_path / "r.ods").read_text() == "mine"
    with pytest.raises(AffilError, match="there is no folder"):
        ws.save(ranking, tmp_path / "no" / "r.csv")


def test_no_spreadsheet_runs_a_cell_of_a_table(ws: Workspace, tmp_path: Path) -> None:
    ws.add_papers([write(tmp_path / "f.jsonl", paper(50, "CUHK", title="=cmd()"))])
    ws.run(matcher=FakeMatcher(registry()))
    ws.save(ws.why(CUHK), tmp_path / "why.csv")
    text = (tmp_path / "why.csv").read_text("utf-8")
    assert "'=cmd()" in text
    assert ",=cmd()" not in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"retreive": {}}, "there is no setting retreive; did you mean retrieve?"),
        ({"decide": {"reveiw": 0.3}}, "there is no setting decide.reveiw; did you mean decide.review?"),
        ({"roll_up": "top"}, "there is no setting roll_up"),
        ({"homonym": 0.1}, "there is no setting homonym; did you mean decide.homonym?"),
        ({"decide": {"qqqq": 1}}, "there is no setting decide.qqqq"),
    ],
)
def test_unknown_settings_are_refused_with_what_may_be_meant(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(AffilError) as error:
        Settings(**given)
    assert str(error.value).startswith(said)
    assert not isinstance(error.value, InputError)
    file = tmp_path / "settings.toml"
    file.write_text(tomlkit.dumps(given))
    with pytest.raises(InputError) as told:
        load_settings(file)
    assert str(told.value) == f"{file}: {error.value}; correct or delete its line"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rank": {"confidence": 2}}, "setting rank.confidence: a number (> 0, < 1), not 2; its default is 0.95"),
        ({"rank": {"ranges": "perhaps"}}, 'setting rank.ranges: true or false, not "perhaps"; its default is true'),
        ({"rank": {"named": 0.5}}, "setting rank.named: a whole number (≥ 1), not 0.5; its default is 3"),
        ({"rank": {"grid": {"coarse": 1}}}, "setting rank.grid.coarse: a whole number (≥ 8), not 1; its default is 96"),
        (
            {"rank": {"area_weights": {"vision": -1}}},
            "setting rank.area_weights.vision: a table, each value a number (≥ 0), not -1",
        ),
        ({"read": {"not_accepted": 1}}, "setting read.not_accepted: a list, each a text, not 1"),
        ({"rank": {"grid": {"coars": 9}}}, "there is no setting rank.grid.coars; did you mean rank.grid.coarse?"),
        ({"decide": {"policy": "most"}}, 'setting decide.policy: most-specific or all or one, not "most"'),
        ({"rank": 3}, "rank is a group of settings, not 3"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_one_line_with_those_that_it_can(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(AffilError) as error:
        Settings(**given)
    assert str(error.value).startswith(said)
    (tmp_path / "settings.toml").write_text(tomlkit.dumps(given))
    with pytest.raises(InputError) as told:
        load_settings(tmp_path / "settings.toml")
    assert str(told.value) == f"{tmp_path / 'settings.toml'}: {error.value}; correct or delete its line"


_GROUPS = [(name, group) for name, group in Settings() if isinstance(group, BaseModel)]


@given(
    st.sampled_from(_GROUPS),
    st.data(),
    st.one_of(st.none(), st.integers(-2, 2), st.floats(), st.text(max_size=3), st.booleans()),
)
def test_any_value_is_taken_or_refused_in_a_line(group: tuple[str, BaseModel], data: st.DataObject, value: Any) -> None:
    name, held = group
    key = data.draw(st.sampled_from(sorted(type(held).model_fields)))
    try:
        made = Settings(**{name: {key: value}})
    except AffilError as error:
        told = str(error)
        assert "\n" not in told
        assert told.startswith((f"setting {name}.{key}: ", f"{name}.{key} is a group of settings, not "))
    else:
        assert getattr(getattr(made, name), key) == value or value != value


@given(st.text(max_size=12))
def test_a_name_is_known_or_refused(name: str) -> None:
    known = name in DecideSettings.model_fields
    with nullcontext() if known else pytest.raises(AffilError, match="there is no setting"):
        DecideSettings.model_validate({name: DecideSettings().model_dump().get(name)})


def test_opening_what_is_no_workspace_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="typo: not a workspace; create one with: affil run"):
        Workspace.open(tmp_path / "typo")
    with pytest.raises(AffilError, match="settings are for a new workspace"):
        Workspace.open(tmp_path / "typo", settings=Settings())
    assert not (tmp_path / "typo").exists()
    made = Workspace.open(tmp_path / "typo", create=True)
    assert Workspace.open(made.path) == made


def test_settings_of_a_new_workspace_are_settings_a_dict_or_a_file(tmp_path: Path) -> None:
    wanted = {"report": {"title": "Ours"}}
    (tmp_path / "mine.toml").write_text('[report]\ntitle = "Ours"\n', "utf-8")
    forms = (Settings.model_validate(wanted), wanted, tmp_path / "mine.toml", str(tmp_path / "mine.toml"))
    for number, given_settings in enumerate(forms):
        made = Workspace.open(tmp_path / str(number), create=True, settings=given_settings)
        assert made.settings == Workspace.open(made.path).settings == forms[0]
    for wrong in ({"report": {"titel": "Ours"}}, {"nothing": 1}, {"report": 5}, ["report"], 5):
        with pytest.raises(AffilError):
            Workspace.open(tmp_path / "wrong", create=True, settings=wrong)  # type: ignore[arg-type]
        assert not (tmp_path / "wrong").exists()
