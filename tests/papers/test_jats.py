"""JATS XML. All people and papers are invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.common import Problem
from affil.papers.markup import tidy
from affil.papers.read import read_papers
from affil.types import Author, Paper

SAMPLES = Path(__file__).parent / "samples"
LEFT = "has affiliations that no author is tied to: they are left out"


def read(path: Path) -> tuple[list[Paper], list[tuple[int, str, bool]]]:
    problems: list[Problem] = []
    papers = list(read_papers([path], on_problem=problems.append))
    return papers, [(p.row, p.what, p.lost) for p in problems]


def written(
    path: Path, meta: str, *, journal: str = "<journal-title>J</journal-title>", kind: str = "research-article"
) -> Path:
    date = "" if "<pub-date" in meta else "<pub-date><year>2020</year></pub-date>"
    path.write_text(
        f'<!DOCTYPE article SYSTEM "JATS.dtd"><article article-type="{kind}"><front><journal-meta>{journal}</journal-meta>'
        f"<article-meta>{meta}{date}</article-meta></front></article>",
        "utf-8",
    )
    return path


def test_a_set_of_pubmed_central() -> None:
    papers, problems = read(SAMPLES / "jats-pmc.xml")
    siat = "Shenzhen Institute of Advanced Technology, Chinese Academy of Sciences, Shenzhen 518055, China"
    hospital = "The 1st Hospital\xa0of Example, a@example.org"
    assert papers == [
        Paper(
            "pmc:PMC9000031",
            "Robots that wave",
            "Frontiers in Robotics and AI",
            2021,
            (
                Author("Anna B. Muster", ("Department of Examples, ETH Zürich, Zürich, Switzerland", siat, hospital)),
                Author("Bo Li", (siat,)),
                Author("Waving Group"),
            ),
            doi="10.3389/frobt.2021.900031",
        )
    ]
    assert problems == [(2, "is a correction, no paper", True)]


def test_a_publishers_article_with_affiliations_inside() -> None:
    papers, problems = read(SAMPLES / "jats-publisher.xml")
    authors = (Author("Cy Díaz", ("Universidad de Ejemplo, Spain",)), Author("D. Doe Jr"), Author("Anonymous"))
    venue = "Annual Conference of the Cognitive Science Society"
    doi = "10.5555/conf.2019.7"
    assert papers == [Paper(f"doi:{doi}", "Thinking about examples", venue, 2019, authors, doi=doi)]
    assert problems == []


def test_a_damaged_file() -> None:
    with pytest.raises(InputError, match=r"jats-damaged.xml: no well-formed XML: xmlParseEntityRef"):
        read(SAMPLES / "jats-damaged.xml")


def contrib(surname: str, inside: str = "", kind: str = "author") -> str:
    return f'<contrib contrib-type="{kind}"><name><surname>{surname}</surname></name>{inside}</contrib>'


def xref(rid: str) -> str:
    return f'<xref ref-type="aff" rid="{rid}"><sup>1</sup></xref>'


@pytest.mark.parametrize(
    ("meta", "authors", "of_paper", "problems"),
    [
        (  # the only affiliation of the article is that of all
            f"<contrib-group>{contrib('A')}{contrib('B')}</contrib-group><aff>U</aff>",
            [("A", "U"), ("B", "U")],
            [],
            [],
        ),
        (  # the only one of a group is that of the group
            f"<contrib-group>{contrib('A')}{contrib('B')}<aff>U</aff></contrib-group><contrib-group>{contrib('C')}<aff>V</aff></contrib-group>",
            [("A", "U"), ("B", "U"), ("C", "V")],
            [],
            [],
        ),
        (  # several that nothing ties to authors
            f"<contrib-group>{contrib('A')}{contrib('B')}</contrib-group><aff id='a1'>U</aff><aff id='a2'>V</aff>",
            [("A",), ("B",)],
            ["U", "V"],
            [],
        ),
        (  # some tied, one not
            f"<contrib-group>{contrib('A', xref('a1'))}{contrib('B')}</contrib-group><aff id='a1'>U</aff><aff id='a2'>V</aff>",
            [("A", "U"), ("B",)],
            [],
            [(1, LEFT, False)],
        ),
        (  # affiliations in front of their authors, several ids in one reference, and an id that is none
            f"<contrib-group><aff id='a1'>U</aff><aff id='a2'>V</aff>{contrib('A', xref('a2 a1'))}{contrib('B', xref('a9'))}</contrib-group>",
            [("A", "V", "U"), ("B",)],
            [],
            [],
        ),
        (  # editors are no authors, and their affiliation is not that of the authors
            f"<contrib-group>{contrib('A')}{contrib('E', xref('e1'), 'editor')}</contrib-group><aff id='e1'>E U</aff>",
            [("A",)],
            [],
            [(1, "has no affiliation", False)],
        ),
        (
            "<contrib-group><contrib><collab>The Group<xref rid='f'>*</xref></collab><aff>U</aff></contrib></contrib-group>",
            [("The Group", "U")],
            [],
            [],
        ),
        (  # a collaboration that is the only author is its members
            f"<contrib-group><contrib contrib-type='collab'><collab>G<contrib-group>{contrib('M', xref('a1'))}{contrib('N', xref('a2'))}"
            "</contrib-group></collab></contrib></contrib-group><aff id='a1'>U</aff><aff id='a2'>V</aff>",
            [("M", "U"), ("N", "V")],
            [],
            [],
        ),
        (  # given inside and by reference
            f"<contrib-group>{contrib('A', '<aff>U, C</aff>' + xref('a1'))}<aff id='a1'><label>1</label>U, C.</aff></contrib-group>",
            [("A", "U, C")],
            [],
            [],
        ),
        (
            "<contrib-group><contrib><name-alternatives><string-name><given-names>Bo</given-names><surname>Li</surname></string-name>"
            "<string-name>李波</string-name></name-alternatives></contrib></contrib-group><aff>U</aff>",
            [("Bo Li", "U")],
            [],
            [],
        ),
        ("<contrib-group><contrib><string-name>Li Bo</string-name></contrib></contrib-group><aff>U</aff>", [("Li Bo", "U")], [], []),
        ("", [], [], [(1, "has no affiliation", False)]),
    ],
)  # fmt: skip
def test_whose_an_affiliation_is(
    tmp_path: Path, meta: str, authors: list[tuple[str, ...]], of_paper: list[str], problems: list[Any]
) -> None:
    (paper,), reported = read(written(tmp_path / "a.xml", meta))
    assert paper.authors == tuple(Author(name, tuple(held)) for name, *held in authors)
    assert (paper.aligned, paper.paper_affiliations) == (not of_paper, tuple(of_paper))
    assert reported == problems


@pytest.mark.parametrize(
    ("inside", "string"),
    [
        ("<label>1</label>Dept of X, U, City", "Dept of X, U, City"),
        ("<label>a</label>\n  <institution>U</institution>,\n  <country>X</country>", "U, X"),
        ("<sup>1</sup>Department of X", "Department of X"),
        ("<sup>1,*</sup> Department of X;", "Department of X"),
        ("<bold>2</bold> Department of X", "Department of X"),
        ("The 1<sup>st</sup> Hospital, CO<sub>2</sub> Lab", "The 1st Hospital, CO2 Lab"),
        ("<italic>Institut Pasteur</italic>, Paris", "Institut Pasteur, Paris"),
        ("<institution>D</institution><institution>U</institution><addr-line>1 Street</addr-line><country>X</country>", "D, U, 1 Street, X"),
        ("<institution>D,</institution><institution>U</institution>", "D, U"),
        ("<institution>U</institution>, <addr-line><named-content>C</named-content></addr-line>, <country>X</country>", "U, C, X"),
        ("<institution>U</institution><city>C</city><postal-code>123</postal-code><country>X</country>", "U, C 123, X"),
        ("<institution>U</institution><postal-code>123</postal-code><city>C</city>", "U, 123 C"),
        ("<institution-wrap><institution>U</institution><institution-id>https://ror.org/0</institution-id></institution-wrap>", "U"),
        ("U<break/>City", "U, City"),
        (
            "<label>1</label><institution content-type='original'>Inst. of X, U, C.</institution>"
            "<institution content-type='orgname'>U</institution><country>X</country>",
            "Inst. of X, U, C.",
        ),
        ("<institution>U</institution><city>C</city><post-code>123</post-code><country>X</country>", "U, C 123, X"),
        ("<institution>U of <sc>a</sc></institution> <email>a@example.org</email>", "U of a, a@example.org"),
        ("U &amp; Sons, K&ouml;ln<!-- x --><?y?><fn><p>Now elsewhere</p></fn>", "U & Sons, Köln"),
    ],
)  # fmt: skip
def test_a_string_is_as_published_without_its_marks(tmp_path: Path, inside: str, string: str) -> None:
    (paper,), _ = read(written(tmp_path / "a.xml", f"<contrib-group>{contrib('A')}</contrib-group><aff id='a'>{inside}</aff>"))
    assert paper.authors == (Author("A", (string,)),)


@pytest.mark.parametrize(
    ("dates", "year"),
    [
        ('<pub-date pub-type="epub"><year>2019</year></pub-date><pub-date pub-type="ppub"><year>2020</year></pub-date>', 2020),
        ('<pub-date pub-type="pmc-release"><year>2018</year></pub-date><pub-date pub-type="epub"><year>2019</year></pub-date>', 2019),
        (
            '<pub-date date-type="pub" publication-format="electronic"><year>2019</year></pub-date>'
            '<pub-date date-type="collection"><year>2021</year></pub-date>',
            2021,
        ),
        ('<pub-date><string-date>Spring 2017</string-date></pub-date>', 2017),
        ('<pub-date iso-8601-date="2016-01-02"/>', 2016),
        ('<pub-date pub-type="nihms-submitted"><year>2015</year></pub-date>', None),
    ],
)  # fmt: skip
def test_the_year_is_that_of_the_issue(tmp_path: Path, dates: str, year: int | None) -> None:
    papers, problems = read(written(tmp_path / "a.xml", dates))
    assert [p.year for p in papers] == ([year] if year else [])
    assert problems == [(1, "has no affiliation", False) if year else (1, "has no year", True)]


@pytest.mark.parametrize(
    ("journal", "meta", "venue"),
    [
        ("<journal-title>J</journal-title>", "<conference><conf-name>C</conf-name></conference>", "J"),
        ("<journal-title-group><abbrev-journal-title>J.</abbrev-journal-title></journal-title-group>", "", "J."),
        ('<journal-id journal-id-type="pmc">j</journal-id><journal-id journal-id-type="nlm-ta">J Ex</journal-id>', "", "J Ex"),
        ("", "<conference><conf-acronym>C20</conf-acronym></conference>", "C20"),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_venue_is_the_journal_else_the_conference(tmp_path: Path, journal: str, meta: str, venue: str | None) -> None:
    papers, _ = read(written(tmp_path / "a.xml", meta, journal=journal))
    assert [p.venue for p in papers] == ([venue] if venue else [])


@pytest.mark.parametrize(
    ("ids", "id"),
    [
        ({"pmc": "123", "doi": "10.1000/A"}, "pmc:PMC123"),
        ({"pmcid": "PMC123", "pmcid-ver": "PMC123.1", "pmid": "9"}, "pmc:PMC123"),
        ({"pmid": "9", "doi": "10.1000/A"}, "pmid:9"),
        ({"doi": "10.1000/A"}, "doi:10.1000/a"),
    ],
)
def test_the_id_is_that_of_the_archive(tmp_path: Path, ids: dict[str, str], id: str) -> None:
    meta = "".join(f'<article-id pub-id-type="{kind}">{value}</article-id>' for kind, value in ids.items())
    (paper,), _ = read(written(tmp_path / "a.xml", meta))
    assert paper.id == id


def test_a_paper_without_an_id_has_the_same_one_in_each_export(tmp_path: Path) -> None:
    meta = f"<title-group><article-title>T</article-title></title-group><contrib-group>{contrib('A')}</contrib-group>"
    (one,), _ = read(written(tmp_path / "a.xml", meta))
    (other,), _ = read(written(tmp_path / "b.xml", meta + "<aff>U</aff>"))
    assert one.id == other.id
    assert one.id.startswith("made:")


def test_a_harvest_from_pubmed_central(tmp_path: Path) -> None:
    article = (
        written(tmp_path / "a.xml", f"<contrib-group>{contrib('A')}</contrib-group><aff>U</aff>")
        .read_text("utf-8")
        .partition("<article ")[2]
    )
    (tmp_path / "b.xml").write_text(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header/><metadata>'
        f'<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.4/" {article}</metadata></record></ListRecords></OAI-PMH>'
    )
    (paper,), _ = read(tmp_path / "b.xml")
    assert paper.authors == (Author("A", ("U",)),)


TEXT = st.text(st.sampled_from("qzÄé李&<>\"'.()"), min_size=1, max_size=12).map(tidy).filter(bool)
AUTHORS = st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3, unique_by=lambda t: t.rstrip("."))), min_size=1, max_size=4)


@given(TEXT, TEXT, st.integers(1900, 2100), AUTHORS, st.booleans())
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, venue: str, title: str, year: int, authors: list[Any], inside: bool
) -> None:
    ids = {a: f"aff{n}" for n, a in enumerate(dict.fromkeys(a for _, held in authors for a in held))}
    affs = {a: f'<aff id="{id}"><label>{id}</label>{escape(a)}</aff>' for a, id in ids.items()}
    tied = ("".join(affs[a] if inside else f'<xref ref-type="aff" rid="{ids[a]}"/>' for a in held) for _, held in authors)
    group = "".join(contrib(escape(name), told) for (name, _), told in zip(authors, tied, strict=True))
    path = written(
        tmp_path_factory.mktemp("papers") / "p.xml",
        f'<article-id pub-id-type="doi">10.1000/x</article-id><title-group><article-title>{escape(title)}</article-title></title-group>'
        f"<contrib-group>{group}</contrib-group>{'' if inside else ''.join(affs.values())}<pub-date><year>{year}</year></pub-date>",
        journal=f"<journal-title>{escape(venue)}</journal-title>",
    )
    (paper,), _ = read(path)
    assert paper == Paper("doi:10.1000/x", title, venue, year, tuple(Author(n, tuple(a)) for n, a in authors), doi="10.1000/x")
