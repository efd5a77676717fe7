"""Words of a string as they are corrected before anything is looked up."""

import pytest

from affil.match.index import Index
from affil.match.mentions import prepare
from affil.registry import Registry
from affil.settings import RetrieveSettings


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Registry.open())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Dept. Neuroinformat., Univ. of Oxford", "department neuroinformatics university oxford"),
        ("Stanfrod University", "stanford university"),
        ("University ofTianjin", "university tianjin"),
        ("Tech. Univ. Munchen", "technology university munich"),
        ("Beijing Univ. of Posts & Telecommun.", "peking university posts telecommunication"),
        ("Beijing Jiaotong University", "peking jiao tong university"),
        ("UESTC", "uestc"),
        ("GeorgiaInstituteofTechnology", "georgia institute technology"),
        ("Univ. of Durharn", "university durham"),
        ("Seoul National Uni-versity", "seoul national university"),
        ("U. S. Army", "united states army"),
        ("Tokyo University of Agriculture슠and슠Technology", "tokyo university agricultural technology"),
        ("Uniwersytet Jagiello?ski", "university jagiellonski"),
        ("Universityof Oxford", "university oxford"),
        ("Universitéde Lyon", "university lyon"),
        ("Univ. Würz-burg", "university wurzburg"),
        ("Win ni peg, CEMA GREF", "winnipeg cemagref"),
        ("Uni ver si ty of Oxford", "university oxford"),
        ("Carl-Zeiss Street", "carl zeiss street"),
        ("Univ Elect Sci & Technol China", "university electronic science technology china"),
        ("Ruhruniversität Bochum", "ruhr university bochum"),
        ("Airforce Engineering University", "air force engineering university"),
        ("Siemensstrasse 5", "siemensstrasse 5"),
        ("Current addressUniversity of Oslo", "current address university oslo"),
        ("Current affilliationInstitute of Physics", "current affilliation institute physics"),
        ("Univerisidade Estadual de Maringá", "university state maringa"),
        ("UNIVERSITY OF STANFROD", "university stanford"),
        ("University of California, Berkley", "university california berkeley"),
        ("University of Texas at Austn", "university texas austin"),
        ("State University of New York, Bufalo", "state university new york buffalo"),
        ("Berkley College", "berkley college"),
        ("Chinese Academy of Sciences, Shanxi", "chinese academy science shanxi"),
    ],
)
def test_words_are_corrected(index: Index, typed: str, read: str) -> None:
    assert " ".join(prepare([typed], index, RetrieveSettings()).words) == read


def test_a_cut_word_needs_its_full_stop(index: Index) -> None:
    assert "neuroinformatics" not in prepare(["Neuroinformat University"], index, RetrieveSettings()).words


@pytest.mark.parametrize(
    ("typed", "blocks"),
    [
        ("1Tianjin University2Pazhou Laboratory", 2),
        ("1 Zhejiang University 2 Alibaba Group", 2),
        ("1 Zhejiang University", 1),
        ("University of Oxford 2 Parks Road", 1),
        ("3M Company 2 Foo Bar", 1),
    ],
)
def test_footnote_numbers_begin_organisations(index: Index, typed: str, blocks: int) -> None:
    assert len(set(prepare([typed], index, RetrieveSettings()).block.tolist())) == blocks


def test_a_word_put_together_keeps_its_place(index: Index) -> None:
    text = "Univ. Würz-burg, Germany"
    m = prepare([text], index, RetrieveSettings())
    at = m.words.index("wurzburg")
    assert text[m.start[at] : m.end[at]] == "Würz-burg"
    assert m.words[at + 1] == "germany"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("华为路1号", False),
        ("腾讯大道", False),
        ("深圳市腾讯大道8号，腾讯", True),
        ("华为路小学，华为", True),
    ],
)
def test_a_street_is_no_name(index: Index, text: str, named: bool) -> None:
    m = prepare([text], index, RetrieveSettings())
    assert bool(len(m.spans[0])) == named


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("KAUST-Tsinghua Joint Lab", 2),
        ("Stanford-Toyota Joint Centre", 2),
        ("浙大-蚂蚁集团联合实验室", 2),
        ("KAUST-Tsinghua Lab", 1),
    ],
)
def test_a_joint_laboratory_is_of_both(index: Index, text: str, parts: int) -> None:
    assert prepare([text], index, RetrieveSettings()).count == parts


def test_a_product_is_not_its_maker(index: Index) -> None:
    m = prepare(["Google Scholar", "Google"], index, RetrieveSettings())
    assert set(m.part[m.spans[0]].tolist()) == {1}


def test_a_faculty_before_its_university_has_not_to_be_explained(index: Index) -> None:
    m = prepare(["FQYX-UBA, Buenos Aires", "FQYX, UBA"], index, RetrieveSettings())
    assert m.weight[[m.words.index("fqyx")]].tolist() == [0]
    assert m.weight[len(m.words) - 2] > 0


def places(index: Index, text: str) -> set[str]:
    """The countries that the places of a string lie in for sure."""
    mentions = prepare([text], index, RetrieveSettings())
    names = index.registry.arrays.country_code.to_pylist()
    return {names[k & 0xFFFFFFFF] for k in mentions.sure_country.tolist()}


def test_what_is_a_city_too_leaves_no_country_out(index: Index) -> None:
    assert "US" in places(index, "University of California, Santa Cruz")  # Santa Cruz is also a region
    assert places(index, "Some Laboratory, Boston, USA") == {"US"}  # and not in Lincolnshire


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("Some Laboratory, Toronto, ON, CA", {"CA"}),
        ("Some Laboratory, Irvine, CA", {"US"}),
        ("Some Laboratory, CA", {"US"}),
        ("Some Laboratory, Darmstadt, Hessen, DE", {"DE"}),
        ("Institute for Intelligent Machines (GT)", set()),
        ("Some Laboratory, IL, Engineering", {"US"}),  # of countries at the end only
        ("Some Laboratory, Shatin, N.T., Hong Kong", {"HK", "AU", "CA"}),  # the New Territories, for all that is known
        ("UC, Berkeley", {"US"}),  # not the Vietnamese for Australia
        ("Some Laboratory can, nor per", set()),
        ("Some Laboratory, Perth, AUS", {"AU"}),
        ("Some Laboratory, usa", {"US"}),
    ],
)
def test_codes_and_short_names_of_places(index: Index, text: str, countries: set[str]) -> None:
    assert places(index, text) == countries


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Computer Science University of Toronto", "science university"),
        ("Knowledge Technology, University of Hamburg", "technology university hamburg"),
        ("Shandong University, Qingdao", "university qingdao"),
        ("Some College, Manchester, United Kingdom", "manchester united"),
        ("Phoenix, United States", "phoenix united states"),
    ],
)
def test_words_beside_each_other_that_make_no_name(index: Index, text: str, name: str) -> None:
    m = prepare([text], index, RetrieveSettings())
    found = {" ".join(m.words[a : a + n]) for a, n in zip(m.spans[0].tolist(), m.spans[1].tolist(), strict=True)}
    assert name not in found


@pytest.mark.parametrize(
    ("text", "named"),
    [("동서울대학교", False), ("서울대학교", True), ("국립서울대학교", True), ("한국 서울대학교 공과대학", True)],
)
def test_a_name_does_not_begin_amid_a_word_of_hangul(index: Index, text: str, named: bool) -> None:
    m = prepare([text], index, RetrieveSettings())
    assert (5 in m.spans[1].tolist()) == named


def test_a_name_with_its_place_behind_a_comma_is_one(index: Index) -> None:
    m = prepare(["University of Texas, Austin, USA"], index, RetrieveSettings())
    assert 3 in m.spans[1].tolist()


def test_the_town_of_an_institution_is_no_company(index: Index) -> None:
    for text, names in (("Ibaraki Christian University, Hitachi, Japan", 1), ("University of Oxford, Hitachi", 2)):
        assert len(set(prepare([text], index, RetrieveSettings()).spans[0].tolist())) == names


def test_a_longer_name_over_a_comma_breaks_no_other(index: Index) -> None:
    m = prepare(["Institute of Information Science, Academia Sinica, Taiwan"], index, RetrieveSettings())
    assert (0, 5) in set(zip(m.spans[0].tolist(), m.spans[1].tolist(), strict=True))


def test_the_official_name_of_a_famous_institution_is_no_town(index: Index) -> None:
    assert places(index, "AI Chair, Mila") == set()
    assert "DZ" in places(index, "Some Laboratory, Constantine, Mila, Algeria")


def test_no_name_goes_over_a_comma_behind_which_a_longer_one_begins(index: Index) -> None:
    first, length, _ = prepare(["Mila, Université de Montréal"], index, RetrieveSettings()).spans
    assert {(int(a), int(n)) for a, n in zip(first, length, strict=True)} >= {(0, 1), (1, 2)}
    assert (0, 2) not in set(zip(first.tolist(), length.tolist(), strict=True))  # MILA University
