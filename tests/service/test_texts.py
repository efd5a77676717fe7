from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import affil.pages
import affil.report.i18n
from affil.catalogue import messages
from affil.names import visible
from affil.review.doubts import AUDIT, DOUBTS, WORDS
from affil.review.facets import FACETS
from affil.review.history import KINDS as HISTORY_KINDS
from affil.service import texts
from affil.types import AGAINST, NAME_KINDS, NOT_FOUND, REASONS, Decision, Institution, Match, Reason
from affil.types import KINDS as INSTITUTION_KINDS

ENGLISH, CHINESE, TRADITIONAL = (messages(texts.LOCALE, language) for language in texts.LANGUAGES)
KEYS = {key for key in ENGLISH if "." not in key}


def test_the_templates_use_no_text_that_is_not_there_and_none_is_idle() -> None:
    folder = Path(affil.pages.__file__).parent
    source = "".join(f.read_text("utf-8") for f in [*folder.glob("templates/*.html"), *folder.glob("*.py")])
    used = set(re.findall(r"""\bt\(["'](\w+)["']""", source)) | set(re.findall(r"""texts\.text\(\s*["'](\w+)["']""", source))
    used -= {"answer_", "role_", "policy_", "facet_", "beside_"}  # the beginnings of several
    assert used <= KEYS
    made = {k for k in KEYS if k.startswith(("answer_", "role_", "key_", "policy_", "facet_", "beside_")) or f'"{k}"' in source}
    assert used | made == KEYS
    assert {k for k in KEYS if k.startswith("facet_")} == {f"facet_{name}" for name in FACETS}
    assert {k for k in KEYS if k.startswith("role_")} == {f"role_{name}" for name in HISTORY_KINDS}


def test_every_kind_and_reason_is_there_in_the_words_of_the_library() -> None:
    assert {k for k in ENGLISH if k.startswith("kinds.")} == {f"kinds.{kind}" for kind in INSTITUTION_KINDS}
    assert {k: v for k, v in ENGLISH.items() if k.startswith("reasons.")} == {f"reasons.{k}": v for k, v in REASONS.items()}
    assert {k: v for k, v in ENGLISH.items() if k.startswith("names.")} == {f"names.{k}": v for k, v in NAME_KINDS.items()}
    assert {k for k in ENGLISH if k.startswith("doubts.")} == {f"doubts.{name}" for name in DOUBTS}
    assert texts.kind("education", "zh-hans") == "高校"
    assert texts.kind("guild", "zh-hans") == "guild"


def test_sheets_and_pages_have_the_same_words() -> None:
    pages = messages(texts.LOCALE, "en")
    assert {d: pages[f"doubts.{d}"] for d in DOUBTS if d != AUDIT} == {d: WORDS[d] for d in DOUBTS if d != AUDIT}
    assert pages["answer_none"] == NOT_FOUND
    assert messages(affil.report.i18n.LOCALE, "en")["m_none"] == NOT_FOUND
    root = Path(__file__).parents[2]
    for text in ("README.md", "docs/match.md", "docs/serve.md", "src/affil/cli/match.py"):
        assert NOT_FOUND in " ".join((root / text).read_text("utf-8").split()), text


@pytest.mark.parametrize("kind", NAME_KINDS)
@pytest.mark.parametrize("name", REASONS)
def test_every_reason_is_told_in_both_languages(name: str, kind: str) -> None:
    one = Institution("affil:x", "X", country="GB", city="York")
    value = {"name_coverage": 0.5, "bearers": 3}.get(name)
    match = Match(one, 0.5, Decision.REVIEW, 0, 1, "Name, {with} \u202ecomma", (Reason(name, kind, value),))
    [(fits, english)] = texts.evidence(match, "en")
    [(same, chinese)] = texts.evidence(match, "zh-hans")
    assert fits == same == (name not in AGAINST)
    assert (f"{'+' if fits else '-'} {english}",) == tuple(map(visible, match.evidence))
    for part in ("Name, {with} [U+202E]comma", "GB", "York", "50%", "3"):
        assert (part in english) == (part in chinese)
    assert (NAME_KINDS[kind] in english) == (CHINESE[f"names.{kind}"] in chinese) == name.startswith("name_")
    assert re.search("[\u4e00-\u9fff]", chinese)


@given(st.text())
def test_what_is_shown_hides_nothing(raw: str) -> None:
    shown = visible(raw)
    assert shown.isprintable()
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)
    if raw.isascii() and raw.isprintable():
        assert shown == raw


def test_chinese_pages_have_one_kind_of_colons_and_brackets_and_no_english() -> None:
    """But for what is so in any language: names of programs, commands, columns and keys."""
    names = {
        *[
            "affil",
            "review",
            "discover",
            "match",
            "WS",
            "errors",
            "DOI",
            "ROR",
            "UTC",
            "CSV",
            "JSON",
            "Cohen",
            "Natural",
            "Earth",
            "OpenRefine",
        ]
    }
    for said in (CHINESE, TRADITIONAL):
        for key, text in said.items():
            plain = re.sub(r"\{[^}]*\}", "", text)
            assert not re.search(r"[(),;:?!](?!//)", plain), (key, text)
            assert {*re.findall(r"[A-Za-z]+", plain)} <= names, (key, text)
