"""The documentation site is built without a warning, its links lead somewhere, and its Chinese pages say what the English ones say."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "docs_site.py"
FIRST = ("index", "match", "review", "rank", "registry")


@pytest.fixture(scope="module")
def site(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([python, TOOL, folder], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    broken = runpy.run_path(str(ROOT / "tools" / "api_reference.py"))["broken_links"](site)
    assert not [line for line in broken if not re.search(r"\bapi/index.html leads nowhere", line)]


def test_every_page_has_both_languages_and_tells_them_apart(site: Path) -> None:
    english = {page.parent.relative_to(site).as_posix() for page in site.glob("**/index.html") if "zh" not in page.parts}
    assert {*FIRST[1:], "commands", "settings", "beside", "model", "decisions/0001-exact-search-on-flat-arrays"} <= english
    for name in english:
        page, chinese = ((folder / name / "index.html").read_text("utf-8") for folder in (site, site / "zh"))
        assert '<html lang="en"' in page
        assert '<html lang="zh"' in chinese
        translated = name in {".", *FIRST}
        assert ("本页尚无中文版" in chinese) != translated, name


def test_search_finds_words_of_both_languages(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert {"en", "zh"} <= {*index["config"]["lang"]}
    words = [(one["location"].partition("#")[0], re.split(index["config"]["separator"], one["text"])) for one in index["docs"]]
    found = [{page for page, text in words if word in text} for word in ("spreadsheet", "机构", "审核")]
    assert "match/" in found[0]
    assert "zh/registry/" in found[1]
    assert "zh/review/" in found[2]
    assert not any(one["location"].startswith("zh/settings/") for one in index["docs"]), "a page that is English twice"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    tags = re.compile(r'<(?:script|img|iframe|link[^>]+rel="?stylesheet"?)[^>]*\b(?:src|href)="([^"]+)"')
    for page in site.rglob("*.html"):
        loaded = tags.findall(page.read_text("utf-8"))
        assert loaded
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)]


@pytest.mark.parametrize("name", FIRST)
def test_a_chinese_page_has_the_code_the_tables_and_the_headings_of_the_english_one(name: str) -> None:
    english, chinese = ((ROOT / "docs" / f"{name}{suffix}").read_text("utf-8") for suffix in (".md", ".zh.md"))
    blocks = re.compile(r"^(?:<!-- .*? -->\n)?```.*?^```", re.MULTILINE | re.DOTALL)
    assert blocks.findall(english) == blocks.findall(chinese)
    english, chinese = blocks.sub("", english), blocks.sub("", chinese)
    for what in (r"^#+ ", r"^\|", r"^- ", r"^    \S", r"!\["):
        assert len(re.findall(what, english, re.MULTILINE)) == len(re.findall(what, chinese, re.MULTILINE)), what
    prose = re.sub(r"`[^`]*`", "", chinese)
    assert len(re.findall(r"[\u4e00-\u9fff]", prose)) > len(prose) / 3


@pytest.mark.parametrize("name", FIRST)
def test_a_chinese_page_names_the_commands_settings_and_pages_of_the_english_one(name: str) -> None:
    english, chinese = ((ROOT / "docs" / f"{name}{suffix}").read_text("utf-8") for suffix in (".md", ".zh.md"))

    def named(text: str) -> set[str]:
        return {re.sub(r"\s+", " ", code) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)}

    link = re.compile(r"\]\(([^)#]+)")
    assert {*link.findall(english)} <= {*link.findall(chinese)}
    assert named(english) ^ named(chinese) <= {"all strings", "全部字符串"}  # a name on the page, which has two languages


def test_links_of_the_repository_become_links_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    page = runpy.run_path(str(TOOL))["page"]
    monkeypatch.delenv("AFFIL_REPOSITORY", raising=False)
    assert page("[a](docs/match.md#files), [b](LICENSE)", "CONTRIBUTING.md") == "[a](match.md#files), b"
    assert page("[table](../README.md#all-commands)", "docs/index.md") == "[table](commands.md)"
    assert page("[x](https://ror.org#y)", "docs/index.md") == "[x](https://ror.org#y)"
    assert page("[matcher](../matcher.md)", "docs/decisions/0001-x.md") == "[matcher](../matcher.md)"
    assert page("[docs/matcher.md](../docs/matcher.md)", "models/README.md") == "[How the matcher decides](matcher.md)"
    assert page("[review.md](review.md)", "docs/match.zh.md") == "[人工审核](review.md)"
    assert page("![x](images/a.svg)", "docs/match.md") == "![x](images/a.svg)"
    assert page("| `a\\|b` | c\\|d |", "docs/match.md") == "| `a|b` | c\\|d |"
    monkeypatch.setenv("AFFIL_REPOSITORY", "https://git.example/affil")
    assert page("[b](LICENSE)", "README.md") == "[b](https://git.example/affil/blob/HEAD/LICENSE)"


def test_a_section_is_a_page() -> None:
    assert runpy.run_path(str(TOOL))["section"]("# a\n\n## b\n\nx\n\n## c\n\ny\n", "b") == "# b\n\nx\n"
