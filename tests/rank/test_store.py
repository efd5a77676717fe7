"""Counts that are kept: whatever changes in whatever order, they are those of a full run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, InputError
from affil.rank import LEVELS, MEASURES, State, Store, Venue, Venues, rank
from affil.settings import RankSettings
from affil.types import Paper
from tests.examples import examples

from .test_credit import IDS, INSTITUTIONS, STRINGS, VENUES, Answers, decided_ids, found, one_each, paper, tables

FEWER_VENUES = Venues([Venue("CV", "Vision", ("computer vision", "robotics"), 2.0), VENUES["WEB"]])
MERGED = [(*row[:1], "c" if row[0] == "d" else row[1], *row[2:]) for row in INSTITUTIONS]
WITHDRAWN = [row for row in INSTITUTIONS if row[0] != "a"]  # and with it "o", which counts for it

change = st.one_of(
    st.tuples(st.just("papers"), st.lists(paper, min_size=1, max_size=4)),
    st.tuples(st.just("replace"), paper),
    st.tuples(st.just("answer"), st.sampled_from(STRINGS), st.one_of(st.none(), found)),
    st.tuples(st.just("decide"), st.sampled_from(STRINGS), st.one_of(st.none(), decided_ids)),
    st.tuples(st.just("registry"), st.sampled_from([INSTITUTIONS, MERGED, WITHDRAWN])),
    st.tuples(st.just("venues"), st.sampled_from([VENUES, FEWER_VENUES])),
    st.tuples(
        st.just("settings"),
        st.sampled_from([RankSettings(), RankSettings(include_review=True, roll_up="top", offset=0.5, papers_at_once=1)]),
    ),
)


class Project:
    """What can change between two rankings."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.answers: Answers = {}
        self.decisions: dict[str, list[str]] = {}
        self.registry, self.venues, self.settings = INSTITUTIONS, VENUES, RankSettings()

    def apply(self, what: str, *change: Any) -> None:
        if what == "papers":
            self.papers |= {p.id: p for p in change[0]}
        elif what == "replace" and self.papers:
            old = min(self.papers)
            self.papers[old] = replace(change[0], id=old)
        elif what in ("answer", "decide"):
            where: dict[str, Any] = self.answers if what == "answer" else self.decisions
            where.pop(change[0], None)
            where |= {} if change[1] is None else {change[0]: change[1]}
        elif what in ("registry", "venues", "settings"):
            setattr(self, what, change[0])

    def refresh(self, store: Store, **known: Any) -> State:
        given_tables = tables(list(self.papers.values()), self.answers, self.registry)
        return store.refresh(given_tables, self.decisions, self.venues, self.settings, **known)

    def full(self, **query: Any) -> Any:
        return rank(
            tables(list(self.papers.values()), self.answers, self.registry),
            decisions=self.decisions,
            venues=self.venues,
            settings=self.settings,
            **query,
        )


@examples(10)
@given(st.lists(change, min_size=1, max_size=7), st.sampled_from(LEVELS), st.sampled_from(MEASURES))
def test_any_sequence_of_changes_gives_what_a_full_run_gives(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Any], level: Any, by: Any
) -> None:
    folder = tmp_path_factory.mktemp("counts")
    store, project = Store(folder / "kept"), Project()
    for number, one in enumerate(changes):
        project.apply(*one)
        if not project.papers:
            continue
        state = project.refresh(store)
        full = project.full(level=level, by=by)
        kept = store.rank(state, level=level, by=by)
        assert kept.to_frame().equals(full.to_frame())
        assert (kept.coverage, kept.warnings) == (full.coverage, full.warnings)
        fresh = Store(folder / str(number))
        again = project.refresh(fresh)
        assert again.same_counts(state), "the same files, byte for byte"
        assert {f.name for f in (fresh.folder / "files").iterdir()} <= {f.name for f in (store.folder / "files").iterdir()}


@examples(10)
@given(
    st.lists(paper, min_size=1, max_size=6),
    st.dictionaries(st.sampled_from(STRINGS), found),
    st.lists(st.dictionaries(st.sampled_from(STRINGS), st.one_of(st.none(), decided_ids), min_size=1), min_size=1, max_size=4),
    st.sampled_from([INSTITUTIONS, MERGED, WITHDRAWN]),
)
def test_decisions_alone_give_what_a_full_run_gives(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], answers: Answers, decided: list[Any], registry: Any
) -> None:
    folder = tmp_path_factory.mktemp("counts")
    store, project = Store(folder / "kept"), Project()
    project.registry, project.answers, project.papers = registry, answers, {p.id: p for p in papers}
    project.refresh(store)
    for number, one in enumerate(decided):
        for string, ids in one.items():
            project.apply("decide", string, ids)
        state = project.refresh(store, strings=one.keys())
        fresh = project.refresh(Store(folder / str(number)))
        assert fresh.same_counts(state), "the same files, byte for byte"
        assert fresh.warnings == state.warnings


def counted_now(store: Store, project: Project, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The venues and years that a refresh counts."""
    import affil.rank.store as module

    seen: list[tuple[str, int]] = []
    whole, again = module.number, module.number_again

    def counted_again(db: Any, config: RankSettings) -> Any:
        spans = again(db, config)
        seen.extend(where for where, *_ in spans)
        return spans

    monkeypatch.setattr(module, "number", lambda db, config, wanted: (seen.extend(wanted), whole(db, config, wanted))[1])
    monkeypatch.setattr(module, "number_again", counted_again)
    project.refresh(store)
    monkeypatch.setattr(module, "number", whole)
    monkeypatch.setattr(module, "number_again", again)
    return seen


@pytest.fixture
def project() -> Project:
    out = Project()
    papers, out.answers = one_each(("s0", "a"), ("s1", "b"), ("s2", "c"))
    for year, p in zip((2019, 2020, 2021), papers, strict=True):
        out.papers[p.id] = replace(p, year=year)
    return out


def test_only_what_changed_is_counted_again(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def counted() -> list[tuple[str, int]]:
        return counted_now(store, project, monkeypatch)

    assert counted() == [("CV", 2019), ("CV", 2020), ("CV", 2021)]
    assert counted() == []
    project.decisions["s1"] = ["d"]
    assert counted() == [("CV", 2020)]
    project.decisions["never published"] = ["d"]
    assert counted() == []
    project.papers["p2"] = replace(project.papers["p2"], year=2019)
    assert counted() == [("CV", 2019)], "2021 is empty now"
    project.answers["s2"] = [("c", "review")]
    assert counted() == [("CV", 2019)]
    project.registry = MERGED
    assert counted() == [("CV", 2020)], "d, decided for s1, was merged into c"
    project.settings = RankSettings(offset=3, roll_up="top", country_groups={"GB": "US"})
    assert counted() == [], "what only measuring reads"
    project.settings = RankSettings(include_review=True)
    assert counted() == [("CV", 2019), ("CV", 2020)]


def test_only_papers_that_mention_what_was_decided_are_counted_again(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import affil.rank.store as module

    project.papers |= {p.id: replace(p, year=2019) for p in project.papers.values()}
    store, counted = Store(tmp_path), list[int]()
    for name in ("count_credit", "all_credit"):  # of all, and of some again
        real = getattr(module, name)

        def noted(db: Any, spans: Any, settings: RankSettings, real: Any = real) -> Any:
            counted.append(sum(last - first + 1 for _, first, last in spans))
            return real(db, spans, settings)

        monkeypatch.setattr(module, name, noted)
    project.refresh(store)
    project.decisions["s1"] = ["d"]
    project.refresh(store)
    assert counted == [3, 1]


def test_nothing_new_makes_no_new_state(tmp_path: Path, project: Project) -> None:
    store = Store(tmp_path)
    first = project.refresh(store)
    assert project.refresh(store) == first
    assert first.number == 1
    project.decisions["s0"] = []
    assert project.refresh(store).number == 2
    assert store.last() == project.refresh(store)


def test_states_are_found_by_date_name_and_run(tmp_path: Path, project: Project) -> None:
    store = Store(tmp_path)
    with pytest.raises(AffilError, match="nothing counted yet"):
        store.since("last")
    first = project.refresh(store)
    with pytest.raises(AffilError, match="this is the first state"):
        store.since("last")
    store.snapshot("spring", first)
    project.decisions["s0"] = ["d"]
    second = project.refresh(store)
    assert store.since("last") == first
    assert store.since("spring") == replace(first, name="spring")
    today = datetime.now(UTC)
    assert store.since(today.date().isoformat()) == second
    assert store.since(first.time) == first
    with pytest.raises(AffilError, match="no state of the counts is as old as"):
        store.since((today - timedelta(days=2)).date().isoformat())
    with pytest.raises(AffilError, match=r"'autumn' is no snapshot \(spring\), no date like 2026-11-24, and not: last"):
        store.since("autumn")
    assert list(store.snapshots()) == ["spring"]
    for name, message in (
        ("spring", "there is already a snapshot 'spring'"),
        ("last", "invalid snapshot name"),
        ("../x", "invalid snapshot name"),
    ):
        with pytest.raises(AffilError, match=message):
            store.snapshot(name, second)
    store.remove_snapshot("spring")
    with pytest.raises(AffilError, match="no snapshot 'spring'; known are: none"):
        store.remove_snapshot("spring")


def test_last_is_the_last_run_where_something_changed_since(tmp_path: Path, project: Project) -> None:
    store = Store(tmp_path)

    def refresh(run: bool = False) -> State:
        return store.refresh(
            tables(list(project.papers.values()), project.answers), project.decisions, VENUES, project.settings, run=run
        )

    ran = refresh(run=True)
    for name in ("s0", "s1"):
        project.decisions[name] = []
        corrected = refresh()
    assert store.since("last").number == ran.number, "both corrections since the run"
    again = refresh(run=True)
    assert (again.number, again.run) == (corrected.number, True), "nothing new, but a run ended here"
    project.decisions.clear()
    refresh(run=True)
    assert store.since("last").number == corrected.number, "what the last run changed"


def test_old_states_are_forgotten_but_not_snapshots(tmp_path: Path, project: Project) -> None:
    store = Store(tmp_path)
    project.settings = RankSettings(kept_states=2)
    kept = store.snapshot("first", project.refresh(store))
    for number in range(4):
        project.decisions["s0"] = [IDS[number]]
        last = project.refresh(store)
    assert len(list((tmp_path / "states").iterdir())) == 2
    named = {p.file for state in (last, store.since("last"), kept) for p in state.partitions}
    assert {f.stem for f in (tmp_path / "files").iterdir()} >= named
    assert store.rank(kept).to_frame()["id"].tolist() == ["a", "b", "c"]
    files = len(list((tmp_path / "files").iterdir()))
    store.remove_snapshot("first")
    project.decisions["s0"] = []
    project.refresh(store)
    assert len(list((tmp_path / "files").iterdir())) < files


def test_what_is_damaged_or_of_another_version(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    state = project.refresh(store)
    before = store.rank(state).to_frame()
    store.file(state.partitions[0].file).unlink()
    assert store.rank(project.refresh(store)).to_frame().equals(before), "a file that is gone is made again"
    with monkeypatch.context() as newer:
        newer.setattr("affil.rank.store.FORMAT", 0)
        assert store.last() is None
    (file,) = (tmp_path / "states").iterdir()
    whole = file.read_text("utf-8")
    for damaged in (
        "{",
        "",
        "[]",
        whole.replace('"papers"', '"pa\\u0070ers"').replace("2019", "2018"),
        whole.replace("checksum", "checksun"),
    ):
        file.write_text(damaged, "utf-8")
        with pytest.raises(InputError, match=r"is damaged: .*; delete the folder; it will be made again"):
            store.last()


def test_a_state_in_the_place_of_another_is_told(tmp_path: Path, project: Project) -> None:
    """Each of them is whole."""
    store = Store(tmp_path)
    store.snapshot("kept", project.refresh(store))
    project.decisions["s0"] = [IDS[2]]
    project.refresh(store)
    first, second = sorted((tmp_path / "states").iterdir())
    (kept,) = (tmp_path / "snapshots").iterdir()
    for one, other in ((second, first), (second, kept), (kept, second), (kept, first)):
        whole = one.read_text("utf-8")
        one.write_text(other.read_text("utf-8"), "utf-8")
        with pytest.raises(InputError, match=f"{one.name}: is not the state of its name; delete the folder"):
            store.last()
            store.since("kept")
        one.write_text(whole, "utf-8")
    assert store.since("kept").name == "kept"


def test_a_file_of_the_counts_is_what_its_name_says(tmp_path: Path, project: Project) -> None:
    store = Store(tmp_path)
    state = project.refresh(store)
    for file in (store.file(state.partitions[0].file), store.file(state.answers), store.file(state.institutions)):
        content = file.read_bytes()
        file.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
        with pytest.raises(InputError, match=f"{file.name}: is damaged"):
            store.rank(state)
            project.decisions["s0"] = [IDS[2]]
            project.refresh(store)
        file.write_bytes(content)
