from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import affil.pages
from affil.names import visible
from affil.service import texts
from affil.types import AGAINST, NAME_KINDS, REASONS, Decision, Institution, Match, Reason
from affil.types import KINDS as INSTITUTION_KINDS


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (english, chinese) in texts.TEXTS.items():
        assert english, key
        assert chinese, key
        assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", chinese)), key
    assert set(texts.KINDS) == set(INSTITUTION_KINDS)


def test_the_templates_use_no_text_that_is_not_there_and_none_is_idle() -> None:
    folder = Path(affil.pages.__file__).parent
    source = "".join(f.read_text("utf-8") for f in [*folder.glob("templates/*.html"), *folder.glob("*.py")])
    used = set(re.findall(r"""\bt\(["'](\w+)["']""", source)) | set(re.findall(r"""texts\.text\(\s*["'](\w+)["']""", source))
    used -= {"answer_", "role_"}  # the beginnings of several
    assert used <= set(texts.TEXTS)
    made = {k for k in texts.TEXTS if k.startswith(("answer_", "role_", "key_")) or f'"{k}"' in source}
    assert set(texts.TEXTS) == used | made


def test_every_reason_is_there_in_both_languages_with_the_same_places() -> None:
    assert list(texts.REASONS) == list(REASONS)
    assert list(texts.NAME_KINDS) == list(NAME_KINDS)
    for name, english in REASONS.items():
        assert sorted(re.findall(r"\{.*?\}", english)) == sorted(re.findall(r"\{.*?\}", texts.REASONS[name])), name


@pytest.mark.parametrize("kind", NAME_KINDS)
@pytest.mark.parametrize("name", REASONS)
def test_every_reason_is_told_in_both_languages(name: str, kind: str) -> None:
    one = Institution("affil:x", "X", country="GB", city="York")
    value = {"name_coverage": 0.5, "bearers": 3}.get(name)
    match = Match(one, 0.5, Decision.REVIEW, 0, 1, "Name, {with} \u202ecomma", (Reason(name, kind, value),))
    [(fits, english)] = texts.evidence(match, "en")
    [(same, chinese)] = texts.evidence(match, "zh")
    assert fits == same == (name not in AGAINST)
    assert (f"{'+' if fits else '-'} {english}",) == tuple(map(visible, match.evidence))
    for part in ("Name, {with} [U+202E]comma", "GB", "York", "50%", "3"):
        assert (part in english) == (part in chinese)
    assert (NAME_KINDS[kind] in english) == (texts.NAME_KINDS[kind] in chinese) == name.startswith("name_")
    assert re.search("[\u4e00-\u9fff]", chinese)


@given(st.text())
def test_what_is_shown_hides_nothing(raw: str) -> None:
    shown = visible(raw)
    assert shown.isprintable()
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)
    if raw.isascii() and raw.isprintable():
        assert shown == raw
