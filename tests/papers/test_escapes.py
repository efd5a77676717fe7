"""Escapes and markup left in records."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.papers.escapes import unescaped
from affil.papers.read import read_papers


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Texas A&amp;M University", "Texas A&M University"),
        ("Texas A&amp;amp;M University", "Texas A&M University"),
        ("M&#252;nchen &#x2013; TU", "München – TU"),
        ("R&D at AT&T; B&B Ltd", "R&D at AT&T; B&B Ltd"),
        ("On <i>E. coli</i> in H<sub>2</sub>O", "On E. coli in H2O"),
        ("On &lt;i&gt;E. coli&lt;/i&gt;", "On E. coli"),
        ("<jats:title>A</jats:title><jats:p>B</jats:p>", "A B"),
        ("The <scp>Bayes</scp> factor <b>is</b><br/>here", "The Bayes factor is here"),
        (
            'Rates of <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mrow><mml:mi>n</mml:mi><mml:mo>+</mml:mo><mml:mn>1</mml:mn>'
            '</mml:mrow><mml:annotation encoding="application/x-tex">n+1</mml:annotation></mml:math> items',
            "Rates of n+1 items",
        ),
        ("<inline-formula><tex-math>$x$</tex-math></inline-formula> of <math><mi>x</mi></math>", "of x"),
        ("If a < b and c > d, or x<y>z", "If a < b and c > d, or x<y>z"),
        ("Plain  text", "Plain  text"),
    ],
)
def test_escapes_and_markup(text: str, plain: str) -> None:
    assert unescaped(text) == plain


@given(st.text(st.characters(categories=["L", "N"], include_characters=" &'"), min_size=1))
def test_what_was_escaped_once_or_twice_is_the_text_again(text: str) -> None:
    text = " ".join(text.replace("&", " & ").split())
    assert unescaped(html.escape(text)) == unescaped(html.escape(html.escape(text))) == text


def test_in_titles_venues_names_and_affiliations_of_services_and_nowhere_else(tmp_path: Path) -> None:
    crossref = {
        "DOI": "10.1000/x",
        "type": "journal-article",
        "title": ["On &lt;i&gt;E. coli&lt;/i&gt; &amp;amp; H<sub>2</sub>O"],
        "container-title": ["Systems &amp; Control"],
        "issued": {"date-parts": [[2024]]},
        "author": [{"family": "O&apos;Neil", "affiliation": [{"name": "Texas A&amp;M University"}]}],
    }
    own = {
        "id": "P1",
        "title": "A &amp; B",
        "venue": "V",
        "year": 2024,
        "authors": [{"name": "A", "affiliations": ["X &amp; Y"]}],
    }
    for name, record in (("c.jsonl", crossref), ("o.jsonl", own)):
        (tmp_path / name).write_text(json.dumps(record) + "\n")
    (paper,) = read_papers([tmp_path / "c.jsonl"])
    assert (paper.title, paper.venue) == ("On E. coli & H2O", "Systems & Control")
    assert [(a.name, a.affiliations) for a in paper.authors] == [("O'Neil", ("Texas A&M University",))]
    (paper,) = read_papers([tmp_path / "o.jsonl"])
    assert (paper.title, paper.authors[0].affiliations) == ("A &amp; B", ("X &amp; Y",))


_SCOPUS = """EID,Title,Year,Source title,Author full names,Authors with affiliations
2-s2.0-1,On <i>E. coli</i> &amp; others,2024,Systems &amp; Control,"Li, Ana (1)",\
"Li, Ana, Texas A&amp;M University, College Station, United States"
"""
_WEB_OF_SCIENCE = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Li, A
AF Li, Ana
TI On <i>E. coli</i> &amp; others
SO Systems &amp; Control
C1 [Li, Ana] Texas A&amp;M University, College Station, United States.
PY 2024
UT WOS:000000000000001
ER

EF
"""
_RIS = """TY  - JOUR
AU  - Li, Ana
TI  - On <i>E. coli</i> &amp; others
T2  - Systems &amp; Control
AD  - Texas A&amp;M University, College Station, United States
PY  - 2024
DO  - 10.1000/x
ER  -
"""


@pytest.mark.parametrize(("name", "text"), [("s.csv", _SCOPUS), ("w.txt", _WEB_OF_SCIENCE), ("r.ris", _RIS)])
def test_exports_of_databases_hold_them_too(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    (paper,) = read_papers([tmp_path / name])
    assert (paper.title, paper.venue) == ("On E. coli & others", "Systems & Control")
    told = (*paper.paper_affiliations, *(s for a in paper.authors for s in a.affiliations))
    assert [s.rstrip(".") for s in told] == ["Texas A&amp;M University, College Station, United States"], "as published"
