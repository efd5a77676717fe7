"""Words of a string as they are corrected before anything is looked up."""

import pytest

from affil.match.index import Index
from affil.match.mentions import prepare
from affil.registry import Registry
from affil.settings import RetrieveSettings


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(Registry.open())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Dept. Neuroinformat., Univ. of Oxford", "department neuroinformatics university oxford"),
        ("Stanfrod University", "stanford university"),
        ("University ofTianjin", "university tianjin"),
        ("Tech. Univ. Munchen", "technology university munich"),
        ("Beijing Univ. of Posts & Telecommun.", "peking university posts telecommunication"),
        ("Beijing Jiaotong University", "peking jiao tong university"),
        ("UESTC", "uestc"),
    ],
)
def test_words_are_corrected(index: Index, typed: str, read: str) -> None:
    assert " ".join(prepare([typed], index, RetrieveSettings()).words) == read


def test_a_cut_word_needs_its_full_stop(index: Index) -> None:
    assert "neuroinformatics" not in prepare(["Neuroinformat University"], index, RetrieveSettings()).words
