import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.names import raw_span, repair


@pytest.mark.parametrize(
    ("raw", "repaired"),
    [
        ("Plain, ASCII 123", "Plain, ASCII 123"),
        ("Universit ´e de Montr ´eal", "Université de Montréal"),
        ("Z ¨urich", "Zürich"),
        ("Universite´ de Lyon", "Université de Lyon"),
        ('Universit\\"at T{\\"u}bingen', "Universität Tübingen"),
        ("Universit\\'{e} Laval", "Université Laval"),
        ("Xi&#x27;an &amp; co", "Xi'an & co"),
        ("Artiﬁcial Intelligence", "Artificial Intelligence"),
        ("UniversitÃ¤t Wien", "Universität Wien"),
        ("KAIST<sup>1</sup>", "KAIST 1 "),
        ("a\x00b\u200bc", "a bc"),
        ("Univ.#TAB#Harare", "Univ. ; Harare"),
        ("University of #N#Harare", "University of Harare"),
        ("U N I V E R S I T Y  O F  L E E D S, U K", "UNIVERSITY  OF  LEEDS, UK"),
        ("Vitamin B A C, a b c d", "Vitamin B A C, a b c d"),
        ("Universit(cid:228)t Wien (cid:12)", "Universität Wien  "),
        ("Uniwersytet Jagiello?ski, why? yes", "Uniwersytet Jagielloski, why? yes"),
        ("\\L{}\\'od\\'z", "Łódź"),
        ("ＭＩＴ", "MIT"),
        ("Bo˘gazic¸i University", "Boğaziçi University"),
        ("O¨ zyegin University", "Özyegin University"),
        ("Polytechnique Montr ́eal", "Polytechnique Montréal"),
        ("Universit ̈at T ̈ubingen", "Universität Tübingen"),
        ("Facultad ´Optica", "Facultad Óptica"),
        ("TECHN0L0GICAL SCH00L 0F", "TECHNOLOGICAL SCHOOL OF"),
        ("Vanderbi1t, Nashvi11e, A1berta", "Vanderbilt, Nashville, Alberta"),
        ("K1N 6N5, H2O Group, B0B, IN2P3, 10001", "K1N 6N5, H2O Group, B0B, IN2P3, 10001"),
        ("K√∏benhavns Universitet", "Københavns Universitet"),
        ("√2 Institute", "√2 Institute"),
        ("瑗垮崡浜ら€氬ぇ瀛�", "西南交通大"),
        ("香港中文大學", "香港中文大學"),
        ("NA VER LABS, UV A Health, TEL AVIV AND LA VERNE", "NAVER LABS, UVA Health, TEL AVIV AND LA VERNE"),
        ("Montanuniversit\uf1e9at", "Montanuniversitat"),
        ("Scuola Superiore Sant'' Anna", "Scuola Superiore Sant' Anna"),
    ],
)
def test_repair(raw: str, repaired: str) -> None:
    assert repair(raw) == repaired


@given(st.text(max_size=80))
def test_repair_is_total_and_leaves_no_control_characters(text: str) -> None:
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in repair(text))


@given(st.text("北京大学清华科技研究院中国人民计算机系香港城市交通师范理工电子自动化智能实验室学部医", min_size=1, max_size=30))
def test_chinese_comes_back_as_it_is_and_from_gbk(text: str) -> None:
    assert repair(text) == text
    misread = text.encode("utf-8").decode("gb18030", errors="replace")
    if "\ufffd" not in misread and len(text) > 2:
        assert repair(misread) == text


@given(st.text(max_size=60), st.data())
def test_raw_span_lies_in_the_raw_string(raw: str, data: st.DataObject) -> None:
    fixed = repair(raw)
    start = data.draw(st.integers(0, len(fixed)))
    end = data.draw(st.integers(start, len(fixed)))
    a, b = raw_span(raw, fixed, start, end)
    assert 0 <= a <= b <= len(raw)


def test_raw_span_finds_the_damaged_words() -> None:
    raw = "1 Universit ´e de Montr ´eal, Qu ´ebec"
    fixed = repair(raw)
    start = fixed.index("Université")
    a, b = raw_span(raw, fixed, start, start + len("Université de Montréal"))
    assert raw[a:b] == "Universit ´e de Montr ´eal"


def test_raw_span_takes_all_of_a_mis_decoded_letter() -> None:
    raw = "Ã‰cole Normale SupÃ©rieure, Paris"
    fixed = repair(raw)
    assert fixed.startswith("École Normale Supérieure")
    a, b = raw_span(raw, fixed, 0, len("École Normale Supérieure"))
    assert raw[a:b] == "Ã‰cole Normale SupÃ©rieure"
    raw = "in Ã‰cole"
    assert raw_span(raw, repair(raw), 3, 8) == (3, 9)
