"""The message catalogues of all packages: every language has every message of today, with the same places to fill."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from babel.messages import Catalog

import affil
from affil.catalogue import SOURCE, catalogue_file, key_of, messages, read_catalogue
from affil.cli import language as command
from affil.report import i18n, names
from affil.service import texts
from affil.wording import filled
from tests.chinese import faults, unspaced

TOOL = Path(__file__).parents[1] / "tools" / "catalogues.py"
FOLDERS = sorted(Path(affil.__file__).parent.glob("*/locale"))
LANGUAGES = [
    *((i18n.LOCALE, language) for language in names.LANGUAGES if language != SOURCE),
    *((texts.LOCALE, language) for language in texts.LANGUAGES if language != SOURCE),
    *((command.LOCALE, language) for language in command.LANGUAGES if language != SOURCE),
]
of_each_language = pytest.mark.parametrize(
    ("folder", "language"), LANGUAGES, ids=lambda v: v.parent.name if isinstance(v, Path) else v
)


def keys(catalogue: Catalog) -> list[tuple[str, str]]:
    return [(key_of(m), str(m.id)) for m in catalogue if m.id]


def places(text: str) -> list[tuple[str, str]]:
    """What is to be filled, and how it is written; the words for one or for more are each language's own."""
    found = [(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None]
    return sorted((name, spec) for name, spec in found if "|" not in spec)


def test_every_catalogue_is_of_a_language_that_pages_have() -> None:
    files = {catalogue_file(folder, language) for folder, language in LANGUAGES}
    assert sorted({folder for folder, _ in LANGUAGES}) == FOLDERS
    assert {f for folder in FOLDERS for f in folder.rglob("*.po")} == files
    assert len(files) == 6


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.parent.name)
def test_every_message_has_a_key_of_its_own_and_a_text(folder: Path) -> None:
    found = keys(read_catalogue(catalogue_file(folder, SOURCE)))
    assert len(found) > 100
    assert all(key and text.strip() for key, text in found)
    assert len({key for key, _ in found}) == len(found)


@of_each_language
def test_every_language_has_every_message_and_none_is_fuzzy(folder: Path, language: str) -> None:
    source = read_catalogue(catalogue_file(folder, SOURCE))
    here = read_catalogue(catalogue_file(folder, language))
    assert keys(here) == keys(source)  # of the English of today, in its order
    assert not here.obsolete
    for message in here:
        if message.id:
            assert str(message.string).strip(), key_of(message)
            assert not message.fuzzy, key_of(message)


@of_each_language
def test_places_to_fill_are_the_same(folder: Path, language: str) -> None:
    for message in read_catalogue(catalogue_file(folder, language)):
        if message.id:
            assert {*places(str(message.string))} == {*places(str(message.id))}, key_of(message)


CHINESE = [(folder, language) for folder, language in LANGUAGES if language.startswith("zh")]


@pytest.mark.parametrize(("folder", "language"), CHINESE, ids=lambda v: v.parent.name if isinstance(v, Path) else v)
def test_chinese_is_written_with_its_own_marks_and_spaces(folder: Path, language: str) -> None:
    found = [str(m.string) for m in read_catalogue(catalogue_file(folder, language)) if m.id]
    typed = re.compile(r"zh:\w+")  # what a person types
    assert [fault for text in found for fault in faults(typed.sub("", text))] == []
    assert [fault for text in found for fault in unspaced(typed.sub("", text))] == []


def test_a_number_with_its_noun_is_set_off_in_chinese() -> None:
    """A place that `counted` fills begins with a digit, so a space stands before it."""
    texts_of = messages(command.LOCALE, "zh-hans")
    seen, wrong = 0, []
    for file in Path(affil.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "said" and call.args):
                continue
            text = texts_of.get(getattr(call.args[0], "value", ""), "")
            for place, value in enumerate(call.args[1:]):
                if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "counted":
                    seen += 1
                    wrong += re.findall(rf"[\u4e00-\u9fff]\{{{place}[}}:].*", text)
    assert seen > 50
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("2015 年: 37%", True),
        ("北京 (中国)", True),
        ("北京(中国)", True),
        ("美国, 中国", True),
        ("移除 美国", True),
        ("北京（中国）、天津：37%，共 2 项", False),
        ("按 affil rank (cv) 计", False),
        ("运行：affil run -w WS", False),
    ],
)
def test_the_rule_of_chinese_marks(text: str, wrong: bool) -> None:
    assert bool(faults(text)) == wrong
    assert unspaced("不足100 篇") and unspaced("2015年") and not unspaced("不足 100 篇")


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 paper of 7 is"), ("1", "1 paper of 7 is"), (0, "0 papers of 7 are"), ("1,000", "1,000 papers of 7 are")],
)
def test_one_and_more_have_words_of_their_own(count: int | str, said: str) -> None:
    assert filled("{0} {0:paper|papers} of {1:d} {0:is|are}", count, 7) == said


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if not TOOL.exists():
        pytest.skip("the tests run without the project's folder around them")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("catalogues", str(TOOL))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.parent.name)
def test_traditional_chinese_is_converted_but_for_what_a_translator_wrote(tool: ModuleType, folder: Path) -> None:
    """A comment of the translator in the catalogue says so."""
    source = messages(folder, "zh-hans")
    for message in read_catalogue(catalogue_file(folder, "zh-hant")):
        if message.id:
            said = str(message.string)
            assert message.user_comments or said == tool.in_traditional(source[key_of(message)]), key_of(message)


MAINLAND = "默認 信息 程序 文件 搜索 字符 概率 數據 保存 加載 服務器 設置 接口 運行 質量 網絡 軟件 用戶界面 人工智能 打開 查看"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.parent.name)
def test_traditional_chinese_has_the_words_and_quotation_marks_of_taiwan(folder: Path) -> None:
    for key, said in messages(folder, "zh-hant").items():
        assert [word for word in (*MAINLAND.split(), *"“”‘’") if word in said] == [], key


def test_words_are_converted_by_what_they_mean(tool: ModuleType) -> None:
    said = "默认搜索信息：点击“保存”；待审核的 “国家代码” 与论文的质量"
    assert tool.in_traditional(said) == "預設搜尋資訊：點選「儲存」；待審核的「國家代碼」與論文的品質"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "report" / "locale"
    for file in (i18n.LOCALE / "messages.pot", *i18n.LOCALE.rglob("*.po")):
        target = folder / file.relative_to(i18n.LOCALE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    return folder


def test_the_tool_finds_nothing_to_do(tool: ModuleType, copy: Path) -> None:
    assert tool.update(copy) == []


def test_the_catalogue_of_the_command_line_is_that_of_the_code(tool: ModuleType) -> None:
    """A new message in the code is in the catalogue, and with it in each language: see the tests above."""
    found = tool.messages_in_code()
    assert [key for key, _ in keys(read_catalogue(catalogue_file(command.LOCALE, SOURCE)))] == found
    code = """
raise AffilError(said("{0}: no such file", path))
tell(marked("one") if x else joined("; ", [counted(n, "paper"), counted(m, "entry", "entries")]))
table = plain_table("rank>", "", "中文", title=said("All"))
unseen(text)
"""
    expected = ["{0}: no such file", "one", "; ", "{0:,} {0:paper|papers}", "{0:,} {0:entry|entries}", "rank", "All"]
    assert tool.messages_of(code) == expected


def test_the_tool_brings_languages_up_to_date(tool: ModuleType, copy: Path) -> None:
    """One message is new, one changed, one gone; a fourth is written by hand in traditional characters."""
    template = catalogue_file(copy, SOURCE)
    text = template.read_text("utf-8")
    for old, new in (
        ('msgid "Light or dark"', 'msgid "Light or dark colours"'),
        ('msgctxt "rank"\nmsgid "Rank"', 'msgctxt "quite_new"\nmsgid "Quite new"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    template.write_text(text, "utf-8")
    hant = catalogue_file(copy, "zh-hant")
    own = '# as it is said in Taipei\nmsgctxt "search"\nmsgid "Find by any name"\nmsgstr "以名稱尋找"'
    text = hant.read_text("utf-8")
    old = 'msgctxt "search"\nmsgid "Find by any name"\nmsgstr "按名稱尋找"'
    assert text.count(old) == 1
    hant.write_text(text.replace(old, own), "utf-8")

    assert {f.name for f in tool.update(copy, "fr")} == {"messages.po"}
    for language, dark in (("zh-hans", "浅色或深色"), ("zh-hant", "淺色或深色")):
        found = {m.context: m for m in read_catalogue(catalogue_file(copy, language)) if m.id}
        assert "rank" not in found
        assert found["theme"].string == dark
        assert found["theme"].fuzzy
        assert found["quite_new"].string == "" or found["quite_new"].fuzzy
    assert messages(copy, "zh-hant")["search"] == "以名稱尋找"
    assert not any(m.string for m in read_catalogue(template) if m.id), "what is translated stays out of the template"
    french = read_catalogue(catalogue_file(copy, "fr"))
    assert keys(french) == keys(read_catalogue(template))
    assert not any(m.string for m in french if m.id)
    assert tool.update(copy) == []
