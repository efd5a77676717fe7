from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import affil.web
from affil.match.explain import KINDS, explain
from affil.match.features import NAMES
from affil.registry.tables import KINDS as INSTITUTION_KINDS
from affil.text import visible
from affil.types import Institution
from affil.web import texts


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (english, chinese) in texts.TEXTS.items():
        assert english, key
        assert chinese, key
        assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", chinese)), key
    assert set(texts.KINDS) == set(INSTITUTION_KINDS)


def test_the_templates_use_no_text_that_is_not_there_and_none_is_idle() -> None:
    folder = Path(affil.web.__file__).parent
    source = "".join(
        f.read_text("utf-8") for f in [*folder.glob("templates/*.html"), folder / "review.py", folder / "tryit.py"]
    )
    used = set(re.findall(r"""\bt\(["'](\w+)["']""", source)) | set(re.findall(r"""texts\.text\(\s*["'](\w+)["']""", source))
    used -= {"answer_", "role_"}  # the beginnings of several
    assert used <= set(texts.TEXTS)
    made = {k for k in texts.TEXTS if k.startswith(("answer_", "role_", "key_")) or f'"{k}"' in source}
    assert set(texts.TEXTS) == used | made


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_all_evidence_has_its_chinese(kind: int) -> None:
    one = Institution("affil:x", "X", country="GB", city="York")
    lines: set[str] = set()
    for exact, bearers, value in product((0.0, 1.0), (1, 3), (0.0, 1.0)):
        features = {**dict.fromkeys(NAMES, value), "exact": exact, "coverage": 0.5}
        lines |= set(explain(features, one, "Name, with comma", kind, bearers))
    assert len(lines) > 10
    for line in lines:
        fits, english = texts.evidence(line, "en")
        same, chinese = texts.evidence(line, "zh")
        assert fits == same == line.startswith("+")
        assert english == line[2:]
        assert re.search("[\u4e00-\u9fff]", chinese), line


@given(st.text())
def test_what_is_shown_hides_nothing(raw: str) -> None:
    shown = visible(raw)
    assert shown.isprintable()
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)
    if raw.isascii() and raw.isprintable():
        assert shown == raw
