"""XML elements one at a time: nesting, memory, entities, and files that mean harm."""

from __future__ import annotations

import contextlib
import gzip
import resource
import subprocess
import sys
import tracemalloc
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from affil.errors import AffilError, InputError
from affil.papers.common import Problem
from affil.papers.formats import formats, readers, recognise
from affil.papers.head import Head
from affil.papers.markup import as_json, each, first, local, text_of
from affil.papers.read import read_papers
from affil.papers.source import Source
from affil.settings import ReadSettings


def source(path: Path, content: bytes) -> Source:
    path.write_bytes(content)
    return Source(Head(path), ReadSettings(), list[Problem]().append, {})


def test_elements_are_given_whole_and_what_is_nested_in_them_is_not_given_itself(tmp_path: Path) -> None:
    xml = b"""<all xmlns="urn:x"><head>h</head><!-- c --><?pi?>
      <set id="1"><meta>m</meta><item>a<set id="in"><item>b</item></set></item><item>c</item></set>
      <other><item>d</item></other><set id="2"/></all>"""
    found = source(tmp_path / "a.xml", xml).elements("set", "item")
    told = [
        (row, local(e), e.get("id"), first(e, "meta"), [text_of(i) for i in each(e, "item")], text_of(e)) for row, e in found
    ]
    assert told == [
        (1, "set", "1", "m", ["ab", "c"], "mabc"),
        (2, "item", None, "", [], "d"),
        (3, "set", "2", "", [], ""),
    ]


def test_what_was_read_is_gone_at_every_level(tmp_path: Path) -> None:
    body = b"".join(
        b"<record><header><id>%d</id></header><metadata><paper>%d</paper></metadata></record>\n" % (n, n) for n in range(50)
    )
    rows = 0
    for _, paper in source(tmp_path / "a.xml", b"<?xml version='1.0'?><!-- first --><oai>" + body + b"</oai>").elements(
        "paper"
    ):
        rows += 1
        record = paper.getparent().getparent()  # type: ignore[union-attr]
        assert len(list(record.itersiblings(preceding=True))) == (rows > 1)  # that before is the one that was just emptied
        assert text_of(paper) == str(rows - 1)
    assert rows == 50


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """libxml2's memory is not Python's: the peak of a process that reads 30 MB is compared with one that reads 1 MB."""
    record = (
        "<article key='k%d'><author>"
        + "Ana Li " * 800
        + "</author><title>T</title><journal>J</journal><year>2020</year></article>\n"
    )
    code = (
        "import resource, sys\nfrom affil.papers.read import read_papers\n"
        "assert sum(1 for _ in read_papers([sys.argv[1]])) == int(sys.argv[2])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for number in (200, 6_000):
        path = tmp_path / "dblp.xml.gz"
        with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
            file.write("<dblp>\n")
            for n in range(number):
                file.write(record % n)
            file.write("</dblp>")
        run = subprocess.run([sys.executable, "-c", code, str(path), str(number)], capture_output=True, text=True, check=True)
        peaks.append(int(run.stdout) / (1 << 20 if sys.platform == "darwin" else 1 << 10))
    ids = 6_000 * 300 / (1 << 20)  # read_papers remembers ids and digests
    assert peaks[1] - peaks[0] < ids + 20


@pytest.mark.parametrize("place", ["text", "attribute"])
def test_a_billion_laughs_are_not_laughed(tmp_path: Path, place: str) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    used = "<journal>&l9;</journal>" if place == "text" else '<journal label="&l9;">J</journal>'
    path = tmp_path / "bomb.xml"
    path.write_text(
        f'<!DOCTYPE dblp [<!ENTITY l0 "lol">{laughs}]><dblp><article key="a"><title>T</title>{used}<year>2020</year></article></dblp>'
    )
    tracemalloc.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"its entities unfold without end.*; get it from a source you trust") as caught:
        list(read_papers([path]))
    assert "\n" not in str(caught.value)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    )  # KiB; three thousand million letters would be more
    tracemalloc.stop()


def test_external_entities_and_document_types_are_never_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    (tmp_path / "evil.dtd").write_text('<!ENTITY own "SECRET">')
    path = tmp_path / "dblp.xml"
    path.write_text(
        f'<!DOCTYPE dblp SYSTEM "{tmp_path / "evil.dtd"}" [<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY % more SYSTEM "{secret.as_uri()}">'
        '<!ENTITY away SYSTEM "http://127.0.0.1:9/x">%more;]>'
        '<dblp><article key="a"><author>A &file; B</author><title>&own; &away;</title><journal>J</journal><year>2020</year></article></dblp>'
    )
    (paper,) = read_papers([path])
    assert (paper.authors[0].name, paper.title) == ("A &file; B", "&own; &away;")


def test_xml_as_json() -> None:
    xml = "<a><id>1</id><t>A <i>b</i></t><l><x>1</x><x>2</x></l><l2><x><y>3</y></x></l2><e/><!-- c --></a>"
    assert as_json(etree.fromstring(xml)) == {"id": "1", "t": "A b", "l": {"x": ["1", "2"]}, "l2": {"x": {"y": "3"}}, "e": ""}


def test_named_entities_are_characters_also_without_their_document_type() -> None:
    xml = '<!DOCTYPE d SYSTEM "d.dtd"><t>M&uuml;ller &amp; &Eacute;tienne<!-- no --> &#228;<i>&nbsp;&alpha;</i>&unknown; &amp;uuml;</t>'
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, load_dtd=False))
    assert text_of(root) == "Müller & Étienne ä\xa0α&unknown; &uuml;"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<dblp><article><title>T</article></dblp>", "no well-formed XML: Opening and ending tag mismatch.*; correct it"),
        (b"<dblp><article><journal>J</journal><year>2020</year></article><article>", "no well-formed XML after record 1: "),
        (b"<dblp></dblp>", "no record in it: no element article or inproceedings .*; check that it is the file you mean"),
        (b"<dblp><article/></dblp>\n<?xml version='1.0'?><dblp/>", "no well-formed XML|several documents in one file"),
        (b"<dblp><article/></dblp>\n<dblp/>", "several documents in one file; give each document a file of its own"),
        (b"<dblp>" + b"<a>" * 5000, "goes beyond all measure: .* nested too deeply|no well-formed XML"),
        (
            b"<dblp><article>\0</article></dblp>",
            "no well-formed XML: Invalid character: Char 0x0 out of allowed range , line 1",
        ),
        (b"<?xml version='1.0' encoding='x-foo'?><dblp/>", "no well-formed XML: Unsupported encoding: x-foo"),
        (b"<dblp><article><title>\xff\xfe</title></article></dblp>", "no well-formed XML: "),
        (gzip.compress(b"<dblp>" + b"<article/>" * 2_000 + b"</dblp>", mtime=0)[:-20], "the gzip file is truncated; fetch"),
    ],
)
def test_broken_files_are_said_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.xml").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        list(read_papers([tmp_path / "x.xml"], format="dblp"))
    assert "\n" not in str(caught.value)


def test_xml_of_another_kind_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html><body>Please log in</body></html>")
    with pytest.raises(
        AffilError, match=r"is XML of no format that is read: its outermost element is html; see .* affil formats"
    ):
        formats(tmp_path / "page.html")


def test_what_a_document_type_declares_is_not_the_outermost_element(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<?xml version="1.0"?><!-- <no> --><!DOCTYPE dblp [<!ENTITY x "<b>y</b>">]>\n<dblp><article key="k"/></dblp>'
    )
    assert recognise(Head(tmp_path / "a.xml")).name == "dblp"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_any_encoding_that_xml_declares(tmp_path: Path, encoding: str) -> None:
    record = '<article key="k"><author>Jörg</author><journal>J</journal><year>1999</year></article>'
    told = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><dblp>{record}</dblp>'
    (tmp_path / "a.xml").write_bytes(told.encode(encoding))
    (paper,) = read_papers([tmp_path / "a.xml"])
    assert paper.authors[0].name == "Jörg"


SAMPLES = sorted(p for p in (Path(__file__).parent / "samples").glob("*.xml") if "damaged" not in p.name)


@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.sampled_from(["drop", "empty", "double", "bare"]), st.floats(0, 0.999)), max_size=8),
)
def test_whatever_a_record_lacks_it_is_a_paper_or_a_report(
    tmp_path_factory: pytest.TempPathFactory, sample: Path, changes: list[tuple[str, float]]
) -> None:
    tree = etree.parse(sample, etree.XMLParser(resolve_entities=False, load_dtd=False))
    for what, place in changes:
        below = [e for e in tree.getroot().iter("*") if e.getparent() is not None]
        if not below:
            break
        element = below[int(place * len(below))]
        if what == "drop":
            element.getparent().remove(element)
        elif what == "empty":
            element.clear()
        elif what == "bare":
            element.attrib.clear()
        else:
            element.addnext(deepcopy(element))
    path = tmp_path_factory.mktemp("papers") / sample.name
    tree.write(str(path))
    for format in [name for name, reader in readers().items() if sample.name.startswith(name)] + ["dblp-homepages"]:
        with contextlib.suppress(InputError):  # no record is left
            for paper in read_papers([path], lambda _: None, format=format):
                assert paper.id and paper.venue and 1900 <= paper.year <= 2100
                assert paper.aligned or not any(a.affiliations for a in paper.authors)
                assert paper.aligned == (not paper.paper_affiliations)
                assert all(all(a.affiliations) for a in paper.authors)
