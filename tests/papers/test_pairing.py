"""Whose an address is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.papers.common import Problem
from affil.papers.draft import CUT_OFF
from affil.papers.pairing import NAMESAKES, NOT_SAID, STRANGER, Paired, by_paper, is_nobody, pair
from affil.papers.read import read_papers
from affil.types import Author


def test_each_author_has_the_addresses_that_name_him_in_their_order() -> None:
    paired = pair(["Diaz, Carla", "Li, Hong-Wei"], [(("Li, Hong-Wei", "Diaz, Carla"), "A"), (("Diaz, Carla",), "B")])
    assert paired == Paired((Author("Diaz, Carla", ("A", "B")), Author("Li, Hong-Wei", ("A",))))
    assert paired.aligned


@pytest.mark.parametrize(
    "written",
    [
        "Müller-Lüdenscheidt, Jörg K.",
        "MULLER-LUDENSCHEIDT, JORG K",
        "Muller Ludenscheidt, Jorg K.",
        "Müller-Lüdenscheidt, J.",
        "ML, JK",
    ],
)
def test_ways_to_write_a_name(written: str) -> None:
    paired = pair(["Li, Hui", "Müller-Lüdenscheidt, Jörg K."], [((written,), "A"), (("Li, H",), "B")], ["Li, H", "ML, JK"])
    assert [a.affiliations for a in paired.authors] == [("B",), ("A",)]


def test_suffixes_stand_before_or_behind_the_given_name() -> None:
    assert pair(["Okafor, Jr., Ngozi", "Li, Hui"], [(("Okafor, Ngozi, Jr.",), "A")]).authors[0].affiliations == ("A",)


def test_initials_that_fit_two_authors_tie_nothing() -> None:
    paired = pair(["Wang, Wei", "Wang, Wen", "Li, Hui"], [(("Wang, W.",), "A"), (("Li, Hui",), "B")])
    assert (paired.of_paper, paired.problem) == (("A", "B"), STRANGER)


@pytest.mark.parametrize(
    ("addresses", "theirs"),
    [
        ([(("Wang, Wei", "Wang, Wei"), "A")], ("A",)),
        ([(("Wang, Wei",), "A")], ("A",)),  # the only one that names any of them
        ([(("Wang, Wei", "Wang, Wei"), "A"), (("Wang, Wei", "Wang, Wei"), "B")], ("A", "B")),
    ],
)
def test_namesakes_who_share_their_addresses(addresses: list[tuple[tuple[str, ...], str]], theirs: tuple[str, ...]) -> None:
    paired = pair(["Wang, Wei", "Wang, Wei"], addresses)
    assert [a.affiliations for a in paired.authors] == [theirs, theirs]


def test_namesakes_who_cannot_be_told_apart() -> None:
    paired = pair(["Wang, Wei", "Wang, Wei"], [(("Wang, Wei",), "A"), (("Wang, Wei",), "B")])
    assert paired == Paired((Author("Wang, Wei"), Author("Wang, Wei")), ("A", "B"), NAMESAKES)
    assert not paired.aligned


def test_addresses_without_names_belong_to_the_paper() -> None:
    two = [Author("Diaz, C"), Author("Li, H")]
    assert by_paper(["Diaz, C", "Li, H"], ["A", "B", "A"]) == Paired(tuple(two), ("A", "B"), NOT_SAID)
    assert pair(["Diaz, C", "Li, H"], [(("Diaz, C",), "A"), ((), "B")]) == Paired(tuple(two), ("A", "B"), NOT_SAID)
    assert pair(["Diaz, C"], [((), "A"), ((), "B")]) == Paired((Author("Diaz, C", ("A", "B")),))
    assert by_paper(["Diaz, C", "Li, H"], []) == Paired(tuple(two))


def test_nobody() -> None:
    assert all(map(is_nobody, ["[Anonymous]", "[Anon]", "Anonymous", "[No author name available]", "No authors listed"]))
    assert not any(map(is_nobody, ["Anonby, A.", "Anon, J."]))


NAMES = st.lists(st.text("abcdeéüß", min_size=3, max_size=6).map(str.title), min_size=1, max_size=5, unique_by=str.casefold)


@given(NAMES, st.data())
def test_what_is_put_together_is_taken_apart(families: list[str], data: st.DataObject) -> None:
    """Distinct family names and addresses: each author gets exactly his, whatever their order."""
    authors = [f"{family}, Q." for family in families]
    places = data.draw(st.lists(st.text("xyz, ", min_size=1), max_size=6, unique=True))
    who = [data.draw(st.lists(st.sampled_from(authors), min_size=1, unique=True)) for _ in places]
    plain = {name.casefold().replace("é", "e").replace("ü", "u").replace("ß", "ss") for name in authors}
    paired = pair(authors, list(zip(map(tuple, who), places, strict=True)))
    if len(plain) == len(authors):
        for author in paired.authors:
            assert list(author.affiliations) == [
                place for place, names in zip(places, who, strict=True) if author.name in names
            ]
        assert paired.aligned


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ris", "TY  - JOUR\nTI  - T\nT2  - J\nPY  - 2024\nAU  - Li, X.\nAU  - et al.\nAD  - Univ Leeds\nER  - \n"),
        ("a.txt", "FN x\nVR 1.0\nPT J\nAU Li, X\n   et al\nTI T\nSO J\nPY 2024\nC1 [Li, X] Univ Leeds.\nER\nEF\n"),
        ("a.bib", "@article{a, title={T}, journal={J}, year={2024}, author={Li, X. and others}, affiliation={Univ Leeds}}\n"),
        ("lens.csv", "Lens ID,Title,Source Title,Publication Year,Author/s\n1,T,J,2024,X Li; et al.\n"),
        (
            "zotero.csv",
            'Key,Item Type,Publication Title,Title,Publication Year,Author\nA,journalArticle,J,T,2024,"Li, X; et al."\n',
        ),
        ("table.csv", "Paper,Venue,Year,Author,Affiliation\n1,J,2024,Li X; et al.,Univ Leeds\n"),
    ],
)
def test_a_list_that_ends_in_et_al_is_said_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    problems: list[Problem] = []
    (paper,) = read_papers([tmp_path / name], on_problem=problems.append)
    assert len(paper.authors) == 1
    assert [p.lost for p in problems if p.what == CUT_OFF] == [False]
