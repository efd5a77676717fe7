from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from affil.discovery import linkage
from affil.discovery.phrases import Surroundings, count_terms, find_phrases
from affil.discovery.proposals import discover, find_duplicates
from affil.errors import AffilError
from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.review.proposals import accept, open_proposals, refuse
from affil.review.session import Session
from affil.settings import DiscoverSettings
from affil.types import Institution, Name
from affil.workspace import Workspace

SETTINGS = DiscoverSettings()


def phrases(*strings: str, known: tuple[str, ...] = (), people: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    common = [*strings, *(["Department of Computer Science, Robotics Institute"] * 20)]
    around = Surroundings(frozenset(known), frozenset(people), count_terms(common), len(common), SETTINGS.rare)
    return [(p.surface, p.country, p.city) for p in find_phrases(strings, around)]


def test_names_stand_out_from_departments_places_and_people() -> None:
    assert phrases("Tanglewick Robotics, Leeds, UK") == [("Tanglewick Robotics", "GB", "Leeds")]
    assert phrases("Department of Computer Science, Yarrowby University, Oslo") == [("Yarrowby University", "NO", "Oslo")]
    assert phrases("Zoe Quill, Tanglewick Inc.", people=("zoe quill",)) == []
    assert phrases("Department of Computer Science") == []
    assert phrases("Leeds, UK") == []
    assert phrases("equal contribution, Tanglewick") == []
    assert phrases("Yarrowby University, Dept. of Physics", known=("yarrowby university",)) == []
    assert phrases("Tanglewick Ltd; Yarrowby Ltd") == [("Tanglewick", "", ""), ("Yarrowby", "", "")]
    assert phrases("Department of Physics, Glaciology") == [], "a list of subjects goes on"
    assert phrases("羽芒机器人公司")[0][0].startswith("羽芒")
    assert phrases("Tanglewick A/S, Odense, Denmark") == [("Tanglewick", "DK", "Odense")]
    assert phrases("Zoe Quill and Ana Li, Leeds", people=("zoe quill", "ana li")) == []
    assert phrases("Unknown Tanglewick") == []


def test_a_city_is_the_one_of_its_country_and_of_that_name() -> None:
    assert phrases("Tanglewick Inc., Menlo Park, CA, USA") == [("Tanglewick", "US", "Menlo Park")], "not Edison, once called so"
    assert phrases("Tanglewick Inc., Los Angeles, CA, USA") == [("Tanglewick", "US", "Los Angeles")]
    assert phrases("Tanglewick Inc., Los Angeles, Chile") == [("Tanglewick", "CL", "Los Ángeles")]
    assert phrases("Tanglewick Inc., Los Angeles")[0][1] == "", "which country is not said"


def test_pairs_are_those_that_share_a_rare_word_or_stand_beside_each_other() -> None:
    frame = linkage.records(
        [
            ("tanglewick robotics", ["tanglewick"], "", ""),
            ("robotics tanglewick", ["tanglewick"], "GB", ""),
            ("zebra", ["zebra"], "", ""),
        ]
    )
    pairs = {frozenset(p) for p in linkage.candidate_pairs(frame, SETTINGS).tolist()}
    assert frozenset({0, 1}) in pairs
    assert len(linkage.candidate_pairs(frame.iloc[:1], SETTINGS)) == 0
    features = linkage.compare(pd.MultiIndex.from_tuples([(0, 1)]), frame)
    assert features.loc[(0, 1), ["sorted", "shared", "rarest", "overlap", "missing"]].tolist() == [1, 1, 1, 1, 0]
    assert features.loc[(0, 1), "country"] == 0.5


def test_components() -> None:
    pairs = pd.MultiIndex.from_tuples([(0, 2), (2, 5), (1, 3)])
    assert linkage.clusters(pairs, 6) == [[0, 2, 5], [1, 3], [4]]
    assert linkage.clusters(pd.MultiIndex.from_arrays([[], []]), 2) == [[0], [1]]


def test_places_that_differ_rule_a_link_out_and_equal_letters_make_one() -> None:
    columns = ["sorted", "shared", "letters", "beginning", "country", "city", "rarest", "overlap", "missing"]
    rows = [[1, 1, 1, 1, c, 0.5, 1, 1, 0] for c in (1.0, 0.5, 0.0)]
    assert linkage.probabilities(None, pd.DataFrame(rows, columns=columns)).tolist() == [1, 1, 0]


def test_what_is_learned_from_the_shipped_registry_tells_names_apart() -> None:
    registry = Registry.open()
    classifier = linkage.learn(registry, SETTINGS)
    frame, owners = linkage.registry_records(registry, SETTINGS)
    pairs = linkage.candidate_pairs(frame, SETTINGS)
    probability = linkage.probabilities(classifier, linkage.compare(pairs, frame))
    same = owners[pairs.get_level_values(0)] == owners[pairs.get_level_values(1)]
    linked = probability >= SETTINGS.link
    assert same[linked].mean() > 0.9
    assert np.count_nonzero(linked & same) > 1000


def test_clusters_become_proposals(review_registry: Any) -> None:
    silent = [
        ("Tanglewick Robotics Inc.", 3),
        ("Tanglewick Robotics", 2),
        ("TangleWick robotics, Leeds, UK", 4),
        ("Room 12", 9),
    ]
    silent += [("Openn AI", 5), ("Northeastern Universty", 7)]  # misspelt, but known
    found = discover(silent, [s for s, _ in silent], [], review_registry, SETTINGS)
    assert [(p.name, p.country, p.city, p.kind, p.mentions) for p in found] == [
        ("Tanglewick Robotics", "GB", "Leeds", "company", 9)
    ]
    assert found[0].strings == ("TangleWick robotics, Leeds, UK", "Tanglewick Robotics Inc.", "Tanglewick Robotics")
    assert found[0].spellings == ("Tanglewick Robotics", "TangleWick robotics")


def test_proposals_are_reviewed(review_ws: Workspace) -> None:
    assert [p.name for p in review_ws.discover()] == ["Tanglewick Robotics"]
    session = Session(review_ws)
    (proposal,) = open_proposals(session)
    with pytest.raises(AffilError, match="no country"):
        accept(session, proposal, by="ana", country="")
    made = accept(session, proposal, by="ana", kind="company", city="Leeds")
    assert (made.name, made.country, made.city) == ("Tanglewick Robotics", "GB", "Leeds")
    assert dict(session.ledger.current().items()) == dict.fromkeys(proposal.strings, (made.id,))
    assert open_proposals(session) == []
    assert review_ws.discover() == [], "what a person explained is not proposed again"
    for entry in reversed(session.entries()):
        session.undo(entry.number, by="ana", why="w")
    (again,) = review_ws.discover() or [proposal]
    refuse(session, again, by="ana")
    assert set(session.ledger.current().values()) == {()}
    assert review_ws.discover() == []
    session.close()
    (review_ws.path / "proposals.json").write_text("nonsense")
    with pytest.raises(AffilError, match="is damaged"):
        _ = review_ws.proposals


def test_duplicates_in_a_registry(tmp_path: Any) -> None:
    def one(identifier: str, name: str, city: str, **more: Any) -> Institution:
        return Institution(identifier, name, (Name(name, "en", "official"),), "education", "GB", city=city, **more)

    made = [one(f"affil:x{i}", f"University of Yarrow{c}", f"Yarrow{c}") for i, c in enumerate("abcdefgh")]
    made += [
        one("affil:t1", "Tanglewick Institute of Optics", "Leeds"),
        one("affil:t2", "Tanglewick Institute of Optics", "Leeds"),
    ]
    made += [
        one("affil:p", "Fernhollow Hospital", "York"),
        one("affil:q", "Fernhollow Hospital Nursery", "York", parents=("affil:p",)),
    ]
    made += [
        one("affil:u1", "Brackenfield University", "York"),
        one("affil:u2", "Brackenfield University", "York", status="inactive", successors=("affil:u1",)),
    ]
    made += [one("affil:s1", "Quill College", "York"), one("affil:s2", "Quill College", "Hull")]
    registry = write_registry(sorted(made, key=lambda x: x.id), tmp_path / "r.affil", {"sources": ["test"]})
    assert [(d.first, d.second, d.probability) for d in find_duplicates(registry, SETTINGS)] == [("affil:t1", "affil:t2", 1.0)]


def test_duplicates_are_seen_with_and_without_their_place(tmp_path: Any) -> None:
    def one(identifier: str, name: str, city: str, **more: Any) -> Institution:
        return Institution(identifier, name, (Name(name, "en", "official"),), "education", "US", "US-CT", city, **more)

    made = [one(f"affil:x{i}", f"University of Yarrow{c}", f"Yarrow{c}") for i, c in enumerate("abcdefgh")]
    made += [
        one("affil:region", "Quill College (Connecticut)", "Hartford"),
        one("https://ror.org/03j3dbz94", "Quill College", "Hartford"),
        one("affil:elsewhere", "Quill College", "New Haven"),
        one("affil:whole", "Fernhollow University", "New Haven"),
        one("affil:campus", "Fernhollow University–New Haven", "New Haven", parents=("affil:whole",)),
        one("affil:other-campus", "Fernhollow University–Hartford", "Hartford", parents=("affil:whole",)),
        one("affil:school", "Fernhollow University School of Law", "New Haven", parents=("affil:whole",)),
    ]
    registry = write_registry(sorted(made, key=lambda x: x.id), tmp_path / "r.affil", {"sources": ["test"]})
    found = [(d.first, d.second) for d in find_duplicates(registry, SETTINGS)]
    assert found == [("affil:campus", "affil:whole"), ("affil:region", "https://ror.org/03j3dbz94")]
