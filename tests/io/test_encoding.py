from __future__ import annotations

import csv
import io
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.data import resource
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
def test_other_encodings_are_guessed_and_said(codec: str) -> None:
    content = OTHERS[codec].encode(codec)
    found = detect(io.BytesIO(content), "x.csv")
    assert content.decode(found.encoding) == OTHERS[codec]
    assert found.lines == OTHERS[codec].count("\n")
    assert found.note.startswith("the text looks like ")
    assert found.note.endswith("choose another with --encoding")
    forced = detect(io.BytesIO(content), "x.csv", codec)
    assert content.decode(forced.encoding) == OTHERS[codec]
    assert forced.note == ""


@pytest.mark.parametrize("codec", OTHERS)
@pytest.mark.parametrize("line", [1, 2])
def test_a_single_foreign_line_is_never_chinese(codec: str, line: int) -> None:
    content = ("id,affiliation\n" + OTHERS[codec].split("\n")[line] + "\n").encode(codec)
    try:
        found = detect(io.BytesIO(content), "x.csv")
    except InputError as error:
        assert "it may be " in str(error)
    else:
        assert found.encoding not in ("gb18030", "cp950", "big5hkscs")
        assert found.note


def test_chinese_is_no_guess() -> None:
    for text, codec in ((SIMPLIFIED, "gb18030"), (TRADITIONAL, "big5")):
        assert detect(io.BytesIO(text.encode(codec)), "x.csv").note == ""
    few = detect(io.BytesIO("清华大学\n".encode("gb18030")), "x.csv")
    assert few.encoding == "gb18030"
    assert "looks like GB18030" in few.note


def test_two_equal_guesses_are_a_choice() -> None:
    """One letter may be Turkish in CP1254 or Icelandic in CP1252."""
    content = "affiliation\nAnkara Etlik Şehir Hastanesi\n".encode("cp1254")
    choice = r"CP125[24] \('[ŞÞ]ehir'\)"
    with pytest.raises(
        InputError,
        match=rf"^x.csv, line 2: byte 26 is not UTF-8; it may be {choice} or {choice}; save it as UTF-8, or choose one",
    ):
        form(content)
    assert detect(io.BytesIO(content), "x.csv", "cp1254").encoding == "cp1254"


@pytest.mark.parametrize(
    "name",
    [
        "Universidad Adolfo Ibáñez", "Università di Bologna", "Umeå University", "Kunsthøgskolen i Oslo", "Université KROK",
        "Høyskolen Kristiania", "Institut de Robòtica i Informàtica Industrial", "Yrkeshögskolan Novia",
    ],
)  # fmt: skip
def test_western_text_is_read_as_such_and_doubt_is_said(name: str) -> None:
    """A single accented letter may be of a dozen encodings; letters of another alphabet beside Latin ones are never meant."""
    content = f"id,affiliation\n1,{name}\n".encode("cp1252")
    found = detect(io.BytesIO(content), "x.csv")
    assert content.decode(found.encoding) == content.decode("cp1252")
    assert found.note.startswith("the text looks like ")


def test_the_second_guess_is_named_where_it_is_close() -> None:
    content = "id,affiliation\n1,Kunsthøgskolen i Oslo\n".encode("cp1252")
    note = detect(io.BytesIO(content), "x.csv").note
    assert note.startswith(
        "the text looks like CP1252, or nearly as much like CP1250, and is read as CP1252; if letters come out wrong"
    )


@pytest.mark.parametrize(
    ("content", "given", "expected"),
    [
        (b"a\xe9", "latin-1", "iso8859-1"),
        (b"\xef\xbb\xbfa", "utf8", "utf-8-sig"),
        ("a".encode("utf-16"), "UTF-16", "utf-16"),
        ("清华".encode("gbk"), "GBK", "gbk"),
    ],
)
def test_a_given_encoding_is_taken(content: bytes, given: str, expected: str) -> None:
    assert detect(io.BytesIO(content), "x.csv", given).encoding == expected


@pytest.mark.parametrize(
    ("content", "given", "message"),
    [
        (b"a\nb\xff\n", "utf-8", "x.csv, line 2: byte 4 is not utf-8; omit --encoding, or give another one"),
        (b"a", "klingon", "no encoding 'klingon'; give one such as utf-8, gb18030"),
        (b"a", "base64", "no encoding 'base64'"),
        (b"", "utf-8", "is empty"),
    ],
)
def test_a_given_encoding_is_checked(content: bytes, given: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        detect(io.BytesIO(content), "x.csv", given)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (
            "Zürich, Universität\n".encode() * 9 + b"Z\xfcrich\n",
            "line 10: byte 200 is not UTF-8, and the rest is: it is damaged",
        ),
        (
            SIMPLIFIED.encode("gb18030") + "大".encode("gb18030")[:1],
            "line 5: byte 18 is not UTF-8; the text is GB18030, but damaged at byte 89; correct it",
        ),
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
    with pytest.raises(InputError, match="byte 23 is not UTF-8"):
        form(b"0123456789" + "清华大学".encode() + b"\xff\n")


LANGUAGES = {
    "zh": ["gb18030"], "zh-hant": ["cp950"], "ja": ["cp932", "euc_jp"], "ko": ["cp949"], "ru": ["cp1251", "koi8_r"],
    "uk": ["cp1251"], "fr": ["cp1252", "mac_roman"], "de": ["cp1252", "cp850"], "es": ["cp1252"], "pt": ["cp1252"],
    "sv": ["cp1252"], "pl": ["cp1250", "iso8859_2"], "cs": ["cp1250"], "hu": ["cp1250"], "el": ["cp1253"], "tr": ["cp1254"],
    "he": ["cp1255"], "ar": ["cp1256"], "th": ["cp874"],
}  # fmt: skip


@pytest.mark.parametrize(("names", "least"), [(1, 0.92), (3, 0.96), (10, 0.99), (30, 0.99)])
def test_names_of_institutions_in_all_encodings(names: int, least: float) -> None:
    """What docs/match.md says: the share of files with so many names that are read rightly; no wrong reading is silent."""
    known: dict[str, list[str]] = {}
    with resource("registry/data/names.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if not row["name"].isascii():
                known.setdefault(row["language"], []).append(row["name"])
    random, right, read, refused = Random(7), 0, 0, 0
    for language, codecs in LANGUAGES.items():
        for codec in codecs:
            usable = [name for name in known[language] if name.encode(codec, "ignore").decode(codec) == name]
            if len(usable) < names:
                continue
            for _ in range(12):
                text = "id,affiliation\n" + "".join(f"{i},{n}\n" for i, n in enumerate(random.sample(usable, names)))
                read += 1
                try:
                    found = detect(io.BytesIO(text.encode(codec)), "x.csv")
                except InputError:
                    refused += 1
                    continue
                good = text.encode(codec).decode(found.encoding) == text
                right += good
                assert good or found.note, (codec, found, text)
    assert right / read >= least
    assert refused / read < 0.03


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_utf8_is_always_utf8(text: str) -> None:
    content = ("a,b\n" + text.replace("\0", "") + ",\n").encode()
    assert form(content)[0] == "utf-8"


@pytest.mark.parametrize("codec", ["gb18030", "cp1252", "cp850", "mac_roman"])
def test_accented_latin_letters_alone_are_read_in_gb18030_too(codec: str) -> None:
    text = "id,affiliation\n1,Université de Genève\n2,Technische Universität München\n3,Universidad de Málaga\n"
    text = text if codec != "gb18030" else text.replace("ä", "a")  # which it has in four bytes
    found = detect(io.BytesIO(text.encode(codec)), "x.csv")
    assert (text.encode(codec).decode(found.encoding), "--encoding" in found.note) == (text, True)
