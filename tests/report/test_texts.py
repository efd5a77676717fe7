from __future__ import annotations

import re
from pathlib import Path

import affil.report
from affil.rank import AREAS, KINDS, LEVELS
from affil.report import LANGUAGES, names, texts

FOLDER = Path(affil.report.__file__).parent


def test_every_text_is_there_with_the_same_places() -> None:
    for table in (texts.TEXTS, texts.AREAS, texts.LEVELS, texts.KINDS, texts.CONTINENTS, texts.MEASURES):
        for key, (english, chinese) in table.items():
            assert english, key
            assert chinese, key
            assert {*re.findall(r"\{\d\}", english)} == {*re.findall(r"\{\d\}", chinese)}, key
    assert {*texts.AREAS} == {*AREAS}
    assert {*texts.KINDS} == {*KINDS}
    assert {*texts.LEVELS} == {*LEVELS}


def test_what_is_said_is_a_text_and_every_text_is_said() -> None:
    source = "".join(f.read_text("utf-8") for f in [*FOLDER.glob("templates/*"), *FOLDER.rglob("*.py")])
    scripts = "".join(f.read_text("utf-8") for f in FOLDER.glob("static/*.js"))
    said = {*re.findall(r"""\b(?:t|text)\(\s*["'](\w+)["']""", source)} - {"nav_", "roll_", "mode_"}
    assert said <= {*texts.TEXTS}
    in_scripts = {*re.findall(r"\bT\.(\w+)", scripts)}
    assert {*texts.IN_PAGE} <= in_scripts
    loose = {k for k in texts.TEXTS if f'"{k}"' in source.replace((FOLDER / "texts.py").read_text("utf-8"), "")}
    made = {k for k in texts.TEXTS if k.startswith(("nav_", "roll_", "mode_"))}
    assert {*texts.TEXTS} == said | loose | made | {*texts.IN_PAGE}


def test_traditional_chinese_is_that_of_hong_kong() -> None:
    assert texts.text("search", "zh-hant") == "按名稱查找"
    assert texts.text("m_sources", "zh-hant").count("繁體") == 1
    for key in texts.TEXTS:
        assert "箇" not in texts.text(key, "zh-hant", *range(9)), key


def test_names() -> None:
    assert names.city_names("Boston", "US") == ("Boston", "波士顿", "波士頓")
    assert names.city_names("Nowhere Hamlet", "US") == ("Nowhere Hamlet",) * 3
    assert names.city_names("Daejeon", "KR")[1] == "大田"
    assert names.in_languages("X", "國立臺灣大學", "TW") == ("X", "国立台湾大学", "國立臺灣大學")
    assert names.continents()["CN"] == "AS"
    assert names.page_fold("  Université  de Montréal ") == "universite de montreal"
    assert names.page_fold("香港科技大學") == "香港科技大学"
    table = names.script_table(["香港科技大学", "Boston"])
    assert table["學"] == "学"
    assert "B" not in table
    assert len(LANGUAGES) == 3
