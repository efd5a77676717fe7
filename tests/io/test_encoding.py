from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.io import encoding
from affil.io.encoding import detect

SIMPLIFIED = "id,affiliation\n1,清华大学计算机科学与技术系\n2,中国科学院自动化研究所，北京\n3,独立研究者\n"
TRADITIONAL = "id,affiliation\n1,香港中文大學計算機科學及工程學系\n2,國立臺灣大學資訊工程學系\n3,中央研究院資訊科學研究所\n"
OTHERS = {
    "cp1252": "id,affiliation\n1,Universität München\n2,École normale supérieure\n3,Universidad de Cádiz, España\n",
    "cp1250": "id,affiliation\n1,Uniwersytet Łódzki\n2,Politechnika Śląska, Gliwice\n3,České vysoké učení technické\n",
    "cp1251": "id,affiliation\n1,Московский государственный университет имени Ломоносова\n2,Институт проблем управления\n",
    "koi8_r": "id,affiliation\n1,Московский государственный университет имени Ломоносова\n2,Институт проблем управления\n",
    "shift_jis": "id,affiliation\n1,東京大学大学院情報理工学系研究科\n2,奈良先端科学技術大学院大学\n",
    "euc_jp": "id,affiliation\n1,株式会社プリファードネットワークス\n2,東京大学のロボット工学研究室\n3,ソニーグループ\n",
    "cp949": "id,affiliation\n1,서울대학교 컴퓨터공학부\n2,한국과학기술원 전산학부\n3,네이버 클라우드\n",
    "cp1253": "id,affiliation\n1,Εθνικό Μετσόβιο Πολυτεχνείο\n2,Πανεπιστήμιο Κρήτης\n",
    "cp1256": "id,affiliation\n1,جامعة الملك عبدالله للعلوم والتقنية\n2,جامعة القاهرة\n",
    "mac_roman": "id,affiliation\n1,Universität München\n2,École normale supérieure de Lyon\n3,Université de Genève\n",
}


def form(content: bytes) -> tuple[str, int]:
    raw = io.BytesIO(content)
    found = detect(raw, "x.csv")
    assert raw.tell() == 0
    return found.encoding, found.lines


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (TRADITIONAL, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "cp950"),
        (TRADITIONAL.replace("國立", "𨋢仔"), "big5hkscs", "big5hkscs"),
        ("id,affiliation\n" + "1,MIT\n" * 300_000 + "2,清华大学\n", "gb18030", "gb18030"),
    ],
)
def test_known_encodings(text: str, codec: str, expected: str) -> None:
    content = text.encode(codec)
    assert form(content) == (expected, text.count("\n"))
    assert content.decode(expected).lstrip("\ufeff") == text


@pytest.mark.parametrize("codec", OTHERS)
def test_other_encodings_are_named(codec: str) -> None:
    with pytest.raises(InputError) as caught:
        form(OTHERS[codec].encode(codec))
    looks = "CP1252 or CP1250" if codec in ("cp1252", "cp1250") else codec.upper()
    assert str(caught.value).startswith("x.csv, row 2: byte ")
    assert f"it looks like {looks}" in str(caught.value)
    assert "convert it, e.g. iconv -f " in str(caught.value)


@pytest.mark.parametrize("codec", OTHERS)
@pytest.mark.parametrize("line", [1, 2])
def test_a_single_foreign_line_is_not_taken_for_chinese(codec: str, line: int) -> None:
    content = ("id,affiliation\n" + OTHERS[codec].split("\n")[line] + "\n").encode(codec)
    with pytest.raises(InputError, match="neither UTF-16, GB18030 nor Big5"):
        form(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "is a zip archive or an Excel workbook, not text; save or unpack it"),
        (b"PAR1rest", "is a Parquet file"),
        ("id,清华".encode("utf-16")[:-1], "is UTF-16 by its first bytes, but damaged at byte 11"),
        (b"\xef\xbb\xbfid\n\xff", "is UTF-8-SIG by its first bytes, but damaged"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(128, 256)) * 9, "not UTF-8"),
    ],
)
def test_no_text(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        form(content)


def test_a_character_that_straddles_two_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_CHUNK", 7)
    for codec in ("utf-8", "utf-16", "gb18030", "big5"):
        assert form(TRADITIONAL.encode(codec))[1] == 4
    with pytest.raises(InputError, match="byte 14 is not UTF-8"):
        form(b"0123456789\xe6\xb8\x85\xff\n")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_utf8_is_always_utf8(text: str) -> None:
    content = ("a,b\n" + text.replace("\0", "") + ",\n").encode()
    assert form(content)[0] == "utf-8"
