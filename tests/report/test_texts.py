from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pycountry
import pytest

import affil.report
from affil.catalogue import messages
from affil.rank import AREAS, KINDS, MEASURES
from affil.rank.places import region_name
from affil.registry import Registry
from affil.report import LANGUAGES, i18n, names
from affil.report.entities import LEVELS
from affil.report.pages.frame import Frame

FOLDER = Path(affil.report.__file__).parent


def of(table: str) -> set[str]:
    """The keys of a table of names; "" for texts."""
    return {key.removeprefix(f"{table}.") for key in messages(i18n.LOCALE, "en") if key.rpartition(".")[0] == table}


def test_everything_that_is_counted_has_a_name() -> None:
    assert of("areas") == {*AREAS}
    assert of("kinds") == {*KINDS}
    assert of("levels") == {*LEVELS, "continent"}
    assert of("measures") == {*MEASURES, "share"}
    assert of("continents") == {*names.continents().values()}
    assert i18n.named("areas", "computer vision", "zh-hant") == "電腦視覺"
    assert i18n.named("areas", "alchemy", "zh-hant") == "alchemy"


def test_what_is_said_is_a_text_and_every_text_is_said() -> None:
    source = "".join(f.read_text("utf-8") for f in [*FOLDER.glob("templates/*"), *FOLDER.rglob("*.py")])
    scripts = "".join(f.read_text("utf-8") for f in FOLDER.glob("static/*.js"))
    said = {*re.findall(r"""\b(?:t|text)\(\s*["'](\w+)["']""", source)} - {
        "nav_",
        "roll_",
        "mode_",
        "hong_kong_",
        "topic_",
        "axis_",
    }
    assert said <= of("")
    in_scripts = {*re.findall(r"\bT\.(\w+)", scripts)}
    assert {*i18n.IN_PAGE} <= in_scripts
    loose = {k for k in of("") if f'"{k}"' in source}
    made = {k for k in of("") if k.startswith(("nav_", "roll_", "mode_", "hong_kong_", "topic_", "axis_"))}
    assert of("") == said | loose | made | {*i18n.IN_PAGE}


def test_places_are_filled() -> None:
    assert i18n.text("against", "en", "2020", "2019") == "2020 against 2019"
    assert i18n.text("against", "zh-hans", "2020", "2019") == "2020 与 2019 相比"


def test_what_scripts_say_has_all_names_in_order() -> None:
    said = i18n.script_texts("zh-hant")
    assert said["new"] == "新"
    assert isinstance(said["levels"], dict)
    assert said["levels"] == {level: i18n.named("levels", level, "zh-hant") for level in (*LEVELS, "continent")}


def test_traditional_chinese_is_that_of_taiwan() -> None:
    assert i18n.text("search", "zh-hant") == "按名稱尋找"
    assert i18n.text("m_sources", "zh-hant").count("繁體") == 1
    for key, text in messages(i18n.LOCALE, "zh-hant").items():
        assert "箇" not in text, key


def test_names() -> None:
    assert names.city_names("Boston", "US") == ("Boston", "波士顿", "波士頓")
    assert names.city_names("Nowhere Hamlet", "US") == ("Nowhere Hamlet",) * 3
    assert names.city_names("Daejeon", "KR")[1] == "大田"
    assert names.city_names("New York", "US") == ("New York", "纽约", "紐約")
    assert names.city_names("Cologne", "DE")[1] == "科隆"
    assert names.city_names("Canberra", "AU") == ("Canberra", "堪培拉", "堪培拉"), "GeoNames has 坎培拉"
    assert [names.city_names(n, "JP")[1] for n in ("Yokohama", "Hiroshima", "Toyota")] == ["横滨", "广岛", "丰田"]
    assert names.region_names("England", "", "GB") == ("England", "英格兰", "英格蘭")
    assert names.region_names("Ohio", "俄亥俄州", "US")[1] == "俄亥俄州", "ISO's stands above"
    assert names.region_names("Nowhere", "", "GB") == ("Nowhere",) * 3


def test_chinese_names_of_places_are_of_places_that_there_are() -> None:
    """Each is a city of the shipped registry, or a region that has no Chinese name elsewhere, and is in simplified characters."""
    table = names._chinese_places()
    registry = Registry.open()
    cities = {(one.country, one.city) for one in registry}
    codes = {one.region for one in registry if one.region} | {one.code for one in pycountry.subdivisions}
    found = {code: region_name(code) or ("", "") for code in codes}
    regions = {(code[:2], name) for code, (name, chinese) in found.items() if not chinese}
    assert len(table) > 250
    for (level, country, name), chinese in table.items():
        assert (country, name) in (cities if level == "city" else regions), (level, country, name)
        assert names.simplified(chinese) == chinese and re.fullmatch("[\u4e00-\u9fff-]+", chinese), chinese
    assert names.in_languages("X", "國立臺灣大學", "TW") == ("X", "国立台湾大学", "國立臺灣大學")
    assert names.continents()["CN"] == "AS"
    assert names.page_fold("  Université  de Montréal ") == "universite de montreal"
    assert names.page_fold("香港科技大學") == "香港科技大学"
    table = names.script_table(["香港科技大学", "Boston"])
    assert table["學"] == "学"
    assert "B" not in table
    assert len(LANGUAGES) == 3


@pytest.mark.parametrize(
    ("language", "name", "more", "told"),
    [
        ("en", "Peking University", "China", "Peking University (China)"),
        ("en", "Northeastern University (China)", "China", "Northeastern University (China)"),
        ("en", "The University of Hong Kong", "Hong Kong", "The University of Hong Kong (Hong Kong)"),
        ("zh-hans", "东北大学（中国）", "中国", "东北大学（中国）"),
        ("zh-hans", "北京大学", "", "北京大学"),
    ],
)
def test_a_place_in_brackets_stands_once_beside_a_name(language: str, name: str, more: str, told: str) -> None:
    frame: Any = SimpleNamespace(text=lambda key, *values: i18n.text(key, language, *values))
    assert Frame.beside(frame, name, more) == told
